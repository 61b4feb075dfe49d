"""What somebody who seals checks of a session before trusting its keys (docs/protocol.md, 2.2). Pure."""

from __future__ import annotations

from typing import Any

from bidding.envelope import documents, keys
from bidding.trustees import trustee as protocol
from trading.base.errors import Refused


def check_answer(answer: dict[str, Any], centre_key: str) -> tuple[dict[str, Any], int]:
    """(session document, deadline in force) of ``{document, sig, amendments}``.

    The centre signed the session and every amendment, every key holder its pre-key, amendments chain and
    only move times later. Raises Refused ``seal.session_signature``, ``seal.trustee_signature``,
    ``seal.amendment``, ``seal.document``.
    """
    session = documents.check_session(answer.get("document"))
    name, centre = documents.session_id(session), _key(centre_key)
    if not keys.is_signed(centre, documents.binary(str(answer.get("sig")), "sig"), protocol.session_message(name)):
        raise Refused("seal.session_signature")
    for trustee in session["trustees"]:
        message = protocol.pre_key_message(trustee["pre_key"], documents.binary(trustee["kem_pk"], "kem_pk"))
        if not keys.is_signed(documents.binary(trustee["sig_key"], "sig_key"), documents.binary(trustee["pre_key_sig"], "pre_key_sig"), message):
            raise Refused("seal.trustee_signature", trustee=trustee["i"])
    deadline, opens = session["deadline"], session["open_not_before"]
    pins = protocol.Pins("", centre.hex(), (), 0)
    try:
        moved = protocol.chain(name, answer.get("amendments", []), pins)
    except (Refused, KeyError, TypeError):
        raise Refused("seal.amendment") from None
    for change in moved:
        if change["deadline"] < deadline or change["open_not_before"] < opens:
            raise Refused("seal.amendment")
        deadline, opens = change["deadline"], change["open_not_before"]
    return session, int(deadline)


def _key(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise Refused("seal.document", place="centre_key")
    return found

"""The sealing protocol's documents: session, context, header. Strict on the way in.

A document is canonical JSON (RFC 8785). An unknown, missing or ill-typed field is refused
with ``seal.document`` and the place, because a field that one side ignores is a field on
which two sides may differ.
"""

from __future__ import annotations

import re
from typing import Any

from bidding.envelope import suites
from bidding.envelope.keys import tagged_hash
from trading.base.errors import Refused
from trading.evidence.verify import Invalid, canonical, loose_json, strict_json, unbase64

VERSION = 1
#: What a session is sealed by unless its centre chose another of ``suites.NAMES``.
SUITE = suites.INTL_1
PART_BYTES = 8 * 1024 * 1024
#: TB: k key holders and the bidder's half. T: k key holders. B: the bidder's half alone.
POLICIES = ("TB", "T", "B")

#: What a lot's opening begins with: its bids, or their technical envelopes where the prices come apart.
FIRST = ("bid", "technical")
#: What is filed up to a lot's deadline.
AT_DEADLINE = (*FIRST, "price")

#: The reserve price (底价) of a live sale: sealed before it begins, opened when it has ended.
RESERVE = "reserve"

_HEX = frozenset("0123456789abcdef")

TEXT, INT, HEX32, B64, LIST, DICT = "text", "int", "hex32", "b64", "list", "dict"

CONTEXT = {"session": HEX32, "tender": TEXT, "lot": TEXT, "envelope": TEXT, "bidder": TEXT,
           "deadline": INT, "suite": TEXT, "nonce": HEX32}
HEADER = {"v": INT, "ctx": DICT, "policy": TEXT, "k": INT, "shares": LIST, "kt_commit": TEXT,
          "kb_commit": TEXT, "payload": DICT}
SHARE = {"i": INT, "wrap": B64, "commit": HEX32}
PAYLOAD = {"len": INT, "parts": LIST}
SESSION = {"v": INT, "suite": TEXT, "tender": TEXT, "lot": TEXT, "envelope": TEXT, "nonce": HEX32,
           "deadline": INT, "open_not_before": INT, "bidder_window_s": INT, "policy": TEXT, "k": INT,
           "trustees": LIST, "log_origin": TEXT, "witnesses": LIST, "tsa": LIST, "max_bytes": INT,
           "seal_tool_sha256": TEXT}
TRUSTEE = {"i": INT, "org": TEXT, "kem_pk": B64, "sig_key": B64, "cert_sha256": TEXT, "pre_key": INT,
           "pre_key_sig": B64}
AMENDMENT = {"v": INT, "session": HEX32, "previous": HEX32, "deadline": INT, "open_not_before": INT}
MANIFEST = {"v": INT, "lot": TEXT, "bidder": TEXT, "offer": DICT, "files": LIST}
# What a bidder offers, the two halves of an offer in two envelopes, and what a contributor to a draw gives.
OFFER = {"price_fen": INT, "days": INT, "quality": TEXT, "statement": TEXT}
TECHNICAL = {"days": INT, "quality": TEXT, "statement": TEXT}
PRICE = {"price_fen": INT}
VALUE = {"value": HEX32}
FILE = {"name": TEXT, "bytes": INT, "sha256": HEX32}


def encode(document: dict[str, Any]) -> bytes:
    """Canonical bytes of a document."""
    try:
        return canonical(document)
    except Invalid:
        raise Refused("seal.document", place="number") from None


def decode(data: bytes) -> Any:
    """Read canonical JSON; anything else is refused."""
    try:
        return strict_json(data)
    except Invalid as error:
        raise Refused("seal.document", place=str(error)) from None


def read(data: bytes) -> Any:
    """Read JSON that need not be canonical, but has no duplicate keys and no other numbers than whole ones."""
    try:
        document = loose_json(data)
        canonical(document)
    except Invalid as error:
        raise Refused("seal.document", place=str(error)) from None
    return document


def shaped(document: Any, shape: dict[str, str], place: str) -> dict[str, Any]:
    """Require exactly these fields with these types."""
    if not isinstance(document, dict) or set(document) != set(shape):
        raise Refused("seal.document", place=place)
    for name, kind in shape.items():
        value = document[name]
        good = {
            TEXT: isinstance(value, str) and len(value) <= 2000,
            INT: isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53,
            HEX32: isinstance(value, str) and len(value) == 64 and set(value) <= _HEX,
            B64: isinstance(value, str) and len(value) <= 8000,
            LIST: isinstance(value, list),
            DICT: isinstance(value, dict),
        }[kind]
        if not good:
            raise Refused("seal.document", place=f"{place}.{name}")
        if kind == B64:
            binary(value, f"{place}.{name}")
    return document


def binary(text: str, place: str) -> bytes:
    try:
        return unbase64(text)
    except Invalid:
        raise Refused("seal.document", place=place) from None


def long_binary(text: Any, place: str) -> bytes:
    """Base64 of any length, outside of a shaped document."""
    if not isinstance(text, str):
        raise Refused("seal.document", place=place)
    return binary(text, place)


def offer_shape(envelope: str) -> dict[str, str] | None:
    """What an envelope of this name holds: the bid, or its technical and its price half apart, a
    later round's offer, the reserve price of a sale, or a contribution to a draw (of experts, or of those the suffix names).
    None for any other name."""
    if envelope in ("technical", "price"):
        return TECHNICAL if envelope == "technical" else PRICE
    if envelope == RESERVE:
        return PRICE
    if re.fullmatch(r"bid|offer-[1-9][0-9]{0,2}", envelope, re.ASCII):
        return OFFER
    return VALUE if re.fullmatch(r"draw(-[a-z]{1,14})?", envelope, re.ASCII) else None


def check_offer(offer: Any, envelope: str, place: str) -> dict[str, Any]:
    """An offer that fits its envelope. Raises Refused ``seal.document``."""
    shape = offer_shape(envelope)
    if shape is None:
        raise Refused("seal.document", place="envelope")
    return shaped(offer, shape, place)


def session_id(session: dict[str, Any]) -> str:
    """Name of a session: the hash of its document, 64 hex digits."""
    return tagged_hash("session", encode(session)).hex()


def amendment_id(amendment: dict[str, Any]) -> str:
    return tagged_hash("amendment", encode(amendment)).hex()


def context_hash(ctx: dict[str, Any]) -> bytes:
    """What a seal is bound to, by the hash of its suite. Raises Refused ``seal.suite``."""
    return suites.of(ctx["suite"]).hash("ctx", encode(ctx))


def bid_digest(header: dict[str, Any]) -> str:
    """Name of a bid: the hash of its header, 64 hex digits."""
    return tagged_hash("bid", encode(header)).hex()


def check_session(session: Any) -> dict[str, Any]:
    """A session document whose every field is in shape and whose threshold holds together.

    Raises Refused ``seal.document``, or ``seal.key_length`` or ``seal.key_point`` for a
    key holder's key that is not one of the session's suite.
    """
    shaped(session, SESSION, "session")
    for trustee in session["trustees"]:
        shaped(trustee, TRUSTEE, "session.trustees")
    good = (session["v"] == VERSION and session["suite"] in suites.NAMES and session["policy"] in POLICIES
            and offer_shape(session["envelope"]) is not None and _is_threshold(session)
            and session["deadline"] <= session["open_not_before"] and all(t["pre_key"] < 2**32 for t in session["trustees"]))
    if not good:
        raise Refused("seal.document", place="session")
    suite = suites.of(session["suite"])
    for trustee in session["trustees"]:
        suite.check_public_key(binary(trustee["kem_pk"], "session.trustees.kem_pk"))
    return session


def _is_threshold(session: dict[str, Any]) -> bool:
    """More than half of at most fifteen key holders, no organisation twice; none at all with policy B."""
    numbers = [trustee["i"] for trustee in session["trustees"]]
    n, k = len(numbers), session["k"]
    if session["policy"] == "B":
        return (n, k) == (0, 0)
    return (numbers == list(range(1, n + 1)) and n / 2 < k <= n <= 15
            and len({trustee["org"] for trustee in session["trustees"]}) == n)


def check_header(header: Any, session: dict[str, Any], session_name: str = "") -> dict[str, Any]:
    """A bid's header against its session: shape, suite, policy, threshold, lengths.

    ``session_name`` saves working out the session's name again where it is known."""
    shaped(header, HEADER, "header")
    ctx = shaped(header["ctx"], CONTEXT, "header.ctx")
    for share in header["shares"]:
        shaped(share, SHARE, "header.shares")
    payload = shaped(header["payload"], PAYLOAD, "header.payload")
    if header["v"] != VERSION or ctx["suite"] != session["suite"]:
        raise Refused("seal.suite", suite=ctx["suite"][:20])
    if (header["policy"], header["k"]) != (session["policy"], session["k"]):
        raise Refused("seal.policy", policy=header["policy"][:20])
    if [share["i"] for share in header["shares"]] != [trustee["i"] for trustee in session["trustees"]]:
        raise Refused("seal.shares")
    for name in ("tender", "lot", "envelope", "deadline"):
        if ctx[name] != session[name]:
            raise Refused("seal.other_session", field=name)
    if ctx["session"] != (session_name or session_id(session)):
        raise Refused("seal.other_session", field="session")
    for name, policies in (("kt_commit", ("TB", "T")), ("kb_commit", ("TB", "B"))):
        _check_commit(header[name], header["policy"] in policies, f"header.{name}")
    if not 0 < payload["len"] <= session["max_bytes"]:
        raise Refused("seal.too_large", bytes=payload["len"])
    if len(payload["parts"]) != -(-payload["len"] // PART_BYTES):
        raise Refused("seal.parts")
    for part in payload["parts"]:
        shaped({"part": part}, {"part": HEX32}, "header.payload.parts")
    return header


def _check_commit(commit: str, is_used: bool, place: str) -> None:
    """A commitment where the policy has that half, and the empty text where it has not."""
    if is_used and (len(commit) != 64 or not set(commit) <= _HEX) or not is_used and commit != "":
        raise Refused("seal.document", place=place)


def live_root(digests: list[str]) -> str:
    """One hash over the set of bids that count at the close, independent of their order."""
    return tagged_hash("live", encode(sorted(digests))).hex()  # type: ignore[arg-type]

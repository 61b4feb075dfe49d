"""What a key holder (开标密钥持有人) does: make pre-keys, check an opening, release shares.

Pure, and apart from the platform: no database, no Flask. The platform's word is not
trusted; every claim in a bundle is checked against signatures, the log and the clock.
"""

from __future__ import annotations

import io
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.envelope import documents, keys, sealing, suites
from bidding.trustees.canary_rules import CANARY
from trading.base.errors import Refused
from trading.evidence import tree, verify


#: What may be wrong with a wrap itself; anything else, such as a missing program, is nobody's fault and is tried again.
FAULTS_OF_A_WRAP = frozenset({"seal.wrap_damaged", "seal.share_not_committed", "seal.shares", "seal.release_length", "seal.document"})


@dataclass
class Memory:
    """What a trustee remembers between openings, kept on its own machine."""

    size: int = 0
    root: str = ""
    used: dict[str, str] = field(default_factory=dict)  # pre-key number -> session
    opens: dict[str, int] = field(default_factory=dict)  # session -> latest opening time we were shown, signed
    closed: dict[str, str] = field(default_factory=dict)  # session -> the closing entry that we released for


@dataclass(frozen=True)
class Pins:
    """Keys that the trustee was given outside the platform."""

    log_key: str
    centre_key: str
    witness_keys: tuple[str, ...]
    quorum: int
    # Keys of the log under the names that it had before.
    earlier: tuple[str, ...] = ()


class Trustee:
    """Holds one root; everything else follows from it."""

    def __init__(self, root: bytes, organisation: str) -> None:
        if len(root) != 32:
            raise ValueError("a trustee's root is 32 bytes long")
        self._root = root
        self.organisation = organisation
        self._identity = Ed25519PrivateKey.from_private_bytes(keys.derive(root, b"identity", 32))
        self.public = verify.raw_public_key(self._identity)

    def pre_keys(self, first: int, count: int, suite: str = suites.INTL_1) -> list[dict[str, Any]]:
        """A signed batch of public keys of one suite, one to be used per lot and envelope."""
        batch = []
        for number in range(first, first + count):
            public = suites.of(suite).public_key(keys.pre_key_seed(self._root, number))
            batch.append({"number": number, "kem_pk": b64encode(public).decode(),
                          "sig": b64encode(self._identity.sign(pre_key_message(number, public))).decode()})
        return batch

    def contribute(self, session: dict[str, Any]) -> dict[str, Any]:
        """Seal 32 random bytes for a draw and sign them; nobody learns them before the draw closes."""
        out = io.BytesIO()
        sealed = sealing.seal(session, self.organisation, {"value": secrets.token_hex(32)}, [], out)
        return {"session": documents.session_id(session), "header": sealed.header,
                "sig": self.sign(bytes.fromhex(sealed.digest)), "payload": b64encode(out.getvalue()).decode()}

    def ask(self, session_name: str, at: int) -> str:
        """The header by which this holder shows who asks: key, UTC second, signature."""
        return f"Trustee {self.public.hex()} {at} {self.sign(ask_message(session_name, at))}"

    def sign(self, message: bytes) -> str:
        return b64encode(self._identity.sign(message)).decode()

    def learn(self, session_name: str, amendments: list[dict[str, Any]], memory: Memory, pins: Pins) -> bool:
        """Remember an extension when it is made, so that it cannot be kept from us at the opening.

        Returns whether ``memory`` changed. Raises Refused ``trustee.amendment``.
        """
        opens = 0
        for document in chain(session_name, amendments, pins):
            opens = document["open_not_before"]
        if opens <= memory.opens.get(session_name, 0):
            return False
        memory.opens[session_name] = opens
        return True

    def release(self, bundle: dict[str, Any], memory: Memory, pins: Pins, *, at: int) -> dict[str, Any]:
        """Check a whole opening and release this trustee's share of every live bid.

        ``at`` is the trustee's own clock, UTC seconds. Raises Refused ``trustee.*`` naming
        what does not hold; nothing is released then. Updates ``memory``.
        """
        session, ours = self._our_session(bundle)
        size, root = check_log(bundle, memory, pins)
        live = check_set(bundle, session, size, root)
        shut = left_shut(bundle, session, size, root)
        require_ended(bundle, session, size, root)
        check_one_close(bundle, documents.session_id(session), size, root)
        opens = opening_time(bundle, session, pins, size, root)
        if opens < memory.opens.get(documents.session_id(session), 0):
            raise Refused("trustee.amendment_hidden")
        window = 0 if is_window_closed(bundle, session, size, root) else session["bidder_window_s"]
        if at < opens + window:
            raise Refused("trustee.too_early", opens=opens + window, clock=at)
        witnessed = witness_times(bundle, pins)
        if sum(seconds >= opens for seconds in witnessed) < pins.quorum:
            raise Refused("trustee.not_witnessed", opens=opens, times=witnessed)
        number = str(ours["pre_key"])
        name = documents.session_id(session)
        if memory.used.get(number, name) != name:
            raise Refused("trustee.pre_key_used", number=number)
        # One close for ever: a second set would be made by somebody who has read the first.
        closing = f"{bundle['close']['index']} {bundle['close']['nonce']}"
        if session["envelope"] in ("price", documents.RESERVE):
            # And one word for ever on which envelopes stay shut: another would be given by somebody who has read the rest.
            closing += f" {bundle['window']['index']} {bundle['window']['nonce']}"
        if memory.closed.get(name, closing) != closing:
            raise Refused("trustee.closed_before")
        seed = keys.pre_key_seed(self._root, ours["pre_key"])
        releases = []
        for bid in live:
            if bid["digest"] in shut:
                continue
            try:
                share = sealing.open_wrap(seed, bid["header"], ours["i"])
                releases.append({"digest": bid["digest"], "p": b64encode(share).decode(), "fault": ""})
            except Refused as refusal:
                if refusal.reason not in FAULTS_OF_A_WRAP:
                    raise
                releases.append({"digest": bid["digest"], "p": "", "fault": refusal.reason})
        memory.used[number], memory.closed[name] = name, closing
        if session["log_origin"] == pins.log_key.partition("+")[0]:
            memory.size, memory.root = size, root.hex()
        body = {"session": name, "trustee": ours["i"], "released_at": at, "releases": releases}
        return {"body": body, "sig": self.sign(release_message(body))}

    def rehearse(self, canary: dict[str, Any], memory: Memory, pins: Pins, *, at: int) -> dict[str, Any]:
        """Open this trustee's share of a session's dummy bid, and nothing else, and sign what was found.

        ``canary`` is ``{session, sig, header, number}``. A real bid cannot be passed off as the dummy:
        its wraps are bound to its own bidder. Raises Refused ``trustee.*``. Updates ``memory``.
        """
        session, ours = self._our_session(canary)
        name = documents.session_id(session)
        if not _centre_signed(pins, name, canary["sig"]):
            raise Refused("trustee.session_signature")
        header = documents.check_header(canary["header"], session)
        if header["ctx"]["bidder"] != CANARY:
            raise Refused("trustee.not_a_canary")
        number = str(ours["pre_key"])
        if memory.used.get(number, name) != name:
            raise Refused("trustee.pre_key_used", number=number)
        memory.used[number] = name
        try:
            share, fault = sealing.open_wrap(keys.pre_key_seed(self._root, ours["pre_key"]), header, ours["i"]), ""
        except Refused as refusal:
            if refusal.reason not in FAULTS_OF_A_WRAP:
                raise
            share, fault = b"", refusal.reason
        body = {"session": name, "trustee": ours["i"], "number": canary["number"], "digest": documents.bid_digest(header),
                "p": b64encode(share).decode(), "fault": fault, "at": at}
        return {"body": body, "sig": self.sign(canary_message(body))}

    def disclose(self, session: dict[str, Any], memory: Memory, *, at: int) -> dict[str, Any]:
        """Give away the seed of one session's pre-key, so that anybody may open this trustee's wraps of it.

        For disputes after this trustee has released; opens this session's shares of this trustee
        and nothing else. Raises Refused ``trustee.not_released``.
        """
        name = documents.session_id(documents.check_session(session))
        _, ours = self._our_session({"session": session})
        if name not in memory.closed:
            raise Refused("trustee.not_released")
        body = {"session": name, "trustee": ours["i"], "pre_key": ours["pre_key"],
                "seed": keys.pre_key_seed(self._root, ours["pre_key"]).hex(), "at": at}
        return {"body": body, "sig": self.sign(dispute_message(body))}

    def _our_session(self, bundle: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        session = documents.check_session(bundle["session"])
        ours = next((t for t in session["trustees"] if documents.binary(t["sig_key"], "sig_key") == self.public), None)
        if ours is None:
            raise Refused("trustee.not_in_session")
        expected = suites.of(session["suite"]).public_key(keys.pre_key_seed(self._root, ours["pre_key"]))
        if documents.binary(ours["kem_pk"], "kem_pk") != expected:
            raise Refused("trustee.other_key")
        return session, ours


def pre_key_message(number: int, public: bytes) -> bytes:
    return b"mingtang/v1/pre-key\0" + number.to_bytes(4, "big") + public


def release_message(body: dict[str, Any]) -> bytes:
    return b"mingtang/v1/release\0" + documents.encode(body)


def canary_message(body: dict[str, Any]) -> bytes:
    return b"mingtang/v1/canary\0" + documents.encode(body)


def dispute_message(body: dict[str, Any]) -> bytes:
    return b"mingtang/v1/dispute\0" + documents.encode(body)


def ask_message(session_name: str, at: int) -> bytes:
    """What a key holder signs to be shown a bundle that is not for everybody."""
    return b"mingtang/v1/ask\0" + bytes.fromhex(session_name) + at.to_bytes(8, "big")


def session_message(session_name: str) -> bytes:
    """What the centre signs to put a session (or an amendment, by its id) in force."""
    return b"mingtang/v1/session\0" + bytes.fromhex(session_name)


def check_log(bundle: dict[str, Any], memory: Memory, pins: Pins) -> tuple[int, bytes]:
    """The checkpoint is signed by the pinned log and only adds to what we saw before.

    A session of the log's name before a continuation is opened under that name: what was seen of it later is lost.
    """
    names = {key.partition("+")[0]: key for key in (*pins.earlier, pins.log_key)}
    try:
        text = verify.check_note(bundle["checkpoint"], names[bundle["session"]["log_origin"]])
        origin, size, root = verify.parse_checkpoint(text)
    except (verify.Invalid, KeyError):
        raise Refused("trustee.checkpoint") from None
    if origin != bundle["session"]["log_origin"]:
        raise Refused("trustee.checkpoint")
    path = [verify.unbase64(item) for item in bundle["consistency"]]
    if origin == pins.log_key.partition("+")[0] and memory.size and not verify.verify_consistency(memory.size, size, path, bytes.fromhex(memory.root), root):
        raise Refused("trustee.log_forked", seen=memory.size, offered=size)
    return size, root


def follow_log(document: Any, memory: Memory, pins: Pins) -> Pins:
    """The pins with which a holder follows its log under the name that it announces, if that owns up to all that was seen here.

    Raises Refused ``trustee.continuation``. Updates ``memory``.
    """
    try:
        found = verify.check_continuation(document, pins.log_key, pins.witness_keys, pins.quorum)
        _, size, root = verify.parse_checkpoint(verify.split_note(document["note"])[0])
    except verify.Invalid as error:
        raise Refused("trustee.continuation", why=str(error)) from None
    if found.event["previous"] != pins.log_key.partition("+")[0]:
        raise Refused("trustee.continuation", why="of another log")
    roots = dict(found.seen)
    if memory.size > max(roots) or roots.get(memory.size, bytes.fromhex(memory.root)) != bytes.fromhex(memory.root):
        raise Refused("trustee.continuation", why="it hides entries that were seen here")
    memory.size, memory.root = size, root.hex()
    return replace(pins, log_key=verify.key_at(pins.log_key, found.number), earlier=(*pins.earlier, pins.log_key))


def leaf_index(entry: dict[str, Any], size: int, root: bytes) -> int:
    """Index of an event whose inclusion holds. Raises Refused ``trustee.not_in_log``."""
    data = verify.tagged("leaf", bytes.fromhex(entry["nonce"]) + verify.canonical(entry["event"]))
    path = [verify.unbase64(item) for item in entry["path"]]
    if not verify.verify_inclusion(entry["index"], size, verify.leaf_hash(data), path, root):
        raise Refused("trustee.not_in_log", index=entry["index"])
    return int(entry["index"])


def check_set(bundle: dict[str, Any], session: dict[str, Any], size: int, root: bytes) -> list[dict[str, Any]]:
    """The live bids: logged before the close, not replaced, not withdrawn, and exactly the
    set whose hash the closing entry states."""
    name = documents.session_id(session)
    opened = bundle["opened"]
    leaf_index(opened, size, root)
    close_index = leaf_index(bundle["close"], size, root)
    close = bundle["close"]["event"]
    if opened["event"].get("session") != name or opened["event"]["type"] != "session.opened" \
            or close.get("session") != name or close["type"] != "session.close":
        raise Refused("trustee.other_session")
    gone, live = set[str](), {}
    for entry in sorted(bundle["events"], key=lambda entry: entry["index"]):
        if leaf_index(entry, size, root) >= close_index or entry["event"]["session"] != name:
            raise Refused("trustee.late", index=entry["index"])
        event = entry["event"]
        # Nobody replaces or withdraws what another filed.
        earlier = event.get("replaces") if event["type"] in ("bid.commit", "draw.commit") else event["bid_digest"]
        if earlier and (earlier not in live or live[earlier]["bidder"] != event["bidder"]):
            raise Refused("trustee.not_its_own", index=entry["index"])
        if event["type"] in ("bid.commit", "draw.commit"):
            live[event["bid_digest"]] = event
        if earlier:
            gone.add(earlier)
    counted = sorted(set(live) - gone)
    if close["count"] != len(counted) or close["root"] != documents.live_root(counted):
        raise Refused("trustee.set_differs", counted=len(counted), stated=close["count"])
    headers = {}
    for header in bundle["headers"]:
        documents.check_header(header, session)
        headers[documents.bid_digest(header)] = header
    if sorted(headers) != counted:
        raise Refused("trustee.headers_differ")
    for digest, header in headers.items():
        if header["ctx"]["bidder"] != live[digest]["bidder"]:
            raise Refused("trustee.copied", digest=digest)
    return [{"digest": digest, "header": headers[digest]} for digest in counted]


def check_one_close(bundle: dict[str, Any], name: str, size: int, root: bytes) -> None:
    """The log closes this session once: of all its leaves since the session was opened, one is the mark, and it
    stands directly before the closing entry that we are shown.

    Else two holders could be shown different closes, the second made by somebody who has read what the
    first one opened. Raises Refused ``trustee.leaves``, ``trustee.closed_twice``.
    """
    since, data = bundle["opened"]["index"], documents.long_binary(bundle["leaves"], "leaves")
    peaks = [documents.binary(item, "peaks") for item in bundle["peaks"]]
    if len(data) != 32 * (size - since) or len(peaks) != since.bit_count():
        raise Refused("trustee.leaves")
    found = [data[at:at + 32] for at in range(0, len(data), 32)]
    for number, leaf in enumerate(found):
        peaks, _ = tree.append(since + number, peaks, leaf)
    if tree.root_of(peaks) != root:
        raise Refused("trustee.leaves")
    marks = [since + number for number, leaf in enumerate(found) if leaf == verify.close_marker(name)]
    if marks != [bundle["close"]["index"] - 1]:
        raise Refused("trustee.closed_twice", marks=len(marks))


def opening_time(bundle: dict[str, Any], session: dict[str, Any], pins: Pins, size: int, root: bytes) -> int:
    """Open time after all amendments: signed by the centre, chained, logged before the close,
    only ever later, and none left out of those that the closing entry counts."""
    name = documents.session_id(session)
    if not _centre_signed(pins, name, bundle["opened"]["event"].get("sig")):
        raise Refused("trustee.session_signature")
    opens, deadline, in_force = session["open_not_before"], session["deadline"], name
    for document, amendment in zip(chain(name, bundle["amendments"], pins), bundle["amendments"], strict=True):
        in_force = documents.amendment_id(document)
        event = amendment["entry"]["event"]
        if document["deadline"] < deadline or document["open_not_before"] < opens \
                or (event["type"], event.get("session"), event.get("amendment")) != ("session.amended", name, in_force) \
                or leaf_index(amendment["entry"], size, root) >= bundle["close"]["index"]:
            raise Refused("trustee.amendment")
        opens, deadline = document["open_not_before"], document["deadline"]
    if bundle["close"]["event"].get("in_force") != in_force:
        raise Refused("trustee.amendment_hidden")
    return int(opens)


def chain(session_name: str, amendments: list[dict[str, Any]], pins: Pins) -> list[dict[str, Any]]:
    """The amendments' documents, each signed by the centre and naming the one before it."""
    previous, found = session_name, []
    for amendment in amendments:
        document = documents.shaped(amendment["document"], documents.AMENDMENT, "amendment")
        name = documents.amendment_id(document)
        if (document["previous"], document["session"]) != (previous, session_name) \
                or document["open_not_before"] < document["deadline"] \
                or not _centre_signed(pins, name, amendment["sig"]):
            raise Refused("trustee.amendment")
        previous = name
        found.append(document)
    return found


def _centre_signed(pins: Pins, name: str, signature: Any) -> bool:
    return isinstance(signature, str) and keys.is_signed(
        bytes.fromhex(pins.centre_key), documents.binary(signature, "sig"), session_message(name))


def is_window_closed(bundle: dict[str, Any], session: dict[str, Any], size: int, root: bytes) -> bool:
    """Whether the log says that every bidder gave its half before the window's end."""
    entry = bundle.get("window")
    if not entry:
        return False
    leaf_index(entry, size, root)
    event = entry["event"]
    return bool(event["type"] == "window.closed" and event["session"] == documents.session_id(session) and event["all"])


def left_shut(bundle: dict[str, Any], session: dict[str, Any], size: int, root: bytes) -> set[str]:
    """Price envelopes that stay shut, as the entry that ends the window says (docs/protocol.md, 2.7).

    No price is given away before the log holds what the committee found without it: that entry
    names it. Raises Refused ``trustee.prices_too_soon``.
    """
    if session["envelope"] != "price":
        return set()
    entry = bundle.get("window")
    if not entry:
        raise Refused("trustee.prices_too_soon")
    leaf_index(entry, size, root)
    event = entry["event"]
    if event["type"] != "window.closed" or event["session"] != documents.session_id(session) or not isinstance(event.get("technical"), str) \
            or not re.fullmatch("[0-9a-f]{64}", event["technical"]) or not isinstance(event.get("shut"), list):
        raise Refused("trustee.prices_too_soon")
    return set(event["shut"])


def require_ended(bundle: dict[str, Any], session: dict[str, Any], size: int, root: bytes) -> None:
    """A reserve price opens only when the log says how the bidding ended (docs/protocol.md, 6).

    Raises Refused ``trustee.reserve_too_soon``.
    """
    if session["envelope"] != documents.RESERVE:
        return
    entry = bundle.get("window")
    if not entry:
        raise Refused("trustee.reserve_too_soon")
    leaf_index(entry, size, root)
    event = entry["event"]
    if event["type"] != "window.closed" or event["session"] != documents.session_id(session) or not isinstance(event.get("ended"), str) \
            or not re.fullmatch("[0-9a-f]{64}", event["ended"]):
        raise Refused("trustee.reserve_too_soon")
    # Of something that the log took in after the close of the session, which nobody could name before; what it says the archive shows.
    since, data = bundle["opened"]["index"], documents.long_binary(bundle["leaves"], "leaves")
    between = data[32 * (bundle["close"]["index"] + 1 - since):32 * (entry["index"] - since)]
    if bytes.fromhex(event["ended"]) not in (between[at:at + 32] for at in range(0, len(between), 32)):
        raise Refused("trustee.reserve_too_soon")


def witness_times(bundle: dict[str, Any], pins: Pins) -> list[int]:
    """UTC seconds at which the pinned witnesses saw the checkpoint, one for each witness."""
    try:
        return list(verify.witnessed(bundle["checkpoint"], pins.witness_keys).values())
    except verify.Invalid:
        raise Refused("trustee.checkpoint") from None

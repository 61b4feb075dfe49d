"""Around the filing of sealed bids (filing.py): sessions, parts, withdrawal, the close."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bidding import eligibility
from bidding.envelope import documents, keys
from bidding.sealed import boxes, guests, rules
from bidding.sealed.guests import Alias
from bidding.sealed.models import SealedBid, Upload, UploadPart
from bidding.trustees import countersigning
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base import installation
from trading.base.clock import Clock
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law import rules as law
from trading.law.periods import day_of
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import USUAL_POLICY, Stage, Step

# --- sessions ----------------------------------------------------------------------------------


def start(lot_id: int, *, at: datetime) -> SealingSession:
    """Open an announced lot for sealed bids, by the policy and the envelopes chosen at its acceptance.

    Gives the session of the bids, or of the technical envelopes where the prices come in envelopes of their own.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        found = trustees.session_of_bids(lot_id)
        if found:
            return found
        assert lot.deadline is not None
        minutes = law.find("op.decrypt_window", on=day_of(at), region=lot.project.region, procedure=lot.project.procedure)
        seconds = {"hour": 3600, "minute": 60}[minutes.unit] * int(minutes.value)
        policy = lot.sealing.get("policy", USUAL_POLICY)
        window = timedelta(seconds=lot.method.get("window_s", seconds) if policy != "T" else 0)
        after = lot.sealing.get("prices_after_s")
        envelopes = {"bid": 0} if after is None else {"technical": 0, "price": after}
        sessions = [trustees.open_session(lot, envelope, deadline=lot.deadline, policy=policy, window=window, at=at,
                                          opens_after=timedelta(seconds=seconds)) for envelope, seconds in envelopes.items()]
        projects.advance(lot, Step.START_BIDDING, actor="timetable", at=at, session=sessions[0].id)
        for sealing in sessions:
            countersigning.ask(sealing, lot, at=at)
            for _ in range(1 + secrets.randbelow(max(1, installation.settings().cover_bids))):
                add_cover(sealing, at=at)
        return sessions[0]


def follow_deadline(lot_id: int, *, at: datetime) -> None:
    """Amend the sessions of a lot whose deadline a clarification moved."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        for sealing in trustees.sessions_of_bids(lot_id):
            if lot.deadline and lot.deadline > sealing.deadline and lot.stage == Stage.BIDDING:
                trustees.amend(sealing, lot.deadline, at=at)
                countersigning.ask(sealing, lot, at=at)


def add_cover(sealing: SealingSession, *, at: datetime) -> None:
    """Add a row, a file and a log entry that stand for nobody, to blur the count."""
    size = 65_672 + secrets.randbelow(8) * 8_216
    stored, _, _ = installation.files().put_bytes(secrets.token_bytes(size))
    with transaction() as session:
        row_id = secrets.token_hex(16)
        written = evidence.record_sealed("cover", actor="cover", at=at, session=sealing.id)
        session.add(SealedBid(id=row_id, session=sealing.id, tag=secrets.token_hex(16), box=boxes.close(
            row_id, {"cover": True, "parts": [stored], "seq": written.seq, "filler": secrets.token_hex(2500)})))


# --- uploads -----------------------------------------------------------------------------------


def begin_upload(session_name: str, *, bidder: Organisation, at: datetime) -> Upload:
    """Begin sending parts; a transfer unfinished at the deadline counts for nothing."""
    sealing, lot = _open_lot(session_name)
    _require_open(sealing, lot, bidder.id, at)
    eligibility.require_invited(invitations.is_invited(lot.project, bidder.code))
    with transaction() as session:
        upload = Upload(id=secrets.token_hex(16), tag=boxes.upload_tag(sealing.id, bidder.code), started_at=_day(at))
        session.add(upload)
        return upload


def _require_open(sealing: SealingSession, lot: Lot, bidder_id: int, at: datetime) -> None:
    rules.may_enter(sealing.document["log_origin"], evidence.origin())
    if sealing.envelope in documents.AT_DEADLINE:
        rules.may_file(Stage(lot.stage), lot.deadline, at)
    elif sealing.envelope == documents.RESERVE:
        rules.may_reserve(Stage(lot.stage), *guests.standing(sealing.id, bidder_id), at)
    else:
        rules.may_offer(Stage(lot.stage), *guests.standing(sealing.id, bidder_id), at, is_live=lot.method.get("kind") == "live")


def start_offers(lot: Lot, envelope: str, organisation_ids: Iterable[int], *, deadline: datetime, at: datetime,
                 opens_after: timedelta = timedelta(0), aliases: Mapping[int, Alias] | None = None) -> SealingSession:
    """Open a session for the offers of a later round or for a sale's reserve price, to those asked alone. With
    ``aliases`` they file under those names, and nothing says which organisation is behind one.

    It is sealed to the key holders only (policy T): the round is short, and no second window
    for the bidders' halves stands between its close and the committee.
    """
    with transaction():
        sealing = trustees.open_session(lot, envelope, deadline=deadline, policy="T", window=timedelta(0), at=at, opens_after=opens_after)
        if aliases is None:
            guests.admit(sealing.id, organisation_ids)
        else:
            guests.admit_secretly(sealing.id, aliases)
        for _ in range(1 + secrets.randbelow(max(1, installation.settings().cover_bids))):
            add_cover(sealing, at=at)
        return sealing


def _day(at: datetime) -> datetime:
    # A row's exact time would show when somebody was bidding; the day is enough to clean up.
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def put_part(upload_id: str, number: int, chunks: Iterable[bytes], digest: str, *, session_name: str,
             bidder: Organisation) -> None:
    """Keep one part of at most 8 MiB whose SHA-256 is as announced; sent again it counts once."""
    upload = db.session.get(Upload, upload_id)
    if upload is None or upload.tag != boxes.upload_tag(session_name, bidder.code):
        raise NotFound
    if not 0 <= number < installation.settings().max_bid_bytes // documents.PART_BYTES + 1:
        raise Refused("seal.parts")
    if db.session.get(UploadPart, (upload_id, number)):
        return
    stored, size, found = installation.files().put(_bounded(chunks))
    if found != digest:
        installation.files().discard(stored)
        raise Refused("seal.part_damaged", number=number)
    with transaction() as session:
        if session.get(UploadPart, (upload_id, number)):
            installation.files().discard(stored)
            return
        session.add(UploadPart(upload_id=upload_id, number=number, stored=stored, sha256=found, bytes=size))


def _bounded(chunks: Iterable[bytes]) -> Iterable[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > documents.PART_BYTES:
            raise Refused("seal.part_long")
        yield chunk


def parts_here(upload_id: str, *, session_name: str, bidder: Organisation) -> list[int]:
    """Numbers of the parts that have arrived, for resuming."""
    upload = db.session.get(Upload, upload_id)
    if upload is None or upload.tag != boxes.upload_tag(session_name, bidder.code):
        raise NotFound
    return sorted(db.session.scalars(select(UploadPart.number).where(UploadPart.upload_id == upload_id)))


# --- withdrawal ---------------------------------------------------------------------------------


def session_of_digest(lot_id: int, digest: str, bidder: Organisation) -> SealingSession:
    """The session of a lot in which a bidder filed this. Raises Refused ``bid.none``."""
    for sealing in trustees.sessions_of_bids(lot_id):
        if any(content["digest"] == digest for _, content in boxes.versions(sealing.id, bidder.code)):
            return sealing
    raise Refused("bid.none")


def withdraw(session_name: str, digest: str, signature: bytes, *, bidder_id: int, clock: Clock) -> None:
    """Withdraw the live bid before the deadline (撤回); its payload is shredded, never opened.

    Signed by the bidder's own key over session and digest, so that nobody who holds the platform can
    take a bid out. Raises Refused ``bid.none``, ``bid.signature``, ``bid.too_late``.
    """
    bidder = parties.get(bidder_id)
    sealing, _ = _open_lot(session_name)
    with transaction():
        lot = projects.locked_lot(sealing.lot_id)
        at = clock()
        _require_open(sealing, lot, bidder_id, at)
        live = next(((row, c) for row, c in boxes.versions(sealing.id, bidder.code) if c["state"] == "live"), None)
        if live is None or live[1]["digest"] != digest:
            raise Refused("bid.none")
        if not any(keys.is_signed(public, signature, keys.withdrawal(sealing.id, digest)) for public in parties.signing_keys(bidder_id)):
            raise Refused("bid.signature")
        written = evidence.record_sealed("bid.withdraw", actor=bidder.code, at=at, lot=lot.code, session=sealing.id,
                                         bid_digest=digest, bidder=bidder.code, sig=b64encode(signature).decode())
        boxes.retire(*live, "withdrawn", withdraw_seq=written.seq)
        evidence.checkpoint(at)
        shred = live[1]["parts"]
    for name in shred:
        installation.files().discard(name)


def _open_lot(session_name: str) -> tuple[SealingSession, Lot]:
    sealing = trustees.get_session(session_name)
    return sealing, projects.get_lot(sealing.lot_id)


# --- the close ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frozen:
    """The set of bids that counts: their digests and every log entry that made it."""

    live: list[str]
    seqs: list[int]


def freeze(sealing: SealingSession) -> Frozen:
    """Open the boxes of real bids: from here on the set is fixed and may be known.

    Runs inside the transaction of the close; cover rows go.
    """
    live, seqs = [], []
    covers: list[str] = []
    for row in db.session.scalars(select(SealedBid).where(SealedBid.session == sealing.id)):
        content = boxes.read(row)
        if content["cover"]:
            covers += content["parts"]
            db.session.delete(row)
            continue
        row.digest, row.organisation_id, row.version = content["digest"], None if content.get("keys") else content["bidder"], content["version"]
        row.state, row.header, row.signature = content["state"], content["header"], content["signature"]
        row.filed_at, row.parts, row.commit_seq = datetime.fromisoformat(content["at"]), content["parts"], content["seq"]
        seqs += [content["seq"]] + ([content["withdraw_seq"]] if "withdraw_seq" in content else [])
        if row.state == "live":
            live.append(content["digest"])
    db.session.flush()
    evidence.reveal(seqs)
    for name in covers:
        installation.files().discard(name)
    return Frozen(sorted(live), sorted(seqs))


def keys_of(row: SealedBid) -> list[bytes]:
    """The keys that a frozen bid may be signed with: its organisation's, or the one of the name it was filed under."""
    return [bytes.fromhex(key) for key in boxes.read(row).get("keys", [])] or parties.signing_keys(row.organisation_id or 0)


def filer_of(row: SealedBid) -> int:
    """The organisation that filed a frozen bid, whether or not it may be known yet."""
    return int(boxes.read(row)["bidder"])


def name_filers(lot_id: int) -> dict[str, int]:
    """A sale is over: whose offers those under other names were may be known. Gives each digest's organisation; runs in the caller's transaction."""
    found = db.session.scalars(select(SealedBid).join(SealingSession, SealingSession.id == SealedBid.session).where(
        SealingSession.lot_id == lot_id, SealedBid.digest.is_not(None), SealedBid.organisation_id.is_(None))).all()
    for row in found:
        row.organisation_id = filer_of(row)
    return {row.digest or "": row.organisation_id or 0 for row in found}


def bids(session_name: str, state: str | None = "live") -> list[SealedBid]:
    """Bids of a closed session in the order of their digests (no order of arrival)."""
    query = select(SealedBid).where(SealedBid.session == session_name, SealedBid.digest.is_not(None))
    if state:
        query = query.where(SealedBid.state == state)
    return list(db.session.scalars(query.order_by(SealedBid.digest)))


def log_numbers(digests: Iterable[str]) -> dict[str, int]:
    """Where in the log each bid of closed sessions was filed: of two, the smaller was there first."""
    return {row.digest: row.commit_seq for row in db.session.scalars(select(SealedBid).where(SealedBid.digest.in_(list(digests))))
            if row.digest is not None and row.commit_seq is not None}


def names(digests: Iterable[str]) -> dict[str, str]:
    """The name that each bid of closed sessions was filed under: a credit code, or a paddle."""
    return {row.digest: row.header["ctx"]["bidder"] for row in db.session.scalars(select(SealedBid).where(SealedBid.digest.in_(list(digests))))
            if row.digest is not None and row.header is not None}


def payload(row: SealedBid) -> Iterable[bytes]:
    """The ciphertext of a bid as stored."""
    for name in row.parts or []:
        yield from installation.files().chunks(name)


def discard_stale_uploads(at: datetime) -> int:
    """Remove uploads that were begun more than three days ago and never committed."""
    with transaction() as session:
        stale = list(session.scalars(select(Upload).where(Upload.started_at < at - timedelta(days=3)).limit(100)
                                     .with_for_update(skip_locked=True)))
        names = list(session.scalars(select(UploadPart.stored).where(UploadPart.upload_id.in_([u.id for u in stale]))))
        for upload in stale:
            session.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))
            session.delete(upload)
    for name in names:
        installation.files().discard(name)
    return len(stale)


def mend_payload(row: SealedBid) -> int:
    """Put damaged or missing parts of a bid back from the second file store; gives how many.

    The signed header says what each part must be, so that nobody's copy is taken on trust.
    """
    hashes = (row.header or {}).get("payload", {}).get("parts", [])
    return sum(installation.files().mend(name, digest) for name, digest in zip(row.parts or [], hashes, strict=False))

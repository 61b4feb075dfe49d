"""Take in sealed bids: parts, commit, receipt, replacement, withdrawal, the close.

The decision whether a bid is in time is taken under the lot's lock, by the clock read
there. The receipt leaves only after the commit is on disk.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from bidding import eligibility
from bidding.envelope import documents, keys
from bidding.sealed import rules
from bidding.sealed.models import SealedBid, Upload, UploadPart
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base import installation
from trading.base.clock import Clock, unix_ms
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence.models import Checkpoint
from trading.law import rules as law
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, Step

# Large enough for every bid up to some 600 MB, so that boxes of bids and covers are of one size.
BOX_STEP = 16384


# --- sessions ----------------------------------------------------------------------------------


def start(lot_id: int, *, at: datetime, policy: str = "TB") -> SealingSession:
    """Open an announced lot for sealed bids."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        found = trustees.session_of(lot_id, "bid")
        if found:
            return found
        assert lot.deadline is not None
        minutes = law.find("op.decrypt_window", on=at.date(), region=lot.project.region, procedure=lot.project.procedure)
        seconds = {"hour": 3600, "minute": 60}[minutes.unit] * int(minutes.value)
        window = timedelta(seconds=lot.method.get("window_s", seconds) if policy == "TB" else 0)
        sealing = trustees.open_session(lot, "bid", deadline=lot.deadline, policy=policy, window=window, at=at)
        projects.advance(lot, Step.START_BIDDING, actor="timetable", at=at, session=sealing.id)
        for _ in range(1 + secrets.randbelow(max(1, installation.settings().cover_bids))):
            add_cover(sealing, at=at)
        return sealing


def follow_deadline(lot_id: int, *, at: datetime) -> None:
    """Amend the session of a lot whose deadline a clarification moved."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        sealing = trustees.session_of(lot_id, "bid")
        if sealing and lot.deadline and lot.deadline > sealing.deadline and lot.stage == Stage.BIDDING:
            trustees.amend(sealing, lot.deadline, at=at)


def add_cover(sealing: SealingSession, *, at: datetime) -> None:
    """Add a row, a file and a log entry that stand for nobody, to blur the count."""
    size = 65_672 + secrets.randbelow(8) * 8_216
    stored, _, _ = installation.files().put_bytes(secrets.token_bytes(size))
    with transaction() as session:
        row_id = secrets.token_hex(16)
        written = evidence.record_sealed("cover", actor="cover", at=at, session=sealing.id)
        session.add(SealedBid(id=row_id, session=sealing.id, tag=secrets.token_hex(16), box=_close_box(
            row_id, {"cover": True, "parts": [stored], "seq": written.seq, "filler": secrets.token_hex(2500)})))


# --- uploads -----------------------------------------------------------------------------------


def begin_upload(session_name: str, *, bidder: Organisation, at: datetime) -> Upload:
    """Begin sending parts; a transfer unfinished at the deadline counts for nothing."""
    sealing, lot = _open_lot(session_name)
    rules.may_file(Stage(lot.stage), lot.deadline, at)
    with transaction() as session:
        upload = Upload(id=secrets.token_hex(16), tag=_upload_tag(sealing.id, bidder), started_at=_day(at))
        session.add(upload)
        return upload


def _day(at: datetime) -> datetime:
    # A row's exact time would show when somebody was bidding; the day is enough to clean up.
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _upload_tag(session_name: str, bidder: Organisation) -> str:
    return installation.boxes().tag("upload", session_name, bidder.code)


def put_part(upload_id: str, number: int, chunks: Iterable[bytes], digest: str, *, session_name: str,
             bidder: Organisation) -> None:
    """Keep one part of at most 8 MiB whose SHA-256 is as announced; sent again it counts once."""
    upload = db.session.get(Upload, upload_id)
    if upload is None or upload.tag != _upload_tag(session_name, bidder):
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
    if upload is None or upload.tag != _upload_tag(session_name, bidder):
        raise NotFound
    return sorted(db.session.scalars(select(UploadPart.number).where(UploadPart.upload_id == upload_id)))


# --- filing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    """Proof of filing that the bidder keeps: the event, its nonce and its place in the signed log."""

    event: dict[str, Any]
    nonce: str
    index: int
    proof: str
    log_key: str

    def document(self) -> dict[str, Any]:
        return {"v": documents.VERSION, "type": "mingtang-receipt", "event": self.event, "nonce": self.nonce,
                "index": self.index, "proof": self.proof, "log_key": self.log_key}


def file_bid(session_name: str, header_bytes: bytes, signature: bytes, upload_id: str, *, bidder_id: int,
             clock: Clock) -> Receipt:
    """Take in one sealed bid and hand back proof of it.

    The same header sent twice gives the same receipt. A newer header replaces the older
    one, whose payload is shredded. Raises Refused ``bid.*``, ``seal.*``, ``eligibility.*``.
    """
    bidder = parties.get(bidder_id)
    sealing = trustees.get_session(session_name)
    lot_id = sealing.lot_id
    header = documents.check_header(documents.decode(header_bytes), sealing.document)
    if header["ctx"]["bidder"] != bidder.code:
        raise Refused("bid.not_yours")
    digest = documents.bid_digest(header)
    if not any(keys.is_signed(public, signature, bytes.fromhex(digest)) for public in parties.signing_keys(bidder_id)):
        raise Refused("bid.signature")
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        at = clock()
        known = versions(session_name, bidder)
        for row, content in known:
            if content["digest"] == digest:
                return _receipt(content)
        rules.may_file(Stage(lot.stage), lot.deadline, at)
        eligibility.require(lot, bidder, at=at)
        names = _take_parts(upload_id, header, session_name, bidder)
        live = next(((row, content) for row, content in known if content["state"] == "live"), None)
        row_id, version = secrets.token_hex(16), len(known) + 1
        written = evidence.record_sealed(
            "bid.commit", actor=bidder.code, at=at, lot=lot.code, session=session_name, bid_digest=digest,
            bidder=bidder.code, version=version, replaces=live[1]["digest"] if live else "",
            bytes=header["payload"]["len"], server_ms=unix_ms(at))
        content = {"cover": False, "state": "live", "digest": digest, "bidder": bidder.id, "version": version,
                   "at": at.isoformat(), "header": header, "signature": b64encode(signature).decode(),
                   "parts": names, "seq": written.seq, "nonce": written.nonce.hex(), "event": written.event,
                   "checkpoint": written.seq + 1}
        session.add(SealedBid(id=row_id, session=session_name, box=_close_box(row_id, content),
                              tag=_tag(session_name, bidder, version)))
        if live:
            _retire(*live, "superseded")
        signed = evidence.checkpoint(at)
        shred = live[1]["parts"] if live else []
    for name in shred:
        installation.files().discard(name)
    return _receipt(content, signed)


def _take_parts(upload_id: str, header: dict[str, Any], session_name: str, bidder: Organisation) -> list[str]:
    # Plain statements, as in the evidence log: a flush costs more than all of these together.
    session = db.session
    tag = session.scalar(select(Upload.tag).where(Upload.id == upload_id))
    if tag is None or tag != _upload_tag(session_name, bidder):
        raise Refused("seal.parts_missing")
    parts = session.execute(select(UploadPart.number, UploadPart.stored, UploadPart.sha256, UploadPart.bytes)
                            .where(UploadPart.upload_id == upload_id).order_by(UploadPart.number)).all()
    expected = header["payload"]
    if [part.number for part in parts] != list(range(len(expected["parts"]))):
        raise Refused("seal.parts_missing")
    if [part.sha256 for part in parts] != expected["parts"] or sum(part.bytes for part in parts) != expected["len"] \
            or any(part.bytes != documents.PART_BYTES for part in parts[:-1]):
        raise Refused("seal.parts_differ")
    for gone in (delete(UploadPart).where(UploadPart.upload_id == upload_id), delete(Upload).where(Upload.id == upload_id)):
        session.execute(gone.execution_options(synchronize_session=False))
    return [part.stored for part in parts]


def withdraw(session_name: str, *, bidder_id: int, clock: Clock) -> None:
    """Withdraw the live bid before the deadline (撤回); its payload is shredded, never opened."""
    bidder = parties.get(bidder_id)
    sealing, _ = _open_lot(session_name)
    with transaction():
        lot = projects.locked_lot(sealing.lot_id)
        at = clock()
        rules.may_file(Stage(lot.stage), lot.deadline, at)
        live = next(((row, c) for row, c in versions(sealing.id, bidder) if c["state"] == "live"), None)
        if live is None:
            raise Refused("bid.none")
        written = evidence.record_sealed("bid.withdraw", actor=bidder.code, at=at, lot=lot.code, session=sealing.id,
                                         bid_digest=live[1]["digest"], bidder=bidder.code)
        _retire(*live, "withdrawn", withdraw_seq=written.seq)
        evidence.checkpoint(at)
        shred = live[1]["parts"]
    for name in shred:
        installation.files().discard(name)


def _retire(row: SealedBid, content: dict[str, Any], state: str, **more: Any) -> None:
    row.box = _close_box(row.id, content | {"state": state} | more)


def versions(session_name: str, bidder: Organisation) -> list[tuple[SealedBid, dict[str, Any]]]:
    """A bidder's own submissions to a session, oldest first (for that bidder only)."""
    found, number = [], 1
    while row := db.session.scalar(select(SealedBid).where(SealedBid.tag == _tag(session_name, bidder, number))):
        found.append((row, open_box(row)))
        number += 1
    return found


def _tag(session_name: str, bidder: Organisation, version: int) -> str:
    return installation.boxes().tag("bid", session_name, bidder.code, str(version))


def _close_box(row_id: str, content: dict[str, Any]) -> bytes:
    length = len(documents.encode(content))
    return installation.boxes().close(content, f"bid/{row_id}", pad=-(-length // BOX_STEP) * BOX_STEP)


def open_box(row: SealedBid) -> dict[str, Any]:
    content: dict[str, Any] = installation.boxes().open(row.box, f"bid/{row.id}")
    return content


def receipt_of(session_name: str, version: int, *, bidder: Organisation) -> Receipt:
    """The receipt of one of the bidder's own submissions, again."""
    for _, content in versions(session_name, bidder):
        if content["version"] == version:
            return _receipt(content)
    raise NotFound


def _receipt(content: dict[str, Any], signed: Checkpoint | None = None) -> Receipt:
    checkpoint = signed or db.session.scalar(select(Checkpoint).where(Checkpoint.size >= content["checkpoint"])
                                             .order_by(Checkpoint.size).limit(1))
    proof = evidence.prove(content["seq"], checkpoint)
    return Receipt(content["event"], content["nonce"], content["seq"], proof.text(), evidence.log_verifier_key())


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
        content = open_box(row)
        if content["cover"]:
            covers += content["parts"]
            db.session.delete(row)
            continue
        row.digest, row.organisation_id, row.version = content["digest"], content["bidder"], content["version"]
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


def bids(session_name: str, state: str | None = "live") -> list[SealedBid]:
    """Bids of a closed session in the order of their digests (no order of arrival)."""
    query = select(SealedBid).where(SealedBid.session == session_name, SealedBid.digest.is_not(None))
    if state:
        query = query.where(SealedBid.state == state)
    return list(db.session.scalars(query.order_by(SealedBid.digest)))


def payload(row: SealedBid) -> Iterable[bytes]:
    """The ciphertext of a bid as stored."""
    for name in row.parts or []:
        yield from installation.files().chunks(name)


def discard_stale_uploads(at: datetime) -> int:
    """Remove uploads that were begun more than three days ago and never committed."""
    with transaction() as session:
        stale = list(session.scalars(select(Upload).where(Upload.started_at < at - timedelta(days=3)).limit(100)))
        names = list(session.scalars(select(UploadPart.stored).where(UploadPart.upload_id.in_([u.id for u in stale]))))
        for upload in stale:
            session.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))
            session.delete(upload)
    for name in names:
        installation.files().discard(name)
    return len(stale)

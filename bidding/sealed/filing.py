"""Take in sealed bids: the commit, the receipt, the replacement.

The decision whether a bid is in time is taken under the lot's lock, by the clock read
there. The receipt leaves only after the commit is on disk.

At the closing minute many file at once. Filings that wait are committed together by the
first of them: one write to the disk, one signature of the log, one receipt each
(docs/decisions/006-filings-together.md). A refused one leaves no trace in the others.
"""

from __future__ import annotations

import re
import secrets
import threading
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, delete, insert, select

from bidding import eligibility
from bidding.envelope import documents, keys
from bidding.sealed import boxes, guests, receipts, rules
from bidding.sealed.guests import Alias
from bidding.sealed.models import SealedBid, Upload, UploadPart
from bidding.sealed.receipts import Receipt
from bidding.trustees import countersigning
from bidding.trustees import service as trustees
from trading.base import installation, row_seals
from trading.base.clock import Clock, unix_ms
from trading.base.database import connection, in_transaction, transaction
from trading.base.errors import Refused
from trading.evidence import alarms
from trading.evidence import service as evidence
from trading.parties import service as parties
from trading.projects import invitations
from trading.projects import service as projects

#: As many as one commit takes; the rest is next. Keeps the wait of the first one short.
TOGETHER = 64


@dataclass(eq=False)
class _Filing:
    """One checked bid that waits for its commit, and what came of it."""

    session: str
    lot_id: int
    envelope: str
    header: dict[str, Any]
    digest: str
    signature: bytes
    upload: str
    bidder_id: int
    clock: Clock
    log_origin: str
    done: bool = False
    receipt: Receipt | None = None
    failure: BaseException | None = None
    content: dict[str, Any] = field(default_factory=dict)
    shred: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sign = threading.Event()
        # Whether the name is the bidder's own is decided with the rest, under the lock.
        self.name: str = self.header["ctx"]["bidder"]
        # The code that its rows are found by.
        self.code = ""


def file_bid(session_name: str, header_bytes: bytes, signature: bytes, upload_id: str, *, bidder_id: int,
             clock: Clock) -> Receipt:
    """Take in one sealed bid and hand back proof of it.

    The same header sent twice gives the same receipt. A newer header replaces the older
    one, whose payload is shredded. Raises Refused ``bid.*``, ``seal.*``, ``eligibility.*``.
    """
    policy = trustees.policy(session_name)
    header = documents.check_header(documents.decode(header_bytes), policy.document, session_name)
    if not re.fullmatch("[0-9a-f]{32}", upload_id):
        raise Refused("seal.parts_missing")
    digest = keys.tagged_hash("bid", header_bytes).hex()
    filing = _Filing(session_name, policy.lot_id, policy.document["envelope"], header, digest, signature, upload_id, bidder_id, clock,
                     policy.document["log_origin"])
    if in_transaction():
        _commit([filing])
    else:
        _queue().wait_for(filing)
    if filing.failure is not None:
        raise filing.failure
    assert filing.receipt is not None
    return filing.receipt


class _Queue:
    """Filings of one process that wait for a commit; one of them commits for all, then hands on.

    Each waits for its own sign, not for one lock in turn: a thread that only has to learn
    that it is done must not stand between two commits.
    """

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._busy = False
        self._waiting: list[_Filing] = []

    def wait_for(self, filing: _Filing) -> None:
        with self._gate:
            self._waiting.append(filing)
            leads, self._busy = not self._busy, True
        if not leads:
            filing.sign.wait()
            if filing.done:
                return
        try:
            self._commit(self._next(filing))
        finally:
            self._hand_on()

    def _hand_on(self) -> None:
        with self._gate:
            following = self._waiting[0] if self._waiting else None
            self._busy = following is not None
        if following is not None:
            following.sign.set()

    def _next(self, filing: _Filing) -> list[_Filing]:
        """The leader's own and the oldest others, one of each bidder."""
        with self._gate:
            chosen = {(filing.session, filing.bidder_id): filing}
            for other in self._waiting:
                if len(chosen) < TOGETHER:
                    chosen.setdefault((other.session, other.bidder_id), other)
            self._waiting = [other for other in self._waiting if chosen.get((other.session, other.bidder_id)) is not other]
        return list(chosen.values())

    def _commit(self, group: list[_Filing]) -> None:
        try:
            _commit(group)
        except Exception as error:
            # Something failed that is nobody's refusal: nothing was kept, so each is tried by itself.
            for filing in group:
                filing.content, filing.shred, filing.failure = {}, [], None
                _alone(filing, error if len(group) == 1 else None)
        finally:
            for filing in group:
                if filing.receipt is None and filing.failure is None:
                    filing.failure = RuntimeError("the commit was interrupted")
                filing.done = True
                filing.sign.set()


def _alone(filing: _Filing, failed_already: BaseException | None) -> None:
    if failed_already is not None:
        filing.failure = failed_already
        return
    try:
        _commit([filing])
    except Exception as error:
        filing.failure = error


def _queue() -> _Queue:
    queue: _Queue = current_app.extensions["mingtang"].setdefault("filings", _Queue())
    return queue


def _commit(group: list[_Filing]) -> None:
    """Commit filings in one transaction; each is accepted or refused by itself."""
    with transaction():
        # Lots in one order, so that two processes never wait for each other.
        lots = {lot_id: projects.locked_for_filing(lot_id) for lot_id in sorted({filing.lot_id for filing in group})}
        bidders = parties.standings([filing.bidder_id for filing in group])
        arrived = _Arrived([filing.upload for filing in group])
        tags = {}
        for filing in group:
            filing.code = bidders[filing.bidder_id].code
            tags[id(filing)] = boxes.tag(filing.session, filing.code, 1)
        earlier = _with_earlier(tags.values())
        stopped, log_origin = alarms.stop_filings(), evidence.origin()
        accepted: list[tuple[_Filing, evidence.Act, int]] = []
        for filing in group:
            try:
                found = _accept(filing, lots[filing.lot_id], bidders[filing.bidder_id], arrived, tags[id(filing)] in earlier, stopped, log_origin)
            except Refused as refusal:
                filing.failure = refusal
                continue
            if found is not None:
                accepted.append((filing, *found))
        if accepted:
            _write(accepted)
            arrived.clear([filing.upload for filing, _, _ in accepted])
            signed = evidence.checkpoint(accepted[-1][1].at)
    for filing, _, _ in accepted:
        for name in filing.shred:
            installation.files().discard(name)
    if accepted:
        proofs = evidence.prove_all([filing.content["seq"] for filing, _, _ in accepted], signed)
        for (filing, _, _), proof in zip(accepted, proofs, strict=True):
            filing.receipt = receipts.of_proof(filing.content, proof)


def _accept(filing: _Filing, lot: projects.FilingLot, bidder: parties.Standing, arrived: _Arrived,
            has_earlier: bool, stopped: str, log_origin: str) -> tuple[evidence.Act, int] | None:
    """Decide on one filing; gives its evidence and version, or nothing for one taken in before."""
    if stopped:
        raise Refused("bid.log_alarm", alarm=stopped)
    countersigning.require(filing.session)
    alias = _alias(filing, lot)
    if filing.name != (alias.name if alias else bidder.code):
        raise Refused("bid.not_yours")
    if not any(keys.is_signed(public, filing.signature, bytes.fromhex(filing.digest)) for public in ([alias.public] if alias else bidder.keys)):
        raise Refused("bid.signature")
    at = filing.clock()
    known = boxes.versions(filing.session, bidder.code) if has_earlier else []
    for _, content in known:
        if content["digest"] == filing.digest:
            filing.receipt = receipts.of_content(content)
            return None
    # A session belongs to the log that it names; where that goes on under another name, its bids are sealed anew.
    rules.may_enter(filing.log_origin, log_origin)
    if filing.envelope in documents.AT_DEADLINE:
        rules.may_file(lot.stage, lot.deadline, at)
    elif filing.envelope == documents.RESERVE:
        rules.may_reserve(lot.stage, *guests.standing(filing.session, bidder.id), at)
    else:
        rules.may_offer(lot.stage, *guests.standing(filing.session, bidder.id), at, is_live=lot.is_live)
    if filing.envelope != documents.RESERVE:
        eligibility.require(bidder.id, bidder.barred_in(lot.procedure), lot.tenderer_id, lot.agency_id, at=at)
    eligibility.require_invited(invitations.may_take_part(lot.project_id, lot.procedure, bidder.code,
                                                                listed=lot.is_listed))
    names = arrived.take(filing.upload, filing.header, boxes.upload_tag(filing.session, bidder.code))
    live = next(((row, content) for row, content in known if content["state"] == "live"), None)
    version = len(known) + 1
    act = evidence.Act("bid.commit", actor=filing.name, at=at, lot=lot.code, facts={
        "session": filing.session, "bid_digest": filing.digest, "bidder": filing.name, "version": version,
        "replaces": live[1]["digest"] if live else "", "bytes": filing.header["payload"]["len"], "server_ms": unix_ms(at)})
    if live:
        boxes.retire(*live, "superseded")
        filing.shred = live[1]["parts"]
    filing.content = {"cover": False, "state": "live", "digest": filing.digest, "bidder": bidder.id, "keys": [alias.public.hex()] if alias else [],
                      "version": version, "at": at.isoformat(), "header": filing.header,
                      "signature": b64encode(filing.signature).decode(), "parts": names}
    return act, version


def _alias(filing: _Filing, lot: projects.FilingLot) -> Alias | None:
    """The name to file under where nobody may know the bidder's own: in the offers of a live sale. Raises Refused ``offers.not_asked``."""
    if not lot.is_live or filing.envelope in documents.AT_DEADLINE or filing.envelope == documents.RESERVE:
        return None
    found = guests.alias(filing.session, filing.bidder_id)
    if found is None:
        raise Refused("offers.not_asked")
    return found


def _write(accepted: list[tuple[_Filing, evidence.Act, int]]) -> None:
    # Plain statements, as in the evidence log: a flush costs more than all of these together.
    rows = []
    for (filing, _, version), written in zip(accepted, evidence.record_all_sealed([act for _, act, _ in accepted]), strict=True):
        filing.content |= {"seq": written.seq, "nonce": written.nonce.hex(), "event": written.event,
                           "checkpoint": written.seq + 1}
        row_id = secrets.token_hex(16)
        row = {"id": row_id, "session": filing.session, "box": boxes.close(row_id, filing.content),
               "tag": boxes.tag(filing.session, filing.code, version)}
        rows.append(row | {"marks": row_seals.own_marks("sealed_bid", row)})
    connection().execute(_INSERT, rows)


def _with_earlier(tags: Iterable[str]) -> set[str]:
    """Those of first versions that are here already."""
    return set(connection().execute(_EARLIER, {"tags": list(tags)}).scalars())


class _Arrived:
    """The parts that were uploaded for some filings, read together."""

    def __init__(self, uploads: list[str]) -> None:
        rows = connection().execute(_ARRIVED, {"uploads": uploads})
        self._tags: dict[str, str] = {}
        self._parts: dict[str, list[Any]] = {}
        for row in rows:
            self._tags[row.id] = row.tag
            if row.number is not None:
                self._parts.setdefault(row.id, []).append(row)

    def take(self, upload: str, header: dict[str, Any], tag: str) -> list[str]:
        """Stored names of the parts, which must be the header's. Raises Refused ``seal.parts_*``."""
        parts, expected = self._parts.get(upload, []), header["payload"]
        if self._tags.get(upload) != tag or [part.number for part in parts] != list(range(len(expected["parts"]))):
            raise Refused("seal.parts_missing")
        if [part.sha256 for part in parts] != expected["parts"] or sum(part.bytes for part in parts) != expected["len"] \
                or any(part.bytes != documents.PART_BYTES for part in parts[:-1]):
            raise Refused("seal.parts_differ")
        return [part.stored for part in parts]

    def clear(self, uploads: list[str]) -> None:
        for gone in _CLEAR:
            connection().execute(gone, {"uploads": uploads})


# Built once: building a statement costs as much as running it.
_BID: Any = SealedBid.__table__
_UPLOAD, _PART = Upload.__table__, UploadPart.__table__
_UPLOADS = bindparam("uploads", expanding=True)
_INSERT = insert(_BID)
_EARLIER = select(_BID.c.tag).where(_BID.c.tag.in_(bindparam("tags", expanding=True)))
_ARRIVED = select(_UPLOAD.c.id, _UPLOAD.c.tag, _PART.c.number, _PART.c.stored, _PART.c.sha256, _PART.c.bytes).outerjoin_from(
    _UPLOAD, _PART, _PART.c.upload_id == _UPLOAD.c.id).where(_UPLOAD.c.id.in_(_UPLOADS)).order_by(
    _UPLOAD.c.id, _PART.c.number).with_for_update(of=_UPLOAD)
_CLEAR: Any = (delete(_PART).where(_PART.c.upload_id.in_(_UPLOADS)), delete(_UPLOAD).where(_UPLOAD.c.id.in_(_UPLOADS)))  # type: ignore[arg-type]

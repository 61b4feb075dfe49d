"""A lot's room: its one row under the lock, and what an act leaves behind, written together.

Whoever acts locks the row, reads the clock, asks the rules, and hands on what happened. ``write``
then adds the bids, the numbered events and the evidence and moves the row, in the transaction of
the act. Plain statements throughout: this is the busiest path of the platform.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy import Table, bindparam, insert, select, text, update

from bidding.auction import rules
from bidding.auction.models import Auction, AuctionEvent, LiveBid
from bidding.auction.standing import Bid, Standing, kept_standing, kept_terms, read_standing, read_terms
from trading.base import row_seals
from trading.base.clock import Clock, unix_ms
from trading.base.database import EPOCH, Plain, connection
from trading.base.errors import NotFound
from trading.evidence import service as evidence
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage
from trading.sales.modes import Phase
from trading.sales.terms import Terms

#: The channel on which PostgreSQL tells the events process that a room has news.
CHANNEL = "mingtang_auction"


def moment(milliseconds: int) -> datetime:
    """A moment of the rules as a datetime."""
    return EPOCH + timedelta(milliseconds=milliseconds)


@dataclass
class Happened:
    """One thing that happened: its line in the room, its evidence, and its bid if it is one."""

    kind: str
    actor: str
    at: datetime
    facts: dict[str, Any]
    shown: dict[str, Any]
    bid: Bid | None = None
    seq: int = 0
    evidence: int = 0


@dataclass
class Room:
    """The row of one lot as read under its lock, and what has happened since."""

    lot_id: int
    code: str
    project: str
    terms: Terms
    standing: Standing
    seq: int
    as_of: int
    stage: Stage
    ended_at: datetime | None
    outcome: dict[str, Any] | None
    # {cause, since, resume_at}: the clock stands still for a technical reason (lapses.py).
    held: dict[str, Any] | None = None
    # The row's own seal as it was read.
    marks: bytes = b""
    happened: list[Happened] = field(default_factory=list)

    def clock(self, clock: Clock) -> tuple[datetime, int]:
        """The moment of an act, read now, inside the lock; never before that of the act before it."""
        at = clock()
        if unix_ms(at) < self.as_of:
            at = moment(self.as_of)
        self.as_of = unix_ms(at)
        return at, self.as_of

    def pass_time(self, at_ms: int) -> None:
        """Do what time alone has done up to now, each step at its own moment."""
        if self.held is not None and self.held["resume_at"] is not None and self.held["resume_at"] <= at_ms and self.stage is Stage.BIDDING:
            when = self.held["resume_at"]
            self.standing, self.held = rules.resume(self.standing, when), None
            self.add("auction.released", "clock", moment(when), ends_at=self.standing.ends_at)
        for when, now in rules.steps(self.standing, at_ms):
            self.standing = now
            self.add("auction.ended" if now.phase is Phase.ENDED else "auction.phase", "clock", moment(when), phase=str(now.phase),
                     ends_at=now.ends_at)

    def add(self, kind: str, actor: str, at: datetime, *, bid: Bid | None = None, told: Mapping[str, Any] | None = None,
            logged: Mapping[str, Any] | None = None, **facts: Any) -> Happened:
        """Note one thing that happened. ``told`` stands in the room's line alone, ``logged`` in the log alone."""
        self.seq += 1
        made = Happened(kind, actor, at, {**facts, **(logged or {})}, {"kind": kind.partition(".")[2], **facts, **(told or {}), "now": shown(self.standing)},
                        bid, self.seq)
        self.happened.append(made)
        return made


def shown(now: Standing) -> dict[str, Any]:
    """A standing as pages, walls and programs read it: amounts in fen, moments in UTC milliseconds."""
    rising = now.phase in (Phase.WAITING, Phase.OFFERS, Phase.FREE, Phase.TIMED, Phase.CALLS, Phase.ROUND, Phase.OPENING)
    rounds = {"round": now.round} if Phase.ROUND in now.terms.mode.phases else {}
    return rounds | {"phase": str(now.phase), "price_fen": now.price_fen, "leader": now.leader, "number": now.number, "ends_at": now.ends_at,
            "least_fen": rules.least(now) if rising else None, "paused": now.is_paused, "left_ms": now.left_ms, "calls": now.calls,
            "joined": len(now.joined), "agreed": len(now.agreed), "housing": now.housing, "fell_from": now.fell_from}


def create(lot_id: int, code: str, terms: Terms, *, at: datetime) -> None:
    """Make the row of a lot that will be competed for live."""
    row = {"lot_id": lot_id, "room": code, "terms": kept_terms(terms), "standing": kept_standing(Standing(terms)) | {"as_of": unix_ms(at), "held": None},
           "seq": 0, "due_at": terms.opens_at, "ended_at": None, "outcome": None}
    connection().execute(insert(_AUCTION), row | {"marks": row_seals.own_marks("auction", row)})


def locked(lot_id: int) -> Room:
    """The newest row of a lot, locked until the transaction ends. Raises NotFound."""
    return locked_all([lot_id])[lot_id]


def locked_all(lot_ids: Iterable[int]) -> dict[int, Room]:
    """Rows of several lots, locked in one order, so that two never wait for each other. Raises NotFound."""
    wanted = sorted(set(lot_ids))
    rows = _LOCK_ONE.read(connection(), {"lot": wanted[0]}) if len(wanted) == 1 else connection().execute(_LOCK, {"lots": wanted})
    found = {row.lot_id: _read(row) for row in rows}
    if len(found) != len(wanted):
        raise NotFound
    for room, row_stage_at in found.values():
        _follow_stage(room, row_stage_at)
    return {lot_id: room for lot_id, (room, _) in found.items()}


def lot_of(code: str) -> int:
    """The lot behind a room's name, which never comes to mean another. Raises NotFound."""
    known: dict[str, int] = current_app.extensions["mingtang"].setdefault("lots_of_rooms", {})
    name = code[:23]
    if name in known:
        return known[name]
    found = _LOT_OF.read(connection(), {"room": name}) if name.isascii() else []
    if not found:
        raise NotFound
    known[name] = int(found[0].lot_id)
    return known[name]


def read(lot_id: int) -> Room:
    """A lot's row as it stands, without a lock. Raises NotFound."""
    rows = _READ_ONE.read(connection(), {"lot": lot_id})
    if not rows:
        raise NotFound
    return _read(rows[0])[0]


def _read(row: Any) -> tuple[Room, datetime | None]:
    terms = read_terms(row.terms)
    return Room(row.lot_id, row.room, row.code, terms, read_standing(terms, row.standing), row.seq, row.standing["as_of"], Stage(row.stage),
                row.ended_at, row.outcome, row.standing["held"], bytes(row.marks)), row.stage_at


def _follow_stage(room: Room, stage_at: datetime | None) -> None:
    """Two people paused the lot or let it go on: the room stands still from that moment, or goes on with what was left."""
    if stage_at is None or room.standing.phase is Phase.ENDED:
        return
    if room.stage is Stage.PAUSED and not room.standing.is_paused:
        at_ms = max(unix_ms(stage_at), room.as_of)
        room.pass_time(at_ms)
        if room.standing.phase is not Phase.ENDED:
            room.standing, room.as_of = rules.pause(room.standing, at_ms), at_ms
            room.add("auction.paused", "clock", moment(at_ms), left_ms=room.standing.left_ms)
    elif room.stage is Stage.BIDDING and room.standing.is_paused and room.held is None:
        at_ms = max(unix_ms(stage_at), room.as_of)
        room.standing, room.as_of = rules.resume(room.standing, at_ms), at_ms
        room.add("auction.resumed", "clock", moment(at_ms), ends_at=room.standing.ends_at)


def write(rooms: Iterable[Room]) -> None:
    """Keep what happened: evidence, bids, events, and the rows themselves."""
    changed = [room for room in rooms if room.happened]
    if not changed:
        return
    here = connection()
    acts = [(room, thing) for room in changed for thing in room.happened]
    written = evidence.record_all([evidence.Act(thing.kind, thing.actor, thing.at, room.code, room.project, thing.facts | {"seq": thing.seq})
                                   for room, thing in acts])
    bids, events = [], []
    for (room, thing), entry in zip(acts, written, strict=True):
        thing.evidence = entry.seq
        if thing.bid is not None:
            row = {"lot_id": room.lot_id, "number": thing.bid.number, "paddle": thing.bid.paddle, "fen": thing.bid.fen,
                   "phase": str(thing.bid.phase), "at": thing.at, "signature": thing.facts["signature"], "by_host": thing.facts.get("by_host", False), "evidence": entry.seq}
            bids.append(row | {"marks": row_seals.own_marks("auction_bid", row)})
        body = json.dumps({"seq": thing.seq, "at": unix_ms(thing.at), "evidence": entry.seq, **thing.shown}, ensure_ascii=False, separators=(",", ":"))
        line = {"room": room.code, "seq": thing.seq, "body": body}
        events.append(line | {"marks": row_seals.own_marks("auction_event", line)})
    if bids:
        _ADD_BID.run(here, *bids)
    _ADD_EVENT.run(here, *events)
    _MOVE.run(here, *[_moved(room) for room in changed])
    if here.dialect.name == "postgresql":
        for room in changed:
            _TELL.run(here, {"channel": CHANNEL, "room": room.code})


def _moved(room: Room) -> dict[str, Any]:
    now = room.standing
    # An end that nobody has dealt with yet is due at once.
    due = room.as_of if now.phase is Phase.ENDED and room.ended_at is None else room.held["resume_at"] if room.held else rules.due_at(now)
    row = {"lot_id": room.lot_id, "standing": kept_standing(now) | {"as_of": room.as_of, "held": room.held},
           "seq": room.seq, "due_at": due, "ended_at": room.ended_at, "outcome": room.outcome}
    room.marks = row_seals.moved_marks("auction", room.marks, row)
    return {f"new_{name}": row[name] for name in _CHANGING} | {"which": room.lot_id, "new_marks": room.marks}


def keep(room: Room) -> None:
    """Write a row of which only ``ended_at`` or ``outcome`` changed."""
    _MOVE.run(connection(), _moved(room))


_CHANGING = ("standing", "seq", "due_at", "ended_at", "outcome")
_AUCTION, _LOT, _PROJECT = cast(Table, Auction.__table__), cast(Table, Lot.__table__), cast(Table, Project.__table__)
_ROW = select(_AUCTION, _PROJECT.c.code, _LOT.c.stage, _LOT.c.stage_at).join_from(_AUCTION, _LOT, _LOT.c.id == _AUCTION.c.lot_id).join(
    _PROJECT, _PROJECT.c.id == _LOT.c.project_id)
_READ_ONE = Plain(_ROW.where(_AUCTION.c.lot_id == bindparam("lot")))
_LOCK_ONE = Plain(_ROW.where(_AUCTION.c.lot_id == bindparam("lot")).with_for_update(of=_AUCTION))
_LOCK = _ROW.where(_AUCTION.c.lot_id.in_(bindparam("lots", expanding=True))).order_by(_AUCTION.c.lot_id).with_for_update(of=_AUCTION)
_LOT_OF = Plain(select(_AUCTION.c.lot_id).where(_AUCTION.c.room == bindparam("room")))
_ADD_BID = Plain(insert(cast(Table, LiveBid.__table__)), *LiveBid.__table__.columns.keys())
_ADD_EVENT = Plain(insert(cast(Table, AuctionEvent.__table__)), *AuctionEvent.__table__.columns.keys())
_MOVE = Plain(update(_AUCTION).where(_AUCTION.c.lot_id == bindparam("which")).values(
    **{name: bindparam(f"new_{name}") for name in (*_CHANGING, "marks")}))
_TELL = Plain(text("SELECT pg_notify(:channel, :room)"))

"""Run a live sale: make its room, let time pass, call, end it. Every step may come late or twice and gives one result."""

from __future__ import annotations

from datetime import datetime

from bidding.auction import applying, lapses, reserve, rooms, rules, settling
from bidding.auction.rooms import Room
from trading.announcements import queries as notices
from trading.base.clock import Clock, unix_ms
from trading.base.database import transaction
from trading.base.errors import Refused
from trading.evidence import service as evidence
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, Step
from trading.sales import terms as sale_terms
from trading.sales.modes import Phase
from trading.sales.terms import Terms


def terms_of(lot: Lot) -> Terms:
    """What the published notice fixes for a lot. Raises Refused ``auction.terms``."""
    notice = notices.tender_notice(lot.project_id)
    if notice is None:
        raise Refused("auction.terms", place="opens")
    return sale_terms.read(lot.method, lot.estimate_fen, lot.ceiling_fen, notice.versions[-1].schedule)


def start(lot_id: int, *, at: datetime) -> bool:
    """Make the room of an announced lot and begin to take applications. Returns whether this call did."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        if lot.stage != Stage.ANNOUNCED or not applying.is_live(lot) or lot.code is None:
            return False
        terms = terms_of(lot)
        projects.advance(lot, Step.START_BIDDING, actor="timetable", at=at, mode=terms.mode.id)
        if sale_terms.reserve_of(lot.method) == "sealed":
            reserve.start(lot, terms, rooms.moment(terms.opens_at), at=at)
        rooms.create(lot_id, lot.code, terms, at=at)
        return True


def close_reserve(lot_id: int, *, clock: Clock) -> bool:
    """Fix the sealed reserve price in time before the opening; a lot without the one that its notice promises ends."""
    try:
        return reserve.close(lot_id, clock=clock)
    except Refused as refusal:
        if refusal.reason != "auction.reserve_missing":
            raise
    with transaction():
        lot = projects.locked_lot(lot_id)
        at = clock()
        projects.advance(lot, Step.CLOSE, actor="timetable", at=at, count=0)
        found = reserve.session(lot_id)
        assert found is not None
        found.settled_at = at
        room = rooms.locked(lot_id)
        _end(room, at)
        settling.fail(lot, room, "reserve_missing", at)
        return True


def _end(room: Room, at: datetime) -> None:
    room.standing = rules.end(room.standing, unix_ms(at))
    room.ended_at = at
    room.add("auction.ended", "clock", at, phase=str(Phase.ENDED), ends_at=room.standing.ends_at)


def advance(lot_id: int, *, clock: Clock) -> bool:
    """Do what time has done to a lot; when its bidding has ended, close the lot. Returns whether something changed."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        room = rooms.locked(lot_id)
        at, at_ms = room.clock(clock)
        if lot.stage not in (Stage.BIDDING, Stage.PAUSED) or room.ended_at is not None:
            return False
        if lapses.was_silent(room, at_ms):
            return False  # the platform was away: the watch holds the room and announces when it goes on
        room.pass_time(at_ms)
        changed = bool(room.happened)
        has_ended = room.standing.phase is Phase.ENDED
        if has_ended:
            room.ended_at = at
        if changed:
            rooms.write([room])
        elif has_ended:
            rooms.keep(room)
        if has_ended:
            projects.advance(lot, Step.CLOSE, actor="clock", at=at, count=room.standing.number)
            evidence.checkpoint(at, stamp=True)
        return changed or has_ended


def call(lot_id: int, *, actor: str, clock: Clock) -> int:
    """The host calls; the third call after the last bid ends the bidding (39号令 19). Gives the number of the call.

    Raises Refused ``auction.no_calls``, ``auction.over``, ``auction.paused``.
    """
    with transaction():
        room = rooms.locked(lot_id)
        at, at_ms = room.clock(clock)
        room.pass_time(at_ms)
        after = rules.call(room.standing, at_ms)
        room.standing = after
        room.add("auction.called", actor, at, told={"calls": after.calls}, calls=after.calls)
        if after.phase is Phase.ENDED:
            room.add("auction.ended", actor, at, phase=str(after.phase), ends_at=after.ends_at)
        rooms.write([room])
        return after.calls

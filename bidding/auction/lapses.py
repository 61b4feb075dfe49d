"""What is done when the platform was away, or when too many bidders lose their link: the clock stands still and goes on by announcement.

The rule, as every room states it: while bidding is timed, the timetable looks every second. A silence
of more than five seconds stops the clock at the last sign of life; what was left is left again two
minutes after the platform is back. When more than half of the bidders whose pages were there within
the last minute, and at least two, have not been heard of for fifteen seconds, the clock stops; it goes
on a minute after half of them are back, or after ten minutes. Both are lines of the room and entries
of the log. A bid that meets a silence is refused, never counted late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from bidding.auction import rooms, rules
from bidding.auction.models import Auction, Link, Paddle
from bidding.auction.rooms import Room
from trading.base.clock import Clock, unix_ms
from trading.base.database import db, lock_row, serialise, transaction
from trading.projects.rules import Stage
from trading.sales.modes import MINUTE, Phase
from trading.supervision.models import Heartbeat

BEAT = "auctions"
SILENCE = timedelta(seconds=5)
SILENCE_MS = 5_000
BACK_AFTER_MS = 2 * MINUTE
LOST_AFTER, RECENT = timedelta(seconds=15), timedelta(seconds=60)
HEARD_AGAIN = timedelta(seconds=10)
LINKS_BACK_AFTER_MS, LONGEST_MS = MINUTE, 10 * MINUTE
#: Phases in which minutes count; a listing and a round of sealed offers only shortly before their end.
TIGHT = (Phase.QUESTION, Phase.FREE, Phase.TIMED, Phase.AGREEING, Phase.HOUSING, Phase.FALLING)
_WATCH = 7_264_011


def heard(paddle: Paddle, *, leaving: bool, at: datetime) -> None:
    """A bidder's page was heard of, or says that it is being closed."""
    with transaction() as session:
        found = session.get(Link, paddle.id)
        if leaving:
            if found is not None:
                session.delete(found)
        elif found is None:
            session.add(Link(paddle_id=paddle.id, lot_id=paddle.lot_id, heard_at=at))
        else:
            found.heard_at = at


def was_silent(room: Room, acted_ms: int, at_ms: int) -> bool:
    """Whether the platform was away when something fell due: then it is not decided now, but held and announced.

    ``acted_ms`` is when something last happened in the room, which also shows that the platform was there.
    """
    due = rules.due_at(room.standing)
    if due is None or due > at_ms or room.standing.phase is Phase.WAITING:
        return False
    beat = db.session.scalar(select(Heartbeat.at).where(Heartbeat.part == BEAT))
    if beat is None or unix_ms(beat) >= due:
        return False
    return at_ms - max(unix_ms(beat), acted_ms) > SILENCE_MS


def watch(clock: Clock) -> int:
    """Say that the timetable is there, and hold what a silence or lost links make unfair. Returns how many rooms changed."""
    at = clock()
    soon = unix_ms(at) + MINUTE
    open_rooms = [row for row in db.session.execute(select(Auction.lot_id, Auction.terms, Auction.standing).where(Auction.ended_at.is_(None)))
                  if row.terms["opens_at"] <= soon]
    if not open_rooms:
        return 0
    before = _beat(at)
    # Only where something may be amiss: to lock hundreds of rooms every second would itself take seconds, and pass for a silence.
    is_silent, lost = before is not None and at - before > SILENCE, _lots_that_lost_links(at)
    return sum(_look(row.lot_id, before, clock) for row in open_rooms if is_silent or row.standing["held"] or row.lot_id in lost)


def _beat(at: datetime) -> datetime | None:
    with transaction() as session:
        serialise(_WATCH)
        found = lock_row(Heartbeat, BEAT)
        if found is None:
            session.add(Heartbeat(part=BEAT, at=at))
            return None
        before: datetime = found.at
        found.at = max(before, at)
        return before


def _look(lot_id: int, before: datetime | None, clock: Clock) -> bool:
    with transaction():
        room = rooms.locked(lot_id)
        at, as_of = clock(), room.as_of
        at_ms = unix_ms(at)
        if room.stage is not Stage.BIDDING or room.ended_at is not None:
            rooms.write([room])
            return bool(room.happened)
        if room.held is not None:
            _announce(room, at)
        elif not room.standing.is_paused and _is_tight(room, at_ms):
            alive = max(unix_ms(before), as_of) if before else at_ms
            if at_ms - alive > SILENCE_MS and room.terms.opens_at < alive:
                hold(room, "interruption", alive)
                _announce(room, at)
            elif _links_lost(lot_id, at):
                room.pass_time(at_ms)
                if room.standing.phase in TIGHT:
                    hold(room, "links", at_ms)
        rooms.write([room])
        return bool(room.happened)


def _is_tight(room: Room, at_ms: int) -> bool:
    now = room.standing
    return now.phase in TIGHT or now.phase in (Phase.OFFERS, Phase.ROUND) and now.ends_at is not None and now.ends_at - at_ms < 10 * MINUTE


def hold(room: Room, cause: str, since_ms: int) -> None:
    """Stop the clock at a moment; the room says why. The caller writes the room."""
    room.pass_time(since_ms)
    if room.standing.phase is Phase.ENDED or room.standing.is_paused:
        return
    room.standing = rules.pause(room.standing, since_ms)
    room.held = {"cause": cause, "since": since_ms, "resume_at": None}
    room.as_of = max(room.as_of, since_ms)
    room.add("auction.held", "timetable", rooms.moment(since_ms), cause=cause, left_ms=room.standing.left_ms)


def _announce(room: Room, at: datetime) -> None:
    """Say when the clock goes on, once the cause is gone."""
    held, at_ms = room.held, unix_ms(at)
    if held is None or held["resume_at"] is not None:
        return
    if held["cause"] == "interruption":
        resume_at = at_ms + BACK_AFTER_MS
    elif at_ms - held["since"] >= LONGEST_MS or _links_back(room.lot_id, rooms.moment(held["since"]), at):
        resume_at = at_ms + LINKS_BACK_AFTER_MS
    else:
        return
    room.held = held | {"resume_at": resume_at}
    room.as_of = max(room.as_of, at_ms)
    room.add("auction.resuming", "timetable", at, resume_at=resume_at)


def _links_lost(lot_id: int, at: datetime) -> bool:
    return _too_many(db.session.scalars(select(Link.heard_at).where(Link.lot_id == lot_id, Link.heard_at >= at - RECENT)).all(), at)


def _lots_that_lost_links(at: datetime) -> set[int]:
    heard: dict[int, list[datetime]] = {}
    for lot_id, when in db.session.execute(select(Link.lot_id, Link.heard_at).where(Link.heard_at >= at - RECENT)):
        heard.setdefault(lot_id, []).append(when)
    return {lot_id for lot_id, times in heard.items() if _too_many(times, at)}


def _too_many(recent: Sequence[datetime], at: datetime) -> bool:
    lost = sum(when < at - LOST_AFTER for when in recent)
    return lost >= 2 and lost * 2 > len(recent)


def _links_back(lot_id: int, since: datetime, at: datetime) -> bool:
    known = list(db.session.scalars(select(Link.heard_at).where(Link.lot_id == lot_id, Link.heard_at >= since - RECENT)))
    return sum(when >= at - HEARD_AGAIN for when in known) * 2 >= len(known)

"""Sealed offers in rounds (多轮密封报价), for property rights: round after round until nobody goes higher.

Each round is a sealing session of its own, into which the admitted bidders file under their numbers; the
key holders open it when its time is over. Its offers are then told in the room by number, the highest
leads, and the next round begins. The clock is the room's alone; the session's deadline follows it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bidding.auction import applying, rooms, rules, ties
from bidding.auction.models import Auction
from bidding.auction.rooms import Room
from bidding.opening import service as opening
from bidding.opening.rules import OUTCOMES
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base.clock import Clock
from trading.base.database import db, transaction
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.sales.modes import Phase


def under_way() -> list[int]:
    """Lots that stand in a round of sealed offers, or whose round is being opened."""
    found = db.session.execute(select(Auction.lot_id, Auction.standing).join(Lot, Lot.id == Auction.lot_id).where(
        Auction.ended_at.is_(None), Lot.stage == Stage.BIDDING).order_by(Auction.lot_id))
    return [row.lot_id for row in found if row.standing["phase"] in (Phase.ROUND, Phase.OPENING)]


def session(lot_id: int, number: int) -> SealingSession | None:
    """The session of one round."""
    return trustees.session_of(lot_id, f"offer-{number}")


def follow(lot_id: int, *, clock: Clock) -> bool:
    """Do what is due in a lot's round: ask for offers, move the session's end, close it, settle it. Returns whether something was."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        room = rooms.locked(lot_id)
        if lot.stage != Stage.BIDDING or room.held is not None or room.standing.is_paused:
            return False
        at, at_ms = room.clock(clock)
        now = room.standing
        if (due := rules.due_at(now)) is not None and due <= at_ms:
            return False  # time does its work first (running.py)
        found = session(lot_id, now.round)
        if now.phase is Phase.ROUND:
            return _ask(lot, room, at) if found is None else _move(found, room, at)
        if now.phase is not Phase.OPENING:
            return False
        if found is None:
            # It could not be asked for in its time: nobody could offer, so that it is held once more.
            return _again(room, at, [])
        if found.close_seq is None:
            opening.fix(lot, found, sealed.freeze(found), at=at)
            asked = found.envelope
        else:
            return _settle(lot, room, found, at)
    opening.close_window(lot_id, asked, clock=clock)
    return True


def _ask(lot: Lot, room: Room, at: datetime) -> bool:
    number, ends_at = room.standing.round, room.standing.ends_at
    assert ends_at is not None
    made = sealed.start_offers(lot, f"offer-{number}", (), deadline=rooms.moment(ends_at), at=at, aliases=applying.aliases(lot.id))
    room.add("auction.round_begun", "clock", at, number=number, session=made.id, deadline=ends_at)
    rooms.write([room])
    return True


def _move(found: SealingSession, room: Room, at: datetime) -> bool:
    """The room stood still: its session ends with it."""
    assert room.standing.ends_at is not None
    ends = rooms.moment(room.standing.ends_at)
    if ends <= found.deadline:
        return False
    trustees.amend(found, ends, at=at)
    return True


def _settle(lot: Lot, room: Room, found: SealingSession, at: datetime) -> bool:
    done = opening.opening_of(lot.id, found.envelope)
    if done is None or done.opened_at is None:
        return False
    bids = opening.opened_bids(lot.id, found.envelope)
    offers = [[paddle, fen] for paddle, fen in ties.opened(bids)]
    if any(OUTCOMES[bid.outcome].fault in ("platform", "organiser") for bid in bids):
        return _again(room, at, offers)
    number = room.standing.round
    room.standing = rules.close_round(room.standing, ties.opened(bids), room.as_of)
    _tell(room, at, number, offers, again=False)
    return True


def _again(room: Room, at: datetime, offers: list[list[Any]]) -> bool:
    """The round counts for nobody; what could be opened of it is told all the same, for it is no secret any more."""
    number = room.standing.round
    room.standing = rules.repeat_round(room.standing, room.as_of)
    _tell(room, at, number, offers, again=True)
    return True


def _tell(room: Room, at: datetime, number: int, offers: list[list[Any]], *, again: bool) -> None:
    room.add("auction.round_closed", "clock", at, number=number, offers=offers, again=again)
    if room.standing.phase is Phase.ENDED:
        room.add("auction.ended", "clock", at, phase=str(Phase.ENDED), ends_at=room.standing.ends_at)
    rooms.write([room])

"""What ends a tie at the ceiling: the draw, one sealed offer each, or the seller's committee (statutes, ld.cap).

The rules leave a lot in TIED when several agreed to the ceiling. What the notice names then decides;
``decide`` ends the bidding with it, in the room and in the log, and the sale goes on as any other. The
draw is held by a later folder, which looks for ``tied`` lots and calls ``decide``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bidding.auction import applying, outcomes, rooms, rules
from bidding.auction.models import Auction
from bidding.auction.outcomes import Single
from bidding.auction.rooms import Room
from bidding.auction.standing import Standing
from bidding.opening import service as opening
from bidding.opening.models import OpenedBid
from bidding.opening.rules import OUTCOMES
from bidding.sealed import guests
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base.clock import Clock, unix_ms
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.evidence.models import Entry
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.sales.modes import MINUTE, After, Phase

#: How long the bidders who agreed may seal their one offer; announced breaks are not counted.
OFFER_FOR = timedelta(minutes=30)
_ENVELOPE = re.compile("offer-[1-9][0-9]*")


def tied(after: After) -> list[int]:
    """Lots whose bidding stands still at the ceiling and waits for this."""
    found = db.session.execute(select(Auction.lot_id, Auction.standing, Auction.terms).join(Lot, Lot.id == Auction.lot_id).where(
        Auction.ended_at.is_(None), Auction.due_at.is_(None), Lot.stage == Stage.BIDDING).order_by(Auction.lot_id))
    return [row.lot_id for row in found if row.standing["phase"] == Phase.TIED and row.terms["after_ceiling"] == after]


def agreed(lot_id: int) -> tuple[str, ...]:
    """The paddles that agreed to the ceiling, in the order in which they did."""
    return rooms.read(lot_id).standing.agreed


def locked(lot_id: int, after: After, clock: Clock) -> tuple[Lot, Room, datetime]:
    """A tied lot and its room, locked, and the moment. Raises Refused ``auction.no_tie``, ``auction.paused``."""
    lot = projects.locked_lot(lot_id)
    room = rooms.locked(lot_id)
    at, at_ms = room.clock(clock)
    room.pass_time(at_ms)
    if lot.stage == Stage.PAUSED or room.standing.is_paused:
        raise Refused("auction.paused")
    if lot.stage != Stage.BIDDING or room.standing.phase is not Phase.TIED or room.terms.after_ceiling is not after:
        raise Refused("auction.no_tie", phase=room.standing.phase)
    return lot, room, at


def entries(lot: Lot, kind: str) -> list[dict[str, Any]]:
    """What the log says of a lot's tie under one kind, oldest first."""
    return [entry.event for entry in db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind == kind).order_by(Entry.seq)) if entry.event]


def begin(lot_id: int, after: After, *, clock: Clock, **facts: Any) -> bool:
    """Say once in the room, and to everybody admitted, what decides now. Returns whether this call did."""
    with transaction():
        lot, room, at = locked(lot_id, after, clock)
        if entries(lot, "auction.tie_begun"):
            return False
        _begin(lot, room, at, **facts)
        rooms.write([room])
        return True


def _begin(lot: Lot, room: Room, at: datetime, **facts: Any) -> None:
    room.add("auction.tie_begun", "clock", at, how=str(room.terms.after_ceiling), **facts)
    # No message to those admitted: its rows would name them. The room and the page of the tie tell everybody.
    if room.terms.after_ceiling is After.QUALITY:
        messages.notify("auction.tie_asked", at=at, organisation_id=lot.project.tenderer_id, lot=lot.label, link=f"/projects/lots/{lot.code}/tie")


def decide(lot_id: int, winner: str, how: After, *, actor: str, clock: Clock, **proof: Any) -> None:
    """End a tie by the tickets of the draw or by the committee; ``proof`` stands beside it in the log.

    Raises Refused ``auction.no_tie``, ``auction.not_agreed``, ``auction.paused``.
    """
    with transaction():
        _lot, room, at = locked(lot_id, how, clock)
        _end(room, outcomes.settle(room.standing, winner), actor, at, logged=proof)


def _end(room: Room, after: Standing, actor: str, at: datetime, *, logged: dict[str, Any] | None = None, **facts: Any) -> None:
    """The bidding is over; what follows an end is done where every other end is dealt with (running.py, settling.py)."""
    room.standing = replace(after, ends_at=room.as_of)
    room.add("auction.tie_decided", actor, at, logged=logged, how=str(room.terms.after_ceiling), winner=after.leader, price_fen=after.price_fen, **facts)
    room.add("auction.ended", actor, at, phase=str(Phase.ENDED), ends_at=room.as_of)
    rooms.write([room])


# --- one sealed offer each (一次报价) ---------------------------------------------------------------------------


def session(lot_id: int) -> SealingSession | None:
    """The newest session of single offers of a lot."""
    found = db.session.scalars(select(SealingSession).where(SealingSession.lot_id == lot_id, SealingSession.envelope.like("offer-%")))
    # One that ended with its log has another name (bidding/sealed/resealing.py).
    named = {int(item.envelope.partition("-")[2]): item for item in found if _ENVELOPE.fullmatch(item.envelope)}
    return named[max(named)] if named else None


def may_offer(lot_id: int, organisation_id: int) -> bool:
    """Whether an organisation is asked for an offer in the newest session; for itself alone to know."""
    found = session(lot_id)
    return found is not None and guests.alias(found.id, organisation_id) is not None


def ask_offers(lot_id: int, *, clock: Clock) -> bool:
    """Ask everybody who agreed for one sealed offer. Returns whether this call did."""
    with transaction():
        lot, room, at = locked(lot_id, After.SINGLE, clock)
        if session(lot_id) is not None:
            return False
        _ask(lot, room, 1, at)
        return True


def _ask(lot: Lot, room: Room, number: int, at: datetime) -> None:
    ends = rules.running(room.as_of, int(OFFER_FOR.total_seconds()) * 1000, room.terms.breaks)
    deadline = rooms.moment(-(-ends // MINUTE) * MINUTE)
    made = sealed.start_offers(lot, f"offer-{number}", (), deadline=deadline, at=at, aliases=applying.aliases(lot.id, room.standing.agreed))
    _begin(lot, room, at, number=number, session=made.id, deadline=unix_ms(deadline))
    rooms.write([room])


def close_offers(lot_id: int, *, clock: Clock) -> bool:
    """Fix the single offers whose time is over, so that the key holders open them. Returns whether this call did."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        found = session(lot_id)
        if found is None or found.close_seq is not None:
            return False
        at = clock()
        # The time that the lot stood still does not count against those who were asked.
        until, _, _ = guests.standing(found.id, 0)
        if until > found.deadline:
            trustees.amend(found, until, at=at)
        if at < until or lot.stage != Stage.BIDDING:
            return False
        opening.fix(lot, found, sealed.freeze(found), at=at)
    opening.close_window(lot_id, found.envelope, clock=clock)
    return True


def settle_offers(lot_id: int, *, clock: Clock) -> bool:
    """Decide a tie by the single offers once they are open. Returns whether this call did something.

    An offer below the ceiling, or unreadable by its bidder's doing, does not count. Where none counts, the
    first to reach the ceiling has it, as the notice says. An offer that was lost through the platform or
    the key holders is nobody's fault among the bidders: all are asked once more.
    """
    with transaction():
        lot, room, at = locked(lot_id, After.SINGLE, clock)
        found = session(lot_id)
        done = opening.opening_of(lot_id, found.envelope) if found else None
        if found is None or done is None or done.opened_at is None:
            return False
        bids = opening.opened_bids(lot_id, found.envelope)
        if any(OUTCOMES[bid.outcome].fault in ("platform", "organiser") for bid in bids):
            _ask(lot, room, int(found.envelope.partition("-")[2]) + 1, at)
            return True
        offers = _offers(room, bids)
        rule = single_rule(lot)
        after = outcomes.settle_single(room.standing, offers, rule) if offers else outcomes.settle_first(room.standing)
        _end(room, after, "clock", at, offers=[[paddle, fen] for paddle, fen in offers], rule=str(rule), session=found.id)
        return True


def single_rule(lot: Lot) -> Single:
    """Which of the single offers wins, as the notice says."""
    return Single(lot.method["sale"].get("single_rule", Single.NEAREST_MEAN))


def opened(bids: Iterable[OpenedBid]) -> list[tuple[str, int]]:
    """Paddle and amount of each offer that could be read, in the order in which they were filed."""
    found = [bid for bid in bids if bid.outcome == "opened" and bid.price_fen is not None]
    filed, names = (look(bid.digest for bid in found) for look in (sealed.log_numbers, sealed.names))
    return [(names[bid.digest], bid.price_fen or 0) for bid in sorted(found, key=lambda bid: filed[bid.digest])]


def _offers(room: Room, bids: Iterable[OpenedBid]) -> list[tuple[str, int]]:
    """The offers that count by paddle, in the order in which they were filed."""
    return [(paddle, fen) for paddle, fen in opened(bids) if fen >= (room.terms.ceiling_fen or 0) and paddle in room.standing.agreed]

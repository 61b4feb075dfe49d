"""The reserve price (底价): sealed by the seller to the key holders before the bidding, opened when it has ended.

It is a sealing session of the lot (envelope ``reserve``), into which the seller alone files. The
platform holds no key to it; the key holders release only when the log says how the bidding ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bidding.envelope.documents import RESERVE
from bidding.opening import service as opening
from bidding.sealed import service as sealed
from bidding.trustees import countersigning
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base.clock import Clock
from trading.base.database import transaction
from trading.base.errors import Refused
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.sales.modes import Phase
from trading.sales.terms import Terms

#: How long before the opening the reserve price must be sealed, so that a lot without one never opens.
BEFORE = timedelta(minutes=10)


def start(lot: Lot, terms: Terms, opens_at: datetime, *, at: datetime) -> SealingSession:
    """Open the session into which the seller seals its reserve price; runs in the caller's transaction."""
    made = sealed.start_offers(lot, RESERVE, [lot.project.tenderer_id], deadline=opens_at - BEFORE, at=at,
                               opens_after=BEFORE + timedelta(milliseconds=_earliest_end(terms) - terms.opens_at))
    countersigning.ask(made, lot, at=at)
    messages.notify("auction.reserve_asked", at=at, organisation_id=lot.project.tenderer_id, lot=lot.label,
                    link=f"/projects/lots/{lot.code}/reserve")
    return made


def _earliest_end(terms: Terms) -> int:
    if Phase.OFFERS in terms.mode.phases:
        return terms.listing_ends_at
    return terms.opens_at + (terms.mode.free_ms if Phase.FREE in terms.mode.phases else terms.mode.window_ms if Phase.ROUND in terms.mode.phases else 0)


def session(lot_id: int) -> SealingSession | None:
    return trustees.session_of(lot_id, RESERVE)


def close(lot_id: int, *, clock: Clock) -> bool:
    """Fix what the seller sealed, when its time is over. Returns whether this call did.

    Raises Refused ``auction.reserve_missing`` where nothing was sealed; the caller ends the lot.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        found = session(lot_id)
        if found is None or found.close_seq is not None or lot.stage != Stage.BIDDING or (at := clock()) < found.deadline:
            return False
        frozen = sealed.freeze(found)
        opening.fix(lot, found, frozen, at=at)
        if not frozen.live:
            raise Refused("auction.reserve_missing")
        return True


def is_waited_for(lot_id: int) -> bool:
    """Whether a reserve price was sealed and is not open yet."""
    found = opening.opening_of(lot_id, RESERVE)
    return found is not None and found.opened_at is None


def opened_fen(lot_id: int) -> int | None:
    """The reserve price as the key holders opened it; None where the notice says that there is none.

    Raises Refused ``auction.reserve_unreadable`` when it could not be opened.
    """
    if opening.opening_of(lot_id, RESERVE) is None:
        return None
    for bid in opening.opened_bids(lot_id, RESERVE):
        if bid.outcome == "opened" and bid.price_fen is not None:
            return bid.price_fen
    raise Refused("auction.reserve_unreadable")

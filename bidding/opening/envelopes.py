"""Prices in envelopes of their own (双信封): closed and witnessed with the technical ones, whose bidders give both
halves in one window; opened when the committee has judged those, and only of bidders that it passed.

The two envelopes are two sealing sessions of one lot with one deadline (docs/decisions/013-two-envelopes.md). What the
committee found stands in the log before a key holder is asked for a price; which envelopes stay shut
stands in the entry that ends the price window, and no key holder releases a share of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from bidding.sealed import service as sealed
from bidding.sealed.models import SealedBid
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.base.database import db
from trading.evidence.models import Entry
from trading.projects.models import Lot

PRICE = "price"


def price_session(lot_id: int) -> SealingSession | None:
    """The session of a lot's price envelopes, None where the price stands in the bid."""
    return trustees.session_of(lot_id, PRICE)


def price_bids(lot_id: int) -> dict[int, str]:
    """Digests of the price envelopes that count, by organisation, once the lot is closed."""
    found = price_session(lot_id)
    return {row.organisation_id: row.digest for row in sealed.bids(found.id) if row.organisation_id and row.digest} if found else {}


def judged(lot: Lot) -> dict[str, Any] | None:
    """What the log says of the technical evaluation: ``{report, keep, shut}``; None while the committee judges."""
    found = db.session.scalar(select(Entry).where(Entry.lot == lot.code, Entry.kind == "evaluation.technical").order_by(Entry.seq.desc()).limit(1))
    return found.event if found else None


def bidding_ended(lot: Lot) -> str | None:
    """The leaf of the entry that says how a live sale ended, as hex; None while it runs."""
    found = db.session.scalar(select(Entry.data).where(Entry.lot == lot.code, Entry.kind == "auction.ended").order_by(Entry.seq.desc()).limit(1))
    return found.hex() if found else None


def due(sealing: SealingSession) -> list[SealedBid]:
    """Bids of a closed session that are to be opened: all that count, without price envelopes that stay shut."""
    shut = set[str]()
    if sealing.envelope == PRICE and sealing.window_seq is not None:
        entry = db.session.get(Entry, sealing.window_seq)
        shut = set(entry.event["shut"]) if entry and entry.event else shut
    return [row for row in sealed.bids(sealing.id) if row.digest not in shut]

"""Who raised something: boxed, found again by its own hand only, and named once the bids are closed.

Before that the name would tell who means to bid, so nobody but the raiser itself is shown it.
"""

from __future__ import annotations

from datetime import datetime

from trading.base import installation
from trading.objections import rules
from trading.objections.models import Complaint, Objection
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects.models import Lot


def close(raiser: Organisation, lot: Lot) -> bytes:
    """The raiser's code in a box of this lot, of one length for all."""
    return installation.boxes().close(raiser.code, f"objection/{lot.id}", pad=64)


def tag(raiser: Organisation, lot_id: int) -> str:
    """Finds one's own within a lot; another in every lot, so that cases cannot be joined by it."""
    return installation.boxes().tag("objection", str(lot_id), raiser.code)


def is_mine(item: Objection | Complaint, organisation: Organisation) -> bool:
    return item.raiser_tag == tag(organisation, item.lot_id)


def is_secret(lot: Lot, at: datetime) -> bool:
    """Whether names of this lot must not be shown yet."""
    return rules.is_secret(lot.stage, lot.paused_from, lot.deadline, at)


def named(item: Objection | Complaint, at: datetime) -> Organisation | None:
    """Who raised it; None as long as that is secret."""
    if is_secret(item.lot, at):
        return None
    return parties.by_code(installation.boxes().open(item.raiser_box, f"objection/{item.lot_id}"))


def actor(lot: Lot, username: str, at: datetime) -> str:
    """How evidence names a raiser who acts."""
    return "bidder" if is_secret(lot, at) else username

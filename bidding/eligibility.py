"""One gate for all who want to bid: not barred, not the tenderer or its agency.

The deposit is decided at the deadline, when it is due, and shown at the opening.
"""

from __future__ import annotations

from datetime import datetime

from trading.base.errors import Refused
from trading.parties.models import Organisation
from trading.projects.models import Lot


def require(lot: Lot, bidder: Organisation, *, at: datetime) -> None:
    """Raises Refused ``eligibility.barred`` or ``eligibility.related`` (条例 34, 67)."""
    if bidder.barred_until and at < bidder.barred_until:
        raise Refused("eligibility.barred", until=bidder.barred_until)
    if bidder.id in (lot.project.tenderer_id, lot.project.agency_id):
        raise Refused("eligibility.related")

"""One gate for all who want to bid: not barred, not the tenderer or its agency.

The deposit is decided at the deadline, when it is due, and shown at the opening.
"""

from __future__ import annotations

from datetime import datetime

from trading.base.errors import Refused


def require_invited(invited: bool) -> None:
    """In an invited tender only those invited may bid (招标投标法 17)."""
    if not invited:
        raise Refused("eligibility.not_invited")


def require(bidder: int, barred_until: datetime | None, *hosts: int | None, at: datetime) -> None:
    """``bidder`` and ``hosts`` (tenderer, agency) are organisations' numbers.

    Raises Refused ``eligibility.barred`` or ``eligibility.related`` (条例 34, 67)."""
    if barred_until and at < barred_until:
        raise Refused("eligibility.barred", until=barred_until)
    if bidder in hosts:
        raise Refused("eligibility.related")

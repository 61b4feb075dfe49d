"""Who may borrow what of a sealed case, and where a loan stands. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from trading.base.errors import Refused

#: A loan runs for whole days, so many at most; longer ones are asked for again.
MOST_DAYS = 90


class Borrower(StrEnum):
    """As what somebody asks."""

    SUPERVISOR = "supervisor"
    PURCHASER = "purchaser"
    BIDDER = "bidder"
    COURT = "court"


class LoanState(StrEnum):
    ASKED = "asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LENT = "lent"
    OVERDUE = "overdue"
    RETURNED = "returned"


#: What a bidder may borrow besides its own bid: what everybody could read, and the letter to the winner.
#: Bids of others are their trade secrets (政府采购法实施条例 第44条; 招标投标法 第22条), and so is whatever repeats them.
OPEN_TO_BIDDERS = ("10-notices/", "12-versions/", "12-questions/", "40-award/award-notice")


def is_lendable(borrower: Borrower, path: str | None, own: Collection[str]) -> bool:
    """Whether a piece, or the whole pack (no path), may go to a borrower; ``own`` are digests of its own bids."""
    if borrower is not Borrower.BIDDER:
        return True
    if path is None:
        return False
    if path.startswith(OPEN_TO_BIDDERS):
        return True
    top, _slash, rest = path.partition("/")
    digest, slash, _name = rest.partition("/")
    return top == "10-bids" and bool(slash) and digest in own


def require_lendable(borrower: Borrower, path: str | None, own: Collection[str]) -> None:
    """Refuse what would give away another's trade secret (``loan.trade_secret``)."""
    if not is_lendable(borrower, path, own):
        raise Refused("loan.trade_secret")


def require_days(days: int) -> int:
    if not 1 <= days <= MOST_DAYS:
        raise Refused("loan.days", most=MOST_DAYS)
    return days


def state(decided_at: datetime | None, expires_at: datetime | None, returned_at: datetime | None, at: datetime) -> LoanState:
    """Where a loan stands at a moment. The right to read ends at its last moment by itself."""
    if decided_at is None:
        return LoanState.WITHDRAWN if returned_at else LoanState.ASKED
    if expires_at is None:
        return LoanState.REFUSED
    if returned_at is not None:
        return LoanState.RETURNED
    return LoanState.LENT if at < expires_at else LoanState.OVERDUE

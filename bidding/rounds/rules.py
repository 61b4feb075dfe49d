"""When a further round of offers may be asked for, and from whom. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from trading.base.errors import Refused
from trading.projects.rules import Stage

#: Rounds of talks that one lot may have.
MOST = 9
#: A round is open long enough to seal an offer, and ends while the committee sits.
SHORTEST, LONGEST = timedelta(minutes=2), timedelta(days=5)
MINUTES_LENGTH = 4000
CHANGES_LENGTH = 4000


def may_ask(rounds: str, stage: Stage, *, number: int, under_way: bool, final_before: bool) -> None:
    """Raises Refused ``offers.*`` where no further round may begin.

    ``rounds`` is the procedure's row: several (谈判、磋商) or negotiated (单一来源); where a price
    is given once it stays as it is (政府采购法 40).
    """
    if rounds not in ("several", "negotiated"):
        raise Refused("offers.one_price")
    if stage != Stage.OPENED:
        raise Refused("evaluation.resting", stage=stage)
    if under_way:
        raise Refused("offers.round_open")
    if final_before:
        raise Refused("offers.final_given")
    if number > MOST:
        raise Refused("offers.too_many_rounds", most=MOST)


def is_last(number: int, is_final: bool) -> None:
    """The last round that a lot may have is its final one. Raises Refused ``offers.must_be_final``."""
    if number >= MOST and not is_final:
        raise Refused("offers.must_be_final", most=MOST)


def closes_at(at: datetime, deadline: datetime) -> datetime:
    """A round's deadline. Raises Refused ``offers.deadline`` when too near or too far."""
    if not SHORTEST <= deadline - at <= LONGEST:
        raise Refused("offers.deadline", least=int(SHORTEST.total_seconds() // 60), most=LONGEST.days)
    return deadline


def all_heard(asked: Collection[int], talked_to: Collection[int]) -> None:
    """Every supplier asked for an offer was talked with before (政府采购法 38, 等机会).

    Raises Refused ``offers.not_heard`` with how many were left out.
    """
    if missing := set(asked) - set(talked_to):
        raise Refused("offers.not_heard", count=len(missing))

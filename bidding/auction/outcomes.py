"""What an ended lot comes to: a deal, no deal, or a tie at the ceiling that something else decides. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from bidding.auction.standing import Standing
from trading.base.errors import Refused
from trading.sales.modes import After, Phase


class Single(StrEnum):
    """Which of the single offers (一次报价) wins."""

    NEAREST_MEAN = "nearest_mean"
    NEAREST_MEAN_FROM_BELOW = "nearest_mean_from_below"
    HIGHEST = "highest"


@dataclass(frozen=True)
class Outcome:
    """A deal with its winner and price, or why there is none."""

    winner: str = ""
    price_fen: int = 0
    failed: str = ""
    housing: int = 0


def outcome(standing: Standing, reserve_fen: int | None) -> Outcome:
    """What an ended lot comes to: nobody bid, or less than the reserve price: it fails (流拍, 39号令 19).

    ``reserve_fen`` is None where the notice says that there is none. Raises Refused ``auction.not_over``
    while it runs and ``auction.tied`` while a tie at the ceiling is open.
    """
    if standing.phase is Phase.TIED:
        raise Refused("auction.tied", after=standing.terms.after_ceiling)
    if standing.phase is not Phase.ENDED:
        raise Refused("auction.not_over", phase=standing.phase)
    if standing.price_fen is None:
        return Outcome(failed="no_bid")
    if reserve_fen is not None and standing.price_fen < reserve_fen:
        return Outcome(failed="below_reserve")
    return Outcome(standing.leader, standing.price_fen, housing=standing.housing)


def settle(standing: Standing, winner: str) -> Standing:
    """A tie at the ceiling was decided: by the tickets of the draw or by the committee. Raises Refused ``auction.*``."""
    if standing.phase is not Phase.TIED or standing.terms.after_ceiling not in (After.LOTTERY, After.QUALITY):
        raise Refused("auction.no_tie", phase=standing.phase)
    if winner not in standing.agreed:
        raise Refused("auction.not_agreed")
    return replace(standing, phase=Phase.ENDED, leader=winner)


def settle_single(standing: Standing, offers: Sequence[tuple[str, int]], rule: Single) -> Standing:
    """A tie at the ceiling decided by one sealed offer of each who agreed, in the order in which they were filed.

    Of equally good offers the earlier wins. The deal is made at the winner's offer. Nobody's offer: no deal is
    made here, and the tie stays. Raises Refused ``auction.*``.
    """
    if standing.phase is not Phase.TIED or standing.terms.after_ceiling is not After.SINGLE:
        raise Refused("auction.no_tie", phase=standing.phase)
    ceiling = standing.terms.ceiling_fen or 0
    if not offers:
        raise Refused("auction.no_offer")
    if len({paddle for paddle, _ in offers}) < len(offers) or any(paddle not in standing.agreed for paddle, _ in offers):
        raise Refused("auction.not_agreed")
    if any(not isinstance(fen, int) or fen < ceiling for _, fen in offers):
        raise Refused("auction.too_low", least_fen=ceiling)
    winner, fen = offers[_best([fen for _, fen in offers], rule)]
    return replace(standing, phase=Phase.ENDED, leader=winner, price_fen=fen)


def settle_first(standing: Standing) -> Standing:
    """A tie at the ceiling in which nobody made a valid single offer: the first to reach the ceiling has it at the ceiling. Raises Refused ``auction.no_tie``."""
    if standing.phase is not Phase.TIED or standing.terms.after_ceiling is not After.SINGLE:
        raise Refused("auction.no_tie", phase=standing.phase)
    return replace(standing, phase=Phase.ENDED, leader=standing.agreed[0], price_fen=standing.terms.ceiling_fen)


def _best(amounts: Sequence[int], rule: Single) -> int:
    mean = Fraction(sum(amounts), len(amounts))

    def badness(fen: int) -> tuple[Fraction, ...]:
        if rule is Single.HIGHEST:
            return (Fraction(-fen),)
        # From below: an offer above the mean only when there is none at or below it, and there always is one.
        return (Fraction(rule is Single.NEAREST_MEAN_FROM_BELOW and fen > mean), abs(fen - mean))

    return min(range(len(amounts)), key=lambda at: (badness(amounts[at]), at))


def premium_percent(price_fen: int, start_fen: int) -> Fraction:
    """溢价率: how far the deal lies above the start price, in per cent, exact."""
    return Fraction(price_fen - start_fen, start_fen) * 100

"""Evaluation methods: from prices and members' marks to exact scores.

Everything is a whole number or a fraction, so that a second run gives the same result on any
machine. Only the final score is rounded, half up, to the places that the document sets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from trading.base.errors import Refused

FULL = 100
Exact = int | Fraction | Decimal | str


@dataclass(frozen=True)
class Factor:
    """One thing that members mark, from nought to ``most``.

    On an objective factor all members must give one mark; a difference means an error
    (87号令 64).
    """

    id: str
    most: Fraction
    objective: bool = False


@dataclass(frozen=True)
class Mark:
    """One member's points for one factor of one bid."""

    bid: str
    member: str
    factor: str
    points: Exact


@dataclass(frozen=True)
class Score:
    """A bid's result: exact parts, and the total as the document rounds it."""

    bid: str
    total: Decimal | Fraction
    exact: Fraction
    price_points: Fraction
    marked_points: Fraction
    parts: Mapping[str, Fraction]


@dataclass(frozen=True)
class Benchmark:
    """How the document finds the benchmark price (评标基准价) of a works tender.

    The mean of valid bids; from ``trim_from`` bids on without the highest and the lowest; times
    one plus ``float_by``; blended with the price ceiling by ``ceiling_share``.
    """

    trim_from: int | None = None
    float_by: Fraction = Fraction(0)
    ceiling_share: Fraction = Fraction(0)


def exact(value: Exact) -> Fraction:
    """Read points or a rate exactly; a float is refused, because 0.1 is none."""
    if isinstance(value, (bool, float)):
        raise Refused("evaluation.not_exact", value=value)
    try:
        return Fraction(value)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise Refused("evaluation.not_exact", value=str(value)[:40]) from None


def half_up(value: Fraction, places: int) -> Decimal:
    """Round once, half up, as school and the documents do; never by a float."""
    scale = 10**places
    return Decimal(floor(value * scale + Fraction(1, 2))).scaleb(-places)


def deducted(price_fen: int, rates: Iterable[Exact]) -> Fraction:
    """Evaluation price after policy deductions, each taken from the original bid.

    Two deductions a and b give P(1 - a - b), not P(1 - a)(1 - b). The contract stays at P.
    """
    rates = [exact(rate) for rate in rates]
    left = 1 - sum(rates, Fraction(0))
    if left <= 0 or any(rate < 0 for rate in rates):
        raise Refused("evaluation.deduction_out_of_range")
    return _price("", price_fen) * left


def adjusted(price_fen: int, adjustments_fen: Iterable[int]) -> Fraction:
    """Evaluated price in works: the bid plus what the listed commercial factors cost or save.

    It serves the comparison alone; the contract is signed at the bid price.
    """
    price = _price("", price_fen) + sum(adjustments_fen)
    return _price("", price)


def price_points(prices: Mapping[str, Exact], weight: Exact) -> dict[str, Fraction]:
    """Procurement price score: lowest over own, times a hundred, times the weight (87号令 55).

    ``prices`` are evaluation prices of the bids that meet the document. No bid is left out of
    the base for being highest or lowest.
    """
    if not prices:
        raise Refused("evaluation.no_bids")
    known = {bid: _price(bid, price) for bid, price in prices.items()}
    lowest = min(known.values())
    return {bid: lowest / price * FULL * exact(weight) for bid, price in known.items()}


def benchmark(
    prices: Mapping[str, Exact], rule: Benchmark = Benchmark(), ceiling_fen: int | None = None
) -> Fraction:
    """The benchmark price of a works tender, from the bids valid after preliminary review.

    It is found once and stays, whatever becomes of a bid later.
    """
    if not prices:
        raise Refused("evaluation.no_bids")
    known = sorted(_price(bid, price) for bid, price in prices.items())
    if rule.trim_from is not None and len(known) >= max(rule.trim_from, 3):
        known = known[1:-1]
    mean = sum(known, Fraction(0)) / len(known) * (1 + rule.float_by)
    if rule.ceiling_share:
        if ceiling_fen is None:
            raise Refused("evaluation.ceiling_missing")
        mean = ceiling_fen * rule.ceiling_share + mean * (1 - rule.ceiling_share)
    return _price("", mean)


def linear_points(
    prices: Mapping[str, Exact], base: Exact, most: Exact, k_above: Exact, k_below: Exact
) -> dict[str, Fraction]:
    """Works price score: full points at the benchmark, k points off for each per cent away.

    Dearer costs at least as much as cheaper (k_above >= k_below >= 0), and nought is the floor.
    """
    above, below, full = exact(k_above), exact(k_below), exact(most)
    if not above >= below >= 0:
        raise Refused("evaluation.slopes_out_of_order")
    middle = _price("", base)
    points = {}
    for bid, price in prices.items():
        away = (_price(bid, price) - middle) / middle * 100
        lost = away * above if away > 0 else -away * below
        points[bid] = max(full - lost, Fraction(0))
    return points


def marked_points(
    marks: Iterable[Mark],
    factors: Collection[Factor],
    bids: Collection[str],
    members: Collection[str],
) -> dict[str, dict[str, Fraction]]:
    """The mean of all members' marks, for each bid and factor.

    Every member marks every factor of every bid, within its range, once; nobody's marks are
    left out for being highest or lowest.
    """
    if not members:
        raise Refused("evaluation.no_members")
    known = {factor.id: factor for factor in factors}
    cells: dict[tuple[str, str], dict[str, Fraction]] = {
        (bid, name): {} for bid in bids for name in known
    }
    for mark in marks:
        facts = {"bid": mark.bid, "member": mark.member, "factor": mark.factor}
        cell = cells.get((mark.bid, mark.factor))
        if cell is None or mark.member not in members:
            raise Refused("evaluation.score_unknown", **facts)
        if mark.member in cell:
            raise Refused("evaluation.score_twice", **facts)
        points = exact(mark.points)
        if not 0 <= points <= known[mark.factor].most:
            raise Refused("evaluation.score_out_of_range", **facts, most=str(known[mark.factor].most))
        cell[mark.member] = points
    means: dict[str, dict[str, Fraction]] = {bid: {} for bid in bids}
    for (bid, name), cell in cells.items():
        if len(cell) != len(members):
            missing = sorted(set(members) - cell.keys())
            raise Refused(
                "evaluation.score_missing", bid=bid, factor=name, member=", ".join(missing)
            )
        if known[name].objective and len(set(cell.values())) > 1:
            raise Refused("evaluation.objective_scores_differ", bid=bid, factor=name)
        means[bid][name] = sum(cell.values(), Fraction(0)) / len(cell)
    return means


def procurement_scores(
    prices: Mapping[str, Exact],
    marks: Iterable[Mark],
    factors: Collection[Factor],
    members: Collection[str],
    *,
    price_weight: Exact,
    places: int | None = 2,
) -> list[Score]:
    """综合评分法 of government procurement: price by formula, the rest by the members.

    ``places`` None leaves the exact value, for documents that are silent on rounding.
    """
    weight = exact(price_weight)
    _refuse_unless_full(factors, weight * FULL)
    # A fixed-price item has no price factor: then nothing is scored by price at all.
    points = price_points(prices, weight) if weight else dict.fromkeys(prices, Fraction(0))
    return _scores(points, marked_points(marks, factors, prices, members), places)


def works_scores(
    prices: Mapping[str, Exact],
    marks: Iterable[Mark],
    factors: Collection[Factor],
    members: Collection[str],
    *,
    price_most: Exact,
    k_above: Exact,
    k_below: Exact,
    rule: Benchmark = Benchmark(),
    ceiling_fen: int | None = None,
    places: int | None = 2,
) -> list[Score]:
    """综合评估法 of works: price by distance from the benchmark, the rest by the members."""
    _refuse_unless_full(factors, exact(price_most))
    base = benchmark(prices, rule, ceiling_fen)
    points = linear_points(prices, base, price_most, k_above, k_below)
    return _scores(points, marked_points(marks, factors, prices, members), places)


def _scores(
    points: Mapping[str, Fraction],
    means: Mapping[str, Mapping[str, Fraction]],
    places: int | None,
) -> list[Score]:
    found = []
    for bid in sorted(points):
        marked = sum(means[bid].values(), Fraction(0))
        whole = points[bid] + marked
        shown = whole if places is None else half_up(whole, places)
        found.append(Score(bid, shown, whole, points[bid], marked, dict(means[bid])))
    return found


def _refuse_unless_full(factors: Collection[Factor], price: Fraction) -> None:
    if len({factor.id for factor in factors}) != len(factors):
        raise Refused("evaluation.factor_twice")
    whole = price + sum((factor.most for factor in factors), Fraction(0))
    if whole != FULL or price < 0 or any(factor.most <= 0 for factor in factors):
        raise Refused("evaluation.weights_not_full", sum=str(whole))


def _price(bid: str, price: Exact) -> Fraction:
    value = exact(price)
    if value <= 0:
        raise Refused("evaluation.price_not_positive", bid=bid)
    return value

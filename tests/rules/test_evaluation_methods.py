"""Scores by hand, on the edges, and as properties."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.evaluation.low_prices import low_prices
from experts.evaluation.methods import (
    Benchmark,
    Factor,
    Mark,
    adjusted,
    benchmark,
    deducted,
    exact,
    half_up,
    linear_points,
    marked_points,
    price_points,
    procurement_scores,
    works_scores,
)
from experts.evaluation.review import Verdict, review
from trading.base.errors import Refused
from trading.law.prices import check_weight

ON = date(2026, 11, 23)
MEMBERS = ["m1", "m2", "m3", "m4", "m5"]
TECH, BUSINESS = Factor("tech", Fraction(50)), Factor("business", Fraction(20), objective=True)


def marks(bid: str, tech: list[object], business: object) -> list[Mark]:
    found = [Mark(bid, m, "tech", points) for m, points in zip(MEMBERS, tech, strict=True)]
    return found + [Mark(bid, m, "business", business) for m in MEMBERS]


GIVEN = marks("A", [40, 41, 42, 43, 44], 15) + marks("B", [45, 45, 46, 46, "45.5"], 20)
PRICES = {"A": 900_000_00, "B": 1_000_000_00}


def test_comprehensive_scoring_by_hand() -> None:
    a, b = procurement_scores(PRICES, GIVEN, [TECH, BUSINESS], MEMBERS, price_weight="0.3")
    assert (a.price_points, a.marked_points, a.total) == (30, 57, Decimal("87.00"))
    assert (b.price_points, b.marked_points) == (27, Fraction("65.5"))
    assert b.total == Decimal("92.50") and b.parts["tech"] == Fraction("45.5")


def test_only_the_final_score_is_rounded() -> None:
    prices = {"A": 100, "B": 300, "C": 700}
    thirds = [Factor("tech", Fraction(70))]
    given = [Mark(bid, m, "tech", "0.001") for bid in prices for m in ("m1", "m2", "m3")]
    found = procurement_scores(prices, given, thirds, ["m1", "m2", "m3"], price_weight="0.3")
    assert [score.total for score in found] == [
        Decimal("30.00"), Decimal("10.00"), Decimal("4.29"),
    ]  # fmt: skip
    assert found[2].exact == Fraction(30, 7) + Fraction(1, 1000)
    silent = procurement_scores(
        prices, given, thirds, ["m1", "m2", "m3"], price_weight="0.3", places=None
    )
    assert silent[2].total == silent[2].exact


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        ("87.004999", 2, "87.00"), ("87.005", 2, "87.01"), ("87.0050001", 2, "87.01"),
        ("2.675", 2, "2.68"), ("0.5", 0, "1"), ("1.5", 0, "2"), ("2.5", 0, "3"), ("0", 2, "0.00"),
    ],
)  # fmt: skip
def test_rounding_is_half_up(value: str, places: int, shown: str) -> None:
    assert str(half_up(Fraction(value), places)) == shown


def test_floats_are_not_numbers_here() -> None:
    for value in (0.1, True, "x", "nan", "1/0", Decimal("NaN")):
        with pytest.raises(Refused, match="evaluation.not_exact"):
            exact(value)


@pytest.mark.parametrize(
    ("points", "ok"), [("-0.01", False), (0, True), (50, True), ("50.01", False)]
)
def test_marks_stay_in_their_range(points: object, ok: bool) -> None:
    given = [Mark("A", "m1", "tech", points)]
    if ok:
        assert marked_points(given, [TECH], ["A"], ["m1"])["A"]["tech"] == points
    else:
        with pytest.raises(Refused, match="evaluation.score_out_of_range"):
            marked_points(given, [TECH], ["A"], ["m1"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda given: given[:-1], "evaluation.score_missing"),
        (lambda given: [*given, given[0]], "evaluation.score_twice"),
        (lambda given: [*given, Mark("Z", "m1", "tech", 1)], "evaluation.score_unknown"),
        (lambda given: [*given, Mark("A", "m9", "tech", 1)], "evaluation.score_unknown"),
        (lambda given: [*given, Mark("A", "m1", "luck", 1)], "evaluation.score_unknown"),
        (
            lambda given: [*given[:-1], Mark("B", "m5", "business", 19)],
            "evaluation.objective_scores_differ",
        ),
    ],
)
def test_marks_are_complete_and_belong_here(change, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        marked_points(change(GIVEN), [TECH, BUSINESS], PRICES, MEMBERS)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("weight", ["0.29", "0.31"])
def test_points_add_up_to_a_hundred(weight: str) -> None:
    with pytest.raises(Refused, match="evaluation.weights_not_full"):
        procurement_scores(PRICES, GIVEN, [TECH, BUSINESS], MEMBERS, price_weight=weight)


def test_a_fixed_price_has_no_price_points() -> None:
    whole = [Factor("tech", Fraction(100))]
    given = [Mark("A", "m1", "tech", 80), Mark("B", "m1", "tech", 90)]
    found = procurement_scores(PRICES, given, whole, ["m1"], price_weight=0)
    assert [score.total for score in found] == [80, 90]


def test_deductions_are_taken_from_the_original_bid() -> None:
    assert deducted(1000, ["0.2", "0.1"]) == 700  # not 720
    assert deducted(1000, []) == 1000
    for rates in (["1"], ["0.6", "0.4"], ["-0.1"]):
        with pytest.raises(Refused, match="evaluation.deduction_out_of_range"):
            deducted(1000, rates)


def test_adjustments_serve_the_comparison() -> None:
    assert adjusted(1000, [50, -20]) == 1030
    with pytest.raises(Refused, match="evaluation.price_not_positive"):
        adjusted(1000, [-1000])


def test_benchmarks() -> None:
    prices = {"A": 90, "B": 100, "C": 110, "D": 100, "E": 200}
    assert benchmark(prices) == 120
    assert benchmark(prices, Benchmark(trim_from=5)) == Fraction(310, 3)
    assert benchmark(prices, Benchmark(trim_from=6)) == 120
    assert benchmark(prices, Benchmark(float_by=Fraction(-5, 100))) == 114
    assert benchmark(prices, Benchmark(ceiling_share=Fraction(1, 4)), ceiling_fen=200) == 140
    with pytest.raises(Refused, match="evaluation.ceiling_missing"):
        benchmark(prices, Benchmark(ceiling_share=Fraction(1, 4)))
    with pytest.raises(Refused, match="evaluation.no_bids"):
        benchmark({})


def test_linear_points_by_hand() -> None:
    prices = {"on": 1000, "dear": 1050, "cheap": 950, "far": 3000}
    points = linear_points(prices, 1000, 40, 2, 1)
    assert points == {"on": 40, "dear": 30, "cheap": 35, "far": 0}
    with pytest.raises(Refused, match="evaluation.slopes_out_of_order"):
        linear_points(prices, 1000, 40, 1, 2)


def test_works_scoring_by_hand() -> None:
    factors = [Factor("tech", Fraction(60))]
    prices = {"A": 950, "B": 1000, "C": 1050}
    given = [Mark(bid, m, "tech", 50) for bid in prices for m in MEMBERS]
    found = works_scores(
        prices, given, factors, MEMBERS, price_most=40, k_above=2, k_below=1
    )
    assert [score.total for score in found] == [85, 90, 80]


@pytest.mark.parametrize("price", [0, -1])
def test_prices_are_above_zero(price: int) -> None:
    with pytest.raises(Refused, match="evaluation.price_not_positive"):
        price_points({"A": price}, "0.3")


@pytest.mark.parametrize(
    ("procedure", "kind", "weight", "faults"),
    [
        ("procurement-open", "goods", "0.29", ["evaluation.price_weight_low"]),
        ("procurement-open", "goods", "0.30", []),
        ("procurement-open", "services", "0.10", []),
        ("procurement-open", "goods", "0.95", []),
        ("consultation", "goods", "0.60", []),
        ("consultation", "goods", "0.61", ["evaluation.price_weight_high"]),
        ("consultation", "services", "0.09", ["evaluation.price_weight_low"]),
    ],
)
def test_price_weights(procedure: str, kind: str, weight: str, faults: list[str]) -> None:
    found = check_weight(procedure, kind, Fraction(weight), on=ON)
    assert [one.reason for one in found if not one.ok] == faults


prices = st.dictionaries(st.text("ABCDEFGH", min_size=1), st.integers(1, 10**13), min_size=1)


@given(prices)
def test_the_lowest_price_gets_full_points_and_nobody_more(found: dict[str, int]) -> None:
    points = price_points(found, "0.3")
    lowest = min(found.values())
    for bid, price in found.items():
        assert 0 < points[bid] <= 30
        assert (points[bid] == 30) is (price == lowest)


@given(prices, st.integers(1, 1000))
def test_points_do_not_depend_on_the_unit_of_money(found: dict[str, int], times: int) -> None:
    larger = {bid: price * times for bid, price in found.items()}
    assert price_points(found, "0.3") == price_points(larger, "0.3")
    assert linear_points(found, benchmark(found), 40, 2, 1) == linear_points(
        larger, benchmark(larger), 40, 2, 1
    )


@given(st.randoms(use_true_random=False))
def test_marks_may_come_in_any_order(shuffler) -> None:
    given, factors = GIVEN[:], [TECH, BUSINESS]
    first = procurement_scores(PRICES, given, factors, MEMBERS, price_weight="0.3")
    shuffler.shuffle(given)
    turned = dict(reversed(PRICES.items()))
    assert procurement_scores(turned, given, factors, MEMBERS, price_weight="0.3") == first


# Preliminary review


def votes(against: int, members: list[str] = MEMBERS) -> list[Verdict]:
    return [
        Verdict("A", member, "sealed", n >= against, "" if n >= against else f"reason {n}")
        for n, member in enumerate(members)
    ]


@pytest.mark.parametrize(
    ("members", "against", "accepted"),
    [(5, 0, True), (5, 2, True), (5, 3, False), (5, 5, False), (4, 2, True), (4, 3, False)],
)
def test_more_than_half_reject(members: int, against: int, accepted: bool) -> None:
    names = MEMBERS[:members]
    (found,) = review(votes(against, names), ["A"], names, ["sealed"])
    assert found.accepted is accepted
    if not accepted:
        assert found.failures[0].votes == against
        assert len(found.failures[0].reasons) == against


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        (votes(0)[:-1], "evaluation.verdict_missing"),
        ([*votes(0), votes(0)[0]], "evaluation.verdict_twice"),
        ([*votes(0), Verdict("Z", "m1", "sealed", True)], "evaluation.verdict_unknown"),
        ([Verdict("A", "m1", "sealed", False, " ")], "evaluation.reason_missing"),
    ],
)
def test_verdicts_are_complete_and_reasoned(verdicts, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        review(verdicts, ["A"], MEMBERS, ["sealed"])
    assert refusal.value.reason == reason


# Abnormally low prices


def lines(prices: dict[str, int], ceiling: int, on: date = ON, **more):
    found = low_prices(prices, ceiling, procedure="procurement-open", on=on, **more)
    return [(trigger.bid, trigger.key) for trigger in found]


@pytest.mark.parametrize(
    ("price", "found"),
    [(449, [("A", "ev.low_ceiling")]), (450, []), (451, [])],
)
def test_below_the_ceilings_line(price: int, found) -> None:
    assert lines({"A": price, "B": 800, "C": 800}, 1000) == found


@pytest.mark.parametrize(("price", "low"), [(399, True), (400, False), (401, False)])
def test_below_half_of_the_second_lowest(price: int, low: bool) -> None:
    assert (("A", "ev.low_second") in lines({"A": price, "B": 800}, 800)) is low


@pytest.mark.parametrize(("price", "low"), [(399, True), (400, False)])
def test_below_half_of_the_mean(price: int, low: bool) -> None:
    found = lines({"A": price, "B": 799, "C": 2000 - 799 - price + 400}, 0)
    assert (("A", "ev.low_mean") in found) is low


def test_before_the_rule_nothing_is_asked_and_a_single_bid_has_no_second() -> None:
    assert lines({"A": 1, "B": 800}, 1000, on=date(2026, 1, 31)) == []
    assert lines({"A": 900}, 1000) == []
    assert lines({}, 1000) == []


def test_a_document_may_raise_a_rate_up_to_a_limit() -> None:
    raised = {"ev.low_ceiling": Fraction(65, 100)}
    assert lines({"A": 649, "B": 900}, 1000, rates=raised) == [("A", "ev.low_ceiling")]
    for rate in (Fraction(66, 100), Fraction(44, 100)):
        with pytest.raises(Refused, match="evaluation.low_rate_out_of_range"):
            lines({"A": 649, "B": 900}, 1000, rates={"ev.low_ceiling": rate})

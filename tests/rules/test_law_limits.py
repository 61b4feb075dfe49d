"""Amounts about their lines, to the fen, and the properties that hold for all amounts."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.base.errors import Refused
from trading.law.checks import check_choice, check_duty, check_figure, check_share
from trading.law.limits import (
    bond_cap,
    check_bond,
    check_supplement,
    least,
    most,
    performance_cap,
    supplement_cap,
)
from trading.law.thresholds import asset_disclosure, must_tender, open_tender, state_funded

ON = date(2026, 11, 23)
YUAN = 100
fen = st.integers(0, 10**14)


@pytest.mark.parametrize(
    ("asked", "ok"), [(9_999, True), (10_000, True), (10_001, False)]
)
def test_supplements_stay_within_a_tenth(asked: int, ok: bool) -> None:
    answer = check_supplement("procurement-open", 100_000, 0, asked, ON)
    assert (answer.ok, answer.key, answer.facts["cap_fen"]) == (ok, "gp.addition", 10_000)


@pytest.mark.parametrize(("asked", "ok"), [(3_999, True), (4_000, True), (4_001, False)])
def test_earlier_supplements_count(asked: int, ok: bool) -> None:
    assert check_supplement("procurement-open", 100_000, 6_000, asked, ON).ok is ok


@pytest.mark.parametrize(
    ("on", "emergency", "cap"),
    [
        (date(2026, 9, 30), True, 10_000),
        (date(2026, 10, 1), True, 30_000),
        (date(2026, 10, 2), True, 30_000),
        (date(2026, 10, 2), False, 10_000),
    ],
)
def test_an_emergency_may_add_more_from_its_day_on(on: date, emergency: bool, cap: int) -> None:
    assert supplement_cap("procurement-open", 100_000, on, emergency=emergency).fen == cap
    # Two fen more in the contract: six tenths of a fen at most, which is dropped.
    assert supplement_cap("procurement-open", 100_002, on, emergency=emergency).fen == cap


@pytest.mark.parametrize(
    ("floor_fen", "deposit"), [(100_000, 20_000), (100_001, 20_001), (100_004, 20_001), (100_005, 20_001)]
)
def test_a_land_deposit_rounds_up_to_the_fen(floor_fen: int, deposit: int) -> None:
    assert least("ld.deposit", floor_fen, on=ON).fen == deposit


def test_a_property_deposit_rounds_down_to_the_fen() -> None:
    assert most("pr.deposit", 100_003, on=ON).fen == 30_000


@pytest.mark.parametrize(("asked", "ok"), [(69_999, False), (70_000, True), (70_001, True)])
def test_a_grant_floor_about_seven_tenths_of_the_benchmark(asked: int, ok: bool) -> None:
    assert check_share("ld.min_price", asked, 100_000, on=ON).ok is ok


@given(fen, st.sampled_from(["works-open", "procurement-open", "consultation", "inquiry"]))
def test_a_cap_is_whole_fen_and_never_above_its_share(base: int, procedure: str) -> None:
    for cap, share in (
        (bond_cap(procedure, "service", base, ON).fen, Fraction(2, 100)),
        (most("dp.performance_cap", base, on=ON, procedure=procedure).fen, Fraction(10, 100)),
    ):
        assert type(cap) is int
        assert cap <= share * base < cap + 1


@given(fen)
def test_a_floor_is_whole_fen_and_never_below_its_share(base: int) -> None:
    floor = least("ld.deposit", base, on=ON).fen
    assert type(floor) is int
    assert floor - 1 < Fraction(20, 100) * base <= floor
    assert check_share("ld.deposit", floor, base, on=ON).ok
    assert floor == 0 or not check_share("ld.deposit", floor - 1, base, on=ON).ok


@given(fen, fen)
def test_more_money_never_lowers_a_cap(one: int, more: int) -> None:
    for key, procedure in (("dp.performance_cap", "works-open"), ("gp.addition", "negotiation")):
        low = most(key, one, on=ON, procedure=procedure).fen
        assert low <= most(key, one + more, on=ON, procedure=procedure).fen


@given(fen, fen)
def test_a_bond_is_lawful_exactly_up_to_its_cap(estimate: int, asked: int) -> None:
    cap = bond_cap("works-open", "construction", estimate, ON).fen
    assert check_bond("works-open", "construction", estimate, asked, ON).ok is (asked <= cap)


@pytest.mark.parametrize(
    ("category", "line"),
    [("construction", 4_000_000), ("goods", 2_000_000), ("design", 1_000_000), ("service", 1_000_000)],
)
def test_what_must_be_tendered(category: str, line: int) -> None:
    for amount, reached in ((line * YUAN - 1, False), (line * YUAN, True), (line * YUAN + 1, True)):
        assert must_tender(category, [amount], on=ON).reached is reached


def test_splitting_does_not_help() -> None:
    halves = must_tender("construction", [2_000_000 * YUAN, 2_000_000 * YUAN], on=ON)
    assert halves.reached and halves.fen == 4_000_000 * YUAN
    assert not must_tender("construction", [2_000_000 * YUAN, 2_000_000 * YUAN - 1], on=ON).reached
    assert not must_tender("construction", [], on=ON).reached


def test_before_the_rule_nothing_is_prescribed() -> None:
    with pytest.raises(Refused, match="law.no_rule"):
        must_tender("construction", [10**12], on=date(2018, 5, 31))
    assert must_tender("construction", [10**12], on=date(2018, 6, 1)).reached


@pytest.mark.parametrize(
    ("budget", "investment", "reached"),
    [
        (2_000_000, 20_000_000, True), (1_999_999, 2_000_000, False),
        (2_000_000, 20_000_001, False), (2_000_001, 20_000_001, True),
    ],
)  # fmt: skip
def test_state_funds_need_the_amount_and_the_share(budget: int, investment: int, reached: bool) -> None:
    assert state_funded(budget * YUAN, investment * YUAN, on=ON).reached is reached


@pytest.mark.parametrize(
    ("budget", "reached"), [(199_999_999, False), (200_000_000, True), (200_000_001, True)]
)
def test_the_open_tender_line(budget: int, reached: bool) -> None:
    assert open_tender(budget, on=ON).reached is reached


@pytest.mark.parametrize(
    ("base", "days"),
    [
        (1_000_000 * YUAN, None), (1_000_000 * YUAN + 1, 10),
        (10_000_000 * YUAN - 1, 10), (10_000_000 * YUAN, 20), (10_000_000 * YUAN + 1, 20),
    ],
)  # fmt: skip
def test_how_long_an_asset_is_disclosed(base: int, days: int | None) -> None:
    rule = asset_disclosure(base, on=ON)
    assert (rule and rule.value) == days


def test_amounts_below_zero_are_refused() -> None:
    for call in (
        lambda: supplement_cap("procurement-open", -1, ON),
        lambda: check_supplement("procurement-open", 100, 0, -1, ON),
        lambda: check_share("ld.min_price", -1, 100, on=ON),
        lambda: least("ld.deposit", -1, on=ON),
        lambda: must_tender("goods", [10, -1], on=ON),
        lambda: performance_cap("works-open", -1, ON),
    ):
        with pytest.raises(Refused, match="law.amount_below_zero"):
            call()


def test_a_rule_is_not_asked_the_wrong_question() -> None:
    where = {"on": ON, "procedure": "works-open"}
    for call in (
        lambda: check_figure("ct.bid_period", 20, **where),
        lambda: check_share("ct.min_bidders", 1, 2, **where),
        lambda: check_duty("ct.bid_period", True, **where),
        lambda: check_choice("ct.no_signup", "yes", **where),
        lambda: most("ct.min_bidders", 100, **where),
    ):
        with pytest.raises(Refused, match="law.rule_of_other_kind"):
            call()

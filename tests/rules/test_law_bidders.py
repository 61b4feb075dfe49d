"""Gates, related bidders, award order, downloads, invitations, prices, seats and ages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.base.errors import Refused
from trading.law.access import check_document_fee, check_download, check_invitation
from trading.law.awards import Loss, check_award, check_candidates, next_rank
from trading.law.bidders import Ground, check_number, check_related, related
from trading.law.committees import check_age, check_seats
from trading.law.findings import require
from trading.law.prices import check_deduction, check_low_rates, check_weight, evaluated_price

ON = date(2026, 11, 23)
GOODS = {"procedure": "procurement-open", "on": ON}


def broken(found) -> list[str]:
    return [finding.reason for finding in found if not finding.ok]


@pytest.mark.parametrize(
    ("procedure", "region", "circumstance", "least"),
    [
        ("works-open", "CN", None, 3), ("works-open", "CN", "again", 3),
        ("works-open", "CN-50", None, 3), ("works-open", "重庆", "again", 1),
        ("negotiation", "CN", None, 3), ("negotiation", "CN", "after_failure", 2),
        ("inquiry", "CN", "after_failure", 3), ("consultation", "CN", "thin_market", 2),
        ("procurement-open", "CN", "thin_market", 3), ("consultation", "CN", "emergency", 1),
        ("single-source", "CN", None, 1), ("land-tender", "CN", None, 3), ("land-listing", "CN", None, 1),
    ],
)  # fmt: skip
def test_how_many_bidders_are_enough(procedure, region, circumstance, least) -> None:
    for count, ok in ((least - 1, False), (least, True), (least + 1, True)):
        answer = check_number(
            procedure, "bidders", count, on=ON, region=region, circumstance=circumstance
        )
        assert answer.ok is ok


@pytest.mark.parametrize(("on", "least"), [(date(2026, 9, 30), 3), (date(2026, 10, 1), 1)])
def test_an_emergency_counts_from_its_day_on(on: date, least: int) -> None:
    assert check_number("inquiry", "bidders", least, on=on, circumstance="emergency").ok
    assert not check_number("inquiry", "bidders", least - 1, on=on, circumstance="emergency").ok


HEADS = {"a": "1", "b": "2", "c": "3", "d": "4"}


@pytest.mark.parametrize(
    ("procedure", "control", "pairs"),
    [
        ("works-open", [], []),
        ("works-open", [("a", "b")], [("a", "b")]),
        ("works-open", [("b", "a")], [("a", "b")]),
        ("works-open", [("a", "holding"), ("holding", "c")], [("a", "c")]),
        ("procurement-open", [("a", "holding"), ("holding", "c")], []),
        ("procurement-open", [("a", "b")], [("a", "b")]),
        ("negotiation", [("a", "b")], [("a", "b")]),
        ("works-open", [("parent", "a"), ("parent", "b")], []),
        ("works-open", [("a", "b"), ("b", "c")], [("a", "b"), ("a", "c"), ("b", "c")]),
        ("works-open", [("a", "b"), ("b", "a")], [("a", "b")]),
    ],
)
def test_control_bars(procedure: str, control: list, pairs: list) -> None:
    bars = related(procedure, HEADS, control, on=ON)
    assert [bar.bidders for bar in bars] == pairs
    assert all(bar.ground is Ground.CONTROL and bar.article for bar in bars)
    assert check_related(procedure, HEADS, control, on=ON).ok is (not pairs)


def test_one_head_bars_all_its_firms() -> None:
    bars = related("works-open", {"a": "7", "b": "8", "c": "7", "d": "7"}, [], on=ON)
    assert [bar.bidders for bar in bars] == [("a", "c"), ("a", "d"), ("c", "d")]
    assert {bar.ground for bar in bars} == {Ground.SAME_HEAD}
    with pytest.raises(Refused, match="law.bidders_related") as refusal:
        require([check_related("works-open", {"a": "7", "b": "7"}, [], on=ON)])
    assert refusal.value.facts["pairs"] == "a / b"
    assert refusal.value.facts["key"] == "ct.related"


def test_unknown_heads_are_not_one_head() -> None:
    assert related("works-open", {"a": "", "b": ""}, [], on=ON) == ()


def test_before_the_rule_and_in_land_there_is_no_such_bar() -> None:
    assert check_related("works-open", {"a": "7", "b": "7"}, [], on=date(2012, 1, 31)) is None
    assert related("land-listing", {"a": "7", "b": "7"}, [], on=ON) == ()


@pytest.mark.parametrize(
    ("procedure", "state", "rank", "lost", "ok"),
    [
        ("works-open", True, 1, {}, True),
        ("works-open", True, 2, {}, False),
        ("works-open", True, 2, {1: "gave_up"}, True),
        ("works-open", True, 3, {1: "gave_up"}, False),
        ("works-open", True, 3, {1: "gave_up", 2: "no_performance_bond"}, True),
        ("works-open", True, 1, {1: "violation"}, False),
        ("works-open", False, 2, {}, True),
        ("works-open", False, 2, {2: "gave_up"}, False),
        ("procurement-open", False, 2, {}, False),
        ("procurement-open", False, 2, {1: "force_majeure"}, True),
        ("consultation", False, 1, {}, True),
    ],
)
def test_who_may_be_awarded(procedure, state, rank, lost, ok) -> None:
    answer = check_award(procedure, rank, lost, state_funded=state, on=ON)
    assert answer.ok is ok
    assert answer.key == ("ct.award_first" if procedure == "works-open" else "gp.award_order")


def test_the_next_is_the_first_still_standing() -> None:
    assert next_rank(3, {}) == 1
    assert next_rank(3, {1: Loss.GAVE_UP, 2: Loss.VIOLATION}) == 3
    assert next_rank(2, {1: Loss.GAVE_UP, 2: Loss.VIOLATION}) is None
    answer = check_award("works-open", 3, {1: Loss.GAVE_UP}, state_funded=True, on=ON)
    assert answer.facts["first"] == 2


def test_only_the_grounds_of_law_let_the_next_one_in() -> None:
    with pytest.raises(Refused, match="law.loss_unknown"):
        check_award("works-open", 2, {1: "too_dear"}, state_funded=True, on=ON)
    with pytest.raises(Refused, match="law.rank_below_one"):
        check_award("works-open", 0, {}, state_funded=True, on=ON)


@pytest.mark.parametrize(("count", "ok"), [(0, False), (1, True), (3, True), (4, False)])
def test_a_report_names_one_to_three(count: int, ok: bool) -> None:
    assert check_candidates(count, procedure="works-open", on=ON).ok is ok


@pytest.mark.parametrize("procedure", ["works-open", "works-invited", "procurement-open", "inquiry"])
@pytest.mark.parametrize("gate", ["sign_up", "approval"])
def test_nothing_stands_before_a_download(procedure: str, gate: str) -> None:
    assert broken(check_download(procedure, [], on=ON)) == []
    assert broken(check_download(procedure, [gate], on=ON)) == ["law.download_gated"]


def test_a_download_is_free_and_paper_costs_its_cost() -> None:
    assert broken(check_download("works-open", [], fee_fen=1, on=ON)) == ["law.download_charged"]
    for fee, ok in ((4_999, True), (5_000, True), (5_001, False)):
        assert check_document_fee("works-open", fee, 5_000, on=ON).ok is ok
    with pytest.raises(Refused, match="law.amount_below_zero"):
        check_download("works-open", [], fee_fen=-1, on=ON)


@pytest.mark.parametrize(
    ("pool", "drawn", "watchers", "faults"),
    [
        (6, 3, 2, []), (5, 3, 2, ["law.pool_too_small"]), (7, 3, 2, []),
        (4, 2, 2, ["law.too_few_invited"]), (8, 4, 2, []), (7, 4, 2, ["law.pool_too_small"]),
        (6, 3, 1, ["law.draw_unwatched"]), (6, 3, 3, []),
    ],
)  # fmt: skip
def test_invited_suppliers_are_drawn_from_enough(pool, drawn, watchers, faults) -> None:
    assert broken(check_invitation(pool, drawn, watchers, on=ON)) == faults


def test_more_cannot_be_drawn_than_there_are() -> None:
    with pytest.raises(Refused, match="law.more_drawn_than_pool"):
        check_invitation(3, 4, 2, on=ON)


@pytest.mark.parametrize(
    ("procedure", "kind", "weight", "faults"),
    [
        ("procurement-open", "goods", "0.299", ["evaluation.price_weight_low"]),
        ("procurement-open", "goods", "0.3", []),
        ("procurement-open", "goods", "1", []),
        ("procurement-open", "services", "0.099", ["evaluation.price_weight_low"]),
        ("procurement-open", "services", "0.1", []),
        ("consultation", "goods", "0.6", []),
        ("consultation", "goods", "0.601", ["evaluation.price_weight_high"]),
        ("consultation", "services", "0.3", []),
        ("consultation", "services", "0.301", ["evaluation.price_weight_high"]),
    ],
)
def test_price_weights(procedure: str, kind: str, weight: str, faults: list[str]) -> None:
    assert broken(check_weight(procedure, kind, Fraction(weight), on=ON)) == faults


@pytest.mark.parametrize(
    ("policy", "rates"),
    [
        ("sme", ("0.099", "0.1", "0.2", "0.201")),
        ("sme_works", ("0.029", "0.03", "0.05", "0.051")),
        ("sme_joint", ("0.039", "0.04", "0.06", "0.061")),
        ("sme_joint_works", ("0.009", "0.01", "0.02", "0.021")),
        ("domestic", ("0.199", "0.2", "0.2", "0.201")),
    ],
)
def test_a_deduction_stays_in_its_range(policy: str, rates: tuple[str, ...]) -> None:
    lawful = [not broken(check_deduction("procurement-open", policy, Fraction(rate), on=ON)) for rate in rates]
    assert lawful == [False, True, True, False]


@pytest.mark.parametrize(
    ("on", "known"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 1, 2), True)],
)
def test_the_domestic_product_counts_from_2026_on(on: date, known: bool) -> None:
    if known:
        assert not broken(check_deduction("inquiry", "domestic", Fraction(1, 5), on=on))
    else:
        with pytest.raises(Refused, match="law.no_rule"):
            check_deduction("inquiry", "domestic", Fraction(1, 5), on=on)


def test_deductions_are_each_taken_from_the_original_price() -> None:
    both = {"sme": Fraction(10, 100), "domestic": Fraction(20, 100)}
    # 100 less 10 and less 20 is 70, not 100 x 0.9 x 0.8 = 72.
    assert evaluated_price(price_fen=10_000, deductions=both, **GOODS).fen == 7_000
    assert evaluated_price(price_fen=10_000, deductions=both, reserved=True, **GOODS).fen == 8_000
    assert evaluated_price(price_fen=10_000, deductions={}, **GOODS).fen == 10_000
    with pytest.raises(Refused, match="law.above_limit"):
        evaluated_price(price_fen=10_000, deductions={"sme": Fraction(21, 100)}, **GOODS)


@given(st.integers(0, 10**14), st.fractions(Fraction(10, 100), Fraction(20, 100), max_denominator=1000))
def test_a_deduction_never_raises_a_price(price: int, rate: Fraction) -> None:
    found = evaluated_price(price_fen=price, deductions={"sme": rate}, **GOODS)
    assert found.fen == price - price * rate
    assert Fraction(8, 10) * price <= found.fen <= Fraction(9, 10) * price


@pytest.mark.parametrize(
    ("key", "rates"),
    [
        ("ev.low_mean", ("0.499", "0.5", "0.65", "0.651")),
        ("ev.low_second", ("0.499", "0.5", "0.65", "0.651")),
        ("ev.low_ceiling", ("0.449", "0.45", "0.65", "0.651")),
    ],
)
def test_a_document_may_raise_the_low_price_lines_to_their_ceiling(key: str, rates) -> None:
    lawful = [not broken(check_low_rates("procurement-open", {key: Fraction(rate)}, on=ON)) for rate in rates]
    assert lawful == [False, True, True, False]


@pytest.mark.parametrize(("on", "known"), [(date(2026, 1, 31), False), (date(2026, 2, 1), True)])
def test_there_are_no_such_lines_before_february_2026(on: date, known: bool) -> None:
    rates = {"ev.low_mean": Fraction(60, 100)}
    if known:
        assert not broken(check_low_rates("procurement-open", rates, on=on))
    else:
        with pytest.raises(Refused, match="law.no_rule"):
            check_low_rates("procurement-open", rates, on=on)
    with pytest.raises(Refused, match="law.not_a_low_rate"):
        check_low_rates("procurement-open", {"ev.low_explain": Fraction(1, 2)}, on=on)


@pytest.mark.parametrize(
    ("region", "size", "representatives", "faults"),
    [
        ("CN", 9, 3, []),
        ("重庆", 5, 1, []),
        ("重庆", 5, 2, ["committee.representatives_above_share"]),
        ("重庆", 7, 2, []),
        ("重庆", 9, 3, ["committee.too_many_representatives"]),
    ],
)
def test_the_tenderers_own_seats(region: str, size: int, representatives: int, faults) -> None:
    assert broken(check_seats("works-open", size, representatives, ON, region)) == faults


def test_a_purchaser_does_not_chair() -> None:
    seats = check_seats("procurement-open", 5, 1, ON, chaired_by_purchaser=True)
    assert broken(seats) == ["committee.chaired_by_purchaser"]
    assert broken(check_seats("procurement-open", 5, 1, ON)) == []
    with pytest.raises(Refused, match="committee.more_representatives_than_members"):
        check_seats("procurement-open", 5, 6, ON)


@pytest.mark.parametrize(
    ("sits_on", "ok"),
    [(date(2026, 11, 22), True), (date(2026, 11, 23), False), (date(2026, 11, 24), False)],
)
def test_an_expert_leaves_at_seventy_where_the_region_says_so(sits_on: date, ok: bool) -> None:
    born = date(1956, 11, 23)
    assert check_age("works-open", born, sits_on, ON, "重庆").ok is ok
    assert check_age("works-open", born, sits_on, ON) is None

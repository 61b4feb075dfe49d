"""Notices, bonds and committees held against the law."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.base.errors import Refused
from trading.law.committees import check_committee, experts_needed
from trading.law.findings import require
from trading.law.limits import bond_cap, check_bond, check_performance_bond
from trading.law.bidders import check_number
from trading.law.schedules import check_schedule, clarification_needs_extension

BJ = timezone(timedelta(hours=8))
ON = date(2026, 11, 23)


def at(month: int, day: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, 30, tzinfo=BJ)


def broken(found) -> list[str]:
    return [finding.reason for finding in found if not finding.ok]


def works(doc_to=date(2026, 11, 9), deadline=at(11, 23), opening=None, issued=date(2026, 11, 3)):
    opening = opening or deadline
    return check_schedule(
        "works-open", "CN", issued, date(2026, 11, 3), doc_to, deadline, opening
    )


def test_a_lawful_notice_is_lawful() -> None:
    found = works()
    assert broken(found) == []
    assert {"ct.bid_period", "ct.sale_min", "ct.open_at_deadline"} == {f.key for f in found}
    require(found)


@pytest.mark.parametrize(
    ("deadline", "ok"),
    [(at(11, 22, 23), False), (at(11, 23, 0), True), (at(11, 24), True)],
)
def test_twenty_days_from_the_document(deadline: datetime, ok: bool) -> None:
    assert broken(works(deadline=deadline)) == ([] if ok else ["schedule.bid_period_short"])


def test_the_refusal_names_the_earliest_day() -> None:
    with pytest.raises(Refused) as refusal:
        require(works(deadline=at(11, 20)))
    assert refusal.value.reason == "schedule.bid_period_short"
    assert refusal.value.facts["earliest"] == date(2026, 11, 23)
    assert refusal.value.facts["article"] == "招标投标法 第24条"


@pytest.mark.parametrize(
    ("doc_to", "ok"),
    [(date(2026, 11, 8), False), (date(2026, 11, 9), True), (date(2026, 11, 10), True)],
)
def test_works_documents_are_sold_five_days_past_a_weekend(doc_to: date, ok: bool) -> None:
    # Five days from Tuesday the 3rd end on Sunday the 8th and move to Monday.
    assert broken(works(doc_to=doc_to)) == ([] if ok else ["schedule.document_period_short"])


@pytest.mark.parametrize(
    ("doc_to", "ok"),
    [(date(2026, 10, 12), False), (date(2026, 10, 13), True), (date(2026, 10, 14), True)],
)
def test_procurement_documents_are_supplied_five_working_days(doc_to: date, ok: bool) -> None:
    start = date(2026, 9, 30)
    found = check_schedule(
        "procurement-open", "CN", start, start, doc_to, at(10, 20), at(10, 20)
    )
    assert broken(found) == ([] if ok else ["schedule.document_period_short"])


def test_opening_is_at_the_deadline_to_the_second() -> None:
    late = at(11, 23) + timedelta(seconds=1)
    assert broken(works(opening=late)) == ["schedule.opening_not_at_deadline"]
    abroad = at(11, 23).astimezone(timezone.utc)  # noqa: UP017 - any zone, one moment
    assert broken(works(opening=abroad)) == []


def test_documents_come_with_or_after_the_notice_and_stop_by_the_deadline() -> None:
    assert "schedule.documents_before_notice" in broken(works(issued=date(2026, 11, 4)))
    late = works(doc_to=date(2026, 11, 24))
    assert broken(late) == ["schedule.documents_after_deadline"]


def test_several_faults_are_all_named() -> None:
    found = works(doc_to=date(2026, 11, 4), deadline=at(11, 10), opening=at(11, 11))
    assert len(broken(found)) == 3


@pytest.mark.parametrize(
    ("procedure", "day", "ok"),
    [
        ("consultation", 13, True), ("consultation", 12, False),
        ("negotiation", 6, True), ("negotiation", 5, False),
        ("inquiry", 6, True), ("inquiry", 5, False),
    ],
)  # fmt: skip
def test_other_methods_have_their_own_period(procedure: str, day: int, ok: bool) -> None:
    start = date(2026, 11, 3)
    found = check_schedule(
        procedure, "CN", start, start, date(2026, 11, 10), at(11, day), at(11, day)
    )
    assert ("schedule.bid_period_short" not in broken(found)) is ok


def test_a_replayed_record_passes() -> None:
    day = date(2007, 5, 3)
    moment = at(5, 3, year=2007)
    assert broken(
        check_schedule("works-invited", "JP-08203", day, day, day, moment, moment)
    ) == []


@pytest.mark.parametrize(
    ("changed", "ok"),
    [(date(2026, 11, 7), True), (date(2026, 11, 8), True), (date(2026, 11, 9), False)],
)
def test_a_clarification_fifteen_days_ahead(changed: date, ok: bool) -> None:
    found = clarification_needs_extension("works-open", "CN", changed, at(11, 23))
    assert found.ok is ok
    if ok:
        assert found.facts["new_deadline"] == at(11, 23)
    else:
        assert found.facts["earliest"] == date(2026, 11, 24)
        assert found.facts["new_deadline"] == at(11, 24)
        assert found.reason == "schedule.deadline_must_move"


def test_the_new_deadline_does_not_fall_on_a_holiday() -> None:
    found = clarification_needs_extension(
        "procurement-open", "CN", date(2026, 9, 18), at(9, 29)
    )
    assert found.facts["new_deadline"] == at(10, 8)


@given(st.dates(date(2026, 3, 1), date(2026, 9, 1)), st.integers(-30, 30))
def test_the_new_deadline_needs_no_further_extension(changed: date, gap: int) -> None:
    deadline = at(1, 1).replace(month=changed.month, day=changed.day) + timedelta(days=gap)
    found = clarification_needs_extension("works-open", "CN", changed, deadline)
    again = clarification_needs_extension(
        "works-open", "CN", changed, found.facts["new_deadline"]
    )
    assert again.ok
    assert again.facts["new_deadline"] == found.facts["new_deadline"]


@pytest.mark.parametrize(
    ("procedure", "category", "estimate", "cap", "rules"),
    [
        ("works-open", "construction", 3_999_999_950, 79_999_999, 2),
        ("works-open", "construction", 4_000_000_000, 80_000_000, 2),
        ("works-open", "construction", 4_000_000_100, 80_000_000, 2),
        ("works-open", "goods", 10_000_000_000, 80_000_000, 2),
        ("works-open", "design", 10_000_000_000, 10_000_000, 2),
        ("works-open", "service", 10_000_000_000, 200_000_000, 1),
        ("procurement-open", "goods", 10_000_000_000, 200_000_000, 1),
        ("consultation", "service", 149, 2, 1),
        ("works-open", "construction", 49, 0, 2),
        ("works-open", "construction", 0, 0, 2),
    ],
)
def test_bond_caps(procedure: str, category: str, estimate: int, cap: int, rules: int) -> None:
    found = bond_cap(procedure, category, estimate, ON)
    assert (found.fen, len(found.rules)) == (cap, rules)


def test_which_rule_decided() -> None:
    assert bond_cap("works-open", "construction", 5 * 10**9, ON).decisive.unit == "fen"
    assert bond_cap("works-open", "construction", 10**9, ON).decisive.unit == "ratio"


@pytest.mark.parametrize(
    ("asked", "ok"), [(1_999_999, True), (2_000_000, True), (2_000_001, False)]
)
def test_a_bond_on_the_edge_of_its_cap(asked: int, ok: bool) -> None:
    assert check_bond("procurement-open", "goods", 100_000_000, asked, ON).ok is ok
    assert check_performance_bond("procurement-open", 20_000_000, asked, ON).ok is ok


def test_amounts_below_zero_are_refused() -> None:
    for call in (
        lambda: bond_cap("works-open", "goods", -1, ON),
        lambda: check_bond("works-open", "goods", 100, -1, ON),
    ):
        with pytest.raises(Refused, match="law.amount_below_zero"):
            call()


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_a_larger_estimate_never_lowers_the_cap(one: int, more: int) -> None:
    low = bond_cap("works-open", "construction", one, ON).fen
    assert low <= bond_cap("works-open", "construction", one + more, ON).fen
    assert low * 50 <= one


@pytest.mark.parametrize(
    ("size", "needed"), [(3, 2), (5, 4), (7, 5), (9, 6), (11, 8)]
)
def test_two_thirds_are_experts(size: int, needed: int) -> None:
    assert experts_needed("works-open", size, ON) == needed


MILLION = 100_000_000


@pytest.mark.parametrize(
    ("procedure", "size", "experts", "budget", "demanding", "faults"),
    [
        ("works-open", 5, 4, 100 * MILLION, False, []),
        ("works-open", 5, 3, 0, False, ["committee.too_few_experts"]),
        ("works-open", 3, 2, 0, False, ["committee.too_small"]),
        ("works-open", 6, 4, 0, False, ["committee.even"]),
        ("works-open", 4, 1, 0, False,
         ["committee.too_small", "committee.even", "committee.too_few_experts"]),
        ("procurement-open", 5, 4, 10 * MILLION - 1, False, []),
        ("procurement-open", 5, 4, 10 * MILLION, False, ["committee.too_small"]),
        ("procurement-open", 7, 5, 10 * MILLION, False, []),
        ("procurement-open", 5, 5, MILLION, True, ["committee.too_small"]),
        ("negotiation", 3, 2, 2 * MILLION - 1, False, []),
        ("negotiation", 3, 2, 2 * MILLION, False, ["committee.too_small"]),
        ("inquiry", 5, 4, 2 * MILLION, False, []),
        ("consultation", 3, 2, 100 * MILLION, False, []),
    ],
)  # fmt: skip
def test_committees(procedure, size, experts, budget, demanding, faults) -> None:
    found = check_committee(procedure, size, experts, budget, ON, demanding=demanding)
    assert broken(found) == faults


def test_more_experts_than_members_is_a_mistake() -> None:
    with pytest.raises(Refused, match="committee.more_experts_than_members"):
        check_committee("works-open", 5, 6, 0, ON)


@pytest.mark.parametrize("gate", ["bidders", "qualified", "valid"])
@pytest.mark.parametrize("procedure", ["works-open", "procurement-open"])
def test_three_gates(procedure: str, gate: str) -> None:
    assert not check_number(procedure, gate, 2, on=ON).ok
    assert check_number(procedure, gate, 3, on=ON).ok
    assert check_number("works-open", gate, 1, on=ON, region="JP-08203").ok

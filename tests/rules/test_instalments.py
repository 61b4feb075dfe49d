"""The payment plan of a sale: one fen below, at and above each line, one day before, at and after."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from trading.base.errors import Refused
from trading.contracts import instalments as rules
from trading.contracts.instalments import Instalment, Payment
from trading.contracts.rules import Signed
from trading.law.findings import require

#: Signed on Friday 6 March 2026; a month later is a holiday, so Tuesday 7 April; a year later is a Saturday of a year whose
#: days off are not published, which stands as it is; five working days later is Friday 13 March.
LAND = Signed("land-listing", "CN-51", 1_000_001, date(2026, 3, 6))
PROPERTY = Signed("property-listing", "CN-51", 1_000_001, date(2026, 3, 6))
MONTH, YEAR, FIVE_DAYS = date(2026, 4, 7), date(2027, 3, 6), date(2026, 3, 13)


def why(contract: Signed, *plan: tuple[date, int], security: str = "") -> str:
    """The reason for which a plan is refused, empty for a lawful one."""
    try:
        require(rules.check(contract, [Instalment(*one) for one in plan], security))
    except Refused as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize(("first", "rest", "reason"), [
    ((MONTH, 500_001), YEAR, ""), ((MONTH, 500_000), YEAR, "contract.plan_half_short"), ((MONTH, 500_002), YEAR, ""),
    ((MONTH + timedelta(days=1), 500_001), YEAR, "contract.plan_half_short"), ((MONTH - timedelta(days=1), 500_001), YEAR, ""),
    ((MONTH, 500_001), YEAR - timedelta(days=1), ""), ((MONTH, 500_001), YEAR + timedelta(days=1), "contract.plan_whole_late")])
def test_half_of_land_is_paid_within_a_month_and_all_within_a_year(first: tuple[date, int], rest: date, reason: str) -> None:
    assert why(LAND, first, (rest, LAND.price_fen - first[1])) == reason


@pytest.mark.parametrize(("plan", "security", "reason"), [
    ([(FIVE_DAYS, 1_000_001)], "", ""), ([(FIVE_DAYS + timedelta(days=1), 1_000_001)], "", "contract.plan_first_late"),
    ([(FIVE_DAYS - timedelta(days=1), 1_000_001)], "", ""),
    ([(FIVE_DAYS, 300_001), (YEAR, 700_000)], "保函，LPR", ""), ([(FIVE_DAYS, 300_000), (YEAR, 700_001)], "保函，LPR", "contract.plan_share_short"),
    ([(FIVE_DAYS, 300_001), (YEAR + timedelta(days=1), 700_000)], "保函，LPR", "contract.plan_whole_late"),
    ([(FIVE_DAYS, 300_001), (YEAR, 700_000)], " ", "contract.plan_unsecured")])
def test_property_is_paid_at_once_or_by_a_secured_rest(plan: list[tuple[date, int]], security: str, reason: str) -> None:
    assert why(PROPERTY, *plan, security=security) == reason


@pytest.mark.parametrize(("plan", "reason"), [
    ([], "contract.plan_count"), ([(MONTH, 1)] * 13, "contract.plan_count"), ([(MONTH, 0)], "contract.plan_amount"), ([(MONTH, -5)], "contract.plan_amount"),
    ([(MONTH, 10**17)], "contract.plan_amount"), ([(MONTH, 1_000_000)], "contract.plan_sum"), ([(MONTH, 1_000_002)], "contract.plan_sum"),
    ([(date(2026, 3, 5), 1_000_001)], "contract.plan_order"), ([(date(2026, 3, 6), 1_000_001)], ""), ([(MONTH, 500_001), (MONTH, 500_000)], "contract.plan_order")])
def test_a_plan_is_a_plan(plan: list[tuple[date, int]], reason: str) -> None:
    assert why(LAND, *plan) == reason


def test_no_plan_where_the_law_knows_none() -> None:
    works = Signed("works-open", "CN-51", 100, date(2026, 3, 6))
    assert not rules.is_planned(works) and why(works, (MONTH, 100)) == "contract.no_plan"


@pytest.mark.parametrize("contract", [LAND, PROPERTY, Signed("land-auction", "CN-51", 1, date(2026, 3, 6)), Signed("land-tender", "CN", 2, date(2026, 11, 30))])
def test_the_proposed_plan_is_lawful_and_the_latest(contract: Signed) -> None:
    plan = rules.proposed(contract)
    assert sum(one.fen for one in plan) == contract.price_fen and why(contract, *((one.due_on, one.fen) for one in plan)) == ""
    later = [(one.due_on + timedelta(days=1), one.fen) for one in plan]
    assert why(contract, *later) != ""


def test_no_proposal_beyond_the_published_calendar() -> None:
    assert rules.proposed(Signed("property-listing", "CN-51", 100, date(2026, 12, 30))) == []


def test_money_goes_to_the_earliest_that_is_open() -> None:
    plan = [Instalment(MONTH, 60), Instalment(YEAR, 40)]
    found = rules.standings(plan, Payment(LAND.on, 20), [Payment(MONTH, 30), Payment(MONTH + timedelta(days=1), 15)])
    assert [(one.paid_fen, one.settled_on) for one in found] == [(60, MONTH + timedelta(days=1)), (5, None)]
    assert found[0].light(YEAR) == "late" and rules.standings(plan, Payment(LAND.on, 60), [])[0].light(YEAR) == "done"
    assert sum(one.paid_fen for one in found) == 65, "money in equals money counted"


@pytest.mark.parametrize(("today", "light"), [(MONTH - timedelta(days=8), "ok"), (MONTH - timedelta(days=7), "warn"), (MONTH, "warn"),
                                              (MONTH + timedelta(days=1), "alarm")])
def test_the_light_of_an_unpaid_instalment(today: date, light: str) -> None:
    assert rules.standings([Instalment(MONTH, 60)], None, [])[0].light(today) == light

"""What may follow a contract: shares at their edges, terms that stay, forms of security."""

from __future__ import annotations

from datetime import date

import pytest

from tests.rules.test_objections import refused
from trading.base.errors import Refused
from trading.contracts import rules
from trading.contracts.rules import BondForm, Outcome, Signed, Term
from trading.law.findings import require

ON = date(2026, 3, 10)
BUYING = Signed("procurement-open", "CN", 100_000_01, ON)
WORKS = Signed("works-open", "CN", 100_000_01, ON)


def held(contract: Signed, earlier: int, asked: int, on: date = ON, **more: object) -> None:
    require(rules.supplement(contract, earlier, asked, on, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("earlier", "asked", "ok"), [
    (0, 999_999, True), (0, 1_000_000, True), (0, 1_000_001, False), (400_000, 600_000, True), (400_000, 600_001, False),
    (1_000_000, 0, True), (1_000_000, 1, False)])
def test_all_supplements_together_stay_within_a_tenth(earlier: int, asked: int, ok: bool) -> None:
    if ok:
        held(BUYING, earlier, asked)
        return
    with pytest.raises(Refused) as caught:
        held(BUYING, earlier, asked)
    assert caught.value.reason == "law.supplement_above_cap"
    assert caught.value.facts | {"key": "gp.addition", "article": "政府采购法 第49条", "asked_fen": earlier + asked, "cap_fen": 1_000_000} \
        == caught.value.facts


@pytest.mark.parametrize(("on", "asked", "ok"), [
    (date(2026, 9, 30), 1_000_000, True), (date(2026, 9, 30), 1_000_001, False),
    (date(2026, 10, 1), 3_000_000, True), (date(2026, 10, 1), 3_000_001, False)])
def test_an_emergency_may_add_more_from_its_day_on(on: date, asked: int, ok: bool) -> None:
    if ok:
        held(BUYING, 0, asked, on, emergency=True)
    else:
        with refused("law.supplement_above_cap"):
            held(BUYING, 0, asked, on, emergency=True)
    if asked > 1_000_000:
        with refused("law.supplement_above_cap"):
            held(BUYING, 0, asked, on)


@pytest.mark.parametrize("term", Term)
@pytest.mark.parametrize("contract", [BUYING, WORKS])
def test_no_material_term_changes(contract: Signed, term: Term) -> None:
    held(contract, 0, 0)
    with pytest.raises(Refused) as caught:
        held(contract, 0, 0, changed=(term,))
    assert caught.value.reason == "contract.terms_changed"
    assert caught.value.facts["key"] == ("gp.addition" if contract is BUYING else "ct.contract_matches_bid")


def test_works_have_no_share_and_procurement_ends_with_its_acceptance() -> None:
    held(WORKS, 0, 10**12)
    assert rules.cap_of(WORKS, ON) is None
    done = Signed("procurement-open", "CN", 1_000_000, ON, date(2026, 5, 4))
    held(done, 0, 1, date(2026, 5, 4))
    with refused("contract.performance_over"):
        held(done, 0, 1, date(2026, 5, 5))


@pytest.mark.parametrize(("held_fen", "asked", "ok"), [(0, 999_999, True), (0, 1_000_000, True), (0, 1_000_001, False), (1, 1_000_000, False)])
@pytest.mark.parametrize("contract", [BUYING, WORKS])
def test_performance_bonds_stay_within_a_tenth(contract: Signed, held_fen: int, asked: int, ok: bool) -> None:
    if ok:
        require(rules.bond(contract, held_fen, asked, BondForm.GUARANTEE))
    else:
        with refused("law.performance_bond_above_cap"):
            require(rules.bond(contract, held_fen, asked, BondForm.GUARANTEE))


@pytest.mark.parametrize("form", BondForm)
def test_cash_is_refused_where_the_law_says_so(form: BondForm) -> None:
    require(rules.bond(WORKS, 0, 1, form))
    if form is BondForm.CASH:
        with refused("contract.bond_in_cash"):
            require(rules.bond(BUYING, 0, 1, form))
    else:
        require(rules.bond(BUYING, 0, 1, form))


@pytest.mark.parametrize(("form", "until", "ok"), [
    (BondForm.GUARANTEE, None, False), (BondForm.INSURANCE, None, False), (BondForm.TRANSFER, None, True),
    (BondForm.GUARANTEE, ON, True), (BondForm.GUARANTEE, date(2026, 3, 9), False), (BondForm.TRANSFER, date(2026, 3, 9), False)])
def test_a_guarantee_says_until_when(form: BondForm, until: date | None, ok: bool) -> None:
    if ok:
        rules.lapses(form, ON, until)
    else:
        with refused("contract.valid_until"):
            rules.lapses(form, ON, until)


def test_an_acceptance_holds_together() -> None:
    rules.acceptance(BUYING, Outcome.PASSED, is_final=True)
    rules.acceptance(BUYING, Outcome.FAILED, is_final=False)
    with refused("contract.failed_not_final"):
        rules.acceptance(BUYING, Outcome.FAILED, is_final=True)
    with refused("contract.no_acceptance"):
        rules.acceptance(WORKS, Outcome.PASSED, is_final=True)
    with refused("contract.accepted"):
        rules.acceptance(Signed("inquiry", "CN", 1, ON, ON), Outcome.PASSED, is_final=False)


@pytest.mark.parametrize(("day", "ok"), [(9, False), (10, True), (20, True), (21, False)])
def test_days_lie_between_their_ends(day: int, ok: bool) -> None:
    if ok:
        rules.within(date(2026, 3, day), ON, date(2026, 3, 20), "f")
    else:
        with refused("contract.day"):
            rules.within(date(2026, 3, day), ON, date(2026, 3, 20), "f")


def test_names_are_some_and_each_once() -> None:
    assert rules.names([" 甲 ", "", "甲", "乙"]) == ["甲", "乙"]
    for wrong in ([], [" "], ["x" * 201], [str(n) for n in range(31)]):
        with refused("contract.members"):
            rules.names(wrong)
    with refused("contract.text"):
        rules.filled("  ", "f", 10)
    with refused("contract.text"):
        rules.filled("x" * 11, "f", 10)


def test_filing_follows_the_rows() -> None:
    assert rules.filing_rule(BUYING, ON).key == "gp.contract_file"
    assert rules.filing_rule(WORKS, ON) is None
    assert rules.filing_rule(Signed("works-open", "CN-50", 1, ON), ON).key == "ct.contract_file"

"""From registration to the archive by each procedure type that runs, and by the ways a case can end otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experts.evaluation import prequalification
from experts.evaluation import service as evaluation
from tests.builders import SCORED, T0, Centre
from tests.services.test_filing import refused
from trading.announcements import queries
from trading.announcements import service as announcements
from trading.base import installation
from trading.base.clock import BEIJING
from trading.demonstration.case import CaseRun
from trading.deposits import service as deposits
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.frameworks import service as frameworks
from trading.projects import rules
from trading.projects import service as projects
from trading.projects.rules import Stage

BUYING = {"kind": "procurement_comprehensive", "price_points": "40", "factors": [
    {"id": "technical", "name": "技术响应", "most": "40"}, {"id": "service", "name": "售后服务", "most": "20"}]}
CONSULTING = {"kind": "procurement_comprehensive", "price_points": "20", "factors": [
    {"id": "technical", "name": "服务方案", "most": "60"}, {"id": "people", "name": "人员", "most": "20"}]}
#: What a case of each type needs besides the usual.
PLANS: dict[str, dict] = {
    "works-open": {"method": SCORED},
    "works-invited": {},
    "procurement-open": {"category": "goods", "method": BUYING},
    "inquiry": {"category": "goods", "method": {"kind": "procurement_lowest"}, "bidding_days": 9},
    "procurement-invited": {"category": "goods", "method": BUYING},
    "negotiation": {"category": "goods", "method": {"kind": "procurement_lowest"}, "bidding_days": 9},
    "consultation": {"category": "service", "method": CONSULTING, "bidding_days": 14},
    "single-source": {"category": "goods", "method": {"kind": "negotiated"}, "bidding_days": 10},
    "works-comparison": {"method": {"kind": "lottery"}},
    "agency-selection": {"category": "service", "method": {"kind": "lottery"}},
    "works-prequalification": {"method": {"kind": "qualified"}},
    "procurement-prequalification": {"category": "goods", "method": {"kind": "qualified"}},
    "framework": {"category": "service", "method": {"kind": "procurement_lowest", "second_stage": "second_bidding"}, "deposit_fen": 0},
    "land-tender": {"category": "land", "method": {"kind": "land_highest"}},
    "property-listing": {"category": "property", "method": {"kind": "property_highest"}, "bidding_days": 35},
}


def sealed_pack(centre: Centre, case: CaseRun) -> dict:
    pack = case.seal_archive()
    return verify.verify_path(installation.files().path(pack.stored), evidence.log_verifier_key(),
                              centre.cast.watchers.keys)


def test_every_type_that_runs_has_its_journey() -> None:
    # What is competed for live has its journeys in tests/journeys/test_live_sales.py.
    assert set(PLANS) == {name for name in rules.RUNNABLE if rules.procedure(name).rounds != "live"}


@pytest.mark.parametrize("procedure", PLANS)
def test_a_case_runs_from_registration_to_the_archive(centre: Centre, procedure: str) -> None:
    bidders = 1 if procedure == "single-source" else 4
    case = CaseRun(centre.cast, centre.plan(bidders, procedure=procedure, **PLANS[procedure]), T0)
    ended = case.run()
    row = rules.procedure(procedure)
    assert case.lot.stage == row.stages[-2]
    if row.is_prequalification:
        assert [company.code for company in prequalification.passed(case.lot_id)] == sorted(offer.company.code for offer in case.plan.offers)
    elif procedure == "framework":
        assert [place.rank for place in frameworks.places(case.lot_id)] == [1, 2, 3], "one of four is left out"
        (bought,) = frameworks.calls(case.lot_id)
        assert bought.price_fen == min(offer.price_fen for offer in case.plan.offers) * 99 // 100
        case.wait(days=400)  # its file is sealed when the last agreement is over
    else:
        assert ended.winner
    kinds = [notice.kind for notice in queries.of_project(case.project_id)]
    assert ("candidates" in kinds) == bool(row.publicity)
    assert ("opening_record" in kinds) == row.read_out
    # In a sale the winner's deposit becomes part of the price.
    due = bidders if row.family in ("works", "procurement") else bidders - 1
    assert len(deposits.refunds_due(case.lot)) == (due if case.lot.deposit_fen else 0)
    report = sealed_pack(centre, case)
    assert report["ok"], report["checks"]


def test_losers_of_procurement_get_their_deposit_from_the_award_and_works_from_the_contract(sqlite_centre: Centre) -> None:
    works, buying = (CaseRun(sqlite_centre.cast, sqlite_centre.plan(3, procedure=procedure, deposit_fen=1_000_000, **PLANS[procedure]),
                             T0) for procedure in ("works-open", "procurement-open"))
    for case in (works, buying):
        for step in ("register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate"):
            getattr(case, step)()
        assert deposits.refunds_due(case.lot) == []
    works.conclude()
    first = projects.candidates(buying.lot_id)[0]
    evaluation.award(buying.lot_id, first.organisation_id, actor="t", at=buying.at, items="设备一批")
    early = deposits.refunds_due(buying.lot)
    assert len(early) == 2 and first.organisation_id not in {refund.organisation_id for refund in early}
    assert not any(refund.with_interest for refund in early)
    late = deposits.refunds_due(works.lot)
    signed = projects.contract_of(works.lot_id).signed_on
    assert len(late) == 3 and all(refund.with_interest for refund in late)
    assert {refund.due >= signed + timedelta(days=5) for refund in late} == {True}


def test_a_failed_case_is_tendered_again_and_its_deposits_go_back(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(2, deposit_fen=1_000_000), T0)
    case.run()
    assert case.lot.stage == Stage.FAILED
    due = deposits.refunds_due(case.lot)
    assert len(due) == 2 and all(refund.with_interest for refund in due)
    with refused("project.step_not_allowed"):
        projects.restart(centre.a_bidding_case().lot_id, actor="t", at=case.at)
    again = case.restart()
    assert case.lot.stage == Stage.RESTARTED and again.lot.stage == Stage.REGISTERED
    assert [lot.id for lot in projects.rounds_before(again.lot)] == [case.lot_id]
    assert again.lot.qualifications == case.lot.qualifications
    assert deposits.refunds_due(case.lot) == due, "they stay due after the second round began"
    for step in ("announce", "pay_deposits", "file_bids", "close"):
        getattr(again, step)()
    assert again.lot.stage == Stage.FAILED, "by national law a second round needs three again"
    third = again.restart()
    assert [lot.id for lot in projects.rounds_before(third.lot)] == [again.lot_id, case.lot_id]
    report = sealed_pack(centre, case)
    assert report["ok"], report["checks"]


def test_a_second_round_in_chongqing_goes_on_with_two(sqlite_centre: Centre) -> None:
    """Only the region differs: a rule row, no code (重庆市招标投标条例 20)."""
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(2, region="CN-50"), T0)
    case.run()
    assert case.lot.stage == Stage.FAILED, "the first round needs three there too"
    again = case.restart()
    for step in ("announce", "pay_deposits", "file_bids", "close"):
        getattr(again, step)()
    assert again.lot.stage == Stage.CLOSED


def test_a_terminated_case_gives_everything_back(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(3, deposit_fen=1_000_000), T0)
    for step in ("register", "announce", "pay_deposits", "file_bids"):
        getattr(case, step)()
    announcements.terminate(case.project_id, "规划调整，项目取消", actor="t", at=case.wait(days=1))
    assert case.lot.stage == Stage.TERMINATED
    due = deposits.refunds_due(case.lot)
    assert len(due) == 3 and all(refund.with_interest for refund in due)
    assert min(refund.due for refund in due) >= case.at.astimezone(BEIJING).date()
    again = case.restart()
    assert again.lot.restarted_from_id == case.lot_id
    report = sealed_pack(centre, case)
    assert report["ok"], report["checks"]

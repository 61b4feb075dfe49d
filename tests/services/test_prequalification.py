"""Prequalification: nobody reads an application early, all are told at once, and only who passed may bid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bidding.sealed import service as sealed
from experts.evaluation import prequalification
from experts.evaluation import service as evaluation
from tests.builders import Centre
from tests.services.test_filing import refused
from trading.announcements import public
from trading.announcements import service as announcements
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.demonstration.case import CaseRun
from trading.deposits import service as deposits
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.rules import Stage

WORKS = {"procedure": "works-prequalification", "method": {"kind": "qualified"}}


def reviewed(centre: Centre, bidders: int = 4, rejected: int = 1, **changes: Any) -> CaseRun:
    """A prequalification whose review has ended; the last ``rejected`` did not pass."""
    plan = centre.plan(bidders, **(WORKS | changes))
    plan.offers = [replace(offer, rejected="没有相应资质" if number >= bidders - rejected else "") for number, offer in enumerate(plan.offers)]
    case = CaseRun(centre.cast, plan, centre.a_case("register").at)
    for step in ("register", "announce", "file_bids", "close", "open", "draw", "evaluate"):
        getattr(case, step)()
    return case


def tendered(case: CaseRun) -> CaseRun:
    """The tender that follows, accepted by the registrar."""
    prequalification.conclude(case.lot_id, actor="t", at=case.wait(hours=1))
    project = prequalification.tender(case.lot_id, actor="t", at=case.wait(hours=1))
    assert prequalification.tender(case.lot_id, actor="t", at=case.at).id == project.id, "made twice it is the same"
    projects.add_file(project.id, "tender_document", "document.txt", [b"document"], actor="t", at=case.at)
    projects.submit(project.id, actor="t", at=case.wait(minutes=5))
    projects.accept(project.id, actor="registrar", at=case.wait(hours=1))
    after = CaseRun(case.cast, replace(case.plan, procedure="works-open", method={"kind": "works_lowest"}, offers=[
        replace(offer, price_fen=90_000_000, rejected="") for offer in case.plan.offers[:3]]), case.at)
    after.project_id, after.lot_id = project.id, project.lots[0].id
    return after


def test_only_who_passed_may_fetch_the_document_pay_and_bid(centre: Centre) -> None:
    case = reviewed(centre)
    after = tendered(case)
    assert after.lot.project.procedure == "works-open"
    after.announce()
    inside, failed, stranger = case.plan.offers[0].company, case.plan.offers[3].company, centre.companies[5]
    for nobody in (failed, stranger):
        with refused("eligibility.not_invited"):
            sealed.begin_upload(after.session.id, bidder=nobody.organisation, at=after.at)
        with refused("invite.documents"):
            public.file(after.lot.project, after.lot.project.files[-1].id, organisation_id=nobody.id)
        with refused("deposit.lot_not_open"):
            deposits.sub_account(after.lot_id, nobody.id, at=after.at)
    document = next(item for item in after.lot.project.files if item.kind == "tender_document")
    assert public.file(after.lot.project, document.id, organisation_id=inside.id) == document
    after.file_bids()
    with refused("invite.open_to_all"):
        invitations.choose(after.project_id, [stranger.code], actor="t", at=after.at)
    # The control: the same steps are open to anybody where nothing was prequalified.
    open_case = centre.a_bidding_case()
    assert sealed.begin_upload(open_case.session.id, bidder=stranger.organisation, at=open_case.at)


def test_fewer_than_three_past_it_fail_it(sqlite_centre: Centre) -> None:
    assert reviewed(sqlite_centre, 3, rejected=1).lot.stage == Stage.FAILED
    assert reviewed(sqlite_centre, 3, rejected=0).lot.stage == Stage.EVALUATED


def test_every_applicant_is_told_its_own_result_at_one_moment(sqlite_centre: Centre) -> None:
    case = reviewed(sqlite_centre)
    with refused("prequal.not_concluded"):
        projects.tender_after(case.lot_id, actor="t", at=case.at)
    prequalification.conclude(case.lot_id, actor="t", at=case.wait(hours=1))
    rows = db.session.execute(text("SELECT kind, organisation_id, at, facts FROM message WHERE kind LIKE 'prequal%'")).all()
    told = {row.organisation_id: row.kind for row in rows}
    assert told == {offer.company.id: "prequal.failed" if offer.rejected else "prequal.passed" for offer in case.plan.offers}
    assert len({row.at for row in rows}) == 1
    with refused("project.step_not_allowed"):
        prequalification.conclude(case.lot_id, actor="t", at=case.at)
    works = sqlite_centre.an_opened_case()
    with refused("prequal.none"):
        prequalification.conclude(works.lot_id, actor="t", at=works.at)


def test_who_passed_is_on_no_notice(sqlite_centre: Centre) -> None:
    case = reviewed(sqlite_centre)
    tendered(case).announce()
    shown = str(db.session.execute(text("SELECT title, body FROM notice JOIN notice_version ON notice_version.notice_id = notice.id")).all())
    assert not any(offer.company.name in shown for offer in case.plan.offers)
    assert evaluation.evaluation_of(case.lot_id).report["method"]["kind"] == "qualified"


@pytest.mark.parametrize(("days", "lawful"), [(16, False), (17, True), (18, True)])
def test_applications_have_their_days_after_the_sale_has_ended(sqlite_centre: Centre, days: int, lawful: bool) -> None:
    """The document is on sale for twelve days; five more run from its end (条例 17)."""
    case = sqlite_centre.a_case("register", **WORKS)
    local = case.at.astimezone(BEIJING)
    deadline = (local + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)
    if lawful:
        case.announce(deadline)
        return
    with refused("schedule.bid_period_short"):
        case.announce(deadline)
    assert announcements.queries.drafts_of(case.project_id)

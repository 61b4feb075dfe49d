"""Notices: the law decides dates, clarifications move deadlines, versions stay, searching finds Chinese."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bidding.sealed import jobs as sealed_jobs
from bidding.trustees import service as trustees
from tests.builders import T0, Centre
from tests.services.test_filing import refused
from trading.announcements import jobs, queries, service
from trading.announcements.queries import Filters
from trading.announcements.rules import bigrams
from trading.base.clock import BEIJING
from trading.base.errors import NotFound
from trading.demonstration.case import CaseRun
from trading.projects.rules import Stage


def schedule(days: float, at: datetime = T0, doc: int = 8) -> dict[str, str]:
    local = at.astimezone(BEIJING)
    return {"doc_from": local.isoformat(), "doc_to": (local + timedelta(days=doc)).isoformat(),
            "deadline": (local + timedelta(days=days)).isoformat()}


def registered(centre: Centre) -> CaseRun:
    return centre.a_case("register")


@pytest.mark.parametrize(("days", "doc", "reason"), [
    # The twentieth day is a Sunday, so the period ends on the Monday after it.
    (19, 8, "schedule.bid_period_short"), (20, 8, "schedule.bid_period_short"), (21, 8, None), (25, 4, "schedule.document_period_short"), (25, 26, "schedule.documents_after_deadline")])
def test_the_law_decides_the_dates(sqlite_centre: Centre, days: int, doc: int, reason: str | None) -> None:
    case = registered(sqlite_centre)
    notice = service.draft_tender(case.project_id, "公告", "正文", schedule(days, doc=doc), actor="t", at=T0)
    if reason is None:
        service.publish_tender(notice.id, actor="t", at=T0)
        assert case.lot.stage == Stage.ANNOUNCED
    else:
        with refused(reason):
            service.publish_tender(notice.id, actor="t", at=T0)
        assert case.lot.stage == Stage.REGISTERED and case.lot.deadline is None


def test_a_deposit_above_the_cap_is_refused_with_its_article(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", deposit_fen=2_000_001)
    notice = service.draft_tender(case.project_id, "公告", "正文", schedule(22), actor="t", at=T0)
    with refused("law.bond_above_cap"):
        service.publish_tender(notice.id, actor="t", at=T0)


def test_it_is_published_at_its_time_once(centre: Centre) -> None:
    case = registered(centre)
    due = T0 + timedelta(hours=3)
    notice = service.draft_tender(case.project_id, "公告", "正文", schedule(25, due), actor="t", at=T0, publish_at=due)
    assert jobs.publish_due(due - timedelta(microseconds=1)) == 0
    with pytest.raises(NotFound):
        queries.published(notice.id, at=due)
    assert jobs.publish_due(due) == 1 and jobs.publish_due(due) == 0
    assert queries.published(notice.id, at=due).published_at == due


def test_a_late_clarification_moves_the_deadline_and_the_session_follows(centre: Centre) -> None:
    case = centre.a_bidding_case()
    before = case.lot.deadline
    late = before - timedelta(days=5)
    with refused("schedule.deadline_must_move"):
        service.clarify(case.project_id, "澄清", "内容", actor="t", at=late)
    with refused("notice.deadline_earlier"):
        service.clarify(case.project_id, "澄清", "内容", actor="t", at=late, new_deadline=before - timedelta(hours=1))
    with refused("schedule.deadline_must_move"):
        service.clarify(case.project_id, "澄清", "内容", actor="t", at=late, new_deadline=before + timedelta(days=9))
    service.clarify(case.project_id, "澄清", "内容", actor="t", at=late, new_deadline=before + timedelta(days=10))
    assert case.lot.deadline == before + timedelta(days=10)
    assert sealed_jobs.follow_deadlines(late) == 1
    session = trustees.session_of(case.lot_id, "bid")
    assert session.deadline == case.lot.deadline and len(session.amendments) == 1
    tender = queries.tender_notice(case.project_id)
    assert [version.number for version in tender.versions] == [1, 2]
    assert tender.versions[0].sha256 != tender.versions[1].sha256


def test_an_early_clarification_leaves_the_deadline(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    before = case.lot.deadline
    service.clarify(case.project_id, "澄清", "内容", actor="t", at=case.at + timedelta(days=1))
    assert case.lot.deadline == before


def test_after_the_deadline_nothing_is_clarified_or_asked(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    with refused("notice.too_late_to_clarify"):
        service.clarify(case.project_id, "澄清", "内容", actor="t", at=case.lot.deadline)
    with refused("notice.not_open_for_questions"):
        service.ask(case.lot_id, "问题", asker="x", at=case.lot.deadline)


def test_an_answer_goes_to_all_and_the_asker_to_none(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    asker = sqlite_centre.companies[0].code
    question = service.ask(case.lot_id, "图纸与清单不一致？", asker=asker, at=case.at)
    assert queries.questions(case.lot_id, answered_only=True) == []
    service.answer(question.id, "以图纸为准", actor="t", at=case.at)
    with refused("notice.answered"):
        service.answer(question.id, "改口", actor="t", at=case.at)
    assert asker.encode() not in question.asker_box


def test_termination_ends_every_lot(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    with refused("notice.reason_missing"):
        service.terminate(case.project_id, " ", actor="t", at=case.at)
    service.terminate(case.project_id, "项目取消", actor="t", at=case.at)
    assert case.lot.stage == Stage.TERMINATED


@pytest.mark.parametrize(("query", "found"), [("青石", True), ("石路", True), ("路", True), ("青路", False), ("改造 青石", True), ("改造 白水", False),
                                              ("\"*", True), ("' OR 1=1 --", False), ("A1510822000", True)])
def test_two_characters_find_chinese(centre: Centre, query: str, found: bool) -> None:
    case = centre.a_bidding_case()
    page = queries.find(Filters(q=query), at=case.at)
    assert bool(page.items) is found


def test_bigrams() -> None:
    assert bigrams("招标公告，A12") == "招标 标公 公告 a1 12"
    assert bigrams("路") == "路" and bigrams("，。") == ""

"""Notices: the law decides dates, clarifications move deadlines, versions stay, searching finds Chinese."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from bidding.sealed import jobs as sealed_jobs
from bidding.sealed import service as sealed
from bidding.trustees import fingerprints
from bidding.trustees import service as trustees
from tests.builders import T0, Centre
from tests.services.test_filing import file, refused, seal, upload
from trading.announcements import jobs, public, queries, rules, service
from trading.announcements.queries import Filters
from trading.announcements.rules import bigrams
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.demonstration.case import CaseRun
from trading.demonstration.cast import credit_code
from trading.deposits import service as deposits
from trading.projects import invitations
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


# --- invitations ----------------------------------------------------------------------------------


def invited_case(centre: Centre, count: int) -> CaseRun:
    """An accepted invited tender with some companies on its list."""
    case = centre.a_case("register", procedure="works-invited", bidders=count)
    return case


def test_too_few_invited_stop_the_invitation(sqlite_centre: Centre) -> None:
    case = invited_case(sqlite_centre, 2)
    with refused("law.too_few_invited"):
        case.announce()
    case = invited_case(sqlite_centre, 3)
    case.announce()
    assert case.lot.deadline is not None


def test_a_list_of_invitations_is_checked_and_closed(sqlite_centre: Centre) -> None:
    case = invited_case(sqlite_centre, 3)
    codes = [company.code for company in sqlite_centre.companies]
    for wrong, reason in (([*codes[:3], codes[0]], "invite.twice"), ([sqlite_centre.cast.tenderer.code], "invite.own"),
                          ([credit_code(999_999)], "invite.unknown"), (["123"], "party.code")):
        with pytest.raises(Refused, check=lambda error, reason=reason: error.reason.startswith(reason)):
            invitations.choose(case.project_id, wrong, actor="t", at=case.at)
    assert [company.code for company in invitations.invited(case.project_id)] == sorted(codes[:3])
    case.announce()
    with refused("invite.sent"):
        invitations.choose(case.project_id, codes, actor="t", at=case.at)
    with refused("invite.open_to_all"):
        invitations.choose(sqlite_centre.a_case("register").project_id, codes, actor="t", at=case.at)


def test_only_those_invited_take_part(centre: Centre) -> None:
    case = centre.a_case("register", "announce", procedure="works-invited", bidders=3)
    guest, stranger = centre.companies[0], centre.companies[4]
    assert sealed.begin_upload(case.session.id, bidder=guest.organisation, at=case.at)
    with refused("eligibility.not_invited"):
        sealed.begin_upload(case.session.id, bidder=stranger.organisation, at=case.at)
    with refused("deposit.lot_not_open"):
        deposits.sub_account(case.lot_id, stranger.id, at=case.at)
    # Somebody who got hold of a guest's upload files over it in its own name.
    bid, payload = seal(case, stranger)
    begun = upload(case, guest, bid, payload)
    with refused("eligibility.not_invited"):
        file(case, stranger, bid, begun)
    found = public.project(case.lot.project.code)
    document = next(item for item in found.files if item.kind == "tender_document")
    assert public.file(found, document.id, organisation_id=guest.id) == document
    for organisation_id in (None, stranger.id):
        with refused("invite.documents"):
            public.file(found, document.id, organisation_id=organisation_id)


def test_the_database_does_not_name_those_invited(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", procedure="works-invited", bidders=3)
    names = [company.name for company in sqlite_centre.companies[:3]] + [company.code for company in sqlite_centre.companies[:3]]
    rows = [str(value) for row in db.session.execute(text("SELECT * FROM invitation")) for value in row]
    assert len(rows) == 15 and not any(name in row for name in names for row in rows)
    # The control: the boxes do hold them.
    assert len(invitations.invited(case.project_id)) == 3
    case.announce()
    told = [str(value) for row in db.session.execute(text("SELECT * FROM message WHERE kind LIKE 'invit%'")) for value in row]
    kept = [str(value) for row in db.session.execute(text("SELECT event FROM evidence_entry WHERE kind = 'invitation.chosen'")) for value in row]
    assert told == [] and len(kept) == 1 and "count" not in kept[0]


# --- the document ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "lawful"), [("29", False), ("30", True), ("100", True)])
def test_the_weight_of_the_price_is_held_before_publication(sqlite_centre: Centre, points: str, lawful: bool) -> None:
    rest = str(100 - int(points))
    method = {"kind": "procurement_comprehensive", "price_points": points,
              "factors": [{"id": "technical", "name": "技术", "most": rest}] if rest != "0" else []}
    case = sqlite_centre.a_case("register", procedure="procurement-open", category="goods", method=method)
    if lawful:
        case.announce()
        return
    with pytest.raises(Refused, check=lambda refusal: refusal.reason == "evaluation.price_weight_low"):
        case.announce()


def test_clues_come_from_notice_and_qualifications(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register")
    project = case.lot.project
    assert service.clues(project, "具备相应资质", at=case.at) == []
    found = service.clues(project, "须为本市注册企业。设备必须采用甲品牌", at=case.at)
    assert [clue.clause.id for clue in found] == ["local", "brand"]


def test_a_tender_notice_prints_the_words_of_the_keys_that_its_session_uses(sqlite_centre: Centre) -> None:
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(3), T0)
    case.register()
    case.announce()
    notice = queries.tender_notice(case.project_id)
    assert notice is not None
    body = notice.versions[-1].body
    document = case.session.document
    assert len(document["trustees"]) == 3
    for trustee in document["trustees"]:
        assert fingerprints.words(base64.b64decode(trustee["sig_key"])) in body, trustee["org"]
    assert fingerprints.words(bytes.fromhex(trustees.centre_key())) in body
    assert fingerprints.words(bytes(32)) not in body
    assert notice.versions[-1].sha256 == rules.fingerprint(notice.kind, notice.title, body, notice.versions[-1].schedule)

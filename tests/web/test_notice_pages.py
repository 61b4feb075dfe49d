"""Notices from draft to publication, clarification, questions, termination, result and contract."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.web.conftest import Site
from tests.web.test_registration_pages import LOT, draft, upload
from trading.accounts.permissions import Role
from trading.announcements import jobs, queries
from trading.announcements import service as announcements
from trading.base.clock import BEIJING
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects.rules import Stage

# T0 is 2026-03-02, 09:00 in Beijing; 22 days later is a working day.
GOOD = {"title": "青石路改造工程招标公告", "body": "正文", "doc_from": "2026-03-02 11:00", "doc_to": "2026-03-09 17:00",
        "deadline": "2026-03-25 10:00", "publish_at": ""}
MOMENTS = ["2026-02-30 10:00", "2026-03-25 24:00", "2026-03-25", "2026-03-25T10:00:00+08:00", "10:00", "2026-13-01 00:00", "0000-01-01 00:00",
           "2026-03-25 10:00:61", "٢٠٢٦-03-25 10:00", "1e6", "x" * 4000, "2026-03-25 10:0\0"]


@pytest.fixture
def accepted(site: Site) -> tuple[Site, int]:
    return site, site.a_case("register").project_id


def test_the_form_begins_with_the_earliest_lawful_dates(accepted: tuple[Site, int]) -> None:
    site, number = accepted
    page = site.tenderer.get(f"/projects/{number}/notice").text
    assert 'value="2026-03-23 10:00"' in page or 'value="2026-03-22 10:00"' in page or 'value="2026-03-24 10:00"' in page
    assert "不符" not in page and page.count("符合") >= 4


def test_checking_shows_every_breach_with_article_and_saves_nothing(accepted: tuple[Site, int]) -> None:
    site, number = accepted
    page = site.tenderer.post(f"/projects/{number}/notice", data=GOOD | {"deadline": "2026-03-10 10:00", "doc_to": "2026-03-03 10:00",
                                                                        "act": "check"})
    assert page.status_code == 200 and page.text.count("不符") == 2
    assert "招标投标法 第24条" in page.text and "2026年3月23日" in page.text
    with site.inside():
        assert not queries.drafts_of(number)


def test_a_notice_is_saved_checked_and_published(accepted: tuple[Site, int]) -> None:
    site, number = accepted
    person, address = site.tenderer, f"/projects/{number}/notice"
    assert person.post(address, data=GOOD | {"act": "save"}).status_code == 302
    assert "草稿" in person.get(address).text
    short = person.post(address, data=GOOD | {"deadline": "2026-03-10 10:00", "act": "publish"})
    assert short.status_code == 422 and 'href="#deadline"' in short.text and "正文" in short.text
    made = person.post(address, data=GOOD | {"act": "publish"})
    assert made.status_code == 302 and made.location.startswith("/notices/")
    assert person.get(address).location == made.location
    assert person.post(address, data=GOOD | {"act": "publish"}).status_code == 422
    site.at += timedelta(minutes=1)
    assert "青石路改造工程招标公告" in site.client().get(made.location).text


def test_a_notice_is_published_at_the_time_set(accepted: tuple[Site, int]) -> None:
    site, number = accepted
    address = f"/projects/{number}/notice"
    past = site.tenderer.post(address, data=GOOD | {"publish_at": "2026-03-01 10:00", "act": "publish"})
    assert past.status_code == 422 and 'href="#publish_at"' in past.text
    late = site.tenderer.post(address, data=GOOD | {"publish_at": "2026-03-03 09:00", "act": "publish"})
    assert late.status_code == 422 and 'href="#doc_from"' in late.text
    dates = {"publish_at": "2026-03-03 09:00", "doc_from": "2026-03-03 09:00"}
    assert site.tenderer.post(address, data=GOOD | dates | {"act": "publish"}).status_code == 302
    page = site.tenderer.get(address).text
    assert "定时发布" in page and 'value="2026-03-03 09:00"' in page
    with site.inside():
        before = announcements.rules.moment("2026-03-03T08:59:59+08:00")
        assert jobs.publish_due(before) == 0
        assert jobs.publish_due(before + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("act", ["check", "publish"])
def test_a_moment_that_cannot_be_read_is_told_and_kept(accepted: tuple[Site, int], moment: str, act: str) -> None:
    site, number = accepted
    answer = site.tenderer.post(f"/projects/{number}/notice", data=GOOD | {"deadline": moment, "act": act})
    assert answer.status_code == 422 and 'href="#deadline"' in answer.text and "正文" in answer.text


def test_dates_beyond_the_published_calendar_are_told(accepted: tuple[Site, int]) -> None:
    site, number = accepted
    answer = site.tenderer.post(f"/projects/{number}/notice", data=GOOD | {
        "doc_from": "9999-12-01 10:00", "doc_to": "9999-12-20 10:00", "deadline": "9999-12-31 10:00", "act": "publish"})
    assert answer.status_code == 422


def test_a_procurement_of_two_lots_is_published_and_shown_lot_by_lot(site: Site) -> None:
    person, registrar = site.tenderer, site.someone(Role.REGISTRAR)
    number = draft(person, procedure="procurement-open", category="goods")
    for name in ("第一包", "第二包"):
        lot = LOT | {"name": name, "kind": "procurement_lowest", "deposit": "", "ceiling": "90万"}
        assert person.post(f"/projects/{number}/lots/new", data=lot).status_code == 302
    for kind in ("approval", "tender_document"):
        upload(person, number, kind, f"{kind}.pdf")
    person.post(f"/projects/{number}/submit")
    assert person.get(f"/projects/{number}/notice").status_code == 409
    assert person.post(f"/projects/{number}/notice", data=GOOD | {"act": "publish"}).status_code == 422
    registrar.post(f"/registrations/{number}/accept")
    made = person.post(f"/projects/{number}/notice", data=GOOD | {"act": "publish"})
    assert made.status_code == 302, made.text
    site.at += timedelta(minutes=1)
    with site.inside():
        code = project_queries.get(number).code
    public = site.client()
    for asked in ("", "?lot=1", "?lot=2", "?lot=2&lang=en"):
        page = public.get(f"/p/{code}{asked}")
        assert page.status_code == 200 and "第一包" in page.text and "第二包" in page.text
    for asked in ("0", "3", "-1", "２", "1e0", "9" * 400):
        assert public.get(f"/p/{code}", query_string={"lot": asked}).status_code == 404
    assert len(re.findall("BEGIN:VEVENT", public.get(f"/p/{code}.ics").text)) == 2


# --- clarification, termination ---------------------------------------------------------------------


def test_a_late_clarification_must_move_the_deadline(site: Site) -> None:
    case = site.a_case("register", "announce")
    site.at += timedelta(days=15)
    with site.inside():
        deadline = projects.get_lot(case.lot_id).deadline
    assert deadline is not None
    address, values = f"/projects/{case.project_id}/clarify", {"title": "一号澄清", "body": "说明"}
    assert "不符" in site.tenderer.get(address).text
    kept = site.tenderer.post(address, data=values)
    assert kept.status_code == 422 and 'href="#new_deadline"' in kept.text
    earlier = (deadline - timedelta(days=1)).astimezone(BEIJING)
    assert site.tenderer.post(address, data=values | {"new_deadline": f"{earlier:%Y-%m-%d %H:%M}"}).status_code == 422
    later = (deadline + timedelta(days=21)).astimezone(BEIJING)
    assert site.tenderer.post(address, data=values | {"new_deadline": f"{later:%Y-%m-%d %H:%M}"}).status_code == 302
    site.at += timedelta(minutes=1)
    page = site.client().get(f"/p/{case.code}").text
    assert "一号澄清" in page and f"{later.month}月{later.day}日" in page


def test_a_termination_needs_its_reason(site: Site) -> None:
    case = site.a_case("register", "announce")
    address = f"/projects/{case.project_id}/terminate"
    assert "终止后不能恢复" in site.tenderer.get(address).text
    assert site.tenderer.post(address, data={"reason": "  "}).status_code == 422
    assert site.tenderer.post(address, data={"reason": "规划调整"}).status_code == 302
    assert site.tenderer.post(address, data={"reason": "规划调整"}).status_code in (302, 422)
    site.at += timedelta(minutes=1)
    assert "终止" in site.client().get(f"/p/{case.code}").text


# --- questions ------------------------------------------------------------------------------------------


def test_the_answer_is_public_and_the_asker_is_not(site: Site) -> None:
    case = site.a_case("register", "announce")
    bidder, address = site.bidder(0), f"/p/{case.code}/ask"
    assert bidder.get(address).status_code == 200
    assert bidder.post(address, data={"lot": case.lot_id, "text": ""}).status_code == 422
    assert bidder.post(address, data={"lot": 999, "text": "x"}).status_code == 422
    assert bidder.post(address, data={"lot": case.lot_id, "text": "x" * 2001}).status_code == 422
    assert bidder.post(address, data={"lot": case.lot_id, "text": "以哪个为准？"}).status_code == 302
    assert "以哪个为准" not in site.client().get(f"/p/{case.code}").text
    page = site.tenderer.get(f"/projects/{case.project_id}/questions").text
    company = site.prepared.companies[0]
    assert "以哪个为准" in page and company.name not in page and company.code not in page
    link = re.search(r'action="(/projects/\d+/questions/(\d+))"', page)
    assert link is not None
    field = f"q{link[2]}-text"
    assert site.tenderer.post(link[1], data={field: ""}).status_code == 422
    assert site.tenderer.post(link[1], data={field: "以图纸为准"}).status_code == 302
    assert site.tenderer.post(link[1], data={field: "改"}).status_code == 409
    public = site.client().get(f"/p/{case.code}").text
    assert "以图纸为准" in public and company.name not in public


def test_questions_end_with_the_deadline(site: Site) -> None:
    case = site.a_case("register", "announce")
    with site.inside():
        deadline = projects.get_lot(case.lot_id).deadline
    assert deadline is not None
    values = {"lot": case.lot_id, "text": "问"}
    bidder = site.bidder(0)
    site.at = deadline - timedelta(microseconds=1)
    _keep_signed_in(site)
    assert bidder.post(f"/p/{case.code}/ask", data=values).status_code == 302
    site.at = deadline
    assert bidder.post(f"/p/{case.code}/ask", data=values).status_code == 409


def _keep_signed_in(site: Site) -> None:
    """Let time pass without anybody being signed out for idling."""
    from sqlalchemy import update

    from trading.accounts.models import SignIn
    from trading.base.database import transaction
    with site.inside(), transaction() as session:
        session.execute(update(SignIn).values(seen_at=site.at, started_at=site.at))


# --- result ------------------------------------------------------------------------------------------------


def test_the_result_goes_from_candidates_to_the_contract(site: Site) -> None:
    case = site.a_case("register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate", bidders=3)
    person, address = site.tenderer, f"/projects/{case.project_id}/lots/{case.lot_id}/result"
    winner, second = site.prepared.companies[0], site.prepared.companies[1]
    assert winner.name in person.get(address).text
    assert person.post(f"{address}/award", data={"winner": winner.id}).status_code == 422
    said = {f"{name}_{rank}": "张建 川1512026001" for name in ("manager", "qualification") for rank in (1, 2, 3)}
    for missing in ("manager_2", "qualification_3"):
        answer = person.post(f"{address}/publicise", data=said | {missing: " "})
        assert answer.status_code == 422 and f'href="#{missing}"' in answer.text
    assert person.post(f"{address}/publicise", data=said).status_code == 302
    assert person.post(f"{address}/publicise", data=said).status_code == 409
    early = person.post(f"{address}/award", data={"winner": winner.id})
    assert early.status_code == 422 and "公示期至" in early.text
    site.at += timedelta(days=6)
    _keep_signed_in(site)
    assert person.post(f"{address}/award", data={"winner": 999}).status_code == 422
    passed_over = person.post(f"{address}/award", data={"winner": second.id})
    assert passed_over.status_code == 422 and 'href="#winner"' in passed_over.text
    for name, data in (("note", {"rank": 1, "loss": "gave_up", "note": " "}), ("loss", {"rank": 1, "loss": "bored", "note": "x"}),
                       ("rank", {"rank": 9, "loss": "gave_up", "note": "x"})):
        answer = person.post(f"{address}/losses", data=data)
        assert answer.status_code == 422 and f'href="#{name}"' in answer.text
    assert person.post(f"{address}/award", data={"winner": winner.id}).status_code == 302
    today = site.at.astimezone(BEIJING).date().isoformat()
    good = {"number": "HT-1", "price": "900,000.00", "signed_on": today}
    for name, wrong in (("price", "900,000.01"), ("price", "1e6"), ("signed_on", "2026-02-30"), ("signed_on", "2030-01-01"), ("number", " ")):
        answer = person.post(f"{address}/contract", data=good | {name: wrong})
        assert answer.status_code == 422 and f'href="#{name}"' in answer.text
    assert person.post(f"{address}/contract", data=good).status_code == 302
    with site.inside():
        assert projects.get_lot(case.lot_id).stage == Stage.CONTRACTED
    site.at += timedelta(minutes=1)
    page = site.client().get(f"/p/{case.code}").text
    assert winner.name in page and "HT-1" in page
    assert "中标" in site.bidder(0).get("/me/messages").text and "排名 2" in site.bidder(1).get("/me/messages").text
    assert site.bidder(0).post("/me/messages").status_code == 302 and "未读" not in site.bidder(0).get("/me/messages").text

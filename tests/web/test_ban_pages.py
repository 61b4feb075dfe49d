"""Bans, questions at once and the hall on their pages: two people, one's own project, nothing breaks."""

from __future__ import annotations

import pytest

from tests.builders import NAMES
from tests.services.test_bans import false_complaint
from tests.services.test_objections import BUYING
from tests.web.conftest import Site
from tests.web.test_objection_pages import GOOD, objections, raised, supervisor
from trading.accounts.permissions import Role


def false(site: Site, *, fabricated: bool = True) -> tuple[object, str]:
    with site.inside() as centre:
        case, made = false_complaint(centre, fabricated=fabricated)
        case.code, number = case.lot.project.code, made.id
    site.at = case.at
    return case, f"/supervise/complaints/{number}"


def test_two_supervisors_ban_and_the_public_reads_it(site: Site) -> None:
    case, place = false(site)
    one, two = supervisor(site, "one"), supervisor(site, "two")
    assert "提出禁止" in one.get(place).text
    for wrong in ({}, {"ban-months": "12"}, {"ban-months": "11", "ban-text": "伪造"}, {"ban-months": "37", "ban-text": "伪造"},
                  {"ban-months": "NaN", "ban-text": "伪造"}, {"ban-months": "1e6", "ban-text": "伪造"}, {"ban-months": "12", "ban-text": "\x00"},
                  {"ban-months": "12", "ban-text": "x" * 4001}):
        assert one.post(f"{place}/ban", data=wrong).status_code == 422, wrong
    assert one.post(f"{place}/ban", data={"ban-months": "12", "ban-text": "伪造检测报告"}).status_code == 302
    assert "/supervise/bans/1/order" not in one.get(place).text
    assert one.post("/supervise/bans/1/order").status_code == 403
    assert "/supervise/bans/1/order" in two.get(place).text and "等待确认" in two.get("/supervise/complaints").text
    assert two.post("/supervise/bans/1/order").status_code == 302 and two.post("/supervise/bans/1/order").status_code == 302
    assert two.post("/supervise/bans/1/drop").status_code == 409
    page = two.get(place).text
    assert "决定已作出" in page and NAMES[0] in two.get("/supervise/complaints").text
    shown = site.client().get(f"/p/{case.code}").text
    assert "禁止参加政府采购活动决定公告" in shown
    assert "禁止参加政府采购活动至" in site.bidder().get("/me/messages").text
    assert "Ban from government procurement" in two.get(f"{place}?lang=en").text
    for person in (site.bidder(), site.tenderer, site.someone(Role.SOCIAL_SUPERVISOR, name="social")):
        for path in (f"{place}/ban", "/supervise/bans/1/order", "/supervise/bans/1/drop"):
            assert person.post(path).status_code == 403
    assert one.post("/supervise/bans/999/order").status_code == 404 and one.post("/supervise/bans/999/drop").status_code == 404


def test_without_invented_facts_there_is_no_such_form(site: Site) -> None:
    _case, place = false(site, fabricated=False)
    one = supervisor(site)
    assert "提出禁止" not in one.get(place).text
    assert one.post(f"{place}/ban", data={"ban-months": "12", "ban-text": "x"}).status_code == 409
    assert one.post("/supervise/complaints/999/ban", data={}).status_code == 404


def test_questions_at_once_are_declared_and_shown(site: Site) -> None:
    case = site.a_case("register", "announce", **BUYING)
    place = f"/projects/{case.project_id}/objections"
    assert "一次性提出质疑" in site.tenderer.get(place).text
    for wrong in ({}, {"clause": " "}, {"clause": "x" * 201}, {"clause": "a\u202eb"}):
        assert site.tenderer.post(f"{place}/at-once", data=wrong).status_code == 422
    stranger = site.someone(Role.TENDERER, site.prepared.companies[4].id)
    assert stranger.post(f"{place}/at-once", data={"clause": "第二章"}).status_code == 404
    for _ in range(2):
        assert site.tenderer.post(f"{place}/at-once", data={"clause": "第二章 14.3"}).status_code == 302
    assert site.tenderer.post(f"{place}/at-once", data={"clause": "另一条"}).status_code == 422
    assert "第二章 14.3" in site.bidder().get(objections(case)).text
    own = raised(site, case, form="question")
    answer = site.bidder().post(objections(case), data=GOOD | {"form": "question", "points": "又一项"})
    assert answer.status_code == 422 and "第二章 14.3" in answer.text and "ob.one_time" in answer.text
    assert raised(site, case, form="question") == own
    works = site.a_case("register", "announce")
    page = f"/projects/{works.project_id}/objections"
    assert "一次性提出质疑" not in site.tenderer.get(page).text
    assert site.tenderer.post(f"{page}/at-once", data={"clause": "x"}).status_code == 422


@pytest.mark.parametrize("plan", [{}, BUYING])
def test_said_in_the_hall_it_waits_for_the_tenderers_reply(site: Site, plan: dict[str, object]) -> None:
    case = site.a_case("register", "announce", "pay_deposits", "file_bids", "close", **plan)
    place = f"/hall/{case.lot_code}"
    assert site.bidder().post(f"{place}/say", data={"text": " "}).status_code in (409, 422)
    assert site.bidder().post(f"{place}/say", data={"text": "现场有异议"}).status_code == 302
    assert "现场有异议" in site.client().get(place).text
    assert "现场有异议" in site.tenderer.get(f"/projects/{case.project_id}/objections").text
    assert "现场有异议" in site.bidder().get("/me/objections/1").text
    host = site.someone(Role.HOST, name="host")
    assert host.post(f"{place}/say", data={"text": "请大家保持安静"}).status_code == 302
    assert "请大家保持安静" not in site.tenderer.get(f"/projects/{case.project_id}/objections").text
    assert site.bidder(4).post(f"{place}/say", data={"text": "未投标"}).status_code == 404

"""Repeals and corrected years on their pages: two people, the effect beside the proposal, nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.services.test_lawbook import SOURCE
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.law import calendar, rules

REPEAL = "/law/changes/repeal?key=ob.document"
GOOD = {"place": "CN|works-invited works-open", "start": "2026-04-01", "article": "国务院令第1号", "reason": "条例修订", "source": SOURCE}


@pytest.fixture(autouse=True)
def law_as_packaged() -> Iterator[None]:
    yield
    rules.use(None)
    calendar.use(())


@pytest.fixture
def two(site: Site) -> tuple[FlaskClient, FlaskClient]:
    return site.someone(Role.SUPERVISOR, name="one"), site.someone(Role.SUPERVISOR, name="two")


def test_two_supervisors_repeal_a_rule(site: Site) -> None:
    case = site.a_case("register", "announce")
    one, other = site.someone(Role.SUPERVISOR, name="one"), site.someone(Role.SUPERVISOR, name="two")
    assert REPEAL in one.get("/law/ob.document").text and REPEAL not in site.client().get("/law/ob.document").text
    assert "废止一条规则" in one.get(REPEAL).text
    answer = one.post(REPEAL, data=GOOD)
    assert answer.status_code == 302
    place = answer.location
    page = other.get(place).text
    assert case.lot_code in page, "its deadline is still to come, so the repeal reaches it"
    assert "没有规则，用到它的步骤会被拒绝" in page and "国务院令第1号" in page and f"{place}/approve" in page
    assert "等待另一人批准" in other.get("/me/messages").text and place in other.get("/me/messages").text
    assert one.post(f"{place}/approve").status_code == 403
    assert other.post(f"{place}/approve").status_code == 302 and other.post(f"{place}/approve").status_code == 409
    assert "已获批准" in one.get("/me/messages").text
    shown = site.client().get("/law/ob.document").text
    assert "2026年3月31日" in shown and "条例修订" in shown
    assert "Repeal of ob.document" in other.get(f"{place}?lang=en").text
    assert "废止" in other.get("/law/changes?lang=zh").text
    site.at = site.at.replace(month=5)
    assert one.get(REPEAL).status_code in (302, 404), "signed out by then, or nothing left to repeal"


@pytest.mark.parametrize("changes", [
    {"place": ""}, {"place": "CN|inquiry"}, {"place": "‮"}, {"start": ""}, {"start": "2026-02-30"}, {"start": "2026-03-01"}, {"start": "0001-01-01"},
    {"article": ""}, {"article": "x" * 501}, {"article": "\x00"}, {"reason": " "}, {"source": ""}, {"reason": "x" * 2001}])
def test_a_faulty_repeal_is_told(site: Site, two: tuple[FlaskClient, FlaskClient], changes: dict[str, str]) -> None:
    answer = two[0].post(REPEAL, data=GOOD | changes)
    assert answer.status_code == 422 and "请先更正以下内容" in answer.text
    assert "没有等待批准的提案" in two[0].get("/law/changes").text


def test_what_may_not_be_repealed_and_what_is_not_there(site: Site, two: tuple[FlaskClient, FlaskClient]) -> None:
    one, _other = two
    for path in ("/law/changes/repeal", "/law/changes/repeal?key=ct.none", "/law/changes/repeal?key=%00", "/law/changes/repeal?key=" + "x" * 3000):
        assert one.get(path).status_code == 404 and one.post(path, data=GOOD).status_code == 404
    rule = rules.book().by_key["t.roll"][0]
    answer = one.post("/law/changes/repeal?key=t.roll", data=GOOD | {"place": f"{rule.region}|{' '.join(rule.procedures)}"})
    assert answer.status_code == 422 and "不能废止" in answer.text
    for person in (site.bidder(), site.tenderer, site.someone(Role.ADMINISTRATOR, name="admin")):
        assert person.get(REPEAL).status_code == 403 and person.post(REPEAL, data=GOOD).status_code == 403
        assert person.get("/law/changes/calendar/2026").status_code == 403 and person.post("/law/changes/calendar/2026").status_code == 403


def test_two_supervisors_correct_a_year(site: Site, two: tuple[FlaskClient, FlaskClient]) -> None:
    one, other = two
    old, place = calendar.notice(2026), "/law/changes/calendar/2026"
    assert place in one.get("/law/calendar").text and place not in site.client().get("/law/calendar").text
    page = one.get(place).text
    assert "2026-10-01" in page and "更正 2026 年" in page
    off, work = "、".join(map(str, sorted(old.off))), "、".join(map(str, sorted(old.work)))
    good = {"off": off + "、2026-03-09", "work": work, "reason": "录入有误", "source": SOURCE}
    for wrong in ({}, good | {"off": off}, good | {"reason": ""}, good | {"source": "x"}, good | {"off": off + "、2027-01-01"},
                  good | {"work": work + "、2026-03-10"}, good | {"off": "NaN"}):
        assert one.post(place, data=wrong).status_code == 422, wrong
    answer = one.post(place, data=good)
    assert answer.status_code == 302
    shown = other.get(answer.location).text
    assert "改为放假" in shown and "2026年3月9日" in shown and "被更正的一版" in shown
    assert one.post(f"{answer.location}/approve").status_code == 403
    assert other.post(f"{answer.location}/approve").status_code == 302
    assert "2026年3月9日" in site.client().get("/law/calendar").text
    assert other.get(answer.location).status_code == 200
    for path in ("/law/changes/calendar/1999", "/law/changes/calendar/2050", "/law/changes/calendar/x"):
        assert one.get(path).status_code == 404 and one.post(path, data=good).status_code in (404, 405)


def test_a_stale_correction_says_what_stands_in_its_way(site: Site, two: tuple[FlaskClient, FlaskClient]) -> None:
    one, other = two
    old = calendar.notice(2026)
    off, work = "、".join(map(str, sorted(old.off))), "、".join(map(str, sorted(old.work)))
    first, second = (one.post("/law/changes/calendar/2026", data={"off": f"{off}、{day}", "work": work, "reason": "x", "source": SOURCE}).location
                     for day in ("2026-03-09", "2026-03-10"))
    assert other.post(f"{first}/approve").status_code == 302
    page = other.get(second).text
    assert "已经更正过" in page and f"{second}/approve" not in page
    assert other.post(f"{second}/approve").status_code in (409, 422)

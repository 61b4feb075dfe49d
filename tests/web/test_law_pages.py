"""The law as data on its pages: everybody reads it, two supervisors change it, nothing unsound is taken in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.services.test_lawbook import OFF, SOURCE, WORK, row
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.database import transaction
from trading.law import calendar, rules
from trading.law.rule import Status
from trading.law.tables import in_force
from trading.lawbook import queries

ON = date(2026, 11, 22)
NEW, YEAR = "/law/changes/new", "/law/changes/calendar"


@pytest.fixture(autouse=True)
def law_as_packaged() -> Iterator[None]:
    yield
    rules.use(None)
    calendar.use(())


@pytest.fixture
def two(site: Site) -> tuple[FlaskClient, FlaskClient]:
    return site.someone(Role.SUPERVISOR, name="one"), site.someone(Role.SUPERVISOR, name="two")


def proposal(rows: str, **changes: str) -> dict[str, str]:
    return {"rows": rows, "reason": "法律修订", "source": "主席令第1号"} | changes


def asked(client: FlaskClient, rows: str) -> str:
    answer = client.post(NEW, data=proposal(rows))
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


# --- reading ----------------------------------------------------------------------------------------


def test_the_table_shows_what_is_in_force_and_what_a_lawyer_must_confirm(site: Site) -> None:
    entries = in_force(rules.book(), on=ON, region="重庆", family="works")
    page = site.client().get("/law?on=2026-11-22&region=重庆&family=works").text
    open_rows = sum(entry.rule.status is not Status.VERIFIED for entry in entries)
    assert page.count("<tr>") == len(entries) + 1 and 0 < open_rows < len(entries)
    assert f"共 {len(entries)} 条" in page and f"其中 {open_rows} 条仍待法律人员确认" in page
    for entry in entries:
        assert f'href="/law/{entry.rule.key}"' in page
    assert "重庆市招标投标条例 第35条" in page and "不超过 5 个工作日" in page
    confirm = site.client().get("/law?on=2026-11-22&region=CN-50&family=works&status=open").text
    assert confirm.count("<tr>") == open_rows + 1


def test_filters_narrow_the_table(site: Site) -> None:
    client = site.client()

    def count(query: str) -> int:
        return client.get(f"/law?on=2026-11-22&{query}").text.count("<tr>") - 1

    assert count("q=ct.bid_period") == 1
    assert count("q=第24条 截止&family=works") == 1 and count("q=第24条 没有这个词") == -1
    statuses = [count(f"status={name}") for name in Status]
    assert min(statuses) > 0 and sum(statuses) == count("") and statuses[1] + statuses[2] == count("status=open")
    assert 0 < count("procedure=inquiry") < count("family=procurement") < count("")
    assert 0 < count("family=deposits") < count("")
    assert "没有符合条件的规则" in client.get("/law?q=zzz").text


@pytest.mark.parametrize("query", ["on=2026-02-30", "on=x", "region=Atlantis", "family=weather", "procedure=lottery", "status=X",
                                   "on=%00&region=%ff"])
@pytest.mark.parametrize("page", ["/law", "/law.csv", "/law/compare"])
def test_an_address_that_cannot_be_read_is_refused(site: Site, page: str, query: str) -> None:
    assert site.client().get(f"{page}?{query}").status_code == 422


@pytest.mark.parametrize("query", ["other_on=x", "other_region=Atlantis"])
def test_the_other_side_is_read_as_strictly(site: Site, query: str) -> None:
    assert site.client().get(f"/law/compare?{query}").status_code == 422
    assert site.client().get(f"/law/procedures?{query.removeprefix('other_')}").status_code == 422


def test_the_csv_holds_the_same_rows(site: Site) -> None:
    answer = site.client().get("/law.csv?on=2026-11-22&region=重庆&family=works")
    assert answer.mimetype == "text/csv" and 'filename="law-CN-50-2026-11-22.csv"' in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    entries = in_force(rules.book(), on=ON, region="重庆", family="works")
    assert [line["key"] for line in lines] == [entry.rule.key for entry in entries]
    found = next(line for line in lines if line["key"] == "ct.contract_file")
    assert (found["value"], found["unit"], found["region"], found["article"], found["status"]) == (
        "7", "working_day", "CN-50", "重庆市招标投标条例 第36条", "V")
    assert not [cell for line in lines for cell in line.values() if cell[:1] in "=+-@" and cell]


def test_a_formula_in_a_note_is_no_formula_in_the_csv(site: Site, two: tuple[FlaskClient, FlaskClient]) -> None:
    place = asked(two[0], row(note="=HYPERLINK(1)", from_=date(2026, 3, 2)))
    two[1].post(f"{place}/approve")
    lines = list(csv.DictReader(io.StringIO(site.client().get("/law.csv?q=ct.bid_period").text.removeprefix("\ufeff"))))
    assert [line["note"] for line in lines] == ["'=HYPERLINK(1)"]


def test_one_rule_shows_all_regions_and_dates(site: Site) -> None:
    page = site.client().get("/law/ct.award_notice").text
    assert "重庆市招标投标条例 第35条" in page and "没有在平台上修改过" in page
    assert page.count("<tr>") - 1 == len(rules.book().by_key["ct.award_notice"])
    assert site.client().get("/law/ct.nothing").status_code == 404


def test_two_dates_and_two_regions_are_compared(site: Site) -> None:
    client = site.client()
    regions = client.get("/law/compare?on=2026-11-22&region=CN&other_region=重庆&family=works").text
    assert "ct.contract_file" in regions and "没有规则" in regions and "数值不同" in regions
    dates = client.get("/law/compare?on=2026-01-31&other_on=2026-02-01&region=CN").text
    assert "ev.low_rate_max" in dates and "ct.contract_file" not in dates
    assert "请选择另一个日期" in client.get("/law/compare?on=2026-01-31").text
    assert "两边没有不同" in client.get("/law/compare?on=2026-11-22&other_on=2026-11-23&family=works").text


def test_procedures_are_rows_with_the_figures_of_a_region(site: Site) -> None:
    page = site.client().get("/law/procedures?on=2026-11-22").text
    invited = re.search(r'<tr id="works-open">(.*?)</tr>', page, re.DOTALL)[1]
    assert "不少于 20 日" in invited and "平台可办理" in invited and "候选人公示" in invited and "不开标，流标" in invited
    land = re.search(r'<tr id="land-auction">(.*?)</tr>', page, re.DOTALL)[1]
    assert "平台可办理" in land and "现场竞价" in land and "平台尚不办理" not in page


@pytest.mark.parametrize("path", ["/law", "/law/ct.bid_period", "/law/compare?other_region=重庆", "/law/procedures", "/law/calendar"])
def test_public_pages_read_in_both_languages(site: Site, path: str) -> None:
    client = site.client()
    assert "法规参数" in client.get(path).text
    english = client.get(f"{path}{'&' if '?' in path else '?'}lang=en").text
    main = re.search(r"<main.*?</main>", english, re.DOTALL)[0]
    # Articles are quoted as they are called; every heading and label is translated.
    for said in re.findall(r"<(?:h1|h2|th|label|button|caption)[^>]*>(.*?)</", main, re.DOTALL):
        assert not re.search(r"[一-鿿]", said), said


def test_the_pages_are_found(site: Site) -> None:
    assert 'href="/law"' in site.client().get("/").text
    assert 'href="/law/changes"' in site.someone(Role.SUPERVISOR).get("/me").text
    assert 'href="/law/changes"' in site.someone(Role.SUPERVISOR).get("/supervise").text
    assert 'href="/law/changes"' not in site.someone(Role.SOCIAL_SUPERVISOR).get("/supervise").text


def test_the_process_answers_that_it_lives_without_its_tables(site: Site) -> None:
    with site.inside():
        with transaction() as session:
            session.execute(text("DROP TABLE rule_change"))
    site.app.extensions["mingtang"]["law"].looked = float("-inf")
    assert site.client().get("/healthz").status_code == 200
    assert site.client().get("/law").status_code == 500


# --- changing ------------------------------------------------------------------------------------------


def test_two_supervisors_change_a_figure(site: Site) -> None:
    announced, waiting = site.a_case("register", "announce"), site.a_case("register")
    one, other = site.someone(Role.SUPERVISOR, name="one"), site.someone(Role.SUPERVISOR, name="two")
    start = one.get(f"{NEW}?key=ct.bid_period").text
    assert "第24条" in start and "JP-08203" not in start
    place = asked(one, row(value=25, from_=date(2026, 4, 1)))
    mine, theirs = one.get(place).text, other.get(place).text
    assert f"{place}/approve" not in mine and f"{place}/withdraw" in mine
    assert f"{place}/approve" in theirs and f"{place}/withdraw" not in theirs
    assert "不少于 20 日" in theirs and "不少于 25 日" in theirs
    assert f"/supervise/{waiting.lot_code}" in theirs and f"/supervise/{announced.lot_code}" not in theirs
    assert place in one.get("/law/changes").text
    assert one.post(f"{place}/approve").status_code == 403
    assert other.post(f"{place}/withdraw").status_code == 403
    assert "主席令第1号" not in site.client().get("/law/ct.bid_period").text, "a proposal is no law"
    assert other.post(f"{place}/approve").status_code == 302
    assert other.post(f"{place}/approve").status_code == 409
    assert other.post(f"{place}/refuse", data={"decision": "晚了"}).status_code == 409
    history = site.client().get("/law/ct.bid_period").text
    assert all(text in history for text in ("不少于 25 日", "尚未施行", "主席令第1号", "one 于", "two 于", "批准"))
    assert "不少于 25 日" in site.client().get("/law?q=ct.bid_period&on=2026-04-01").text
    assert "不少于 20 日" in site.client().get("/law?q=ct.bid_period&on=2026-03-31").text
    assert "已批准" in one.get(place).text


def test_a_proposal_is_refused_with_a_reason_or_withdrawn(site: Site, two: tuple[FlaskClient, FlaskClient]) -> None:
    one, other = two
    place = asked(one, row())
    assert other.post(f"{place}/refuse", data={"decision": " "}).status_code == 422
    assert other.post(f"{place}/refuse", data={"decision": "文号有误"}).status_code == 302
    assert "文号有误" in one.get(place).text and "未获批准" in one.get("/law/changes").text
    again = asked(one, row())
    assert one.post(NEW, data=proposal(row())).status_code == 422
    assert one.post(f"{again}/withdraw").status_code == 302
    assert "已撤回" in one.get(again).text
    assert other.get("/law/changes/99999").status_code == 404 == other.post("/law/changes/99999/approve").status_code


def test_an_obstacle_is_shown_before_somebody_approves(site: Site) -> None:
    place = asked(site.someone(Role.SUPERVISOR, name="one"), row(from_=date(2026, 3, 3)))
    site.at += timedelta(days=2)
    other = site.someone(Role.SUPERVISOR, name="two")
    page = other.get(place).text
    assert "现在不能批准" in page and f"{place}/approve" not in page
    assert other.post(f"{place}/approve").status_code == 422


def test_only_supervisors_change_the_law(site: Site) -> None:
    for role in set(Role) - {Role.SUPERVISOR}:
        client = site.someone(role)
        for path in ("/law/changes", NEW, YEAR, "/law/changes/1"):
            assert client.get(path).status_code == 403, (role, path)
        for path in (NEW, YEAR, "/law/changes/1/approve", "/law/changes/1/refuse", "/law/changes/1/withdraw"):
            assert client.post(path, data=proposal(row())).status_code == 403, (role, path)
    assert "/login" in site.client().get("/law/changes").headers["Location"]


LOW = {"key": "ev.low_mean", "family": "evaluation", "procedures": ["procurement-open"], "unit": "ratio", "sense": "less_than",
       "event": "evaluation"}


@pytest.mark.parametrize(("rows", "said"), [
    (row(value=26) + row(value=27), ["ct.bid_period", "重叠"]),
    (row(unit="week"), ["ct.bid_period", "单位", "week"]),
    (row(article=""), ["ct.bid_period", "条文"]),
    (row(without=["article"]), ["ct.bid_period", "条文"]),
    (row(without=["zh"]), ["ct.bid_period", "zh"]),
    (row(surprise=1), ["surprise"]),
    (row(region="CN-99"), ["CN-99", "未登记"]),
    (row(procedures=["lottery"]), ["lottery"]),
    (row(to=date(2026, 3, 31)), ["失效日"]),
    (row(to=date(2026, 12, 31)), ["没有规则可用", "2027年1月1日"]),
    (row(without=["from"]), ["ct.bid_period"]),
    (row(from_="2026-04-01"), ["不是日期"]),
    (row(from_=date(2026, 3, 1)), ["早于今天", "2026年3月1日"]),
    (row(region="CN-50", value=19), ["突破了全国", "招标投标法 第24条"]),
    (row(key="ct.no_signup", value=False, unit="flag", event="notice", without=["sense"]), ["下载文件前"]),
    (row(key="gp.no_signup", family="procurement", procedures=["*"], value=False, unit="flag", event="notice", without=["sense"]),
     ["下载文件前"]),
    (row(value="0.651", **LOW), ["高于上限"]),
    (row(value=25, unit="fen"), ["unit", "不能改成"]),
    (row(sense="at_most"), ["sense", "不能改成"]),
    (row(family="procurement"), ["family", "不能改成"]),
    (row(key="zz.new", family="weather"), ["family"]),
    (row(value=20, article="招标投标法 第24条"), ["完全相同"]),
    (row(value=2.5), ["不符"]),
    (row(value=-1), ["不符"]),
    (row(value=10**16), ["不符"]),
    (row(value="1e9999999", unit="ratio"), ["不符"]),
    (row(value=[1]), ["不符"]),
    (row(procedures=[["works-open"]]), ["procedures"]),
    (row(unit=["day"]), ["unit"]),
    (row(region=5), ["region"]),
    (row(multiple="yes"), ["multiple"]),
    ("rule = 3", ["[[rule]]"]), ("rule = [1]", ["[[rule]]"]), ("defaults = 1\n" + row(), ["[[rule]]"]), ("# nothing", ["[[rule]]"]),
    ("x" * 20_001, ["20000"]), ("[[rule]]\nkey = ", ["无法读取"]), ("a = " + "[" * 5000, ["无法读取"]), ("value = " + "9" * 5000, ["无法读取"]),
    (row() + '[[region]]\ncode = "CN-99"\nzh = "x"\nen = "x"\nparent = "CN-99"\n', ["region"]),
    ("[[rule]]\n" * 101, ["[[rule]]"]), ("", ["请写出"]), (" \n ", ["请写出"])])
def test_an_unsound_change_is_refused_at_entry_and_not_kept(site: Site, rows: str, said: list[str]) -> None:
    one = site.someone(Role.SUPERVISOR)
    answer = one.post(NEW, data=proposal(rows))
    assert answer.status_code == 422
    error = re.search(r'id="rows-error"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert error, answer.text
    assert not [text for text in said if text not in error[1]], error[1]
    assert "法律修订" in answer.text, "what was typed stays"
    english = one.post(f"{NEW}?lang=en", data=proposal(rows)).text
    told = re.search(r'id="rows-error"[^>]*>(.*?)</p>', english, re.DOTALL)[1]
    assert told.strip() and told != error[1]
    with site.inside():
        assert queries.waiting() == []


@pytest.mark.parametrize(("field", "typed"), [("reason", ""), ("source", " "), ("reason", "x" * 2001), ("source", "x" * 501),
                                             ("source", "a\nb"), ("reason", "\u202e")])
def test_reason_and_source_are_needed(site: Site, field: str, typed: str) -> None:
    answer = site.someone(Role.SUPERVISOR).post(NEW, data=proposal(row(), **{field: typed}))
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    with site.inside():
        assert queries.waiting() == []


# --- days off -------------------------------------------------------------------------------------------


def year(**changes: Any) -> dict[str, str]:
    return {"year": "2027", "off": "、".join(map(str, OFF)), "work": "\n".join(map(str, WORK)), "source": SOURCE} | changes


def test_a_new_year_is_laid_in_by_two_people(site: Site, two: tuple[FlaskClient, FlaskClient]) -> None:
    one, other = two
    spans = "2027-01-01 至 2027-01-03，2027-02-05..2027-02-12\n2027-04-05 2027-05-01～2027-05-05、2027-06-09;2027-10-01—2027-10-07"
    answer = one.post(YEAR, data=year(off=spans))
    place = answer.headers["Location"]
    page = other.get(place).text
    assert "2027年2月12日" in page and "2027年10月9日" in page and f"{place}/approve" in page
    assert "2004 至 2026 年" in site.client().get("/law/calendar").text
    assert one.post(f"{place}/approve").status_code == 403
    assert other.post(f"{place}/approve").status_code == 302
    assert "2004 至 2027 年" in site.client().get("/law/calendar").text and SOURCE in site.client().get("/law/calendar").text
    assert calendar.notice(2027).off == frozenset(OFF) and calendar.notice(2027).work == frozenset(WORK)
    assert one.post(YEAR, data=year()).status_code == 422


@pytest.mark.parametrize(("changes", "field", "said"), [
    ({"year": "2026"}, "year", "已经载入"), ({"year": "1999"}, "year", "2000"), ({"year": "next"}, "year", "next"), ({"year": ""}, "year", ""),
    ({"off": "2027-13-01"}, "off", "2027-13-01"), ({"off": ""}, "off", "请列出"), ({"off": "2027-01-01"}, "off", "2027年10月1日"),
    ({"off": "2027-01-03 至 2027-01-01"}, "off", "颠倒"), ({"off": "2027-01-01 至 2027-12-31"}, "off", "超过一个月"),
    ({"off": "2027-01-01..0001-01-01"}, "off", "颠倒"), ({"off": "、".join(map(str, OFF)) + "、2028-01-01"}, "off", "2028年1月1日"),
    ({"work": "2026-12-27"}, "work", "2026年12月27日"), ({"work": "2027-01-02"}, "work", "既放假又上班"),
    ({"work": "2027-02-15"}, "work", "周六、周日"), ({"source": "文件"}, "source", "http"), ({"source": "javascript:alert(1)"}, "source", "http")])
def test_a_faulty_year_is_refused_at_its_field(site: Site, changes: dict[str, str], field: str, said: str) -> None:
    answer = site.someone(Role.SUPERVISOR).post(YEAR, data=year(**changes))
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-error"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert error and said in error[1], answer.text
    with site.inside():
        assert queries.waiting() == []

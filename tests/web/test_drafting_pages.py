"""The editor of tender documents: filled from the case, checked at each field, previewed, fixed, closed by the notice."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from tests.web.conftest import Site
from tests.web.test_notice_pages import GOOD as NOTICE
from tests.web.test_registration_pages import draft
from trading.accounts.permissions import Role
from trading.base import installation
from trading.drafting import queries, service
from trading.projects import queries as project_queries

SCORED_LOT = {"name": "一标段", "estimate": "1,000,000.00", "ceiling": "95万", "deposit": "2万", "qualifications": "具备市政公用工程施工总承包资质",
              "kind": "works_comprehensive", "price_points": "60", "factors-0-name": "施工组织设计", "factors-0-most": "25",
              "factors-1-name": "项目团队", "factors-1-most": "15"}
GOODS_LOT = {"name": "第一包", "estimate": "100万", "ceiling": "95万", "deposit": "2万", "qualifications": "具有履行合同的能力",
             "kind": "procurement_comprehensive", "price_points": "30", "factors-0-name": "技术响应", "factors-0-most": "70"}
GOOD: dict[str, Any] = {
    "title": "青石路改造工程", "scope": "道路改造", "place": "清河县", "doc_from": "2026-03-02 11:00", "doc_to": "2026-03-09 17:00",
    "deadline": "2026-03-25 10:00", "conditions": "", "doc_fee": "", "period": "180 日", "quality": "合格", "validity_days": "90",
    "consortium": "accepted", "lot1_ceiling": "95万", "lot1_floor": "", "lot1_qualification": "具备市政公用工程施工总承包资质",
    "lot1_price_points": "60", "lot1_factors": "施工组织设计 25\n项目团队 15", "lot1_bond": "2万",
    "bond_forms": ["transfer", "guarantee"], "bond_days": "90", "performance": "10", "contract_days": "30", "payment": "按月支付",
    "terms": "按约定履行", "technical": "符合城镇道路标准", "extra_forms": "", "act": "save"}
GOODS = GOOD | {"lot1_qualification": "具有履行合同的能力", "lot1_price_points": "30", "lot1_factors": "技术响应 70", "small_firms": "10",
                "low_mean": "50", "low_second": "50", "low_ceiling": "45"}


def works(site: Site) -> int:
    return begun(site, "works-open", "construction", SCORED_LOT)


def goods(site: Site) -> int:
    return begun(site, "procurement-open", "goods", GOODS_LOT)


def begun(site: Site, procedure: str, category: str, lot: dict[str, str]) -> int:
    number = draft(site.tenderer, procedure=procedure, category=category)
    assert site.tenderer.post(f"/projects/{number}/lots/new", data=lot).status_code == 302
    return number


def save(site: Site, number: int, data: dict[str, Any]) -> Any:
    return site.tenderer.post(f"/projects/{number}/document", data=data)


def page(site: Site, number: int, data: dict[str, Any]) -> str:
    answer = save(site, number, data)
    assert answer.status_code == 302, answer.text
    found = site.tenderer.get(f"/projects/{number}/document")
    assert found.status_code == 200
    return found.text


def seen(site: Site, number: int) -> str:
    match = re.search(r'name="seen" value="(\w+)"', site.tenderer.get(f"/projects/{number}/document/preview").text)
    return match.group(1) if match else ""


def wrong_fields(text: str) -> set[str]:
    return set(re.findall(r'id="(\w+)-error"', text))


def test_the_editor_begins_with_the_case_and_the_law(site: Site) -> None:
    number = works(site)
    assert f'href="/projects/{number}/document"' in site.tenderer.get(f"/projects/{number}").text
    text = site.tenderer.get(f"/projects/{number}/document").text
    for held in ("青石路改造工程", "950,000.00", "20,000.00", "施工组织设计 25", 'value="60"', "具备市政公用工程施工总承包资质", 'value="30"'):
        assert held in text, held
    assert wrong_fields(text) == set() and "没有不符" in text and "付款方式" in text
    assert "招标投标法 第24条" in text and 'href="/law/ct.bid_period"' in text


@pytest.mark.parametrize("kind", ["works", "goods"])
def test_a_document_is_written_previewed_fixed_and_downloaded(site: Site, kind: str) -> None:
    number, data = (works(site), GOOD) if kind == "works" else (goods(site), GOODS)
    text = page(site, number, data)
    assert wrong_fields(text) == set(), text
    preview = site.tenderer.get(f"/projects/{number}/document/preview").text
    assert "须知前附表" in preview and "内容齐全，没有不符" in preview and "玖拾伍万元整" in preview
    mark = seen(site, number)
    fixed = site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": mark})
    assert fixed.status_code == 302, fixed.text
    after = site.tenderer.get(fixed.location).text
    assert "第 1 版，已定稿" in after
    with site.inside():
        project, document = project_queries.get(number), queries.fixed(number)
        assert document and document.print and document.data and len(document.sha256) == 64
        assert document.sha256 == document.data.sha256
        kinds = {item.name: item.kind for item in project.files}
        assert sorted(kinds.values()) == ["other", "tender_document", "tender_document"]
        data_file = json.loads(installation.files().read(document.data.stored))
        assert data_file["entries"]["lot1_ceiling"] == 95_000_000 and data_file["sections"][0]["paragraphs"]
        assert "clues" not in data_file
        printed = document.print.id
    got = site.tenderer.get(f"/projects/{number}/files/{printed}")
    assert got.status_code == 200 and got.data.startswith(b"%PDF")
    assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": mark}).status_code == 302, "sent twice, fixed once"
    assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": "0"}).status_code == 422
    for language in ("zh", "en"):
        for place in ("", "/preview"):
            assert site.tenderer.get(f"/projects/{number}/document{place}?lang={language}").status_code == 200


BREACHES = [
    ({"lot1_bond": "20000.01"}, "lot1_bond", "招标投标法实施条例 第26条"),
    ({"lot1_qualification": "具备资质\n仅限本市注册企业"}, "lot1_qualification", "第32条"),
    ({"lot1_qualification": "四川省内注册的企业"}, "lot1_qualification", "第32条"),
    ({"lot1_qualification": "在 本\u200b市 设 有 分公司"}, "lot1_qualification", "第32条"),
    ({"lot1_factors": "施工组织设计 25\n本市获奖 15"}, "lot1_factors", "第32条"),
    ({"conditions": "现场报名"}, "conditions", "第20条"),
    ({"doc_fee": "0.01"}, "doc_fee", "第16条"),
    ({"performance": "10.01"}, "performance", "第58条"),
    ({"lot1_floor": "80万"}, "lot1_floor", "第27条"),
    ({"lot1_ceiling": ""}, "lot1_ceiling", "第27条"),
    ({"bond_days": "60"}, "bond_days", "第25条"),
    ({"bond_forms": ["transfer"]}, "bond_forms", "第13条"),
    ({"contract_days": "31"}, "contract_days", "第46条"),
    ({"doc_to": "2026-03-06 17:00"}, "doc_to", "第16条"),
    ({"deadline": "2026-03-20 10:00"}, "deadline", "第24条"),
    ({"doc_from": "2026-03-01 10:00"}, "doc_from", "早于公告发布日"),
    ({"lot1_price_points": "50"}, "lot1_price_points", "应当一致"),
    ({"lot1_ceiling": "96万"}, "lot1_ceiling", "应当一致"),
    ({"lot1_bond": "1万"}, "lot1_bond", "应当一致"),
    ({"lot1_factors": "施工组织设计 25"}, "lot1_factors", "100"),
    ({"lot1_factors": "施工组织设计"}, "lot1_factors", "看不出分值")]
BUYING = [
    ({"lot1_qualification": "注册资本不得低于500万元"}, "lot1_qualification", "第17条"),
    ({"lot1_qualification": "上年度营业收入一亿元以上"}, "lot1_qualification", "第17条"),
    ({"lot1_qualification": "员工人数不少于 50 人"}, "lot1_qualification", "第17条"),
    ({"lot1_factors": "注册资本 70"}, "lot1_factors", "第17条"),
    ({"lot1_ceiling": ""}, "lot1_ceiling", "第30条"),
    ({"lot1_floor": "1"}, "lot1_floor", "第30条"),
    ({"low_mean": "65.01"}, "low_mean", "财库〔2026〕2号"),
    ({"low_ceiling": "44.99"}, "low_ceiling", "财库〔2026〕2号"),
    ({"small_firms": "9.99"}, "small_firms", "财库〔2022〕19号"),
    ({"small_firms": "20.01"}, "small_firms", "财库〔2022〕19号"),
    ({"bond_forms": ["transfer", "guarantee", "cash"]}, "bond_forms", "第33条"),
    ({"lot1_price_points": "29.99"}, "lot1_price_points", "第55条")]


def test_every_breach_of_works_is_shown_at_its_field_kept_and_never_fixed(site: Site) -> None:
    number = works(site)
    assert not [lost for breach in BREACHES if (lost := unseen(site, number, GOOD, *breach))]


def test_every_breach_of_a_procurement(site: Site) -> None:
    number = goods(site)
    assert not [lost for breach in BUYING if (lost := unseen(site, number, GOODS, *breach))]


def unseen(site: Site, number: int, good: dict[str, Any], changes: dict[str, Any], field: str, said: str) -> str:
    """What does not go as it should for one breach; nothing when it is shown and refused."""
    text = page(site, number, good | changes)
    if field not in wrong_fields(text) or said not in text:
        return f"{changes}: not at its field, but at {wrong_fields(text)}"
    with site.inside():
        made = queries.draft(number)
        assert made
        mark = service.fingerprint(made)
    if seen(site, number):
        return f"{changes}: the page offers to fix it"
    answer = site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": mark})
    if answer.status_code != 422 or said not in answer.text:
        return f"{changes}: fixing gives {answer.status_code}"
    with site.inside():
        return f"{changes}: fixed" if queries.fixed(number) else ""


FIGURES = ["1e6", "NaN", "-1", "1_000", "∞", "٣", "0.001", "1" * 4000, "一百", "a\0b"]


@pytest.mark.parametrize("field", ["lot1_ceiling", "lot1_bond", "lot1_price_points", "performance", "validity_days", "deadline"])
def test_a_figure_that_cannot_be_read_is_told_kept_and_not_saved(site: Site, field: str) -> None:
    number = works(site)
    for figure in FIGURES:
        answer = save(site, number, GOOD | {field: figure})
        assert answer.status_code == 422 and field in wrong_fields(answer.text) and "按月支付" in answer.text, figure
    with site.inside():
        assert queries.versions(number) == []


def test_full_width_figures_are_read(site: Site) -> None:
    number = works(site)
    text = page(site, number, GOOD | {"lot1_ceiling": "９５万", "performance": "１０％", "validity_days": "９０", "bond_days": "９０"})
    assert wrong_fields(text) == set()
    assert page(site, number, GOOD | {"lot1_factors": "施工组织设计：２５分\n项目团队　１５"}).count("-error") == 0


ODD: list[dict[str, Any]] = [
    {"title": "文" * 4000}, {"title": "a\nb"}, {"title": "\u202e程工"}, {"scope": "x" * 10_001}, {"lot1_qualification": "x" * 4001},
    {"validity_days": "0"}, {"validity_days": "3651"}, {"performance": "100.01"}, {"lot1_bond": str(2**53)}, {"consortium": "perhaps"},
    {"bond_forms": ["gold"]}]


def test_what_no_document_can_hold_is_never_an_accident(site: Site) -> None:
    number = works(site)
    for changes in ODD:
        answer = save(site, number, GOOD | changes)
        assert answer.status_code == 422 and next(iter(changes)) in wrong_fields(answer.text), changes


def test_dates_beyond_the_calendar_are_a_finding(site: Site) -> None:
    number = works(site)
    text = page(site, number, GOOD | {"doc_from": "9999-12-31 10:00", "doc_to": "9999-12-31 11:00", "deadline": "9999-12-31 12:00"})
    assert "deadline" in wrong_fields(text)


def test_clues_ask_for_a_reason_and_never_block(site: Site) -> None:
    number = works(site)
    text = page(site, number, GOOD | {"technical": "路灯应当采用甲品牌"})
    assert wrong_fields(text) == set() and "甲品牌" in text
    mark = re.search(r'name="(reason_\w+)"', text)
    assert mark
    long = save(site, number, GOOD | {"technical": "路灯应当采用甲品牌", mark.group(1): "理" * 501})
    assert long.status_code == 422
    assert "还没有写明理由" in site.tenderer.get(f"/projects/{number}/document/preview").text
    kept = page(site, number, GOOD | {"technical": "路灯应当采用甲品牌", mark.group(1): "与既有路灯配套"})
    assert "与既有路灯配套" in kept
    assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": seen(site, number)}).status_code == 302
    with site.inside():
        project = project_queries.get(number)
        record = next(item for item in project.files if item.kind == "other")
        assert "与既有路灯配套" in installation.files().read(record.stored).decode()
        document = queries.fixed(number)
        assert document and document.data
        assert "与既有路灯配套" not in installation.files().read(document.data.stored).decode()


def test_what_was_not_seen_is_not_fixed(site: Site) -> None:
    number = works(site)
    page(site, number, GOOD)
    mark = seen(site, number)
    page(site, number, GOOD | {"payment": "一次付清"})
    assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": mark}).status_code == 422
    assert site.tenderer.post(f"/projects/{number}/document/fix").status_code == 422
    assert "之后有改动" in site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": "x" * 4000}).text


def test_an_incomplete_draft_names_all_that_is_missing(site: Site) -> None:
    number = works(site)
    text = page(site, number, GOOD | {"payment": "", "technical": "", "lot1_qualification": "", "consortium": []})
    assert "4 项未填" in text
    answer = site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": ""})
    assert answer.status_code == 422 and "付款方式" in answer.text
    english = site.tenderer.post(f"/projects/{number}/document/fix?lang=en", data={"seen": ""})
    assert "Lot 1: Qualifications, Payment" in english.text


def test_a_new_version_takes_the_place_of_the_old(site: Site) -> None:
    number = works(site)
    for count in (1, 2):
        page(site, number, GOOD | {"payment": f"第 {count} 种"})
        assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": seen(site, number)}).status_code == 302
    with site.inside():
        shown = [item.name for item in project_queries.get(number).files if item.kind == "tender_document"]
        assert sorted(shown) == ["工程招标文件-第2版.json", "工程招标文件-第2版.pdf"]
    text = site.tenderer.get(f"/projects/{number}/document/preview").text
    assert "历史版本" in text and "第 2 种" in text
    assert "第 2 种" in site.tenderer.get(f"/projects/{number}/document").text


def test_nobody_elses_project_is_found(site: Site) -> None:
    number = works(site)
    page(site, number, GOOD)
    other = site.someone(Role.TENDERER, site.prepared.companies[0].id)
    for place in ("", "/preview"):
        assert other.get(f"/projects/{number}/document{place}").status_code == 404
    for place in ("", "/fix"):
        assert other.post(f"/projects/{number}/document{place}", data=GOOD).status_code == 404
        assert site.bidder().post(f"/projects/{number}/document{place}", data=GOOD).status_code == 403
    for place in ("/projects/999999/document", "/projects/999999/document/preview"):
        assert site.tenderer.get(place).status_code == 404


def test_before_there_is_a_lot_there_is_nothing_to_write(site: Site) -> None:
    number = draft(site.tenderer)
    assert site.tenderer.get(f"/projects/{number}/document").status_code == 409
    assert save(site, number, GOOD).status_code == 409
    assert site.tenderer.get(f"/projects/{number}/document/preview").status_code == 409
    assert site.tenderer.post(f"/projects/{number}/document/fix").status_code == 409


def test_after_the_notice_nothing_changes_any_more(site: Site) -> None:
    case = site.a_case("register")
    number = case.project_id
    data = {name: value for name, value in GOOD.items() if name not in ("lot1_price_points", "lot1_factors")}
    data |= {"lot1_bond": "1万", "lot1_qualification": "具备相应资质"}
    page(site, number, data)
    assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": seen(site, number)}).status_code == 302
    page(site, number, data | {"payment": "改"})
    mark = seen(site, number)
    dates = {"doc_from": "2026-03-02 11:00", "doc_to": "2026-03-09 17:00", "deadline": "2026-03-25 10:00"}
    assert site.tenderer.post(f"/projects/{number}/notice", data=NOTICE | dates | {"act": "publish"}).status_code == 302
    answer = site.tenderer.get(f"/projects/{number}/document")
    assert answer.status_code == 302 and answer.location.endswith("/preview")
    text = site.tenderer.get(answer.location).text
    assert "公告已经发布" in text and "按月支付" in text and 'name="seen"' not in text
    assert save(site, number, data).status_code == 409
    assert site.tenderer.post(f"/projects/{number}/document/fix", data={"seen": mark}).status_code == 422
    upload = site.tenderer.post(f"/projects/{number}/files", data={"kind": "tender_document", "file": (io.BytesIO(b"x"), "b.pdf")})
    assert upload.status_code == 422 and "公告已经发布" in upload.text
    public = site.client().get(f"/p/{case.code}").text
    assert "工程招标文件-第1版.pdf" in public and "条款核对" not in public


def test_dates_of_a_drafted_notice_must_agree(site: Site) -> None:
    case = site.a_case("register")
    number = case.project_id
    assert site.tenderer.post(f"/projects/{number}/notice", data=NOTICE | {"act": "save"}).status_code == 302
    assert 'value="2026-03-25 10:00"' in site.tenderer.get(f"/projects/{number}/document").text
    data = {name: value for name, value in GOOD.items() if name not in ("lot1_price_points", "lot1_factors")}
    text = page(site, number, data | {"lot1_bond": "1万", "lot1_qualification": "具备相应资质", "deadline": "2026-03-26 10:00"})
    assert wrong_fields(text) == {"deadline"} and "应当一致" in text

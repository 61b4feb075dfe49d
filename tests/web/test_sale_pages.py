"""Sales of land and property on their pages: what people type wrongly is told beside its field and nothing is lost."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.builders import PARCEL, live_lot, live_method
from tests.rules.test_land_records import GOOD
from tests.services.test_payments import sold
from tests.services.test_sales import accepted as accepted_sale
from tests.services.test_sales import moments, publish
from tests.web.conftest import Site
from tests.web.test_registration_pages import BASICS, upload
from trading.accounts.permissions import Role
from trading.announcements import queries
from trading.projects import queries as project_queries
from trading.sales import grants, parcels, records

LAND = BASICS | {"procedure": "land-listing", "category": "land", "estimate": "7000万", "name": "青地2026-07号国有建设用地使用权出让"}
LOT = {"name": "青地2026-07号", "kind": "live", "estimate": "７０００万", "ceiling": "", "deposit": "1400万", "qualifications": "境内外法人、自然人和其他组织",
       "mode": "listing", "step": "100万", "after_ceiling": "", "single_rule": "nearest_mean", "housing_step": "", "reserve": "sealed"}
FORM: dict[str, Any] = {
    **{name: str(PARCEL[name]) for name in PARCEL if isinstance(PARCEL[name], str)}, "area_m2": "２０，０００.00", "floor_fen": "7000万", "benchmark_fen": "5000",
    "valuation_fen": "7,600万", "decision_members": "７", "term_residential": "70", "term_commercial": "40"}
#: T0 is 2 March 2026, 09:00 in Beijing.
NOTICE = {"title": "出让公告", "body": "正文", "doc_from": "2026-03-02 11:00", "doc_to": "2026-04-01 17:00", "deadline": "2026-04-01 17:00",
          "opens_at": "2026-03-23 09:00", "listing_ends_at": "2026-04-02 10:00", "breaks": "2026-03-23 18:00 至 2026-03-24 09:00", "publish_at": ""}


def begun(person: FlaskClient, **changes: Any) -> int:
    answer = person.post("/projects/new", data=LAND | changes)
    assert answer.status_code == 302, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def with_lot(person: FlaskClient, lot: dict[str, Any] = LOT, **changes: Any) -> int:
    number = begun(person, **changes)
    answer = person.post(f"/projects/{number}/lots/new", data=lot)
    assert answer.status_code == 302, answer.text
    return number


def error_at(page: str, field: str) -> str:
    """What stands beside a field as its error."""
    found = re.search(rf'<p id="{re.escape(field)}-error" class="govuk-error-message">(.*?)</p>', page, re.DOTALL)
    return html.unescape(re.sub(r"<.*?>", "", found[1])).strip() if found else ""


def test_land_goes_from_its_first_page_to_the_public(site: Site) -> None:
    person = site.tenderer
    number = with_lot(person)
    page = person.get(f"/projects/{number}").text
    assert "第 1 标段：宗地" in page and f"/projects/{number}/lots/1/parcel" in page and "挂牌，限时竞价" in page
    assert "法定最高 70 年" in person.get(f"/projects/{number}/lots/1/parcel").text
    answer = person.post(f"/projects/{number}/lots/1/parcel", data=FORM)
    assert answer.status_code == 302, error_at(answer.text, "number")
    page = person.get(f"/projects/{number}").text
    assert "青地2026-07号" in page and "50,000 平方米" in page and "第 1 标段：宗地" not in page
    kept = person.get(f"/projects/{number}/lots/1/parcel").text
    assert 'value="20000.00"' in kept and 'value="70,000,000.00"' in kept
    # Changing the lot keeps its parcel.
    assert person.post(f"/projects/{number}/lots/1/edit", data=LOT | {"step": "50万"}).status_code == 302
    with site.inside():
        lot = project_queries.get(number).lots[0]
        assert parcels.of(lot.method) == parcels.read(PARCEL) and lot.method["sale"]["step_fen"] == 50_000_000 and lot.method["sale"]["reserve"] == "sealed"
    for kind in ("approval", "tender_document"):
        upload(person, number, kind, f"{kind}.pdf")
    assert "内容齐全，可以提交" in person.get(f"/projects/{number}").text
    assert person.post(f"/projects/{number}/submit").status_code == 302
    registrar = site.someone(Role.REGISTRAR)
    assert "出让最低价" in registrar.get(f"/registrations/{number}").text
    assert registrar.post(f"/registrations/{number}/accept").status_code == 302
    drafted = person.get(f"/projects/{number}/notice").text
    assert "不符" not in drafted and "挂牌开始时间" in drafted and "报名和保证金截止时间" in drafted and 'value="2026-03-23 09:00"' in drafted
    made = person.post(f"/projects/{number}/notice", data=NOTICE | {"act": "publish"})
    assert made.status_code == 302, made.text
    notice = site.client().get(made.location).text
    for said in ("宗地编号", "增价幅度", "挂牌截止", "报名和保证金截止", "停拍时段", "集体决策", "设底价"):
        assert said in notice, said
    data = site.client().get(f"{made.location}.json").get_json()
    assert data["sales"][0]["parcel"] == PARCEL and data["sales"][0]["mode"] == "listing"
    with site.inside():
        code = project_queries.get(number).code
    assert "报名和保证金截止：" in site.client().get(f"/p/{code}.ics").text
    public = site.client().get(f"/p/{code}").text
    for said in ("起始价", "70,000,000.00", "青地2026-07号", "容积率", "¥500,000.00", "¥14,000,000.00", "法定不少于 20 日", "法定不少于 10 日", "挂牌截止"):
        assert said in public, said
    english = site.client().get(f"/p/{code}?lang=en").text
    for said in ("Parcel number", "Start price", "Increment", "Bid deposit", "Listing with timed bidding", "Floor area ratio", "1 to 2.5", "Residential: 70 years"):
        assert said in english, said
    assert site.client().get("/search?q=青地2026-07号").text.count(made.location) == 1


LOT_ERRORS: list[tuple[dict[str, str], str, str]] = [
    ({"step": "0"}, "step", "增价幅度应当大于零"), ({"step": ""}, "step", "请填写增价幅度"), ({"step": "-1"}, "step", ""), ({"step": "1e9"}, "step", ""),
    ({"step": str(2**63)}, "step", ""), ({"step": "0.001"}, "step", ""), ({"estimate": "0"}, "estimate", ""), ({"estimate": "-5"}, "estimate", ""),
    ({"estimate": "1" * 4000}, "estimate", ""), ({"ceiling": "7000万", "after_ceiling": "lottery"}, "ceiling", "最高限价应当高于起始价"),
    ({"ceiling": "6999万", "after_ceiling": "lottery"}, "ceiling", "最高限价应当高于起始价"), ({"ceiling": "9000万"}, "after_ceiling", "一起填写"),
    ({"after_ceiling": "lottery"}, "after_ceiling", "一起填写"), ({"after_ceiling": "dice"}, "after_ceiling", ""), ({"mode": "auction"}, "mode", ""),
    ({"mode": "falling"}, "mode", ""), ({"mode": ""}, "mode", ""), ({"reserve": "50万"}, "reserve", ""), ({"kind": "land_highest"}, "kind", ""),
    ({"housing_step": "0", "ceiling": "9000万", "after_ceiling": "housing"}, "housing_step", "大于零"), ({"housing_step": "1e9"}, "housing_step", "整数"),
    ({"housing_step": str(2**63)}, "housing_step", "整数"), ({"single_rule": "first"}, "single_rule", ""), ({"name": ""}, "name", "")]


@pytest.mark.parametrize(("changes", "field", "said"), LOT_ERRORS)
def test_a_wrong_lot_is_told_beside_its_field(site: Site, changes: dict[str, str], field: str, said: str) -> None:
    person = site.tenderer
    number = begun(person)
    answer = person.post(f"/projects/{number}/lots/new", data=LOT | changes)
    assert answer.status_code == 422, changes
    told = error_at(answer.text, field)
    assert told and said in told, (field, told)
    assert html.escape(LOT["qualifications"]) in answer.text, "nothing is lost"
    with site.inside():
        assert not project_queries.get(number).lots


def test_full_width_digits_are_read(site: Site) -> None:
    number = with_lot(site.tenderer, LOT | {"step": "１００万", "housing_step": "２００", "ceiling": "９０００万", "after_ceiling": "housing"})
    with site.inside():
        lot = project_queries.get(number).lots[0]
        assert lot.method["sale"]["step_fen"] == 100_000_000 and lot.method["sale"]["housing_step"] == 200 and lot.estimate_fen == 7_000_000_000


PARCEL_ERRORS: list[tuple[dict[str, str], str, str]] = [
    ({"floor_fen": "7000万零1分"}, "floor_fen", ""), ({"floor_fen": "70000000.01"}, "floor_fen", "起始价"), ({"floor_fen": "69999999.99"}, "floor_fen", "基准地价"),
    ({"floor_fen": "0"}, "floor_fen", "大于零"), ({"floor_fen": ""}, "floor_fen", "请填写"), ({"floor_fen": str(2**63)}, "floor_fen", ""), ({"area_m2": "-1"}, "area_m2", "数字"),
    ({"area_m2": "1e9"}, "area_m2", "数字"), ({"area_m2": str(2**63)}, "area_m2", ""), ({"area_m2": "0"}, "area_m2", "大于零"), ({"area_m2": ""}, "area_m2", "请填写"),
    ({"term_residential": "71"}, "term_residential", "法定最高 70 年"), ({"term_commercial": "41"}, "term_commercial", "法定最高 40 年"),
    ({"term_commercial": "０"}, "term_commercial", "大于零"), ({"term_residential": "", "term_commercial": ""}, "term_residential", "请填写"),
    ({"term_residential": "永久"}, "term_residential", "数字"), ({"ratio_high": "0.5"}, "ratio_high", "下限"), ({"density_high": "101"}, "density_high", "太大"),
    ({"valuation_on": "2026-02-30"}, "valuation_on", ""), ({"decision_on": "2026-01-14"}, "decision_on", "评估之后"), ({"decision_members": "0"}, "decision_members", ""),
    ({"lon": "200"}, "lon", "经度"), ({"lat": ""}, "lat", "经度"), ({"benchmark_per": "acre"}, "benchmark_per", ""), ({"site": "x" * 300}, "site", ""),
    ({"site": "a\u202eb"}, "site", "看不见"), ({"drawings": "没有上传.pdf"}, "drawings", ""), ({"number": ""}, "number", "请填写")]


@pytest.mark.parametrize(("changes", "field", "said"), PARCEL_ERRORS)
def test_a_wrong_parcel_is_told_beside_its_field(site: Site, changes: dict[str, str], field: str, said: str) -> None:
    person = site.tenderer
    number = with_lot(person)
    answer = person.post(f"/projects/{number}/lots/1/parcel", data=FORM | changes)
    assert answer.status_code == 422, changes
    told = error_at(answer.text, field)
    assert told and said in told, (field, told)
    assert "净地交付" in answer.text, "nothing is lost"
    with site.inside():
        assert parcels.of(project_queries.get(number).lots[0].method) is None


def test_an_empty_parcel_names_every_field_at_once(site: Site) -> None:
    number = with_lot(site.tenderer)
    answer = site.tenderer.post(f"/projects/{number}/lots/1/parcel", data={})
    assert answer.status_code == 422
    for field in ("number", "site", "area_m2", "use", "floor_fen", "benchmark_fen", "valuation_fen", "valuation_on", "plan_number", "decision_on", "term_residential"):
        assert error_at(answer.text, field), field


def test_a_deposit_below_a_fifth_of_the_floor_is_told_on_both_pages(site: Site) -> None:
    person = site.tenderer
    number = with_lot(person, LOT | {"deposit": "13999999.99"})
    answer = person.post(f"/projects/{number}/lots/1/parcel", data=FORM)
    assert answer.status_code == 422 and "13,999,999.99" in error_at(answer.text, "floor_fen")
    assert person.post(f"/projects/{number}/lots/1/edit", data=LOT).status_code == 302
    assert person.post(f"/projects/{number}/lots/1/parcel", data=FORM).status_code == 302
    for changes, field in (({"deposit": "13999999.99"}, "deposit"), ({"estimate": "69999999.99"}, "estimate")):
        answer = person.post(f"/projects/{number}/lots/1/edit", data=LOT | changes)
        assert answer.status_code == 422 and "国土资发〔2010〕34号" in error_at(answer.text, field) + "国土资发〔2010〕34号" * (field == "estimate")
        assert error_at(answer.text, field)


def test_a_parcel_begins_with_a_past_grant(site: Site) -> None:
    person = site.tenderer
    number = with_lot(person)
    with site.inside():
        grants.keep(records.read(json.dumps([GOOD], ensure_ascii=False).encode()).grants, actor="t", at=site.at)
    address = f"/projects/{number}/lots/1/parcel"
    page = person.get(f"{address}?q=定兴").text
    assert "1306262018B00730" in page and "1980.80" in page and "?from=1306262018B00730" in page
    assert "没有找到" in person.get(f"{address}?q=<script>").text
    begun_with = person.get(f"{address}?from=1306262018B00730").text
    assert 'value="52928.04"' in begun_with and "定兴县开放西路北侧" in begun_with and "10,484" not in begun_with
    for odd in ("?from=x", "?from=%00", "?q=%00", "?q=" + "长" * 500):
        assert person.get(address + odd).status_code == 200


def test_a_lot_without_its_parcel_is_not_submitted(site: Site) -> None:
    number = with_lot(site.tenderer)
    for kind in ("approval", "tender_document"):
        upload(site.tenderer, number, kind, f"{kind}.pdf")
    assert site.tenderer.post(f"/projects/{number}/submit").status_code == 422


def test_only_land_has_a_parcel_and_only_its_owner_sees_it(site: Site) -> None:
    person = site.tenderer
    number = with_lot(person)
    assert person.get(f"/projects/{number}/lots/2/parcel").status_code == 404
    works = begun(person, procedure="works-open", category="construction")
    person.post(f"/projects/{works}/lots/new", data={"name": "一标段", "estimate": "1", "kind": "works_lowest"})
    assert person.get(f"/projects/{works}/lots/1/parcel").status_code == 404
    other = site.someone(Role.TENDERER, site.prepared.companies[3].id, "other")
    for method in (other.get, other.post):
        assert method(f"/projects/{number}/lots/1/parcel").status_code == 404


NOTICE_ERRORS: list[tuple[dict[str, str], str, str]] = [
    ({"listing_ends_at": "2026-03-23 09:00"}, "listing_ends_at", "晚于"), ({"listing_ends_at": "2026-03-01 09:00"}, "listing_ends_at", "晚于"),
    ({"listing_ends_at": "2026-04-01 23:59", "deadline": "2026-04-01 17:00"}, "listing_ends_at", "第18条"), ({"listing_ends_at": ""}, "listing_ends_at", "请填写"),
    ({"opens_at": "2026-03-22 23:59"}, "opens_at", "第8条"), ({"opens_at": ""}, "opens_at", "请填写"), ({"opens_at": "1e9"}, "opens_at", ""),
    ({"deadline": "2026-04-02 10:00"}, "deadline", "挂牌截止"), ({"deadline": "2026-03-23 08:59", "doc_to": "2026-03-20 10:00"}, "deadline", "挂牌开始"),
    ({"doc_to": "2026-04-01 17:01"}, "doc_to", "报名截止"), ({"doc_from": "2026-03-01 11:00"}, "doc_from", "公告日"),
    ({"breaks": "夜里"}, "breaks", "每行一段"), ({"breaks": "2026-03-24 09:00 至 2026-03-23 18:00"}, "breaks", "每行一段"), ({"breaks": "2026-03-24 09:00 至 明天"}, "breaks", ""),
    ({"breaks": "2026-03-24 09:00 至 2026-03-24 10:00\n2026-03-24 10:00 至 2026-03-24 11:00"}, "breaks", "互不重叠")]


@pytest.mark.parametrize(("changes", "field", "said"), NOTICE_ERRORS)
def test_a_wrong_notice_is_told_beside_its_field(site: Site, changes: dict[str, str], field: str, said: str) -> None:
    with site.inside() as centre:
        number = accepted_sale(centre, live_lot(live_method(parcel=PARCEL))).id
    for act in ("publish", "check"):
        answer = site.tenderer.post(f"/projects/{number}/notice", data=NOTICE | changes | {"act": act})
        if act == "publish":
            assert answer.status_code == 422, changes
            told = error_at(answer.text, field)
            assert told and said in told, (field, told)
            assert "出让公告" in answer.text, "nothing is lost"
        else:
            assert answer.status_code in (200, 422)
    with site.inside():
        assert queries.tender_notice(number) is None or queries.tender_notice(number).published_at is None


def test_a_draft_of_a_live_notice_comes_back_as_it_was(site: Site) -> None:
    with site.inside() as centre:
        number = accepted_sale(centre, live_lot(live_method("auction", parcel=PARCEL)), procedure="land-auction").id
    address = f"/projects/{number}/notice"
    page = site.tenderer.get(address).text
    assert "listing_ends_at" not in page and "竞价开始时间" in page and "不符" not in page
    data = {name: value for name, value in NOTICE.items() if name != "listing_ends_at"} | {"deadline": "2026-03-20 17:00", "doc_to": "2026-03-20 17:00"}
    assert site.tenderer.post(address, data=data | {"act": "save"}).status_code == 302
    page = site.tenderer.get(address).text
    for said in ('value="2026-03-23 09:00"', 'value="2026-03-20 17:00"', "2026-03-23 18:00 至 2026-03-24 09:00"):
        assert said in page, said


def test_a_clarification_beyond_the_listing_is_told_at_its_deadline(site: Site) -> None:
    with site.inside() as centre:
        project = accepted_sale(centre, live_lot(live_method(parcel=PARCEL)))
        publish(project, moments(at=site.at), at=site.at)
        number = project.id
    form = {"title": "澄清", "body": "延长报名", "new_deadline": "2026-04-05 10:00"}
    answer = site.tenderer.post(f"/projects/{number}/clarify", data=form)
    assert answer.status_code == 422 and "挂牌截止" in error_at(answer.text, "new_deadline")
    assert site.tenderer.post(f"/projects/{number}/clarify", data=form | {"new_deadline": "2026-04-02 10:00"}).status_code == 302


def test_what_is_published_is_chinese_whoever_publishes(site: Site) -> None:
    with site.inside() as centre:
        number = accepted_sale(centre, live_lot(live_method(parcel=PARCEL))).id
    made = site.tenderer.post(f"/projects/{number}/notice?lang=en", data=NOTICE | {"act": "publish"})
    assert made.status_code == 302
    body = site.client().get(f"{made.location}.json").get_json()["versions"][0]["body"]
    assert "宗地编号：青地2026-07号" in body and "竞价方式：挂牌，限时竞价" in body and "Parcel" not in body
    assert "Parcel number" in site.tenderer.get(made.location).text, "the page itself speaks the reader's language"


def test_property_chooses_between_sealed_offers_and_live_bidding(site: Site) -> None:
    person = site.tenderer
    sale = LOT | {"estimate": "80万", "deposit": "20万", "mode": "falling", "step": "1万", "lowest": "60万", "reserve": "none"}
    number = with_lot(person, sale, procedure="property-listing", category="property")
    page = person.get(f"/projects/{number}").text
    assert "降价式拍卖" in page and "降价幅度" in page and "第 1 标段：竞价条件" not in page
    wrong = person.post(f"/projects/{number}/lots/1/edit", data=sale | {"lowest": "80.01万"})
    assert wrong.status_code == 422 and "不高于起始价" in error_at(wrong.text, "lowest")
    capped = person.post(f"/projects/{number}/lots/1/edit", data=sale | {"deposit": "240000.01"})
    assert capped.status_code == 422 and error_at(capped.text, "deposit")
    assert person.post(f"/projects/{number}/lots/1/edit", data=sale | {"deposit": "24万"}).status_code == 302
    assert person.post(f"/projects/{number}/lots/1/edit", data=sale | {"kind": "property_highest", "step": "", "lowest": ""}).status_code == 302
    with site.inside():
        assert project_queries.get(number).lots[0].method == {"kind": "property_highest"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_a_sale_reads_in_both_languages(site: Site, language: str) -> None:
    person = site.tenderer
    number = with_lot(person)
    person.post(f"/projects/{number}/lots/1/parcel", data=FORM)
    with site.inside() as centre:
        drafted = accepted_sale(centre, live_lot(live_method(parcel=PARCEL))).id
    for path in (f"/projects/{number}/lots/1/edit", f"/projects/{number}/lots/1/parcel", f"/projects/{number}/lots/new", f"/projects/{number}", f"/projects/{drafted}/notice"):
        page = person.get(f"{path}?lang={language}")
        assert page.status_code == 200, path
        if language == "en":
            main = re.search(r"<main.*?</main>", page.text, re.DOTALL)[0]
            for said in re.findall(r"<(?:h2|th|label|button|caption|legend|dt)[^>]*>(.*?)</", main, re.DOTALL):
                assert not re.search(r"[一-鿿]", said), (path, said)


# --- paying ---------------------------------------------------------------------------------------------


def test_the_payment_plan_on_the_contracts_page_and_in_public(site: Site) -> None:
    with site.inside() as centre:
        case = sold(centre)
        code = case.lot.project.code
    site.at = case.at
    place = f"/projects/{case.project_id}/lots/{case.lot_id}/contract"
    page = site.tenderer.get(place).text
    assert "付款计划" in page and "定金" in page and "国土资发〔2010〕34号" in page and "未到期" in page
    today = site.at.astimezone().date().isoformat()
    good = {"payment-fen": "100", "payment-paid_on": today, "payment-reference": "缴-1"}
    for changes, field in (({"payment-fen": "0"}, "fen"), ({"payment-fen": "-1"}, "fen"), ({"payment-fen": str(2**63)}, "fen"), ({"payment-fen": "9亿"}, "fen"),
                           ({"payment-paid_on": "2030-01-01"}, "paid_on"), ({"payment-reference": ""}, "reference"), ({"payment-fen": "1e9"}, "fen")):
        answer = site.tenderer.post(f"{place}/payments", data=good | changes)
        assert answer.status_code == 422 and error_at(answer.text, f"payment-{field}"), changes
    assert site.tenderer.post(f"{place}/payments", data=good).status_code == 302
    assert "缴-1" in site.tenderer.get(place).text
    public = site.client().get(f"/p/{code}").text
    assert "约定付款" in public and "第 1 期" in public and "缴-1" not in public
    assert "Payment plan" in site.tenderer.get(f"{place}?lang=en").text


def test_the_plan_is_entered_with_the_contract(site: Site) -> None:
    with site.inside() as centre:
        case = sold(centre, conclude=False)
        from experts.evaluation import service as evaluation
        from trading.projects import service as projects

        award = evaluation.award(case.lot_id, projects.candidates(case.lot_id)[0].organisation_id, actor="t", at=case.at, items="")
        price = award.price_fen
    site.at = case.at
    place, today = f"/projects/{case.project_id}/lots/{case.lot_id}/result", site.at.astimezone().date()
    assert "付款计划" in site.tenderer.get(place).text
    yuan = f"{price // 100}.{price % 100:02d}"
    good = {"number": "HT-1", "price": yuan, "signed_on": today.isoformat()}
    one = {"instalments-0-due_on": today.isoformat(), "instalments-0-fen": yuan}
    for changes in (one | {"instalments-0-fen": "1"}, {"instalments-0-due_on": today.isoformat()}, one | {"instalments-0-due_on": "2030-01-01"},
                    one | {"instalments-0-fen": "-1"}, one | {"instalments-0-due_on": "2026-02-30"}, one | {"instalments-0-fen": str(2**63)}):
        answer = site.tenderer.post(f"{place}/contract", data=good | changes)
        assert answer.status_code == 422 and "govuk-error-message" in answer.text and "HT-1" in answer.text, changes
    assert site.tenderer.post(f"{place}/contract", data=good | one).status_code == 302
    assert site.tenderer.get(place.replace("/result", "/contract")).text.count(yuan[:2]) > 0

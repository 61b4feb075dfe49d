"""Tender documents: templates for every procedure that runs, and each clause at the edge of its rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trading.base.errors import Refused
from trading.drafting import clause_checks, filling, outlines, rules, text
from trading.drafting.filling import Case, LotFacts
from trading.law.periods import day_of
from trading.projects.rules import RUNNABLE

T0 = datetime(2026, 3, 2, 1, tzinfo=UTC)
SCORED = {"kind": "procurement_comprehensive", "price_points": "30", "factors": [{"id": "f1", "name": "技术响应", "most": "70"}]}
LOT = LotFacts(1, "一标段", 100_000_000, 95_000_000, 2_000_000, "具备履行合同的能力", SCORED)
NAMES = {"host_name": "清河县城市建设局", "agency_name": "", "code": "", "procedure_name": "公开招标", "funding": "财政资金", "approval": "一号"}


def a_case(procedure: str = "procurement-open", category: str = "goods", **changes: Any) -> Case:
    return Case(procedure, category, "CN-51", "青石路改造工程", "改造", (replace(LOT, **changes),), {})


def filled(case: Case, **changes: Any) -> tuple[list[filling.Slot], dict[str, Any]]:
    asked = filling.slots(outlines.outline_for(case.procedure), case, day_of(T0))
    values = filling.begins(asked, case, T0)
    values |= {"period": "180 日", "payment": "按月", "technical": "符合标准"}
    return asked, values | changes


def findings(case: Case, field: str, **changes: Any) -> list[tuple[bool, str]]:
    asked, values = filled(case, **changes)
    return [(remark.finding.ok, remark.finding.key or remark.finding.reason) for remark in rules.check(case, asked, values, T0)
            if remark.field == field]


def test_every_procedure_that_runs_has_a_template_and_begins_without_a_breach() -> None:
    for procedure in RUNNABLE:
        category = "construction" if procedure.startswith("works") else "goods"
        deposit = 20_000_000 if procedure.startswith("land-") else 2_000_000
        case = a_case(procedure, category, method=SCORED if procedure in ("procurement-open", "consultation", "framework") else {"kind": "x"}, deposit_fen=deposit)
        asked, values = filled(case)
        values |= {name: value for name, value in (("doc_to", "2026-04-20T17:00:00+08:00"), ("deadline", "2026-05-20T10:00:00+08:00"),
                                                   ("contract_days", 10)) if not values.get(name)}
        wrong = [(remark.field, remark.finding) for remark in rules.check(case, asked, values, T0) if not remark.finding.ok]
        assert not wrong, (procedure, wrong)
        assert not filling.missing(asked, values), procedure
        parts = text.put_together(outlines.outline_for(procedure), case, values, NAMES)
        said = "\n".join(line for part in parts for line in (part.heading, *part.paragraphs))
        assert all(part.paragraphs for part in parts) and "{" not in said and "None" not in said, procedure


def test_a_procedure_without_a_template_is_refused() -> None:
    with pytest.raises(Refused, match=r"document\.no_template"):
        outlines.outline_for("no-such-procedure" * 10)


@pytest.mark.parametrize(("fen", "ok"), [(9_999_999, False), (10_000_000, True), (10_000_001, True)])
def test_a_land_deposit_is_a_share_of_the_grant_floor_where_the_lot_states_one(fen: int, ok: bool) -> None:
    case = a_case("land-listing", "land", method={"kind": "live", "sale": {"parcel": {"floor_fen": 50_000_000}}}, deposit_fen=fen)
    asked, values = filled(case)
    wrong = [remark.finding.reason for remark in rules.check(case, asked, values, T0) if not remark.finding.ok and remark.field == "lot1_bond"]
    assert wrong == ([] if ok else ["law.deposit_below_floor"])


@pytest.mark.parametrize(("fen", "ok"), [(1_999_999, True), (2_000_000, True), (2_000_001, False)])
def test_the_bond_may_reach_its_cap_and_not_a_fen_more(fen: int, ok: bool) -> None:
    assert findings(a_case(deposit_fen=fen), "lot1_bond", lot1_bond=fen) == [(ok, "dp.bond_cap")]


def test_a_works_bond_stops_at_the_fixed_ceiling() -> None:
    case = a_case("works-open", "construction", estimate_fen=10**11, deposit_fen=80_000_001, method={"kind": "works_lowest"})
    assert findings(case, "lot1_bond") == [(False, "dp.bond_limit_construction")]


@pytest.mark.parametrize(("percent", "ok"), [("9.99", True), ("10", True), ("10.01", False), ("100", False)])
def test_the_performance_bond(percent: str, ok: bool) -> None:
    assert findings(a_case(), "performance", performance=percent) == [(ok, "dp.performance_cap")]


@pytest.mark.parametrize(("points", "ok"), [("29.99", False), ("30", True), ("30.01", True)])
def test_the_weight_of_the_price_for_goods(points: str, ok: bool) -> None:
    case = a_case(method=SCORED | {"price_points": points})
    assert findings(case, "lot1_price_points") == [(ok, "ev.price_weight_min_goods")]


@pytest.mark.parametrize(("points", "ok"), [("59.99", True), ("60", True), ("60.01", False)])
def test_the_weight_of_the_price_has_a_top_in_consultation(points: str, ok: bool) -> None:
    case = a_case("consultation", method=SCORED | {"price_points": points})
    assert (ok, "ev.price_weight_max_goods") in findings(case, "lot1_price_points")


@pytest.mark.parametrize(("field", "rate", "ok"), [
    ("low_mean", "49.99", False), ("low_mean", "50", True), ("low_mean", "65", True), ("low_mean", "65.01", False),
    ("low_second", "49.99", False), ("low_ceiling", "44.99", False), ("low_ceiling", "45", True),
    ("small_firms", "9.99", False), ("small_firms", "10", True), ("small_firms", "20", True), ("small_firms", "20.01", False)])
def test_rates_of_a_procurement(field: str, rate: str, ok: bool) -> None:
    assert all(found for found, _key in findings(a_case(), field, **{field: rate})) is ok


@pytest.mark.parametrize(("category", "months", "ok"), [("goods", 12, True), ("goods", 13, False), ("service", 24, True), ("service", 25, False)])
def test_the_term_of_a_framework_agreement(category: str, months: int, ok: bool) -> None:
    [(found, _key)] = findings(a_case("framework", category), "agreement_months", agreement_months=months)
    assert found is ok
    assert findings(a_case("framework"), "eliminated", eliminated="19.99") == [(False, "gp.fw_out_price")]


def test_a_document_before_the_low_price_rule_asks_for_no_rate() -> None:
    early = datetime(2026, 1, 30, 1, tzinfo=UTC)
    case = a_case()
    for at, wanted in ((early, False), (T0, True)):
        asked = filling.slots(outlines.outline_for(case.procedure), case, day_of(at))
        assert any(slot.name == "low_mean" for slot in asked) is wanted


@pytest.mark.parametrize("item", [
    "注册资本五百万元以上", "注册资本不得低于五百万元", "注 册\u200b资 本 五百万元", "资产总额一亿元", "净资产一亿元", "上年度营业收入一亿元", "员工人数不少于五十人",
    "本市企业", "四川省内注册", "必须使用甲品牌", "国有企业方可参加"])
def test_forbidden_items(item: str) -> None:
    assert False in {ok for ok, _key in findings(a_case(), "lot1_qualification", lot1_qualification=["具有履行合同的能力", item])}
    with_item = findings(a_case(), "lot1_factors", lot1_factors=[f"{item} 70"])
    assert "document.differs" in {key for _ok, key in with_item} and any(key in ("gp.size_ban", "gp.no_bias") and not ok for ok, key in with_item)


@pytest.mark.parametrize("item", ["不得以注册资本作为资格要求", "不限本市企业", "具备市政公用工程施工总承包资质", "依法缴纳税收的良好记录"])
def test_lawful_items(item: str) -> None:
    assert {ok for ok, _key in findings(a_case(), "lot1_qualification", lot1_qualification=[item])} == {True}


def test_a_size_is_forbidden_where_its_rule_holds() -> None:
    works = a_case("works-open", "construction", method={"kind": "works_lowest"})
    assert {ok for ok, _key in findings(works, "lot1_qualification", lot1_qualification=["注册资本五百万元"])} == {True}


@pytest.mark.parametrize(("procedure", "key"), [("works-open", "ct.ceiling"), ("procurement-open", "gp.budget_public")])
def test_a_minimum_price_is_forbidden_and_the_ceiling_stated(procedure: str, key: str) -> None:
    case = a_case(procedure, "goods")
    assert findings(case, "lot1_floor", lot1_floor=None) == [(True, key)]
    assert findings(case, "lot1_floor", lot1_floor=0) == [(False, key)]
    assert findings(case, "lot1_floor", lot1_floor=1) == [(False, key)]
    assert findings(case, "lot1_ceiling", lot1_ceiling=None) == [(False, key)]
    assert findings(case, "lot1_ceiling", lot1_ceiling=95_000_001) == [(True, key), (False, "document.differs")]
    without = a_case(procedure, "goods", ceiling_fen=None)
    assert findings(without, "lot1_ceiling") == [(procedure == "works-open", key)]


def test_nothing_stands_before_the_download() -> None:
    works = a_case("works-open", "construction")
    assert findings(works, "conditions", conditions=[]) == [(True, "ct.no_signup")]
    assert findings(works, "conditions", conditions=["报名"]) == [(False, "ct.no_signup")]
    assert findings(works, "doc_fee", doc_fee=1) == [(False, "ct.fee")]
    assert findings(a_case(), "conditions", conditions=["报名"]) == [(False, "gp.no_signup")]


@pytest.mark.parametrize(("day", "ok"), [("2026-03-22", False), ("2026-03-23", True), ("2026-03-24", True)])
def test_the_bid_period_is_the_law_s(day: str, ok: bool) -> None:
    case = a_case("works-open", "construction", method={"kind": "works_lowest"})
    found = findings(case, "deadline", doc_from="2026-03-02T11:00:00+08:00", doc_to="2026-03-09T17:00:00+08:00", deadline=f"{day}T10:00:00+08:00")
    assert (ok, "ct.bid_period") in found


@pytest.mark.parametrize(("line", "read"), [
    ("施工组织设计 25", ("施工组织设计", "25")), ("施工组织设计：２５分", ("施工组织设计", "25")), ("第 2 项 能力 12.5", ("第 2 项 能力", "12.5")),
    ("a 1e6", None), ("a NaN", None), ("a -5", ("a", None)), ("25", None), ("a ٣", None), ("a" + " " * 5000 + "b", None), ("", None), ("a 1000", None)])
def test_lines_of_factors(line: str, read: tuple[str, str | None] | None) -> None:
    if read and read[1]:
        [(name, points)] = clause_checks.factors([line])
        assert (name, str(float(points)).removesuffix(".0")) == read
        return
    with pytest.raises(Refused, match=r"document\.factor"):
        clause_checks.factors([line])


def test_points_that_do_not_make_a_hundred_are_told() -> None:
    assert (False, "evaluation.weights_not_full") in findings(a_case(), "lot1_factors", lot1_factors=["技术响应 69"])


def test_clues_of_prose_are_named_and_refused_items_are_not_clues() -> None:
    case = a_case()
    asked, values = filled(case, technical="设备须采用甲品牌。注册资本五百万元", lot1_qualification=["注册资本五百万元", "须先报名"])
    hints = rules.clues(case, asked, values, T0)
    assert [(hint.field, hint.clue.clause.id) for hint in hints] == [
        ("lot1_qualification", "signup"), ("technical", "size"), ("technical", "brand")]
    assert len({hint.mark for hint in hints}) == 3


def test_what_is_typed_is_never_read_as_a_place() -> None:
    case = a_case()
    _asked, values = filled(case, scope="{host_name}{nothing} %s <b>")
    parts = text.put_together(outlines.outline_for(case.procedure), case, values, NAMES)
    assert "内容和范围：{host_name}{nothing} %s <b>" in parts[0].paragraphs


@pytest.mark.parametrize("change", ["{no_such_place}", "{bond"])
def test_a_template_that_names_nothing_is_refused(change: str) -> None:
    source = Path(outlines.__file__).with_name("templates.toml").read_text("utf-8")
    changed = source.replace("付款：{payment}", f"付款：{change}")
    if change == "{bond":
        assert outlines.read(changed)  # no place at all: plain text
        return
    with pytest.raises(ValueError, match="nothing fills"):
        outlines.read(changed)
    with pytest.raises(ValueError, match="unknown sections"):
        outlines.read(source.replace('"technical", "forms_works"', '"technical", "lost"'))
    with pytest.raises(ValueError, match="second template"):
        outlines.read(source.replace('procedures = ["inquiry"]', 'procedures = ["works-open"]'))
    with pytest.raises(ValueError, match="field"):
        outlines.read(source.replace('kind = "count"', 'kind = "weeks"'))

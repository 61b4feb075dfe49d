"""What is in force, how a rule came about, what differs, and how a rule is changed."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from trading.base.errors import Refused
from trading.law.amendments import amended
from trading.law.commands import law
from trading.law.procedures import FAMILIES
from trading.law.reading import read
from trading.law.rules import book, find
from trading.law.tables import differences, history, in_force

ON = date(2026, 11, 22)


def keys(**where: object) -> set[str]:
    return {entry.rule.key for entry in in_force(book(), **{"on": ON, **where})}


def test_the_table_of_a_family_brings_along_what_holds_for_its_procedures() -> None:
    works = keys(family="works")
    assert {"ct.bid_period", "dp.bond_cap", "cm.size_min", "ob.document", "ar.log", "t.roll"} <= works
    assert not any(key.startswith(("gp.", "ld.", "pr.", "mi.")) for key in works)
    assert {"dp.bond_cap"} < keys(family="deposits")
    assert all(key.startswith("dp.") for key in keys(family="deposits"))


def test_a_region_takes_the_place_of_the_nation_only_where_it_speaks() -> None:
    entries = in_force(book(), on=ON, region="重庆", family="works")
    kept = {entry.rule.region: entry.procedures for entry in entries if entry.rule.key == "ar.retention"}
    assert kept == {"CN-50": ("works-open", "works-invited", "works-prequalification"), "CN": ("works-comparison", "agency-selection")}
    assert "ct.award_notice" in {entry.rule.key for entry in entries}
    assert "ct.award_notice" not in keys(family="works")


def test_each_key_answers_once_for_each_procedure() -> None:
    for region in ("CN", "CN-50", "CN-4507", "JP-08203"):
        places = [
            (entry.rule.key, name)
            for entry in in_force(book(), on=ON, region=region) for name in entry.procedures
        ]  # fmt: skip
        assert len(places) == len(set(places))


def test_the_table_says_what_find_says() -> None:
    for entry in in_force(book(), on=ON, region="CN-50"):
        for name in entry.procedures:
            assert find(entry.rule.key, on=ON, region="CN-50", procedure=name) is entry.rule


@pytest.mark.parametrize(
    ("day", "known"),
    [(date(2026, 1, 31), False), (date(2026, 2, 1), True), (date(2026, 2, 2), True)],
)
def test_a_rule_appears_on_its_day(day: date, known: bool) -> None:
    assert ("ev.low_mean" in keys(on=day, procedure="procurement-open")) is known


def test_two_days_differ_by_what_began_between_them() -> None:
    before, after = (
        in_force(book(), on=day, family="procurement")
        for day in (date(2026, 1, 31), date(2026, 2, 1))
    )
    changes = differences(before, after)
    assert {change.key for change in changes} == {
        "ev.low_mean", "ev.low_second", "ev.low_ceiling", "ev.low_rate_max", "ev.low_explain",
        "ev.low_not_void",
    }  # fmt: skip
    assert all(change.before is None and change.after.article == "财库〔2026〕2号" for change in changes)
    assert differences(before, before) == ()


def test_a_changed_figure_stands_beside_the_old_one() -> None:
    before, after = (
        in_force(book(), on=day, procedure="procurement-open")
        for day in (date(2022, 6, 30), date(2022, 7, 1))
    )
    change = next(c for c in differences(before, after) if c.key == "ev.sme_min")
    assert (str(change.before.value), str(change.after.value)) == ("3/50", "1/10")
    assert not change.same_figure
    # Backwards the same two rows change sides.
    back = next(c for c in differences(after, before) if c.key == "ev.sme_min")
    assert (back.before, back.after) == (change.after, change.before)


def test_two_regions_differ_by_what_the_region_says() -> None:
    nation, chongqing = (
        in_force(book(), on=ON, region=region, family="works") for region in ("CN", "重庆")
    )
    changes = {change.key: change for change in differences(nation, chongqing)}
    assert changes["dp.refund_losers_from"].after.value == "award_notice"
    assert changes["ar.retention"].same_figure
    assert changes["ar.retention"].procedures == ("works-invited", "works-open", "works-prequalification")
    assert "ct.bid_period" not in changes


def test_history_is_by_region_and_date() -> None:
    assert [str(rule.value) for rule in history(book(), "ev.sme_max")] == ["1/10", "1/5"]
    assert {rule.region for rule in history(book(), "ct.min_bidders")} == {"CN", "JP-08203"}
    assert {rule.region for rule in history(book(), "ct.min_bidders", region="重庆")} == {"CN"}
    assert history(book(), "x.none") == ()


def run(*words: str):
    return CliRunner().invoke(law, words)


def test_the_table_on_a_terminal() -> None:
    result = run("table", "--family", "works", "--on", "2026-11-22", "--region", "重庆")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert any(line.startswith("ct.bid_period\t≥ 20 day\tCN\t") and "招标投标法 第24条" in line for line in lines)
    assert any(line.startswith("ct.contract_file\t≤ 7 working_day\tCN-50\t") for line in lines)
    rows = json.loads(run("table", "--on", "2026-11-22", "--region", "CN-50", "--json").output)
    assert all(row["article"] and row["applies_to"] and set(row["applies_to"]) <= FAMILIES.keys() for row in rows)
    assert {row["event"] for row in rows} > {"notice", "award", "contract"}


def test_differences_on_a_terminal() -> None:
    days = ("diff", "--from-date", "2026-09-30", "--to-date", "2026-10-01")
    result = run(*days)
    assert result.exit_code == 0 and "gp.addition_emergency" in result.output
    changes = json.loads(run(*days, "--json").output)
    assert {change["key"] for change in changes} == {
        "gp.addition_emergency", "gp.emergency_no_approval", "gp.min_bidders_emergency",
    }  # fmt: skip
    regions = run("diff", "--from-date", "2026-11-22", "--other-region", "重庆", "--json")
    assert "ct.award_notice" in {change["key"] for change in json.loads(regions.output)}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("table", "--on", "2026-11-22"), 0),
        (("table", "--on", "2026-11-22", "--region", "nowhere"), 1),
        (("table", "--on", "2026-11-22", "--family", "astrology"), 1),
        (("table",), 2),
        (("table", "--on", "2026-11-22T10:00"), 2),
        (("diff", "--from-date", "2026-11-22"), 2),
        (("diff", "--from-date", "2026-11-22", "--other-region", "nowhere"), 1),
        (("history", "ev.sme_min"), 0),
        (("history", "ev.sme_min", "--region", "重庆", "--json"), 0),
        (("history", "x.none"), 1),
        (("list", "--region", "重庆"), 0),
        (("list", "--region", "nowhere"), 1),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int) -> None:
    assert run(*words).exit_code == code


def change(**fields: object):
    row = {
        "key": "ct.bid_period", "family": "works", "procedures": ["works-open"], "value": 25,
        "unit": "day", "sense": "at_least", "article": "新法 第1条", "status": "M",
        "zh": "期限", "en": "period", "from": date(2027, 1, 1), **fields,
    }  # fmt: skip
    return read({"rule": [row]}, "change").rules[0]


def test_a_change_ends_the_old_row_the_day_before() -> None:
    after = amended(book(), [change()])
    for offset, value in ((-1, 20), (0, 25), (1, 25)):
        day = date(2027, 1, 1) + timedelta(days=offset)
        assert after.find("ct.bid_period", on=day, procedure="works-open").value == value
        assert after.find("ct.bid_period", on=day, procedure="works-invited").value == 20
    assert find("ct.bid_period", on=date(2027, 1, 1), procedure="works-open").value == 20
    assert len(after.rules) == len(book().rules) + 2  # one new, one split in two


def test_a_change_upon_a_change() -> None:
    after = amended(book(), [change(), change(value=30, **{"from": date(2028, 1, 1)})])
    values = [after.find("ct.bid_period", on=date(year, 6, 1), procedure="works-open").value for year in (2026, 2027, 2028)]
    assert values == [20, 25, 30]


def test_a_change_of_a_region_leaves_the_nation_alone() -> None:
    after = amended(book(), [change(region="CN-51")])
    assert after.find("ct.bid_period", on=date(2027, 6, 1), region="CN-51", procedure="works-open").value == 25
    assert after.find("ct.bid_period", on=date(2027, 6, 1), procedure="works-open").value == 20


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([change(**{"from": None})], "law.amendment_without_start"),
        ([change(), change(value=30)], "law.row_overlaps"),
        ([change(key="ev.sme_min", procedures=["inquiry"], unit="ratio", value="0.1", **{"from": date(2022, 7, 1)})],
         "law.row_overlaps"),
        ([change(key="ct.no_signup", unit="flag", value=False)], "law.row_gate_before_download"),
        ([change(key="ev.low_mean", procedures=["inquiry"], unit="ratio", value="0.7")], "law.row_low_rate_too_high"),
        ([change(region="CN-99")], "law.row_region_unknown"),
    ],
)  # fmt: skip
def test_an_unsound_change_is_refused_when_it_is_entered(rows, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        amended(book(), rows)
    assert caught.value.reason == reason and caught.value.facts["key"] == rows[-1].key

"""Unsound rows and regions are refused when they are entered, naming the key and the file."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from trading.base.errors import Refused
from trading.law import rules
from trading.law.bidders import check_number
from trading.law.commands import law
from trading.law.periods import earliest
from trading.law.reading import read, read_file
from trading.law.regions import Atlas, Region
from trading.law.rules import Book, all_rules, book, find, learn, use

ON = date(2026, 11, 23)
ROW = {
    "key": "x.y", "family": "x", "procedures": ["*"], "value": 3, "unit": "day",
    "article": "某法 第1条", "status": "V", "zh": "z", "en": "e",
}  # fmt: skip
NATION = {"code": "CN", "zh": "全国", "en": "China"}


def refusal(*rows: dict[str, object], regions: tuple[dict[str, str], ...] = (NATION,)) -> Refused:
    with pytest.raises(Refused) as caught:
        Book.of([read({"rule": list(rows), "region": list(regions)}, "new.toml")])
    assert caught.value.facts["file"] == "new.toml"
    return caught.value


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "nothing"}, "law.row_key_malformed"),
        ({"surprise": 1}, "law.row_field_unknown"),
        ({"article": ""}, "law.row_article_missing"),
        ({"article": "  "}, "law.row_article_missing"),
        ({"zh": ""}, "law.row_field_missing"),
        ({"procedures": []}, "law.row_field_missing"),
        ({"procedures": ["lottery"]}, "law.row_procedure_unknown"),
        ({"unit": "week"}, "law.row_unit_unknown"),
        ({"status": "X"}, "law.row_word_unknown"),
        ({"sense": "about"}, "law.row_word_unknown"),
        ({"roll": "sometimes"}, "law.row_word_unknown"),
        ({"event": "today"}, "law.row_word_unknown"),
        ({"from": "2026-01-01"}, "law.row_dates_unreadable"),
        ({"from": date(2026, 1, 2), "to": date(2026, 1, 1)}, "law.row_dates_reversed"),
        ({"value": 1.5}, "law.row_value_unfit"),
        ({"value": "3"}, "law.row_value_unfit"),
        ({"value": True}, "law.row_value_unfit"),
        ({"value": -1}, "law.row_value_unfit"),
        ({"unit": "ratio", "value": 0}, "law.row_value_unfit"),
        ({"unit": "ratio", "value": "half"}, "law.row_value_unfit"),
        ({"unit": "ratio", "value": "1/0"}, "law.row_value_unfit"),
        ({"unit": "text", "value": ""}, "law.row_field_missing"),
        ({"unit": "ratio", "value": "1.001"}, "law.row_ratio_out_of_range"),
        ({"unit": "ratio", "value": "-0.001"}, "law.row_ratio_out_of_range"),
        ({"unit": "flag", "value": 1}, "law.row_value_unfit"),
        ({"region": "CN-99"}, "law.row_region_unknown"),
    ],
)  # fmt: skip
def test_an_unsound_row_is_not_entered(change: dict[str, object], reason: str) -> None:
    caught = refusal({**ROW, **change})
    assert caught.reason == reason
    assert caught.facts["key"] == {**ROW, **change}["key"]


@pytest.mark.parametrize("field", ["article", "unit", "value", "zh", "en", "status", "family", "procedures"])
def test_every_field_is_needed(field: str) -> None:
    caught = refusal({name: value for name, value in ROW.items() if name != field})
    assert caught.reason in {"law.row_article_missing", "law.row_field_missing"}


@pytest.mark.parametrize(("value", "share"), [("0", 0), ("1", 1), ("2/3", Fraction(2, 3))])
def test_ratios_are_exact_and_include_their_ends(value: str, share: Fraction) -> None:
    (rule,) = read({"rule": [{**ROW, "unit": "ratio", "value": value}]}).rules
    assert rule.value == share


def test_a_factor_above_one_says_that_it_is_one() -> None:
    (rule,) = read({"rule": [{**ROW, "unit": "ratio", "value": "6/5", "multiple": True}]}).rules
    assert rule.value == Fraction(6, 5)


@pytest.mark.parametrize(
    ("begins", "overlap"),
    [(date(2020, 1, 1), True), (date(2020, 1, 2), False), (date(2020, 1, 3), False)],
)
def test_two_answers_to_one_question_are_not_entered(begins: date, overlap: bool) -> None:
    rows = [{**ROW, "to": date(2020, 1, 1)}, {**ROW, "from": begins}]
    if overlap:
        assert refusal(*rows).reason == "law.row_overlaps"
    else:
        assert len(Book.of([read({"rule": rows, "region": [NATION]})]).rules) == 2


def test_other_procedures_or_regions_do_not_overlap() -> None:
    province = {"code": "CN-90", "zh": "甲", "en": "A"}
    rows = [
        {**ROW, "procedures": ["works-open"]},
        {**ROW, "procedures": ["works-invited"]},
        {**ROW, "region": "CN-90"},
    ]
    assert len(Book.of([read({"rule": rows, "region": [NATION, province]})]).rules) == 3
    rows.append({**ROW, "procedures": ["works-invited", "inquiry"]})
    assert refusal(*rows, regions=(NATION, province)).reason == "law.row_overlaps"


@pytest.mark.parametrize("key", ["ct.no_signup", "gp.no_signup"])
@pytest.mark.parametrize("region", ["CN", "CN-50"])
def test_no_row_may_ask_for_approval_before_download(key: str, region: str) -> None:
    place = {"code": "CN-50", "zh": "重庆", "en": "Chongqing"}
    row = {**ROW, "key": key, "unit": "flag", "value": False, "region": region}
    assert refusal(row, regions=(NATION, place)).reason == "law.row_gate_before_download"


@pytest.mark.parametrize("key", ["ev.low_mean", "ev.low_second", "ev.low_ceiling"])
@pytest.mark.parametrize(("rate", "sound"), [("0.649", True), ("0.65", True), ("0.651", False)])
def test_no_trigger_above_its_ceiling(key: str, rate: str, sound: bool) -> None:
    place = {"code": "CN-50", "zh": "重庆", "en": "Chongqing"}
    rows = [
        {**ROW, "key": "ev.low_rate_max", "unit": "ratio", "value": "0.65"},
        {**ROW, "key": key, "unit": "ratio", "value": rate, "region": "CN-50"},
    ]
    if sound:
        Book.of([read({"rule": rows, "region": [NATION, place]})])
    else:
        assert refusal(*rows, regions=(NATION, place)).reason == "law.row_low_rate_too_high"


A, B = Region("A", "甲", "A", "B", "map.toml"), Region("B", "乙", "B", "A", "map.toml")


@pytest.mark.parametrize(
    ("regions", "reason"),
    [
        ((Region("A", "甲", "A", "A", "map.toml"),), "law.region_cycle"),
        ((A, B), "law.region_cycle"),
        ((A, Region("B", "乙", "B", "C", "map.toml"), Region("C", "丙", "C", "B", "map.toml")), "law.region_cycle"),
        ((A,), "law.region_parent_unknown"),
        ((B, A, A), "law.region_twice"),
    ],
)
def test_an_unsound_map_is_not_entered(regions: tuple[Region, ...], reason: str) -> None:
    with pytest.raises(Refused) as caught:
        Atlas.of(regions)
    assert (caught.value.reason, caught.value.facts["file"]) == (reason, "map.toml")


def test_a_region_needs_its_names() -> None:
    with pytest.raises(Refused, match="law.region_incomplete"):
        read({"region": [{"code": "CN-50"}]}, "map.toml")


def test_a_region_is_found_by_code_and_by_name() -> None:
    atlas = book().atlas
    assert atlas.chain("重庆") == atlas.chain("CN-50") == ("CN-50", "CN")
    assert atlas.chain("CN-5101") == ("CN-5101", "CN-51", "CN")
    assert find("ct.contract_file", on=ON, region="重庆", procedure="works-open").value == 7


@pytest.mark.parametrize("name", ["CN-99", "重慶", "cn-50", ""])
def test_an_unknown_region_is_refused_and_not_taken_for_the_nation(name: str) -> None:
    with pytest.raises(Refused, match="law.unknown_region"):
        find("ct.bid_period", on=ON, region=name, procedure="works-open")


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("key = = 1", "utf-8")
    with pytest.raises(Refused) as caught:
        read_file(path)
    assert (caught.value.reason, caught.value.facts["file"]) == ("law.file_not_read", "broken.toml")


EXTRA = """
[[region]]
code = "CN-9001"
zh = "新城"
en = "Newtown"
parent = "CN-50"

[[rule]]
key = "ct.bid_period"
family = "works"
procedures = ["works-open"]
region = "CN-9001"
value = 25
unit = "day"
sense = "at_least"
article = "新城条例 第3条"
status = "V"
zh = "招标文件发出至投标截止"
en = "issue of the document to the deadline"

[[rule]]
key = "ct.model_review"
family = "works"
procedures = ["works-open"]
region = "CN-9001"
value = 4
unit = "working_day"
sense = "at_most"
article = "新城条例 第9条"
status = "M"
zh = "模型评审"
en = "review of the model"
"""


@pytest.fixture
def laid_in(tmp_path: Path):
    (tmp_path / "newtown.toml").write_text(EXTRA, "utf-8")
    yield tmp_path
    use(None)


def test_a_laid_in_file_brings_a_region_and_a_rule(laid_in: Path) -> None:
    start, there = date(2026, 11, 3), {"region": "新城", "procedure": "works-open"}
    with pytest.raises(Refused, match="law.unknown_region"):
        earliest("ct.bid_period", start, **there)
    learn(laid_in)
    assert earliest("ct.bid_period", start, **there).date == date(2026, 11, 30)  # the 28th is a Saturday
    assert earliest("ct.bid_period", start, procedure="works-open").date == date(2026, 11, 23)
    assert find("ct.model_review", on=start, **there).article == "新城条例 第9条"
    # What the new city does not say comes from Chongqing, and from the nation after that.
    assert find("ct.contract_file", on=start, **there).region == "CN-50"
    assert find("ct.clarify", on=start, **there).region == "CN"
    assert check_number("works-open", "bidders", 1, on=start, region="新城", circumstance="again").ok
    use(None)
    with pytest.raises(Refused, match="law.unknown_region"):
        earliest("ct.bid_period", start, **there)


def test_all_rules_reads_further_folders_without_keeping_them(laid_in: Path) -> None:
    more = all_rules(laid_in)
    assert len(more) == len(all_rules()) + 2
    assert {rule.key for rule in more} - {rule.key for rule in all_rules()} == {"ct.model_review"}


def test_a_laid_in_file_may_not_contradict_the_packaged_rows(laid_in: Path) -> None:
    (laid_in / "newtown.toml").write_text(EXTRA.replace('region = "CN-9001"\nvalue = 25', 'region = "CN"\nvalue = 25'), "utf-8")
    before = rules.book()
    with pytest.raises(Refused) as caught:
        learn(laid_in)
    assert caught.value.reason == "law.row_overlaps"
    assert {caught.value.facts["file"], caught.value.facts["other"]} == {"newtown.toml", "works.toml"}
    assert rules.book() is before


def test_a_terminal_may_try_a_folder(laid_in: Path) -> None:
    words = ["--rows", str(laid_in), "table", "--on", "2026-11-22", "--region", "新城", "--family", "works"]
    result = CliRunner().invoke(law, words)
    assert result.exit_code == 0 and "新城条例 第9条" in result.output
    assert CliRunner().invoke(law, words[2:]).exit_code == 1
    (laid_in / "newtown.toml").write_text(EXTRA.replace('article = "新城条例 第9条"', 'article = ""'), "utf-8")
    refused = CliRunner().invoke(law, words)
    assert refused.exit_code == 1 and "law.row_article_missing" in refused.stderr
    assert "key=ct.model_review" in refused.stderr and "file=newtown.toml" in refused.stderr

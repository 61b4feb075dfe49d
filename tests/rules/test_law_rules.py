"""The table of rule rows: every row sound, and the right one found."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from trading.base.errors import Refused
from trading.law.rules import Unit, all_rules, find, seek

ON = date(2026, 11, 23)

def test_every_row_cites_an_article_and_speaks_both_languages() -> None:
    for rule in all_rules():
        assert rule.article and rule.zh and rule.en, rule.key
        assert rule.file.endswith(".toml")


@pytest.mark.parametrize(
    ("key", "procedure", "value", "unit"),
    [
        ("ct.sale_min", "works-open", 5, "day"),
        ("ct.prequal_submit", "works-open", 5, "day"),
        ("ct.bid_period", "works-open", 20, "day"),
        ("ct.clarify", "works-open", 15, "day"),
        ("ct.clarify_prequal", "works-open", 3, "day"),
        ("ct.min_bidders", "works-open", 3, "count"),
        ("ct.publicity", "works-open", 3, "day"),
        ("ct.contract", "works-open", 30, "day"),
        ("ct.report", "works-open", 15, "day"),
        ("gp.notice", "procurement-open", 5, "working_day"),
        ("gp.doc_supply", "procurement-open", 5, "working_day"),
        ("gp.bid_period", "procurement-open", 20, "day"),
        ("gp.bid_period", "consultation", 10, "day"),
        ("gp.bid_period", "negotiation", 3, "working_day"),
        ("gp.bid_period", "inquiry", 3, "working_day"),
        ("gp.clarify", "procurement-open", 15, "day"),
        ("gp.min_bidders", "procurement-open", 3, "count"),
        ("gp.report_out", "procurement-open", 2, "working_day"),
        ("gp.decide", "procurement-open", 5, "working_day"),
        ("gp.result", "procurement-open", 2, "working_day"),
        ("gp.result_period", "procurement-open", 1, "working_day"),
        ("gp.contract", "procurement-open", 30, "day"),
        ("gp.contract_pub", "procurement-open", 2, "working_day"),
        ("gp.contract_file", "procurement-open", 7, "working_day"),
        ("dp.refund_losers", "works-open", 5, "day"),
        ("dp.refund_losers", "procurement-open", 5, "working_day"),
        ("dp.refund_losers_from", "works-open", "contract", "text"),
        ("dp.refund_losers_from", "procurement-open", "award_notice", "text"),
        ("dp.bond_cap", "works-open", Fraction(1, 50), "ratio"),
        ("cm.size_min", "works-open", 5, "count"),
        ("cm.size_min", "negotiation", 3, "count"),
        ("ev.price_weight_min_goods", "procurement-open", Fraction(3, 10), "ratio"),
        ("ar.retention", "procurement-open", 180, "month"),
        ("op.decrypt_window", "works-open", 30, "minute"),
        ("ob.document", "works-open", 10, "day"),
        ("ob.complaint", "procurement-open", 15, "working_day"),
    ],
)
def test_figures(key: str, procedure: str, value: object, unit: str) -> None:
    rule = find(key, on=ON, procedure=procedure)
    assert (rule.value, rule.unit) == (value, Unit(unit))


def test_the_most_specific_region_wins_and_the_nation_fills_the_rest() -> None:
    assert find("ct.min_bidders", on=ON, region="JP-08203", procedure="works-open").value == 1
    assert find("ct.min_bidders", on=ON, region="CN-5101", procedure="works-open").value == 3
    assert find("cm.size_min", on=ON, region="JP-08203", procedure="works-open").value == 5
    assert find("ct.contract_file", on=ON, region="CN-5001", procedure="works-open").value == 7
    assert seek("ct.contract_file", on=ON, region="CN-51", procedure="works-open") is None


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2022, 6, 30), Fraction(6, 100)),
        (date(2022, 7, 1), Fraction(10, 100)),
        (date(2022, 7, 2), Fraction(10, 100)),
    ],
)
def test_a_notice_keeps_the_rule_of_its_day(day: date, value: Fraction) -> None:
    assert find("ev.sme_min", on=day, procedure="procurement-open").value == value


@pytest.mark.parametrize(
    ("day", "known"),
    [(date(2026, 1, 31), False), (date(2026, 2, 1), True), (date(2026, 2, 2), True)],
)
def test_a_rule_begins_on_its_day(day: date, known: bool) -> None:
    found = seek("ev.low_mean", on=day, procedure="procurement-open")
    assert (found is not None) is known


def test_a_key_of_one_family_means_its_main_procedure() -> None:
    assert find("gp.bid_period", on=ON).value == 20
    with pytest.raises(Refused, match="law.procedure_needed"):
        find("dp.refund_losers", on=ON)


@pytest.mark.parametrize(
    ("key", "procedure", "reason"),
    [
        ("ct.nothing", None, "law.no_rule"),
        ("ct.bid_period", "procurement-open", "law.no_rule"),
        ("ct.bid_period", "lottery", "law.unknown_procedure"),
    ],
)
def test_what_is_not_there_is_refused(key: str, procedure: str | None, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        find(key, on=ON, procedure=procedure)
    assert refusal.value.reason == reason


def test_procurement_has_no_candidate_publicity() -> None:
    assert seek("gp.publicity", on=ON, procedure="procurement-open") is None

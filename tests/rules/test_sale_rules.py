"""What the law says about a live sale: each figure just below, at and just above its line; each moment before, at and after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import PARCEL, live_method
from trading.law.periods import LEGAL_TIME
from trading.law.procedures import procedure
from trading.sales import parcels, rules, terms
from trading.sales.modes import MODES, Phase

NOTICE = datetime(2026, 3, 2, 9, tzinfo=LEGAL_TIME)
DAY = NOTICE.date()


def broken(start: int = 7_000_000_000, deposit: int = 1_400_000_000, **changes: Any) -> list[str]:
    found = rules.lot_findings("land-listing", "CN-51", DAY, parcels.read(PARCEL | changes), start, deposit)
    assert all(one.article for one in found)
    return [one.reason for one in found if not one.ok]


@pytest.mark.parametrize(("changes", "reasons"), [
    ({}, []), ({"floor_fen": 6_999_999_999}, ["sale.floor_below_benchmark"]), ({"floor_fen": 7_000_000_001}, ["sale.start_below_floor", "law.deposit_below_floor"]),
    ({"start": 6_999_999_999}, ["sale.start_below_floor"]), ({"start": 7_000_000_001}, []), ({"deposit": 1_399_999_999}, ["law.deposit_below_floor"]),
    ({"deposit": 1_400_000_001}, []), ({"deposit": 0}, ["law.deposit_below_floor"]),
    # The deposit is a share of the floor, not of the start price.
    ({"start": 70_000_000_000}, []),
    ({"benchmark_per": "whole", "benchmark_fen": 10_000_000_000}, []), ({"benchmark_per": "whole", "benchmark_fen": 10_000_000_001}, ["sale.floor_below_benchmark"]),
    # 70 % of a benchmark with parts of a fen is rounded up: 20000.000001 m² make 10,000,000,000.5 fen.
    ({"area_m2": "20000.000001"}, ["sale.floor_below_benchmark"]), ({"area_m2": "20000.000001", "floor_fen": 7_000_000_001, "start": 7_000_000_001,
                                                                 "deposit": 1_400_000_001}, [])])
def test_prices_of_a_parcel(changes: dict[str, Any], reasons: list[str]) -> None:
    assert broken(**changes) == reasons


@pytest.mark.parametrize(("use", "most"), [("residential", 70), ("industrial", 50), ("public", 50), ("commercial", 40), ("mixed", 50)])
def test_terms_of_use(use: str, most: int) -> None:
    for years, reasons in ((most - 1, []), (most, []), (most + 1, ["sale.term_too_long"])):
        assert broken(terms=[{"use": use, "years": years}]) == reasons


def moments(procedure_id: str = "land-listing", mode: str = "listing", **days: float) -> list[str]:
    known = {"doc_from": 0.0, "doc_to": 30.0, "deadline": 30.0, "opens_at": 21.0, "listing_ends_at": 32.0} | days
    dates = {name: NOTICE + timedelta(days=count) for name, count in known.items()}
    found = rules.schedule_findings(procedure_id, "CN-51", NOTICE, dates, [MODES[mode]])
    assert all(one.article for one in found)
    return [one.reason for one in found if not one.ok]


SECOND = 1 / 86_400


@pytest.mark.parametrize(("days", "reasons"), [
    ({}, []), ({"opens_at": 21}, []), ({"opens_at": 20.6}, ["sale.notice_short"]), ({"opens_at": 22}, []),
    ({"listing_ends_at": 31}, []), ({"listing_ends_at": 30.6}, ["sale.listing_short"]),
    ({"deadline": 21, "doc_to": 21}, []), ({"deadline": 21 - SECOND, "doc_to": 20}, ["sale.applications_end_before_listing"]),
    ({"deadline": 32 - SECOND}, []), ({"deadline": 32}, ["sale.applications_end_after_listing"]), ({"deadline": 33}, ["sale.applications_end_after_listing"]),
    ({"doc_to": 30 + SECOND}, ["sale.documents_after_applications"]), ({"doc_to": 0}, ["sale.documents_after_applications"]),
    ({"doc_from": -1}, ["sale.documents_before_notice"]), ({"doc_from": -0.2}, [])])
def test_moments_of_a_listing(days: dict[str, float], reasons: list[str]) -> None:
    assert moments(**days) == reasons


@pytest.mark.parametrize(("days", "reasons"), [
    ({"deadline": 21, "doc_to": 21}, []), ({"deadline": 21 + SECOND, "doc_to": 21}, ["sale.applications_end_after_opening"]),
    ({"deadline": 5, "doc_to": 5}, []), ({"opens_at": 20.6, "deadline": 20, "doc_to": 20}, ["sale.notice_short"])])
def test_moments_of_an_auction(days: dict[str, float], reasons: list[str]) -> None:
    assert moments("land-auction", "auction", **days) == reasons


@pytest.mark.parametrize(("procedure_id", "mode"), [("land-listing", "listing"), ("land-listing", "listing-only"), ("land-auction", "auction"), ("land-auction", "on-site"),
                                                    ("property-listing", "falling"), ("property-listing", "listing")])
def test_the_suggested_moments_are_lawful(procedure_id: str, mode: str) -> None:
    for days in range(40):
        at = NOTICE + timedelta(days=days, minutes=7)
        dates = rules.suggested(procedure_id, "CN-51", at, [MODES[mode]])
        assert [one.reason for one in rules.schedule_findings(procedure_id, "CN-51", at, dates, [MODES[mode]]) if not one.ok] == []


def test_no_moments_are_suggested_beyond_the_calendar() -> None:
    at = datetime(2026, 12, 28, 9, tzinfo=LEGAL_TIME)
    assert set(rules.suggested("land-listing", "CN-51", at, [MODES["listing"]])) >= {"doc_from"}


def test_which_ways_of_bidding_a_type_offers() -> None:
    listed, sold, any_way = ({mode.id for mode in rules.modes_of(procedure(name))} for name in ("land-listing", "land-auction", "property-listing"))
    assert all(Phase.OFFERS in MODES[name].phases for name in listed) and "falling" not in sold | listed and not listed & sold
    assert any_way == set(MODES)


@pytest.mark.parametrize(("changes", "start", "ceiling", "wrong"), [
    ({}, 100, None, []), ({"step_fen": 0}, 100, None, ["step"]), ({"step_fen": -1}, 100, None, ["step"]), ({"step_fen": 2**53}, 100, None, ["step"]),
    ({"step_fen": "5"}, 100, None, ["step"]), ({}, 0, None, ["start"]), ({}, 2**53, None, ["start"]), ({"after_ceiling": "lottery"}, 100, 100, ["ceiling"]),
    ({"after_ceiling": "lottery"}, 100, 101, []), ({}, 100, 101, ["after_ceiling"]), ({"after_ceiling": "lottery"}, 100, None, ["after_ceiling"]),
    ({"after_ceiling": "dice"}, 100, 101, ["after_ceiling"]), ({"after_ceiling": "housing", "housing_step": 0}, 100, 101, ["housing_step"]),
    ({"mode": "falling"}, 100, None, ["floor"]), ({"mode": "falling", "floor_fen": 101}, 100, None, ["floor"]), ({"mode": "falling", "floor_fen": 100}, 100, None, []),
    ({"mode": "none"}, 100, None, ["mode"]), ({"step_fen": 0}, 0, 0, ["start", "step", "ceiling", "after_ceiling"]),
    ({"mode": "auction-extend", "after_ceiling": "lottery", "step_fen": 7}, 100, 121, []), ({"mode": "auction-extend", "after_ceiling": "lottery", "step_fen": 7}, 100, 120, ["ceiling"])])
def test_everything_wrong_with_the_terms_of_a_registration(changes: dict[str, Any], start: int, ceiling: int | None, wrong: list[str]) -> None:
    assert terms.wrong_before_notice(live_method(**changes), start, ceiling) == wrong

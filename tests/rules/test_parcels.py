"""Parcels of land: read strictly, written back exactly, every wrong field named at once; premium and floor price exact."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import PARCEL
from trading.base.errors import Refused
from trading.sales import parcels
from trading.sales.parcels import Parcel


def places(**changes: Any) -> dict[str, str]:
    try:
        parcels.read(PARCEL | changes)
    except parcels.Wrong as wrong:
        assert wrong.reason == "parcel.wrong" and wrong.facts["count"] == len(wrong.places)
        return wrong.places
    return {}


def parcel(**changes: Any) -> Parcel:
    return parcels.read(PARCEL | changes)


def test_what_is_written_reads_as_the_same_parcel() -> None:
    found = parcel()
    plain = json.loads(json.dumps(parcels.write(found), ensure_ascii=False))
    assert plain == PARCEL and parcels.read(plain) == found
    assert found.area_m2 == Decimal("20000.00") and found.benchmark_total_fen == 10_000_000_000 and found.buildable_m2 == Decimal("50000")
    assert found.position == (Decimal("104.066541"), Decimal("30.572269"))


def test_every_wrong_field_is_named_at_once() -> None:
    assert set(places(number="", area_m2="0", floor_fen=None, valuation_on="2026-02-30", terms=[], ratio_low="3", lon="")) == {
        "number", "area_m2", "floor_fen", "valuation_on", "terms", "ratio_high", "lon"}
    with pytest.raises(parcels.Wrong) as wrong:
        parcels.read({})
    assert {"number", "site", "use", "area_m2", "floor_fen", "benchmark_fen", "terms", "decision_on", "valuer"} <= set(wrong.value.places)
    for other in (None, [], "x", 7):
        with pytest.raises(parcels.Wrong):
            parcels.read(other)


@pytest.mark.parametrize(("field", "value", "reason"), [
    ("area_m2", "-1", "no_number"), ("area_m2", "1e6", "no_number"), ("area_m2", "２万", "no_number"), ("area_m2", "0.000", "nought"),
    ("area_m2", "1.0000001", "no_number"), ("area_m2", "NaN", "no_number"), ("area_m2", 20000, "no_number"), ("area_m2", "99999999999", "no_number"),
    ("area_m2", " 1", "no_number"), ("area_m2", True, "no_number"), ("floor_fen", 0, "nought"), ("floor_fen", -1, "nought"), ("floor_fen", 2**63, "too_large"),
    ("floor_fen", 1.0, "no_number"), ("floor_fen", True, "no_number"), ("floor_fen", "7", "no_number"), ("floor_fen", 10**16 + 1, "too_large"),
    ("decision_members", 0, "nought"), ("decision_members", 201, "too_large"), ("decision_members", "７", "no_number"),
    ("plan_on", "2026-2-10", "no_date"), ("plan_on", "", "empty"), ("plan_on", 20260210, "no_date"), ("site", "x" * 201, "too_long"), ("site", "a\nb", "not_a_line"),
    ("site", "a\u202eb", "unseen"), ("site", " ", "empty"), ("site", None, "no_text"), ("conditions", "x" * 4001, "too_long"), ("conditions", 5, "no_text"),
    ("benchmark_per", "acre", "no_choice"), ("benchmark_per", None, "no_choice"), ("density_high", "100.1", "too_large"), ("density_high", "0", "nought"),
    ("green_low", "x", "no_number"), ("drawings", "图", "no_text"), ("drawings", [""], "no_text"), ("drawings", ["a"] * 21, "too_many"),
    ("terms", [{"use": "residential", "years": 70}] * 9, "too_many"), ("terms", "70", "empty"), ("lon", "181", "no_degrees"), ("lat", "-90.1", "no_degrees"),
    ("lat", "3°", "no_degrees"), ("decision_on", "2026-01-14", "before_valuation"), ("colour", "red", "unknown")])
def test_a_field_that_does_not_hold_is_refused(field: str, value: Any, reason: str) -> None:
    assert places(**{field: value}) == {field: reason}


@pytest.mark.parametrize(("terms", "wrong"), [
    ([{"use": "residential", "years": 0}], {"terms.1": "nought"}), ([{"use": "garden", "years": 1}], {"terms.1": "no_choice"}),
    ([{"use": "residential", "years": 70}, {"use": "residential", "years": 40}], {"terms.2": "twice"}), ([{"use": "residential"}], {"terms.1": "no_choice"}),
    ([{"use": "residential", "years": 1000}], {"terms.1": "too_large"}), ([{"use": "residential", "years": "70"}], {"terms.1": "no_number"}), ([7], {"terms.1": "no_choice"})])
def test_terms_are_named_by_their_place(terms: Any, wrong: dict[str, str]) -> None:
    assert places(terms=terms) == wrong


@pytest.mark.parametrize(("field", "value"), [
    ("area_m2", "9999999999.999999"), ("floor_fen", 10**16), ("decision_on", "2026-01-15"), ("site", "x" * 200), ("ratio_high", ""), ("density_high", "100"),
    ("lon", "-180"), ("decision_members", 200), ("terms", [{"use": "mixed", "years": 999}])])
def test_the_edges_hold(field: str, value: Any) -> None:
    assert places(**{field: value}) == {}


@pytest.mark.parametrize(("deal", "start", "percent"), [
    (1500, 1000, "50.00"), (1000, 1000, "0.00"), (100_005, 100_000, "0.01"), (100_004, 100_000, "0.00"), (2_000_001, 2_000_000, "0.00"), (3, 1, "200.00"),
    (999, 1000, "-0.10"), (10**16, 3, "333333333333333233.33")])
def test_the_premium_is_rounded_half_up(deal: int, start: int, percent: str) -> None:
    assert parcels.premium_percent(deal, start) == Decimal(percent)


def test_no_premium_without_a_start_price() -> None:
    for start in (0, -1):
        with pytest.raises(Refused):
            parcels.premium_percent(1, start)


@pytest.mark.parametrize(("deal", "area", "ratio", "yuan"), [
    (10_000_000_000, "20000", "2.5", "2000.00"), (10_000_000_000, "20000", "2.50", "2000.00"), (100, "3", "1", "0.33"), (1, "2", "1", "0.01"), (1, "2.000001", "1", "0.00"),
    (10**16, "0.000001", "0.1", "1000000000000000000000.00")])
def test_the_price_of_a_square_metre_of_floor(deal: int, area: str, ratio: str, yuan: str) -> None:
    assert parcels.floor_price_yuan(deal, parcel(area_m2=area, ratio_low="", ratio_high=ratio)) == Decimal(yuan)


def test_no_floor_price_without_a_highest_ratio() -> None:
    assert parcels.floor_price_yuan(1, parcel(ratio_high="")) is None


@given(st.integers(0, 10**16), st.integers(1, 10**16))
def test_a_premium_is_never_further_than_half_a_hundredth(deal: int, start: int) -> None:
    found = Fraction(parcels.premium_percent(deal, start))
    assert abs(found - Fraction(deal - start, start) * 100) <= Fraction(1, 200)

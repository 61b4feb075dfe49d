"""Real records of land grants, and dirty ones: every row is taken or refused with its reason."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trading.sales import records
from trading.base.errors import Refused

REAL = Path(__file__).resolve().parents[3] / "shared/data/land-cn/zitaichen-output.gb18030.json"
GOOD: dict[str, Any] = {
    "idnumber": "1306262018B00730", "supply": "挂牌出让", "district": "定兴县", "location": "开放西路北侧", "use": "工业用地", "area": "5.292804",
    "price": "10484.0000", "duration": "50", "plot_ratio_minimum": "1.00", "plot_ratio_maximum": "2.00", "holder": "甲公司",
    "date4sign": "2018年12月31日", "paid_plan": {"1": ["2019年01月30日", "484.0000"], "2": ["2019年06月30日", "10000"]}}


def test_the_real_file_is_read_whole() -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL} is missing")
    found = records.read(REAL.read_bytes())
    assert len(found.grants) + len(found.turned) == 203 + 38
    reasons = Counter((item.field, item.reason) for item in found.turned)
    assert reasons["supply", "not_competed"] == 101 + 14 + 38, "allocated and agreed land"
    assert all(grant.price_fen > 0 and grant.area_m2 > 0 and grant.procedure in ("land-listing", "land-auction") for grant in found.grants)
    first = found.grants[0]
    assert (first.number, first.price_fen, first.area_m2, first.terms) == ("1306262018B00730", 10_484_000_000, Decimal("52928.04"), (("", 50),))
    assert first.ratio == (Decimal("1.00"), Decimal("2.00")) and first.signed_on == date(2018, 12, 31)
    assert not any(any(char.isdigit() for char in grant.holder) for grant in found.grants), "no identity number stays in a name"
    assert len(found.grants) == 86
    assert reasons == {("supply", "not_competed"): 153, ("idnumber", "no_number"): 1, ("duration", "above_law"): 1}
    assert sum(not grant.is_plan_whole for grant in found.grants) == 10, "of ten only the first instalment was published"


@pytest.mark.parametrize(("changes", "field", "reason"), [
    ({"supply": "划拨"}, "supply", "not_competed"), ({"supply": ""}, "supply", "empty"), ({"idnumber": "123"}, "idnumber", "no_number"),
    ({"price": "0.0000"}, "price", "nought"), ({"price": ""}, "price", "empty"), ({"price": "1e6"}, "price", "no_number"),
    ({"price": "-5"}, "price", "no_number"), ({"price": "１２"}, "price", "no_number"), ({"price": 5}, "price", "empty"),
    ({"area": "0"}, "area", "nought"), ({"area": "NaN"}, "area", "no_number"), ({"location": " "}, "location", "empty"),
    ({"plot_ratio_minimum": "3.00"}, "plot_ratio_maximum", "below_minimum"), ({"duration": "71"}, "duration", "above_law"),
    ({"duration": "永久"}, "duration", "no_number"), ({"date4sign": "2018年02月30日"}, "date4sign", "no_date"), ({"date4sign": None}, "date4sign", "no_date"),
    ({"paid_plan": {"1": ["2019年01月30日", "10484.0001"]}}, "paid_plan", "above_price"), ({"paid_plan": {"x": []}}, "paid_plan", "no_plan"),
    ({"paid_plan": [1]}, "paid_plan", "no_plan")])
def test_a_dirty_row_is_refused_by_field(changes: dict[str, Any], field: str, reason: str) -> None:
    found = records.read(json.dumps([GOOD, GOOD | {"idnumber": "1306262018B00731"} | changes], ensure_ascii=False).encode("gb18030"))
    assert [grant.number for grant in found.grants] == [GOOD["idnumber"]]
    assert [(item.array, item.row, item.field, item.reason) for item in found.turned] == [(1, 2, field, reason)]


def test_the_same_parcel_twice_in_two_arrays_counts_once() -> None:
    text = json.dumps([GOOD], ensure_ascii=False) + "\n" + json.dumps([GOOD, 7], ensure_ascii=False)
    found = records.read(text.encode())
    assert len(found.grants) == 1 and [(item.array, item.row, item.reason) for item in found.turned] == [(2, 1, "twice"), (2, 2, "no_record")]


def test_terms_by_use_and_ratios_that_were_not_fixed() -> None:
    row = GOOD | {"duration": "批发零售用地40年; 普通商品住房用地70年;", "plot_ratio_minimum": "0.00", "plot_ratio_maximum": ""}
    grant = records.read(json.dumps([row], ensure_ascii=False).encode()).grants[0]
    assert grant.terms == (("批发零售用地", 40), ("普通商品住房用地", 70)) and grant.ratio == (None, None)
    assert grant.instalments == ((date(2019, 1, 30), 484_000_000), (date(2019, 6, 30), 10_000_000_000))


@pytest.mark.parametrize("data", [b"{}", b"[1", b"\xff\xff", b'"text"', b"[] x", b"[" * 100_000])
def test_what_is_no_file_of_records(data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        records.read(data)
    assert refusal.value.reason == "land.file"

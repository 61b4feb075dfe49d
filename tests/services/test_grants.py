"""Past grants: kept once each, found by words, exact to the fen, and where a parcel's form begins."""

from __future__ import annotations

import json
from decimal import Decimal

from click.testing import CliRunner

from tests.builders import T0, Centre
from tests.rules.test_land_records import GOOD
from trading.sales import grants, records
from trading.sales.commands import sales


def read(*rows: dict) -> list[records.Grant]:
    return records.read(json.dumps(list(rows), ensure_ascii=False).encode()).grants


def test_grants_are_kept_once_and_found_by_their_words(sqlite_centre: Centre) -> None:
    other = GOOD | {"idnumber": "1306262018B00731", "district": "清河县", "use": "住宅用地", "date4sign": "2019年01月05日"}
    assert grants.keep(read(GOOD, other), actor="t", at=T0) == 2
    assert grants.keep(read(GOOD, other), actor="t", at=T0) == 0
    for text, found in (("定兴", 1), ("清河县 住宅", 1), ("清河县 工业", 0), ("", 2), ("1306262018B00731", 1), ("%", 0), ("_", 0), ("开放西路", 2), ("\0", 2)):
        assert len(grants.find(text)) == found, text
    assert [grant.number for grant in grants.find("")] == ["1306262018B00731", "1306262018B00730"], "the newest first"
    grant = grants.get("1306262018B00730")
    assert grant is not None and (grant.price_fen, grant.area_m2, grants.per_m2(grant)) == (10_484_000_000, "52928.04", Decimal("1980.80"))
    assert grants.begins(grant) == {"site": "定兴县开放西路北侧", "use": "工业用地", "area_m2": "52928.04", "ratio_low": "1.00", "ratio_high": "2.00"}
    for number in ("", "x", "1306262018B00799", "\0", "’"):
        assert grants.get(number) is None


def test_the_command_keeps_what_it_took(sqlite_centre: Centre, tmp_path) -> None:
    (tmp_path / "grants.json").write_text(json.dumps([GOOD, 7], ensure_ascii=False), "utf-8")
    found = CliRunner().invoke(sales, ["import", str(tmp_path / "grants.json"), "--keep"], obj=lambda: sqlite_centre.app)
    assert found.exit_code == 1 and len(grants.find("")) == 1

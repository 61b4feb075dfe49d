"""mingtang sales import: what it prints, writes and ends with."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.rules.test_land_records import GOOD, REAL
from trading.sales.commands import sales


def run(*arguments: str) -> Any:
    return CliRunner().invoke(sales, ["import", *arguments])


def file(tmp_path: Path, *rows: Any) -> str:
    path = tmp_path / "grants.json"
    path.write_bytes(json.dumps(list(rows), ensure_ascii=False).encode("gb18030"))
    return str(path)


def test_all_taken_ends_with_nought_some_refused_with_one(tmp_path: Path) -> None:
    good = run(file(tmp_path, GOOD))
    assert good.exit_code == 0 and "✓ 1 taken (104,840,000.00 yuan), 0 refused" in good.output
    bad = run(file(tmp_path, GOOD, GOOD, GOOD | {"idnumber": "=HYPERLINK(1)"}), "--report", str(tmp_path / "out.csv"), "--taken", str(tmp_path / "in.csv"))
    assert bad.exit_code == 1 and "✕ 1:2 1306262018B00730 idnumber: twice" in bad.output and "1 taken" in bad.output
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig")))
    assert [(row["row"], row["field"], row["reason"]) for row in rows] == [("2", "idnumber", "twice"), ("3", "idnumber", "no_number")]
    assert rows[1]["number"] == "'=HYPERLINK(1)"
    assert [row["area_m2"] for row in csv.DictReader((tmp_path / "in.csv").open(encoding="utf-8-sig"))] == ["52928.040000"]


def test_what_is_no_file_of_grants_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe{")
    for arguments in ((str(tmp_path / "x"),), (str(tmp_path / "missing"),), (), (file(tmp_path, GOOD), "--what")):
        assert run(*arguments).exit_code == 2


def test_everything_as_json(tmp_path: Path) -> None:
    found = json.loads(run(file(tmp_path, GOOD, 7), "--json").output)
    assert not found["ok"] and found["taken"][0]["price_fen"] == 10_484_000_000 and found["refused"] == [
        {"array": 1, "row": 2, "number": "", "field": "", "reason": "no_record"}]


def test_the_real_file(tmp_path: Path) -> None:
    if REAL.exists():
        found = json.loads(run(str(REAL), "--json").output)
        assert (len(found["taken"]), len(found["refused"])) == (86, 155)

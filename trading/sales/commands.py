"""mingtang sales: read published records of land grants, and say of every row whether it was taken.

Exit 0 when every row was taken, 1 when some were refused, 2 when asked wrongly or the file is none.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from trading.base.clock import now
from trading.base.errors import Refused
from trading.base.money import yuan
from trading.sales import records
from trading.sales.records import Grant, Reading, Turned

TURNED = ("array", "row", "number", "field", "reason")
TAKEN = ("number", "procedure", "district", "location", "use", "area_m2", "price_fen", "terms", "ratio_low", "ratio_high", "holder", "signed_on", "plan_whole")


@click.group("sales")
def sales() -> None:
    """Sales of land and property."""


@sales.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="everything as one JSON object")
@click.option("--report", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="the refused rows as CSV")
@click.option("--taken", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="the rows that were taken as CSV")
@click.option("--keep", "is_kept", is_flag=True, help="keep the rows that were taken as past grants, once each")
@click.pass_obj
def import_(make_app: Any, file: Path, as_json: bool, report: Path | None, taken: Path | None, is_kept: bool) -> None:
    """Read a file of published grants (供地结果) and report every row that is refused, with field and reason."""
    try:
        found = records.read(file.read_bytes())
    except Refused as refusal:
        click.echo(f"{file}: {refusal.reason}", err=True)
        sys.exit(2)
    if report:
        _write(report, TURNED, [[getattr(item, name) for name in TURNED] for item in found.turned])
    if taken:
        _write(taken, TAKEN, [list(grant_row(grant).values()) for grant in found.grants])
    if is_kept:
        with make_app().app_context():
            from trading.sales import grants

            click.echo(f"kept {grants.keep(found.grants, actor='mingtang sales import', at=now())} new grants", err=True)
    click.echo(json.dumps(document(found), ensure_ascii=False) if as_json else text(found))
    sys.exit(1 if found.turned else 0)


def grant_row(grant: Grant) -> dict[str, Any]:
    """One grant as plain values, decimals and days as text."""
    low, high = grant.ratio
    values = {name: getattr(grant, name) for name in ("number", "procedure", "district", "location", "use")}
    return values | {"area_m2": f"{grant.area_m2:f}", "price_fen": grant.price_fen,
                     "terms": ";".join(f"{use}{years}" for use, years in grant.terms), "ratio_low": "" if low is None else f"{low:f}",
                     "ratio_high": "" if high is None else f"{high:f}", "holder": grant.holder, "signed_on": grant.signed_on.isoformat(),
                     "plan_whole": grant.is_plan_whole}


def document(found: Reading) -> dict[str, Any]:
    return {"ok": not found.turned, "taken": [grant_row(grant) for grant in found.grants], "refused": [
        {name: getattr(item, name) for name in TURNED} for item in found.turned]}


def text(found: Reading) -> str:
    """The report for a terminal: a line a refused row, then how often each reason occurs."""
    counts = Counter((item.field, item.reason) for item in found.turned)
    lines = [_line(item) for item in found.turned]
    lines += [f"{count:>6} × {field or '—'}: {reason}" for (field, reason), count in counts.most_common()]
    total = sum(grant.price_fen for grant in found.grants)
    return "\n".join([*lines, f"{'✕' if found.turned else '✓'} {len(found.grants)} taken ({yuan(total)} yuan), {len(found.turned)} refused"])


def _line(item: Turned) -> str:
    return f"✕ {item.array}:{item.row} {item.number or '—'} {item.field or '—'}: {item.reason}"


def _write(path: Path, head: tuple[str, ...], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(head)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    found = str(value)
    return f"'{found}" if found[:1] in ("=", "+", "-", "@", "\t", "\r") else found

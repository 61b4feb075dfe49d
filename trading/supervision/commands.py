"""The command that compares the database with its seals and the log."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import click

from trading.base.clock import now


@click.command("audit")
@click.option("--json", "as_json", is_flag=True)
@click.option("--adopt", "reason", default="", help="seal rows that have no seal yet, after an upgrade or a repair by hand; the reason goes into the log")
@click.pass_obj
def audit(make_app: Any, as_json: bool, reason: str) -> None:
    """Compare the whole database with its seals, the log and the stored files; ends with 1 when something does not fit."""
    with make_app().app_context():
        from trading.supervision import audits

        if reason:
            done = audits.adopt(reason, at=now())
            click.echo(f"sealed {sum(done.values()):,} rows: " + ", ".join(f"{name} {count:,}" for name, count in done.items()), err=True)
        seen = audits.look()
    if as_json:
        click.echo(json.dumps({"ok": not seen.found, "rows": seen.rows, "found": [asdict(place) for place in seen.found]}, ensure_ascii=False))
    else:
        for place in seen.found:
            click.echo(f"✕ {place.table} {place.key} {place.column}: {place.problem}", err=True)
        click.echo(f"{'✕' if seen.found else '✓'} {seen.rows:,} rows, {len(seen.found)} places do not fit")
    sys.exit(1 if seen.found else 0)

"""A rule as text: as a row of a data file to start a change from, and as a line of a CSV export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from trading.law.rule import Rule
from trading.law.tables import Entry

HEAD = ("key", "label", "label_en", "value", "unit", "sense", "article", "region", "procedures", "from", "to", "event", "status", "note")


def as_row(rule: Rule, start: date) -> str:
    """The row as it stands, to begin on another day: what a proposer changes."""
    fields: list[tuple[str, str]] = [
        ("key", _text(rule.key)), ("family", _text(rule.family)),
        ("procedures", "[" + ", ".join(_text(name) for name in rule.procedures) + "]"), ("value", _value(rule.value)),
        ("unit", _text(rule.unit)), *((("sense", _text(rule.sense)),) if rule.sense else ()), ("article", _text(rule.article)),
        ("region", _text(rule.region)), ("from", start.isoformat()), ("event", _text(rule.event)), ("status", _text(rule.status)),
        ("zh", _text(rule.zh)), ("en", _text(rule.en)), *((("note", _text(rule.note)),) if rule.note else ()),
        *((("roll", _text(rule.roll)),) if rule.roll else ()), *((("multiple", "true"),) if rule.multiple else ())]
    return "[[rule]]\n" + "".join(f"{name} = {value}\n" for name, value in fields)


def _value(value: int | Fraction | bool | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _text(value)


def _text(value: object) -> str:
    # A JSON string is a basic string of TOML as well.
    return json.dumps(str(value), ensure_ascii=False)


def as_csv(entries: Iterable[Entry]) -> str:
    """The rule set for a spreadsheet, with the words of the data files, so that it reads the same in both languages."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(HEAD)
    for entry in entries:
        rule = entry.rule
        lines.writerow([_cell(value) for value in (
            rule.key, rule.zh, rule.en, _plain(rule.value), rule.unit, rule.sense or "", rule.article, rule.region,
            " ".join(entry.procedures), rule.start or "", rule.end or "", rule.event, rule.status, rule.note)])
    # Spreadsheets take a file for UTF-8 only when it says so.
    return "\ufeff" + out.getvalue()


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(value: object) -> str:
    # A cell that begins like a formula would be run by a spreadsheet.
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

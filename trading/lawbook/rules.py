"""What a proposed change of the rule table must be before anybody is asked to approve it.

It is read as a data file is read (trading.law.reading) and tried on the table in force
(trading.law.amendments); what would only show when the rule is used is refused here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from trading.base.errors import Refused
from trading.law import reading
from trading.law.amendments import amended
from trading.law.procedures import FAMILIES
from trading.law.regions import NATION
from trading.law.rule import PERIODS, Rule, Sense, Status, Unit
from trading.law.rules import Book

#: What a refusal calls the text that somebody proposes.
FILE = "proposal.toml"
MOST_ROWS = 100
MOST_FIGURE = 10**15
_PARTS = {"rule", "defaults"}
_TEXTS = {"key", "family", "unit", "sense", "article", "region", "status", "zh", "en", "note", "roll", "event"}
#: Text as it is written: an exponent would be a number of a million digits in ten characters.
_RATIO = re.compile(r"-?\d{1,15}([./]\d{1,15})?", re.ASCII)
_LEAST = (Sense.AT_LEAST, Sense.MORE_THAN)


def read_rows(text: str) -> tuple[Rule, ...]:
    """Read a proposal. Raises Refused ``law.file_not_read``, ``lawbook.*`` or ``law.row_*``."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("law.file_not_read", file=FILE, error=str(error)[:200]) from None
    for part in sorted(table.keys() - _PARTS):
        raise Refused("lawbook.part_unknown", part=part[:40])
    found, defaults = table.get("rule", []), table.get("defaults", {})
    if not isinstance(found, list) or not isinstance(defaults, dict) or not all(isinstance(row, dict) for row in found):
        raise Refused("lawbook.no_rows", most=MOST_ROWS)
    if not 0 < len(found) <= MOST_ROWS:
        raise Refused("lawbook.no_rows", most=MOST_ROWS)
    for row in found:
        _refuse_misshapen({**defaults, **row})
    # In the order of their days: a row then closes the one before it in the same proposal.
    return tuple(sorted(reading.read(table, FILE).rules, key=lambda row: row.start or date.min))


def _refuse_misshapen(row: Mapping[str, Any]) -> None:
    """Values of another kind than the field holds, before the reader looks them up."""
    key = str(row.get("key", ""))[:60]
    for field, value in row.items():
        listed = field == "procedures"
        good = (isinstance(value, list) and all(isinstance(name, str) for name in value) if listed
                else isinstance(value, bool) if field == "multiple"
                else isinstance(value, str) and len(value) <= 500 if field in _TEXTS else True)
        if not good:
            raise Refused("lawbook.field_kind", key=key, field=field)
    value = row.get("value")
    too_long = isinstance(value, int) and abs(value) > MOST_FIGURE or isinstance(value, str) and len(value) > 200
    if too_long or row.get("unit") == Unit.RATIO and isinstance(value, str) and not _RATIO.fullmatch(value):
        raise Refused("law.row_value_unfit", key=key, file=FILE, value=str(value)[:40] if not too_long else "…", unit=row.get("unit"))


def tried(rows: Iterable[Rule], book: Book, today: date) -> Book:
    """The table as it would be with these rows.

    Raises Refused ``lawbook.begins_in_past``, ``lawbook.differs_in``, ``lawbook.changes_nothing``,
    ``lawbook.beyond_national``, ``lawbook.leaves_gap``, and whatever makes an amended table unsound (``law.*``).
    """
    rows = tuple(rows)
    for row in rows:
        if row.start is not None and row.start < today:
            raise Refused("lawbook.begins_in_past", key=row.key, start=row.start, today=today)
        _refuse_other_kind(row, book)
        _refuse_idle(row, book, rows)
    after = amended(book, rows)
    for row in rows:
        _refuse_beyond_national(row, after)
        _refuse_gap(row, book, after)
    return after


def _refuse_other_kind(row: Rule, book: Book) -> None:
    """A key keeps what it is: whoever looks it up counts days, compares amounts or reads a choice."""
    known = book.by_key.get(row.key)
    if known is None:
        if row.family not in {other.family for other in book.rules}:
            raise Refused("lawbook.differs_in", key=row.key, field="family", value=row.family)
        return
    if row.family not in {other.family for other in known}:
        raise Refused("lawbook.differs_in", key=row.key, field="family", value=row.family)
    if _kind(row.unit) not in {_kind(other.unit) for other in known}:
        raise Refused("lawbook.differs_in", key=row.key, field="unit", value=row.unit)
    if _direction(row) not in {_direction(other) for other in known}:
        raise Refused("lawbook.differs_in", key=row.key, field="sense", value=row.sense or "—")


def _kind(unit: Unit) -> str:
    return "period" if unit in PERIODS else str(unit)


def _direction(row: Rule) -> int:
    return 0 if row.sense is None else 1 if row.sense in _LEAST else -1


def _refuse_beyond_national(row: Rule, book: Book) -> None:
    """A region's figure must not allow what a national floor or ceiling forbids (立法法 第99条, 第100条).

    Only against figures read in the law itself: one that a lawyer still has to confirm cannot
    refuse anybody. Amounts are left out, because national thresholds hand some to the provinces,
    and so is a figure in another unit, which cannot be compared.
    """
    if row.region.partition("-")[0] != NATION or row.region == NATION or row.unit in (Unit.FEN, Unit.TEXT, Unit.FLAG):
        return
    begins = [row.start, *(other.start for other in book.by_key.get(row.key, ()))]
    for day in sorted({day for day in begins if day is not None and row.in_force(day)}):
        for name in FAMILIES if "*" in row.procedures else row.procedures:
            national = book.seek(row.key, on=day, procedure=name)
            if national is None or national.status is not Status.VERIFIED or national.unit != row.unit \
                    or _direction(national) != _direction(row):
                continue
            if (Fraction(row.value) - Fraction(national.value)) * _direction(row) < 0:
                raise Refused("lawbook.beyond_national", key=row.key, region=row.region, value=str(row.value), unit=row.unit,
                              most=str(national.value), article=national.article)


def _refuse_idle(row: Rule, book: Book, proposed: Iterable[Rule]) -> None:
    """A row that says what holds anyway would only hide the real change from whoever approves it."""
    if any((other.key, other.region) == (row.key, row.region) and other is not row for other in proposed):
        return  # it may lead back to the old figure after a time under another
    for old in book.by_key.get(row.key, ()):
        if row.start is not None and old.in_force(row.start) and set(row.procedures) <= set(old.procedures):
            same = replace(old, start=row.start, end=row.end, procedures=row.procedures, file=row.file)
            if same == row and (row.end is None or row.end == old.end):
                raise Refused("lawbook.changes_nothing", key=row.key)


def _refuse_gap(row: Rule, before: Book, after: Book) -> None:
    """A row that ends must not leave nothing where the old row would have gone on."""
    if row.end is None:
        return
    next_day = row.end + timedelta(days=1)
    for name in row.procedures:
        def answers(book: Book, name: str = name) -> bool:
            return any(other.region == row.region and name in other.procedures and other.in_force(next_day)
                       for other in book.by_key.get(row.key, ()))
        if answers(before) and not answers(after):
            raise Refused("lawbook.leaves_gap", key=row.key, day=next_day, procedure=name)

"""A rule is changed: the old row ends the day before, the new one begins, nothing is erased."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from trading.base.errors import Refused
from trading.law.reading import refuse_unsound
from trading.law.rule import Rule
from trading.law.rules import Book


def amended(book: Book, rows: Iterable[Rule]) -> Book:
    """The table with further rows, each closing the row that it takes over from.

    A row takes over from one of its own key, region and procedures that began earlier;
    procedures it does not name keep the old row. So a case announced before the change keeps
    its rule. Raises Refused ``law.amendment_without_start``, ``law.row_overlaps`` when it would
    rewrite what already began on that day or later, and whatever makes a row unsound.
    """
    rules = list(book.rules)
    for row in rows:
        if row.start is None:
            raise Refused("law.amendment_without_start", key=row.key, file=row.file)
        rules = [part for old in rules for part in _ended(old, row, row.start)]
        rules.append(row)
    refuse_unsound(rules, book.atlas)
    rules.sort(key=lambda rule: (rule.key, rule.region, rule.procedures, rule.start or date.min))
    return Book(tuple(rules), book.atlas)


def _ended(old: Rule, new: Rule, start: date) -> list[Rule]:
    shared = tuple(name for name in old.procedures if name in new.procedures)
    begins = old.start or date.min
    if (old.key, old.region) != (new.key, new.region) or not shared:
        return [old]
    if begins >= start or not old.in_force(start):
        return [old]
    kept = tuple(name for name in old.procedures if name not in shared)
    ended = replace(old, procedures=shared, end=start - timedelta(days=1))
    return [replace(old, procedures=kept), ended] if kept else [ended]

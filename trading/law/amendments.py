"""A rule is changed or repealed: the old row ends the day before, nothing is erased."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from trading.base.errors import Refused
from trading.law.reading import refuse_unsound
from trading.law.rule import Rule
from trading.law.rules import Book


@dataclass(frozen=True)
class Repeal:
    """That a rule of one region ends for some procedures with nothing in its place (废止).

    ``start`` is the first day without it; ``article`` is what repeals it.
    """

    key: str
    region: str
    procedures: tuple[str, ...]
    start: date
    article: str


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
    shared = {name for name in old.procedures if name in new.procedures}
    begins = old.start or date.min
    if (old.key, old.region) != (new.key, new.region) or not shared:
        return [old]
    if begins >= start or not old.in_force(start):
        return [old]
    return _without(old, shared, start)


def repealed(book: Book, repeal: Repeal) -> Book:
    """The table in which a rule ends the day before, so that events before it keep the rule.

    Raises Refused ``law.repeal_nothing`` where no row is in force on that day for one of the
    procedures, and ``law.repeal_later_row`` where a row is still to begin: it would stay.
    """
    rules: list[Rule] = []
    ended: set[str] = set()
    for old in book.rules:
        shared = set(old.procedures) & set(repeal.procedures)
        if (old.key, old.region) != (repeal.key, repeal.region) or not shared:
            rules.append(old)
            continue
        if (old.start or date.min) >= repeal.start:
            raise Refused("law.repeal_later_row", key=repeal.key, start=old.start)
        if old.in_force(repeal.start):
            ended |= shared
            rules += _without(old, shared, repeal.start)
        else:
            rules.append(old)
    for name in sorted(set(repeal.procedures) - ended):
        raise Refused("law.repeal_nothing", key=repeal.key, region=repeal.region, procedure=name, day=repeal.start)
    refuse_unsound(rules, book.atlas)
    rules.sort(key=lambda rule: (rule.key, rule.region, rule.procedures, rule.start or date.min))
    return Book(tuple(rules), book.atlas)


def _without(old: Rule, shared: set[str], start: date) -> list[Rule]:
    ended = replace(
        old,
        procedures=tuple(name for name in old.procedures if name in shared),
        end=start - timedelta(days=1),
    )
    kept = tuple(name for name in old.procedures if name not in shared)
    return [replace(old, procedures=kept), ended] if kept else [ended]

"""The rule table as people read it: what is in force, how a rule came about, what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from trading.base.errors import Refused
from trading.law.procedures import FAMILIES, Family
from trading.law.rule import Rule
from trading.law.rules import NATION, Book


@dataclass(frozen=True)
class Entry:
    """A row in force, and the procedures for which no closer row takes its place."""

    rule: Rule
    procedures: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What one key says on two sides for the same procedures; None where it says nothing."""

    key: str
    procedures: tuple[str, ...]
    before: Rule | None
    after: Rule | None

    @property
    def same_figure(self) -> bool:
        """Only the article, the wording or the status differs, not what is asked."""
        one, other = self.before, self.after
        if one is None or other is None:
            return False
        return (one.value, one.unit, one.sense) == (other.value, other.unit, other.sense)


def in_force(
    book: Book,
    *,
    on: date,
    region: str = NATION,
    family: str | None = None,
    procedure: str | None = None,
) -> tuple[Entry, ...]:
    """The whole rule set in force on a day in a region, ordered by key.

    ``family`` is a body of law (works, procurement, land, property), which brings along the
    deposits, committees and other rules that hold for its procedures, or one family of rows.
    Raises Refused ``law.unknown_region`` or ``law.unknown_procedure``.
    """
    if procedure is not None and procedure not in FAMILIES:
        raise Refused("law.unknown_procedure", procedure=procedure)
    asked = [
        name
        for name, body in FAMILIES.items()
        if procedure in (None, name) and (family not in set(Family) or body == family)
    ]
    entries = []
    for key, rows in book.by_key.items():
        live = [row for row in rows if row.in_force(on) and _belongs(row, family)]
        winners: dict[Rule, list[str]] = {}
        for name in asked if live else ():
            rule = book.seek(key, on=on, region=region, procedure=name)
            if rule is not None:
                winners.setdefault(rule, []).append(name)
        entries += [Entry(rule, tuple(names)) for rule, names in winners.items()]
    return tuple(entries)


def _belongs(row: Rule, family: str | None) -> bool:
    # Rows of another body of law may hold for every procedure (a threshold is asked before the
    # procedure is known) and would only be noise in this one's table.
    if family in set(Family):
        return row.family == family or row.family not in set(Family)
    return family is None or row.family == family


def history(book: Book, key: str, *, region: str | None = None) -> tuple[Rule, ...]:
    """Every row that a key ever had, by region and date of force; with a region, what reaches it.

    Raises Refused ``law.unknown_region``.
    """
    chain = None if region is None else book.atlas.chain(region)
    rows = [row for row in book.by_key.get(key, ()) if chain is None or row.region in chain]
    return tuple(
        sorted(rows, key=lambda row: (row.region, row.procedures, row.start or date.min))
    )


def differences(before: Iterable[Entry], after: Iterable[Entry]) -> tuple[Change, ...]:
    """What two tables say differently, key by key and procedure by procedure."""
    one, other = _by_place(before), _by_place(after)
    pairs: dict[tuple[str, Rule | None, Rule | None], list[str]] = {}
    for key, procedure in sorted(one.keys() | other.keys()):
        left, right = one.get((key, procedure)), other.get((key, procedure))
        if left != right:
            pairs.setdefault((key, left, right), []).append(procedure)
    return tuple(
        Change(key, tuple(procedures), left, right)
        for (key, left, right), procedures in pairs.items()
    )


def _by_place(entries: Iterable[Entry]) -> dict[tuple[str, str], Rule]:
    return {(entry.rule.key, name): entry.rule for entry in entries for name in entry.procedures}

"""Rule rows: the one table of legal figures, and how the right one is found.

Rows lie in rows/*.toml, one file per family, regions below rows/regions. A row is looked
up by the date of the legal event (the day the notice or document was issued), never by
today, because a document published before a change keeps the rule it was published under.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from trading.base.errors import Refused
from trading.law.procedures import FAMILIES, MAIN

NATION = "CN"
ROWS = Path(__file__).with_name("rows")


class Unit(StrEnum):
    """What a rule's value counts."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    FEN = "fen"
    RATIO = "ratio"
    COUNT = "count"
    FLAG = "flag"
    TEXT = "text"


PERIODS = frozenset({Unit.MINUTE, Unit.HOUR, Unit.DAY, Unit.WORKING_DAY, Unit.MONTH})


class Status(StrEnum):
    """How far a figure is confirmed: in the law itself, second hand, or from memory."""

    VERIFIED = "V"
    SECONDARY = "S"
    MEMORY = "M"


class Sense(StrEnum):
    """Whether the value is a floor or a ceiling, so that a page can say which side is wrong."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True)
class Rule:
    """One legal figure with the article, region, procedures and dates it holds for."""

    key: str
    family: str
    procedures: tuple[str, ...]
    value: int | Fraction | bool | str
    unit: Unit
    sense: Sense | None
    article: str
    region: str
    start: date | None
    end: date | None
    status: Status
    zh: str
    en: str
    note: str
    roll: str | None

    @property
    def amount(self) -> str:
        """The figure as plain text with its unit, for lists and citations."""
        return f"{self.value} {self.unit}"

    @property
    def citation(self) -> str:
        """Where the figure comes from, in one line fit for a notice or a refusal."""
        where = "" if self.region == NATION else f" [{self.region}]"
        return f"{self.article}{where} ({self.amount})"

    def covers(self, procedure: str | None) -> bool:
        return procedure is None or "*" in self.procedures or procedure in self.procedures

    def in_force(self, on: date) -> bool:
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)

    def reaches(self, region: str) -> bool:
        """A national row reaches everywhere; CN-51 reaches CN-5101 but not CN-50."""
        return self.region == NATION or region.startswith(self.region)

    @property
    def closeness(self) -> tuple[int, bool]:
        """How specific the row is: the region decides first, then a named procedure."""
        return (0 if self.region == NATION else len(self.region), "*" not in self.procedures)


def find(key: str, *, on: date, region: str = NATION, procedure: str | None = None) -> Rule:
    """Give the figure in force on the day of the legal event in that region."""
    rule = seek(key, on=on, region=region, procedure=procedure)
    if rule is None:
        raise Refused("law.no_rule", key=key, on=on, region=region, procedure=procedure or "*")
    return rule


def seek(
    key: str, *, on: date, region: str = NATION, procedure: str | None = None
) -> Rule | None:
    """Like find, for figures that a procedure may lawfully be without."""
    if procedure is not None and procedure not in FAMILIES:
        raise Refused("law.unknown_procedure", procedure=procedure)
    rows = [
        row
        for row in _by_key().get(key, ())
        if row.covers(procedure) and row.in_force(on) and row.reaches(region)
    ]
    if not rows:
        return None
    closest = max(row.closeness for row in rows)
    rows = [row for row in rows if row.closeness == closest]
    if len(rows) > 1:
        # Only possible when no procedure was named: the rows differ by procedure. A key of
        # one family then means its main procedure; others (dp., cm.) must be asked exactly.
        main = MAIN.get(key.partition(".")[0])
        rows = [row for row in rows if main in row.procedures]
    if not rows:
        raise Refused("law.procedure_needed", key=key)
    return rows[0]


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every row of every file, ordered by key, region and date of force."""
    rows: list[Rule] = []
    for path in sorted(ROWS.rglob("*.toml")):
        rows.extend(read(tomllib.loads(path.read_text("utf-8"))))
    refuse_overlaps(rows)
    rows.sort(key=lambda row: (row.key, row.region, row.procedures, row.start or date.min))
    return tuple(rows)


@lru_cache(maxsize=1)
def _by_key() -> dict[str, tuple[Rule, ...]]:
    index: dict[str, list[Rule]] = {}
    for row in all_rules():
        index.setdefault(row.key, []).append(row)
    return {key: tuple(rows) for key, rows in index.items()}


_FIELDS = {
    "key", "family", "procedures", "value", "unit", "sense", "article", "region",
    "from", "to", "status", "zh", "en", "note", "roll",
}  # fmt: skip


def read(table: dict[str, Any]) -> list[Rule]:
    """Turn one file of rows into rules; [defaults] saves repeating family and procedures."""
    return [_rule({**table.get("defaults", {}), **row}) for row in table["rule"]]


def _rule(row: dict[str, Any]) -> Rule:
    unknown = row.keys() - _FIELDS
    strangers = set(row["procedures"]) - FAMILIES.keys() - {"*"}
    if unknown or strangers:
        raise ValueError(f"{row.get('key')}: unknown {sorted(unknown | strangers)}")
    unit = Unit(row["unit"])
    return Rule(
        key=row["key"],
        family=row["family"],
        procedures=tuple(sorted(row["procedures"])),
        value=_value(row["key"], row["value"], unit),
        unit=unit,
        sense=Sense(row["sense"]) if "sense" in row else None,
        article=row["article"],
        region=row.get("region", NATION),
        start=row.get("from"),
        end=row.get("to"),
        status=Status(row["status"]),
        zh=row["zh"],
        en=row["en"],
        note=row.get("note", ""),
        roll=row.get("roll"),
    )


def _value(key: str, value: Any, unit: Unit) -> int | Fraction | bool | str:
    # Ratios are written as text ("0.02", "2/3"), because a TOML float is not exact.
    wanted = {Unit.FLAG: bool, Unit.TEXT: str, Unit.RATIO: str}.get(unit, int)
    if type(value) is not wanted:
        raise ValueError(f"{key}: {value!r} is not a {unit}")
    return Fraction(value) if unit is Unit.RATIO else value


def refuse_overlaps(rows: Iterable[Rule]) -> None:
    """Stop when two rows would both be the answer to one question: law must be unambiguous."""
    seen: dict[tuple[str, str, str], list[Rule]] = {}
    for row in rows:
        for procedure in row.procedures:
            others = seen.setdefault((row.key, row.region, procedure), [])
            for other in others:
                if _dates_meet(row, other):
                    raise ValueError(f"two rows for {row.key} in {row.region} at one time")
            others.append(row)


def _dates_meet(one: Rule, other: Rule) -> bool:
    return (one.start or date.min) <= (other.end or date.max) and (
        other.start or date.min
    ) <= (one.end or date.max)

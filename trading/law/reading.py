"""From data files to rule rows: an unsound row is refused when it is entered, not when used.

A file holds ``[[rule]]`` rows, ``[defaults]`` that save repeating, and ``[[region]]`` rows.
Every refusal names the key and the file, so that whoever edits a table finds the line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from trading.base.errors import Refused
from trading.law.procedures import FAMILIES
from trading.law.regions import NATION, Atlas, Region
from trading.law.rule import Event, Rule, Sense, Status, Unit

KEY = re.compile(r"[a-z]{1,3}\.[a-z0-9_]+")
_FIELDS = {
    "key", "family", "procedures", "value", "unit", "sense", "article", "region", "from", "to",
    "status", "zh", "en", "note", "roll", "event", "multiple",
}  # fmt: skip
_NEEDED = ("family", "procedures", "value", "unit", "status", "zh", "en")
_ROLLS = frozenset({"rest_day", "public_holiday_only", "none"})


@dataclass(frozen=True)
class Sheet:
    """What one data file says: rules and regions."""

    rules: tuple[Rule, ...]
    regions: tuple[Region, ...]


def read_file(path: Path) -> Sheet:
    """Read one file of rows. Raises Refused ``law.file_not_read`` when it is no table at all."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused("law.file_not_read", file=path.name, error=str(error)) from None
    return read(table, path.name)


def read(table: Mapping[str, Any], file: str = "") -> Sheet:
    """Turn one table into rules and regions."""
    defaults = table.get("defaults", {})
    return Sheet(
        tuple(_rule({**defaults, **row}, file) for row in table.get("rule", ())),
        tuple(_region(row, file) for row in table.get("region", ())),
    )


def _region(row: Mapping[str, Any], file: str) -> Region:
    if not all(row.get(name) for name in ("code", "zh", "en")):
        raise Refused("law.region_incomplete", region=row.get("code", ""), file=file)
    parent = None if row["code"] == NATION else row.get("parent", NATION)
    return Region(row["code"], row["zh"], row["en"], parent, file)


def _rule(row: Mapping[str, Any], file: str) -> Rule:
    key = str(row.get("key", ""))

    def refuse(reason: str, **facts: Any) -> NoReturn:
        raise Refused(reason, key=key, file=file, **facts)

    if not KEY.fullmatch(key):
        refuse("law.row_key_malformed")
    for field in sorted(row.keys() - _FIELDS):
        refuse("law.row_field_unknown", field=field)
    if not str(row.get("article", "")).strip():
        refuse("law.row_article_missing")
    for field in _NEEDED:
        if row.get(field) in (None, "", []):
            refuse("law.row_field_missing", field=field)
    for name in sorted(set(row["procedures"]) - FAMILIES.keys() - {"*"}):
        refuse("law.row_procedure_unknown", procedure=name)
    if row["unit"] not in set(Unit):
        refuse("law.row_unit_unknown", unit=row["unit"])
    words: tuple[tuple[str, Iterable[str]], ...] = (
        ("status", Status), ("sense", Sense), ("event", Event), ("roll", _ROLLS),
    )  # fmt: skip
    for field, allowed in words:
        if field in row and row[field] not in {str(word) for word in allowed}:
            refuse("law.row_word_unknown", field=field, word=row[field])
    start, end = row.get("from"), row.get("to")
    if any(day is not None and type(day) is not date for day in (start, end)):
        refuse("law.row_dates_unreadable")
    if start and end and end < start:
        refuse("law.row_dates_reversed", start=start, end=end)
    rule = Rule(
        key=key,
        family=row["family"],
        procedures=tuple(sorted(row["procedures"])),
        value=row["value"],
        unit=Unit(row["unit"]),
        sense=Sense(row["sense"]) if "sense" in row else None,
        article=row["article"],
        region=row.get("region", NATION),
        start=start,
        end=end,
        status=Status(row["status"]),
        zh=row["zh"],
        en=row["en"],
        note=row.get("note", ""),
        roll=row.get("roll"),
        event=Event(row.get("event", Event.NOTICE)),
        multiple=row.get("multiple", False),
        file=file,
    )
    return replace(rule, value=_value(rule))


def _value(rule: Rule) -> int | Fraction | bool | str:
    # Ratios are written as text ("0.02", "2/3"), because a TOML float is not exact.
    wanted = {Unit.FLAG: bool, Unit.TEXT: str, Unit.RATIO: str}.get(rule.unit, int)
    facts = {"key": rule.key, "file": rule.file, "value": rule.value, "unit": rule.unit}
    if type(rule.value) is not wanted or rule.value == "":
        raise Refused("law.row_value_unfit", **facts)
    if rule.unit is not Unit.RATIO:
        if wanted is int and int(rule.value) < 0:
            raise Refused("law.row_value_unfit", **facts)
        return rule.value
    try:
        share = Fraction(rule.value)
    except (ValueError, ZeroDivisionError):
        raise Refused("law.row_value_unfit", **facts) from None
    if share < 0 or (share > 1 and not rule.multiple):
        raise Refused("law.row_ratio_out_of_range", **facts)
    return share


class Forbidden(StrEnum):
    """Rules that no region or configuration may turn off, by the last part of their key."""

    # 电子招标投标办法 20: nothing may stand between a reader and the tender document.
    GATE_BEFORE_DOWNLOAD = "no_signup"


#: The shares that start a review of a low price, and the ceiling for them (财库〔2026〕2号).
LOW_RATES = ("ev.low_mean", "ev.low_second", "ev.low_ceiling")
LOW_RATE_MAX = "ev.low_rate_max"


def refuse_unsound(rows: Iterable[Rule], atlas: Atlas) -> None:
    """Hold all rows against each other and the regions, as one table in force.

    Raises Refused ``law.row_region_unknown``, ``law.row_overlaps``,
    ``law.row_gate_before_download`` or ``law.row_low_rate_too_high``.
    """
    rows = list(rows)
    for row in rows:
        if row.region not in atlas.regions:
            raise Refused("law.row_region_unknown", key=row.key, file=row.file, region=row.region)
        if row.key.partition(".")[2] in set(Forbidden) and row.value is False:
            raise Refused("law.row_gate_before_download", key=row.key, file=row.file)
    refuse_overlaps(rows)
    _refuse_high_triggers(rows, atlas)


def refuse_overlaps(rows: Iterable[Rule]) -> None:
    """Stop when two rows would both answer one question: law must be unambiguous."""
    seen: dict[tuple[str, str, str], list[Rule]] = {}
    for row in rows:
        for procedure in row.procedures:
            others = seen.setdefault((row.key, row.region, procedure), [])
            for other in others:
                if meet(row, other):
                    raise Refused(
                        "law.row_overlaps",
                        key=row.key, file=row.file, other=other.file, region=row.region,
                        procedure=procedure,
                    )  # fmt: skip
            others.append(row)


def meet(one: Rule, other: Rule) -> bool:
    """Do two rows share a day of force?"""
    return (one.start or date.min) <= (other.end or date.max) and (
        other.start or date.min
    ) <= (one.end or date.max)


def _refuse_high_triggers(rows: list[Rule], atlas: Atlas) -> None:
    # The ceiling that binds a row is that of its own region or of one above it.
    ceilings = [row for row in rows if row.key == LOW_RATE_MAX]
    for row in rows:
        if row.key not in LOW_RATES:
            continue
        for most in ceilings:
            reaches = most.region in atlas.chain(row.region) and meet(row, most)
            if reaches and _share_a_procedure(row, most) and Fraction(row.value) > Fraction(most.value):
                raise Refused(
                    "law.row_low_rate_too_high",
                    key=row.key, file=row.file, value=str(row.value), most=str(most.value),
                )  # fmt: skip


def _share_a_procedure(one: Rule, other: Rule) -> bool:
    both = {*one.procedures, *other.procedures}
    return "*" in both or bool(set(one.procedures) & set(other.procedures))

"""Templates of tender documents as data: which sections a procedure's document has, and what is filled in.

Rows of ``templates.toml``. A further procedure is a further row; nothing in the code asks for one by name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from trading.base.errors import Refused

PLACE = re.compile(r"\{(\w+)\}")
#: Places that the case itself fills, for the whole document and for one lot.
OF_CASE = frozenset({"host_name", "agency_name", "procedure_name", "code", "funding", "approval"})
OF_LOT = frozenset({"lot_number", "lot_name", "estimate", "method_name"})
WORDS = frozenset({"document", "notice", "host", "bidder", "bid", "bond_name", "award", "remedy"})


class Kind(StrEnum):
    """What is typed into a field."""

    LINE = "line"
    TEXT = "text"
    ITEMS = "items"
    AMOUNT = "amount"
    POINTS = "points"
    PERCENT = "percent"
    COUNT = "count"
    MOMENT = "moment"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True)
class Field:
    """One thing to fill in. ``scored`` ones are asked only of lots that are decided by points."""

    id: str
    kind: Kind
    zh: str
    en: str
    required: bool = False
    each_lot: bool = False
    scored: bool = False
    needs: str = ""
    begins: str = ""
    none: str = ""
    hint_zh: str = ""
    hint_en: str = ""
    choices: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading with its fields, its lines, and the lines said once for each lot."""

    id: str
    zh: str
    en: str
    fields: tuple[Field, ...]
    lines: tuple[str, ...]
    lot_lines: tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """One template: the procedures it serves, its words and its sections in order."""

    id: str
    procedures: tuple[str, ...]
    zh: str
    en: str
    words: Mapping[str, str]
    sections: tuple[Section, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(field for section in self.sections for field in section.fields)


def read(text: str) -> dict[str, Outline]:
    """Templates of a file, by procedure. Raises ValueError naming the row and what is wrong with it."""
    rows = tomllib.loads(text)
    fields = {row["id"]: _field(row) for row in rows["field"]}
    sections = {row["id"]: _section(row, fields) for row in rows["section"]}
    found: dict[str, Outline] = {}
    for row in rows["outline"]:
        outline = _outline(row, sections)
        for procedure in outline.procedures:
            if procedure in found:
                raise ValueError(f"{row['id']}: a second template for {procedure}")
            found[procedure] = outline
    return found


def _field(row: Mapping[str, Any]) -> Field:
    try:
        return Field(**{**row, "kind": Kind(row["kind"]), "choices": tuple(tuple(each) for each in row.get("choices", ()))})
    except (TypeError, ValueError) as error:
        raise ValueError(f"field {row.get('id')}: {error}") from None


def _section(row: Mapping[str, Any], fields: Mapping[str, Field]) -> Section:
    if unknown := [name for name in row["fields"] if name not in fields]:
        raise ValueError(f"section {row['id']}: unknown fields {unknown}")
    return Section(row["id"], row["zh"], row["en"], tuple(fields[name] for name in row["fields"]), tuple(row["lines"]), tuple(row["lot_lines"]))


def _outline(row: Mapping[str, Any], sections: Mapping[str, Section]) -> Outline:
    if unknown := [name for name in row["sections"] if name not in sections]:
        raise ValueError(f"outline {row['id']}: unknown sections {unknown}")
    outline = Outline(row["id"], tuple(row["procedures"]), row["zh"], row["en"], row["words"], tuple(sections[name] for name in row["sections"]))
    names = [field.id for field in outline.fields]
    if len(names) != len(set(names)) or set(outline.words) != WORDS:
        raise ValueError(f"outline {row['id']}: a field asked for twice, or words missing")
    whole = {field.id for field in outline.fields if not field.each_lot} | OF_CASE | WORDS
    each = {field.id for field in outline.fields} | OF_CASE | WORDS | OF_LOT
    for section in outline.sections:
        for lines, known in ((section.lines, whole), (section.lot_lines, each)):
            if lost := {place for line in lines for place in PLACE.findall(line)} - known:
                raise ValueError(f"outline {row['id']}, section {section.id}: nothing fills {sorted(lost)}")
    return outline


@cache
def table() -> Mapping[str, Outline]:
    return read(Path(__file__).with_name("templates.toml").read_text("utf-8"))


def outline_for(procedure: str) -> Outline:
    """The template of a procedure. Raises Refused ``document.no_template``."""
    try:
        return table()[procedure]
    except KeyError:
        raise Refused("document.no_template", procedure=procedure[:40]) from None

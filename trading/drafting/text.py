"""A tender document put together: the template's lines with what was filled in, as sections of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trading.announcements import rules as notice_rules
from trading.base.clock import BEIJING
from trading.base.money import capitals, yuan
from trading.drafting.filling import Case, LotFacts, Values
from trading.drafting.outlines import PLACE, Field, Kind, Outline

FORMAT = "mingtang/tender-document/1"
#: What methods are called in a document, without the family that the platform's pages name beside them.
METHODS = {"works_lowest": "经评审的最低投标价法", "works_comprehensive": "综合评估法", "procurement_lowest": "最低评标价法",
           "procurement_comprehensive": "综合评分法", "lottery": "固定价随机抽取", "negotiated": "单一来源协商", "land_highest": "价高者得",
           "property_highest": "价高者得"}
NUMERALS = (*"一二三四五六七八九十", "十一", "十二")


@dataclass(frozen=True)
class Part:
    """A section as it is read: its heading and its paragraphs."""

    id: str
    heading: str
    paragraphs: tuple[str, ...]


def put_together(outline: Outline, case: Case, values: Values, names: Mapping[str, str]) -> list[Part]:
    """All sections with their places filled; ``names`` are those of the case. A line without its figure is left out."""
    fields = {field.id: field for field in outline.fields}
    whole = {**outline.words, **names}
    whole |= {field.id: shown(field, values.get(field.id)) for field in fields.values() if not field.each_lot}
    found = []
    for number, section in enumerate(outline.sections):
        paragraphs = [line for each in section.lines for line in _line(each, whole)]
        for lot in case.lots if section.lot_lines else ():
            places = whole | _of_lot(lot) | {
                field.id: shown(field, values.get(f"lot{lot.number}_{field.id}")) for field in fields.values() if field.each_lot}
            paragraphs += [line for each in section.lot_lines for line in _line(each, places)]
        found.append(Part(section.id, f"{NUMERALS[number]}、{section.zh}", tuple(paragraphs)))
    return found


def _of_lot(lot: LotFacts) -> dict[str, str]:
    return {"lot_number": str(lot.number), "lot_name": lot.name, "estimate": amount(lot.estimate_fen),
            "method_name": METHODS.get(lot.method.get("kind", ""), "")}


def _line(line: str, places: Mapping[str, str]) -> list[str]:
    """One line of the template. What was filled in is never read as a place itself."""
    if any(not places.get(name) for name in PLACE.findall(line)):
        return []
    return [text for text in PLACE.sub(lambda match: places[match.group(1)], line).split("\n") if text.strip()]


def amount(fen: int) -> str:
    return f"{yuan(fen)} 元（{capitals(fen)}）"


def shown(field: Field, value: Any) -> str:
    """A value as the document says it; what is empty says so, or nothing."""
    if value in (None, "", []):
        return field.none
    if field.kind is Kind.AMOUNT:
        return amount(value)
    if field.kind is Kind.MOMENT:
        local = notice_rules.moment(value).astimezone(BEIJING)
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    if field.kind is Kind.ITEMS:
        return "\n".join(f"（{number}）{line}" for number, line in enumerate(value, 1))
    if field.kind in (Kind.CHOICE, Kind.CHOICES):
        chosen = value if isinstance(value, list) else [value]
        return "、".join(zh for name, zh, _en in field.choices if name in chosen)
    return str(value)

"""The rule table as a page asks for it: what the address says, and the rows as they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _

from trading.base import forms
from trading.base.errors import FieldErrors, Refused
from trading.base.language import refusal_text
from trading.law.procedures import FAMILIES, PROCEDURES
from trading.law.procedures import Family as Body
from trading.law.rule import Rule, Status
from trading.law.rules import Book
from trading.law.tables import Entry, in_force
from trading.lawbook import words
from trading.projects import words as project_words

#: Rows that wait for a lawyer: second hand, or from memory.
OPEN = (Status.SECONDARY, Status.MEMORY)


@dataclass(frozen=True)
class Asked:
    """What the address of a page says; the day and the region always mean one."""

    on: date
    region: str
    family: str = ""
    procedure: str = ""
    status: str = ""
    q: str = ""


class Row(NamedTuple):
    """One rule as a table shows it."""

    key: str
    label: str
    figure: str
    article: str
    note: str
    procedures: str
    region: str
    force: str
    status: dict[str, str]


def families(book: Book) -> list[str]:
    """Bodies of law first, then the other families of rows."""
    return [*Body, *sorted({rule.family for rule in book.rules} - set(Body))]


def asked(arguments: Mapping[str, str], book: Book, *, today: date, home: str, prefix: str = "") -> Asked:
    """Read an address. Raises FieldErrors naming every filter that cannot be read."""
    def text(name: str) -> str:
        return arguments.get(name, "").strip()

    def choice(name: str, known: Iterable[str]) -> str:
        found = text(name)
        if found and found not in set(known):
            raise Refused("form.choice", text=found[:40])
        return found

    readers = {
        prefix + "on": lambda: forms.day(text(prefix + "on")) if text(prefix + "on") else today,
        prefix + "region": lambda: book.atlas.code(text(prefix + "region")[:60] or home),
        "family": lambda: choice("family", families(book)), "procedure": lambda: choice("procedure", FAMILIES),
        "status": lambda: choice("status", ("open", *Status)), "q": lambda: text("q")[:100]}
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, read in readers.items():
        try:
            values[name.removeprefix(prefix)] = read()
        except Refused as refusal:
            errors[name] = refusal_text(refusal)
    if errors:
        raise FieldErrors(errors)
    return Asked(**values)


def found(book: Book, wanted: Asked) -> list[Entry]:
    """The rules in force that the address asks for, ordered by key."""
    entries = in_force(book, on=wanted.on, region=wanted.region, family=wanted.family or None, procedure=wanted.procedure or None)
    statuses = set(OPEN) if wanted.status == "open" else {wanted.status} if wanted.status else set(Status)
    terms = wanted.q.casefold().split()
    return [entry for entry in entries if entry.rule.status in statuses and (not terms or _says(entry.rule, terms))]


def _says(rule: Rule, terms: list[str]) -> bool:
    whole = " ".join((rule.key, rule.zh, rule.en, rule.article, rule.note)).casefold()
    return all(term in whole for term in terms)


def row(rule: Rule, procedures: tuple[str, ...], asked_for: int, book: Book) -> Row:
    return Row(rule.key, words.label(rule), words.figure(rule), rule.article, rule.note, words.procedures(procedures, asked_for),
               words.region(rule.region, book.atlas), words.force(rule.start, rule.end), words.status(rule.status))


def rows(entries: Iterable[Entry], wanted: Asked, book: Book) -> list[Row]:
    asked_for = sum(1 for name, body in FAMILIES.items()
                    if wanted.procedure in ("", name) and (wanted.family not in set(Body) or body == wanted.family))
    return [row(entry.rule, entry.procedures, asked_for, book) for entry in entries]


def fields(arguments: Mapping[str, str], book: Book, *, today: date, home: str) -> list[dict[str, Any]]:
    """The filters as they stand, as filters() takes them."""
    value = arguments.get
    return [
        {"name": "q", "label": _("关键词、编号或者条文"), "type": "search", "value": value("q", "")},
        {"name": "on", "label": _("法律事件发生日"), "type": "date", "value": value("on") or today.isoformat()},
        {"name": "region", "label": _("地区（名称或者代码）"), "type": "text", "value": value("region") or home},
        {"name": "family", "label": _("门类"), "type": "select", "value": value("family", ""), "options": [
            {"value": "", "text": _("全部")}, *({"value": name, "text": words.family(name)} for name in families(book))]},
        {"name": "procedure", "label": _("交易方式"), "type": "select", "value": value("procedure", ""), "options": [
            {"value": "", "text": _("全部")}, *({"value": name, "text": project_words.procedure(name)} for name in PROCEDURES)]},
        {"name": "status", "label": _("核实状态"), "type": "select", "value": value("status", ""), "options": [
            {"value": "", "text": _("全部")}, {"value": "open", "text": _("待法律人员确认")},
            *({"value": str(name), "text": f"{name} {words.status(name)['text']}"} for name in Status)]}]


def chips(arguments: Mapping[str, str], place: str) -> list[dict[str, str]]:
    """The filters in force, each with the address without it."""
    names = {"q": lambda text: f"“{text}”", "family": words.family, "procedure": project_words.procedure, "region": str, "on": str,
             "status": lambda text: _("待法律人员确认") if text == "open" else words.status(text)["text"]}
    set_ = {name: arguments[name] for name in names if arguments.get(name, "").strip()}
    return [{"text": names[name](text), "remove_href": address(place, {other: said for other, said in set_.items() if other != name})}
            for name, text in set_.items()]


def address(place: str, arguments: Mapping[str, str]) -> str:
    query = urlencode({name: text for name, text in arguments.items() if text})
    return f"{place}?{query}" if query else place

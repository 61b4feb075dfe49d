"""A proposed repeal of a rule, as text and as it is tried before anybody approves it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from trading.base.errors import Refused
from trading.law.amendments import Repeal, repealed
from trading.law.reading import LOW_RATE_MAX, Forbidden
from trading.law.rule import Rule
from trading.law.rules import Book

#: How periods are counted; every step asks for it, so it is replaced and never left out.
COUNTING = "time"


def written(repeal: Repeal) -> str:
    """The repeal as it is kept, in the form of a data file."""
    said = {"key": repeal.key, "region": repeal.region, "procedures": list(repeal.procedures), "article": repeal.article}
    # A JSON text or list of texts is one of TOML as well.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in said.items()]
    return "[[repeal]]\n" + "".join(lines) + f"from = {repeal.start.isoformat()}\n"


def read(text: str) -> Repeal:
    """Read what ``written`` wrote."""
    row = tomllib.loads(text)["repeal"][0]
    return Repeal(row["key"], row["region"], tuple(row["procedures"]), row["from"], row["article"])


def tried(repeal: Repeal, book: Book, today: date) -> Book:
    """The table as it would be without the rule.

    Raises Refused ``lawbook.begins_in_past``, ``lawbook.repeal_kept``, and what ``law.amendments.repealed`` refuses.
    """
    if repeal.start < today:
        raise Refused("lawbook.begins_in_past", key=repeal.key, start=repeal.start, today=today)
    _refuse_kept(repeal, book)
    return repealed(book, repeal)


def _refuse_kept(repeal: Repeal, book: Book) -> None:
    """What may be changed but not left out: the counting of time, and guards that no row may turn off."""
    counting = any(rule.family == COUNTING for rule in book.by_key.get(repeal.key, ()))
    if counting or repeal.key == LOW_RATE_MAX or repeal.key.partition(".")[2] in set(Forbidden):
        raise Refused("lawbook.repeal_kept", key=repeal.key)


def ended(repeal: Repeal, book: Book) -> list[Rule]:
    """The rows that a repeal would end, as they are now."""
    return [rule for rule in book.by_key.get(repeal.key, ()) if rule.region == repeal.region and rule.in_force(repeal.start)
            and set(rule.procedures) & set(repeal.procedures)]


def left_out(rows: Iterable[Rule], start: date) -> list[Rule]:
    """The days taken away from each row, to find the cases that a repeal reaches."""
    return [replace(row, start=start) for row in rows]


def repealable(book: Book, key: str, today: date) -> list[Rule]:
    """The rows of a key in force today or later, each by itself."""
    return [rule for rule in book.by_key.get(key, ()) if rule.end is None or rule.end >= today]


def place(rule: Rule) -> str:
    """How a form names a row: its region and procedures."""
    return f"{rule.region}|{' '.join(rule.procedures)}"


def of_place(key: str, place: str, start: date, article: str) -> Repeal:
    region, _bar, procedures = place.partition("|")
    return Repeal(key, region, tuple(procedures.split()), start, article)

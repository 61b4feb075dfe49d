"""The law in force in this process: packaged rows, those laid into the instance, approved changes.

The whole table is kept in memory, because every page asks it for figures. Whether another
process has approved a change is looked up in one index, at most once a second.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from trading.base import installation
from trading.base.clock import ticks
from trading.base.config import UnsafeSettings
from trading.base.errors import Refused
from trading.law import calendar, rules
from trading.law.amendments import amended, repealed
from trading.law.calendar import Notice
from trading.law.rules import Book
from trading.lawbook import queries, repeals
from trading.lawbook.models import Kind, RuleChange
from trading.lawbook.rules import read_rows

LOOK_EVERY_S = 1.0


@dataclass(eq=False)
class Standing:
    """What one application started with, and what it works by since the change numbered ``place``."""

    base: Book | None
    notices: tuple[Notice, ...]
    place: int = 0
    looked: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, changes: list[RuleChange]) -> None:
        """Lay the approved changes over what the application started with, in their order."""
        book, notices = self.base or rules.packaged(), list(self.notices)
        for change in changes:
            if change.kind == Kind.CALENDAR:
                # A later notice of the same year takes the place of the one that it corrects.
                notices.append(calendar.read(change.text))
            elif change.kind == Kind.REPEAL:
                book = repealed(book, repeals.read(change.text))
            else:
                book = amended(book, read_rows(change.text))
        self.place = changes[-1].place or 0 if changes else 0
        _count(self, book, notices)

    def catch_up(self) -> bool:
        """Take over what the database has approved, for a command that is not a page; says whether it could be read."""
        url = installation.settings().url
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
            return False  # asking would make an empty database
        try:
            self.take(queries.approved())
        except SQLAlchemyError:
            return False
        return True


#: Whose law this process counts by. A process serves one application; tests start several.
_in_charge: list[Standing] = []


def _count(standing: Standing, book: Book | None, notices: Iterable[Notice]) -> None:
    rules.use(book)
    calendar.use(notices)
    _in_charge[:] = [standing]


def start(instance: Path) -> Standing:
    """What counts from the start: ``law/*.toml`` and ``calendar/YEAR.toml`` of the instance beside the packaged.

    Raises UnsafeSettings with the key and the file, for no case may begin under a table that contradicts itself.
    """
    law, days = instance / "law", instance / "calendar"
    try:
        base = rules.load(law) if law.is_dir() else None
        notices = calendar.load(days) if days.is_dir() else ()
    except (Refused, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnsafeSettings(f"the rules or days off laid into {instance} cannot be used: {error}") from None
    standing = Standing(base, notices)
    _count(standing, base, notices)
    return standing


def follow(*, at_once: bool = False) -> None:
    """Take over changes that were approved here or in another process since the last look."""
    standing = cast(Standing, current_app.extensions["mingtang"]["law"])
    mine = _in_charge == [standing]
    if not at_once and mine and ticks() - standing.looked < LOOK_EVERY_S:
        return
    with standing.lock:
        if not mine or queries.newest_place() != standing.place:
            standing.take(queries.approved())
        standing.looked = ticks()


def home() -> str:
    """The region that this installation stands in; the nation where its code is not in the table."""
    region = installation.settings().region
    return region if region in rules.book().atlas.regions else rules.NATION

"""Cases that tests ask for again and again are taken once for each worker and kept with their whole installation.

What is kept is what the services made, step by step, on an untouched copy of the prepared installation: the
database, the files and what the people remember. A test that has written by itself before, or that replaces
parts of the program, takes its own case.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import event

from bidding.trustees import service as trustees
from trading.base import installation
from trading.base.database import db
from trading.demonstration.case import CaseRun
from trading.demonstration.cast import Cast

#: More than these would fill the memory; the ones not asked for longest go first.
MOST = 24
Made = TypeVar("Made")


@dataclass
class Kept:
    """What was made once, with the installation as it stood then and the people as they were."""

    number: int
    folder: Path
    database: str
    cast: Cast
    made: Any


@dataclass
class Shelf:
    """All that is kept of one prepared installation; ``copy_database`` copies one PostgreSQL database to another name."""

    folder: Path
    copy_database: Callable[[str, str], None] | None = None
    kept: OrderedDict[tuple[int, str], Kept] = field(default_factory=OrderedDict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def put(self, key: tuple[int, str], made: Any, cast: Cast, own: str) -> int:
        """Keep the installation of the current application as it stands now."""
        if len(self.kept) >= MOST:
            _key, old = self.kept.popitem(last=False)
            folder, database = old.folder, old.database
        else:
            folder, database = self.folder / str(len(self.kept)), f"kept{len(self.kept)}"
        self._copy(installation.settings().instance, folder, own, database)
        self.kept[key] = Kept(next(self.numbers), folder, database, copy_cast(cast), _copied(made))
        return self.kept[key].number

    def take(self, key: tuple[int, str], cast: Cast, own: str) -> Kept:
        """Bring the installation of the current application and its people to where they were."""
        found = self.kept[key]
        self.kept.move_to_end(key)
        self._copy(found.folder, installation.settings().instance, found.database, own)
        trustees.policy.cache_clear()
        _become(cast, copy_cast(found.cast))
        return replace(found, made=_copied(found.made, cast))

    def _copy(self, source: Path, target: Path, database: str, name: str) -> None:
        # Rows in the hands of a test stay with its session and are read again when they are next looked at.
        db.session.rollback()
        db.engine.dispose()
        if self.copy_database:
            self.copy_database(database, name)
        elif (source / "mingtang.db-wal").exists():
            with closing(sqlite3.connect(source / "mingtang.db")) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)


class Place:
    """Where one test stands: the number of what it took last from the shelf, or nothing once it has written itself."""

    def __init__(self, shelf: Shelf, cast: Cast, own: str = "") -> None:
        self.shelf, self.cast, self.own = shelf, cast, own
        self.set_up = self._set_up()
        self.stand: int | None = 0
        event.listen(db.engine, "commit", self._leave)

    def _set_up(self) -> tuple[Any, ...]:
        """What a test may have set beside the database: settings, the file store, the people's own programs."""
        own, cast = current_app.extensions["mingtang"], self.cast
        return (own["settings"], vars(own["files"]).copy(), own["law"], own["boxes"], dict(own["keys"]), cast.pins, [holder.trustee for holder in cast.holders],
                list(cast.watchers.witnesses), list(cast.watchers.authorities))

    def _leave(self, _connection: Any) -> None:
        self.stand = None

    def once(self, words: list[str], make: Callable[[int, Any], Made]) -> Made:
        """What the last of the words names; ``make`` goes on from the longest of them that is kept, by its number."""
        if self.stand is None or self._set_up() != self.set_up:
            return make(0, None)
        stand, kept = self.stand, None
        done = max((number for number, word in enumerate(words, 1) if (stand, word) in self.shelf.kept), default=0)
        if done:
            kept = self.shelf.take((stand, words[done - 1]), self.cast, self.own)
        if kept and done == len(words):
            made, self.stand = kept.made, kept.number
        else:
            made = make(done, kept and kept.made)
            self.stand = self.shelf.put((stand, words[-1]), made, self.cast, self.own)
        return made


def copy_cast(cast: Cast) -> Cast:
    """The same people with memories of their own."""
    twin = copy(cast)
    twin.holders = [replace(holder, memory=deepcopy(holder.memory)) for holder in cast.holders]
    twin.watchers = cast.watchers.twin()
    return twin


def _become(cast: Cast, other: Cast) -> None:
    """Let the people of a test remember what others remember."""
    for holder, same in zip(cast.holders, other.holders, strict=True):
        holder.memory = same.memory
    for witness, alike in zip(cast.watchers.witnesses, other.watchers.witnesses, strict=True):
        witness._last = alike._last
    cast.watchers.seen[:] = other.watchers.seen
    cast._numbers = other._numbers


def _copied(made: Any, cast: Cast | None = None) -> Any:
    """A case with lists of its own, told by ids where it is kept and with rows of the database for a cast; other plain values whole."""
    if not isinstance(made, CaseRun):
        return deepcopy(made)
    twin = copy(made)
    twin.plan = replace(made.plan, offers=list(made.plan.offers), files=dict(made.plan.files), method=deepcopy(made.plan.method))
    for name in ("halves", "receipts"):
        if hasattr(made, name):
            setattr(twin, name, copy(getattr(made, name)))
    if hasattr(made, "session"):
        twin.session = trustees.get_session(made.session) if cast else made.session.id  # type: ignore[arg-type, assignment]
    if cast:
        twin.cast = cast
    return twin

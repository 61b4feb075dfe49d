"""Cases that a test asks for again and again are taken once for each worker and kept with their whole installation.

What is kept is what the services made, step by step, on an untouched copy of the prepared installation: the
database and the files. A test that has written before, or that replaces parts of the program, takes its own case.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bidding.trustees import service as trustees
from trading.base import installation
from trading.base.database import db
from trading.demonstration.case import CaseRun, Plan
from trading.demonstration.cast import Cast

#: More than these would fill the memory; the ones not asked for longest go first.
MOST = 16


@dataclass
class Kept:
    """One case as it stood after its last step."""

    folder: Path
    database: str
    case: CaseRun
    session: str | None

    def ask_session(self, case: CaseRun) -> None:
        """Rows belong to the database session that read them."""
        if self.session:
            case.session = trustees.get_session(self.session)


@dataclass
class Shelf:
    """All cases kept of one prepared installation; ``copy_database`` copies one PostgreSQL database to another name."""

    folder: Path
    copy_database: Callable[[str, str], None] | None = None
    kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict)
    made: int = 0

    def put(self, word: str, case: CaseRun, own: str) -> None:
        """Keep the installation of the current application as it stands now."""
        if len(self.kept) < MOST:
            self.made += 1
            folder, database = self.folder / str(self.made), f"kept{self.made}"
        else:
            _word, old = self.kept.popitem(last=False)
            folder, database = old.folder, old.database
        kept = Kept(folder, database, _remembered(case), case.session.id if hasattr(case, "session") else None)
        self._copy(installation.settings().instance, folder, own, database)
        self.kept[word] = kept
        kept.ask_session(case)

    def take(self, word: str, cast: Cast, own: str) -> CaseRun:
        """Bring the installation of the current application to where the case was kept."""
        found = self.kept[word]
        self.kept.move_to_end(word)
        self._copy(found.folder, installation.settings().instance, found.database, own)
        trustees.policy.cache_clear()
        case = _remembered(found.case)
        _become(cast, case.cast)
        case.cast = cast
        found.ask_session(case)
        return case

    def _copy(self, source: Path, target: Path, database: str, name: str) -> None:
        db.session.remove()
        db.engine.dispose()
        if self.copy_database:
            self.copy_database(database, name)
        elif (source / "mingtang.db-wal").exists():
            with sqlite3.connect(source / "mingtang.db") as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)


@dataclass
class Place:
    """Where one test stands: its shelf, its database, and whether it has written yet."""

    shelf: Shelf
    own: str = ""
    touched: bool = False
    settings: Any = None

    def __post_init__(self) -> None:
        self.settings = installation.settings()
        event.listen(db.engine, "commit", self._write)

    def _write(self, _connection: Any) -> None:
        self.touched = True

    def is_untouched(self) -> bool:
        return not self.touched and installation.settings() is self.settings

    def case(self, steps: tuple[str, ...], described: str, fresh: CaseRun) -> CaseRun:
        """The fresh case, taken through the steps; as far as it is kept it is not taken again."""
        words = [f"{steps[:number]} {described}" for number in range(len(steps) + 1)]
        done = max((number for number, word in enumerate(words) if word in self.shelf.kept), default=0)
        case = self.shelf.take(words[done], fresh.cast, self.own) if done else fresh
        for step in steps[done:]:
            getattr(case, step)()
        if done < len(steps):
            self.shelf.put(words[-1], case, self.own)
        self.touched = True
        return case


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


def _remembered(case: CaseRun) -> CaseRun:
    """The case with lists and memories of its own."""
    twin = copy(case)
    twin.cast, twin.plan = copy_cast(case.cast), _copied(case.plan)
    for name in ("halves", "receipts"):
        if hasattr(case, name):
            setattr(twin, name, copy(getattr(case, name)))
    return twin


def _copied(plan: Plan) -> Plan:
    return replace(plan, offers=list(plan.offers), files=dict(plan.files), method=deepcopy(plan.method), pool=list(plan.pool))

"""Compare the database with its seals, the log with its tree, the stored files with their hashes.

Whoever changes the database by hand (an administrator, a thief with a backup, a faulty disk) is
found here, with table, row and column. A finding is an alarm to supervisors and administrators;
what was seen goes into the log, and so do the totals of all tables from time to time, sealed,
so that the database cannot be put back to an older state without the log knowing better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, func, select

from trading.archive.models import RemovedFile
from trading.base import installation, row_seals
from trading.base.clock import Clock
from trading.base.database import Model, db, lock_row, serialise, transaction
from trading.base.row_seals import Found
from trading.evidence import alarms, self_check
from trading.evidence import service as evidence
from trading.supervision.models import DatabaseAudit

#: The alarm's kind, and the one place it speaks of.
CHANGED, PLACE = "database.changed", "database"
#: As many places as are kept of one audit; thousands would say no more.
KEPT = 200

#: The timetable's audits are as far apart.
EVERY = timedelta(hours=6)
_ONE_AT_A_TIME = 7_264_002

#: Further comparisons, put here by app.py for the folders that come after this one.
ALSO: list[Callable[[Connection], Iterator[Found]]] = []
#: Where files of the store are named: table, column of the name, of the hash, of the size.
FILES = [("archive_piece", "stored", "sha256", "bytes"), ("archive_pack", "stored", "sha256", "bytes"),
         ("project_file", "stored", "sha256", "bytes"), ("upload_part", "stored", "sha256", "bytes")]


@dataclass(frozen=True)
class Audit:
    """What one audit saw: rows and files compared, and every place that does not fit."""

    rows: int
    found: list[Found]


def look() -> Audit:
    """Compare everything; what does not fit is looked at a second time and counts only if it still does not.

    Files are not part of the database's moment: a bid that is replaced, or an upload that is given up
    while this runs, takes its files along, and must not look like a theft.
    """
    first = compare()
    if not first.found:
        return first
    second = compare()
    return Audit(second.rows, [place for place in second.found if place in set(first.found)])


def compare() -> Audit:
    """Compare everything once, as it stands at one moment; changes nothing."""
    with _snapshot() as here:
        rows, found = 0, []
        for name, table in sorted(Model.metadata.tables.items()):
            rows += here.execute(select(func.count()).select_from(table)).scalar_one()
            if row_seals.is_sealed(name):
                found += row_seals.changed_rows(here, table)
        found += row_seals.strange_shapes(here)
        logged: dict[str, list[Any]] = {}
        found += self_check.changed(here, logged)
        found += _older_than_the_log(here, logged)
        found += _changed_files(here)
        for further in ALSO:
            found += further(here)
    return Audit(rows, found)


def _snapshot() -> Connection:
    # One moment throughout: on SQLite a read transaction is that, PostgreSQL must be told.
    engine = db.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def _older_than_the_log(here: Connection, logged: dict[str, list[Any]]) -> Iterator[Found]:
    """Tables that changed less often than the log says they had already."""
    now = row_seals.totals(here)
    for name, (changes, total) in logged.items():
        have = now.get(name)
        if have is None or have[0] < changes or (have[0] == changes and have[1] != total):
            yield Found(name, "", "", "put_back")


def _changed_files(here: Connection) -> Iterator[Found]:
    files = installation.files()
    # What was disposed of at the end of its keeping is gone by right, and its record stays.
    removed = set(here.execute(select(RemovedFile.stored)).scalars())
    for name, stored, digest, size in FILES:
        table: Table = Model.metadata.tables[name]
        own = list(table.primary_key.columns)
        for row in here.execute(select(table)).mappings():
            if row[stored] in removed:
                continue
            found, length = sha256(), 0
            try:
                for chunk in files.chunks(row[stored]):
                    found.update(chunk)
                    length += len(chunk)
            except OSError:
                yield Found(name, row_seals.key_text(row[column.name] for column in own), stored, "file_missing")
                continue
            if found.hexdigest() != row[digest] or length != row[size]:
                yield Found(name, row_seals.key_text(row[column.name] for column in own), stored, "file_changed")


# --- audits that are kept ---------------------------------------------------------------------------

def ask(*, account_id: int | None, at: datetime) -> DatabaseAudit:
    """Ask for an audit; one that waits already is not asked for twice."""
    with transaction() as session:
        serialise(_ONE_AT_A_TIME)
        waiting = session.scalar(select(DatabaseAudit).where(DatabaseAudit.ended_at.is_(None)))
        if waiting is None:
            waiting = DatabaseAudit(asked_at=at, asked_by=account_id)
            session.add(waiting)
        return waiting


def make_due(clock: Clock) -> bool:
    """Make the audit that was asked for, or one when the last is too old. Returns whether there was one to make."""
    last = db.session.scalar(select(DatabaseAudit).order_by(DatabaseAudit.id.desc()).limit(1))
    if last is not None and last.ended_at is not None and clock() - last.ended_at < EVERY:
        return False
    make(ask(account_id=None, at=clock()).id, clock)
    return True


def make(audit_id: int, clock: Clock) -> DatabaseAudit:
    """Compare everything, keep what was found, raise or end the alarm, write it into the log.

    Two processes may look at once; the first to end writes it down.
    """
    seen = look()
    tables = sorted({place.table for place in seen.found})
    with transaction():
        kept: DatabaseAudit = lock_row(DatabaseAudit, audit_id)
        if kept.ended_at is not None:
            return kept
        kept.ended_at, kept.rows, kept.found = clock(), seen.rows, len(seen.found)
        kept.places = [asdict(place) for place in seen.found[:KEPT]]
        evidence.record("database.audited", actor="timetable", at=kept.ended_at, found=len(seen.found), tables=tables)
        if seen.found:
            alarms.raise_alarm(CHANGED, PLACE, at=kept.ended_at, found=len(seen.found), tables=tables)
        else:
            alarms.end((CHANGED,), PLACE, at=kept.ended_at)
        return kept


def anchor(at: datetime) -> None:
    """Write the totals of all tables into the log, sealed: what they are at a moment can be told later, and nothing sooner.

    Always at the same intervals, so that the log's growth says nothing about who does what.
    """
    with transaction() as session:
        totals = {name: list(found) for name, found in row_seals.totals(session.connection()).items()}
        evidence.record_sealed(self_check.TOTALS, actor="timetable", at=at, totals=totals)


def newest(limit: int = 20) -> list[DatabaseAudit]:
    return list(db.session.scalars(select(DatabaseAudit).order_by(DatabaseAudit.id.desc()).limit(limit)))


def adopt(reason: str, *, at: datetime) -> dict[str, int]:
    """Seal rows that have no seal yet: after an upgrade that brought seals or columns, or a repair by hand.

    Rows whose seal contradicts them are left as they are and stay findings. Who does it must be able
    to run commands on the server; the log says that it was done, with reason and numbers. Gives the
    number of rows by table.
    """
    with transaction() as session:
        here = session.connection()
        done: dict[str, int] = {}
        for name, table in sorted(Model.metadata.tables.items()):
            if not row_seals.is_sealed(name):
                continue
            bad = {place.key for place in row_seals.changed_rows(here, table) if place.problem != "added"}
            keys = [key for key in row_seals.unsealed(here, table) if row_seals.key_text(key) not in bad]
            if keys:
                row_seals.touch(name, keys)
                done[name] = len(keys)
        evidence.record("database.adopted", actor="operator", at=at, reason=reason, rows=done)
    return done

"""Where the events of auctions are read: plain statements on connections of the events process's own.

Both kinds of database say when something was written, so that nobody waits for a look at fixed times:
SQLite by a counter of commits, PostgreSQL by a notification that the writer sends in its transaction
(channel ``mingtang_auction``, the room's code as its payload). Twice a second everything is looked at anyway.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import make_url

CHANNEL = "mingtang_auction"
#: How often SQLite's counter is read; one read takes some microseconds.
LOOK_EVERY_S = 0.005
AT_LEAST_EVERY_S = 0.5

KNOWN = "SELECT EXISTS (SELECT 1 FROM auction WHERE room = ?) OR EXISTS (SELECT 1 FROM auction_event WHERE room = ?)"
BETWEEN = "SELECT seq, body FROM auction_event WHERE room = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
LAST = "SELECT seq, body FROM auction_event WHERE room = ? ORDER BY seq DESC LIMIT ?"
#: Rooms that still run, and those that ended a moment ago.
OPEN = "SELECT room FROM auction WHERE ended_at IS NULL OR ended_at > ?"
NO_END = 2**62

Row = tuple[int, str]
#: What may go wrong with a database or a connection. A watcher comes back with its number.
TROUBLE = (sqlite3.Error, psycopg.Error, OSError, TimeoutError, LookupError)


class Source(Protocol):
    """What the streams need of a database."""

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one of the statements above."""

    async def changed(self) -> set[str] | None:
        """Wait until something may be new, half a second at most: in these rooms, or in any (None)."""

    async def close(self) -> None:
        """Leave the database; the next use connects again."""


def at(url: str) -> Source:
    """The source for an installation's database."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return Sqlite(str(parts.database))
    return Postgres(parts.set(drivername="postgresql").render_as_string(hide_password=False))


async def is_known(here: Source, room: str) -> bool:
    return bool((await here.rows(KNOWN, room, room))[0][0])


async def after(here: Source, room: str, seq: int, limit: int, upto: int = NO_END) -> list[Row]:
    """The events after a number, oldest first."""
    return [(row[0], row[1]) for row in await here.rows(BETWEEN, room, seq, upto, limit)]


async def last(here: Source, room: str, limit: int) -> list[Row]:
    """The newest events, oldest of them first."""
    return [(row[0], row[1]) for row in reversed(await here.rows(LAST, room, limit))]


class Sqlite:
    """Reads in WAL never wait for a writer, so they are done in the loop itself."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None
        self._version: int | None = None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            # The file must be there; "ro" could not read a WAL that nobody else has open.
            self._opened = sqlite3.connect(f"file:{self._path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=rw", uri=True,
                                           isolation_level=None, timeout=1, check_same_thread=False)
            self._opened.execute("PRAGMA query_only=ON")
            self._version = None
        return self._opened

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection().execute(statement, values).fetchall()

    async def changed(self) -> set[str] | None:
        for _ in range(int(AT_LEAST_EVERY_S / LOOK_EVERY_S)):
            # Read before the rows are: what is committed after it is seen by the next look.
            version = self._connection().execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._version = version
                return None
            await asyncio.sleep(LOOK_EVERY_S)
        return None

    async def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class Postgres:
    """One connection listens, another reads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._reader: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._listener: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._opening = asyncio.Lock()

    async def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self._opening:
            if self._reader is None or self._reader.closed:
                self._reader = await psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
        async with asyncio.timeout(10):
            cursor = await self._reader.execute(statement.replace("?", "%s").encode(), values)
            return await cursor.fetchall()

    async def changed(self) -> set[str] | None:
        if self._listener is None or self._listener.closed:
            self._listener = await psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
            await self._listener.execute(f"LISTEN {CHANNEL}".encode())
            return None  # what was written before is known from the rows alone
        return {note.payload async for note in self._listener.notifies(timeout=AT_LEAST_EVERY_S, stop_after=1)} or None

    async def close(self) -> None:
        for connection in (self._reader, self._listener):
            if connection is not None:
                await connection.close()
        self._reader = self._listener = None

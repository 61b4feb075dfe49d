"""Live events of auctions: real processes, real sockets; what every watcher gets is exactly what was stored."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text

import app  # noqa: F401  (all tables)
from tests.streams import ROOM, Server, Watcher, serving, watching, write, wrong_in
from trading.base.config import create_keys
from trading.base.database import Model
from trading.portal.events import room as rooms
from trading.portal.events import source

AUCTION = "/events/auctions/"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with our tables."""
    yield _database(request, tmp_path, request.param)


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _database(request, tmp_path, "sqlite")


def _database(request: pytest.FixtureRequest, folder: Path, kind: str) -> str:
    create_keys(folder)
    if kind == "sqlite":
        url = engine_url = f"sqlite:///{folder / 'mingtang.db'}"
    else:
        server: str = request.getfixturevalue("postgres")
        with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS live WITH (FORCE)")
            connection.execute("CREATE DATABASE live")
        url = server.format(name="live")
        engine_url = url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(engine_url)
    Model.metadata.create_all(engine)
    with engine.connect() as connection:
        if kind == "sqlite":
            connection.execute(text("PRAGMA journal_mode=WAL"))
    engine.dispose()
    return url


def stored(url: str) -> dict[int, bytes]:
    query = f"SELECT seq, body FROM auction_event WHERE room = '{ROOM}'"
    if url.startswith("sqlite"):
        with sqlite3.connect(url[10:]) as connection:
            rows = connection.execute(query).fetchall()
    else:
        with psycopg.connect(url) as server:
            rows = server.execute(query.encode()).fetchall()
    return {seq: body.encode() for seq, body in rows}


async def done(process: subprocess.Popen[bytes]) -> None:
    assert await asyncio.to_thread(process.wait, 60) == 0


def test_every_watcher_gets_every_event_once_in_order(url: str, tmp_path: Path) -> None:
    write(url, 1, 1).wait()
    with serving(tmp_path, url) as server:
        everybody = [Watcher(server.port) for _ in range(40)]

        async def run() -> None:
            async with asyncio.timeout(40), asyncio.TaskGroup() as group:
                for watcher in everybody[:30]:
                    group.create_task(watcher.watch(401))
                await watching(30, server)
                writing = write(url, 2, 401, pause=0.002)
                await asyncio.sleep(0.4)
                for watcher in everybody[30:]:  # these come while it is written
                    group.create_task(watcher.watch(401))
                await done(writing)

        asyncio.run(run())
    rows = stored(url)
    assert len(rows) == 401
    assert {wrong_in(watcher.got, rows) for watcher in everybody} == {""}


def test_who_comes_back_goes_on_where_it_was(url: str, tmp_path: Path) -> None:
    write(url, 1, 600).wait()
    with serving(tmp_path, url) as server:
        # Before the frames in memory, at their edge, after them, ahead of everything; the header counts more than the address.
        places: list[tuple[int, str | int | None, str]] = [
            (137, 137, ""), (600 - rooms.RING - 1, 600 - rooms.RING - 1, ""), (600 - rooms.RING, 600 - rooms.RING, ""),
            (600 - rooms.RING + 1, 600 - rooms.RING + 1, ""), (599, 599, ""), (600, 600, ""), (500, None, "?after=500"),
            (550, 550, "?after=20"), (20, "none", "?after=20"), (0, "-1", ""), (0, None, "?after=x")]
        people = [(after, Watcher(server.port, f"{AUCTION}{ROOM}{query}"), last) for after, last, query in places]

        async def run() -> None:
            async with asyncio.timeout(40), asyncio.TaskGroup() as group:
                for _after, watcher, last in people:
                    group.create_task(watcher.watch(700, last_id=last))
                await watching(len(people), server)
                await done(write(url, 601, 700))

        asyncio.run(run())
    rows = stored(url)
    assert {after: wrong_in(watcher.got, rows, after) for after, watcher, _ in people if wrong_in(watcher.got, rows, after)} == {}


def test_a_killed_process_leaves_no_gap(url: str, tmp_path: Path) -> None:
    with serving(tmp_path, url) as server:
        everybody = [Watcher(server.port) for _ in range(10)]
        write(url, 1, 1).wait()

        async def run() -> None:
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                for watcher in everybody:
                    group.create_task(watcher.watch(800, reconnect=True))
                await watching(10, server)
                writing = write(url, 2, 800, pause=0.003)
                for _ in range(2):
                    await asyncio.sleep(0.6)
                    server.kill()
                    await asyncio.to_thread(server.start)
                await done(writing)

        asyncio.run(run())
    assert {wrong_in(watcher.got, stored(url)) for watcher in everybody} == {""}


def test_who_never_reads_holds_up_nobody(sqlite_url: str, tmp_path: Path) -> None:
    """Nine megabytes are not read by three of five; the others hear in time, the memory stays, and the three lack nothing in the end."""
    with serving(tmp_path, sqlite_url) as server:
        write(sqlite_url, 1, 1).wait()
        readers, sleepers = [Watcher(server.port) for _ in range(2)], [Watcher(server.port) for _ in range(3)]
        seen: dict[str, Any] = {}

        async def run() -> None:
            go = asyncio.Event()
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                for watcher in readers:
                    group.create_task(watcher.watch(900))
                for watcher in sleepers:
                    group.create_task(watcher.watch(900, reading=go))
                await watching(5, server)
                before = server.memory()
                await done(write(sqlite_url, 2, 900, pad=10_000))
                ended = time.monotonic()
                while any(not watcher.got or watcher.got[-1][0] < 900 for watcher in readers):
                    await asyncio.sleep(0.01)
                seen["late"], seen["grew"] = time.monotonic() - ended, server.memory() - before
                assert not any(watcher.got for watcher in sleepers)
                go.set()

        asyncio.run(run())
    rows = stored(sqlite_url)
    assert {wrong_in(watcher.got, rows) for watcher in readers + sleepers} == {""}
    # Nine megabytes kept for each of three would be 27; the newest frames are 2.5, and what a program keeps of freed memory some more.
    assert seen["late"] < 5 and seen["grew"] < 18 * 2**20, seen


def test_beats_come_every_second_with_the_newest_number(sqlite_url: str, tmp_path: Path) -> None:
    write(sqlite_url, 1, 3).wait()
    with serving(tmp_path, sqlite_url) as server:
        watcher = Watcher(server.port)

        async def run() -> None:
            async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                group.create_task(watcher.watch(4))
                await asyncio.sleep(4.2)
                await done(write(sqlite_url, 4, 4))

        asyncio.run(run())
    assert len(watcher.beats) >= 4 and {beat["seq"] for _, beat in watcher.beats} == {3}
    assert max(after - before for (before, _), (after, _) in zip(watcher.beats, watcher.beats[1:], strict=False)) < 2
    said = datetime.fromisoformat(str(watcher.beats[-1][1]["server_now"]))
    assert said.tzinfo is not None and str(watcher.beats[-1][1]["server_now"])[19] == "."


def test_who_may_come_in(sqlite_url: str, tmp_path: Path) -> None:
    write(sqlite_url, 1, 1).wait()
    with sqlite3.connect(sqlite_url[10:]) as connection:  # an auction that has no event yet is a room too
        connection.execute("INSERT INTO auction (lot_id, room, terms, standing, seq, marks) VALUES (1, 'B1510822000000002001001', '{}', '{}', 0, '')")

    async def ask(server: Server, path: str, extra: str = "") -> Watcher:
        watcher = Watcher(server.port, path)
        async with asyncio.timeout(10):
            await watcher.watch(1, extra=extra)
        return watcher

    async def run(server: Server) -> None:
        for path in (AUCTION, f"{AUCTION}B1510822000000009001001", f"{AUCTION}{ROOM}/x", f"{AUCTION}{ROOM[:-1]}%00", f"{AUCTION}{'a' * 41}", "/",
                     f"/events/{ROOM}", "/events/rooms/none", f"/events/rooms/{ROOM}'"):
            assert (await ask(server, path)).status == 404, path
        fine = await ask(server, AUCTION + ROOM, "Origin: https://trade.example\r\n")
        assert fine.status == 200 and fine.headers["content-type"].startswith("text/event-stream")
        assert fine.headers["cache-control"] == "no-store" and fine.headers["x-accel-buffering"] == "no"
        assert fine.headers["access-control-allow-origin"] == "https://trade.example"
        assert "access-control-allow-credentials" not in fine.headers
        for origin in ("https://other.example", "null", "http://trade.example", "https://trade.example.other.example"):
            assert "access-control-allow-origin" not in (await ask(server, AUCTION + ROOM, f"Origin: {origin}\r\n")).headers
        assert (await ask(server, AUCTION + ROOM, "Origin: http://localhost:8000\r\n")).headers["access-control-allow-origin"] == "http://localhost:8000"
        quiet = [asyncio.ensure_future(Watcher(server.port, f"{AUCTION}B1510822000000002001001").watch(1)) for _ in range(3)]
        await watching(3, server)
        await asyncio.sleep(0.3)
        full = await ask(server, AUCTION + ROOM)
        assert full.status == 503 and int(full.headers["retry-after"]) > 0
        quiet[0].cancel()
        for _ in range(100):
            if (again := await ask(server, AUCTION + ROOM)).status == 200:
                break
            await asyncio.sleep(0.05)
        assert again.status == 200
        for task in quiet:
            task.cancel()

    with serving(tmp_path, sqlite_url, events_watchers="3", site_origins="https://trade.example") as server:
        asyncio.run(run(server))


# --- in one process: faults that are planted, and patience ---------------------------------------


class Line:
    """The server's end of one connection, as the application is given it."""

    def __init__(self) -> None:
        self.data, self.open = b"", asyncio.Event()
        self.open.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.open.wait()
        self.data += message["body"]

    def got(self) -> list[tuple[int, bytes]]:
        watcher = Watcher(0)
        for part in self.data.split(b"\n\n")[:-1]:
            watcher._take(part)
        return watcher.got


async def follow(url: str, kind: type[rooms.Room]) -> tuple[str, str, str]:
    """Three watchers of one room: one that reads, one from the start after 600 events, one that pauses. What is wrong with each."""
    here = source.at(url)
    room = kind(ROOM, here, await source.last(here, ROOM, rooms.RING))
    lines = [Line(), Line(), Line()]

    async def live(line: Line, after: int) -> None:
        task = asyncio.current_task()
        assert task is not None
        watcher = rooms.Watcher(line.send, after, task)
        room.watchers.add(watcher)
        await room.catch_up(watcher)
        await asyncio.sleep(60)

    tasks = [asyncio.ensure_future(live(lines[0], 600)), asyncio.ensure_future(live(lines[1], 0)), asyncio.ensure_future(live(lines[2], 600))]
    await asyncio.sleep(0.2)
    for first in range(601, 1400, 100):
        lines[2].open.set() if first == 1301 else lines[2].open.clear()
        write(url, first, first + 99).wait()
        await room.look()
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    await here.close()
    rows = stored(url)
    return wrong_in(lines[0].got(), rows, 600), wrong_in(lines[1].got(), rows), wrong_in(lines[2].got(), rows, 600)


class ForgetsTheEdge(rooms.Room):
    """Takes what is in memory for all there is."""

    async def _frames_after(self, cursor: int) -> tuple[int, bytes]:
        return self.newest, b"".join(data for seq, data in self._ring if seq > cursor)


class SaysTwice(rooms.Room):
    """Does not remember what the slow one was already sent."""

    async def _bring(self, watcher: rooms.Watcher, rest: rooms.Rest | None = None, upto: int = 0) -> None:
        await super()._bring(watcher, rest, watcher.cursor)


def test_the_check_sees_planted_faults(sqlite_url: str) -> None:
    write(sqlite_url, 1, 600).wait()
    assert asyncio.run(follow(sqlite_url, rooms.Room)) == ("", "", "")
    for kind, seen in ((ForgetsTheEdge, "missing"), (SaysTwice, "twice")):
        with sqlite3.connect(sqlite_url[10:]) as connection:
            connection.execute("DELETE FROM auction_event WHERE seq > 600")
        found = asyncio.run(follow(sqlite_url, kind))
        assert found[0] == "" and any(words and not words.startswith("0 missing") if seen == "missing" else words for words in found[1:]), found


def test_patience_has_an_end(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "PATIENCE_S", 0.2)
    write(sqlite_url, 1, 3).wait()

    async def run() -> tuple[bool, list[tuple[int, bytes]]]:
        here = source.at(sqlite_url)
        room = rooms.Room(ROOM, here, await source.last(here, ROOM, rooms.RING))
        stuck, fine = Line(), Line()
        tasks = [asyncio.ensure_future(asyncio.sleep(60)) for _ in range(2)]
        for line, task in zip((stuck, fine), tasks, strict=True):
            watcher = rooms.Watcher(line.send, 0, task)
            room.watchers.add(watcher)
            await room.catch_up(watcher)
        stuck.open.clear()
        write(sqlite_url, 4, 4).wait()
        await room.look()
        await asyncio.sleep(0.5)
        return tasks[0].cancelled() and not tasks[1].done(), fine.got()

    ended, got = asyncio.run(run())
    assert ended and wrong_in(got, stored(sqlite_url)) == ""


def test_an_event_is_there_at_once(url: str, tmp_path: Path) -> None:
    """Not a measurement (that is bench/fanout.py): nobody waits for the look that comes by anyway."""
    with serving(tmp_path, url) as server:
        write(url, 1, 1).wait()
        watcher, written = Watcher(server.port), {}

        async def run() -> None:
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                group.create_task(watcher.watch(16))
                await watching(1, server)
                for seq in range(2, 17):
                    await done(write(url, seq, seq))
                    written[seq] = time.monotonic()

        asyncio.run(run())
    assert median(watcher.arrived[seq] - written[seq] for seq in written) < 0.1


def test_a_hall_is_followed_as_before(sqlite_centre: Any) -> None:
    from bidding.opening.models import HallEvent
    from trading.base.database import db, transaction
    from trading.projects.models import Lot
    from tests.builders import T0

    case = sqlite_centre.a_bidding_case()
    lot = db.session.get(Lot, case.lot_id)
    settings = sqlite_centre.app.extensions["mingtang"]["settings"]

    def say(text: str) -> None:
        with transaction() as session:
            session.add(HallEvent(lot_id=lot.id, kind="host", facts={"text": text}, at=T0))

    for number in range(3):
        say(f"第 {number} 句")
    with serving(settings.instance, settings.url, platform_code="1510822000") as server:
        everything, rest = Watcher(server.port, f"/events/rooms/{lot.code}"), Watcher(server.port, f"/events/rooms/{lot.code}?after=2")

        async def run() -> None:
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                group.create_task(everything.watch(4))
                group.create_task(rest.watch(4))
                await watching(2, server)
                await asyncio.sleep(1)
                say("第 3 句")

        asyncio.run(run())
    assert [seq for seq, _ in everything.got] == [1, 2, 3, 4] and [seq for seq, _ in rest.got] == [3, 4]
    assert "第 3 句" in everything.got[-1][1].decode()

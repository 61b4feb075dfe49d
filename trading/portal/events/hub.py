"""All rooms of one process that somebody watches, and the one task that looks for what is new in them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from trading.base.clock import now, ticks
from trading.portal.events import source
from trading.portal.events.answers import Headers, Receive, Send, begin, body, until_gone
from trading.portal.events.room import PATIENCE_S, RING, Room, Watcher

log = structlog.get_logger()
#: Pages call a price old when they have heard nothing for three seconds.
BEAT_EVERY_S = 1.0
#: Who has not been able to read the database for so long keeps silent, so that pages call their price old.
BLIND_AFTER_S = 2.5
#: Browsers come back after 0.5 to 2.5 seconds, not all at one instant.
RETRY_MS, SPREAD_MS = 500, 2000


class Hub:
    """Rooms by code; empty ones are forgotten."""

    def __init__(self, here: source.Source) -> None:
        self._source = here
        self.rooms: dict[str, Room] = {}
        self._somebody = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._looked_at = ticks()
        self._came = 0

    async def follow(self, code: str, after: int, receive: Receive, send: Send, headers: Headers) -> bool:
        """Send an auction's events until the watcher leaves; False where there is no such auction."""
        if code not in self.rooms and not await source.is_known(self._source, code):
            return False
        task = asyncio.current_task()
        assert task is not None
        watcher = Watcher(send, after, task)
        room = await self._room(code)
        room.watchers.add(watcher)
        self._somebody.set()
        try:
            # What was written between the first look and our being on the list was announced to nobody.
            await room.look()
            self._looked_at = ticks()
            watcher.begun = True
            await begin(send, headers)
            self._came += 1
            retry = RETRY_MS + self._came * 617 % SPREAD_MS
            async with asyncio.timeout(PATIENCE_S):
                await send(body(f"retry: {retry}\n\n".encode()))
            await room.catch_up(watcher)
            await until_gone(receive)
        except source.TROUBLE:
            if not watcher.begun:
                raise
        finally:
            self._leave(room, watcher)
        return True

    async def _room(self, code: str) -> Room:
        self._start()
        if code not in self.rooms:
            rows = await source.last(self._source, code, RING)
            self.rooms.setdefault(code, Room(code, self._source, rows))
        return self.rooms[code]

    def _leave(self, room: Room, watcher: Watcher) -> None:
        room.watchers.discard(watcher)
        if watcher.rescue is not None:
            watcher.rescue.cancel()
        if not room.watchers and self.rooms.get(room.code) is room:
            del self.rooms[room.code]
        if not self.rooms:
            self._somebody.clear()

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.ensure_future(self._watch()), asyncio.ensure_future(self._beat())]

    async def _watch(self) -> None:
        while True:
            await self._somebody.wait()
            try:
                named = await self._source.changed()
                for code in tuple(self.rooms) if named is None else named:
                    if room := self.rooms.get(code):
                        await room.look()
                self._looked_at = ticks()
            except Exception as error:
                log.error("the events of auctions cannot be read", kind=type(error).__name__)
                with suppress(Exception):
                    await self._source.close()
                await asyncio.sleep(BEAT_EVERY_S)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            if ticks() - self._looked_at > BLIND_AFTER_S:
                continue
            moment = _moment()
            for room in tuple(self.rooms.values()):
                room.beat(moment)


def _moment() -> str:
    return now().isoformat(timespec="milliseconds")

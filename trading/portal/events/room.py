"""One auction's room in memory: its newest frames and its watchers.

An event is framed once, and the very same bytes go to everybody. A watcher is one cursor: the number it
has. Who keeps up is handed each event directly, without a task or a queue of its own. Who does not take an
event at once gets a task that brings it up to date, from the newest frames or from the database, and holds
up nobody. What is kept for it is the one part that is under way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from trading.portal.events import source
from trading.portal.events.answers import Send, body

#: Frames kept for those who come back after a moment.
RING = 256
#: How many events are read at a time, and how much is sent in one part to a watcher that is behind. The server
#: keeps some parts in hand for each connection that does not read.
PAGE = 64
PART_BYTES = 16 * 1024
#: How long a watcher may take nothing.
PATIENCE_S = 30.0


def frame(seq: int, text: str) -> bytes:
    """One event as it is sent. JSON has no line breaks; another text would come out the same at the other end."""
    lines = text.replace("\n", "\ndata: ")
    return f"id: {seq}\ndata: {lines}\n\n".encode()


def part(frames: Iterable[tuple[int, bytes]]) -> tuple[int, bytes]:
    """As many frames as go out together, with the number of the last."""
    upto, found, size = 0, [], 0
    for seq, data in frames:
        if found and size + len(data) > PART_BYTES:
            break
        upto, size = seq, size + len(data)
        found.append(data)
    return upto, b"".join(found)


class Watcher:
    """One connection. ``task`` answers it; ``rescue`` brings it up to date after it was slow."""

    __slots__ = ("begun", "cursor", "keeps_up", "rescue", "send", "task")

    def __init__(self, send: Send, after: int, task: asyncio.Task[Any]) -> None:
        self.send, self.cursor, self.task, self.keeps_up = send, after, task, False
        self.rescue: asyncio.Task[None] | None = None
        self.begun = False

    def end(self) -> None:
        self.task.cancel()


class Rest:
    """The rest of an awaitable that was begun outside a task."""

    def __init__(self, waits_for: Any, steps: Iterator[Any]) -> None:
        self._waits_for, self._steps = waits_for, steps

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._waits_for
        yield from self._steps


class Room:
    """``newest`` is the number up to which everybody who keeps up has been sent everything."""

    def __init__(self, code: str, here: source.Source, rows: list[source.Row]) -> None:
        self.code, self._source = code, here
        self.watchers: set[Watcher] = set()
        self.newest = rows[-1][0] if rows else 0
        self._ring: deque[tuple[int, bytes]] = deque((seq, frame(seq, text)) for seq, text in rows)
        # The number of the newest event that is not in the ring.
        self._floor = rows[0][0] - 1 if rows else 0
        self._looking = asyncio.Lock()
        self._shared: tuple[int, int, tuple[int, bytes]] = (-1, -1, (0, b""))

    async def look(self) -> None:
        """Read what is new and send it to everybody."""
        async with self._looking:
            while rows := await source.after(self._source, self.code, self.newest, PAGE):
                before = self.newest
                for seq, text in rows:
                    self._ring.append((seq, frame(seq, text)))
                while len(self._ring) > RING:
                    self._floor = self._ring.popleft()[0]
                self.newest = rows[-1][0]
                message = body(b"".join(data for seq, data in self._ring if seq > before))
                for watcher in tuple(self.watchers):
                    if not watcher.keeps_up:
                        continue
                    if watcher.cursor == before:
                        self._hand(watcher, message, self.newest)
                    elif watcher.cursor < self.newest:
                        # It came with a number that we had not seen yet.
                        watcher.keeps_up = False
                        watcher.rescue = asyncio.ensure_future(self._bring(watcher))

    def beat(self, server_now: str) -> None:
        """Say the server's time and the newest number to everybody who keeps up: they have been sent it before."""
        message = body(f'event: beat\ndata: {{"server_now":"{server_now}","seq":{self.newest}}}\n\n'.encode())
        for watcher in tuple(self.watchers):
            if watcher.keeps_up:
                self._hand(watcher, message, watcher.cursor)

    def _hand(self, watcher: Watcher, message: dict[str, Any], upto: int) -> None:
        """Send without a task where the server takes it at once, which is the usual case by far."""
        try:
            steps = watcher.send(message).__await__()
            waits_for = next(steps)
        except StopIteration:
            watcher.cursor = upto
        except Exception:
            watcher.end()  # gone; its own task says so too
        else:
            watcher.keeps_up = False
            watcher.rescue = asyncio.ensure_future(self._bring(watcher, Rest(waits_for, steps), upto))

    async def _bring(self, watcher: Watcher, rest: Rest | None = None, upto: int = 0) -> None:
        try:
            if rest is not None:
                async with asyncio.timeout(PATIENCE_S):
                    await rest
                watcher.cursor = upto
            await self.catch_up(watcher)
        except Exception:
            watcher.end()  # it took nothing for too long, or it is gone; it may come back with its number

    async def catch_up(self, watcher: Watcher) -> None:
        """Bring one watcher to the newest event; from then on it keeps up."""
        while watcher.cursor < self.newest:
            upto, data = await self._frames_after(watcher.cursor)
            async with asyncio.timeout(PATIENCE_S):
                await watcher.send(body(data))
            watcher.cursor = upto
        watcher.keeps_up = True

    async def _frames_after(self, cursor: int) -> tuple[int, bytes]:
        if cursor < self._floor:
            rows = await source.after(self._source, self.code, cursor, PAGE, upto=self.newest)
            if not rows:
                raise LookupError(self.code)
            return part((seq, frame(seq, text)) for seq, text in rows)
        # After a break thousands come back with the same number: what they are sent is joined once.
        if self._shared[0] != cursor or self._shared[1] != self.newest:
            self._shared = (cursor, self.newest, part((seq, data) for seq, data in self._ring if seq > cursor))
        return self._shared[2]

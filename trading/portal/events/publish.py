"""Hands the events of all running auctions to nginx with nchan, which then holds the watchers.

Each event's body is posted to ``URL/<lot code>`` as it was written, and every second a beat with the server's time
and the newest number, named by the header ``X-EventSource-Event``. What nchan had when this process ended is not known, so
after a start the newest events are posted again: pages drop numbers that they have, and fetch what the beat
says they lack from the platform itself.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
from urllib.parse import urlsplit

import structlog

from trading.base.clock import now, ticks
from trading.base.config import Settings
from trading.base.database import EPOCH, MICROSECOND
from trading.portal.events import source

log = structlog.get_logger()
AGAIN = 100
PAGE = 200
#: For how long after its end an auction is still told of.
AFTER_END_US = 600 * 1_000_000
BEAT_EVERY_S = 1.0


class Publisher:
    """One loop over the rooms of running auctions; ``told`` is the newest number posted for each."""

    def __init__(self, here: source.Source, url: str) -> None:
        self._source, self._parts = here, urlsplit(url)
        self._line: http.client.HTTPConnection | None = None
        self.told: dict[str, int] = {}

    async def round(self, named: set[str] | None) -> None:
        """Post what is new in these rooms, or in all that run."""
        if named is None:
            since = (now() - EPOCH) // MICROSECOND - AFTER_END_US
            named = {row[0] for row in await self._source.rows(source.OPEN, since)}
        for room in sorted(named):
            if room not in self.told:
                rows = await source.last(self._source, room, AGAIN)
                self.told[room] = rows[0][0] - 1 if rows else 0
            while rows := await source.after(self._source, room, self.told[room], PAGE):
                for seq, text in rows:
                    await self._post(room, text)
                    self.told[room] = seq

    async def beat(self) -> None:
        since = (now() - EPOCH) // MICROSECOND - AFTER_END_US
        running = {row[0] for row in await self._source.rows(source.OPEN, since)}
        self.told = {room: seq for room, seq in self.told.items() if room in running}
        for room, seq in self.told.items():
            await self._post(room, f'{{"server_now":"{now().isoformat(timespec="milliseconds")}","seq":{seq}}}', "beat")

    async def _post(self, room: str, text: str, event: str = "") -> None:
        await asyncio.to_thread(self._post_now, room, text, {"Content-Type": "application/json"} | ({"X-EventSource-Event": event} if event else {}))

    def _post_now(self, room: str, text: str, headers: dict[str, str]) -> None:
        fresh = self._line is None
        if self._line is None:
            kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            self._line = kind(self._parts.hostname or "", self._parts.port, timeout=5)
        try:
            self._line.request("POST", f"{self._parts.path.rstrip('/')}/{room}", text.encode(), headers)
            answer = self._line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._line.close()
            self._line = None
            if fresh:
                raise
            # nginx closes a line after some requests; a second attempt may say an event twice, which pages drop.
            self._post_now(room, text, headers)
            return
        if answer.status not in (200, 201, 202):
            raise OSError(f"nchan answered {answer.status}")


async def follow(here: source.Source, url: str) -> None:
    """Post until stopped. Nobody hears a beat while the database or nginx does not answer."""
    publisher = Publisher(here, url)
    beat_at = 0.0
    while True:
        try:
            await publisher.round(await here.changed())
            if ticks() - beat_at >= BEAT_EVERY_S:
                await publisher.beat()
                beat_at = ticks()
        except (*source.TROUBLE, http.client.HTTPException) as error:
            log.error("the events of auctions cannot be handed on", kind=type(error).__name__, text=str(error)[:200])
            await here.close()
            publisher.told = {}
            await asyncio.sleep(BEAT_EVERY_S)


def run(settings: Settings, url: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(follow(source.at(settings.url), url))

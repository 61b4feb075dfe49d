"""Live events over server-sent events, in a process of its own (ASGI).

``GET /events/auctions/<lot code>``: every event of an auction's room, for thousands of watchers.
``GET /events/rooms/<lot code>``: every line of an opening hall's log.

The number of an event is its id, so that a page that reconnects goes on where it was (``Last-Event-ID``,
or ``?after=`` the first time). The polled addresses of the API say the same.
"""

from __future__ import annotations

import asyncio
from functools import cache
from urllib.parse import parse_qs

from trading.base.config import Settings, load
from trading.portal.events import connections, halls, source
from trading.portal.events.answers import Receive, Scope, Send, head, plain
from trading.portal.events.hub import Hub
from trading.portal.events.room import PATIENCE_S

AUCTIONS, HALLS = "/events/auctions/", "/events/rooms/"
#: Seconds after which somebody who found no place may ask again.
RETRY_S = 10


class Events:
    """The streams of one process: who may come in, and where each address leads."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.hub, self.here = settings, Hub(source.at(settings.url)), 0
        connections.end_unread(PATIENCE_S)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        allowed = head(headers.get("origin", ""), self.settings.origins)
        path = scope["path"]
        place = next((place for place in (AUCTIONS, HALLS) if path.startswith(place)), None)
        code = path.removeprefix(place or "")
        # What cannot be a code is not asked of the database.
        if scope["method"] != "GET" or place is None or not (code.isascii() and code.isalnum() and len(code) <= 40):
            await plain(send, 404, b"not found", allowed)
        elif self.here >= self.settings.events_watchers:
            await plain(send, 503, b"no place left", [*allowed, (b"retry-after", str(RETRY_S).encode())])
        else:
            self.here += 1
            try:
                follow = self.hub.follow if place == AUCTIONS else halls.follow
                if not await follow(code, last_seen(headers, scope["query_string"]), receive, send, allowed):
                    await plain(send, 404, b"not found", allowed)
            except source.TROUBLE:
                await plain(send, 503, b"not now", [*allowed, (b"retry-after", str(RETRY_S).encode())])
            finally:
                self.here -= 1


def last_seen(headers: dict[str, str], query: bytes) -> int:
    """The newest number that a watcher has: what its browser says on reconnecting, else what its page says."""
    asked = parse_qs(query.decode("latin-1")).get("after", [""])[-1]
    return next((int(text) for text in (headers.get("last-event-id", ""), asked)
                 if text.isascii() and text.isdigit() and len(text) < 12), 0)


@cache
def _events() -> Events:
    return Events(load())


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/healthz":
        await plain(send, 200, b"ok")
        return
    try:
        await _events().answer(scope, receive, send)
    except asyncio.CancelledError:
        return  # the stream was ended by ourselves: its watcher took nothing for too long

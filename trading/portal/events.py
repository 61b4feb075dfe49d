"""Live events over server-sent events, in a process of its own (ASGI).

``GET /events/rooms/<lot code>``: every line of the hall's log as it is written, with its
number as the event id, so that a reconnecting page goes on where it was. The polled
``/api/v1/rooms/<code>/events`` says the same; this only saves the polling.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from flask import Flask

from bidding.opening import pages
from trading.base.database import db
from trading.base.errors import NotFound
from trading.projects import service as projects

Send = Callable[[dict[str, Any]], Awaitable[None]]
HEARTBEAT_S = 15
LOOK_EVERY_S = 0.5


@cache
def _app() -> Flask:
    from app import create_app  # the server process starts here, so the application is made here
    return create_app()


def _news(code: str, after: int) -> list[dict[str, Any]]:
    with _app().app_context():
        try:
            lot = projects.lot_by_code(code)
            found = pages.log_entries(lot.id, after)
            return [entry | {"at": entry["at"].isoformat()} for entry in reversed(found)]
        finally:
            db.session.remove()


async def application(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path == "/healthz":
        await _plain(send, 200, b"ok")
        return
    if scope["method"] != "GET" or not path.startswith("/events/rooms/"):
        await _plain(send, 404, b"not found")
        return
    code = path.removeprefix("/events/rooms/")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    last = headers.get("last-event-id", "0")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 12 else 0
    try:
        news = await asyncio.to_thread(_news, code, after)
    except NotFound:
        await _plain(send, 404, b"not found")
        return
    await send({"type": "http.response.start", "status": 200, "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]})
    gone = asyncio.ensure_future(_disconnected(receive))
    quiet = 0.0
    while not gone.done():
        for entry in news:
            after = entry["seq"]
            text = f"id: {after}\ndata: {json.dumps(entry, ensure_ascii=False)}\n\n"
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        quiet = 0.0 if news else quiet + LOOK_EVERY_S
        if quiet >= HEARTBEAT_S:
            await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
            quiet = 0.0
        await asyncio.sleep(LOOK_EVERY_S)
        news = await asyncio.to_thread(_news, code, after)


async def _disconnected(receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _plain(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})

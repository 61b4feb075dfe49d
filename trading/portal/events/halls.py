"""The log of an opening hall as it is written. A hall has tens of watchers, not thousands: each looks for itself."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

from flask import Flask

from bidding.opening import pages
from trading.base.database import db
from trading.base.errors import NotFound
from trading.portal.events.answers import Headers, Receive, Send, begin, body, until_gone
from trading.projects import service as projects

HEARTBEAT_S = 15
LOOK_EVERY_S = 0.5


@cache
def _app() -> Flask:
    from app import create_app  # the sentences of the log are the application's; nothing else here needs it
    return create_app()


def _news(code: str, after: int) -> list[dict[str, Any]]:
    with _app().app_context():
        try:
            lot = projects.lot_by_code(code)
            found = pages.log_entries(lot.id, after)
            return [entry | {"at": entry["at"].isoformat()} for entry in reversed(found)]
        finally:
            db.session.remove()


async def follow(code: str, after: int, receive: Receive, send: Send, headers: Headers) -> bool:
    """Send a hall's log until the watcher leaves; False where there is no such lot."""
    try:
        news = await asyncio.to_thread(_news, code, after)
    except NotFound:
        return False
    await begin(send, headers)
    gone = asyncio.ensure_future(until_gone(receive))
    quiet = 0.0
    while not gone.done():
        for entry in news:
            after = entry["seq"]
            await send(body(f"id: {after}\ndata: {json.dumps(entry, ensure_ascii=False)}\n\n".encode()))
        quiet = 0.0 if news else quiet + LOOK_EVERY_S
        if quiet >= HEARTBEAT_S:
            await send(body(b": still here\n\n"))
            quiet = 0.0
        await asyncio.sleep(LOOK_EVERY_S)
        news = await asyncio.to_thread(_news, code, after)
    return True

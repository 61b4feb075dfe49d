"""What an ASGI server is handed: heads of streams, plain answers, bodies that many connections share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def head(origin: str, origins: frozenset[str]) -> Headers:
    """Headers of every answer; a page of one of our own addresses may read it from another port."""
    own: Headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"vary", b"origin")]
    return [*own, (b"access-control-allow-origin", origin.encode())] if origin in origins else own


def body(data: bytes) -> dict[str, Any]:
    """A part of a stream. The same one may be sent to everybody."""
    return {"type": "http.response.body", "body": data, "more_body": True}


async def begin(send: Send, headers: Headers) -> None:
    """Begin a stream of events, unbuffered on the way."""
    await send({"type": "http.response.start", "status": 200, "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no"), *headers]})


async def plain(send: Send, status: int, data: bytes, headers: Headers | None = None) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), *(headers or [])]})
    await send({"type": "http.response.body", "body": data})


async def until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""Rows of sealed bids before the close: boxed, and found only by who may know.

A row's content is encrypted; its tag is a keyed fingerprint of session, bidder and version,
so that a bidder's own next request finds it and nobody else can tell whose it is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from bidding.sealed.models import SealedBid
from trading.base import installation
from trading.base.database import db

# Large enough for every bid up to some 600 MB, so that boxes of bids and covers are of one size.
STEP = 16384


def tag(session_name: str, bidder_code: str, version: int) -> str:
    return installation.boxes().tag("bid", session_name, bidder_code, str(version))


def upload_tag(session_name: str, bidder_code: str) -> str:
    return installation.boxes().tag("upload", session_name, bidder_code)


def close(row_id: str, content: dict[str, Any]) -> bytes:
    return installation.boxes().close(content, f"bid/{row_id}", step=STEP)


def read(row: SealedBid) -> dict[str, Any]:
    content: dict[str, Any] = installation.boxes().open(row.box, f"bid/{row.id}")
    return content


def retire(row: SealedBid, content: dict[str, Any], state: str, **more: Any) -> None:
    """Mark a bid as replaced or withdrawn, inside its box."""
    row.box = close(row.id, content | {"state": state} | more)


def versions(session_name: str, bidder_code: str) -> list[tuple[SealedBid, dict[str, Any]]]:
    """A bidder's own submissions to a session, oldest first (for that bidder only)."""
    found: list[tuple[SealedBid, dict[str, Any]]] = []
    while row := db.session.scalar(select(SealedBid).where(SealedBid.tag == tag(session_name, bidder_code, len(found) + 1))):
        found.append((row, read(row)))
    return found

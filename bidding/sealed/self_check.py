"""Whether every bid that the log knows is among the stored ones, and as the log left it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from bidding.sealed.models import SealedBid
from trading.archive.models import RemovedFile
from trading.base import installation
from trading.base.boxes import BoxDamaged
from trading.base.row_seals import Found, key_text
from trading.evidence.models import Entry

_BID: Any = SealedBid.__table__
_ENTRY: Any = Entry.__table__


def changed(here: Connection) -> Iterator[Found]:
    """Bids that are missing, whose state is not what the log says of them, or whose stored parts are not what was signed."""
    stored = {}
    removed = set(here.execute(select(RemovedFile.stored)).scalars())
    for row in here.execute(select(_BID.c.id, _BID.c.box)):
        try:
            content = installation.boxes().open(row.box, f"bid/{row.id}")
        except BoxDamaged:
            yield Found("sealed_bid", key_text([row.id]), "box", "changed")
            continue
        if not content["cover"]:
            stored[content["digest"]] = (row.id, content["state"])
            if content["state"] == "live" and not _is_whole(content, removed):
                yield Found("sealed_bid", key_text([row.id]), "parts", "file_changed")
    states = _states(here)
    for digest, state in states.items():
        if digest not in stored:
            yield Found("sealed_bid", digest, "", "removed")
        elif stored[digest][1] != state:
            yield Found("sealed_bid", key_text([stored[digest][0]]), "box", "put_back")


def _is_whole(content: dict[str, Any], removed: set[str]) -> bool:
    """Whether a bid's parts are there, or were removed with its case at the end of its keeping."""
    hashes = content["header"]["payload"]["parts"]
    return len(hashes) == len(content["parts"]) and all(
        name in removed or installation.files().is_stored(name, digest) for name, digest in zip(content["parts"], hashes, strict=True))


def _states(here: Connection) -> dict[str, str]:
    """What the log says of every bid: live, superseded or withdrawn."""
    found: dict[str, str] = {}
    for row in here.execute(select(_ENTRY.c.data, _ENTRY.c.event, _ENTRY.c.box, _ENTRY.c.kind).where(
            _ENTRY.c.kind.in_(("sealed", "bid.commit", "bid.withdraw"))).order_by(_ENTRY.c.seq)):
        event = row.event
        if row.box is not None:
            try:
                event = installation.boxes().open(row.box, f"evidence/{row.data.hex()}")["event"]
            except BoxDamaged:
                continue  # the log's own check names it
        if event["type"] == "bid.commit":
            found[event["bid_digest"]] = "live"
            if event["replaces"]:
                found[event["replaces"]] = "superseded"
        elif event["type"] == "bid.withdraw":
            found[event["bid_digest"]] = "withdrawn"
    return found

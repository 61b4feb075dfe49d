"""The evidence log as anybody may read it: the newest checkpoint and tiles of the tree (c2sp.org/tlog-tiles).

A hash tile holds 256 neighbouring hashes of the tree at every eighth level, an entry bundle the
256 leaves themselves. A leaf is the 32 bytes that stand for an act: without its nonce it says
nothing. How far the log may be read is the caller's to say (``most``): while a tender takes bids,
the mere growth of the log would let them be counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from trading.base.database import connection, db
from trading.base.errors import NotFound
from trading.evidence import service
from trading.evidence.models import Checkpoint, Entry, Node
from trading.evidence.tile_names import WIDTH

HEIGHT = 8
#: Levels of tiles: a tree of 2^63 leaves has eight.
LEVELS = 8


def newest(most: int) -> Checkpoint:
    """The newest signed checkpoint up to this number of entries. Raises NotFound while there is none."""
    found = db.session.scalars(select(Checkpoint).where(Checkpoint.size <= most).order_by(Checkpoint.size.desc()).limit(1)).first()
    if found is None:
        raise NotFound
    return found


def _start(level: int, tile: int, width: int, most: int) -> int:
    """Where the tree begins of which a tile is asked. Only what a checkpoint covers: what is not signed yet may still be undone."""
    size = newest(most).size
    if not 0 <= level < LEVELS or tile * WIDTH + width > service.place(size) >> (HEIGHT * level):
        raise NotFound
    return size - service.place(size)


def hashes(level: int, tile: int, width: int, most: int) -> bytes:
    """The hashes of one tile, 32 bytes each."""
    first = (_start(level, tile, width, most) >> HEIGHT * level) + tile * WIDTH
    rows = connection().execute(select(Node.__table__.c.hash).where(
        Node.__table__.c.level == level * HEIGHT, Node.__table__.c.i >= first, Node.__table__.c.i < first + width).order_by(Node.__table__.c.i))
    return b"".join(rows.scalars())


def entries(tile: int, width: int, most: int) -> bytes:
    """One entry bundle: each leaf after its length in two bytes."""
    first = _start(0, tile, width, most) + tile * WIDTH
    rows: Iterable[bytes] = connection().execute(select(Entry.__table__.c.data).where(
        Entry.__table__.c.seq >= first, Entry.__table__.c.seq < first + width).order_by(Entry.__table__.c.seq)).scalars()
    return b"".join(len(data).to_bytes(2, "big") + data for data in rows)


def recent(most: int, count: int = 30) -> list[Checkpoint]:
    """The newest checkpoints of at most so many leaves, newest first."""
    return list(db.session.scalars(select(Checkpoint).where(Checkpoint.size <= most).order_by(Checkpoint.size.desc()).limit(count)))

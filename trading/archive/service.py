"""File pieces into a case as they come (归档). Sealing a pack is in packing.py."""

from __future__ import annotations

import mimetypes
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from trading.archive.models import Pack, Piece
from trading.base import installation
from trading.base.database import db, transaction
from trading.base.errors import NotFound
from trading.evidence.verify import canonical


def file_bytes(lot_id: int, path: str, title: str, data: bytes, *, at: datetime) -> Piece:
    """Put one document into a case; the same path with the same bytes is filed once.

    Raises ValueError where other bytes stand at the path: a record is never replaced, and never
    left out because an older one has its name.
    """
    existing = _filed(lot_id, path, sha256(data).hexdigest())
    if existing:
        return existing
    stored, size, digest = installation.files().put_bytes(data)
    return file_stored(lot_id, path, title, stored, size, digest, at=at)


def file_document(lot_id: int, path: str, title: str, document: Any, *, at: datetime) -> Piece:
    """Put one JSON document into a case, in canonical form."""
    return file_bytes(lot_id, path, title, canonical(document), at=at)


def file_stored(lot_id: int, path: str, title: str, stored: str, size: int, digest: str, *, at: datetime) -> Piece:
    """Put a file that is in the store already into a case."""
    with transaction() as session:
        existing = _filed(lot_id, path, digest)
        if existing:
            return existing
        piece = Piece(lot_id=lot_id, path=path, title=title, stored=stored, bytes=size, sha256=digest, filed_at=at)
        session.add(piece)
        session.flush()
        return piece


def set_aside(lot_id: int, starts: str, folder: str) -> int:
    """Move pieces of a case into a folder beside the others: they were superseded, and stay. Returns how many."""
    with transaction():
        found = [piece for piece in pieces(lot_id) if piece.path.startswith(starts)]
        for piece in found:
            parent, _, name = piece.path.rpartition("/")
            piece.path = f"{parent}/{folder}/{name}"
        return len(found)


def _filed(lot_id: int, path: str, digest: str) -> Piece | None:
    found = db.session.scalar(select(Piece).where(Piece.lot_id == lot_id, Piece.path == path))
    if found is not None and found.sha256 != digest:
        raise ValueError(f"another document is filed at {path}")
    return found


def pieces(lot_id: int) -> list[Piece]:
    return list(db.session.scalars(select(Piece).where(Piece.lot_id == lot_id).order_by(Piece.path)))


def piece(lot_id: int, piece_id: int) -> Piece:
    found = db.session.get(Piece, piece_id)
    if found is None or found.lot_id != lot_id:
        raise NotFound
    return found


def pack_of(lot_id: int) -> Pack | None:
    return db.session.get(Pack, lot_id)


def media_type(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"

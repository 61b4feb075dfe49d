"""One case, one file (一项目一档): the pieces of a case as they come, and its sealed pack."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class Piece(Model):
    """One piece of a case: a document at a place of the catalogue, addressed by its hash."""

    __tablename__ = "archive_piece"
    __table_args__ = (UniqueConstraint("lot_id", "path", name="uq_archive_piece_path"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    path: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    stored: Mapped[str] = mapped_column(String(40))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    filed_at: Mapped[datetime]


class Pack(Model):
    """The sealed BagIt pack of a case."""

    __tablename__ = "archive_pack"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    stored: Mapped[str] = mapped_column(String(40))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]
    checkpoint_size: Mapped[int]
    keep_until: Mapped[datetime]


class Renewal(Model):
    """New hashes over a pack and the renewal before it, in the log; keeps old evidence believable."""

    __tablename__ = "archive_renewal"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    seq: Mapped[int]
    checkpoint_size: Mapped[int]
    at: Mapped[datetime]

"""Sealed bids and uploads under way. Until the close no column names a bidder or counts bids.

Rows have random names; their content is boxed; cover rows, which stand for nobody, look
the same. The close opens the boxes of real bids and fills the columns.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class SealedBid(Model):
    """One version of one bid, or a cover. ``tag`` is a keyed fingerprint of session, bidder
    and version: the bidder's own next request finds it, nobody else can."""

    __tablename__ = "sealed_bid"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), index=True)
    tag: Mapped[str] = mapped_column(String(32), unique=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    # Empty until the close:
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    # Of who files under another name not before the sale is over.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    version: Mapped[int | None]
    state: Mapped[str | None] = mapped_column(String(20))
    filed_at: Mapped[datetime | None]
    header: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    signature: Mapped[str | None] = mapped_column(String(100))
    parts: Mapped[list[str] | None] = mapped_column(JSON)
    commit_seq: Mapped[int | None]
    # The row's own seal (trading/base/row_seals.py).
    marks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class SessionGuest(Model):
    """Who may file in a session that is not open to all: those asked for an offer in a later round."""

    __tablename__ = "session_guest"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)


class SecretGuest(Model):
    """The same where nobody may know who was asked: ``tag`` is a keyed fingerprint of session and organisation.

    ``box`` holds the name that it files under and the key that signs there (guests.Alias).
    """

    __tablename__ = "secret_guest"
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)


class Upload(Model):
    """Parts that are on their way; boxed like a bid, removed when committed or stale."""

    __tablename__ = "upload"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tag: Mapped[str] = mapped_column(String(32), index=True)
    started_at: Mapped[datetime]


class UploadPart(Model):
    __tablename__ = "upload_part"
    upload_id: Mapped[str] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stored: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]

"""Notices of every kind with all their versions; questions and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.projects.models import Lot, Project


class Notice(Model):
    """One announcement (公告). ``lot_id`` is empty where it speaks of the whole project."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_published_id", "published_at", "id"), Index("ix_notice_amount_fen_id", "amount_fen", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    # Copied from the project at publication, so that a search over 100,000 notices stays in one table.
    procedure: Mapped[str] = mapped_column(String(40), index=True)
    region: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(default=0)
    publish_at: Mapped[datetime | None] = mapped_column(index=True)
    published_at: Mapped[datetime | None]
    project: Mapped[Project] = relationship(lazy="joined")
    lot: Mapped[Lot | None] = relationship(lazy="joined")
    versions: Mapped[list[NoticeVersion]] = relationship(
        back_populates="notice", order_by="NoticeVersion.number", lazy="selectin")


class NoticeVersion(Model):
    """What a notice said from one moment on; never changed, only followed by another."""

    __tablename__ = "notice_version"
    __table_args__ = (UniqueConstraint("notice_id", "number", name="uq_notice_version_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    number: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    schedule: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    made_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    notice: Mapped[Notice] = relationship(back_populates="versions")


class Question(Model):
    """A question on a tender document. Who asked is boxed: the answer goes to all, the name to none."""

    __tablename__ = "question"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    asker_box: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    lot: Mapped[Lot] = relationship(lazy="joined")

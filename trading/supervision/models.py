"""Pauses of a lot (暂停): why, by whom, confirmed by whom, and how they ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.projects.models import Lot


class Pause(Model):
    """One ground on which a lot stands still. A lot goes on when none of its grounds is left.

    An order (``order``) is asked for by one supervisor and confirmed by another; a pause that
    the law itself attaches to an objection or a question begins at once.
    """

    __tablename__ = "pause"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    cause: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    article: Mapped[str] = mapped_column(String(200), default="")
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    began_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    lift_asked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    lot: Mapped[Lot] = relationship(lazy="joined")


class Reminder(Model):
    """That the people concerned were told of a clock's light, so that they are told once."""

    __tablename__ = "reminder"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    clock: Mapped[str] = mapped_column(String(40), primary_key=True)
    light: Mapped[str] = mapped_column(String(10), primary_key=True)
    # A clock that starts anew, such as after a second award, is told anew.
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class DatabaseAudit(Model):
    """One comparison of the whole database with its seals, the log and the stored files."""

    __tablename__ = "database_audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    # Nobody where the timetable asked.
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # Empty until it has been made:
    ended_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column("row_count", default=0)
    found: Mapped[int] = mapped_column(default=0)
    # The first places that did not fit, for the page; the alarm and the log have the count.
    places: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)


class Heartbeat(Model):
    """When a part of the platform was last there."""

    __tablename__ = "heartbeat"
    part: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime]


class Outage(Model):
    """A time during which a part of the platform was away."""

    __tablename__ = "outage"
    id: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(20))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(index=True)

"""Pauses of a lot (暂停): why, by whom, confirmed by whom, and how they ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
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

"""Framework agreements: who was admitted, and each purchase called off under them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.parties.models import Organisation


class Place(Model):
    """One supplier admitted to a framework (入围供应商), with its agreement once it is signed."""

    __tablename__ = "framework_place"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    rank: Mapped[int]
    # The highest price that this supplier may ask in the second stage.
    price_fen: Mapped[int]
    admitted_at: Mapped[datetime]
    number: Mapped[str] = mapped_column(String(80), default="")
    signed_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    left_at: Mapped[datetime | None]
    left_reason: Mapped[str] = mapped_column(String(400), default="")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class Application(Model):
    """A supplier's wish to join an open framework while it runs (开放式框架协议)."""

    __tablename__ = "framework_application"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    statement: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    is_accepted: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class CallOff(Model):
    """One purchase under a framework (第二阶段成交)."""

    __tablename__ = "framework_call"
    __table_args__ = (UniqueConstraint("lot_id", "number", name="uq_framework_call_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    number: Mapped[int]
    way: Mapped[str] = mapped_column(String(20))
    wanted: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    # The round of sealed offers, where prices compete again.
    round_number: Mapped[int | None]
    called_at: Mapped[datetime]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    price_fen: Mapped[int | None]
    chosen_at: Mapped[datetime | None]
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")

"""A draw of experts for one lot. Who was drawn is boxed until the result may be known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


EXPERTS = "experts"


class Draw(Model):
    """A draw for one lot: of its experts, of the suppliers to invite, or of the one who gets it."""

    __tablename__ = "expert_draw"
    __table_args__ = (UniqueConstraint("lot_id", "purpose", name="uq_expert_draw_purpose"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    purpose: Mapped[str] = mapped_column(String(20), default=EXPERTS)
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    pool: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    salt_box: Mapped[bytes] = mapped_column(LargeBinary)
    # Among whom a company was drawn, by code; boxed. Experts are found by the salt instead.
    names_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Representatives of the tenderer: account ids; they are known to it and not drawn.
    representatives: Mapped[list[int]] = mapped_column(JSON, default=list)
    thin: Mapped[list[str]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(String(400), default="")
    excluded: Mapped[int] = mapped_column(default=0)
    frozen_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    drawn_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    revealed_at: Mapped[datetime | None]
    transcript: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Contribution(Model):
    """One organisation's sealed 32 bytes."""

    __tablename__ = "draw_contribution"
    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), primary_key=True)
    contributor: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    header: Mapped[dict[str, Any]] = mapped_column(JSON)
    signature: Mapped[str] = mapped_column(String(100))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    value: Mapped[str | None] = mapped_column(String(64))
    fault: Mapped[str] = mapped_column(String(60), default="")


class Seat(Model):
    """One drawn expert's answer to the call. ``tag`` lets the expert find it, ``box`` names the expert."""

    __tablename__ = "draw_seat"
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("expert_draw.id"), index=True)
    stratum: Mapped[str] = mapped_column(String(40))
    eid: Mapped[str] = mapped_column(String(64))
    tag: Mapped[str] = mapped_column(String(32), unique=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    called_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(20), default="")
    answered_at: Mapped[datetime | None]

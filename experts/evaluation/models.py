"""The committee's work on one lot. Members are numbers; who they are is boxed until the result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class Evaluation(Model):
    __tablename__ = "evaluation"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    started_at: Mapped[datetime]
    chair_id: Mapped[int | None]
    reviewed_at: Mapped[datetime | None]
    # When the final offers of a negotiation or consultation were settled.
    offers_at: Mapped[datetime | None]
    ranked_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    rejected: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    report_signature: Mapped[str] = mapped_column(String(100), default="")


class Member(Model):
    """One member: number, kind (expert or representative), and each step it has taken."""

    __tablename__ = "committee_member"
    __table_args__ = (UniqueConstraint("lot_id", "number", name="uq_committee_member_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    tag: Mapped[str] = mapped_column(String(32), unique=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    declared_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    scored_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    dissent: Mapped[str] = mapped_column(Text, default="")


class VerdictRow(Model):
    __tablename__ = "review_verdict"
    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(40), primary_key=True)
    passed: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")


class MarkRow(Model):
    __tablename__ = "evaluation_mark"
    member_id: Mapped[int] = mapped_column(ForeignKey("committee_member.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    factor: Mapped[str] = mapped_column(String(40), primary_key=True)
    points: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")

"""Projects and lots as registered, their files, candidates, award and contract."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.parties.models import Organisation
from trading.projects.rules import Stage


class Project(Model):
    """One project (项目) as the tenderer or its agency registered it."""

    __tablename__ = "project"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    procedure: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(20))
    funding: Mapped[str] = mapped_column(String(200), default="")
    approval: Mapped[str] = mapped_column(String(200), default="")
    estimate_fen: Mapped[int]
    summary: Mapped[str] = mapped_column(Text, default="")
    # The number of the lot whose prequalification decided who may take part; nobody else may
    # (条例 18, 19). No foreign key: lots name their projects, and tables cannot name each other in turn.
    prequalified_from_id: Mapped[int | None]
    tenderer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    returned: Mapped[list[str] | None] = mapped_column(JSON)
    returned_note: Mapped[str] = mapped_column(Text, default="")
    tenderer: Mapped[Organisation] = relationship(foreign_keys=tenderer_id, lazy="joined")
    agency: Mapped[Organisation | None] = relationship(foreign_keys=agency_id, lazy="joined")
    lots: Mapped[list[Lot]] = relationship(back_populates="project", order_by="Lot.number", lazy="selectin")
    files: Mapped[list[ProjectFile]] = relationship(lazy="selectin", order_by="ProjectFile.id")


class Lot(Model):
    """One lot (标段/包): what moves through the life table. The deadline stands here, once."""

    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("project_id", "number", name="uq_lot_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[int]
    code: Mapped[str | None] = mapped_column(String(23), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    estimate_fen: Mapped[int]
    ceiling_fen: Mapped[int | None]
    deposit_fen: Mapped[int] = mapped_column(default=0)
    qualifications: Mapped[str] = mapped_column(Text, default="")
    method: Mapped[dict[str, Any]] = mapped_column(JSON)
    # How its bids are sealed, chosen at the acceptance: {policy, suite}; empty as the centre usually does.
    sealing: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    stage: Mapped[Stage] = mapped_column(String(20), default=Stage.REGISTERED, index=True)
    paused_from: Mapped[Stage | None] = mapped_column(String(20))
    paused_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None] = mapped_column(index=True)
    stage_at: Mapped[datetime | None]
    failed_reason: Mapped[str] = mapped_column(String(80), default="")
    restarted_from_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    project: Mapped[Project] = relationship(back_populates="lots", lazy="joined")

    @property
    def label(self) -> str:
        return f"{self.project.name} {self.name}"


class ProjectFile(Model):
    """A file that came with a registration or a notice."""

    __tablename__ = "project_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    stored: Mapped[str] = mapped_column(String(40))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]


class Candidate(Model):
    """A ranked candidate (中标候选人) from the evaluation report."""

    __tablename__ = "candidate"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    price_fen: Mapped[int]
    score: Mapped[str] = mapped_column(String(40), default="")
    # What it offered besides the price: days and quality.
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # Why the candidate fell away (trading.law.awards.Loss), if it did.
    lost: Mapped[str] = mapped_column(String(30), default="")
    lost_note: Mapped[str] = mapped_column(Text, default="")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class Award(Model):
    """Who won (中标), and when the notice to the winner and the results to the others went out."""

    __tablename__ = "award"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    price_fen: Mapped[int]
    notified_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class Contract(Model):
    __tablename__ = "contract"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(80))
    price_fen: Mapped[int]
    signed_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime]


class Invitation(Model):
    """One company's invitation to an invited tender. The row names nobody; see invitations.py."""

    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    tag: Mapped[str] = mapped_column(String(32), unique=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    invited_at: Mapped[datetime | None]


class Numbering(Model):
    """The next project number of each class and platform; locked while a number is given."""

    __tablename__ = "numbering"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)

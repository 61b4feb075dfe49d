"""Tender documents written here: one row for each version, open until it is fixed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.projects.models import Project, ProjectFile


class TenderDocument(Model):
    """One version of a tender document (招标文件): what was filled in, and the files it was fixed as."""

    __tablename__ = "tender_document"
    __table_args__ = (UniqueConstraint("project_id", "number", name="uq_tender_document_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[int]
    template: Mapped[str] = mapped_column(String(40))
    # What was filled in, by the name of its field, and the reasons given for clues, by their mark.
    entries: Mapped[dict[str, Any]] = mapped_column(JSON)
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)
    drafted_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    fixed_at: Mapped[datetime | None]
    # Hash of the structured data; the printed document and the evidence show the same.
    sha256: Mapped[str] = mapped_column(String(64), default="")
    print_id: Mapped[int | None] = mapped_column(ForeignKey("project_file.id"))
    data_id: Mapped[int | None] = mapped_column(ForeignKey("project_file.id"))
    project: Mapped[Project] = relationship(lazy="joined")
    print: Mapped[ProjectFile | None] = relationship(foreign_keys=print_id)
    data: Mapped[ProjectFile | None] = relationship(foreign_keys=data_id)

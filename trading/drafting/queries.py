"""Versions of a case's tender document. Reads only."""

from __future__ import annotations

from sqlalchemy import select

from trading.base.database import db
from trading.drafting.models import TenderDocument


def versions(project_id: int) -> list[TenderDocument]:
    """All versions, oldest first; the last may still be open."""
    return list(db.session.scalars(select(TenderDocument).where(TenderDocument.project_id == project_id)
                                   .order_by(TenderDocument.number)).unique())


def draft(project_id: int) -> TenderDocument | None:
    """The version that is still open."""
    return next((each for each in versions(project_id) if each.fixed_at is None), None)


def fixed(project_id: int) -> TenderDocument | None:
    """The version in force."""
    return next((each for each in reversed(versions(project_id)) if each.fixed_at is not None), None)

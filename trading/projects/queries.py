"""Lists of projects and lots. Reads only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from trading.base.database import db
from trading.base.errors import NotFound
from trading.projects.models import Lot, Project, ProjectFile
from trading.projects.rules import Stage


def get(project_id: int) -> Project:
    found = db.session.get(Project, project_id)
    if found is None:
        raise NotFound
    return found


def of_organisation(organisation_id: int | None, limit: int = 200) -> list[Project]:
    """Projects that an organisation tenders itself or as agency, newest first."""
    return list(db.session.scalars(select(Project).where(
        or_(Project.tenderer_id == organisation_id, Project.agency_id == organisation_id))
        .order_by(Project.id.desc()).limit(limit)).unique())


def waiting(limit: int = 200) -> list[Project]:
    """Registrations that wait for the registrar, oldest first."""
    return list(db.session.scalars(select(Project).where(
        Project.submitted_at.is_not(None), Project.accepted_at.is_(None), Project.returned.is_(None))
        .order_by(Project.submitted_at).limit(limit)).unique())


def recently_accepted(limit: int = 20) -> list[Project]:
    return list(db.session.scalars(select(Project).where(Project.accepted_at.is_not(None))
                                   .order_by(Project.accepted_at.desc()).limit(limit)).unique())


def with_deadline(since: datetime, until: datetime, limit: int = 500) -> list[Lot]:
    """Announced lots whose deadline lies in a span of time, soonest first."""
    return list(db.session.scalars(select(Lot).where(
        Lot.deadline >= since, Lot.deadline < until, Lot.stage.not_in((Stage.TERMINATED, Stage.RESTARTED)))
        .order_by(Lot.deadline, Lot.id).limit(limit)).unique())


def in_stage(*stages: Stage, limit: int = 200) -> list[Lot]:
    return list(db.session.scalars(select(Lot).where(Lot.stage.in_(stages)).order_by(Lot.deadline, Lot.id)
                                   .limit(limit)).unique())


def file_of(project: Project, file_id: int) -> ProjectFile:
    for item in project.files:
        if item.id == file_id:
            return item
    raise NotFound

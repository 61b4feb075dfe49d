"""Lists and search of published notices. Reads only, and only what is published."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from trading.announcements import search
from trading.announcements.models import Notice, NoticeVersion, Question
from trading.announcements.rules import Kind
from trading.base.database import db
from trading.base.errors import NotFound
from trading.parties.models import Organisation
from trading.projects.models import Lot, Project

PAGE = 20


@dataclass(frozen=True)
class Filters:
    """What the address of a search page says; every field may be empty."""

    q: str = ""
    type: str = ""
    kind: str = ""
    stage: str = ""
    region: str = ""
    since: datetime | None = None
    until: datetime | None = None
    amount_min: int | None = None
    sort: str = "newest"
    after: int | None = None


class Listed(NamedTuple):
    """A published notice as lists show it. ``stage`` is its lot's, or the first lot's where it speaks of all."""

    id: int
    kind: str
    title: str
    procedure: str
    region: str
    amount_fen: int
    published_at: datetime
    project_id: int
    lot_id: int | None
    code: str
    project: str
    tenderer: str
    stage: str


@dataclass(frozen=True)
class Page:
    items: list[Listed]
    next: int | None


# Statements that every visitor causes are built once: building one takes longer than running it.
_every = aliased(Lot)
_first_lot = (select(_every.id).where(_every.project_id == Notice.project_id).order_by(_every.number).limit(1)
              .correlate(Notice).scalar_subquery())
_LISTED = (
    select(Notice.id, Notice.kind, Notice.title, Notice.procedure, Notice.region, Notice.amount_fen, Notice.published_at,
           Notice.project_id, Notice.lot_id, Project.code, Project.name, Organisation.name, Lot.stage)
    .join(Project, Project.id == Notice.project_id).join(Organisation, Organisation.id == Project.tenderer_id)
    .join(Lot, Lot.id == func.coalesce(Notice.lot_id, _first_lot)).where(Notice.id.in_(bindparam("ids", expanding=True))))


def find(filters: Filters, *, at: datetime, limit: int = PAGE) -> Page:
    """Published notices that fit, newest first, or by amount; paged by a cursor."""
    query, key = _fitting(filters, at)
    if filters.sort == "amount":
        offset = filters.after or 0
        ids = _ids(query.order_by(Notice.amount_fen.desc(), Notice.id.desc()).offset(offset).limit(limit + 1))
        return Page(_listed(ids[:limit]), offset + limit if len(ids) > limit else None)
    if filters.after is not None:
        query = query.where(key < filters.after)
    ids = _ids(query.order_by(key.desc()).limit(limit + 1))
    return Page(_listed(ids[:limit]), ids[limit - 1] if len(ids) > limit else None)


def _fitting(filters: Filters, at: datetime) -> tuple[Select[tuple[int]], ColumnElement[int]]:
    """The numbers of the published notices that fit, and the column that orders them without sorting."""
    query, key = select(Notice.id).where(Notice.published_at <= at), Notice.id.expression
    words = search.matching(filters.q) if filters.q else None
    if words is not None:
        # The index is read backwards from the newest on, so that a word of most notices costs no more than a rare one.
        query, key = query.join(search.INDEX, search.INDEX.c.rowid == Notice.id).where(words), search.INDEX.c.rowid
    if filters.type:
        query = query.where(Notice.procedure == filters.type)
    if filters.kind:
        query = query.where(Notice.kind == filters.kind)
    if filters.region:
        query = query.where(Notice.region.startswith(filters.region, autoescape=True))
    if filters.since:
        query = query.where(Notice.published_at >= filters.since)
    if filters.until:
        query = query.where(Notice.published_at < filters.until)
    if filters.amount_min is not None:
        query = query.where(Notice.amount_fen >= filters.amount_min)
    if filters.stage:
        query = query.where(Notice.project_id.in_(select(Lot.project_id).where(Lot.stage == filters.stage)))
    return query, key


def _ids(query: Select[tuple[int]]) -> list[int]:
    return list(db.session.connection().scalars(query))


def _listed(ids: list[int]) -> list[Listed]:
    found = {row[0]: Listed(*row) for row in db.session.connection().execute(_LISTED, {"ids": ids})} if ids else {}
    return [found[number] for number in ids]


def projects_of(notices: Collection[Listed]) -> dict[int, Project]:
    """The projects that some notices speak of, by their numbers."""
    rows = db.session.scalars(select(Project).where(Project.id.in_({notice.project_id for notice in notices}))).unique()
    return {project.id: project for project in rows}


def published(notice_id: int, *, at: datetime) -> Notice:
    notice = db.session.get(Notice, notice_id)
    if notice is None or notice.published_at is None or notice.published_at > at:
        raise NotFound
    return notice


class Version(NamedTuple):
    """What a notice said from one moment on, without its body."""

    number: int
    schedule: dict[str, Any]
    sha256: str
    published_at: datetime


@dataclass(frozen=True)
class Published:
    """A published notice of one project with its versions, oldest first."""

    id: int
    kind: str
    lot_id: int | None
    title: str
    published_at: datetime
    versions: list[Version]


_OF_PROJECT = (
    select(Notice.id, Notice.kind, Notice.lot_id, Notice.title, Notice.published_at,
           NoticeVersion.number, NoticeVersion.schedule, NoticeVersion.sha256, NoticeVersion.published_at)
    .join(NoticeVersion, NoticeVersion.notice_id == Notice.id)
    .where(Notice.project_id == bindparam("project_id"), Notice.published_at.is_not(None))
    .order_by(Notice.published_at, Notice.id, NoticeVersion.number))


def of_project(project_id: int) -> list[Published]:
    """All published notices of a project, oldest first."""
    rows = db.session.connection().execute(_OF_PROJECT, {"project_id": project_id})
    return [Published(*notice, [Version(*row[5:]) for row in group]) for notice, group in groupby(rows, key=lambda row: row[:5])]


_CANDIDATES = (
    select(NoticeVersion.schedule).join(Notice, Notice.id == NoticeVersion.notice_id)
    .where(Notice.lot_id == bindparam("lot_id"), Notice.kind == Kind.CANDIDATES, Notice.published_at.is_not(None))
    .order_by(Notice.published_at.desc(), Notice.id.desc(), NoticeVersion.number.desc()).limit(1))


def candidates_schedule(lot_id: int) -> dict[str, Any] | None:
    """What the newest publicity of a lot's candidates says about its dates."""
    return db.session.scalar(_CANDIDATES, {"lot_id": lot_id})


def latest_versions(notice_ids: Collection[int]) -> dict[int, NoticeVersion]:
    """What some notices say now, by their numbers."""
    rows = db.session.scalars(select(NoticeVersion).where(NoticeVersion.notice_id.in_(notice_ids)).order_by(NoticeVersion.number))
    return {version.notice_id: version for version in rows}


def drafts_of(project_id: int) -> list[Notice]:
    return list(db.session.scalars(select(Notice).where(
        Notice.project_id == project_id, Notice.published_at.is_(None)).order_by(Notice.id)).unique())


def tender_notice(project_id: int) -> Notice | None:
    return db.session.scalar(select(Notice).where(
        Notice.project_id == project_id, Notice.kind == "tender", Notice.published_at.is_not(None)))


def is_announced(project_id: int) -> bool:
    """Whether the tender notice of a project is published: before that nothing of it is open."""
    return bool(db.session.scalar(select(exists().where(
        Notice.project_id == project_id, Notice.kind == Kind.TENDER, Notice.published_at.is_not(None)))))


def questions(lot_id: int, *, answered_only: bool) -> list[Question]:
    query = select(Question).where(Question.lot_id == lot_id).order_by(Question.id)
    if answered_only:
        query = query.where(Question.answered_at.is_not(None))
    return list(db.session.scalars(query))


def counts_by_procedure(*, at: datetime) -> dict[str, int]:
    rows = db.session.execute(select(Notice.procedure, func.count()).where(
        Notice.published_at <= at).group_by(Notice.procedure))
    return {procedure: count for procedure, count in rows}

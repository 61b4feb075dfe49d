"""Lists and search of published notices. Reads only, and only what is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from trading.announcements import search
from trading.announcements.models import Notice, Question
from trading.base.database import db
from trading.base.errors import NotFound
from trading.projects.models import Lot

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


@dataclass(frozen=True)
class Page:
    items: list[Notice]
    next: int | None


def find(filters: Filters, *, at: datetime, limit: int = PAGE) -> Page:
    """Published notices that fit, newest first, or by amount; paged by a cursor."""
    query = select(Notice).where(Notice.published_at.is_not(None), Notice.published_at <= at)
    if filters.q:
        condition = search.matching(filters.q)
        if condition is not None:
            query = query.where(condition)
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
    if filters.sort == "amount":
        offset = filters.after or 0
        rows = list(db.session.scalars(query.order_by(Notice.amount_fen.desc(), Notice.id.desc())
                                       .offset(offset).limit(limit + 1)).unique())
        return Page(rows[:limit], offset + limit if len(rows) > limit else None)
    if filters.after is not None:
        query = query.where(Notice.id < filters.after)
    rows = list(db.session.scalars(query.order_by(Notice.id.desc()).limit(limit + 1)).unique())
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def published(notice_id: int, *, at: datetime) -> Notice:
    notice = db.session.get(Notice, notice_id)
    if notice is None or notice.published_at is None or notice.published_at > at:
        raise NotFound
    return notice


def of_project(project_id: int) -> list[Notice]:
    return list(db.session.scalars(select(Notice).where(
        Notice.project_id == project_id, Notice.published_at.is_not(None)).order_by(Notice.published_at)).unique())


def drafts_of(project_id: int) -> list[Notice]:
    return list(db.session.scalars(select(Notice).where(
        Notice.project_id == project_id, Notice.published_at.is_(None)).order_by(Notice.id)).unique())


def tender_notice(project_id: int) -> Notice | None:
    return db.session.scalar(select(Notice).where(
        Notice.project_id == project_id, Notice.kind == "tender", Notice.published_at.is_not(None)))


def questions(lot_id: int, *, answered_only: bool) -> list[Question]:
    query = select(Question).where(Question.lot_id == lot_id).order_by(Question.id)
    if answered_only:
        query = query.where(Question.answered_at.is_not(None))
    return list(db.session.scalars(query))


def counts_by_procedure(*, at: datetime) -> dict[str, int]:
    rows = db.session.execute(select(Notice.procedure, func.count()).where(
        Notice.published_at <= at).group_by(Notice.procedure))
    return {procedure: count for procedure, count in rows}

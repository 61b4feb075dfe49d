"""Lists of cases for archivists and supervisors. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select

from trading.archive import terms
from trading.archive.models import CaseFile, Hold, Pack
from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.law.periods import add_months
from trading.law.rules import seek as seek_rule
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage

PAGE = 50
#: Stages in which a case is finished and its file may be sealed, or is.
FINISHED = (Stage.CONTRACTED, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED, Stage.ARCHIVED)
STATES = ("todo", "sealed", "held", "over", "transfer", "disposed")


#: Before this much is known of a case: while bids are secret, not even their number may show.
_SECRET = (Stage.REGISTERED, Stage.ANNOUNCED, Stage.BIDDING, Stage.CLOSED)


def is_open(lot: Lot) -> bool:
    """Whether the pieces of a case may be seen; a paused lot is as secret as where it was paused."""
    return (lot.paused_from if lot.stage == Stage.PAUSED else lot.stage) not in _SECRET


@dataclass(frozen=True)
class Filters:
    """What the address of the list says; every field may be empty."""

    q: str = ""
    state: str = ""
    procedure: str = ""
    year: int | None = None
    page: int = 1


class Row(NamedTuple):
    lot: Lot
    pack: Pack | None
    file: CaseFile | None
    held: bool


@dataclass(frozen=True)
class Page:
    items: list[Row]
    count: int
    pages: int


def find(filters: Filters, at: datetime) -> Page:
    """Finished cases that fit, the newest first."""
    held = select(Hold.id).where(Hold.lot_id == Lot.id, Hold.released_at.is_(None)).exists()
    query = (select(Lot, Pack, CaseFile, held.label("held")).join(Project, Project.id == Lot.project_id)
             .outerjoin(Pack, Pack.lot_id == Lot.id).outerjoin(CaseFile, CaseFile.lot_id == Lot.id)
             .where(Lot.code.is_not(None), Lot.stage.in_(FINISHED)))
    if filters.q:
        wanted = [Lot.code.contains(filters.q, autoescape=True), Lot.name.contains(filters.q, autoescape=True),
                  Project.name.contains(filters.q, autoescape=True), CaseFile.number.contains(filters.q, autoescape=True)]
        query = query.where(or_(*wanted))
    if filters.procedure:
        query = query.where(Project.procedure == filters.procedure)
    if filters.year is not None:
        query = query.where(CaseFile.year == filters.year)
    if filters.state:
        query = query.where(_in_state(filters.state, at, held))
    count = db.session.scalar(select(func.count()).select_from(query.with_only_columns(Lot.id).order_by(None).subquery())) or 0
    rows = db.session.execute(query.order_by(Lot.stage_at.desc(), Lot.id.desc()).offset((filters.page - 1) * PAGE).limit(PAGE))
    return Page([Row(*row) for row in rows], count, -(-count // PAGE))


def _in_state(state: str, at: datetime, held: ColumnElement[bool]) -> ColumnElement[bool]:
    sealed = and_(Pack.lot_id.is_not(None), Pack.disposed_at.is_(None))
    if state == "todo":
        return Pack.lot_id.is_(None)
    if state == "disposed":
        return Pack.disposed_at.is_not(None)
    if state == "over":
        return and_(sealed, Pack.keep_until <= at)
    if state == "transfer":
        return and_(sealed, CaseFile.retention.in_(terms.TRANSFERRED), Pack.sealed_at < _transfer_since(at))
    return held if state == "held" else sealed


def _transfer_since(at: datetime) -> datetime:
    """Files sealed before this go to the public archive within a year."""
    today = at.astimezone(BEIJING).date()
    key = "ar.transfer_county" if terms.is_county(installation.settings().region) else "ar.transfer_city"
    rule = seek_rule(key, on=today, region=installation.settings().region)
    day = add_months(today, 12 - int(rule.value)) if rule else today.replace(year=1970)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(days=1)

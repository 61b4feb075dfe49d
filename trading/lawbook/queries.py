"""Proposed and approved changes, and the running cases that a change touches. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select

from trading.announcements.models import Notice
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.base.errors import NotFound
from trading.law.procedures import PROCEDURES
from trading.law.regions import NATION, Atlas
from trading.law.rule import Event, Rule
from trading.lawbook.models import RuleChange
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage

OVER = (Stage.ARCHIVED, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED)
#: Events that are behind a case once its notice is published; the others are still to come.
_WITH_THE_NOTICE = (Event.NOTICE, Event.DOCUMENT)

# Asked for once a second by every process: one look into the unique index.
_NEWEST = select(func.max(RuleChange.place))


def newest_place() -> int:
    """The number of the change that came into force last; 0 when there was none."""
    return db.session.scalar(_NEWEST) or 0


def approved() -> list[RuleChange]:
    """All changes in force, in the order in which they were approved."""
    return list(db.session.scalars(select(RuleChange).where(RuleChange.place.is_not(None)).order_by(RuleChange.place)))


def get(change_id: int) -> RuleChange:
    found = db.session.get(RuleChange, change_id)
    if found is None:
        raise NotFound
    return found


def waiting() -> list[RuleChange]:
    """Proposals that nobody has decided, oldest first."""
    return list(db.session.scalars(select(RuleChange).where(RuleChange.decided_at.is_(None)).order_by(RuleChange.id)))


def decided(limit: int = 100) -> list[RuleChange]:
    return list(db.session.scalars(select(RuleChange).where(RuleChange.decided_at.is_not(None))
                                   .order_by(RuleChange.decided_at.desc()).limit(limit)))


def about(key: str) -> list[RuleChange]:
    """Every approved change of one rule, newest first. Proposals are no law and stay among supervisors."""
    return [change for change in reversed(approved()) if key in change.subjects]


class Case(NamedTuple):
    """A running lot as a list of touched cases shows it."""

    code: str | None
    project: str
    lot: str
    procedure: str
    region: str
    stage: Stage
    published_at: datetime | None


@dataclass(frozen=True)
class Touched:
    """How many running lots a change reaches, and the first of them."""

    count: int
    first: list[Case]


def touched(rows: Sequence[Rule], atlas: Atlas, today: date, limit: int = 200) -> Touched:
    """Running lots whose procedure and region the rows reach on the day of their legal event.

    A published notice fixes the day for rules that look at the notice or the document. A notice
    still to come, and every later event of a running case, falls on today or a day after it.
    """
    found = [case for case in _running(rows, atlas) if any(_reaches(row, case, atlas, today) for row in rows)]
    return Touched(len(found), found[:limit])


_PUBLISHED = (select(func.min(Notice.published_at)).where(Notice.project_id == Project.id)
              .correlate(Project).scalar_subquery())


def _running(rows: Iterable[Rule], atlas: Atlas) -> list[Case]:
    """Lots under way that a row may reach; the database leaves out those of other procedures and regions."""
    names = {name for row in rows for name in row.procedures}
    query = (select(Lot.code, Project.name, Lot.name, Project.procedure, Project.region, Lot.stage, _PUBLISHED)
             .join(Project, Project.id == Lot.project_id).where(Lot.stage.not_in(OVER)).order_by(Lot.id))
    if "*" not in names:
        query = query.where(Project.procedure.in_(sorted(names & PROCEDURES.keys())))
    homes = {row.region for row in rows}
    if NATION not in homes:
        query = query.where(Project.region.in_([code for code in atlas.regions if homes & set(atlas.chain(code))]))
    return [Case(*row) for row in db.session.execute(query)]


def _reaches(row: Rule, case: Case, atlas: Atlas, today: date) -> bool:
    if not row.covers(case.procedure) or case.region not in atlas.regions or row.region not in atlas.chain(case.region):
        return False
    if case.published_at is not None and row.event in _WITH_THE_NOTICE:
        return row.in_force(case.published_at.astimezone(BEIJING).date())
    return row.end is None or row.end >= today

"""Remind before a statutory clock runs out, and escalate after it did (job ``supervision.remind``)."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.base.clock import BEIJING
from trading.base.database import db, transaction
from trading.evidence import service as evidence
from trading.law.clocks import Clock, Light
from trading.messages import service as messages
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.supervision import clocks
from trading.supervision.models import Reminder

log = structlog.get_logger()

#: Stages in which a clock may run.
RUNNING = (Stage.EVALUATED, Stage.PUBLICISED, Stage.AWARDED, Stage.CONTRACTED)


def remind(at: datetime) -> int:
    """Tell whoever owes an act when its clock turns yellow; when it turns red, the supervisors too."""
    lots = list(db.session.scalars(select(Lot).where(Lot.stage.in_(RUNNING), Lot.code.is_not(None))))
    today, done = at.astimezone(BEIJING).date(), 0
    found = clocks.of_lots(lots, at=at)
    told = {tuple(row) for row in db.session.execute(
        select(Reminder.lot_id, Reminder.clock, Reminder.light, Reminder.started_at).where(Reminder.lot_id.in_(found)))}
    for lot in lots:
        for clock in found[lot.id]:
            light = clock.light(today)
            if light in (Light.YELLOW, Light.RED) and _key(lot.id, clock, light) not in told:
                try:
                    done += _tell(lot, clock, light, at)
                except IntegrityError:
                    log.info("told by another process", lot=lot.code, clock=clock.kind.id)
    return done


def _key(lot_id: int, clock: Clock, light: Light) -> tuple[int, str, str, datetime]:
    return lot_id, clock.kind.id, light.value, clock.started_at


def _tell(lot: Lot, clock: Clock, light: Light, at: datetime) -> bool:
    with transaction() as session:
        # Asked again under the lock: two job processes tell once.
        if session.get(Reminder, _key(lot.id, clock, light), populate_existing=True, with_for_update=True):
            return False
        session.add(Reminder(lot_id=lot.id, clock=clock.kind.id, light=light.value, started_at=clock.started_at, told_at=at))
        session.flush()
        facts = {"lot": lot.label, "clock": clock.kind.id, "due": clock.due.isoformat(), "article": clock.rule.article}
        kind = "clock.soon" if light is Light.YELLOW else "clock.over"
        for organisation_id in {lot.project.tenderer_id, lot.project.agency_id} - {None}:
            messages.notify(kind, at=at, organisation_id=organisation_id, link=f"/projects/{lot.project_id}/lots/{lot.id}/result", **facts)
        if light is Light.RED:
            for account_id in accounts.holders_of(Permission.PAUSE):
                messages.notify(kind, at=at, account_id=account_id, link=f"/supervise/{lot.code}", **facts)
            evidence.record("clock.over", actor="timetable", at=at, lot=lot.code, project=lot.project.code, clock=clock.kind.id,
                            due=clock.due.isoformat(), article=clock.rule.article)
        return True

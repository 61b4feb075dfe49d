"""Tell supervisors and administrators of an alarm about the log or the clock, once (job ``supervision.alarm``)."""

from __future__ import annotations

from datetime import datetime

import structlog

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.base.database import db, lock_row, transaction
from trading.evidence import alarms
from trading.evidence import service as evidence
from trading.evidence.models import LogAlarm
from trading.messages import service as messages
from trading.supervision import audits

log = structlog.get_logger()


def tell(at: datetime) -> int:
    """Write each new alarm into evidence and to those who must act. Returns alarms told."""
    told = 0
    for alarm_id in [alarm.id for alarm in alarms.untold()]:
        try:
            told += _tell(alarm_id, at)
        except Exception:
            # One that cannot be told must not keep the next from being told.
            log.exception("an alarm could not be told", alarm=alarm_id)
            db.session.rollback()
    return told


def _tell(alarm_id: int, at: datetime) -> bool:
    with transaction():
        alarm: LogAlarm | None = lock_row(LogAlarm, alarm_id)
        if alarm is None or alarm.told_at is not None:
            return False
        alarm.told_at = at
        evidence.record("log.alarm", actor="timetable", at=at, alarm=alarm.kind, place=alarm.place, facts=alarm.facts)
        for account_id in sorted({*accounts.holders_of(Permission.PAUSE), *accounts.holders_of(Permission.ACCOUNT_ADMIN)}):
            messages.notify(f"alarm.{alarm.kind}", at=at, account_id=account_id, place=alarm.place,
                            link="/audit" if alarm.kind == audits.CHANGED else "/log",
                            seconds=alarm.facts.get("seconds", 0), found=alarm.facts.get("found", 0))
        return True

"""Tell supervisors and administrators of an alarm about the log or the clock, once (job ``supervision.alarm``)."""

from __future__ import annotations

from datetime import datetime

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.base.database import lock_row, transaction
from trading.evidence import alarms
from trading.evidence import service as evidence
from trading.evidence.models import LogAlarm
from trading.messages import service as messages


def tell(at: datetime) -> int:
    """Write each new alarm into evidence and to those who must act. Returns alarms told."""
    return sum(_tell(alarm.id, at) for alarm in alarms.untold())


def _tell(alarm_id: int, at: datetime) -> bool:
    with transaction():
        alarm: LogAlarm | None = lock_row(LogAlarm, alarm_id)
        if alarm is None or alarm.told_at is not None:
            return False
        alarm.told_at = at
        evidence.record("log.alarm", actor="timetable", at=at, alarm=alarm.kind, place=alarm.place, facts=alarm.facts)
        for account_id in sorted({*accounts.holders_of(Permission.PAUSE), *accounts.holders_of(Permission.ACCOUNT_ADMIN)}):
            messages.notify(f"alarm.{alarm.kind}", at=at, account_id=account_id, link="/log", place=alarm.place,
                            seconds=alarm.facts.get("seconds", 0))
        return True

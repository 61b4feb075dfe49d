"""Alarms about the log and the clock: raised once, seen by everybody, ended by what ends them.

A log that a witness refuses was rewritten, cut or put back from a backup. Its receipts could no
longer be proved, so filings stop until enough witnesses cosign again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from trading.base.database import connection, db, transaction
from trading.evidence.models import LogAlarm

#: What is wrong, as the database, messages and pages name it.
FORKED, RESTORED, CLOCK = "log.forked", "log.restored", "clock.off"


def raise_alarm(kind: str, place: str, *, at: datetime, stops: bool = False, **facts: Any) -> bool:
    """Raise an alarm unless the same one stands; returns whether this call raised it or made it stop filings."""
    with transaction() as session:
        found = session.scalar(select(LogAlarm).where(LogAlarm.kind == kind, LogAlarm.place == place,
                                                      LogAlarm.ended_at.is_(None)).with_for_update())
        if found is not None and (found.stops or not stops):
            return False
        if found is None:
            session.add(LogAlarm(kind=kind, place=place, facts=facts, stops=stops, raised_at=at))
        else:
            found.stops = True
        return True


def end(kinds: tuple[str, ...], place: str, *, at: datetime) -> int:
    """End alarms whose cause is gone."""
    with transaction() as session:
        standing = session.scalars(select(LogAlarm).where(LogAlarm.kind.in_(kinds), LogAlarm.place == place,
                                                          LogAlarm.ended_at.is_(None)).with_for_update()).all()
        for alarm in standing:
            alarm.ended_at = at
        return len(standing)


def set_stops(kinds: tuple[str, ...], stops: bool) -> None:
    """Say of all standing alarms of some kinds whether they stop filings."""
    with transaction() as session:
        for alarm in session.scalars(select(LogAlarm).where(LogAlarm.kind.in_(kinds), LogAlarm.ended_at.is_(None),
                                                            LogAlarm.stops.is_(not stops)).with_for_update()):
            alarm.stops = stops


def standing() -> list[LogAlarm]:
    """Alarms not ended yet, oldest first."""
    return list(db.session.scalars(select(LogAlarm).where(LogAlarm.ended_at.is_(None)).order_by(LogAlarm.id)))


def recent(limit: int = 20) -> list[LogAlarm]:
    """The newest alarms, ended ones too."""
    return list(db.session.scalars(select(LogAlarm).order_by(LogAlarm.id.desc()).limit(limit)))


def untold() -> list[LogAlarm]:
    """Alarms nobody was told of yet."""
    return list(db.session.scalars(select(LogAlarm).where(LogAlarm.told_at.is_(None)).order_by(LogAlarm.id)))


def stop_filings() -> str:
    """The kind of an alarm that stops filings now, or nothing."""
    return connection().execute(_STOPPING).scalar() or ""


_TABLE: Any = LogAlarm.__table__
_STOPPING = select(_TABLE.c.kind).where(_TABLE.c.stops.is_(True), _TABLE.c.ended_at.is_(None)).limit(1)

"""Outages of the platform (中断): noticed by itself, on record, and never at a bidder's cost.

The timetable beats every ten seconds; a gap of more than a minute between two beats was an outage,
whether the process, the machine or the database was away. The timetable also asks the pages
whether they answer. While the clock is wrong no bids are taken, which counts as an outage too.
A bidders' window at an opening is longer by the outages that fell into it
(docs/protocol.md, 2.8); a failing lot's deadline is moved by people, through a published notice.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from trading.base import installation
from trading.base.clock import Clock
from trading.base.database import db, lock_row, serialise, transaction
from trading.evidence import alarms
from trading.evidence import service as evidence
from trading.evidence.models import LogAlarm
from trading.supervision import rules
from trading.supervision.models import Heartbeat, Outage

TIMETABLE, PAGES = "timetable", "pages"
#: A longer silence is an outage.
SILENCE = timedelta(seconds=60)
_BEATS = 7_264_003

Span = tuple[datetime, datetime]


def beat(part: str, at: datetime) -> Outage | None:
    """Say that a part of the platform is there; a silence before it is recorded as an outage."""
    with transaction() as session:
        serialise(_BEATS)
        found = lock_row(Heartbeat, part)
        if found is None:
            session.add(Heartbeat(part=part, at=at))
            return None
        silent_since, found.at = found.at, max(found.at, at)
        if at - silent_since <= SILENCE:
            return None
        made = Outage(part=part, began_at=silent_since, ended_at=at)
        session.add(made)
        evidence.record("platform.outage", actor="timetable", at=at, part=part, since=silent_since.isoformat(), until=at.isoformat())
        return made


def probe(clock: Clock, answers: Callable[[], bool] | None = None) -> bool:
    """Ask the pages whether they answer, and note it when they do."""
    if not (answers or _pages_answer)():
        return False
    beat(PAGES, clock())
    return True


def _pages_answer() -> bool:
    settings = installation.settings()
    address = settings.probe_url or f"http://{settings.host}:{settings.port}/healthz"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def spans(since: datetime, at: datetime) -> list[Span]:
    """Outages that reach beyond a moment, up to now; one that lasts counts until now."""
    found = [(outage.began_at, outage.ended_at) for outage in db.session.scalars(select(Outage).where(Outage.ended_at > since))]
    found += [(beaten.at, at) for beaten in db.session.scalars(select(Heartbeat).where(Heartbeat.at < at - SILENCE))]
    found += [(alarm.raised_at, alarm.ended_at or at) for alarm in db.session.scalars(select(LogAlarm).where(
        LogAlarm.kind == alarms.CLOCK, LogAlarm.stops.is_(True), or_(LogAlarm.ended_at.is_(None), LogAlarm.ended_at > since)))]
    return sorted(span for span in found if span[1] > span[0])


def prolonged(since: datetime, until: datetime, at: datetime) -> datetime:
    """When a span of time that was promised ends, outages within it not counted."""
    return rules.prolonged(spans(since, at), since, until)


def newest(limit: int = 20) -> list[Outage]:
    return list(db.session.scalars(select(Outage).order_by(Outage.id.desc()).limit(limit)))

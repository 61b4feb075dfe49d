"""Change the law as data: one person proposes, another approves, nothing is erased.

A proposal is checked when it is made and again when it is approved, against the table then in
force, because another change may have been approved in between.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import select

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.base import texts
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, serialise, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law import calendar, rules
from trading.law.amendments import Repeal
from trading.lawbook import current, days_off, queries, repeals
from trading.lawbook.models import Kind, RuleChange
from trading.lawbook.rules import read_rows, tried
from trading.messages import service as messages

#: Approvals stand in line on PostgreSQL, so that each is tried on the table that the one before left.
_LINE = 0x6C6177
MOST_REASON, MOST_SOURCE = 2000, 500


def propose_rows(text: str, reason: str, source: str, *, account_id: int, actor: str, at: datetime) -> RuleChange:
    """Propose rows in the form of a data file. Raises Refused ``law.*`` or ``lawbook.*``."""
    with transaction():
        current.follow(at_once=True)
        rows = read_rows(text)
        tried(rows, rules.book(), _day(at))
        return _propose(Kind.ROWS, text, sorted({row.key for row in rows}), reason, source, account_id=account_id, actor=actor, at=at)


def propose_calendar(year: int, off: Collection[date], work: Collection[date], source: str, *, account_id: int, actor: str,
                     at: datetime) -> RuleChange:
    """Propose a new year's days off and make-up days. Raises Refused ``calendar.*``."""
    with transaction():
        current.follow(at_once=True)
        notice = days_off.checked(year, off, work, source, calendar.years())
        return _propose(Kind.CALENDAR, days_off.written(notice), [str(year)], f"{year} 年放假调休安排", source,
                        account_id=account_id, actor=actor, at=at)


def propose_correction(year: int, off: Collection[date], work: Collection[date], reason: str, source: str, *, account_id: int,
                       actor: str, at: datetime) -> RuleChange:
    """Propose a corrected notice of a loaded year, as a new version that names the one it corrects.

    Raises Refused ``calendar.*``, and ``law.calendar_not_published`` for a year that was never loaded.
    """
    with transaction():
        current.follow(at_once=True)
        old = calendar.notice(year)
        notice = days_off.checked(year, off, work, source, calendar.years(), corrects=old)
        return _propose(Kind.CALENDAR, days_off.written(notice, old), [str(year)], reason, source, account_id=account_id, actor=actor,
                        at=at, corrects=days_off.fingerprint(old))


def propose_repeal(repeal: Repeal, reason: str, source: str, *, account_id: int, actor: str, at: datetime) -> RuleChange:
    """Propose that a rule ends with nothing in its place. Raises Refused ``law.repeal_*`` or ``lawbook.*``."""
    repeal = replace(repeal, article=_filled(repeal.article, "article", MOST_SOURCE))
    with transaction():
        current.follow(at_once=True)
        repeals.tried(repeal, rules.book(), _day(at))
        return _propose(Kind.REPEAL, repeals.written(repeal), [repeal.key], reason, source, account_id=account_id, actor=actor, at=at)


def approve(change_id: int, *, account_id: int, actor: str, at: datetime) -> RuleChange:
    """The second person puts a change in force, here at once and in every other process within a second or two.

    Raises Refused ``lawbook.second_person``, ``lawbook.decided``, and all that a proposal is refused for.
    """
    with transaction():
        serialise(_LINE)
        change = _waiting(change_id)
        if change.asked_by == account_id:
            raise Refused("lawbook.second_person")
        current.follow(at_once=True)
        _try_again(change, _day(at))
        change.place = queries.newest_place() + 1
        _decide(change, "approved", "", account_id=account_id, actor=actor, at=at)
    current.follow(at_once=True)
    return change


def refuse(change_id: int, note: str, *, account_id: int, actor: str, at: datetime) -> RuleChange:
    """Another person turns a proposal down and says why; the one who made it withdraws it instead."""
    with transaction():
        change = _waiting(change_id)
        if change.asked_by == account_id:
            raise Refused("lawbook.second_person")
        _decide(change, "refused", _filled(note, "decision", MOST_REASON), account_id=account_id, actor=actor, at=at)
        return change


def withdraw(change_id: int, *, account_id: int, actor: str, at: datetime) -> RuleChange:
    """Whoever made a proposal takes it back before it is decided."""
    with transaction():
        change = _waiting(change_id)
        if change.asked_by != account_id:
            raise Refused("lawbook.not_yours")
        _decide(change, "withdrawn", "", account_id=account_id, actor=actor, at=at)
        return change


# --- the steps themselves ----------------------------------------------------------------------


def _propose(kind: Kind, text: str, subjects: list[str], reason: str, source: str, *, account_id: int, actor: str,
             at: datetime, **facts: str) -> RuleChange:
    reason, source = _filled(reason, "reason", MOST_REASON), _filled(source, "source", MOST_SOURCE)
    digest = sha256(text.encode()).hexdigest()
    if db.session.scalar(select(RuleChange.id).where(RuleChange.decided_at.is_(None), RuleChange.sha256 == digest)):
        raise Refused("lawbook.waiting_already")
    change = RuleChange(kind=kind, text=text, sha256=digest, subjects=subjects, reason=reason, source=source, asked_at=at,
                        asked_by=account_id)
    db.session.add(change)
    db.session.flush()
    evidence.record("law.change_proposed", actor=actor, at=at, change=change.id, kind=str(kind), subjects=subjects, sha256=digest,
                    reason=reason, source=source, **facts)
    for other in accounts.holders_of(Permission.LAW_WRITE):
        if other != account_id:
            messages.notify("law.change_waiting", at=at, account_id=other, link=f"/law/changes/{change.id}", subjects="、".join(subjects))
    return change


def _try_again(change: RuleChange, today: date) -> None:
    if change.kind == Kind.ROWS:
        tried(read_rows(change.text), rules.book(), today)
    elif change.kind == Kind.REPEAL:
        repeals.tried(repeals.read(change.text), rules.book(), today)
    else:
        try_calendar(change.text)


def try_calendar(text: str) -> None:
    """Hold a proposed notice against the years now loaded; a correction must still find what it corrects."""
    notice, corrects = calendar.read(text), days_off.corrected(text)
    old = calendar.notice(notice.year) if corrects else None
    if old is not None and days_off.fingerprint(old) != corrects:
        raise Refused("calendar.corrected_meanwhile", year=notice.year)
    days_off.checked(notice.year, notice.off, notice.work, notice.source, calendar.years(), corrects=old)


def _decide(change: RuleChange, how: str, note: str, *, account_id: int, actor: str, at: datetime) -> None:
    change.decided_at, change.decided_by, change.decision = at, account_id, note
    db.session.flush()
    evidence.record(f"law.change_{how}", actor=actor, at=at, change=change.id, kind=change.kind, subjects=change.subjects,
                    sha256=change.sha256, **({"reason": note} if note else {}))
    if account_id != change.asked_by:
        messages.notify(f"law.change_{how}", at=at, account_id=change.asked_by, link=f"/law/changes/{change.id}", subjects="、".join(change.subjects))


def _waiting(change_id: int) -> RuleChange:
    change: RuleChange | None = lock_row(RuleChange, change_id)
    if change is None:
        raise NotFound
    if change.decided_at is not None:
        raise Refused("lawbook.decided")
    return change


def _filled(text: str, field: str, most: int) -> str:
    return texts.filled(text, "lawbook.text", most, field=field)


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()

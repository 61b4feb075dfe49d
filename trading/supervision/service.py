"""Pause a lot and let it go on: two supervisors for an order, at once where the law says so.

While a lot stands still, nothing is taken in, opened, evaluated or awarded. When it goes on,
what was left of the running period is left again: the deadline, the bidders' window and the
publicity move later by the time that passed, never earlier.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import MAY_PAUSE, Stage, Step
from trading.supervision import rules
from trading.supervision.models import Pause

ORDER = "order"


def ask_pause(lot_id: int, reason: str, *, account_id: int, actor: str, at: datetime) -> Pause:
    """One supervisor asks for a pause; another must confirm it. Raises Refused ``pause.*``."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        if open_pauses(lot_id, ORDER):
            raise Refused("pause.asked_already")
        _may_pause(lot)
        pause = _add(Pause(lot_id=lot_id, cause=ORDER, reason=_text(reason), asked_at=at, asked_by=account_id))
        evidence.record("pause.asked", actor=actor, at=at, lot=lot.code, reason=pause.reason)
        return pause


def confirm_pause(pause_id: int, *, account_id: int, actor: str, at: datetime) -> Pause:
    """The second supervisor puts the pause in force."""
    with transaction():
        pause = _open(pause_id)
        if pause.began_at:
            return pause
        if pause.asked_by == account_id:
            raise Refused("pause.second_person")
        pause.confirmed_by = account_id
        _begin(pause, actor=actor, at=at)
        return pause


def refuse_pause(pause_id: int, *, account_id: int, actor: str, at: datetime) -> None:
    """Take back or turn down a pause that was asked for and not confirmed."""
    with transaction():
        pause = _open(pause_id)
        if pause.began_at:
            raise Refused("pause.in_force")
        pause.ended_at, pause.ended_by = at, account_id
        evidence.record("pause.refused", actor=actor, at=at, lot=pause.lot.code)


def pause_by_law(lot_id: int, cause: str, article: str, reason: str, *, actor: str, at: datetime) -> Pause:
    """A pause that follows from the law itself, such as an unanswered objection (条例 22, 54)."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        _may_pause(lot)
        pause = _add(Pause(lot_id=lot_id, cause=cause, reason=_text(reason), article=article, asked_at=at))
        _begin(pause, actor=actor, at=at)
        return pause


def ask_lift(pause_id: int, reason: str, *, account_id: int, actor: str, at: datetime) -> None:
    """One supervisor asks that an ordered pause end; another must confirm it."""
    with transaction():
        pause = _in_force(pause_id)
        if pause.cause != ORDER:
            raise Refused("pause.by_law")
        pause.lift_reason, pause.lift_asked_by = _text(reason), account_id
        evidence.record("pause.lift_asked", actor=actor, at=at, lot=pause.lot.code, reason=pause.lift_reason)


def confirm_lift(pause_id: int, *, account_id: int, actor: str, at: datetime) -> None:
    """The second supervisor ends the pause; the lot goes on when no other ground is left."""
    with transaction():
        pause = _in_force(pause_id)
        if pause.lift_asked_by is None:
            raise Refused("pause.lift_not_asked")
        if pause.lift_asked_by == account_id:
            raise Refused("pause.second_person")
        pause.ended_by = account_id
        _end(pause, actor=actor, at=at)


def end_by_law(pause_id: int, reason: str, *, actor: str, at: datetime) -> None:
    """End a pause whose lawful ground is gone: answered, decided, withdrawn."""
    with transaction():
        pause = _in_force(pause_id)
        pause.lift_reason = _text(reason)
        _end(pause, actor=actor, at=at)


def open_pauses(lot_id: int, cause: str | None = None) -> list[Pause]:
    """Grounds that hold a lot, or are waiting for their second supervisor."""
    query = select(Pause).where(Pause.lot_id == lot_id, Pause.ended_at.is_(None)).order_by(Pause.id)
    return list(db.session.scalars(query if cause is None else query.where(Pause.cause == cause)))


def history(lot_id: int) -> list[Pause]:
    return list(db.session.scalars(select(Pause).where(Pause.lot_id == lot_id).order_by(Pause.id.desc())))


def time_paused(lot_id: int, since: datetime) -> timedelta:
    """How long a lot stood still after a moment, in pauses that are over; overlaps count once."""
    return rules.stood([(pause.began_at, pause.ended_at) for pause in history(lot_id) if pause.began_at and pause.ended_at], since)


# --- the steps themselves ------------------------------------------------------------------------


def _begin(pause: Pause, *, actor: str, at: datetime) -> None:
    lot = projects.locked_lot(pause.lot_id)
    pause.began_at = at
    if lot.stage != Stage.PAUSED:
        _may_pause(lot)
        lot.paused_at = at
        projects.advance(lot, Step.PAUSE, actor=actor, at=at, cause=pause.cause, reason=pause.reason)
    else:
        evidence.record("pause.added", actor=actor, at=at, lot=lot.code, cause=pause.cause, reason=pause.reason)
    if lot.paused_from != Stage.REGISTERED:
        announcements.publish_plain(Kind.PAUSE, lot, f"{lot.label}暂停公告", f"自 {_local(at)} 起暂停。\n理由：{pause.reason}"
                                    + (f"\n依据：{pause.article}" if pause.article else ""), {}, actor=actor, at=at)
    _tell(lot, "lot.paused", at)


def _end(pause: Pause, *, actor: str, at: datetime) -> None:
    lot = projects.locked_lot(pause.lot_id)
    pause.ended_at = at
    db.session.flush()
    if lot.stage != Stage.PAUSED or any(other.began_at for other in open_pauses(lot.id)):
        evidence.record("pause.ended", actor=actor, at=at, lot=lot.code, reason=pause.lift_reason)
        return
    assert lot.paused_at is not None
    # Whole minutes, upwards: nobody loses a second by a pause.
    stood = timedelta(minutes=-(-(at - lot.paused_at) // timedelta(minutes=1)))
    before = lot.paused_from
    dates: dict[str, str] = {}
    if before in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline is not None and lot.paused_at < lot.deadline:
        lot.deadline += stood
        dates = {"deadline": lot.deadline.astimezone(BEIJING).isoformat()}
    projects.advance(lot, Step.RESUME, actor=actor, at=at, reason=pause.lift_reason, **dates)
    lot.paused_at = lot.paused_from = None
    if before == Stage.PUBLICISED:
        dates = {"until": announcements.prolong_publicity(lot, stood, actor=actor, at=at).isoformat()}
    if before != Stage.REGISTERED:
        announcements.publish_plain(
            Kind.RESUMPTION, lot, f"{lot.label}恢复公告", f"自 {_local(at)} 起恢复。\n理由：{pause.lift_reason}"
            + (f"\n投标截止时间顺延至 {_local(lot.deadline)}" if "deadline" in dates and lot.deadline else ""), dates, actor=actor, at=at)
    _tell(lot, "lot.resumed", at)


def _local(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _tell(lot: Lot, kind: str, at: datetime) -> None:
    for organisation_id in {lot.project.tenderer_id, lot.project.agency_id} - {None}:
        messages.notify(kind, at=at, organisation_id=organisation_id, lot=lot.label, link=f"/projects/{lot.project_id}")


def _may_pause(lot: Lot) -> None:
    if lot.stage not in (*MAY_PAUSE, Stage.PAUSED):
        raise Refused("pause.stage", stage=lot.stage)


def _add(pause: Pause) -> Pause:
    db.session.add(pause)
    db.session.flush()
    return pause


def _open(pause_id: int) -> Pause:
    pause: Pause | None = lock_row(Pause, pause_id)
    if pause is None:
        raise NotFound
    if pause.ended_at:
        raise Refused("pause.over")
    return pause


def _in_force(pause_id: int) -> Pause:
    pause = _open(pause_id)
    if pause.began_at is None:
        raise Refused("pause.not_in_force")
    return pause


def _text(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > 2000:
        raise Refused("pause.reason", most=2000)
    return text

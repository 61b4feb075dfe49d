"""Timed work of openings. The timetable only wakes these; each step decides under its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from sqlalchemy import and_, or_, select

from bidding.opening import service
from bidding.opening.models import Opening
from bidding.opening.rules import LATER
from trading.base.clock import Clock
from trading.base.database import db
from trading.base.errors import Refused
from trading.evidence import alarms
from trading.projects.models import Lot
from trading.projects.rules import Stage

log = structlog.get_logger()


def close_due(clock: Clock) -> int:
    """Close every lot whose deadline has come."""
    if alarms.stop_filings() in (alarms.FORKED, alarms.RESTORED):
        # No witness would sign this close, so nothing could be opened by it: it waits until the log goes on.
        return 0
    due = [lot.id for lot in db.session.scalars(select(Lot).where(Lot.stage == Stage.BIDDING, Lot.deadline <= clock())) if lot.method.get("kind") != "live"]
    return _each(due, lambda lot_id: service.close(lot_id, clock=clock))


def advance_due(clock: Clock) -> int:
    """Take every opening under way as far as it can go now."""
    under_way = db.session.execute(select(Opening.lot_id, Opening.envelope).join(Lot, Lot.id == Opening.lot_id).where(
        Opening.opened_at.is_(None), or_(Lot.stage.in_((Stage.CLOSED, *LATER)),
                                         and_(Lot.stage == Stage.BIDDING, Opening.envelope.like("offer-%"))))).all()

    def step(item: tuple[int, str]) -> bool:
        moved = service.close_window(*item, clock=clock)
        moved |= service.unseal_due(*item, clock=clock) > 0
        moved |= service.look_for_holders(*item, clock=clock)
        return service.finish(*item, clock=clock) or moved

    return _each([tuple(row) for row in under_way], step)


def _each(items: Iterable[Any], act: Callable[[Any], bool]) -> int:
    done = 0
    for lot_id in items:
        try:
            done += act(lot_id)
        except Refused as refusal:
            log.warning("a step of an opening was refused", lot=lot_id, reason=refusal.reason)
        except Exception:
            # One lot that cannot be opened must not keep the others closed; it is tried again.
            log.exception("a step of an opening failed", lot=lot_id)
            db.session.rollback()
    return done



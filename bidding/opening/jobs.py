"""Timed work of openings. The timetable only wakes these; each step decides under its lock."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import select

from bidding.opening import service
from bidding.opening.models import Opening
from trading.base.clock import Clock
from trading.base.database import db
from trading.base.errors import Refused
from trading.projects.models import Lot
from trading.projects.rules import Stage

log = structlog.get_logger()


def close_due(clock: Clock) -> int:
    """Close every lot whose deadline has come."""
    due = db.session.scalars(select(Lot.id).where(Lot.stage == Stage.BIDDING, Lot.deadline <= clock())).all()
    return _each(due, lambda lot_id: service.close(lot_id, clock=clock))


def advance_due(clock: Clock) -> int:
    """Take every opening under way as far as it can go now."""
    open_lots = db.session.scalars(select(Opening.lot_id).join(Lot, Lot.id == Opening.lot_id).where(
        Lot.stage == Stage.CLOSED)).all()

    def step(lot_id: int) -> bool:
        moved = service.close_window(lot_id, clock=clock)
        moved |= service.unseal_due(lot_id, clock=clock) > 0
        return service.finish(lot_id, clock=clock) or moved

    return _each(open_lots, step)


def _each(lot_ids: object, act: Callable[[int], bool]) -> int:
    done = 0
    for lot_id in lot_ids:  # type: ignore[attr-defined]
        try:
            done += act(lot_id)
        except Refused as refusal:
            log.warning("a step of an opening was refused", lot=lot_id, reason=refusal.reason)
        except Exception:
            # One lot that cannot be opened must not keep the others closed; it is tried again.
            log.exception("a step of an opening failed", lot=lot_id)
            db.session.rollback()
    return done



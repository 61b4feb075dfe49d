"""Timed work of evaluations: open rooms that are ready, seat substitutes, go on with final offers."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select

from experts.draw import lottery
from experts.draw.models import EXPERTS, Draw
from experts.evaluation import selection, service
from trading.base.database import db
from trading.base.errors import Refused
from trading.projects.models import Lot
from trading.projects.rules import Stage


log = structlog.get_logger()


def start_due(at: datetime) -> int:
    """Open the room of every lot whose bids are open and whose seats are all filled, and seat
    substitutes in rooms that are open."""
    ready = db.session.scalars(select(Draw.lot_id).join(Lot, Lot.id == Draw.lot_id).where(
        Lot.stage == Stage.OPENED, Draw.purpose == EXPERTS, Draw.sealed_at.is_not(None))).all()
    for lot_id in ready:
        try:
            service.start(lot_id, actor="timetable", at=at)
            service.seat_substitutes(lot_id, at=at)
            service.follow_offers(lot_id, at=at)
        except Refused as refusal:  # one lot must not keep the others waiting
            log.warning("an evaluation could not go on", lot=lot_id, reason=refusal.reason)
    for lot_id in db.session.scalars(select(Draw.lot_id).join(Lot, Lot.id == Draw.lot_id).where(
            Lot.stage == Stage.OPENED, Draw.purpose == lottery.WINNER, Draw.drawn_at.is_not(None))).all():
        try:
            selection.follow_draw(lot_id, at=at)
        except Refused as refusal:
            log.warning("a lot that was cast could not be reported", lot=lot_id, reason=refusal.reason)
    return len(ready)

"""Timed work of evaluations: open rooms that are ready, seat substitutes, go on with final offers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from experts.draw import lottery
from experts.draw.models import EXPERTS, Draw
from experts.evaluation import selection, service
from trading.base.database import db
from trading.projects.models import Lot
from trading.projects.rules import Stage


def start_due(at: datetime) -> int:
    """Open the room of every lot whose bids are open and whose seats are all filled, and seat
    substitutes in rooms that are open."""
    ready = db.session.scalars(select(Draw.lot_id).join(Lot, Lot.id == Draw.lot_id).where(
        Lot.stage == Stage.OPENED, Draw.purpose == EXPERTS, Draw.sealed_at.is_not(None))).all()
    for lot_id in ready:
        service.start(lot_id, actor="timetable", at=at)
        service.seat_substitutes(lot_id, at=at)
        service.follow_offers(lot_id, at=at)
    for lot_id in db.session.scalars(select(Draw.lot_id).join(Lot, Lot.id == Draw.lot_id).where(
            Lot.stage == Stage.OPENED, Draw.purpose == lottery.WINNER, Draw.drawn_at.is_not(None))).all():
        selection.follow_draw(lot_id, at=at)
    return len(ready)

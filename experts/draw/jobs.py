"""Timed work of draws: close contributions, open them, seat the committee, invite those drawn."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from experts.draw import lottery, service, suppliers
from experts.draw.models import Draw
from trading.base.clock import Clock
from trading.base.database import db
from trading.base.errors import Refused
from trading.projects.models import Lot
from trading.projects.rules import Stage

log = structlog.get_logger()


def advance_due(clock: Clock) -> int:
    """Take every draw under way as far as it can go now."""
    done = 0
    for draw_id in db.session.scalars(select(Draw.id).join(Lot, Lot.id == Draw.lot_id).where(
            Draw.drawn_at.is_(None), Lot.stage.in_((Stage.REGISTERED, Stage.BIDDING, Stage.CLOSED, Stage.OPENED)))).all():
        try:
            done += service.close(draw_id, clock=clock)
            done += service.settle(draw_id, clock=clock)
        except Refused as refusal:
            log.warning("a step of a draw was refused", draw=draw_id, reason=refusal.reason)
    for lot_id in db.session.scalars(select(Draw.lot_id).join(Lot, Lot.id == Draw.lot_id).where(
            Draw.purpose == lottery.SUPPLIERS, Draw.drawn_at.is_not(None), Lot.stage == Stage.REGISTERED)).all():
        try:
            done += suppliers.follow(lot_id, at=clock())
        except Refused as refusal:
            log.warning("those drawn could not be invited", lot=lot_id, reason=refusal.reason)
    return done

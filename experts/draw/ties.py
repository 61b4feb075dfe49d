"""A tie at the ceiling decided by lot (摇号): the draw among the paddles that agreed, and its result handed to the sale.

Drawn among are paddle numbers, not names: who is behind them stays secret until the deal.
"""

from __future__ import annotations

import structlog

from bidding.auction import ties
from bidding.envelope import documents, keys
from experts.draw import lottery, service
from experts.draw.models import Draw
from trading.base.clock import Clock
from trading.base.database import transaction
from trading.base.errors import Refused
from trading.sales.modes import After

log = structlog.get_logger()


def follow_due(clock: Clock) -> int:
    """Take every tie that the draw decides as far as it can go now."""
    done = 0
    for lot_id in ties.tied(After.LOTTERY):
        try:
            done += follow(lot_id, clock=clock)
        except Refused as refusal:
            log.warning("a tie could not be drawn", lot=lot_id, reason=refusal.reason)
    return done


def follow(lot_id: int, *, clock: Clock) -> bool:
    """Freeze the draw of one tied lot, or decide by it once it is drawn. Returns whether this call did something."""
    with transaction():
        lot, room, at = ties.locked(lot_id, After.LOTTERY, clock)
        draw = service.of_lot(lot_id, lottery.WINNER)
        if draw is None:
            made = lottery.cast(lot, lottery.WINNER, sorted(room.standing.agreed), 1, actor="timetable", at=at)
            ties.begin(lot_id, After.LOTTERY, clock=clock, draw=made.params["draw"])
            return True
        if draw.transcript is None:
            return False
        _decide(draw, clock)
        return True


def _decide(draw: Draw, clock: Clock) -> None:
    (winner,), _others = lottery.drawn(draw)
    lottery.publish(draw, at=clock())
    ties.decide(draw.lot_id, winner, After.LOTTERY, actor="timetable", clock=clock, draw=draw.params["draw"],
                transcript=keys.tagged_hash("draw", documents.encode(draw.transcript or {})).hex())

"""Timed work of rounds of offers: close them at their deadline."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from bidding.opening.rules import LATER
from bidding.rounds import service
from bidding.rounds.models import OfferRound
from bidding.trustees.models import SealingSession
from trading.base.clock import Clock
from trading.base.database import db
from trading.base.errors import Refused
from trading.projects.models import Lot

log = structlog.get_logger()


def close_due(clock: Clock) -> int:
    """Move deadlines by the time that lots were paused, and close every round whose deadline has come; the openings' own job takes them on from there."""
    open_rounds = db.session.execute(
        select(OfferRound.lot_id, OfferRound.number).join(SealingSession, SealingSession.id == OfferRound.session)
        .join(Lot, Lot.id == OfferRound.lot_id).where(SealingSession.close_seq.is_(None), Lot.stage.in_(LATER))).all()
    done = 0
    for lot_id, number in open_rounds:
        try:
            service.follow_pauses(lot_id, number, at=clock())
            done += service.close(lot_id, number, clock=clock)
        except Refused as refusal:
            log.warning("a round of offers could not be closed", lot=lot_id, round=number, reason=refusal.reason)
    return done

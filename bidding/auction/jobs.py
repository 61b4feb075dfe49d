"""Timed work of live sales. The timetable only wakes these; each step decides under its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import and_, or_, select

from bidding.auction import applying, running, sealed_rounds, settling, ties
from bidding.auction.models import Auction, Paddle
from bidding.envelope.documents import RESERVE
from bidding.trustees.models import SealingSession
from trading.base.clock import Clock, unix_ms
from trading.base.database import db
from trading.base.errors import Refused
from trading.law.procedures import PROCEDURES
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage
from trading.sales.modes import After

log = structlog.get_logger()


def start_due(at: datetime) -> int:
    """Make the rooms of announced lots that are competed for live."""
    live = [row.id for row in PROCEDURES.values() if "live" in row.methods]
    found = db.session.scalars(select(Lot).join(Project, Project.id == Lot.project_id).where(Lot.stage == Stage.ANNOUNCED, Project.procedure.in_(live))).all()
    return _each([lot.id for lot in found if applying.is_live(lot)], lambda lot_id: running.start(lot_id, at=at))


def admit_due(clock: Clock) -> int:
    """Admit applicants whose deposit is confirmed and whose partners agreed."""
    waiting = db.session.scalars(select(Paddle.id).join(Lot, Lot.id == Paddle.lot_id).where(
        Paddle.number.is_(None), Lot.stage.in_((Stage.ANNOUNCED, Stage.BIDDING))).order_by(Paddle.owner_tag)).all()
    return _each(waiting, lambda paddle_id: applying.admit(paddle_id, clock=clock))


def close_reserves(clock: Clock) -> int:
    """Fix the reserve prices whose time is over."""
    due = db.session.scalars(select(SealingSession.lot_id).join(Lot, Lot.id == SealingSession.lot_id).where(
        SealingSession.envelope == RESERVE, SealingSession.close_seq.is_(None), SealingSession.deadline <= clock(), Lot.stage == Stage.BIDDING)).all()
    return _each(due, lambda lot_id: running.close_reserve(lot_id, clock=clock))


def advance_due(clock: Clock) -> int:
    """Let time do its work in every room where something is due, or whose lot was paused or goes on."""
    moved = and_(Auction.ended_at.is_(None), or_(and_(Lot.stage == Stage.PAUSED, Auction.due_at.is_not(None)),
                                                 and_(Lot.stage == Stage.BIDDING, Auction.due_at.is_(None))))
    due = db.session.scalars(select(Auction.lot_id).join(Lot, Lot.id == Auction.lot_id).where(or_(Auction.due_at <= unix_ms(clock()), moved))).all()
    return _each(due, lambda lot_id: running.advance(lot_id, clock=clock))


def settle_due(clock: Clock) -> int:
    """Find what ended sales come to."""
    ended = db.session.scalars(select(Auction.lot_id).join(Lot, Lot.id == Auction.lot_id).where(
        Auction.ended_at.is_not(None), Lot.stage == Stage.CLOSED)).all()
    return _each(ended, lambda lot_id: settling.settle(lot_id, clock=clock))


def decide_ties(clock: Clock) -> int:
    """Ask for single offers, close and settle them; say of what a committee decides that it does."""
    done = _each(ties.tied(After.QUALITY), lambda lot_id: ties.begin(lot_id, After.QUALITY, clock=clock))

    def step(lot_id: int) -> bool:
        return ties.ask_offers(lot_id, clock=clock) or ties.close_offers(lot_id, clock=clock) or ties.settle_offers(lot_id, clock=clock)

    return done + _each(ties.tied(After.SINGLE), step)


def follow_rounds(clock: Clock) -> int:
    """Take the rounds of sealed offers under way as far as they can go now."""
    return _each(sealed_rounds.under_way(), lambda lot_id: sealed_rounds.follow(lot_id, clock=clock))


def _each(items: Iterable[Any], act: Callable[[Any], bool]) -> int:
    done = 0
    for item in items:
        try:
            done += act(item)
        except Refused as refusal:
            log.warning("a step of a live sale was refused", item=item, reason=refusal.reason)
        except Exception:
            # One sale that fails must not keep the others from going on; it is tried again.
            log.exception("a step of a live sale failed", item=item)
            db.session.rollback()
    return done

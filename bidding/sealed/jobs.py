"""Timed work of sealed bids: open sessions, follow moved deadlines, add covers, clean up."""

from __future__ import annotations

import secrets
from datetime import datetime

import structlog
from sqlalchemy import select

from bidding.envelope.documents import AT_DEADLINE
from bidding.sealed import service
from bidding.trustees.models import SealingSession
from trading.base import installation
from trading.base.database import db
from trading.base.errors import Refused
from trading.projects.models import Lot
from trading.projects.rules import Stage

log = structlog.get_logger()


def start_due(at: datetime) -> int:
    """Open every announced lot for sealed bids."""
    done = 0
    for lot in db.session.scalars(select(Lot).where(Lot.stage == Stage.ANNOUNCED)).all():
        lot_id = lot.id
        if lot.method.get("kind") == "live":
            continue  # competed for live: its room takes it on
        try:
            service.start(lot_id, at=at)
            done += 1
        except Refused as refusal:
            log.warning("a lot could not be opened for bids", lot=lot_id, reason=refusal.reason)
        except Exception:
            # One lot that cannot be opened must not keep the others from opening.
            log.exception("a lot could not be opened for bids", lot=lot_id)
            db.session.rollback()
    return done


def follow_deadlines(at: datetime) -> int:
    """Amend sessions whose lot's deadline a clarification moved."""
    moved = db.session.scalars(select(Lot.id).join(SealingSession, SealingSession.lot_id == Lot.id).distinct().where(
        Lot.stage == Stage.BIDDING, SealingSession.envelope.in_(AT_DEADLINE), SealingSession.deadline < Lot.deadline)).all()
    for lot_id in moved:
        service.follow_deadline(lot_id, at=at)
    return len(moved)


def blur(at: datetime) -> int:
    """Now and then add a cover to an open session, at times nobody chooses."""
    added = _blur_rounds(at)
    for sealing in db.session.scalars(select(SealingSession).where(
            SealingSession.envelope.in_(AT_DEADLINE), SealingSession.close_seq.is_(None)).join(
            Lot, Lot.id == SealingSession.lot_id).where(Lot.stage.in_((Stage.BIDDING, Stage.PAUSED)))).all():
        if secrets.randbelow(2000) == 0:
            service.add_cover(sealing, at=at)
            added += 1
    return added


def _blur_rounds(at: datetime) -> int:
    """The same for later rounds, which are short: about one cover in three minutes."""
    added = 0
    for sealing in db.session.scalars(select(SealingSession).where(
            SealingSession.envelope.like("offer-%"), SealingSession.close_seq.is_(None)).join(
            Lot, Lot.id == SealingSession.lot_id).where(Lot.stage.in_((Stage.BIDDING, Stage.OPENED, Stage.CONTRACTED, Stage.PAUSED)))).all():
        if secrets.randbelow(18) == 0:
            service.add_cover(sealing, at=at)
            added += 1
    return added


def tidy(at: datetime) -> int:
    return installation.clear_workplaces(at) + service.discard_stale_uploads(at)

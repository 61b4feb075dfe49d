"""Timed work of contracts: remind whoever pays the price of a sale."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import and_, or_, select

from trading.base.database import db
from trading.base.errors import Refused
from trading.contracts import instalments, payments
from trading.contracts.models import ContractInstalment
from trading.law.periods import day_of

log = structlog.get_logger()


def remind_due(at: datetime) -> int:
    """Tell of every instalment that is due soon or late and was not told of yet."""
    today, row = day_of(at), ContractInstalment
    due = db.session.execute(select(row.lot_id, row.number).where(row.settled_on.is_(None), or_(
        and_(row.due_on < today, row.late_told_at.is_(None)),
        and_(row.due_on >= today, row.due_on <= today + instalments.SOON, row.soon_told_at.is_(None)))).order_by(row.lot_id, row.number)).all()
    done = 0
    for lot_id, number in due:
        try:
            done += payments.remind(lot_id, number, at=at)
        except Refused as refusal:
            log.warning("an instalment could not be told of", lot=lot_id, number=number, reason=refusal.reason)
    return done

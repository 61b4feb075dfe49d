"""Finance's lists: totals by bank day, statements, suspense, lots with refunds due."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select

from trading.base.clock import BEIJING
from trading.base.database import db
from trading.deposits.models import BankLine, Statement
from trading.projects.models import Lot
from trading.projects.rules import Stage


def totals_by_day(limit: int = 60) -> list[tuple[date, int]]:
    """Money in by bank day, newest first; no lines, no payers, no numbers of payments."""
    sums: dict[date, int] = defaultdict(int)
    for value_at, fen in db.session.execute(select(BankLine.value_at, BankLine.fen)):
        sums[value_at.astimezone(BEIJING).date()] += fen
    return sorted(sums.items(), reverse=True)[:limit]


def statements(limit: int = 50) -> list[Statement]:
    return list(db.session.scalars(select(Statement).order_by(Statement.id.desc()).limit(limit)))


def suspense_total() -> int:
    return db.session.scalar(select(func.coalesce(func.sum(BankLine.fen), 0)).where(BankLine.suspense != "")) or 0


def lots_with_refunds() -> list[Lot]:
    return list(db.session.scalars(select(Lot).where(Lot.stage.in_((Stage.AWARDED, Stage.CONTRACTED, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED, Stage.ARCHIVED)),
                                                     Lot.deposit_fen > 0).order_by(Lot.stage_at.desc()).limit(50)))

"""The seller's committee decides a tie by quality (竞品质): recorded by the seller, confirmed by a supervisor.

Whom the committee chose is known by paddle alone; its minutes are filed with the case, their hash is in the log.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from bidding.auction import ties
from bidding.auction.models import TieDecision
from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.archive import service as archive
from trading.base import texts
from trading.base.clock import Clock
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.sales.modes import After

REASON_LENGTH = 2000
LARGEST_MINUTES = 20 * 2**20
#: What the minutes may be; the name inside the case is the platform's own.
ENDINGS = ("pdf", "docx", "ofd", "txt", "zip")


def decisions(lot_id: int) -> list[TieDecision]:
    """All that was recorded for a lot, oldest first."""
    return list(db.session.scalars(select(TieDecision).where(TieDecision.lot_id == lot_id).order_by(TieDecision.id)))


def waiting(lot_id: int) -> TieDecision | None:
    """What was recorded and neither confirmed nor sent back."""
    return next((item for item in decisions(lot_id) if item.confirmed_at is None and item.refused_at is None), None)


def record(lot_id: int, paddle: str, reason: str, minutes: bytes, ending: str, *, account_id: int, actor: str, clock: Clock) -> TieDecision:
    """The seller records whom its committee chose, why, and the committee's minutes.

    Raises Refused ``auction.no_tie``, ``auction.not_agreed``, ``tie.*``.
    """
    with transaction() as session:
        lot, room, at = ties.locked(lot_id, After.QUALITY, clock)
        if waiting(lot_id) is not None:
            raise Refused("tie.recorded")
        if paddle not in room.standing.agreed:
            raise Refused("auction.not_agreed")
        reason = texts.filled(reason, "tie.reason", REASON_LENGTH)
        if not 0 < len(minutes) <= LARGEST_MINUTES or ending.lower() not in ENDINGS:
            raise Refused("tie.minutes", most=LARGEST_MINUTES // 2**20)
        made = TieDecision(lot_id=lot_id, paddle=paddle, reason=reason, minutes="", asked_at=at, asked_by=account_id)
        session.add(made)
        session.flush()
        made.minutes = archive.file_bytes(lot_id, f"20-auction/tie-minutes-{made.id}.{ending.lower()}", "竞品质评审纪要", minutes, at=at).sha256
        evidence.record("tie.recorded", actor=actor, at=at, lot=lot.code, decision=made.id, paddle=paddle, reason=reason, minutes=made.minutes)
        for holder in accounts.holders_of(Permission.TIE_CONFIRM):
            messages.notify("auction.tie_recorded", at=at, account_id=holder, lot=lot.label, link=f"/supervise/{lot.code}/tie")
        return made


def _waiting(decision_id: int, account_id: int, clock: Clock) -> tuple[TieDecision, Lot, datetime]:
    found = db.session.get(TieDecision, decision_id)
    if found is None:
        raise NotFound
    lot = projects.locked_lot(found.lot_id)
    db.session.refresh(found)
    if found.confirmed_at is not None or found.refused_at is not None:
        raise Refused("tie.settled")
    if found.asked_by == account_id:
        raise Refused("tie.second_person")
    return found, lot, clock()


def confirm(decision_id: int, *, account_id: int, actor: str, clock: Clock) -> None:
    """Another person confirms it, and the bidding ends with it. Raises Refused ``auction.*``, ``tie.*``."""
    with transaction():
        found, _lot, at = _waiting(decision_id, account_id, clock)
        found.confirmed_at, found.confirmed_by = at, account_id
        ties.decide(found.lot_id, found.paddle, After.QUALITY, actor=actor, clock=clock, decision=found.id, minutes=found.minutes)


def send_back(decision_id: int, reason: str, *, account_id: int, actor: str, clock: Clock) -> None:
    """Another person sends it back with a reason; the seller may record another. Raises Refused ``tie.*``."""
    with transaction():
        found, lot, at = _waiting(decision_id, account_id, clock)
        found.refused_reason = texts.filled(reason, "tie.reason", REASON_LENGTH)
        found.refused_at, found.refused_by = at, account_id
        evidence.record("tie.sent_back", actor=actor, at=at, lot=lot.code, decision=found.id, reason=found.refused_reason)
        messages.notify("auction.tie_sent_back", at=at, organisation_id=lot.project.tenderer_id, lot=lot.label, link=f"/projects/lots/{lot.code}/tie")

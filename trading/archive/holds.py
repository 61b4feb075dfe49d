"""Holds (保全): a supervisor orders that a case be kept as it is; another supervisor releases it.

A held case is neither disposed of nor kept for a shorter time. An objection or a complaint that is
not settled holds a case by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.archive import grounds
from trading.archive.grounds import Cause
from trading.archive.models import DisposalItem, Hold, Pack
from trading.base import texts
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot

MOST_GROUND, MOST_DOCUMENT = 2000, 120


def place(lot_id: int, cause: str, document: str, ground: str, *, account_id: int, actor: str, at: datetime) -> Hold:
    """Order that a case be kept as it is; a disposal that waits for it stops. Raises Refused ``hold.*``, ``archive.disposed``."""
    if cause not in set(Cause):
        raise Refused("hold.cause_unknown")
    document = texts.filled(document, "hold.document", MOST_DOCUMENT)
    ground = texts.filled(ground, "hold.ground", MOST_GROUND)
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if lot.code is None:
            raise NotFound
        pack = session.get(Pack, lot_id, populate_existing=True)
        if pack is not None and pack.disposed_at is not None:
            raise Refused("archive.disposed")
        if any(hold.cause == cause and hold.document == document for hold in in_force(lot_id)):
            raise Refused("hold.placed_already")
        made = Hold(lot_id=lot_id, cause=Cause(cause), document=document, ground=ground, placed_at=at, placed_by=account_id)
        session.add(made)
        session.flush()
        evidence.record("hold.placed", actor=actor, at=at, lot=lot.code, project=lot.project.code, hold=made.id, cause=cause, document=document,
                        reason=ground)
        stop_disposal(lot, f"{document}", actor=actor, at=at)
        for other in accounts.holders_of(Permission.ARCHIVE_MANAGE):
            messages.notify("hold.placed", at=at, account_id=other, link=f"/archive/{lot.code}", lot=lot.label)
        return made


def release(hold_id: int, reason: str, *, account_id: int, actor: str, at: datetime) -> Hold:
    """Another supervisor lets a case go. Raises Refused ``hold.second_person``, ``hold.released``, ``hold.ground``."""
    reason = texts.filled(reason, "hold.ground", MOST_GROUND)
    with transaction() as session:
        lot = projects.locked_lot(get(hold_id).lot_id)
        hold: Hold | None = lock_row(Hold, hold_id)
        assert hold is not None
        if hold.released_at is not None:
            raise Refused("hold.released")
        if hold.placed_by == account_id:
            raise Refused("hold.second_person")
        hold.released_at, hold.released_by, hold.release_reason = at, account_id, reason
        session.flush()
        evidence.record("hold.released", actor=actor, at=at, lot=lot.code, project=lot.project.code, hold=hold.id, document=hold.document,
                        reason=reason)
        return hold


def get(hold_id: int) -> Hold:
    found = db.session.get(Hold, hold_id)
    if found is None:
        raise NotFound
    return found


def in_force(lot_id: int) -> list[Hold]:
    return list(db.session.scalars(select(Hold).where(Hold.lot_id == lot_id, Hold.released_at.is_(None)).order_by(Hold.id)))


def history(lot_id: int) -> list[Hold]:
    return list(db.session.scalars(select(Hold).where(Hold.lot_id == lot_id).order_by(Hold.id.desc())))


def open_matters(lots: Iterable[Lot]) -> dict[str, list[tuple[str, int]]]:
    """Objections and complaints that are not settled, by the lot's code, as the evidence tells them."""
    found: dict[str, list[dict[str, object]]] = {}
    for code, event in db.session.execute(select(Entry.lot, Entry.event).where(
            Entry.lot.in_([lot.code for lot in lots]), Entry.kind.in_(grounds.KINDS)).order_by(Entry.seq)):
        found.setdefault(code, []).append(event)
    return {code: matters for code, events in found.items() if (matters := grounds.open_matters(events))}


def require_free(lot: Lot) -> None:
    """Refuse where the case is held, by an order or by a matter that is not settled (``hold.held``, ``hold.matter_open``)."""
    ordered = in_force(lot.id)
    if ordered:
        raise Refused("hold.held", document=ordered[0].document)
    if open_matters([lot]):
        raise Refused("hold.matter_open")


def stop_disposal(lot: Lot, why: str, *, actor: str, at: datetime) -> bool:
    """Take a case off the disposal list on which it waits; the lot's row must be locked by the caller."""
    item = db.session.scalar(select(DisposalItem).where(DisposalItem.lot_id == lot.id, DisposalItem.live.is_(True)).with_for_update(of=DisposalItem)
                             .execution_options(populate_existing=True))
    if item is None or item.begun_at is not None:
        return False
    item.live, item.stopped_at, item.stopped_why = None, at, why
    db.session.flush()
    evidence.record("disposal.stopped", actor=actor, at=at, lot=lot.code, project=lot.project.code, disposal=item.disposal_id, reason=why)
    return True

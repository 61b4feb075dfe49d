"""Joining an open framework (开放式框架协议) at any time while it runs: whoever meets the conditions
is admitted at the price that the document fixes; nobody competes and nobody is left out for number."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from trading.base import texts
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.frameworks import rules, service
from trading.frameworks.models import Application, Place
from trading.messages import service as messages
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure


def is_open(lot: Lot) -> bool:
    """Whether suppliers may join this lot's framework while it runs."""
    return procedure(lot.project.procedure).is_framework and bool(lot.method.get("open"))


def applications(lot_id: int) -> list[Application]:
    return list(db.session.scalars(select(Application).where(Application.lot_id == lot_id).order_by(Application.id)))


def own(lot_id: int, organisation_id: int) -> list[Application]:
    return [item for item in applications(lot_id) if item.organisation_id == organisation_id]


def apply(lot_id: int, statement: str, *, organisation_id: int, at: datetime) -> Application:
    """Ask to join. Raises Refused ``framework.closed``, ``framework.inside``, ``framework.applied``."""
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if not is_open(lot) or lot.stage != Stage.CONTRACTED or not service.in_force(lot_id, at.astimezone(BEIJING).date()):
            raise Refused("framework.closed")
        if organisation_id in (lot.project.tenderer_id, lot.project.agency_id):
            raise Refused("eligibility.related")
        if any(place.organisation_id == organisation_id and place.left_at is None for place in service.places(lot_id)):
            raise Refused("framework.inside")
        if any(item.decided_at is None for item in own(lot_id, organisation_id)):
            raise Refused("framework.applied")
        company = parties.get(organisation_id)
        made = Application(lot_id=lot_id, organisation_id=organisation_id, filed_at=at,
                           statement=texts.filled(statement, "framework.statement", rules.TEXT_LENGTH))
        session.add(made)
        session.flush()
        evidence.record("framework.applied", actor=company.code, at=at, lot=lot.code, project=lot.project.code, application=made.id)
        messages.notify("framework.applied", at=at, organisation_id=lot.project.agency_id or lot.project.tenderer_id, lot=lot.label,
                        link=f"/frameworks/{lot.code}")
        return made


def decide(application_id: int, *, accepted: bool, reason: str = "", actor: str, at: datetime) -> None:
    """Admit an applicant at the fixed price, or say why not; once."""
    with transaction() as session:
        item: Application | None = lock_row(Application, application_id)
        if item is None:
            raise NotFound
        lot = projects.locked_lot(item.lot_id)
        if item.decided_at:
            raise Refused("framework.decided")
        if lot.stage != Stage.CONTRACTED:
            raise Refused("framework.closed")
        item.decided_at, item.is_accepted = at, accepted
        item.reason = "" if accepted else texts.filled(reason, "framework.reason", rules.TEXT_LENGTH)
        if accepted:
            last = session.scalar(select(func.max(Place.rank)).where(Place.lot_id == lot.id)) or 0
            known = session.get(Place, (lot.id, item.organisation_id))
            if known is not None:  # it left once and comes back: its old agreement is over
                session.delete(known)
                session.flush()
            session.add(Place(lot_id=lot.id, organisation_id=item.organisation_id, rank=last + 1, price_fen=lot.ceiling_fen or lot.estimate_fen,
                              admitted_at=at))
        evidence.record("framework.joined" if accepted else "framework.not_joined", actor=actor, at=at, lot=lot.code, project=lot.project.code,
                        supplier=item.organisation.code, reason=item.reason)
        messages.notify("framework.admitted" if accepted else "framework.refused", at=at, organisation_id=item.organisation_id,
                        lot=lot.label, reason=item.reason, link=f"/me/frameworks/{lot.code}")

"""The confirmation of the deal (成交确认书, 39号令 20): made when the sale is settled, signed at once by the centre, then by buyer and seller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bidding.auction import rooms
from bidding.envelope import documents, keys
from bidding.trustees import service as trustees
from trading.archive import service as archive
from trading.base.clock import Clock, unix_ms
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot

BUYER, SELLER, CENTRE = "buyer", "seller", "centre"


@dataclass(frozen=True)
class Signed:
    """Who signed a confirmation, and when."""

    role: str
    name: str
    at: datetime


def confirmation(lot: Lot) -> dict[str, Any]:
    """What all sides sign. Raises NotFound before there is a deal."""
    award = projects.award_of(lot.id)
    if award is None or lot.method.get("kind") != "live":
        raise NotFound
    room = rooms.read(lot.id)
    assert room.outcome is not None
    return {"v": documents.VERSION, "type": "mingtang-confirmation", "lot": lot.code, "object": lot.label, "seller": lot.project.tenderer.code,
            "buyer": award.organisation.code, "name": award.organisation.name, "paddle": room.outcome["winner"], "price_fen": award.price_fen,
            "housing": room.outcome.get("housing", 0), "deposit_fen": lot.deposit_fen, "at_ms": unix_ms(award.notified_at)}


def message(document: dict[str, Any]) -> bytes:
    return keys.message("confirmation", documents.encode(document))


def sign_by_centre(lot: Lot, *, at: datetime) -> None:
    """The centre signs on the spot; runs in the transaction that settles the sale."""
    document = confirmation(lot)
    _keep(lot, CENTRE, "centre", document, trustees.sign_by_centre(message(document)), trustees.centre_key(), at)


def sign(lot_id: int, signature: bytes, *, organisation_id: int, clock: Clock) -> str:
    """Buyer or seller signs with its organisation's key. Signed again it is the same. Gives the role.

    Raises NotFound for anybody else, Refused ``auction.signature``.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        at = clock()
        document, award = confirmation(lot), projects.award_of(lot_id)
        assert award is not None
        role = BUYER if organisation_id == award.organisation_id else SELLER if organisation_id == lot.project.tenderer_id else ""
        if not role:
            raise NotFound
        if any(item.role == role for item in signatures(lot)):
            return role
        public = next((key for key in parties.signing_keys(organisation_id) if keys.is_signed(key, signature, message(document))), None)
        if public is None:
            raise Refused("auction.signature")
        _keep(lot, role, parties.get(organisation_id).code, document, signature.hex(), public.hex(), at)
        return role


def _keep(lot: Lot, role: str, actor: str, document: dict[str, Any], signature: str, public: str, at: datetime) -> None:
    evidence.record("deal.signed", actor=actor, at=at, lot=lot.code, project=lot.project.code, role=role,
                    confirmation=keys.tagged_hash("confirmation", documents.encode(document)).hex())
    archive.file_document(lot.id, f"40-award/confirmation-{role}.json", "成交确认书签名", {
        "document": document, "role": role, "key": public, "signature": signature, "at": at.isoformat()}, at=at)


def signatures(lot: Lot) -> list[Signed]:
    """Who has signed so far, from the log."""
    found = db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind == "deal.signed").order_by(Entry.seq))
    return [Signed(entry.event["role"], entry.actor or "", entry.at) for entry in found if entry.event and entry.at]

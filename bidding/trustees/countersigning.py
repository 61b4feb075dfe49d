"""The purchaser's signature over a sealing session (docs/protocol.md, 2.2).

The centre makes a session document when a lot opens for bids; the purchaser signs the same document with
its own organisation's key, on its own device, and every amendment after it. Who later says that the
centre chose other key holders, or another deadline, than the purchaser knew of, is answered by this.
With the setting ``purchaser_signs`` no bid is taken before it is there.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

from sqlalchemy import select

from bidding.envelope import documents, keys
from bidding.trustees import service
from bidding.trustees.models import Countersignature, SealingSession
from trading.archive import service as archive
from trading.base import installation
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.messages import service as messages
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot


def message(document: str) -> bytes:
    """What a purchaser signs: the id of a session or of an amendment, under a name of its own."""
    return b"mingtang/v1/purchaser\0" + bytes.fromhex(document)


def documents_of(sealing: SealingSession) -> list[str]:
    """Ids of the session and of its amendments, in order."""
    return [sealing.id, *(documents.amendment_id(item["document"]) for item in sealing.amendments)]


def signatures(session: str) -> list[Countersignature]:
    return list(db.session.scalars(select(Countersignature).where(Countersignature.session == session).order_by(Countersignature.at)))


def unsigned(sealing: SealingSession) -> list[str]:
    """What of a session its purchaser has not signed yet."""
    done = {item.document for item in signatures(sealing.id)}
    return [name for name in documents_of(sealing) if name not in done]


def sign(session: str, document: str, public: bytes, signature: bytes, *, organisation_id: int, actor: str, at: datetime) -> Countersignature:
    """Keep the purchaser's signature over a session or one amendment; the same twice counts once.

    The key is registered for the organisation when it is new. Raises Refused ``session.not_purchaser``,
    ``session.purchaser_signature``, ``session.closed``; NotFound for a document that is not the session's.
    """
    with transaction():
        sealing = service.get_session(session)
        lot = projects.locked_lot(sealing.lot_id)
        if organisation_id != lot.project.tenderer_id:
            raise Refused("session.not_purchaser")
        order = documents_of(sealing)
        if document not in order:
            raise NotFound
        known = db.session.get(Countersignature, (session, document))
        if known is not None:
            return known
        if sealing.close_seq is not None:
            raise Refused("session.closed")
        if len(public) != 32 or not keys.is_signed(public, signature, message(document)):
            raise Refused("session.purchaser_signature")
        key = parties.register_key(organisation_id, public, actor=actor, at=at)
        return _keep(sealing, lot, document, order.index(document), key.public, signature, actor=actor, at=at)


def _keep(sealing: SealingSession, lot: Lot, document: str, number: int, public: str, signature: bytes, *, actor: str, at: datetime) -> Countersignature:
    signed = b64encode(signature).decode()
    made = Countersignature(session=sealing.id, document=document, organisation_id=lot.project.tenderer_id, public=public, signature=signed, at=at)
    db.session.add(made)
    code = parties.get(lot.project.tenderer_id).code
    evidence.record("session.countersigned", actor=actor, at=at, lot=lot.code, session=sealing.id, document=document, organisation=code,
                    key=public, sig=signed)
    archive.file_document(lot.id, f"00-policy/countersigned-{sealing.envelope}-{number:02d}.json", "招标人对封存会话的签名",
                          {"session": sealing.id, "document": document, "organisation": code, "key": public, "sig": signed}, at=at)
    return made


def require(session: str) -> None:
    """Where the centre asks for it, no bid is taken before the purchaser signed the session. Raises Refused ``session.unsigned``."""
    if installation.settings().purchaser_signs and db.session.get(Countersignature, (session, session)) is None:
        raise Refused("session.unsigned")


def ask(sealing: SealingSession, lot: Lot, *, at: datetime) -> None:
    """Tell the purchaser that a session or an amendment waits for its signature."""
    messages.notify("session.to_sign", at=at, organisation_id=lot.project.tenderer_id, lot=lot.label, link=f"/projects/{lot.project_id}/sessions")

"""Rehearse the key holders of a session by a dummy bid (密钥演练), and cry out while the deadline can still move."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bidding.envelope import documents, sealing
from bidding.trustees import canary_rules
from bidding.trustees.canary_rules import CANARY
from bidding.trustees.models import CanaryAnswer, CanaryRound, SealingSession
from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.evidence import service as evidence
from trading.messages import service as messages
from trading.projects.models import Lot
from trading.projects.rules import Stage

#: What the dummy bid offers: nothing, plainly.
OFFER = {"price_fen": 0, "days": 0, "quality": "", "statement": "canary"}


def _offer(envelope: str) -> dict[str, Any]:
    return {name: value for name, value in OFFER.items() if name in (documents.offer_shape(envelope) or {})}


def begin(session: SealingSession, *, at: datetime) -> None:
    """Seal the dummy bid of a new session and set its rehearsals; runs in the caller's transaction."""
    sealed = sealing.seal(session.document, CANARY, _offer(session.envelope), [], io.BytesIO())
    session.canary = sealed.header
    for number, due in enumerate(canary_rules.rounds(at, session.deadline), 1):
        db.session.add(CanaryRound(session=session.id, number=number, due_at=due))
    db.session.flush()
    evidence.record("canary.sealed", actor="centre", at=at, lot=_lot(session).code, session=session.id, digest=sealed.digest)


def follow(session: SealingSession, *, at: datetime) -> None:
    """Set the rehearsals anew after the deadline moved; runs in the caller's transaction."""
    if session.canary is None:
        return
    found = rounds(session.id)
    checked = [item for item in found if item.checked_at]
    for item in found[len(checked):]:
        db.session.delete(item)
    db.session.flush()
    due = canary_rules.moved([item.due_at for item in checked], len(checked), session.deadline, at)
    # Numbers that were answered are not given out again: an old answer says nothing of the new moment.
    used = max([item.number for item in checked] + [answer.number for answer in answers(session.id)], default=0)
    for number, moment in enumerate(due[len(checked):], used + 1):
        db.session.add(CanaryRound(session=session.id, number=number, due_at=moment))


def rounds(session_name: str) -> list[CanaryRound]:
    """A session's rehearsals in order."""
    return list(db.session.scalars(select(CanaryRound).where(CanaryRound.session == session_name).order_by(CanaryRound.number)))


def answers(session_name: str) -> list[CanaryAnswer]:
    return list(db.session.scalars(select(CanaryAnswer).where(CanaryAnswer.session == session_name)
                                   .order_by(CanaryAnswer.number, CanaryAnswer.trustee)))


def asked_of(trustee_public: str, numbers: dict[str, int], at: datetime) -> list[CanaryRound]:
    """Rehearsals that a key holder has not answered: ``numbers`` gives its number in each of its sessions.

    A later rehearsal is asked for only in the last day before it is due: an answer given long
    before says little.
    """
    found = []
    for item in db.session.scalars(select(CanaryRound).join(SealingSession, SealingSession.id == CanaryRound.session).where(
            CanaryRound.session.in_(numbers), SealingSession.close_seq.is_(None)).order_by(CanaryRound.number)):
        is_time = item.number == 1 or (item.due_at - at).total_seconds() <= 86_400
        if is_time and db.session.get(CanaryAnswer, (item.session, item.number, numbers[item.session])) is None:
            found.append(item)
    return found


def shown(session: SealingSession, number: int, signature: str) -> dict[str, Any]:
    """What a key holder is given for one rehearsal."""
    return {"session": session.document, "sig": signature, "header": session.canary, "number": number}


def take(session: SealingSession, body: dict[str, Any], *, at: datetime) -> bool:
    """Take in one signed answer (its signature was checked); twice it counts once. Returns whether it is good.

    Raises Refused ``canary.unknown``, ``canary.over``.
    """
    item = db.session.get(CanaryRound, (session.id, body["number"]))
    if item is None or session.canary is None or body["digest"] != documents.bid_digest(session.canary):
        raise Refused("canary.unknown")
    if session.close_seq is not None:
        raise Refused("canary.over")
    known = db.session.get(CanaryAnswer, (session.id, item.number, body["trustee"]))
    if known is not None and not known.fault:
        return True
    share = documents.binary(body["p"], "p")
    is_good = not body["fault"] and sealing.is_committed(session.canary, share) and share[0] == body["trustee"]
    fault = "" if is_good else body["fault"][:60] or "canary.wrong_share"
    if known is not None:
        if fault:
            return False
        known.fault, known.at = "", at  # repaired: the log keeps the older answer
    else:
        db.session.add(CanaryAnswer(session=session.id, number=item.number, trustee=body["trustee"], fault=fault, at=at))
    db.session.flush()
    evidence.record("canary.answered", actor=_org(session, body["trustee"]), at=at, lot=_lot(session).code, session=session.id,
                    number=item.number, trustee=body["trustee"], fault=fault)
    if item.checked_at and item.healthy < item.needed:
        item.healthy = _healthy(item)
        if item.healthy >= item.needed:
            evidence.record("canary.recovered", actor="timetable", at=at, lot=_lot(session).code, session=session.id, number=item.number)
    return is_good


def check_due(at: datetime) -> int:
    """Judge every rehearsal whose moment has come; too few good answers become an alarm. Returns rehearsals judged."""
    due = db.session.execute(select(CanaryRound.session, CanaryRound.number).join(
        SealingSession, SealingSession.id == CanaryRound.session).join(Lot, Lot.id == SealingSession.lot_id).where(
        CanaryRound.due_at <= at, CanaryRound.checked_at.is_(None), SealingSession.close_seq.is_(None),
        Lot.stage == Stage.BIDDING)).all()
    return sum(_check(session, number, at) for session, number in due)


def _check(session_name: str, number: int, at: datetime) -> bool:
    with transaction() as session:
        item = session.get(CanaryRound, (session_name, number), with_for_update=True, populate_existing=True)
        if item is None or item.checked_at is not None:
            return False
        sealing_session = session.get(SealingSession, session_name)
        assert sealing_session is not None
        document = sealing_session.document
        item.checked_at, item.healthy = at, _healthy(item)
        item.needed = canary_rules.needed(document["k"], len(document["trustees"]))
        lot = _lot(sealing_session)
        missing = [t["org"] for t in document["trustees"] if t["i"] not in _good(item)]
        kind = "canary.held" if item.healthy >= item.needed else "canary.alarm"
        evidence.record(kind, actor="timetable", at=at, lot=lot.code, session=session_name, number=number, healthy=item.healthy,
                        needed=item.needed, missing=missing)
        if kind == "canary.alarm":
            _cry(lot, item, missing, at)
        return True


def _cry(lot: Lot, item: CanaryRound, missing: list[str], at: datetime) -> None:
    facts = {"lot": lot.label, "healthy": item.healthy, "needed": item.needed, "missing": "、".join(missing)}
    for organisation_id in {lot.project.tenderer_id, lot.project.agency_id} - {None}:
        messages.notify("canary.alarm", at=at, organisation_id=organisation_id, link=f"/p/{lot.project.code}", **facts)
    for account_id in sorted({*accounts.holders_of(Permission.PAUSE), *accounts.holders_of(Permission.HALL_HOST)}):
        messages.notify("canary.alarm", at=at, account_id=account_id, link=f"/p/{lot.project.code}", **facts)


def _good(item: CanaryRound) -> list[int]:
    return list(db.session.scalars(select(CanaryAnswer.trustee).where(
        CanaryAnswer.session == item.session, CanaryAnswer.number == item.number, CanaryAnswer.fault == "")))


def _healthy(item: CanaryRound) -> int:
    return db.session.scalar(select(func.count()).select_from(CanaryAnswer).where(
        CanaryAnswer.session == item.session, CanaryAnswer.number == item.number, CanaryAnswer.fault == "")) or 0


def _org(session: SealingSession, number: int) -> str:
    return next(str(t["org"]) for t in session.document["trustees"] if t["i"] == number)


def _lot(session: SealingSession) -> Lot:
    lot = db.session.get(Lot, session.lot_id)
    assert lot is not None
    return lot

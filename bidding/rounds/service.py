"""Further rounds of sealed offers: talk with each supplier, ask all for an offer, open it.

A round is a sealing session like the first one, with a shorter life: those asked file into
it, it closes at its deadline, the key holders release, the committee sees the prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from bidding.envelope import documents, keys
from bidding.opening import service as opening
from bidding.opening.models import OpenedBid
from bidding.opening.rules import LATER, OUTCOMES
from bidding.rounds import rules
from bidding.rounds.models import Minutes, OfferRound
from bidding.sealed import guests
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.archive import service as archive
from trading.base import texts
from trading.base.clock import BEIJING, Clock
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import procedure
from trading.supervision import service as pauses


def rounds_of(lot_id: int) -> list[OfferRound]:
    return list(db.session.scalars(select(OfferRound).where(OfferRound.lot_id == lot_id).order_by(OfferRound.number)))


def round_of(lot_id: int, number: int) -> OfferRound:
    found = db.session.scalar(select(OfferRound).where(OfferRound.lot_id == lot_id, OfferRound.number == number))
    if found is None:
        raise NotFound
    return found


def deadline(found: OfferRound) -> datetime:
    return trustees.get_session(found.session).deadline


def is_under_way(found: OfferRound) -> bool:
    """Whether its offers are not opened yet."""
    done = opening.opening_of(found.lot_id, found.envelope)
    return done is None or done.opened_at is None


def minutes_of(lot_id: int) -> list[Minutes]:
    return list(db.session.scalars(select(Minutes).where(Minutes.lot_id == lot_id).order_by(Minutes.id)))


def talk(lot_id: int, organisation_id: int, text: str, *, actor: str, at: datetime) -> Minutes:
    """Keep what was talked about with one supplier before the coming round."""
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        known = rounds_of(lot_id)
        _require_open_for_talks(lot_id, known)
        if organisation_id not in {bid.organisation_id for bid in opening.opened_bids(lot_id)}:
            raise NotFound
        made = Minutes(lot_id=lot_id, before_round=len(known) + 1, organisation_id=organisation_id,
                       text=texts.filled(text, "offers.minutes_length", rules.MINUTES_LENGTH),
                       written_by=actor, at=at)
        session.add(made)
        session.flush()
        # What was said stays with the committee until the archive: the log only commits to it.
        document = {"round": made.before_round, "supplier": made.organisation.code, "text": made.text, "by": actor, "at": at.isoformat()}
        evidence.record("talks.recorded", actor=actor, at=at, lot=lot.code, before_round=made.before_round,
                        record=keys.tagged_hash("talk", documents.encode(document)).hex())
        archive.file_document(lot_id, f"25-talks/{made.before_round:02d}-{made.id:06d}.json", "谈判（磋商、协商）记录", document, at=at)
        return made


def _require_open_for_talks(lot_id: int, known: Sequence[OfferRound]) -> None:
    lot = projects.get_lot(lot_id)
    last = known[-1] if known else None
    rules.may_ask(procedure(lot.project.procedure).rounds, lot.stage, number=len(known) + 1,
                  under_way=bool(last and is_under_way(last)), final_before=bool(last and last.is_final and not is_void(last)))


def ask(lot_id: int, organisation_ids: Sequence[int], closes: datetime, *, is_final: bool, changes: str = "", actor: str,
        at: datetime) -> OfferRound:
    """Ask suppliers for a sealed offer by a deadline, all in the same words at the same moment.

    Raises Refused ``offers.*``: the price is given once in this procedure, a round is under way,
    the final one was given, somebody was not talked with.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        _require_open_for_talks(lot_id, rounds_of(lot_id))
        rules.is_last(len(rounds_of(lot_id)) + 1, is_final)
        if is_final:
            rules.all_heard(organisation_ids, {item.organisation_id for item in minutes_of(lot_id)})
        return _begin(lot, organisation_ids, closes, is_final=is_final, changes=changes, actor=actor, at=at)


def call(lot: Lot, organisation_ids: Sequence[int], closes: datetime, *, wanted: str, actor: str, at: datetime) -> OfferRound:
    """Ask the suppliers of a framework for a sealed offer for one purchase; the lot is locked by the caller."""
    with transaction():
        if any(is_under_way(found) for found in rounds_of(lot.id)[-1:]):
            raise Refused("offers.round_open")
        return _begin(lot, organisation_ids, closes, is_final=True, changes=wanted, actor=actor, at=at)


def _begin(lot: Lot, organisation_ids: Sequence[int], closes: datetime, *, is_final: bool, changes: str, actor: str,
           at: datetime) -> OfferRound:
    with transaction() as session:
        lot_id, number = lot.id, len(rounds_of(lot.id)) + 1
        if not organisation_ids:
            raise Refused("offers.nobody")
        sealing = sealed.start_offers(lot, f"offer-{number}", list(organisation_ids), deadline=rules.closes_at(at, closes), at=at)
        made = OfferRound(session=sealing.id, lot_id=lot_id, number=number, is_final=is_final, asked_at=at,
                          changes=texts.perhaps(changes, "offers.changes_length", rules.CHANGES_LENGTH))
        session.add(made)
        session.flush()
        evidence.record("offers.asked", actor=actor, at=at, lot=lot.code, session=sealing.id, number=number, final=is_final,
                        deadline=closes.isoformat(), count=len(organisation_ids))
        archive.file_document(lot_id, f"25-talks/round-{number}.json", f"第{number}轮报价要求", {
            "number": number, "final": is_final, "changes": made.changes, "deadline": closes.isoformat()}, at=at)
        for organisation_id in organisation_ids:
            messages.notify("offers.asked", at=at, organisation_id=organisation_id, lot=lot.label, number=number,
                            final="yes" if is_final else "no",
                            deadline=f"{closes.astimezone(BEIJING):%Y-%m-%d %H:%M}", link=f"/me/lots/{lot.code}")
        opening.say(lot_id, "offers_asked", at=at, number=number)
        return made


def close(lot_id: int, number: int, *, clock: Clock) -> bool:
    """Close a round whose deadline has come and let the key holders open it. Returns whether this call did."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        at = clock()
        found = round_of(lot_id, number)
        sealing = trustees.get_session(found.session)
        if sealing.close_seq is None:
            _follow_pauses(found, sealing, at)
        if sealing.close_seq is not None or at < sealing.deadline or lot.stage not in LATER:
            return False
        opening.fix(lot, sealing, sealed.freeze(sealing), at=at)
    opening.close_window(lot_id, found.envelope, clock=clock)
    return True


def _follow_pauses(found: OfferRound, sealing: SealingSession, at: datetime) -> None:
    """The time that the lot stood still does not count against those who were asked."""
    moved = datetime.fromtimestamp(sealing.document["deadline"], UTC) + pauses.time_paused(found.lot_id, found.asked_at)
    if moved > sealing.deadline:
        trustees.amend(sealing, moved, at=at)


def follow_pauses(lot_id: int, number: int, *, at: datetime) -> None:
    """Move a round's deadline by the time that its lot was paused."""
    with transaction():
        projects.locked_lot(lot_id)
        found = round_of(lot_id, number)
        sealing = trustees.get_session(found.session)
        if sealing.close_seq is None:
            _follow_pauses(found, sealing, at)


def asked_for(organisation_id: int, lot_id: int) -> list[OfferRound]:
    """The rounds of a lot that an organisation was asked in."""
    return [found for found in rounds_of(lot_id) if organisation_id in guests.are_admitted(found.session)]


def is_void(found: OfferRound) -> bool:
    """Whether an offer of an opened round was lost through the platform or the key holders: then
    nobody is out for it, and the round is asked for again (20号令 31)."""
    return any(OUTCOMES[bid.outcome].fault in ("platform", "organiser") for bid in opening.opened_bids(found.lot_id, found.envelope))


def final_offers(lot_id: int) -> dict[int, OpenedBid] | None:
    """The final offers by organisation once they are opened; None before."""
    known = rounds_of(lot_id)
    if not known or not known[-1].is_final or is_under_way(known[-1]) or is_void(known[-1]):
        return None
    return last_offers(lot_id)


def last_offers(lot_id: int) -> dict[int, OpenedBid]:
    """Each supplier's offer in the newest round that was opened, or its first one before any."""
    opened = [found.envelope for found in rounds_of(lot_id) if not is_under_way(found)]
    envelope = opened[-1] if opened else "bid"
    return {bid.organisation_id: bid for bid in opening.opened_bids(lot_id, envelope) if bid.outcome == "opened"}

"""Framework agreements: admit several suppliers, sign with each, then call purchases off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from bidding.opening import service as opening
from bidding.rounds import service as rounds
from bidding.sealed import service as sealed
from experts.evaluation import service as evaluation
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base import texts
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.frameworks import rules
from trading.frameworks.models import CallOff, Place
from trading.frameworks.rules import Way
from trading.law import periods
from trading.law.rules import find as find_rule
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, Step, procedure


def places(lot_id: int) -> list[Place]:
    """All admitted suppliers by rank, those who left included."""
    return list(db.session.scalars(select(Place).where(Place.lot_id == lot_id).order_by(Place.rank, Place.organisation_id)))


def in_force(lot_id: int, on: date) -> list[Place]:
    """Suppliers whose agreement binds on a day."""
    return [place for place in places(lot_id) if place.left_at is None and place.signed_on and place.ends_on
            and place.signed_on <= on <= place.ends_on]


def calls(lot_id: int) -> list[CallOff]:
    return list(db.session.scalars(select(CallOff).where(CallOff.lot_id == lot_id).order_by(CallOff.number)))


def _framework(lot_id: int) -> Lot:
    lot = projects.locked_lot(lot_id)
    if not procedure(lot.project.procedure).is_framework:
        raise Refused("framework.none")
    return lot


# --- the first stage ------------------------------------------------------------------------------


def admit(lot_id: int, *, actor: str, at: datetime) -> list[Place]:
    """Publish who is admitted (入围结果) and tell every bidder at the same moment."""
    with transaction() as session:
        lot = _framework(lot_id)
        candidates = [candidate for candidate in projects.candidates(lot_id) if not candidate.lost]
        if not candidates:
            raise Refused("result.not_a_candidate")
        projects.advance(lot, Step.AWARD, actor=actor, at=at, admitted=len(candidates))
        made = [Place(lot_id=lot_id, organisation_id=candidate.organisation_id, rank=candidate.rank, price_fen=candidate.price_fen,
                      admitted_at=at) for candidate in candidates]
        session.add_all(made)
        session.flush()
        lines = [f"第{place.rank}名 {place.organisation.name}（{place.organisation.code}） {announcements.price(place.price_fen)}" for place in made]
        announcements.publish_plain(Kind.RESULT, lot, f"{lot.label}入围结果公告", "\n".join(["入围供应商：", *lines]), {}, actor=actor, at=at)
        archive.file_document(lot_id, "40-award/admission.json", "入围通知书", {
            "lot": lot.code, "admitted": [{"rank": place.rank, "supplier": place.organisation.code, "price_fen": place.price_fen}
                                          for place in made], "notified_at": at.isoformat()}, at=at)
        inside = {place.organisation_id for place in made}
        for bid in opening.opened_bids(lot_id):
            messages.notify("framework.admitted" if bid.organisation_id in inside else "framework.not_admitted", at=at,
                            organisation_id=bid.organisation_id, lot=lot.label, link=f"/p/{lot.project.code}")
        evaluation.reveal_draws(lot_id, at=at)
        return made


def sign(lot_id: int, organisation_id: int, number: str, signed_on: date, ends_on: date, *, actor: str, at: datetime) -> Place:
    """Record one signed framework agreement; its term is within the law's. The first puts the framework in force."""
    with transaction():
        lot = _framework(lot_id)
        if lot.stage not in (Stage.AWARDED, Stage.CONTRACTED):
            raise Refused("result.not_awarded")
        place: Place | None = lock_row(Place, (lot_id, organisation_id))
        if place is None:
            raise NotFound
        if place.signed_on:
            raise Refused("framework.signed")
        number = texts.filled(number, "result.contract_number", rules.NUMBER_LENGTH)
        if not place.admitted_at.astimezone(BEIJING).date() <= signed_on <= at.astimezone(BEIJING).date() or ends_on <= signed_on:
            raise Refused("result.contract_date", date=signed_on.isoformat())
        _require_term(lot, signed_on, ends_on)
        place.number, place.signed_on, place.ends_on = number, signed_on, ends_on
        archive.file_document(lot_id, f"40-award/contract-{place.rank:03d}-{place.organisation.code}.json", "框架协议", {
            "number": place.number, "supplier": place.organisation.code, "price_fen": place.price_fen,
            "signed_on": signed_on.isoformat(), "ends_on": ends_on.isoformat()}, at=at)
        evidence.record("framework.signed", actor=actor, at=at, lot=lot.code, project=lot.project.code,
                        supplier=place.organisation.code, number=place.number, ends_on=ends_on.isoformat())
        if lot.stage == Stage.AWARDED:
            projects.advance(lot, Step.CONTRACT, actor=actor, at=at, number=place.number, signed_on=signed_on.isoformat())
        return place


def _require_term(lot: Lot, signed_on: date, ends_on: date) -> None:
    key = "gp.fw_term_goods" if lot.project.category == "goods" else "gp.fw_term_services"
    last = periods.due(key, signed_on, region=lot.project.region, procedure=lot.project.procedure, tentative=True)
    if ends_on > last.date:
        raise Refused("framework.term_long", last=last.date.isoformat(), article=last.rule.article)


def leave(lot_id: int, organisation_id: int, reason: str, *, actor: str, at: datetime) -> None:
    """Record that a supplier left the framework or was put out of it, with the ground."""
    with transaction():
        lot = _framework(lot_id)
        place: Place | None = lock_row(Place, (lot_id, organisation_id))
        if place is None:
            raise NotFound
        if place.left_at:
            return
        place.left_at, place.left_reason = at, texts.filled(reason, "framework.reason", rules.REASON_LENGTH)
        evidence.record("framework.left", actor=actor, at=at, lot=lot.code, project=lot.project.code,
                        supplier=place.organisation.code, reason=place.left_reason)


# --- the second stage -----------------------------------------------------------------------------


def call_off(lot_id: int, wanted: str, *, organisation_id: int | None = None, reason: str = "", closes: datetime | None = None,
             actor: str, at: datetime) -> CallOff:
    """Buy under the framework in the way that its document chose.

    Direct choice names the supplier and says why; rotation takes whose turn it is; second
    bidding asks all for a sealed offer by ``closes``. Raises Refused ``framework.*``.
    """
    with transaction() as session:
        lot = _framework(lot_id)
        if lot.stage != Stage.CONTRACTED:
            raise Refused("framework.not_in_force", stage=lot.stage)
        today = at.astimezone(BEIJING).date()
        bound = in_force(lot_id, today)
        if not bound:
            raise Refused("framework.nobody_left")
        lawful = find_rule("gp.fw_second_stage", on=today, region=lot.project.region, procedure=lot.project.procedure)
        way = rules.way(lot.method, str(lawful.value))
        before = calls(lot_id)
        made = CallOff(lot_id=lot_id, number=len(before) + 1, way=way, called_at=at,
                       wanted=texts.filled(wanted, "framework.wanted", rules.TEXT_LENGTH))
        session.add(made)
        evidence.record("framework.called", actor=actor, at=at, lot=lot.code, project=lot.project.code, number=made.number, way=way)
        if way is Way.SECOND_BIDDING:
            # Without a deadline it would be over at once, which the rounds refuse with their figures.
            found = rounds.call(lot, [place.organisation_id for place in bound], closes or at, wanted=made.wanted, actor=actor, at=at)
            made.round_number = found.number
            return made
        if way is Way.DIRECT:
            made.reason = texts.filled(reason, "framework.reason", rules.TEXT_LENGTH)
            place = next((place for place in bound if place.organisation_id == organisation_id), None)
            if place is None:
                raise Refused("framework.not_inside")
        else:
            turn = rules.next_in_turn([place.organisation_id for place in bound],
                                      [call.organisation_id for call in before if call.organisation_id is not None])
            place = next(place for place in bound if place.organisation_id == turn)
        _choose(lot, made, place.organisation_id, place.price_fen, actor=actor, at=at)
        return made


def follow(call_id: int, *, at: datetime) -> bool:
    """Settle a second bidding once its offers are opened. Returns whether this call did it."""
    with transaction():
        made: CallOff | None = lock_row(CallOff, call_id)
        if made is None or made.chosen_at or made.round_number is None:
            return False
        lot = projects.locked_lot(made.lot_id)
        found = rounds.round_of(lot.id, made.round_number)
        if rounds.is_under_way(found):
            return False
        bids = [bid for bid in opening.opened_bids(lot.id, found.envelope) if bid.outcome == "opened"]
        filed = sealed.log_numbers(bid.digest for bid in bids)
        offers = {bid.organisation_id: (bid.price_fen or 0, filed[bid.digest]) for bid in bids}
        limits = {place.organisation_id: place.price_fen for place in places(lot.id) if place.left_at is None}
        # An offer lost by the platform or the key holders may have been the lowest: nobody is chosen
        # over it, the purchase is called off anew.
        is_void = rounds.is_void(found)
        winner = None if is_void else rules.lowest({who: offer for who, offer in offers.items() if who in limits}, limits)
        if winner is None:
            made.chosen_at = at
            evidence.record("framework.call_failed", actor="timetable", at=at, lot=lot.code, project=lot.project.code, number=made.number,
                            cause="offer_lost" if is_void else "no_valid_offer")
            return True
        _choose(lot, made, winner, offers[winner][0], actor="timetable", at=at)
        return True


def _choose(lot: Lot, made: CallOff, organisation_id: int, price_fen: int, *, actor: str, at: datetime) -> None:
    made.organisation_id, made.price_fen, made.chosen_at = organisation_id, price_fen, at
    db.session.flush()
    db.session.refresh(made, ["organisation"])
    assert made.organisation is not None
    evidence.record("framework.chosen", actor=actor, at=at, lot=lot.code, project=lot.project.code, number=made.number, way=made.way,
                    supplier=made.organisation.code, price_fen=price_fen, reason=made.reason)
    announcements.publish_plain(
        Kind.RESULT, lot, f"{lot.label}框架协议成交公告（第{made.number}次）",
        f"采购内容：{made.wanted}\n成交供应商：{made.organisation.name}\n成交价：{announcements.price(price_fen)}"
        + (f"\n选定理由：{made.reason}" if made.reason else ""), {}, actor=actor, at=at)
    archive.file_document(lot.id, f"60-calls/{made.number:04d}.json", "框架协议成交记录", {
        "number": made.number, "way": made.way, "wanted": made.wanted, "supplier": made.organisation.code, "price_fen": price_fen,
        "reason": made.reason, "called_at": made.called_at.isoformat(), "chosen_at": at.isoformat()}, at=at)
    messages.notify("framework.chosen", at=at, organisation_id=organisation_id, lot=lot.label, price_fen=price_fen,
                    link=f"/p/{lot.project.code}")


def waiting() -> list[int]:
    """Second biddings that are not settled yet."""
    return list(db.session.scalars(select(CallOff.id).where(CallOff.chosen_at.is_(None), CallOff.round_number.is_not(None))))

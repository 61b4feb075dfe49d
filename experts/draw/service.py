"""Draw experts so that nobody can steer it: freeze, sealed contributions, forced reveal,
tickets, calls, substitutes in ticket order (docs/protocol.md, section 4)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bidding.envelope import documents, keys, sealing
from bidding.opening import service as opening
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from experts.draw import tickets, transcript
from experts.draw.models import EXPERTS, Contribution, Draw, Seat
from experts.draw.strata import Decline, Stratum, thin
from experts.pool import recusal
from experts.pool import service as pool
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import BEIJING, Clock, unix
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law import committees, findings
from trading.messages import service as messages
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

LEAST_CONTRIBUTORS = 3


def freeze(lot_id: int, strata: list[Stratum], *, representatives: list[int], actor: str, at: datetime,
           contribute_for: timedelta = timedelta(minutes=10), reason: str = "", employer_cap: int = 1) -> Draw:
    """Lock the conditions: recusals are taken out, the pool's root is published, and from
    here on nothing about it can change. Contributions may come until ``closes_at``."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        if lot.stage not in (Stage.CLOSED, Stage.OPENED):
            raise Refused("draw.too_early", stage=lot.stage)
        if of_lot(lot_id):
            raise Refused("draw.exists")
        size = sum(stratum.count for stratum in strata) + len(representatives)
        findings.require(committees.check_committee(
            lot.project.procedure, size, size - len(representatives), lot.project.estimate_fen,
            at.astimezone(BEIJING).date(), lot.project.region))
        experts = pool.active()
        excluded = recusal.exclusions([pool.as_candidate(expert) for expert in experts], _parties(lot, at))
        out = {exclusion.expert_id for exclusion in excluded}
        salt = secrets.token_bytes(32)
        rows = [tickets.Row(tickets.eid(salt, str(expert.id)), expert.weight, (expert.region,),
                            tuple(expert.specialities), _blind(salt, expert.employer))
                for expert in experts if str(expert.id) not in out]
        meagre = thin(strata, rows)
        if meagre and not reason.strip():
            raise Refused("draw.pool_thin", strata=list(meagre))
        params = transcript.params(f"draw-{lot.code}", lot.code or "", strata, employer_cap=employer_cap, reserve=10,
                                   frozen_at=unix(at), seal_tool_sha256="")
        draw = Draw(lot_id=lot_id, purpose=EXPERTS, params=params, pool=[row.document() for row in rows], thin=list(meagre),
                    reason=reason.strip(), representatives=representatives, excluded=len(out))
        begin(lot, draw, salt, contribute_for=contribute_for, actor=actor, at=at)
        archive.file_document(lot_id, "20-draw/exclusions.json", "回避记录", [
            {"eid": tickets.eid(salt, item.expert_id), "reason": str(item.reason), "article": item.article}
            for item in excluded], at=at)
        return draw


def begin(lot: Lot, draw: Draw, salt: bytes, *, contribute_for: timedelta, actor: str, at: datetime) -> None:
    """Publish the frozen pool's root and open the session for contributions; runs in the caller's transaction."""
    envelope = "draw" if draw.purpose == EXPERTS else f"draw-{draw.purpose}"
    sealing_session = trustees.open_session(lot, envelope, deadline=at + contribute_for, policy="T", window=timedelta(0), at=at)
    draw.session, draw.frozen_at, draw.closes_at = sealing_session.id, at, at + contribute_for
    draw.salt_box = installation.boxes().close(salt.hex(), _salt_place(draw))
    db.session.add(draw)
    db.session.flush()
    evidence.record("draw.frozen", actor=actor, at=at, lot=lot.code, params=transcript.params_hash(draw.params).hex(),
                    pool_root=tickets.pool_root(_rows(draw)).hex(), pool_size=len(draw.pool), excluded=draw.excluded,
                    reason=draw.reason)


def _salt_place(draw: Draw) -> str:
    return f"draw/{draw.lot_id}/salt" if draw.purpose == EXPERTS else f"draw/{draw.lot_id}/{draw.purpose}/salt"


def salt_of(draw: Draw) -> bytes:
    """What turns a name into its pseudonym in this draw."""
    return bytes.fromhex(installation.boxes().open(draw.salt_box, _salt_place(draw)))


def _blind(salt: bytes, employer: str) -> str:
    # The cap per employer needs equality only; the name would narrow down who is who.
    return keys.tagged_hash("employer", salt + employer.encode()).hex()[:16]


def _parties(lot: Lot, at: datetime) -> recusal.Parties:
    found = opening.opening_of(lot.id)
    bidders = set()
    if found:
        bidders = {parties.get(row.organisation_id or 0).code for row in sealed.bids(found.session)}
    project = lot.project
    return recusal.Parties(project.procedure, at.astimezone(BEIJING).date(), frozenset({project.tenderer.code}),
                           frozenset({project.agency.code} if project.agency else ()), frozenset(bidders), frozenset(),
                           project.region)


def get(draw_id: int) -> Draw:
    found = db.session.get(Draw, draw_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def of_lot(lot_id: int, purpose: str = EXPERTS) -> Draw | None:
    return db.session.scalar(select(Draw).where(Draw.lot_id == lot_id, Draw.purpose == purpose))


def _locked(draw_id: int) -> Draw:
    draw: Draw | None = lock_row(Draw, draw_id)
    if draw is None:
        raise NotFound
    return draw


def contribute(draw_id: int, document: dict[str, Any], *, contributor: str, public: bytes, clock: Clock) -> None:
    """Take in one organisation's sealed random bytes; once each, before the close."""
    if set(document) != {"session", "header", "sig", "payload"}:
        raise Refused("seal.document", place="contribution")
    with transaction() as session:
        draw = _locked(draw_id)
        at = clock()
        if draw.closed_at or at >= draw.closes_at:
            raise Refused("draw.closed")
        sealing_session = trustees.get_session(draw.session)
        header = documents.check_header(document.get("header"), sealing_session.document)
        digest = documents.bid_digest(header)
        if header["ctx"]["bidder"] != contributor or not keys.is_signed(
                public, documents.binary(str(document.get("sig")), "sig"), bytes.fromhex(digest)):
            raise Refused("draw.signature")
        known = session.get(Contribution, (draw_id, contributor))
        if known:
            if known.digest == digest:
                return
            raise Refused("draw.contributed")
        payload = documents.binary(str(document.get("payload")), "payload")
        if len(payload) != header["payload"]["len"] or len(payload) > 1 << 20:
            raise Refused("seal.parts_differ")
        lot = projects.get_lot(draw.lot_id)
        session.add(Contribution(draw_id=draw_id, contributor=contributor, digest=digest, header=header,
                                 signature=str(document["sig"]), payload=payload, at=at))
        evidence.record("draw.commit", actor=contributor, at=at, lot=lot.code, session=draw.session,
                        bid_digest=digest, bidder=contributor, version=1, replaces="", bytes=len(payload))


def contributions(draw_id: int) -> list[Contribution]:
    return list(db.session.scalars(select(Contribution).where(Contribution.draw_id == draw_id)
                                   .order_by(Contribution.contributor)))


def close(draw_id: int, *, clock: Clock) -> bool:
    """Close the contributions when their time is over; with too few of them it is prolonged."""
    with transaction():
        draw = _locked(draw_id)
        at = clock()
        if draw.closed_at or at < draw.closes_at:
            return False
        sealing_session = trustees.get_session(draw.session)
        given = contributions(draw_id)
        if len(given) < LEAST_CONTRIBUTORS:
            draw.closes_at = at + timedelta(minutes=10)
            trustees.amend(sealing_session, draw.closes_at, at=at)
            return False
        draw.closed_at = at
        trustees.close_session(sealing_session, [item.digest for item in given], at=at)
        trustees.close_window(sealing_session, len(given), len(given), at=at)
        return True


def bundle(draw: Draw, *, seen: int, for_holder: bool = True) -> dict[str, Any]:
    """What a trustee checks before it releases the contributions."""
    sealing_session = trustees.get_session(draw.session)
    return trustees.bundle(sealing_session, trustees.entry_numbers(sealing_session),
                           [item.header for item in contributions(draw.id)], seen=seen, for_holder=for_holder)


def settle(draw_id: int, *, clock: Clock) -> bool:
    """Open the contributions once enough shares are in, make the seed, seat the committee."""
    draw = get(draw_id)
    if not draw.closed_at or draw.drawn_at:
        return False
    sealing_session = trustees.get_session(draw.session)
    if len(trustees.released_by(sealing_session)) < sealing_session.document["k"]:
        return False
    shares = trustees.releases(sealing_session)
    values: dict[str, bytes] = {}
    faults: dict[str, str] = {}
    for item in contributions(draw_id):
        try:
            values[item.contributor] = _open(item, shares.get(item.digest, []))
        except Refused as refusal:
            faults[item.contributor] = refusal.reason
    with transaction():
        draw = _locked(draw_id)
        if draw.drawn_at:
            return False
        at = clock()
        for item in contributions(draw_id):
            item.value = values[item.contributor].hex() if item.contributor in values else None
            item.fault = faults.get(item.contributor, "")
        draw.drawn_at, sealing_session.settled_at = at, at
        draw.transcript = transcript.transcript(draw.params, _rows(draw), values)
        lot = projects.get_lot(draw.lot_id)
        evidence.record("draw.drawn", actor="timetable", at=at, lot=lot.code, seed=draw.transcript["seed"],
                        transcript=keys.tagged_hash("draw", documents.encode(draw.transcript)).hex())
        if draw.purpose == EXPERTS:
            _call(draw, at)
        else:
            draw.sealed_at = at
        return True


def _open(item: Contribution, shares: list[bytes]) -> bytes:
    key, _ = sealing.recover(item.header, shares, b"")
    with installation.workplace() as folder:
        plain = Path(folder) / "plain.zip"
        with plain.open("wb") as out:
            sealing.unseal(item.header, key, [item.payload], out)
        return bytes.fromhex(sealing.read_contents(plain, item.header).offer["value"])


def _rows(draw: Draw) -> list[tickets.Row]:
    return [tickets.Row(row["eid"], row["w"], tuple(row["regions"]), tuple(row["specs"]), row["employer"])
            for row in draw.pool]


def _experts(draw: Draw) -> dict[str, int]:
    salt = salt_of(draw)
    return {tickets.eid(salt, str(expert.id)): expert.id for expert in pool.active()}


def _call(draw: Draw, at: datetime) -> None:
    """Call every seated expert who has not been called yet; the call names neither project nor place."""
    assert draw.transcript is not None
    known = {seat.eid for seat in seats(draw.id)}
    experts = _experts(draw)
    boxes = installation.boxes()
    for seating in draw.transcript["result"]["strata"]:
        for eid in seating["members"]:
            if eid in known:
                continue
            expert = pool.get(experts[eid])
            db.session.add(Seat(draw_id=draw.id, stratum=seating["id"], eid=eid, called_at=at,
                                tag=boxes.tag("seat", str(draw.id), str(expert.account_id)),
                                box=boxes.close(expert.id, f"seat/{draw.id}/{eid}", pad=16)))
            messages.notify("draw.called", at=at, account_id=expert.account_id, link="/eval")
    db.session.flush()


def seats(draw_id: int) -> list[Seat]:
    return list(db.session.scalars(select(Seat).where(Seat.draw_id == draw_id).order_by(Seat.id)))


def seat_of(draw_id: int, account_id: int) -> Seat | None:
    """An expert's own seat."""
    return db.session.scalar(select(Seat).where(Seat.tag == installation.boxes().tag("seat", str(draw_id), str(account_id))))


def expert_of(seat: Seat) -> int:
    return int(installation.boxes().open(seat.box, f"seat/{seat.draw_id}/{seat.eid}"))


def answer(draw_id: int, account_id: int, *, accepts: bool, reason: str = "", at: datetime) -> None:
    """An expert's answer to the call; who declines is replaced by the next ticket."""
    with transaction():
        draw = _locked(draw_id)
        seat = seat_of(draw_id, account_id)
        if seat is None or draw.transcript is None:
            raise NotFound
        if seat.answer == ("accepted" if accepts else "declined"):
            return
        if seat.answer:
            raise Refused("draw.answered")
        seat.answer, seat.answered_at = ("accepted" if accepts else "declined"), at
        lot = projects.get_lot(draw.lot_id)
        evidence.record("draw.answered", actor="expert", at=at, lot=lot.code, eid=seat.eid, answer=seat.answer, reason=reason)
        if not accepts:
            _replace(draw, seat, reason or "declined", at)
        _seal_if_complete(draw, lot, at)


def recuse(draw_id: int, account_id: int, reason: str, *, at: datetime) -> None:
    """A member who finds a conflict after seeing the bidders is replaced by the next ticket."""
    with transaction():
        draw = _locked(draw_id)
        seat = seat_of(draw_id, account_id)
        if seat is None or seat.answer != "accepted":
            raise NotFound
        seat.answer, seat.answered_at = "recused", at
        lot = projects.get_lot(draw.lot_id)
        evidence.record("draw.recused", actor="expert", at=at, lot=lot.code, eid=seat.eid, reason=reason)
        draw.sealed_at = None
        _replace(draw, seat, "recused", at)


def _replace(draw: Draw, seat: Seat, reason: str, at: datetime) -> None:
    assert draw.transcript is not None
    declines = [Decline(**item) for item in draw.transcript["declines"]] + [Decline(seat.stratum, seat.eid, reason)]
    values = {item["id"]: tickets.unbase(item["value"]) for item in draw.transcript["contributions"]}
    draw.transcript = transcript.transcript(draw.params, _rows(draw), values, None, declines)
    _call(draw, at)


def _seal_if_complete(draw: Draw, lot: Lot, at: datetime) -> None:
    if draw.sealed_at is None and all(seat.answer for seat in seats(draw.id)):
        draw.sealed_at = at
        evidence.record("draw.sealed", actor="timetable", at=at, lot=lot.code,
                        seats=sum(seat.answer == "accepted" for seat in seats(draw.id)))


def members(draw: Draw) -> list[int]:
    """Account ids of those who accepted; for the evaluation room only."""
    return [pool.get(expert_of(seat)).account_id for seat in seats(draw.id) if seat.answer == "accepted"]


def reveal(draw: Draw, *, at: datetime) -> None:
    """Publish material and result once the result is known (法 37; 87号令 47)."""
    with transaction():
        draw = _locked(draw.id)
        if draw.revealed_at or draw.transcript is None:
            return
        draw.revealed_at = at
        lot = projects.get_lot(draw.lot_id)
        place = "20-draw" if draw.purpose == EXPERTS else f"20-draw-{draw.purpose}"
        archive.file_document(lot.id, f"{place}/transcript.json", "专家抽取记录" if draw.purpose == EXPERTS else "随机抽取记录",
                              draw.transcript, at=at)
        for item in contributions(draw.id):
            base = f"{place}/contributions/{item.digest}"
            archive.file_document(lot.id, f"{base}/header.json", "抽取随机数封存头", item.header, at=at)
            archive.file_bytes(lot.id, f"{base}/payload.0000.cob", "抽取随机数密文", item.payload, at=at)
            archive.file_document(lot.id, f"{base}/filing.json", "抽取随机数签名",
                                  {"contributor": item.contributor, "signature": item.signature, "fault": item.fault}, at=at)
        evidence.record("draw.revealed", actor="timetable", at=at, lot=lot.code, session=draw.session)

"""What an ended sale comes to: a deal with its confirmation, or none; and the record of it for the archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bidding.auction import applying, deal, outcomes, reserve, rooms
from bidding.auction.models import AuctionEvent, LiveBid, Paddle
from bidding.auction.outcomes import Single
from bidding.auction.rooms import Room
from bidding.auction.standing import kept_terms
from bidding.envelope import documents, keys
from bidding.opening import service as opening
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base.clock import Clock, unix_ms
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.evidence.models import Entry
from trading.messages import service as messages
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, Step

#: Why a sale makes no deal, as its notice says it.
FAILED = {
    "no_bid": "至规定时间无有效报价，本标段流拍。", "below_reserve": "最高有效报价低于底价，本标段流拍。",
    "reserve_missing": "公告载明设有底价，但竞价开始前没有封存，本标段流拍，将重新公告。",
    "reserve_unreadable": "底价因密钥持有人未到齐或者密文损坏无法开启，本标段流拍，将重新公告。"}


def settle(lot_id: int, *, clock: Clock) -> bool:
    """Find what an ended sale comes to, once its reserve price is open. Returns whether this call did."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        room = rooms.locked(lot_id)
        if lot.stage != Stage.CLOSED or room.ended_at is None or room.outcome is not None:
            return False
        at = clock()
        if room.standing.price_fen is None:
            _give_up_reserve(lot_id, at)
            fail(lot, room, "no_bid", at)
            return True
        if reserve.is_waited_for(lot_id):
            return False
        try:
            reserve_fen = reserve.opened_fen(lot_id)
        except Refused as refusal:
            fail(lot, room, refusal.reason.partition(".")[2], at)
            return True
        found = outcomes.outcome(room.standing, reserve_fen)
        if found.failed:
            fail(lot, room, found.failed, at, reserve_fen=reserve_fen)
        else:
            _deal(lot, room, found, reserve_fen, at)
        return True


def _give_up_reserve(lot_id: int, at: datetime) -> None:
    """Nobody bid: the reserve price stays sealed for ever."""
    found = reserve.session(lot_id)
    if found is not None:
        found.settled_at = found.settled_at or at


def fail(lot: Lot, room: Room, reason: str, at: datetime, **facts: Any) -> None:
    """No deal (流拍): published, told to those who took part, and the deposits go back. Runs in the caller's transaction."""
    paddles = applying.reveal(lot.id)
    opening.name_bidders(lot.id)
    room.outcome = {"failed": reason, **facts}
    room.add("auction.failed", "clock", at, reason=reason)
    rooms.write([room])
    lot.failed_reason = reason
    projects.advance(lot, Step.FAIL, actor="timetable", at=at, reason=reason)
    announcements.publish_plain(Kind.FAILURE, lot, f"{lot.label}流拍公告", FAILED[reason], {}, actor="timetable", at=at)
    for paddle in paddles:
        messages.notify("auction.failed", at=at, organisation_id=paddle.organisation_id, lot=lot.label, link=f"/p/{lot.project.code}")
    _record(lot, room, paddles, at)


def _deal(lot: Lot, room: Room, found: outcomes.Outcome, reserve_fen: int | None, at: datetime) -> None:
    """The deal (成交): the winner's name and price are known, its confirmation is ready to be signed."""
    paddles = applying.reveal(lot.id)
    opening.name_bidders(lot.id)
    winner = next(paddle for paddle in paddles if paddle.number == found.winner)
    assert winner.organisation_id is not None
    room.outcome = {"winner": found.winner, "price_fen": found.price_fen, "housing": found.housing, "reserve_fen": reserve_fen}
    organisation = parties.get(winner.organisation_id)
    room.add("auction.settled", "clock", at, winner=found.winner, price_fen=found.price_fen, told={"name": organisation.name})
    rooms.write([room])
    projects.record_buyer(lot, winner.organisation_id, found.price_fen)
    announcements.award(lot.id, winner.organisation_id, actor="timetable", at=at)
    deal.sign_by_centre(lot, at=at)
    for paddle in paddles:
        messages.notify("auction.won" if paddle is winner else "auction.lost", at=at, organisation_id=paddle.organisation_id, lot=lot.label,
                        link=f"/me/sales/{lot.code}")
    _record(lot, room, paddles, at)


# --- the record --------------------------------------------------------------------------------------------


def _record(lot: Lot, room: Room, paddles: list[Paddle], at: datetime) -> None:
    """File all that is needed to go through the sale again: terms, every line of the room, every bid, whose each number was."""
    lines = list(db.session.scalars(select(AuctionEvent.body).where(AuctionEvent.room == room.code).order_by(AuctionEvent.seq)))
    archive.file_bytes(lot.id, "20-auction/room.jsonl", "竞价记录（逐条）", ("\n".join(lines) + "\n").encode(), at=at)
    archive.file_document(lot.id, "20-auction/bids.json", "有效报价", {
        "v": documents.VERSION, "lot": lot.code, "terms": kept_terms(room.terms), "single_rule": lot.method["sale"].get("single_rule", Single.NEAREST_MEAN), "outcome": room.outcome,
        "bids": [_bid(row) for row in bids(lot.id)], "acts": _acts(lot)}, at=at)
    archive.file_document(lot.id, "20-auction/paddles.json", "竞买人与竞买号", {
        "v": documents.VERSION, "lot": lot.code, "paddles": [_paddle(paddle) for paddle in paddles]}, at=at)


def _bid(row: LiveBid) -> dict[str, Any]:
    return {"number": row.number, "paddle": row.paddle, "fen": row.fen, "phase": row.phase, "at": unix_ms(row.at), "signature": row.signature,
            "by_host": row.by_host, "evidence": row.evidence}


def _acts(lot: Lot) -> list[dict[str, Any]]:
    """What else moved the sale, from the log: phases, who went on, calls, pauses."""
    found = db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind.like("auction.%"), Entry.kind.not_in((
        "auction.bid", "auction.applied", "auction.admitted", "auction.consented", "auction.key_renewed"))).order_by(Entry.seq))
    return [entry.event | {"evidence": entry.seq} for entry in found if entry.event]


def _paddle(paddle: Paddle) -> dict[str, Any]:
    kept = applying.content(paddle)
    return {"number": paddle.number or "", "public": paddle.public, "application": kept["application"], "signature": kept["signature"],
            "keys": kept["keys"], "bidder": kept["application"]["bidder"],
            "organisation_keys": [key.hex() for key in parties.signing_keys(kept["organisation"])],
            "consents": [{"code": item["code"], "share": item["share"], "signature": item["signature"],
                          "keys": [key.hex() for key in parties.signing_keys(parties.by_code(item["code"]).id)]} for item in applying.consents(paddle)],
            "commitment": keys.tagged_hash("auction-application", documents.encode(kept["application"])).hex()}


def bids(lot_id: int) -> list[LiveBid]:
    """All valid bids of a lot, in the order of their numbers."""
    return list(db.session.scalars(select(LiveBid).where(LiveBid.lot_id == lot_id).order_by(LiveBid.number)))

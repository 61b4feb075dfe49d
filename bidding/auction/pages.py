"""Values of the room for everybody, of the host's desk, and of the list of sales."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from bidding.auction import applying, rooms, tie_pages, words
from bidding.auction.models import Auction, AuctionEvent, Paddle
from bidding.auction.rooms import Room
from bidding.auction.standing import kept_terms
from bidding.trustees import service as trustees
from trading.base.clock import unix_ms
from trading.base.database import db
from trading.base.money import yuan
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.sales.modes import Phase
from trading.supervision import service as pauses

#: Lines of the log that the page shows at once; the rest is a click away.
SHOWN = 200
AT_ONCE = 500


def events(room_code: str, after: int, most: int = AT_ONCE) -> list[str]:
    """Lines of a room after a number, oldest first, as the very bytes that were stored."""
    return list(db.session.scalars(select(AuctionEvent.body).where(AuctionEvent.room == room_code, AuctionEvent.seq > after)
                                   .order_by(AuctionEvent.seq).limit(most)))


def newest(room_code: str) -> int:
    """The number of a room's newest line."""
    return db.session.scalar(select(func.max(AuctionEvent.seq)).where(AuctionEvent.room == room_code)) or 0


def sales(at: datetime) -> list[dict[str, Any]]:
    """All sales that are under way or over, the running ones first."""
    rows = []
    for auction, lot in db.session.execute(select(Auction, Lot).join(Lot, Lot.id == Auction.lot_id).order_by(Auction.lot_id.desc()).limit(200)).all():
        phase = auction.standing["phase"]
        kind = "todo" if phase == "waiting" else "done" if phase == "ended" else "live"
        rows.append({"lot": lot, "href": f"/auctions/{lot.code}", "state": {"kind": kind, "text": words.phase(phase)},
                     "opens_at": rooms.moment(auction.terms["opens_at"]), "start": lot.estimate_fen, "price": auction.standing["price_fen"],
                     "mode": words.mode(auction.terms["mode"]), "order": {"live": 0, "todo": 1, "done": 2}[kind]})
    return sorted(rows, key=lambda row: (row["order"], row["opens_at"]))


def state(room: Room, at: datetime, *, area: Decimal | None = None, paddle: str = "") -> dict[str, Any]:
    """What the room's script begins with."""
    terms = kept_terms(room.terms) | {"window_ms": room.terms.mode.window_ms, "fall_ms": room.terms.mode.fall_ms, "confirm_ms": room.terms.mode.confirm_ms,
                                      "free_ms": room.terms.mode.free_ms, "multiples": room.terms.mode.multiples}
    return {"room": room.code, "terms": terms, "seq": room.seq, "now": rooms.shown(room.standing), "held": room.held, "server_now": unix_ms(at),
            "floor_area": str(area) if area else None, "paddle": paddle, "words": words.script(), "centre": trustees.centre_key(),
            "lines": [json.loads(line) for line in events(room.code, max(0, room.seq - SHOWN))]}


def floor_area(lot: Lot) -> Decimal | None:
    """The floor area that the parcel allows at most: area times the highest ratio; None where the notice has none."""
    parcel = lot.method.get("sale", {}).get("parcel") or {}
    try:
        return Decimal(str(parcel["area_m2"])) * Decimal(str(parcel["ratio_high"]))
    except (KeyError, ArithmeticError):
        return None


def room_page(lot: Lot, at: datetime, *, bidder_id: int | None, host: bool) -> dict[str, Any]:
    """The room for one viewer: the public, a bidder of this lot, the host."""
    room = rooms.read(lot.id)
    paddle = applying.paddle_of(lot.id, bidder_id) if bidder_id else None
    number = (paddle.number or "") if paddle else ""
    area = floor_area(lot)
    return {
        "lot": lot, "mode": words.mode(room.terms.mode.id), "rule": words.rule(room.terms.mode), "state": state(room, at, area=area, paddle=number),
        "now": rooms.shown(room.standing), "phase": words.phase(str(room.standing.phase)), "number": number, "is_over": room.ended_at is not None,
        "may_bid": bool(number) and room.ended_at is None, "applied": paddle is not None, "host": host, "outcome": outcome(lot, room),
        "ends_at": rooms.moment(room.standing.ends_at) if room.standing.ends_at else rooms.moment(room.terms.opens_at),
        "bidder_code": "", "facts": facts(lot, room), "is_open_for_applications": lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline is not None and at < lot.deadline,
        "own_key": bytes.fromhex(paddle.public).hex() if paddle else "", "rows": log_rows(room, number),
        "tie": _tie(lot, room), "in_rounds": Phase.ROUND in room.terms.mode.phases, "desk": desk(lot, room) if host else None, "floor_key": secrets.token_hex(16),
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": _("竞价大厅"), "href": "/auctions"}, {"text": lot.code}]}


def _tie(lot: Lot, room: Room) -> dict[str, Any] | None:
    """Where it stands what decides at the ceiling; None where the bidding decides alone."""
    if not tie_pages.may_tie(room):
        return None
    return {"href": f"/auctions/{lot.code}/tie", "how": words.after(room.terms.after_ceiling), "is_tied": tie_pages.is_tied(room)}


def facts(lot: Lot, room: Room) -> list[dict[str, str]]:
    """The terms that a bidder must know, as label and value."""
    terms = room.terms
    rows = [{"key": _("起始价"), "value": f"{yuan(terms.start_fen)} 元"}, {"key": _("增价幅度"), "value": f"{yuan(terms.step_fen)} 元"},
            {"key": _("竞价方式"), "value": words.mode(terms.mode.id)}]
    if terms.ceiling_fen is not None:
        rows.append({"key": _("最高限价"), "value": f"{yuan(terms.ceiling_fen)} 元；{words.after(terms.after_ceiling)}"})
    if terms.floor_fen:
        rows.append({"key": _("最低价"), "value": f"{yuan(terms.floor_fen)} 元"})
    rows.append({"key": _("底价"), "value": _("设底价，竞价结束后由密钥持有人开启") if lot.method.get("sale", {}).get("reserve") == "sealed" else _("不设底价")})
    rows.append({"key": _("竞买保证金"), "value": f"{yuan(lot.deposit_fen)} 元"})
    return rows


def log_rows(room: Room, own: str) -> list[dict[str, Any]]:
    """The newest lines of the log as the page shows them without scripts."""
    rows = []
    for line in reversed(events(room.code, max(0, room.seq - SHOWN))):
        item = json.loads(line)
        if item["kind"] == "bid":
            rows.append({"number": str(item["number"]), "paddle": item["paddle"], "own": item["paddle"] == own and bool(own), "price": yuan(item["fen"]),
                         "at": rooms.moment(item["at"]), "by_host": item.get("by_host", False)})
        for paddle, fen in reversed(item.get("offers", ())) if item["kind"] == "round_closed" else ():
            rows.append({"number": _("第 %(n)s 轮", n=item["number"]), "paddle": paddle, "own": paddle == own and bool(own), "price": yuan(fen),
                         "at": rooms.moment(item["at"]), "by_host": False})
    return rows[:50]


def outcome(lot: Lot, room: Room) -> dict[str, Any] | None:
    """How it came out, once it is settled."""
    if room.outcome is None:
        return None
    if failed := room.outcome.get("failed"):
        return {"failed": words.failed(failed)}
    award = projects.award_of(lot.id)
    return {"winner": award.organisation.name if award else "", "paddle": room.outcome["winner"], "price_fen": room.outcome["price_fen"],
            "reserve_fen": room.outcome.get("reserve_fen"), "housing": room.outcome.get("housing", 0)}


def desk(lot: Lot, room: Room) -> dict[str, Any]:
    """What the host does: call, enter bids from the floor, ask for a pause."""
    order = next((pause for pause in pauses.open_pauses(lot.id, pauses.ORDER)), None)
    admitted = db.session.scalar(select(func.count()).select_from(Paddle).where(Paddle.lot_id == lot.id, Paddle.number.is_not(None))) or 0
    return {"calls": str(room.standing.phase) == "calls", "floor": str(room.standing.phase) in ("calls",), "order": order,
            "may_pause": order is None and lot.stage == Stage.BIDDING and room.ended_at is None,
            "may_lift": order is not None and order.began_at is not None and order.lift_asked_by is None,
            # How many take part is nobody's to know before the applications end.
            "admitted": admitted if room.as_of >= (unix_ms(lot.deadline) if lot.deadline else 0) else None}



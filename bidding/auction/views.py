"""The room for everybody, bids of its bidders, the numbered log; the host's desk."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from bidding.auction import applying, lapses, pages, placing, rooms, running
from bidding.auction.placing import BID, Asked
from bidding.envelope import documents
from trading.accounts.permissions import Permission, allow, public
from trading.base.clock import now, unix_ms
from trading.base.errors import NotFound, Refused
from trading.base.forms import number
from trading.base.money import parse_fen
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.supervision import service as pauses

bp = Blueprint("auction", __name__)
LARGEST_BODY = 4096


def _lot(code: str) -> Lot:
    lot = projects.lot_by_code(code)
    rooms.read(lot.id)
    return lot


@bp.get("/auctions")
@public
def sales() -> ResponseReturnValue:
    return render_template("auction/sales.html", rows=pages.sales(now()))


@bp.get("/auctions/<code>")
@public
def room(code: str) -> ResponseReturnValue:
    lot, signed_in = _lot(code), current_user.is_authenticated
    bidder = current_user.organisation_id if signed_in and current_user.may(Permission.BID) else None
    host = signed_in and current_user.may(Permission.HALL_HOST)
    return render_template("auction/room.html", **pages.room_page(lot, now(), bidder_id=bidder, host=host))


@bp.get("/auctions/<code>/wall")
@public
def wall(code: str) -> ResponseReturnValue:
    """The room for the screen in the hall: nothing to press, large figures."""
    return render_template("auction/wall.html", **pages.room_page(_lot(code), now(), bidder_id=None, host=False))


@bp.get("/auctions/<code>/replay")
@public
def replay(code: str) -> ResponseReturnValue:
    """The whole room again, at any speed, from its log."""
    lot = _lot(code)
    values = pages.room_page(lot, now(), bidder_id=None, host=False)
    if not values["is_over"]:
        raise Refused("auction.not_over", phase=str(values["now"]["phase"]))
    return render_template("auction/replay.html", **values)


@bp.get("/api/v1/auctions/<code>/events")
@public
def events(code: str) -> ResponseReturnValue:
    """Lines of the room after a number, oldest first; 304 when nothing is new. Amounts in fen, moments in UTC milliseconds."""
    lot, after = projects.lot_by_code(code), number(request.args.get("after", "0"))
    lines = pages.events(code, after)
    newest = after + len(lines)
    if not lines and after > pages.newest(code):
        raise Refused("form.number", text=str(after)[:40])
    tag = hashlib.sha256(f"{lot.code}/{after}/{newest}".encode()).hexdigest()[:16]
    body = f'{{"events":[{",".join(lines)}],"next_after":{newest},"server_now":"{now().isoformat()}"}}'
    answer = Response(body, mimetype="application/json")
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["X-Server-Now"] = str(unix_ms(now()))
    return answer.make_conditional(request)


@bp.get("/api/v1/auctions/<code>")
@public
def standing(code: str) -> ResponseReturnValue:
    """The room as it stands: terms, standing, number of its newest line."""
    found = rooms.read(projects.lot_by_code(code).id)
    at = now()
    return jsonify({name: value for name, value in pages.state(found, at).items() if name not in ("words", "lines", "paddle", "floor_area")})


@bp.post("/api/v1/auctions/<code>/acts")
@allow(Permission.BID)
def act(code: str) -> ResponseReturnValue:
    """A bid, an agreement to the ceiling, or going on: ``{paddle, act, fen, signature}`` with an Idempotency-Key."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Refused("http.idempotency_key")
    body = _act_asked()
    lot_id = rooms.lot_of(code)
    paddle, public_key = applying.admitted(lot_id, current_user.organisation_id or 0)
    if paddle != body["paddle"]:
        # Another bidder's number is refused as one that does not exist.
        raise Refused("auction.no_paddle")
    asked = Asked(lot_id, code, paddle, body["act"], body["fen"], key, documents.binary(body["signature"], "signature"))
    return jsonify(placing.place(asked, public_key, clock=now)), 201


def _act_asked() -> dict[str, Any]:
    """The body of an act: exactly its fields, each once, whole numbers. Raises Refused ``auction.document``."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refused("auction.document", place="body")
    try:
        return documents.shaped(documents.read(request.get_data(cache=False)), {"paddle": "text", "act": "text", "fen": "int", "signature": "b64"}, "body")
    except Refused as refusal:
        raise Refused("auction.document", place=str(refusal.facts.get("place", ""))[:80]) from None


@bp.post("/api/v1/auctions/<code>/beat")
@allow(Permission.BID)
def beat(code: str) -> ResponseReturnValue:
    """A bidder's page says that it is there; what too many of them fail to say pauses the sale."""
    lot = projects.lot_by_code(code)
    paddle = applying.paddle_of(lot.id, current_user.organisation_id) if current_user.organisation_id else None
    if paddle is None:
        raise NotFound
    lapses.heard(paddle, leaving=request.args.get("leaving") == "1", at=now())
    return "", 204


# --- the host's desk -----------------------------------------------------------------------------------------


@bp.post("/auctions/<code>/calls")
@allow(Permission.HALL_HOST)
def call(code: str) -> ResponseReturnValue:
    calls = running.call(_lot(code).id, actor=current_user.actor, clock=now)
    flash(_("第 %(count)s 次询问已记录。", count=calls), "success")
    return redirect(url_for("auction.room", code=code))


@bp.post("/auctions/<code>/floor-bids")
@allow(Permission.HALL_HOST)
def floor_bid(code: str) -> ResponseReturnValue:
    """A bid that was called out in the room, for a paddle that is admitted."""
    lot = _lot(code)
    paddle = applying.by_number(lot.id, request.form.get("paddle", "").strip()[:8])
    fen = parse_fen(request.form.get("amount", ""))
    asked = Asked(lot.id, code, paddle.number or "", BID, fen, request.form.get("idempotency_key", ""), b"")
    done = placing.place_for_room(asked, host=current_user.actor, clock=now)
    flash(_("现场报价已记录：第 %(number)s 次。", number=done["number"]), "success")
    return redirect(url_for("auction.room", code=code))


@bp.post("/auctions/<code>/pauses")
@allow(Permission.HALL_HOST)
def ask_pause(code: str) -> ResponseReturnValue:
    """The host asks for a pause; a supervisor puts it in force."""
    pauses.ask_pause(_lot(code).id, request.form.get("reason", ""), account_id=current_user.account.id, actor=current_user.actor, at=now())
    flash(_("已提出暂停，等待监督人员确认。"), "success")
    return redirect(url_for("auction.room", code=code))


@bp.post("/auctions/<code>/pauses/<number:pause_id>/lift")
@allow(Permission.HALL_HOST)
def ask_lift(code: str, pause_id: int) -> ResponseReturnValue:
    """The host asks that a pause end; a supervisor lets the bidding go on."""
    lot = _lot(code)
    if pause_id not in {pause.id for pause in pauses.history(lot.id)}:
        raise NotFound
    pauses.ask_lift(pause_id, request.form.get("reason", ""), account_id=current_user.account.id, actor=current_user.actor, at=now())
    flash(_("已提出恢复，等待监督人员确认。"), "success")
    return redirect(url_for("auction.room", code=code))



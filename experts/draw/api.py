"""What key holders' processes ask about draws: open contributions, bundles."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from bidding.trustees import service as trustees
from experts.draw import service
from experts.draw.models import Contribution, Draw
from trading.accounts.permissions import public
from trading.base.clock import now
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.base.forms import json_object, number

bp = Blueprint("draw_api", __name__, url_prefix="/api/v1")


@bp.get("/trustees/<key>/draws")
@public
def waiting(key: str) -> ResponseReturnValue:
    """Draws that take contributions now and have none of this organisation yet."""
    record = trustees.by_key(key)
    open_draws = db.session.scalars(select(Draw).where(Draw.closed_at.is_(None), Draw.closes_at > now()))
    return jsonify({"draws": [{"draw": draw.id, "session": trustees.get_session(draw.session).document}
                              for draw in open_draws if db.session.get(Contribution, (draw.id, record.organisation)) is None]})


@bp.post("/draws/<number:draw_id>/contributions")
@public
def contribute(draw_id: int) -> ResponseReturnValue:
    document = json_object(session=str, header=dict, sig=str, payload=str)
    ctx = document["header"].get("ctx")
    name = ctx.get("bidder") if isinstance(ctx, dict) else None
    record = next((record for record in trustees.active() if record.organisation == name), None)
    if record is None:
        raise Refused("draw.signature")
    service.contribute(draw_id, document, contributor=record.organisation, public=bytes.fromhex(record.public), clock=now)
    return jsonify({"taken": True}), 201


@bp.get("/draws/<name>/bundle")
@public
def bundle(name: str) -> ResponseReturnValue:
    draw = db.session.scalar(select(Draw).where(Draw.session == name))
    if draw is None or draw.closed_at is None:
        raise NotFound
    asks = trustees.is_holder(trustees.get_session(name), request.headers.get("Authorization", ""), at=now())
    return jsonify(service.bundle(draw, seen=number(request.args.get("seen", "0")), for_holder=asks))

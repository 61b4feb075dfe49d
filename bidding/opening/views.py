"""The opening hall: pages for everybody, acts for bidders and host, the polled log, bundles."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from bidding.envelope import documents
from bidding.opening import objecting, pages, service
from bidding.trustees import service as trustees
from trading.accounts.permissions import Permission, allow, public
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.forms import json_object, number
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects

bp = Blueprint("opening", __name__)


def _bidder() -> Organisation | None:
    """The viewer's organisation if it is a bidder, else None."""
    if not current_user.is_authenticated or not current_user.may(Permission.BID) or not current_user.organisation_id:
        return None
    return parties.get(current_user.organisation_id)


def _me() -> Organisation:
    found = _bidder()
    if found is None:
        raise NotFound
    return found


@bp.get("/hall")
@public
def halls() -> ResponseReturnValue:
    return render_template("opening/halls.html", rows=pages.halls(now()))


@bp.get("/hall/<code>")
@public
def hall(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    host = current_user.is_authenticated and current_user.may(Permission.HALL_HOST)
    return render_template("opening/hall.html", **pages.hall(lot, now(), _bidder(), host=host))


@bp.get("/api/v1/rooms/<code>/events")
@public
def events(code: str) -> ResponseReturnValue:
    """Events after a number; 304 when nothing is new."""
    lot = projects.lot_by_code(code)
    after = number(request.args.get("after", "0"))
    entries = pages.log_entries(lot.id, after)
    newest = entries[0]["seq"] if entries else after
    tag = hashlib.sha256(f"{code}/{newest}/{lot.stage}".encode()).hexdigest()[:16]
    answer: Response = jsonify({
        "events": [entry | {"at": entry["at"].isoformat()} for entry in reversed(entries)], "next_after": newest,
        "stage": lot.stage, "server_now": now().isoformat()})
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "no-cache"
    return answer.make_conditional(request)


@bp.post("/hall/<code>/attend")
@allow(Permission.BID)
def attend(code: str) -> ResponseReturnValue:
    service.attend(projects.lot_by_code(code).id, bidder=_me(), at=now())
    return redirect(url_for("opening.hall", code=code))


@bp.post("/hall/<code>/confirm")
@allow(Permission.BID)
def confirm(code: str) -> ResponseReturnValue:
    service.confirm(projects.lot_by_code(code).id, bidder_id=_me().id, at=now())
    return redirect(url_for("opening.hall", code=code))


@bp.post("/hall/<code>/say")
@allow(Permission.OWN_ACCOUNT)
def say(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    bidder = _bidder()
    host = current_user.may(Permission.HALL_HOST)
    if not host and (bidder is None or not service.took_part(lot.id, bidder.id)):
        raise NotFound
    if host or bidder is None:
        service.speak(lot.id, request.form.get("text", ""), who=current_user.account.name, kind="host", at=now())
    else:
        objecting.speak(lot.id, request.form.get("text", ""), bidder=bidder, actor=current_user.actor, at=now())
    return redirect(url_for("opening.hall", code=code))


@bp.post("/api/v1/lots/<code>/halves")
@allow(Permission.BID)
def give_half(code: str) -> ResponseReturnValue:
    document = json_object(digest=str, kb=str)
    kb = documents.binary(document["kb"], "kb")
    service.give_half(projects.lot_by_code(code).id, document["digest"], kb, bidder_id=_me().id, clock=now)
    return jsonify({"given": document["digest"]}), 201


@bp.get("/api/v1/openings/<name>/bundle")
@public
def bundle(name: str) -> ResponseReturnValue:
    """What key holders check. For bids that are read out all of it is public once the bidders'
    window is over; elsewhere it names suppliers, and only a key holder of the session sees it."""
    seen = number(request.args.get("seen", "0"))
    if len(name) != 64:
        raise Refused("form.document", place="session")
    sealing, asks = trustees.get_session(name), request.headers.get("Authorization", "")
    if not service.is_public(name):
        trustees.require_holder(sealing, asks, at=now())
    return jsonify(service.bundle_for(name, seen=seen, for_holder=trustees.is_holder(sealing, asks, at=now())))

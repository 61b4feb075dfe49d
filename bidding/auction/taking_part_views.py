"""A bidder's own pages of live sales: apply, partners, admission, the key of this device, the confirmation of the deal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from bidding.auction import applying, deal, ties, words
from bidding.auction.applying import Partner
from bidding.auction.models import Auction
from bidding.envelope import documents
from bidding.sealed.bidder import me
from trading.accounts.permissions import Permission, allow
from trading.base import addresses
from trading.base.clock import now
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.base.forms import json_object
from trading.deposits import service as deposits
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

bp = Blueprint("taking_part", __name__)
bp.record(addresses.register)


def _lot(code: str) -> Lot:
    lot = projects.lot_by_code(code)
    if not applying.is_live(lot) or lot.deadline is None:
        raise NotFound
    return lot


@bp.get("/me/sales")
@allow(Permission.BID)
def sales() -> ResponseReturnValue:
    """Sales that take applications, and those that this bidder takes part in."""
    rows, at, own = [], now(), me().id
    for auction, lot in db.session.execute(select(Auction, Lot).join(Lot, Lot.id == Auction.lot_id).order_by(Lot.deadline.desc()).limit(200)).all():
        paddle = applying.paddle_of(lot.id, own)
        is_open = lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline and at < lot.deadline
        if paddle is None and not is_open and applying.consent_asked(lot.id, own) is None:
            continue
        state = ("ok", _("竞买号 %(number)s", number=paddle.number)) if paddle and paddle.number else ("doing", _("已申请，待取得资格")) if paddle else ("todo", _("未申请"))
        rows.append({"lot": lot, "href": f"/me/sales/{lot.code}", "state": {"kind": state[0], "text": state[1]}, "phase": words.phase(auction.standing["phase"])})
    return render_template("auction/my_sales.html", rows=rows, crumbs=[{"text": _("我的工作"), "href": "/me"}, {"text": _("我的竞买")}])


@bp.get("/me/sales/<code>")
@allow(Permission.BID)
def sale(code: str) -> ResponseReturnValue:
    return render_template("auction/my_sale.html", **_page(_lot(code)))


def _page(lot: Lot) -> dict[str, Any]:
    bidder, at = me(), now()
    paddle, asked = applying.paddle_of(lot.id, bidder.id), applying.consent_asked(lot.id, bidder.id)
    account = deposits.known_sub_account(lot.id, bidder.id)
    paid = deposits.paid_fen(lot.id, bidder.id) if account else 0
    is_open = lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline is not None and at < lot.deadline
    award = projects.award_of(lot.id)
    return {
        "lot": lot, "bidder": bidder, "is_open": is_open, "sub_account": account, "paid_fen": paid, "deposit_done": paid >= lot.deposit_fen,
        "paddle": paddle, "kept": applying.content(paddle) if paddle else None,
        "partners": [item | {"name": parties.by_code(item["code"]).name} for item in applying.consents(paddle)] if paddle else [],
        "asked": _asked(*asked) if asked else None, "deal": _deal(lot, bidder.id) if award else None, "won": bool(award and award.organisation_id == bidder.id),
        "offer_href": f"/me/sales/{lot.code}/offer" if ties.may_offer(lot.id, bidder.id) else "", "is_in_rounds": lot.method["sale"].get("mode") == "rounds",
        "keys": [key.hex() for key in parties.signing_keys(bidder.id)], "is_running": lot.stage in (Stage.ANNOUNCED, Stage.BIDDING, Stage.PAUSED),
        "crumbs": [{"text": _("我的工作"), "href": "/me"}, {"text": _("我的竞买"), "href": "/me/sales"}, {"text": lot.code}]}


def _asked(paddle: Any, box: dict[str, Any]) -> dict[str, Any]:
    kept = applying.content(paddle)
    return {"applicant": parties.get(kept["organisation"]).name, "share": box["share"], "signed": bool(box["signature"]), "document": kept["application"]}


def _deal(lot: Lot, organisation_id: int) -> dict[str, Any]:
    award = projects.award_of(lot.id)
    assert award is not None
    document = deal.confirmation(lot)
    return {"document": document, "signed": deal.signatures(lot), "mine": organisation_id in (award.organisation_id, lot.project.tenderer_id)}


@bp.post("/me/sales/<code>/deposit")
@allow(Permission.BID)
def deposit(code: str) -> ResponseReturnValue:
    deposits.sub_account(_lot(code).id, me().id, at=now())
    return redirect(url_for("taking_part.sale", code=code))


@bp.post("/api/v1/sales/<code>/applications")
@allow(Permission.BID)
def apply(code: str) -> ResponseReturnValue:
    """``{public, partners: [{code, share}], signature}``; signed by the organisation's key."""
    body = json_object(public=str, partners=list, signature=str)
    lot = _lot(code)
    applying.apply(lot.id, _key(body["public"]), _partners(body["partners"]), documents.binary(body["signature"], "signature"), bidder_id=me().id, clock=now)
    return jsonify({"applied": lot.code}), 201


def _key(text: str) -> bytes:
    public = documents.binary(text, "public")
    if len(public) != 32:
        raise Refused("form.document", place="public")
    return public


def _partners(listed: list[Any]) -> list[Partner]:
    found = []
    for item in listed[: applying.MOST_PARTNERS + 1]:
        shaped = documents.shaped(item, {"code": "text", "share": "int"}, "partners")
        found.append(Partner(shaped["code"], shaped["share"]))
    return found


@bp.post("/api/v1/sales/<code>/consents")
@allow(Permission.BID)
def consent(code: str) -> ResponseReturnValue:
    body = json_object(signature=str)
    applying.consent(_lot(code).id, documents.binary(body["signature"], "signature"), partner_id=me().id, clock=now)
    return jsonify({"agreed": code}), 201


@bp.post("/api/v1/sales/<code>/keys")
@allow(Permission.BID)
def renew_key(code: str) -> ResponseReturnValue:
    """Another device bids from now on."""
    body = json_object(public=str, signature=str)
    applying.renew_key(_lot(code).id, _key(body["public"]), documents.binary(body["signature"], "signature"), bidder_id=me().id, clock=now)
    return jsonify({"key": body["public"]}), 201


@bp.post("/api/v1/sales/<code>/confirmation")
@allow(Permission.SEAL)
def sign_deal(code: str) -> ResponseReturnValue:
    """Buyer or seller signs the confirmation of the deal."""
    body = json_object(signature=str)
    role = deal.sign(_lot(code).id, documents.binary(body["signature"], "signature"), organisation_id=me().id, clock=now)
    return jsonify({"signed": role}), 201


@bp.get("/me/sales/<code>/letter")
@allow(Permission.BID)
def letter(code: str) -> ResponseReturnValue:
    """The confirmation of the right to bid (竞买资格确认书), to be printed."""
    lot, bidder = _lot(code), me()
    paddle = applying.paddle_of(lot.id, bidder.id)
    if paddle is None or not paddle.number:
        raise NotFound
    return render_template("auction/letter.html", lot=lot, bidder=bidder, paddle=paddle, kept=applying.content(paddle), crumbs=[
        {"text": _("我的竞买"), "href": "/me/sales"}, {"text": lot.code, "href": f"/me/sales/{lot.code}"}, {"text": _("竞买资格确认书")}])

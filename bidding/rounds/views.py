"""A supplier's pages of later rounds: what is asked, by when, and the sealing of its offer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from bidding.rounds import service
from bidding.rounds.models import OfferRound
from bidding.sealed import guests, pages, receipts
from bidding.sealed.bidder import me
from bidding.trustees import service as trustees
from trading.accounts.permissions import Permission, allow
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.projects import service as projects
from trading.projects.models import Lot

bp = Blueprint("rounds", __name__)
bp.record(addresses.register)


def _own(code: str, number: int) -> tuple[Lot, OfferRound]:
    """A round that the viewer's organisation was asked in; to everybody else it does not exist."""
    lot = projects.lot_by_code(code)
    found = service.round_of(lot.id, number)
    if me().id not in guests.are_admitted(found.session):
        raise NotFound
    return lot, found


def _place(lot: Lot, found: OfferRound) -> str:
    return f"/me/lots/{lot.code}/offers/{found.number}"


@bp.get("/me/lots/<code>/offers")
@allow(Permission.BID)
def offers(code: str) -> ResponseReturnValue:
    lot, bidder = projects.lot_by_code(code), me()
    rows = [_row(lot, found) for found in reversed(service.asked_for(bidder.id, lot.id))]
    if not rows:
        raise NotFound
    return render_template("rounds/offers.html", lot=lot, rows=rows, crumbs=[
        {"text": _("我的标段"), "href": "/me/lots"}, {"text": lot.code, "href": f"/me/lots/{lot.code}"}, {"text": _("后续轮次报价")}])


def _row(lot: Lot, found: OfferRound) -> dict[str, Any]:
    sealing = trustees.get_session(found.session)
    return {"round": found, "deadline": sealing.deadline, "is_open": sealing.close_seq is None and now() < sealing.deadline,
            "seal_href": f"{_place(lot, found)}/seal", "history": pages.history(me(), sealing, _place(lot, found))}


@bp.get("/me/lots/<code>/offers/<number:number>")
@allow(Permission.BID)
def offer(code: str, number: int) -> ResponseReturnValue:
    """Where the wizard leads back to; the list shows everything."""
    _own(code, number)
    return offers(code)


@bp.get("/me/lots/<code>/offers/<number:number>/seal")
@allow(Permission.BID)
def seal(code: str, number: int) -> ResponseReturnValue:
    lot, found = _own(code, number)
    return render_template("sealed/wizard.html", csrf=generate_csrf(), **pages.wizard_page(
        lot, me(), now(), trustees.get_session(found.session), _place(lot, found)))


@bp.get("/me/lots/<code>/offers/<number:number>/receipts/<number:version>.json")
@allow(Permission.BID)
def receipt(code: str, number: int, version: int) -> ResponseReturnValue:
    _lot, found = _own(code, number)
    answer = jsonify(receipts.of_version(found.session, version, bidder_code=me().code).document())
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-offer-{number}-{version}.json"'
    return answer

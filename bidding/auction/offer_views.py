"""A bidder's sealed offers in a live sale: the one that decides a tie at the ceiling, and those of each round."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from bidding.auction import rooms, rules, sealed_rounds, tie_pages, ties
from bidding.auction.rooms import Room
from bidding.sealed import guests, pages, receipts
from bidding.sealed.bidder import me
from bidding.trustees.models import SealingSession
from trading.accounts.permissions import Permission, allow
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.base.money import yuan
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.sales import words as sale_words
from trading.sales.modes import After, Phase

bp = Blueprint("offers", __name__)
bp.record(addresses.register)


def _own(code: str) -> tuple[Lot, Room, SealingSession]:
    """The newest session in which the viewer's organisation was asked; to everybody else it does not exist."""
    lot = projects.lot_by_code(code)
    room = rooms.read(lot.id)
    found = ties.session(lot.id)
    if found is None or not ties.may_offer(lot.id, me().id):
        raise NotFound
    return lot, room, found


def _said(lot: Lot, room: Room, found: SealingSession) -> dict[str, Any]:
    """What the offer is called, how it is judged, and the least that counts."""
    if Phase.ROUND in room.terms.mode.phases:
        number = int(found.envelope.partition("-")[2])
        return {"heading": _("第 %(n)s 轮密封报价", n=number), "text": sale_words.how(room.terms.mode), "least": rules.least(room.standing),
                "is_now": number == room.standing.round and room.standing.phase is Phase.ROUND, "back": f"/auctions/{lot.code}", "back_text": _("竞价大厅")}
    return {"heading": _("我的一次报价"), "text": tie_pages.explained(lot, After.SINGLE), "least": room.terms.ceiling_fen or 0, "is_now": True,
            "back": f"/auctions/{lot.code}/tie", "back_text": _("最高限价并列")}


@bp.get("/me/sales/<code>/offer")
@allow(Permission.BID)
def offer(code: str) -> ResponseReturnValue:
    lot, room, found = _own(code)
    until, is_closed, _asked = guests.standing(found.id, me().id)
    place = f"/me/sales/{lot.code}/offer"
    earlier = [{"number": number, "history": rows} for number, sealing in reversed(_rounds(lot, found)[:-1])
               if (rows := pages.history(me(), sealing, f"{place}/{number}"))]
    said = _said(lot, room, found)
    return render_template("auction/offer.html", lot=lot, deadline=until, is_open=said["is_now"] and not is_closed and now() < until,
                           history=pages.history(me(), found, place), earlier=earlier, **said, crumbs=[
                               {"text": _("我的竞买"), "href": "/me/sales"}, {"text": lot.code, "href": f"/me/sales/{lot.code}"}, {"text": said["heading"]}])


def _rounds(lot: Lot, newest: SealingSession) -> list[tuple[int, SealingSession]]:
    """The sessions up to the newest in which the viewer's organisation was asked, by number."""
    found = ((number, sealed_rounds.session(lot.id, number)) for number in range(1, int(newest.envelope.partition("-")[2]) + 1))
    return [(number, sealing) for number, sealing in found if sealing is not None and guests.alias(sealing.id, me().id) is not None]


@bp.get("/me/sales/<code>/offer/seal")
@allow(Permission.BID)
def seal(code: str) -> ResponseReturnValue:
    lot, room, found = _own(code)
    said = _said(lot, room, found)
    return render_template("sealed/wizard.html", csrf=generate_csrf(), **pages.wizard_page(
        lot, me(), now(), found, f"/me/sales/{lot.code}/offer", heading=_("封存%(what)s", what=said["heading"]), least=_("不低于 %(least)s 元", least=yuan(said["least"]))))


@bp.get("/me/sales/<code>/offer/receipts/<number:version>.json")
@bp.get("/me/sales/<code>/offer/<number:round_number>/receipts/<number:version>.json")
@allow(Permission.BID)
def receipt(code: str, version: int, round_number: int | None = None) -> ResponseReturnValue:
    """The receipt of one's own offer, of the newest session or of an earlier round."""
    lot, _room, newest = _own(code)
    found = newest if round_number is None else dict(_rounds(lot, newest)).get(round_number)
    if found is None:
        raise NotFound
    answer = jsonify(receipts.of_version(found.id, version, bidder_code=me().code).document())
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-{found.envelope}-{version}.json"'
    return answer

"""Pages of a tie at the ceiling: what decides (everybody), the committee's decision (seller, supervisor)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from bidding.auction import quality, rooms, tie_pages, ties
from bidding.auction.rooms import Room
from trading.accounts.permissions import Permission, allow, public
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.language import refusal_text
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.sales.modes import After

bp = Blueprint("ties", __name__)
bp.record(addresses.register)


def _room(code: str, *only: After) -> tuple[Lot, Room]:
    """A live lot whose notice names what decides at the ceiling; any other has no such page."""
    lot = projects.lot_by_code(code)
    room = rooms.read(lot.id)
    if not tie_pages.may_tie(room) or only and room.terms.after_ceiling not in only:
        raise NotFound
    return lot, room


@bp.get("/auctions/<code>/tie")
@public
def tie(code: str) -> ResponseReturnValue:
    """What decides when several agree to the ceiling, and how far that is."""
    lot, room = _room(code)
    mine = current_user.is_authenticated and current_user.may(Permission.BID) and bool(current_user.organisation_id) and ties.may_offer(lot.id, current_user.organisation_id)
    return render_template("auction/tie.html", offer_href=f"/me/sales/{lot.code}/offer" if mine else "", **tie_pages.page(lot, room, now()))


# --- the committee's decision -----------------------------------------------------------------------------------


def _sellers(code: str) -> tuple[Lot, Room]:
    lot, room = _room(code, After.QUALITY)
    if current_user.organisation_id is None or not projects.is_mine(lot.project, current_user.organisation_id):
        raise NotFound
    return lot, room


def _quality_page(lot: Lot, room: Room, *, is_seller: bool, problem: str = "", typed: dict[str, str] | None = None, status: int = 200) -> ResponseReturnValue:
    base = f"/projects/lots/{lot.code}/tie" if is_seller else f"/supervise/{lot.code}/tie"
    waiting = quality.waiting(lot.id)
    values: dict[str, Any] = {
        "lot": lot, "base": base, "is_seller": is_seller, "problem": problem, "typed": typed or {}, "waiting": waiting, "rows": tie_pages.decisions(lot),
        "agreed": list(room.standing.agreed), "may_record": is_seller and tie_pages.is_tied(room) and waiting is None,
        "may_confirm": not is_seller and tie_pages.is_tied(room) and waiting is not None,
        "text": tie_pages.explained(lot, After.QUALITY), "is_tied": tie_pages.is_tied(room), "accept": ",".join(f".{ending}" for ending in quality.ENDINGS),
        "crumbs": [{"text": lot.code, "href": f"/auctions/{lot.code}"}, {"text": _("竞品质评定")}]}
    return render_template("auction/quality.html", **values), status


@bp.get("/projects/lots/<code>/tie")
@allow(Permission.RESULT_WRITE)
def sellers(code: str) -> ResponseReturnValue:
    return _quality_page(*_sellers(code), is_seller=True)


@bp.post("/projects/lots/<code>/tie")
@allow(Permission.RESULT_WRITE)
def record(code: str) -> ResponseReturnValue:
    """The seller records whom its committee chose, with the minutes."""
    lot, room = _sellers(code)
    typed = {name: request.form.get(name, "") for name in ("paddle", "reason")}
    upload = request.files.get("minutes")
    data = upload.stream.read(quality.LARGEST_MINUTES + 1) if upload and upload.filename else b""
    ending = (upload.filename or "").rpartition(".")[2] if upload else ""
    try:
        quality.record(lot.id, typed["paddle"][:8], typed["reason"], data, ending, account_id=current_user.account.id, actor=current_user.actor, clock=now)
    except Refused as refusal:
        return _quality_page(lot, room, is_seller=True, problem=refusal_text(refusal), typed=typed, status=422)
    flash(_("评定结果已记录，等待监督人员确认。"), "success")
    return redirect(url_for("ties.sellers", code=code))


@bp.get("/supervise/<code>/tie")
@allow(Permission.TIE_CONFIRM)
def supervisors(code: str) -> ResponseReturnValue:
    return _quality_page(*_room(code, After.QUALITY), is_seller=False)


def _decision(lot: Lot, decision_id: int) -> int:
    if decision_id not in {item.id for item in quality.decisions(lot.id)}:
        raise NotFound
    return decision_id


@bp.post("/supervise/<code>/tie/<number:decision_id>/confirm")
@allow(Permission.TIE_CONFIRM)
def confirm(code: str, decision_id: int) -> ResponseReturnValue:
    lot, _found = _room(code, After.QUALITY)
    quality.confirm(_decision(lot, decision_id), account_id=current_user.account.id, actor=current_user.actor, clock=now)
    flash(_("评定结果已确认，竞价结束。"), "success")
    return redirect(url_for("ties.supervisors", code=code))


@bp.post("/supervise/<code>/tie/<number:decision_id>/send-back")
@allow(Permission.TIE_CONFIRM)
def send_back(code: str, decision_id: int) -> ResponseReturnValue:
    lot, room = _room(code, After.QUALITY)
    try:
        quality.send_back(_decision(lot, decision_id), request.form.get("reason", ""), account_id=current_user.account.id, actor=current_user.actor, clock=now)
    except Refused as refusal:
        return _quality_page(lot, room, is_seller=False, problem=refusal_text(refusal), status=422)
    flash(_("评定结果已退回，出让人可以重新记录。"), "success")
    return redirect(url_for("ties.supervisors", code=code))

"""The evaluation room: answer the call, declare, review, score alone, sign."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from bidding.opening.models import OpenedBid
from experts.draw import service as draws
from experts.draw.models import Draw
from experts.evaluation import bid_files, rules, service, talks
from experts.evaluation.models import Evaluation, Member
from trading.accounts.permissions import Permission, allow
from trading.base import forms
from trading.base.clock import now
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

bp = Blueprint("evaluation", __name__)


@bp.get("/eval")
@allow(Permission.OWN_ACCOUNT)
def sessions() -> ResponseReturnValue:
    """Calls that wait for an answer, and evaluations this person sits in."""
    account = current_user.account.id
    calls = [{"draw": draw, "seat": seat} for draw in db.session.scalars(select(Draw).where(Draw.drawn_at.is_not(None)))
             if (seat := draws.seat_of(draw.id, account)) and not seat.answer]
    rooms = []
    for evaluation in db.session.scalars(select(Evaluation).order_by(Evaluation.started_at.desc()).limit(200)):
        try:
            member = service.member_of(evaluation.lot_id, account)
        except NotFound:
            continue
        rooms.append({"lot": projects.get_lot(evaluation.lot_id), "member": member, "evaluation": evaluation})
    return render_template("evaluation/sessions.html", calls=calls, rooms=rooms)


def _room(code: str) -> tuple[Lot, Evaluation, Member]:
    lot = projects.lot_by_code(code)
    evaluation = service.evaluation_of(lot.id)
    if evaluation is None:
        raise NotFound
    return lot, evaluation, service.member_of(lot.id, current_user.account.id)


@bp.get("/eval/<code>")
@allow(Permission.OWN_ACCOUNT)
def room(code: str) -> ResponseReturnValue:
    lot, evaluation, member = _room(code)
    return render_template("evaluation/room.html", **_page(lot, evaluation, member))


def _page(lot: Lot, evaluation: Evaluation, member: Member) -> dict[str, Any]:
    method = rules.read_method(lot.method)
    names = {item["id"]: item.get("name", item["id"]) for item in lot.method.get("factors", ())}
    criteria = {"form": _("形式评审"), "qualification": _("资格评审"), "response": _("响应性评审")}
    everybody = service.members(lot.id)
    if not member.declared_at:
        stage = "declare"
    elif not all(item.declared_at for item in everybody):
        stage = "wait"
    elif not member.reviewed_at:
        stage = "review"
    elif evaluation.reviewed_at is None:
        stage = "wait"
    elif service.has_further_rounds(lot) and evaluation.offers_at is None:
        stage = "talk"
    elif method.is_scored and not member.scored_at:
        stage = "score"
    elif evaluation.report is None:
        stage = "prices" if service.is_judged(lot) else "wait"
    else:
        stage = "sign" if not member.signed_at else "done"
    bids = service.bids_to_judge(lot.id)
    steps = [("declare", _("回避声明")), ("review", _("初步评审")), ("sign", _("签署报告"))]
    if method.is_scored:
        steps.insert(2, ("score", _("详细评分")))
    if service.has_further_rounds(lot):
        steps.insert(2, ("talk", _("谈判（磋商）与最后报价")))
    if service.has_two_envelopes(lot):
        steps.insert(-1, ("prices", _("开启报价信封")))
    order = [key for key, _name in steps]
    at = order.index(stage) if stage in order else (len(order) if stage == "done" else order.index(next(key for key in ("score", "sign") if key in order) if evaluation.reviewed_at else "review"))
    counted = service.counted_offers(lot.id) if evaluation.reviewed_at else {}
    by_digest = {bid.digest: bid.organisation.name for bid in bids}
    return {"lot": lot, "member": member, "evaluation": evaluation, "stage": stage, "bids": bids, "names": by_digest,
            "criteria": [(key, criteria.get(key, key)) for key in method.criteria], "method": method,
            "talks": talks.page(lot) if stage == "talk" else None,
            "prices": {bid.digest: offer.price_fen for bid in bids for offer in [counted.get(bid.digest)] if offer},
            "offers": {digest: offer for digest, offer in counted.items() if offer.digest != digest},
            "factors": [(factor, names.get(factor.id, factor.id)) for factor in method.factors],
            "accepted": service.accepted_bids(lot.id) if evaluation.reviewed_at else [],
            "done": sum(bool(item.declared_at) for item in everybody), "members": len(everybody),
            "steps": [{"text": name, "state": "done" if n < at else "current" if n == at else "todo", "note": ""}
                      for n, (_key, name) in enumerate(steps)],
            "crumbs": [{"text": _("评标"), "href": "/eval"}, {"text": lot.code}]}


@bp.post("/eval/<code>/declare")
@allow(Permission.OWN_ACCOUNT)
def declare(code: str) -> ResponseReturnValue:
    lot, _evaluation, _member = _room(code)
    conflict = request.form.get("reason", "") if request.form.get("conflict") == "yes" else ""
    if request.form.get("conflict") not in ("yes", "no") or (request.form.get("conflict") == "yes" and not conflict.strip()):
        raise Refused("evaluation.declaration_unclear")
    service.declare(lot.id, current_user.account.id, conflict=conflict, at=now())
    return redirect("/eval" if conflict else url_for("evaluation.room", code=code))


@bp.post("/eval/<code>/review")
@allow(Permission.OWN_ACCOUNT)
def submit_review(code: str) -> ResponseReturnValue:
    lot, _evaluation, _member = _room(code)
    method = rules.read_method(lot.method)
    verdicts = {}
    for bid in service.bids_to_judge(lot.id):
        for criterion in method.criteria:
            field = f"{bid.digest[:16]}-{criterion}"
            answer = request.form.get(field)
            if answer not in ("pass", "fail"):
                raise Refused("evaluation.verdict_missing", bid=bid.organisation.name, criterion=criterion)
            verdicts[bid.digest, criterion] = (answer == "pass", request.form.get(f"{field}-reason", "")[:500])
    service.submit_review(lot.id, current_user.account.id, verdicts, at=now())
    return redirect(url_for("evaluation.room", code=code))


@bp.post("/eval/<code>/talks")
@allow(Permission.OWN_ACCOUNT)
def talk(code: str) -> ResponseReturnValue:
    """Keep what the group talked about with one supplier."""
    lot, _evaluation, _member = _room(code)
    service.record_talk(lot.id, current_user.account.id, forms.number(request.form.get("supplier", "")),
                        request.form.get("text", ""), at=now())
    return redirect(url_for("evaluation.room", code=code))


@bp.post("/eval/<code>/offers")
@allow(Permission.OWN_ACCOUNT)
def ask_for_offers(code: str) -> ResponseReturnValue:
    """Ask all suppliers that passed for a sealed offer by a deadline."""
    lot, _evaluation, _member = _room(code)
    at = now()
    service.ask_for_offers(lot.id, current_user.account.id, talks.closes(request.form, at),
                           is_final=request.form.get("final") == "yes", changes=request.form.get("changes", ""), at=at)
    return redirect(url_for("evaluation.room", code=code))


@bp.post("/eval/<code>/scores")
@allow(Permission.OWN_ACCOUNT)
def submit_scores(code: str) -> ResponseReturnValue:
    lot, _evaluation, _member = _room(code)
    method = rules.read_method(lot.method)
    marks = {}
    for bid in service.accepted_bids(lot.id):
        for factor in method.factors:
            field = f"{bid.digest[:16]}-{factor.id}"
            marks[bid.digest, factor.id] = (request.form.get(field, "").strip(), request.form.get(f"{field}-reason", "")[:500])
    service.submit_scores(lot.id, current_user.account.id, marks, at=now())
    return redirect(url_for("evaluation.room", code=code))


@bp.post("/eval/<code>/sign")
@allow(Permission.OWN_ACCOUNT)
def sign(code: str) -> ResponseReturnValue:
    lot, _evaluation, _member = _room(code)
    service.sign(lot.id, current_user.account.id, dissent=request.form.get("dissent", "")[:2000], at=now())
    return redirect(url_for("evaluation.room", code=code))


@bp.get("/eval/<code>/bids/<digest>/<number:number>")
@allow(Permission.OWN_ACCOUNT)
def bid_file(code: str, digest: str, number: int) -> ResponseReturnValue:
    """One file of one opened bid, for committee members who have declared."""
    lot, _evaluation, member = _room(code)
    bid = db.session.get(OpenedBid, digest)
    if bid is None or bid.lot_id != lot.id or not member.declared_at:
        raise NotFound
    return bid_files.download(bid, number)


@bp.post("/hall/<code>/evaluation")
@allow(Permission.HALL_HOST)
def start(code: str) -> ResponseReturnValue:
    """The host opens the evaluation room once the bids are open and the seats are filled."""
    lot = projects.lot_by_code(code)
    if lot.stage != Stage.OPENED:
        raise Refused("evaluation.not_opened")
    service.start(lot.id, actor=current_user.actor, at=now())
    return redirect(url_for("opening.hall", code=code))

"""Pages of whoever sells or buys where no committee decides: check who is qualified, agree with one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from bidding.opening import service as opening
from bidding.rounds import service as rounds
from experts.draw import lottery
from experts.draw import service as draws
from experts.evaluation import bid_files, rules, selection, service, talks
from trading.accounts.permissions import Permission, allow
from trading.base import addresses, forms
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.projects import service as projects
from trading.projects import words
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure

bp = Blueprint("selection", __name__)
bp.record(addresses.register)


def _own(code: str) -> tuple[Lot, rules.Method]:
    """An own lot that no committee judges and whose bids are open; to everybody else it does not exist."""
    lot = projects.lot_by_code(code)
    method = rules.read_method(lot.method)
    found = opening.opening_of(lot.id)
    if not projects.is_mine(lot.project, current_user.organisation_id) or method.is_judged or found is None or not found.opened_at:
        raise NotFound
    return lot, method


@bp.get("/select/<code>")
@allow(Permission.RESULT_WRITE)
def show(code: str) -> ResponseReturnValue:
    lot, method = _own(code)
    return render_template("evaluation/select.html", **_page(lot, method))


def _page(lot: Lot, method: rules.Method) -> dict[str, Any]:
    evaluation = service.evaluation_of(lot.id)
    bids = opening.opened_bids(lot.id)
    draw = draws.of_lot(lot.id, lottery.WINNER)
    rejected = {item["digest"]: item["failures"][0]["reasons"][0] for item in evaluation.rejected} if evaluation else {}
    return {"lot": lot, "method": method, "evaluation": evaluation, "bids": bids, "draw": draw, "rejected": rejected,
            "names": {bid.digest: bid.organisation.name for bid in bids}, "method_name": words.method(method.kind),
            "is_open": lot.stage == Stage.OPENED, "is_sale": method.kind.endswith("highest"),
            "talks": talks.page(lot) if procedure(lot.project.procedure).rounds == "negotiated" else None,
            "talk_href": f"/select/{lot.code}/talks", "ask_href": f"/select/{lot.code}/offers",
            "crumbs": [{"text": _("项目"), "href": "/projects"}, {"text": lot.label, "href": f"/projects/{lot.project_id}"},
                       {"text": _("资格确认与选定")}]}


@bp.post("/select/<code>/qualify")
@allow(Permission.RESULT_WRITE)
def qualify(code: str) -> ResponseReturnValue:
    lot, _method = _own(code)
    verdicts = {}
    for bid in service.bids_to_judge(lot.id):
        field = bid.digest[:16]
        answer = request.form.get(field)
        if answer in ("pass", "fail"):
            verdicts[bid.digest] = (answer == "pass", request.form.get(f"{field}-reason", ""))
    selection.qualify(lot.id, verdicts, actor=current_user.actor, at=now())
    flash(_("资格确认已提交。"), "success")
    return redirect(url_for("selection.show", code=code))


@bp.post("/select/<code>/talks")
@allow(Permission.RESULT_WRITE)
def talk(code: str) -> ResponseReturnValue:
    lot, _method = _own(code)
    rounds.talk(lot.id, forms.number(request.form.get("supplier", "")), request.form.get("text", ""), actor=current_user.actor, at=now())
    return redirect(url_for("selection.show", code=code))


@bp.post("/select/<code>/offers")
@allow(Permission.RESULT_WRITE)
def ask(code: str) -> ResponseReturnValue:
    lot, _method = _own(code)
    at = now()
    rounds.ask(lot.id, [bid.organisation_id for bid in service.bids_to_judge(lot.id)], talks.closes(request.form, at),
               is_final=request.form.get("final") == "yes", changes=request.form.get("changes", ""),
               actor=current_user.actor, at=at)
    return redirect(url_for("selection.show", code=code))


@bp.post("/select/<code>/agree")
@allow(Permission.RESULT_WRITE)
def agree(code: str) -> ResponseReturnValue:
    lot, _method = _own(code)
    selection.agree(lot.id, request.form.get("record", ""), request.form.get("professionals", ""), actor=current_user.actor, at=now())
    flash(_("协商结果已形成报告。"), "success")
    return redirect(url_for("selection.show", code=code))


@bp.get("/select/<code>/bids/<digest>/<number:number>")
@allow(Permission.RESULT_WRITE)
def bid_file(code: str, digest: str, number: int) -> ResponseReturnValue:
    """One file of one opened bid, for whoever must judge the qualification."""
    lot, _method = _own(code)
    bid = next((bid for bid in service.bids_to_judge(lot.id) if bid.digest == digest), None)
    if bid is None:
        raise NotFound
    return bid_files.download(bid, number)

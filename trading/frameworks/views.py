"""The purchaser's page of a framework: publish who is admitted, record agreements, call purchases off."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from bidding.rounds import service as rounds
from experts.evaluation import talks
from trading.accounts.permissions import Permission, allow
from trading.base import addresses, forms
from trading.base.clock import BEIJING, now
from trading.base.errors import NotFound
from trading.frameworks import joining, rules, service, words
from trading.frameworks.models import CallOff
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure

bp = Blueprint("frameworks", __name__)
bp.record(addresses.register)


def _own(code: str) -> Lot:
    """An own framework; to everybody else it does not exist."""
    lot = projects.lot_by_code(code)
    if not projects.is_mine(lot.project, current_user.organisation_id) or not procedure(lot.project.procedure).is_framework:
        raise NotFound
    return lot


@bp.get("/frameworks/<code>")
@allow(Permission.RESULT_WRITE)
def show(code: str) -> ResponseReturnValue:
    lot = _own(code)
    today = now().astimezone(BEIJING).date()
    way = rules.Way(str(lot.method.get("second_stage", rules.Way.DIRECT)))
    return render_template(
        "frameworks/show.html", lot=lot, candidates=projects.candidates(lot.id), places=service.places(lot.id), today=today,
        bound=service.in_force(lot.id, today), calls=[_call(lot, made) for made in reversed(service.calls(lot.id))], way=way,
        way_name=words.way(way), may_admit=lot.stage == Stage.EVALUATED, may_sign=lot.stage in (Stage.AWARDED, Stage.CONTRACTED),
        may_call=lot.stage == Stage.CONTRACTED, is_open=joining.is_open(lot), applications=joining.applications(lot.id), crumbs=[
            {"text": _("我的项目"), "href": "/projects"}, {"text": lot.project.name, "href": f"/projects/{lot.project_id}"},
            {"text": _("框架协议")}])


def _call(lot: Lot, made: CallOff) -> dict[str, Any]:
    closes = rounds.deadline(rounds.round_of(lot.id, made.round_number)) if made.round_number else None
    state = ("done", _("已成交")) if made.organisation_id else ("failed", _failure(lot, made)) if made.chosen_at else ("doing", _("报价中"))
    return {"call": made, "way": words.way(rules.Way(made.way)), "closes": closes, "state": {"kind": state[0], "text": state[1]}}


def _failure(lot: Lot, made: CallOff) -> str:
    is_void = made.round_number is not None and rounds.is_void(rounds.round_of(lot.id, made.round_number))
    return _("有报价因平台或密钥持有方的原因未能打开，请重新发起") if is_void else _("无有效报价")


@bp.post("/frameworks/<code>/applications/<number:application_id>")
@allow(Permission.RESULT_WRITE)
def decide(code: str, application_id: int) -> ResponseReturnValue:
    lot = _own(code)
    if application_id not in {item.id for item in joining.applications(lot.id)} or request.form.get("answer") not in ("accept", "refuse"):
        raise NotFound
    joining.decide(application_id, accepted=request.form["answer"] == "accept", reason=request.form.get("reason", ""),
                   actor=current_user.actor, at=now())
    flash(_("已答复申请。"), "success")
    return redirect(url_for("frameworks.show", code=code))


@bp.get("/me/frameworks/<code>")
@allow(Permission.BID)
def joining_page(code: str) -> ResponseReturnValue:
    """A supplier's page of an open framework: the conditions, its applications, its place."""
    lot, company = _joinable(code), _company()
    mine = [place for place in service.places(lot.id) if place.organisation_id == company]
    return render_template("frameworks/join.html", lot=lot, place=mine[0] if mine else None, applications=joining.own(lot.id, company), crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": lot.code, "href": f"/p/{lot.project.code}"}, {"text": _("加入框架协议")}])


@bp.post("/me/frameworks/<code>")
@allow(Permission.BID)
def apply(code: str) -> ResponseReturnValue:
    joining.apply(_joinable(code).id, request.form.get("statement", ""), organisation_id=_company(), at=now())
    flash(_("加入申请已提交。"), "success")
    return redirect(url_for("frameworks.joining_page", code=code))


def _joinable(code: str) -> Lot:
    lot = projects.lot_by_code(code)
    if not joining.is_open(lot) or lot.stage not in (Stage.CONTRACTED, Stage.ARCHIVED):
        raise NotFound
    return lot


def _company() -> int:
    if current_user.organisation_id is None:
        raise NotFound
    return int(current_user.organisation_id)


@bp.post("/frameworks/<code>/admit")
@allow(Permission.RESULT_WRITE)
def admit(code: str) -> ResponseReturnValue:
    service.admit(_own(code).id, actor=current_user.actor, at=now())
    flash(_("入围结果已公布，所有响应供应商同时收到通知。"), "success")
    return redirect(url_for("frameworks.show", code=code))


@bp.post("/frameworks/<code>/agreements")
@allow(Permission.RESULT_WRITE)
def sign(code: str) -> ResponseReturnValue:
    form = request.form
    service.sign(_own(code).id, forms.number(form.get("supplier", "")), form.get("number", ""), forms.day(form.get("signed_on", "")),
                 forms.day(form.get("ends_on", "")), actor=current_user.actor, at=now())
    flash(_("框架协议已登记。"), "success")
    return redirect(url_for("frameworks.show", code=code))


@bp.post("/frameworks/<code>/leave")
@allow(Permission.RESULT_WRITE)
def leave(code: str) -> ResponseReturnValue:
    service.leave(_own(code).id, forms.number(request.form.get("supplier", "")), request.form.get("reason", ""),
                  actor=current_user.actor, at=now())
    flash(_("已登记退出。"), "success")
    return redirect(url_for("frameworks.show", code=code))


@bp.post("/frameworks/<code>/calls")
@allow(Permission.RESULT_WRITE)
def call_off(code: str) -> ResponseReturnValue:
    form, at = request.form, now()
    supplier = form.get("supplier", "").strip()
    service.call_off(_own(code).id, form.get("wanted", ""), organisation_id=forms.number(supplier) if supplier else None,
                     reason=form.get("reason", ""), closes=talks.closes(form, at) if form.get("minutes", "").strip() else None,
                     actor=current_user.actor, at=at)
    flash(_("已发起采购。"), "success")
    return redirect(url_for("frameworks.show", code=code))

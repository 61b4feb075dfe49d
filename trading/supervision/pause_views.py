"""Pages on which two supervisors pause a lot and let it go on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission, allow
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.projects import service as projects
from trading.projects import words
from trading.projects.models import Lot
from trading.projects.rules import MAY_PAUSE
from trading.supervision import service
from trading.supervision.forms import PauseForm
from trading.supervision.models import Pause

bp = Blueprint("pauses", __name__, url_prefix="/supervise/<code>/pauses")
bp.record(addresses.register)


def _page(lot: Lot, form: PauseForm | None = None, status: int = 200) -> ResponseReturnValue:
    found = service.history(lot.id)
    ordered = next((pause for pause in found if pause.cause == service.ORDER and not pause.ended_at), None)
    return render_template(
        "supervision/pauses.html", lot=lot, stage=words.stage_state(lot.stage), form=form or PauseForm(formdata=None), ordered=ordered,
        rows=[_row(pause) for pause in found], may_ask=ordered is None and lot.stage in MAY_PAUSE, me=current_user.account.id,
        crumbs=[{"text": _("监督"), "href": "/supervise"}, {"text": lot.code, "href": f"/supervise/{lot.code}"},
                {"text": _("暂停与恢复")}]), status


def _row(pause: Pause) -> dict[str, object]:
    names = {"order": _("监督部门决定"), "objection": _("异议未答复"), "question": _("质疑未答复"), "complaint": _("投诉处理")}
    if pause.ended_at:
        state = {"kind": "done", "text": _("已结束") if pause.began_at else _("未予确认")}
    else:
        state = {"kind": "warn", "text": _("暂停中")} if pause.began_at else {"kind": "todo", "text": _("待确认")}
    return {"pause": pause, "cause": names.get(pause.cause, pause.cause), "state": state,
            "people": [accounts.get(number).name for number in (pause.asked_by, pause.confirmed_by) if number]}


def _back(lot: Lot) -> ResponseReturnValue:
    return redirect(url_for("pauses.show", code=lot.code))


def _pause(lot: Lot, pause_id: int) -> int:
    if pause_id not in {pause.id for pause in service.history(lot.id)}:
        raise NotFound
    return pause_id


@bp.get("")
@allow(Permission.PAUSE)
def show(code: str) -> ResponseReturnValue:
    return _page(projects.lot_by_code(code))


@bp.post("")
@allow(Permission.PAUSE)
def ask(code: str) -> ResponseReturnValue:
    lot, form = projects.lot_by_code(code), PauseForm()
    if form.validate_on_submit():
        try:
            service.ask_pause(lot.id, form.reason.data, account_id=current_user.account.id, actor=current_user.actor, at=now())
            flash(_("已提出暂停，等待另一位监督人员确认。"), "success")
            return _back(lot)
        except Refused as refusal:
            fields.tell(form, refusal, form.reason)
    return _page(lot, form, 422)


@bp.post("/<number:pause_id>/confirm")
@allow(Permission.PAUSE)
def confirm(code: str, pause_id: int) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    service.confirm_pause(_pause(lot, pause_id), account_id=current_user.account.id, actor=current_user.actor, at=now())
    flash(_("暂停已生效并公告。"), "success")
    return _back(lot)


@bp.post("/<number:pause_id>/refuse")
@allow(Permission.PAUSE)
def refuse(code: str, pause_id: int) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    service.refuse_pause(_pause(lot, pause_id), account_id=current_user.account.id, actor=current_user.actor, at=now())
    flash(_("这项暂停未予确认，已撤销。"), "success")
    return _back(lot)


@bp.post("/<number:pause_id>/lift")
@allow(Permission.PAUSE)
def lift(code: str, pause_id: int) -> ResponseReturnValue:
    lot, form = projects.lot_by_code(code), PauseForm()
    if form.validate_on_submit():
        try:
            service.ask_lift(_pause(lot, pause_id), form.reason.data, account_id=current_user.account.id,
                             actor=current_user.actor, at=now())
            flash(_("已提出恢复，等待另一位监督人员确认。"), "success")
            return _back(lot)
        except Refused as refusal:
            fields.tell(form, refusal, form.reason)
    return _page(lot, form, 422)


@bp.post("/<number:pause_id>/confirm-lift")
@allow(Permission.PAUSE)
def confirm_lift(code: str, pause_id: int) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    service.confirm_lift(_pause(lot, pause_id), account_id=current_user.account.id, actor=current_user.actor, at=now())
    flash(_("已恢复，期限按暂停时间顺延。"), "success")
    return _back(lot)

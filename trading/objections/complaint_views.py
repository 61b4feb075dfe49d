"""The supervising body handles complaints, and sees what waits for a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import Refused
from trading.law.periods import day_of
from trading.objections import bans, clocks, complaints, forms, pages, queries, service
from trading.objections.models import Complaint

bp = Blueprint("complaints", __name__, url_prefix="/supervise")
bp.record(addresses.register)


@bp.get("/complaints")
@allow(Permission.COMPLAINT_HANDLE)
def board() -> ResponseReturnValue:
    at = now()
    return render_template(
        "objections/handling.html", rows=[pages.complaint(item, at) for item in queries.complaints(is_open=True)],
        over=[pages.complaint(item, at) for item in queries.complaints(is_open=False)], bans=queries.bans(day_of(at)),
        waiting=[pages.objection(item, at) for item in queries.waiting()],
        crumbs=[{"text": _("监督"), "href": "/supervise"}, {"text": _("投诉案件")}])


def _forms(found: Complaint) -> dict[str, forms.TextForm]:
    """The empty forms of one complaint's page."""
    found_forms: dict[str, forms.TextForm] = {
        "refuse": forms.TextForm.of(_("不予受理的理由"), "refuse", formdata=None),
        "correction": forms.TextForm.of(_("需要补正的内容"), "correction", formdata=None),
        "suspend": forms.TextForm.of(_("暂停的理由"), "suspend", formdata=None),
        "stretch": forms.StretchForm(pages.uncounted(found), formdata=None, prefix="stretch"),
        "decide": forms.DecisionForm(formdata=None, prefix="decide")}
    if _may_ban(found):
        found_forms["ban"] = _ban_form(found, formdata=None)
    return found_forms


def _may_ban(found: Complaint) -> bool:
    return bans.is_open(found, day_of(now()))


def _ban_form(found: Complaint, **kwargs: Any) -> forms.BanForm:
    least, most = clocks.ban_span(on=day_of(now()), region=found.lot.project.region, procedure=found.lot.project.procedure)
    return forms.BanForm(int(least.value), int(most.value), prefix="ban", **kwargs)


def _page(found: Complaint, name: str = "", wrong: forms.TextForm | None = None, status: int = 200) -> ResponseReturnValue:
    shown = _forms(found) | ({name: wrong} if wrong is not None else {})
    return render_template(
        "objections/case.html", row=pages.complaint(found, now()), forms=shown, wrong=wrong, me=current_user.account.id,
        basis=pages.objection(found.objection, now()) if found.objection else None, ban=queries.ban_of(found.id),
        crumbs=[{"text": _("监督"), "href": "/supervise"}, {"text": _("投诉案件"), "href": "/supervise/complaints"}, {"text": found.lot.code}]), status


def _back(complaint_id: int, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("complaints.case", complaint_id=complaint_id))


def _with(complaint_id: int, name: str, form: forms.TextForm, act: Callable[[], object], said: str) -> ResponseReturnValue:
    """Do an act that needs a form; a refusal is shown on it."""
    if form.validate_on_submit():
        try:
            act()
            return _back(complaint_id, said)
        except Refused as refusal:
            fields.tell(form, refusal, form.text)
    return _page(queries.complaint(complaint_id), name, form, 422)


@bp.get("/complaints/<number:complaint_id>")
@allow(Permission.COMPLAINT_HANDLE)
def case(complaint_id: int) -> ResponseReturnValue:
    return _page(queries.complaint(complaint_id))


@bp.post("/complaints/<number:complaint_id>/accept")
@allow(Permission.COMPLAINT_HANDLE)
def accept(complaint_id: int) -> ResponseReturnValue:
    complaints.accept(complaint_id, actor=current_user.actor, at=now())
    return _back(complaint_id, _("已受理，副本已送招标人或者采购人。"))


@bp.post("/complaints/<number:complaint_id>/refuse")
@allow(Permission.COMPLAINT_HANDLE)
def refuse(complaint_id: int) -> ResponseReturnValue:
    form = forms.TextForm.of(_("不予受理的理由"), "refuse")
    return _with(complaint_id, "refuse", form, lambda: complaints.refuse(
        complaint_id, form.text.data, actor=current_user.actor, at=now()), _("已不予受理。"))


@bp.post("/complaints/<number:complaint_id>/correction")
@allow(Permission.COMPLAINT_HANDLE)
def ask_correction(complaint_id: int) -> ResponseReturnValue:
    form = forms.TextForm.of(_("需要补正的内容"), "correction")
    return _with(complaint_id, "correction", form, lambda: complaints.ask_correction(
        complaint_id, form.text.data, actor=current_user.actor, at=now()), _("已要求补正，补正时间不计入期限。"))


@bp.post("/complaints/<number:complaint_id>/stretch")
@allow(Permission.COMPLAINT_HANDLE)
def begin_stretch(complaint_id: int) -> ResponseReturnValue:
    form = forms.StretchForm(pages.uncounted(queries.complaint(complaint_id)), prefix="stretch")
    return _with(complaint_id, "stretch", form, lambda: complaints.begin_stretch(
        complaint_id, form.kind.data, form.text.data, actor=current_user.actor, at=now()), _("期限停止计算。"))


@bp.post("/complaints/<number:complaint_id>/stretch/end")
@allow(Permission.COMPLAINT_HANDLE)
def end_stretch(complaint_id: int) -> ResponseReturnValue:
    complaints.end_stretch(complaint_id, actor=current_user.actor, at=now())
    return _back(complaint_id, _("期限继续计算。"))


@bp.post("/complaints/<number:complaint_id>/suspend")
@allow(Permission.COMPLAINT_HANDLE)
def ask_suspension(complaint_id: int) -> ResponseReturnValue:
    form = forms.TextForm.of(_("暂停的理由"), "suspend")
    return _with(complaint_id, "suspend", form, lambda: complaints.ask_suspension(
        complaint_id, form.text.data, account_id=current_user.account.id, actor=current_user.actor, at=now()),
        _("已提出暂停，等待另一位监督人员确认。"))


@bp.post("/complaints/<number:complaint_id>/suspend/confirm")
@allow(Permission.COMPLAINT_HANDLE)
def confirm_suspension(complaint_id: int) -> ResponseReturnValue:
    complaints.confirm_suspension(complaint_id, account_id=current_user.account.id, actor=current_user.actor, at=now())
    return _back(complaint_id, _("暂停决定已生效。"))


@bp.post("/complaints/<number:complaint_id>/suspend/end")
@allow(Permission.COMPLAINT_HANDLE)
def end_suspension(complaint_id: int) -> ResponseReturnValue:
    complaints.end_suspension(complaint_id, actor=current_user.actor, at=now())
    return _back(complaint_id, _("暂停期限届满，已恢复。"))


@bp.post("/complaints/<number:complaint_id>/decide")
@allow(Permission.COMPLAINT_HANDLE)
def decide(complaint_id: int) -> ResponseReturnValue:
    form = forms.DecisionForm(prefix="decide")

    def act() -> None:
        outcome, measure = form.values()
        complaints.decide(complaint_id, outcome, measure, form.text.data, fabricated=form.fabricated.data, actor=current_user.actor, at=now())

    return _with(complaint_id, "decide", form, act, _("处理决定已作出并公告。"))


@bp.post("/complaints/<number:complaint_id>/ban")
@allow(Permission.COMPLAINT_HANDLE)
def propose_ban(complaint_id: int) -> ResponseReturnValue:
    found = queries.complaint(complaint_id)
    if not _may_ban(found):
        raise Refused("ban.no_ground")
    form = _ban_form(found)
    return _with(complaint_id, "ban", form, lambda: bans.propose(
        complaint_id, form.months.data, form.text.data, account_id=current_user.account.id, actor=current_user.actor, at=now()),
        _("已提出，等待另一位监督人员确认。"))


@bp.post("/bans/<number:ban_id>/order")
@allow(Permission.COMPLAINT_HANDLE)
def order_ban(ban_id: int) -> ResponseReturnValue:
    found = bans.order(ban_id, account_id=current_user.account.id, actor=current_user.actor, at=now())
    return _back(found.complaint_id, _("决定已作出并公告。"))


@bp.post("/bans/<number:ban_id>/drop")
@allow(Permission.COMPLAINT_HANDLE)
def drop_ban(ban_id: int) -> ResponseReturnValue:
    complaint_id = queries.ban(ban_id).complaint_id
    bans.drop(ban_id, actor=current_user.actor, at=now())
    return _back(complaint_id, _("已撤销提议。"))


@bp.post("/objections/<number:objection_id>/affects")
@allow(Permission.COMPLAINT_HANDLE)
def affects(objection_id: int) -> ResponseReturnValue:
    service.mark_affecting(objection_id, actor=current_user.actor, at=now())
    flash(_("已认定可能影响结果。"), "success")
    return redirect(url_for("complaints.board"))

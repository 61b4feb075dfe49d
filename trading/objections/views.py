"""Bidders raise and follow their own; whoever tenders answers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.announcements import queries as notices
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.law.periods import day_of
from trading.law.procedures import Remedy
from trading.objections import complaints, forms, pages, queries, raisers, rules, service
from trading.objections.models import Complaint, Objection
from trading.objections.rules import Form, Phase
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects.models import Lot, Project
from trading.projects.rules import procedure

bp = Blueprint("objections", __name__)
bp.record(addresses.register)


def me() -> Organisation:
    """The signed-in bidder's organisation."""
    if current_user.organisation_id is None:
        raise NotFound
    return parties.get(current_user.organisation_id)


def _lot(code: str) -> Lot:
    lot = projects.lot_by_code(code)
    if not notices.is_announced(lot.project_id):
        raise NotFound
    return lot


def _crumbs(*more: tuple[str, str | None]) -> list[dict[str, str]]:
    items = [{"text": _("我的工作"), "href": "/me"}, {"text": _("异议与投诉"), "href": "/me/objections"}]
    return items + [{"text": text, "href": href} if href else {"text": text} for text, href in more]


# --- what a bidder raises and follows ---------------------------------------------------------------


@bp.get("/me/objections")
@allow(Permission.BID)
def mine() -> ResponseReturnValue:
    at, (found, complained) = now(), queries.own(me())
    return render_template("objections/mine.html", rows=[pages.objection(item, at, own=True) for item in found],
                           complaints=[pages.complaint(item, at, own=True) for item in complained], crumbs=_crumbs()[:1] + [{"text": _("异议与投诉")}])


def _lot_page(lot: Lot, form: forms.RaiseForm, status: int = 200) -> ResponseReturnValue:
    at, (found, complained) = now(), queries.own(me(), lot.id)
    return render_template(
        "objections/lot.html", lot=lot, form=form if form.form.choices else None, at_once=queries.questions_at_once(lot.project_id), may_complain=rules.Subject.PROCEDURE in _complained(lot),
        rows=[pages.objection(item, at, own=True) for item in found], complaints=[pages.complaint(item, at, own=True) for item in complained],
        crumbs=[{"text": _("我的标段"), "href": "/me/lots"}, {"text": lot.code, "href": f"/me/lots/{lot.code}"}, {"text": _("异议与投诉")}]), status


def _complained(lot: Lot) -> tuple[rules.Subject, ...]:
    """What may be complained of without a question before."""
    remedy = procedure(lot.project.procedure).remedy
    return rules.COMPLAINED[remedy] if remedy is Remedy.OBJECTION else ()


def _raise_form(lot: Lot) -> forms.RaiseForm:
    return forms.RaiseForm(rules.forms(lot.project.procedure, on=day_of(now()), region=lot.project.region))


@bp.get("/me/lots/<code>/objections")
@allow(Permission.BID)
def of_lot(code: str) -> ResponseReturnValue:
    lot = _lot(code)
    return _lot_page(lot, _raise_form(lot))


@bp.post("/me/lots/<code>/objections")
@allow(Permission.BID)
def raise_one(code: str) -> ResponseReturnValue:
    lot = _lot(code)
    form = _raise_form(lot)
    if form.validate_on_submit():
        try:
            made = service.file(lot.id, Form(form.form.data), forms.subject_of(form), form.points.data.split("\n"), form.text.data, raiser=me(),
                                actor=current_user.actor, at=now(), since=form.since.data if "since" in form else None)
            flash(_("已提交，逾期提出，由招标人或者采购人决定是否处理。") if made.overdue else _("已提交，答复后在这里显示。"), "success")
            return redirect(url_for("objections.one", objection_id=made.id))
        except Refused as refusal:
            fields.tell(form, refusal, _field(form, refusal))
    return _lot_page(_lot(code), form, 422)


def _field(form: forms.RaiseForm | forms.ComplaintForm, refusal: Refused) -> fields.Field:
    """The field that a refusal is about."""
    if refusal.reason.startswith("objection.since") and "since" in form:
        return form.since
    if refusal.reason in ("objection.points", "complaint.beyond_question"):
        return form.picked if "picked" in form else form.points
    return form.text


def _own_objection(objection_id: int) -> Objection:
    found = queries.objection(objection_id)
    if not raisers.is_mine(found, me()):
        raise NotFound
    return found


@bp.get("/me/objections/<number:objection_id>")
@allow(Permission.BID)
def one(objection_id: int) -> ResponseReturnValue:
    found = _own_objection(objection_id)
    return render_template("objections/own.html", row=pages.objection(found, now(), own=True), crumbs=_crumbs((found.lot.label, None)))


@bp.post("/me/objections/<number:objection_id>/withdraw")
@allow(Permission.BID)
def withdraw(objection_id: int) -> ResponseReturnValue:
    service.withdraw(_own_objection(objection_id).id, actor=current_user.actor, at=now())
    flash(_("已撤回。"), "success")
    return redirect(url_for("objections.one", objection_id=objection_id))


# --- complaints of a bidder ---------------------------------------------------------------------------


def _complain_page(lot: Lot, basis: Objection | None, form: forms.ComplaintForm, status: int = 200) -> ResponseReturnValue:
    return render_template("objections/complain.html", lot=lot, basis=pages.objection(basis, now(), own=True) if basis else None, form=form,
                           crumbs=_crumbs((lot.label, f"/me/lots/{lot.code}/objections"), (_("投诉"), None))), status


def _complain(lot: Lot, basis: Objection | None) -> ResponseReturnValue:
    form = forms.ComplaintForm(lot.project.procedure, basis)
    if form.validate_on_submit():
        try:
            subject = rules.Subject(basis.subject) if basis else forms.subject_of(form)
            made = complaints.file(lot.id, subject, form.said(), form.text.data, raiser=me(), actor=current_user.actor, at=now(),
                                   since=form.since.data if "since" in form else None, objection_id=basis.id if basis else None)
            flash(_("投诉已提交，逾期提出，由监督部门决定是否受理。") if made.overdue else _("投诉已提交。"), "success")
            return redirect(url_for("objections.complaint", complaint_id=made.id))
        except Refused as refusal:
            fields.tell(form, refusal, _field(form, refusal))
    return _complain_page(lot, basis, form, 422)


@bp.get("/me/lots/<code>/complaint")
@allow(Permission.BID)
def new_complaint(code: str) -> ResponseReturnValue:
    lot = _lot(code)
    if not _complained(lot):
        raise NotFound
    return _complain_page(lot, None, forms.ComplaintForm(lot.project.procedure, None))


@bp.post("/me/lots/<code>/complaint")
@allow(Permission.BID)
def complain(code: str) -> ResponseReturnValue:
    lot = _lot(code)
    if not _complained(lot):
        raise NotFound
    return _complain(lot, None)


@bp.get("/me/objections/<number:objection_id>/complaint")
@allow(Permission.BID)
def new_complaint_after(objection_id: int) -> ResponseReturnValue:
    found = _own_objection(objection_id)
    return _complain_page(found.lot, found, forms.ComplaintForm(found.lot.project.procedure, found))


@bp.post("/me/objections/<number:objection_id>/complaint")
@allow(Permission.BID)
def complain_after(objection_id: int) -> ResponseReturnValue:
    found = _own_objection(objection_id)
    return _complain(found.lot, found)


def _own_complaint(complaint_id: int) -> Complaint:
    found = queries.complaint(complaint_id)
    if not raisers.is_mine(found, me()):
        raise NotFound
    return found


def _complaint_page(found: Complaint, form: forms.TextForm | None = None, status: int = 200) -> ResponseReturnValue:
    asked = found.phase is Phase.CORRECTING
    form = form or forms.TextForm.of(_("补正内容"), "correct", formdata=None)
    return render_template("objections/own_complaint.html", row=pages.complaint(found, now(), own=True), form=form if asked else None,
                           crumbs=_crumbs((found.lot.label, None))), status


@bp.get("/me/complaints/<number:complaint_id>")
@allow(Permission.BID)
def complaint(complaint_id: int) -> ResponseReturnValue:
    return _complaint_page(_own_complaint(complaint_id))


@bp.post("/me/complaints/<number:complaint_id>/correct")
@allow(Permission.BID)
def correct(complaint_id: int) -> ResponseReturnValue:
    found = _own_complaint(complaint_id)
    form = forms.TextForm.of(_("补正内容"), "correct")
    if form.validate_on_submit():
        complaints.correct(found.id, form.text.data, actor=current_user.actor, at=now())
        flash(_("补正已提交。"), "success")
        return redirect(url_for("objections.complaint", complaint_id=complaint_id))
    return _complaint_page(found, form, 422)


@bp.post("/me/complaints/<number:complaint_id>/withdraw")
@allow(Permission.BID)
def withdraw_complaint(complaint_id: int) -> ResponseReturnValue:
    complaints.withdraw(_own_complaint(complaint_id).id, actor=current_user.actor, at=now())
    flash(_("已撤回。"), "success")
    return redirect(url_for("objections.complaint", complaint_id=complaint_id))


# --- whoever tenders answers ----------------------------------------------------------------------------


def _project(project_id: int) -> Project:
    project = project_queries.get(project_id)
    if not projects.is_mine(project, current_user.organisation_id):
        raise NotFound
    return project


def _of_project(project: Project, objection_id: int) -> Objection:
    found = queries.objection(objection_id)
    if found.lot_id not in {lot.id for lot in project.lots}:
        raise NotFound
    return found


def _replies_page(project: Project, wrong: forms.ReplyForm | None = None, at_objection: int = 0, status: int = 200, *,
                  clause: forms.ClauseForm | None = None) -> ResponseReturnValue:
    at, lots = now(), [lot.id for lot in project.lots]
    rows = [pages.objection(item, at) for item in queries.of_lots(lots)]
    for row in rows:
        item = row["item"]
        if row["is_open"]:
            fresh = forms.ReplyForm(item.form, formdata=None, prefix=f"o{item.id}")
            row["reply_form"] = wrong if wrong is not None and item.id == at_objection else fresh
    asked = rules.at_once(project.procedure, on=day_of(at), region=project.region) is not None
    return render_template("objections/replies.html", project=project, rows=rows, wrong=wrong or clause, at_once=queries.questions_at_once(project.id),
                           clause_form=(clause or forms.ClauseForm(formdata=None)) if asked else None,
                           complaints=[pages.complaint(item, at) for item in queries.complaints_of_lots(lots)],
                           crumbs=[{"text": _("我的项目"), "href": "/projects"}, {"text": project.name, "href": f"/projects/{project.id}"},
                                   {"text": _("异议与质疑")}]), status


@bp.get("/projects/<number:project_id>/objections")
@allow(Permission.ANSWER)
def of_project(project_id: int) -> ResponseReturnValue:
    return _replies_page(_project(project_id))


@bp.post("/projects/<number:project_id>/objections/<number:objection_id>")
@allow(Permission.ANSWER)
def reply(project_id: int, objection_id: int) -> ResponseReturnValue:
    project = _project(project_id)
    found = _of_project(project, objection_id)
    form = forms.ReplyForm(found.form, prefix=f"o{objection_id}")
    if form.validate_on_submit():
        service.reply(objection_id, form.chosen(), form.text.data, actor=current_user.actor, at=now())
        flash(_("已答复。"), "success")
        return redirect(url_for("objections.of_project", project_id=project_id))
    return _replies_page(project, form, objection_id, 422)


@bp.post("/projects/<number:project_id>/objections/<number:objection_id>/affects")
@allow(Permission.ANSWER)
def affects(project_id: int, objection_id: int) -> ResponseReturnValue:
    project = _project(project_id)
    service.mark_affecting(_of_project(project, objection_id).id, actor=current_user.actor, at=now())
    flash(_("已认定可能影响结果。"), "success")
    return redirect(url_for("objections.of_project", project_id=project_id))


@bp.post("/projects/<number:project_id>/objections/at-once")
@allow(Permission.ANSWER)
def declare_at_once(project_id: int) -> ResponseReturnValue:
    """The document asks for all questions on one step at once; bidders are shown by which clause."""
    project, form = _project(project_id), forms.ClauseForm()
    if form.validate_on_submit():
        try:
            service.declare_at_once(project.id, form.clause.data, actor=current_user.actor, at=now())
            flash(_("已登记，提出质疑的页面会显示这一要求。"), "success")
            return redirect(url_for("objections.of_project", project_id=project_id))
        except Refused as refusal:
            fields.tell(form, refusal, form.clause)
    return _replies_page(_project(project_id), status=422, clause=form)

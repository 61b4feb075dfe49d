"""The registrar accepts registrations or returns them with one complete list."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base import addresses, downloads, fields, installation
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.projects import forms, queries, rules, service, words
from trading.projects.models import Project

bp = Blueprint("registrations", __name__)
bp.record(addresses.register)


@bp.get("/registrations")
@allow(Permission.PROJECT_ACCEPT)
def waiting() -> ResponseReturnValue:
    return render_template("projects/registrations.html", waiting=queries.waiting(), accepted=queries.recently_accepted(),
                           words=words, crumbs=[{"text": _("我的工作"), "href": "/me"}, {"text": _("进场登记受理")}])


def _submitted(project_id: int) -> Project:
    project = queries.get(project_id)
    if project.submitted_at is None:
        raise NotFound
    return project


def _registration(project: Project, form: forms.ReturnForm, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "projects/registration.html", project=project, form=form, accepting=_accepting(), state=words.registration_state(project), words=words,
        may_have_two=rules.can_have_two_envelopes(rules.procedure(project.procedure)),
        is_waiting=project.accepted_at is None and project.returned is None,
        gaps=[words.place(gap) for gap in service.gaps(project)],
        lots=[{"lot": lot, "method": words.method(lot.method.get("kind", "")), "more": words.parts(lot)} for lot in project.lots],
        files=[{"file": item, "kind": words.file_kind(item.kind)} for item in project.files],
        crumbs=[{"text": _("我的工作"), "href": "/me"}, {"text": _("进场登记受理"), "href": "/registrations"},
                {"text": project.name}]), status


@bp.get("/registrations/<number:project_id>")
@allow(Permission.PROJECT_ACCEPT)
def registration(project_id: int) -> ResponseReturnValue:
    project = _submitted(project_id)
    return _registration(project, forms.ReturnForm(project))


@bp.get("/registrations/<number:project_id>/files/<number:file_id>")
@allow(Permission.PROJECT_ACCEPT)
def registration_file(project_id: int, file_id: int) -> ResponseReturnValue:
    item = queries.file_of(_submitted(project_id), file_id)
    return downloads.attachment(item.stored, item.name, item.bytes)


def _accepting() -> forms.AcceptForm:
    return forms.AcceptForm([name for name in installation.settings().suites.split(",") if name])


@bp.post("/registrations/<number:project_id>/accept")
@allow(Permission.PROJECT_ACCEPT)
def accept(project_id: int) -> ResponseReturnValue:
    chosen = _accepting()
    code = service.accept(_submitted(project_id).id, actor=current_user.actor, at=now(), policy=chosen.policy.data or rules.USUAL_POLICY,
                          suite=chosen.suite.data or "", prices_after_h=chosen.hours)
    flash(_("已受理，项目编号 %(code)s。", code=code), "success")
    return redirect(url_for("registrations.waiting"))


@bp.post("/registrations/<number:project_id>/return")
@allow(Permission.PROJECT_ACCEPT)
def send_back(project_id: int) -> ResponseReturnValue:
    project = _submitted(project_id)
    form = forms.ReturnForm(project)
    if form.validate_on_submit():
        try:
            service.send_back(project.id, form.places.data or [], form.note.data, actor=current_user.actor, at=now())
            flash(_("已退回并一次性告知。"), "success")
            return redirect(url_for("registrations.waiting"))
        except Refused as refusal:
            fields.tell(form, refusal, form.note)
    return _registration(_submitted(project_id), form, 422)

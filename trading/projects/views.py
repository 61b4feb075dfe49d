"""Registration: the tenderer's steps, the registrar's acceptance."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, Role, allow
from trading.base import addresses, downloads, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.files import CHUNK, file_name
from trading.law.procedures import Call
from trading.parties import rules as party_rules
from trading.parties import service as parties
from trading.projects import forms, invitations, queries, rules, service, words
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage

bp = Blueprint("projects", __name__)
bp.record(addresses.register)


@bp.url_value_preprocessor
def _let_large_files_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before anything reads the form; the form's token is checked from the body.
    if endpoint == "projects.add_file" and current_user.is_authenticated:
        request.max_content_length = forms.LARGEST_FILE + (1 << 20)


def own(project_id: int) -> Project:
    """One's own project; anybody else's does not exist for the asker."""
    project = queries.get(project_id)
    if not service.is_mine(project, current_user.organisation_id):
        raise NotFound
    return project


def is_editable(project: Project) -> bool:
    return project.accepted_at is None and (project.submitted_at is None or project.returned is not None)


def _crumbs(*more: tuple[str, str | None]) -> list[dict[str, str]]:
    items = [{"text": _("我的工作"), "href": "/me"}, {"text": _("我的项目"), "href": "/projects"}]
    return items + [{"text": text, "href": href} if href else {"text": text} for text, href in more]


@bp.get("/projects")
@allow(Permission.PROJECT_WRITE)
def mine() -> ResponseReturnValue:
    found = queries.of_organisation(current_user.organisation_id) if current_user.organisation_id else []
    rows = [{"project": project, "state": words.registration_state(project),
             "stages": [words.stage_state(lot.stage) for lot in project.lots] if project.accepted_at else []}
            for project in found]
    return render_template("projects/list.html", rows=rows, crumbs=_crumbs()[:1] + [{"text": _("我的项目")}])


# --- basics -----------------------------------------------------------------------------------


def _is_agency() -> bool:
    return Role.AGENCY in current_user.account.roles


def _basics_page(form: forms.BasicsForm, project: Project | None, status: int = 200) -> ResponseReturnValue:
    title = _("修改基本情况") if project else _("登记新项目")
    return render_template("projects/basics.html", form=form, project=project, agency=_is_agency() and project is None,
                           title=title, crumbs=_crumbs(*([(project.name, f"/projects/{project.id}")] if project else []),
                                                       (title, None))), status


@bp.get("/projects/new")
@allow(Permission.PROJECT_WRITE)
def new() -> ResponseReturnValue:
    return _basics_page(forms.BasicsForm(), None)


@bp.post("/projects/new")
@allow(Permission.PROJECT_WRITE)
def draft() -> ResponseReturnValue:
    form = forms.BasicsForm()
    if form.validate_on_submit():
        at_field = None
        try:
            if not current_user.organisation_id:
                raise Refused("project.no_organisation")
            tenderer, agency = current_user.organisation_id, None
            if _is_agency():
                at_field = form.tenderer_code
                tenderer, agency = _tenderer(form.tenderer_code.data), current_user.organisation_id
                at_field = None
            project = service.draft(form.values(), [], tenderer_id=tenderer, agency_id=agency,
                                    actor=current_user.actor, at=now())
            return redirect(url_for("projects.show", project_id=project.id))
        except Refused as refusal:
            fields.tell(form, refusal, at_field)
    return _basics_page(form, None, 422)


def _tenderer(code: str) -> int:
    try:
        return parties.by_code(party_rules.credit_code(code)).id
    except NotFound:
        raise Refused("project.tenderer_unknown", code=code[:20]) from None


@bp.get("/projects/<number:project_id>/basics")
@allow(Permission.PROJECT_WRITE)
def basics(project_id: int) -> ResponseReturnValue:
    project = own(project_id)
    return _basics_page(forms.BasicsForm.of(project), project)


@bp.post("/projects/<number:project_id>/basics")
@allow(Permission.PROJECT_WRITE)
def save_basics(project_id: int) -> ResponseReturnValue:
    project, form = own(project_id), forms.BasicsForm()
    if form.validate_on_submit():
        try:
            service.revise(project.id, form.values(), _lots(project), actor=current_user.actor, at=now())
            return redirect(url_for("projects.show", project_id=project.id))
        except Refused as refusal:
            fields.tell(form, refusal)
    return _basics_page(form, own(project_id), 422)


def _lots(project: Project) -> list[dict[str, Any]]:
    return [{name: getattr(lot, name) for name in service.LOT_FIELDS} for lot in project.lots]


# --- lots -------------------------------------------------------------------------------------


def _lot(project: Project, number: int) -> Lot:
    for lot in project.lots:
        if lot.number == number:
            return lot
    raise NotFound


def _lot_page(form: forms.LotForm, project: Project, number: int | None, status: int = 200) -> ResponseReturnValue:
    title = _("修改标段") if number else _("添加标段")
    return render_template(form.template, form=form, project=project, number=number, title=title,
                           crumbs=_crumbs((project.name, f"/projects/{project.id}"), (title, None))), status


@bp.get("/projects/<number:project_id>/lots/new")
@allow(Permission.PROJECT_WRITE)
def new_lot(project_id: int) -> ResponseReturnValue:
    project = own(project_id)
    first = not project.lots
    return _lot_page(forms.lot_form(project)(project, data={"estimate": project.estimate_fen} if first else None), project, None)


@bp.post("/projects/<number:project_id>/lots/new")
@allow(Permission.PROJECT_WRITE)
def add_lot(project_id: int) -> ResponseReturnValue:
    project = own(project_id)
    return _save_lot(project, None)


@bp.get("/projects/<number:project_id>/lots/<number:number>/edit")
@allow(Permission.PROJECT_WRITE)
def edit_lot(project_id: int, number: int) -> ResponseReturnValue:
    project = own(project_id)
    return _lot_page(forms.lot_form(project).of(project, _lot(project, number)), project, number)


@bp.post("/projects/<number:project_id>/lots/<number:number>/edit")
@allow(Permission.PROJECT_WRITE)
def save_lot(project_id: int, number: int) -> ResponseReturnValue:
    project = own(project_id)
    _lot(project, number)
    return _save_lot(project, number)


def _save_lot(project: Project, number: int | None) -> ResponseReturnValue:
    form = forms.lot_form(project)(project, lot=_lot(project, number) if number is not None else None)
    if form.validate_on_submit():
        lots = _lots(project)
        if number is None:
            lots.append(form.values())
        else:
            lots[number - 1] = form.values()
        try:
            service.revise(project.id, {}, lots, actor=current_user.actor, at=now())
            return redirect(url_for("projects.show", project_id=project.id) + "#lots")
        except Refused as refusal:
            fields.tell(form, refusal)
    return _lot_page(form, own(project.id), number, 422)


@bp.post("/projects/<number:project_id>/lots/<number:number>/remove")
@allow(Permission.PROJECT_WRITE)
def remove_lot(project_id: int, number: int) -> ResponseReturnValue:
    project = own(project_id)
    _lot(project, number)
    lots = _lots(project)
    del lots[number - 1]
    service.revise(project.id, {}, lots, actor=current_user.actor, at=now())
    return redirect(url_for("projects.show", project_id=project.id) + "#lots")


# --- files, self-check, submission ---------------------------------------------------------------


def _show(project: Project, form: forms.UploadForm, status: int = 200) -> ResponseReturnValue:
    gaps = service.gaps(project)
    return render_template(
        "projects/show.html", project=project, form=form, state=words.registration_state(project), editable=is_editable(project),
        gaps=[words.place(gap) for gap in gaps], returned=[words.place(place) for place in project.returned or []],
        lots=[{"lot": lot, "state": words.stage_state(lot.stage), "method": words.method(lot.method.get("kind", "")),
               "before": service.rounds_before(lot), "more": words.parts(lot), "may_restart": lot.stage in (Stage.FAILED, Stage.TERMINATED)}
              for lot in project.lots],
        files=[{"file": item, "kind": words.file_kind(item.kind)} for item in project.files],
        words=words, by_invitation=invitations.is_called_by_invitation(project), crumbs=_crumbs((project.name, None))), status


@bp.get("/projects/<number:project_id>")
@allow(Permission.PROJECT_WRITE)
def show(project_id: int) -> ResponseReturnValue:
    return _show(own(project_id), forms.UploadForm())


@bp.post("/projects/<number:project_id>/files")
@allow(Permission.PROJECT_WRITE)
def add_file(project_id: int) -> ResponseReturnValue:
    project, form = own(project_id), forms.UploadForm()
    if form.validate_on_submit():
        try:
            upload = form.file.data
            if not upload or not upload.filename:
                raise Refused("form.file_missing")
            name, stream = file_name(upload.filename), upload.stream
            if not stream.read(1):
                raise Refused("form.file_empty")
            stream.seek(0)
            service.add_file(project.id, form.kind.data, name, iter(lambda: stream.read(CHUNK), b""),
                             actor=current_user.actor, at=now())
            flash(_("文件已上传。"), "success")
            return redirect(url_for("projects.show", project_id=project.id) + "#files")
        except Refused as refusal:
            fields.tell(form, refusal, form.file)
    return _show(own(project_id), form, 422)


@bp.get("/projects/<number:project_id>/files/<number:file_id>")
@allow(Permission.PROJECT_WRITE)
def file(project_id: int, file_id: int) -> ResponseReturnValue:
    item = queries.file_of(own(project_id), file_id)
    return downloads.attachment(item.stored, item.name, item.bytes)


@bp.post("/projects/<number:project_id>/lots/<number:number>/restart")
@allow(Permission.PROJECT_WRITE)
def restart(project_id: int, number: int) -> ResponseReturnValue:
    lot = _lot(own(project_id), number)
    project = service.restart(lot.id, actor=current_user.actor, at=now())
    flash(_("已按原内容建立新的登记，修改后提交。"), "success")
    return redirect(url_for("projects.show", project_id=project.id))


@bp.get("/projects/<number:project_id>/invitations")
@allow(Permission.PROJECT_WRITE)
def invited(project_id: int) -> ResponseReturnValue:
    project = own(project_id)
    return _invitations_page(project, forms.InvitationsForm(formdata=None, data={
        "codes": "\n".join(company.code for company in invitations.invited(project.id))}))


def _invitations_page(project: Project, form: forms.InvitationsForm, status: int = 200) -> ResponseReturnValue:
    if not invitations.is_called_by_invitation(project):
        raise NotFound
    return render_template(
        "projects/invitations.html", project=project, form=form, companies=invitations.invited(project.id),
        drawn=rules.procedure(project.procedure).call is Call.DRAWN, sent=any(lot.stage != Stage.REGISTERED for lot in project.lots),
        crumbs=_crumbs((project.name, f"/projects/{project.id}"), (_("邀请名单"), None))), status


@bp.post("/projects/<number:project_id>/invitations")
@allow(Permission.PROJECT_WRITE)
def save_invitations(project_id: int) -> ResponseReturnValue:
    project, form = own(project_id), forms.InvitationsForm()
    if form.validate_on_submit():
        try:
            invitations.choose(project.id, form.codes.data.split(), actor=current_user.actor, at=now())
            flash(_("邀请名单已保存，发布邀请书时同时通知。"), "success")
            return redirect(url_for("projects.invited", project_id=project.id))
        except Refused as refusal:
            fields.tell(form, refusal, form.codes)
    return _invitations_page(own(project_id), form, 422)


@bp.post("/projects/<number:project_id>/submit")
@allow(Permission.PROJECT_WRITE)
def submit(project_id: int) -> ResponseReturnValue:
    service.submit(own(project_id).id, actor=current_user.actor, at=now())
    flash(_("登记已提交，受理结果会通知您。"), "success")
    return redirect(url_for("projects.show", project_id=project_id))

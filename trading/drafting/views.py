"""The tenderer or its agency writes the tender document, sees what the law says of each field, and fixes it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import Form

from trading.accounts.permissions import Permission, allow
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.language import refusal_text
from trading.drafting import filling, forms, outlines, queries, service, words
from trading.drafting.service import Review
from trading.law.periods import day_of
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects.models import Project

bp = Blueprint("drafting", __name__)
bp.record(addresses.register)
PLACE = "/projects/<number:project_id>/document"


def _own(project_id: int) -> Project:
    project = project_queries.get(project_id)
    if not projects.is_mine(project, current_user.organisation_id):
        raise NotFound
    return project


def _crumbs(project: Project, *last: str) -> list[dict[str, str]]:
    items = [{"text": _("我的项目"), "href": "/projects"}, {"text": project.name, "href": f"/projects/{project.id}"}]
    items += [{"text": _("编制招标文件"), "href": f"/projects/{project.id}/document"}] if last else []
    return items + [{"text": text} for text in last or (_("编制招标文件"),)]


def _editor(project: Project, form: FlaskForm, reasons: Form, checked: Review, status: int = 200) -> ResponseReturnValue:
    """The form with every finding at its field; breaches are shown as errors of the fields too."""
    labels = {slot.name: words.label(slot) for slot in checked.asked}
    rows = [words.remark(remark, labels) for remark in checked.remarks]
    for remark, row in zip(checked.remarks, rows, strict=True):
        if not remark.finding.ok and remark.field in form:
            form[remark.field].errors = [*form[remark.field].errors, row["text"]]
    sections = [{"name": words.section(section), "fields": [form[slot.name] for slot in checked.asked if slot.field in section.fields],
                 "kinds": {slot.name: slot.field.kind for slot in checked.asked}} for section in checked.outline.sections if section.fields]
    made = queries.versions(project.id)
    return render_template(
        "drafting/editor.html", project=project, form=form, reasons=reasons, sections=sections, rows=rows, breaches=len(checked.breaches),
        missing=[{"text": words.label(slot), "href": f"#{slot.name}"} for slot in checked.missing],
        clues=[words.clue(hint, labels) | {"form": reasons[f"reason_{hint.mark}"]} for hint in checked.hints],
        outline=words.outline(checked.outline), state=words.state(made[-1] if made else None), has_draft=bool(made),
        crumbs=_crumbs(project)), status


@bp.get(PLACE)
@allow(Permission.NOTICE_WRITE)
def editor(project_id: int) -> ResponseReturnValue:
    project, at = _own(project_id), now()
    outlines.outline_for(project.procedure)
    if service.is_closed(project):
        return redirect(url_for("drafting.preview", project_id=project.id))
    if not project.lots:
        raise Refused("document.no_lots")
    values, made = service.entries(project, at=at), queries.versions(project.id)
    checked = service.review(project, values, at=at)
    return _editor(project, forms.document_form(checked.asked, values),
                   forms.reasons_form(checked.hints, reasons=made[-1].reasons if made else {}), checked)


@bp.post(PLACE)
@allow(Permission.NOTICE_WRITE)
def save(project_id: int) -> ResponseReturnValue:
    """Keep the draft whatever the law says of it; only what cannot be read is refused, and kept on the page."""
    project, at = _own(project_id), now()
    outline, case = outlines.outline_for(project.procedure), service.case_of(project)
    # Which fields there are may depend on the day that was typed into one of them.
    asked = filling.slots(outline, case, day_of(at))
    values = forms.values_of(forms.document_form(asked), asked)
    checked = service.review(project, values, at=at)
    form = forms.document_form(checked.asked)
    readable = form.validate_on_submit()
    values = forms.values_of(form, checked.asked)
    checked = service.review(project, values, at=at)
    reasons = forms.reasons_form(checked.hints, request.form)
    if not reasons.validate() or not readable:
        return _editor(project, form, reasons, checked, 422)
    kept = {hint.mark: text for hint in checked.hints if (text := reasons[f"reason_{hint.mark}"].data)}
    service.save(project.id, values, kept, actor=current_user.actor, at=at)
    if request.form.get("act") == "preview":
        return redirect(url_for("drafting.preview", project_id=project.id))
    flash(_("草稿已保存，核对结果见各栏。"), "success")
    return redirect(url_for("drafting.editor", project_id=project.id))


def _preview(project: Project, wrong: str = "", status: int = 200) -> ResponseReturnValue:
    outlines.outline_for(project.procedure)
    closed, draft = service.is_closed(project), queries.draft(project.id)
    fixed = queries.fixed(project.id)
    document = fixed if closed or draft is None else draft
    if document is None:
        raise Refused("document.nothing_to_show")
    open_draft = document.fixed_at is None
    checked = service.review(project, document.entries, at=now())
    labels = {slot.name: words.label(slot) for slot in checked.asked}
    parts = service.parts(project, document, checked) if open_draft else service.fixed_parts(document)
    return render_template(
        "drafting/preview.html", project=project, document=document, parts=parts,
        title=document.entries.get("title") or project.name, outline=checked.outline.zh, state=words.state(document),
        seen=service.fingerprint(document), open_draft=open_draft, closed=closed, wrong=wrong,
        breaches=[words.remark(remark, labels) for remark in checked.breaches] if open_draft else [],
        missing=[words.label(slot) for slot in checked.missing] if open_draft else [],
        unanswered=sum(1 for hint in checked.hints if hint.mark not in document.reasons) if open_draft else 0,
        versions=[_version(project, each) for each in reversed(queries.versions(project.id)) if each.fixed_at],
        crumbs=_crumbs(project, _("预览"))), status


def _version(project: Project, document: Any) -> dict[str, Any]:
    files = [(name, item) for name, item in (("PDF", document.print), (_("结构化数据"), document.data)) if item]
    return {"number": document.number, "at": document.fixed_at, "sha256": document.sha256,
            "files": [{"text": name, "href": f"/projects/{project.id}/files/{item.id}"} for name, item in files]}


@bp.get(PLACE + "/preview")
@allow(Permission.NOTICE_WRITE)
def preview(project_id: int) -> ResponseReturnValue:
    return _preview(_own(project_id))


@bp.post(PLACE + "/fix")
@allow(Permission.NOTICE_WRITE)
def fix(project_id: int) -> ResponseReturnValue:
    project = _own(project_id)
    try:
        document = service.fix(project.id, request.form.get("seen", ""), actor=current_user.actor, at=now())
    except Refused as refusal:
        if queries.versions(project.id):
            return _preview(_own(project_id), refusal_text(refusal), 422)
        raise
    flash(_("第 %(number)s 版已定稿，作为本项目的招标文件。", number=document.number), "success")
    return redirect(url_for("drafting.preview", project_id=project.id))

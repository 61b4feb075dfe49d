"""The tenderer drafts, publishes, clarifies, terminates and answers; bidders ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from trading.accounts.permissions import Permission, allow
from trading.announcements import forms, public, queries, rules, service, words
from trading.announcements.models import Notice, NoticeVersion, Question
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.language import day, refusal_text
from trading.law import schedules
from trading.law.findings import Finding, require
from trading.parties import service as parties
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects.models import Project
from trading.projects.rules import Stage

bp = Blueprint("announcements", __name__)
bp.record(addresses.register)


def _own(project_id: int) -> Project:
    project = project_queries.get(project_id)
    if not projects.is_mine(project, current_user.organisation_id):
        raise NotFound
    return project


def _crumbs(project: Project, title: str) -> list[dict[str, str]]:
    return [{"text": _("我的项目"), "href": "/projects"}, {"text": project.name, "href": f"/projects/{project.id}"}, {"text": title}]


def _row(finding: Finding) -> dict[str, Any]:
    earliest = finding.facts.get("earliest")
    return {"ok": finding.ok, "article": finding.article, "text": refusal_text(Refused(finding.reason, **finding.facts)),
            "earliest": day(earliest) if earliest else ""}


# --- the tender notice ----------------------------------------------------------------------------


def _law(project: Project, schedule: dict[str, Any], at: datetime) -> list[dict[str, Any]]:
    """What the law says about dates that are not saved yet."""
    unsaved = Notice(project=project, versions=[NoticeVersion(schedule=schedule)])
    return [_row(finding) for finding in service.check(unsaved, at=at)]


def _draft(project: Project) -> Notice | None:
    return next((notice for notice in queries.drafts_of(project.id) if notice.kind == rules.Kind.TENDER), None)


def _notice_page(project: Project, form: forms.NoticeForm, status: int = 200) -> ResponseReturnValue:
    law = []
    if form.is_dated:
        try:
            law = _law(project, form.schedule(), form.publish_at.data or now())
        except Refused as refusal:
            law = [{"ok": False, "article": "", "text": refusal_text(refusal), "earliest": ""}]
    return render_template("notices/tender.html", project=project, form=form, law=law, draft=_draft(project),
                           clues=[words.clue(clue) for clue in service.clues(project, form.body.data or "", at=now())],
                           what=words.opening_notice(project.procedure),
                           crumbs=_crumbs(project, words.opening_notice(project.procedure))), status


@bp.get("/projects/<number:project_id>/notice")
@allow(Permission.NOTICE_WRITE)
def notice(project_id: int) -> ResponseReturnValue:
    project = _own(project_id)
    if not project.accepted_at:
        raise Refused("notice.project_not_accepted")
    published = queries.tender_notice(project.id)
    if published:
        return redirect(f"/notices/{published.id}")
    draft, kind = _draft(project), forms.notice_form(project)
    return _notice_page(project, kind.of(draft) if draft else kind.suggested(project, now()))


@bp.post("/projects/<number:project_id>/notice")
@allow(Permission.NOTICE_WRITE)
def save_notice(project_id: int) -> ResponseReturnValue:
    project, act, at = _own(project_id), request.form.get("act"), now()
    form = forms.notice_form(project)(project)
    if not form.validate_on_submit():
        return _notice_page(project, form, 422)
    if act == "check":
        return _notice_page(project, form)
    try:
        if act == "publish" and form.publish_at.data and form.publish_at.data <= at:
            raise Refused("notice.publish_at_past")
        saved = _save(project, form, at, form.publish_at.data if act == "publish" else None)
        if act == "publish" and not form.publish_at.data:
            service.publish_tender(saved.id, actor=current_user.actor, at=at)
            flash(_("%(what)s已发布。", what=words.opening_notice(project.procedure)), "success")
            return redirect(f"/notices/{saved.id}")
        if act == "publish":
            # The law is asked now, so that nobody learns at the hour itself that the dates are unlawful.
            require(service.check(saved, at=form.publish_at.data))
            flash(_("已定时，到时自动发布。"), "success")
        else:
            flash(_("草稿已保存。"), "success")
        return redirect(url_for("announcements.notice", project_id=project.id))
    except Refused as refusal:
        fields.tell(form, refusal, form.field_of(refusal))
    return _notice_page(_own(project_id), form, 422)


def _save(project: Project, form: forms.NoticeForm, at: datetime, publish_at: datetime | None) -> Notice:
    draft = _draft(project)
    if draft:
        return service.revise_draft(draft.id, form.title.data, form.body.data, form.schedule(), at=at, publish_at=publish_at)
    return service.draft_tender(project.id, form.title.data, form.body.data, form.schedule(), actor=current_user.actor,
                                at=at, publish_at=publish_at)


# --- clarification and termination -----------------------------------------------------------------


def _clarify_page(project: Project, form: forms.ClarifyForm, status: int = 200) -> ResponseReturnValue:
    tender, at = queries.tender_notice(project.id), now()
    deadline = next((lot.deadline for lot in project.lots if lot.stage in (Stage.ANNOUNCED, Stage.BIDDING)), None)
    law = []
    if tender and tender.published_at and deadline:
        try:
            found = schedules.clarification_needs_extension(project.procedure, project.region, at, deadline,
                                                            issued=tender.published_at)
            law = [_row(found)] if found else []
        except Refused as refusal:
            law = [{"ok": False, "article": "", "text": refusal_text(refusal), "earliest": ""}]
    return render_template("notices/clarify.html", project=project, form=form, deadline=deadline, law=law,
                           crumbs=_crumbs(project, _("澄清或者延期"))), status


@bp.get("/projects/<number:project_id>/clarify")
@allow(Permission.NOTICE_WRITE)
def clarify(project_id: int) -> ResponseReturnValue:
    project = _own(project_id)
    return _clarify_page(project, forms.ClarifyForm(data={"title": _("%(name)s澄清公告", name=project.name)}))


@bp.post("/projects/<number:project_id>/clarify")
@allow(Permission.NOTICE_WRITE)
def publish_clarification(project_id: int) -> ResponseReturnValue:
    project, form = _own(project_id), forms.ClarifyForm()
    if form.validate_on_submit():
        try:
            made = service.clarify(project.id, form.title.data, form.body.data, actor=current_user.actor, at=now(), clock=now,
                                   new_deadline=form.new_deadline.data)
            flash(_("澄清公告已发布。"), "success")
            return redirect(f"/notices/{made.id}")
        except Refused as refusal:
            dated = refusal.reason in ("schedule.deadline_must_move", "notice.deadline_earlier") or refusal.reason.startswith("sale.")
            fields.tell(form, refusal, form.new_deadline if dated else None)
    return _clarify_page(_own(project_id), form, 422)


def _terminate_page(project: Project, form: forms.TerminateForm, status: int = 200) -> ResponseReturnValue:
    return render_template("notices/terminate.html", project=project, form=form,
                           crumbs=_crumbs(project, _("终止招标"))), status


@bp.get("/projects/<number:project_id>/terminate")
@allow(Permission.NOTICE_WRITE)
def terminate(project_id: int) -> ResponseReturnValue:
    return _terminate_page(_own(project_id), forms.TerminateForm())


@bp.post("/projects/<number:project_id>/terminate")
@allow(Permission.NOTICE_WRITE)
def confirm_termination(project_id: int) -> ResponseReturnValue:
    project, form = _own(project_id), forms.TerminateForm()
    if form.validate_on_submit():
        try:
            if queries.tender_notice(project.id) is None:
                raise Refused("notice.not_published")
            made = service.terminate(project.id, form.reason.data, actor=current_user.actor, at=now())
            flash(_("终止公告已发布。"), "success")
            return redirect(f"/notices/{made.id}")
        except Refused as refusal:
            fields.tell(form, refusal, form.reason)
    return _terminate_page(_own(project_id), form, 422)


# --- questions and answers --------------------------------------------------------------------------


def _questions_page(project: Project, wrong: FlaskForm | None = None, at_question: int = 0,
                    status: int = 200) -> ResponseReturnValue:
    items: list[dict[str, Any]] = []
    for lot in project.lots:
        for question in queries.questions(lot.id, answered_only=False):
            form = wrong if wrong is not None and question.id == at_question else \
                forms.AnswerForm(formdata=None, prefix=f"q{question.id}")
            items.append({"question": question, "lot": lot.name, "form": None if question.answered_at else form})
    return render_template("notices/questions.html", project=project, items=items, wrong=wrong,
                           crumbs=_crumbs(project, _("提问与答复"))), status


@bp.get("/projects/<number:project_id>/questions")
@allow(Permission.ANSWER)
def questions(project_id: int) -> ResponseReturnValue:
    return _questions_page(_own(project_id))


@bp.post("/projects/<number:project_id>/questions/<number:question_id>")
@allow(Permission.ANSWER)
def answer(project_id: int, question_id: int) -> ResponseReturnValue:
    project = _own(project_id)
    if not any(found.id == question_id for lot in project.lots for found in _all_questions(lot.id)):
        raise NotFound
    form = forms.AnswerForm(prefix=f"q{question_id}")
    if form.validate_on_submit():
        service.answer(question_id, form.text.data, actor=current_user.actor, at=now())
        flash(_("答复已向所有人公开。"), "success")
        return redirect(url_for("announcements.questions", project_id=project.id))
    return _questions_page(project, form, question_id, 422)


def _all_questions(lot_id: int) -> list[Question]:
    return queries.questions(lot_id, answered_only=False)


def _ask_page(project: Project, form: forms.AskForm, status: int = 200) -> ResponseReturnValue:
    return render_template("notices/ask.html", project=project, form=form, crumbs=[
        {"text": project.name, "href": f"/p/{project.code}"}, {"text": _("提问")}]), status


def _askable(code: str) -> Project:
    project = public.project(code)
    if not any(lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline and now() < lot.deadline for lot in project.lots):
        raise Refused("notice.not_open_for_questions")
    return project


@bp.get("/p/<code>/ask")
@allow(Permission.BID)
def ask(code: str) -> ResponseReturnValue:
    project = _askable(code)
    return _ask_page(project, forms.AskForm(project.lots))


@bp.post("/p/<code>/ask")
@allow(Permission.BID)
def send_question(code: str) -> ResponseReturnValue:
    project = _askable(code)
    form = forms.AskForm(project.lots)
    if form.validate_on_submit():
        try:
            if not current_user.organisation_id:
                raise Refused("notice.no_organisation")
            service.ask(form.lot.data, form.text.data, asker=parties.get(current_user.organisation_id).code, at=now())
            flash(_("问题已提交，答复后会向所有人公开。"), "success")
            return redirect(f"/p/{project.code}#questions")
        except Refused as refusal:
            fields.tell(form, refusal, form.text)
    return _ask_page(project, form, 422)

"""The tenderer corrects the words of a published notice."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.announcements import forms, queries, rules, service
from trading.announcements.models import Notice
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.projects import service as projects

bp = Blueprint("corrections", __name__)
bp.record(addresses.register)
PLACE = "/notices/<number:notice_id>/correct"


def _own(notice_id: int) -> Notice:
    notice = queries.published(notice_id, at=now())
    if not projects.is_mine(notice.project, current_user.organisation_id):
        raise NotFound
    if notice.kind not in rules.MAY_CORRECT:
        raise Refused("notice.not_correctable")
    return notice


def _page(notice: Notice, form: forms.CorrectForm, status: int = 200) -> ResponseReturnValue:
    return render_template("notices/correct.html", notice=notice, form=form, crumbs=[
        {"text": _("我的项目"), "href": "/projects"}, {"text": notice.project.name, "href": f"/projects/{notice.project_id}"},
        {"text": _("更正公告")}]), status


@bp.get(PLACE)
@allow(Permission.NOTICE_WRITE)
def correct(notice_id: int) -> ResponseReturnValue:
    notice = _own(notice_id)
    return _page(notice, forms.CorrectForm(formdata=None, data={"body": notice.versions[-1].body}))


@bp.post(PLACE)
@allow(Permission.NOTICE_WRITE)
def publish(notice_id: int) -> ResponseReturnValue:
    notice, form = _own(notice_id), forms.CorrectForm()
    if form.validate_on_submit():
        try:
            made = service.correct(notice.id, form.what.data, form.body.data, actor=current_user.actor, at=now())
            flash(_("更正公告已发布。"), "success")
            return redirect(f"/notices/{made.id}")
        except Refused as refusal:
            fields.tell(form, refusal, form.body if refusal.reason == "notice.nothing_corrected" else form.what)
    return _page(_own(notice_id), form, 422)

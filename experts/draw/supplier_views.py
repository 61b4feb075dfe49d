"""The purchaser's page that draws suppliers from a pool before they are invited."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovSubmitInput
from wtforms import SubmitField

from experts.draw import lottery, suppliers
from experts.draw import service as draws
from trading.accounts.permissions import Permission, allow
from trading.base import addresses, fields, forms
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.law.procedures import Call
from trading.projects import invitations, queries, rules
from trading.projects import service as projects
from trading.projects.models import Project

bp = Blueprint("suppliers", __name__)
bp.record(addresses.register)


class PoolForm(FlaskForm):
    codes = fields.TextField(lazy_gettext("备选供应商的统一社会信用代码"), most=20_000, description=lazy_gettext("每行一个，来自资格预审、供应商库或者书面推荐"),
                             validators=[fields.Filled(lazy_gettext("请填写备选供应商"))])
    count = fields.LineField(lazy_gettext("抽取家数"), most=10, validators=[fields.Filled(lazy_gettext("请填写抽取家数"))])
    watchers = fields.TextField(lazy_gettext("现场监督的采购人工作人员"), most=400, description=lazy_gettext("每行一人"),
                                validators=[fields.Filled(lazy_gettext("请填写现场监督人员"))])
    submit = SubmitField(lazy_gettext("锁定名单并抽取"), widget=GovSubmitInput())


def _project(project_id: int) -> Project:
    project = queries.get(project_id)
    if not projects.is_mine(project, current_user.organisation_id):
        raise NotFound
    if rules.procedure(project.procedure).call is not Call.DRAWN or not project.lots:
        raise NotFound
    return project


@bp.get("/projects/<number:project_id>/suppliers")
@allow(Permission.PROJECT_WRITE)
def show(project_id: int) -> ResponseReturnValue:
    return _page(_project(project_id), PoolForm(formdata=None))


def _page(project: Project, form: PoolForm, status: int = 200) -> ResponseReturnValue:
    return render_template("draw/suppliers.html", project=project, form=form, draw=draws.of_lot(project.lots[0].id, lottery.SUPPLIERS),
                           drawn=len(invitations.invited(project.id)), crumbs=[
                               {"text": _("项目"), "href": "/projects"}, {"text": project.name, "href": f"/projects/{project.id}"},
                               {"text": _("抽取供应商")}]), status


@bp.post("/projects/<number:project_id>/suppliers")
@allow(Permission.PROJECT_WRITE)
def freeze(project_id: int) -> ResponseReturnValue:
    project, form = _project(project_id), PoolForm()
    if form.validate_on_submit():
        try:
            suppliers.freeze(project.id, form.codes.data.split(), forms.number(form.count.data, least=1, most=invitations.MOST),
                             form.watchers.data.splitlines(), actor=current_user.actor, at=now())
            flash(_("备选名单已锁定，正在抽取。"), "success")
            return redirect(url_for("suppliers.show", project_id=project.id))
        except Refused as refusal:
            fields.tell(form, refusal, form.codes)
    return _page(_project(project_id), form, 422)

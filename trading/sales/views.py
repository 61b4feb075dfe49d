"""The page on which whoever sells land states the facts of a parcel."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.projects import queries as project_queries
from trading.projects import rules as project_rules
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.sales import forms, grants, service, words

bp = Blueprint("sales", __name__, url_prefix="/projects/<number:project_id>/lots/<number:number>/parcel")
bp.record(addresses.register)


def _own_lot(project_id: int, number: int) -> Lot:
    project = project_queries.get(project_id)
    lot = next((lot for lot in project.lots if lot.number == number), None)
    if lot is None or not projects.is_mine(project, current_user.organisation_id) or not project_rules.grants_land_live(project.procedure):
        raise NotFound
    return lot


def _page(lot: Lot, form: forms.ParcelForm, status: int = 200) -> ResponseReturnValue:
    project, asked = lot.project, request.args.get("q", "").strip()[:80]
    past = [{"grant": grant, "per_m2": grants.per_m2(grant), "area": words.number(Decimal(grant.area_m2))} for grant in (grants.find(asked) if asked else [])]
    return render_template("sales/parcel.html", lot=lot, project=project, form=form, editable=project.accepted_at is None, asked=asked, past=past, crumbs=[
        {"text": _("我的项目"), "href": "/projects"}, {"text": project.name, "href": f"/projects/{project.id}"}, {"text": _("宗地")}]), status


@bp.get("")
@allow(Permission.PROJECT_WRITE)
def parcel(project_id: int, number: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, number)
    grant = grants.get(request.args.get("from", ""))
    return _page(lot, forms.ParcelForm(lot.project, formdata=None, data=grants.begins(grant)) if grant else forms.ParcelForm.of(lot.project, lot))


@bp.post("")
@allow(Permission.PROJECT_WRITE)
def save_parcel(project_id: int, number: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, number)
    form, at = forms.ParcelForm(lot.project), now()
    if form.read(lot, at) is not None:
        try:
            service.save_parcel(project_id, number, form.values(), actor=current_user.actor, at=at)
            flash(_("宗地已保存。"), "success")
            return redirect(url_for("projects.show", project_id=project_id) + "#lots")
        except Refused as refusal:
            fields.tell(form, refusal)
    return _page(_own_lot(project_id, number), form, 422)

"""Acts on which two persons let a pack be sealed without an authority's time stamps."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.archive import overrides
from trading.archive.forms import ReasonForm
from trading.archive.pages import case_page, me
from trading.base import addresses
from trading.base.errors import NotFound
from trading.projects import service as projects

bp = Blueprint("archive_overrides", __name__)
bp.record(addresses.register)


@bp.post("/archive/<code>/overrides")
@allow(Permission.ARCHIVE_MANAGE)
def ask(code: str) -> ResponseReturnValue:
    lot, form = projects.lot_by_code(code), ReasonForm()
    if form.validate_on_submit():
        overrides.ask(lot.id, request.form.get("authority", "")[:300], form.reason.data, **me())
        flash(_("已提出，等待监督人员批准。"), "success")
        return redirect(url_for("archive.case", code=code))
    return case_page(lot, 422, wrong=form)


@bp.post("/archive/overrides/<number:override_id>/approve")
@allow(Permission.ARCHIVE_SUPERVISE)
def approve(override_id: int) -> ResponseReturnValue:
    made = overrides.approve(override_id, **me())
    flash(_("已批准：封卷时不要求这个机构的时间戳，决定归入案卷。"), "success")
    return redirect(url_for("archive.case", code=projects.get_lot(made.lot_id).code))


@bp.post("/archive/overrides/<number:override_id>/refuse")
@allow(Permission.ARCHIVE_READ)
def refuse(override_id: int) -> ResponseReturnValue:
    made, form = overrides.get(override_id), ReasonForm()
    lot = projects.get_lot(made.lot_id)
    own = made.asked_by == current_user.account.id
    if not own and not current_user.may(Permission.ARCHIVE_SUPERVISE):
        raise NotFound
    if own or form.validate_on_submit():
        overrides.refuse(override_id, form.reason.data or "", **me())
        flash(_("这项申请已撤销。"), "success")
        return redirect(url_for("archive.case", code=lot.code))
    return case_page(lot, 422, wrong=form)

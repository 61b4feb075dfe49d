"""Pages on which supervisors hold a case as it is and let it go again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from trading.accounts.permissions import Permission, allow
from trading.archive import holds
from trading.archive.forms import HoldForm, ReasonForm
from trading.archive.pages import case_page, me
from trading.base import addresses, fields
from trading.base.errors import Refused
from trading.projects import service as projects

bp = Blueprint("archive_holds", __name__)
bp.record(addresses.register)


@bp.post("/archive/<code>/holds")
@allow(Permission.ARCHIVE_SUPERVISE)
def place(code: str) -> ResponseReturnValue:
    lot, form = projects.lot_by_code(code), HoldForm()
    if form.validate_on_submit():
        try:
            holds.place(lot.id, form.cause.data, form.document.data, form.ground.data, **me())
            flash(_("已冻结：解除之前不得销毁，也不得降低保管期限。"), "success")
            return redirect(url_for("archive.case", code=code))
        except Refused as refusal:
            fields.tell(form, refusal, form.document)
    return case_page(lot, 422, hold_form=form)


@bp.post("/archive/holds/<number:hold_id>/release")
@allow(Permission.ARCHIVE_SUPERVISE)
def release(hold_id: int) -> ResponseReturnValue:
    lot, form = projects.get_lot(holds.get(hold_id).lot_id), ReasonForm()
    if form.validate_on_submit():
        holds.release(hold_id, form.reason.data, **me())
        flash(_("已解除冻结。"), "success")
        return redirect(url_for("archive.case", code=lot.code))
    return case_page(lot, 422, wrong=form)

"""Pages on which an archivist proposes a disposal and a supervisor approves it, or stops it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission, allow
from trading.archive import disposal, keeping, words
from trading.archive.forms import DisposalForm, ReasonForm
from trading.archive.models import Disposal
from trading.archive.pages import me
from trading.base import addresses, fields, installation
from trading.base.clock import now
from trading.base.errors import NotFound, Refused

bp = Blueprint("disposals", __name__, url_prefix="/archive/disposals")
bp.record(addresses.register)


def _form(**given: Any) -> tuple[DisposalForm, list[dict[str, Any]]]:
    rows = [{"lot": lot, "pack": pack, "number": number.number if (number := keeping.case_file(lot.id)) else lot.code,
             "why": words.why_not(why)} for lot, pack, why in disposal.candidates(now())]
    return DisposalForm([(row["lot"].code, f"{row['number']} {row['lot'].label}") for row in rows if not row["why"]], **given), rows


def _board(form: DisposalForm, rows: list[dict[str, Any]], status: int = 200) -> ResponseReturnValue:
    return render_template(
        "archive/disposals.html", form=form, kept=[row for row in rows if row["why"]], wait=installation.settings().disposal_wait_days,
        lists=[{"list": made, "state": words.disposal(made)} for made in disposal.lists()], may_manage=current_user.may(Permission.ARCHIVE_MANAGE),
        crumbs=[{"text": _("档案"), "href": "/archive"}, {"text": _("销毁")}]), status


@bp.get("")
@allow(Permission.ARCHIVE_READ)
def board() -> ResponseReturnValue:
    return _board(*_form(formdata=None))


@bp.post("")
@allow(Permission.ARCHIVE_MANAGE)
def propose() -> ResponseReturnValue:
    form, rows = _form()
    if form.validate_on_submit():
        try:
            made = disposal.propose(form.cases.data, form.opinion.data, **me())
            flash(_("已提出销毁清册，等待监督人员批准。"), "success")
            return redirect(url_for("disposals.one", disposal_id=made.id))
        except Refused as refusal:
            fields.tell(form, refusal, form.cases)
    return _board(form, rows, 422)


def _page(made: Disposal, form: ReasonForm | None = None, status: int = 200) -> ResponseReturnValue:
    at = now()
    return render_template(
        "archive/disposal.html", made=made, state=words.disposal(made), form=form or ReasonForm(formdata=None),
        rows=[{"item": item, "state": words.item(item), "why": words.why_not(item.stopped_why),
               "number": found.number if (found := keeping.case_file(item.lot_id)) else ""} for item in made.items],
        proposer=accounts.get(made.proposed_by).name, decider=accounts.get(made.decided_by).name if made.decided_by else "",
        is_own=made.proposed_by == current_user.account.id, may_manage=current_user.may(Permission.ARCHIVE_MANAGE),
        may_supervise=current_user.may(Permission.ARCHIVE_SUPERVISE),
        is_due=bool(made.due_at and made.due_at <= at and any(item.live and not item.finished_at for item in made.items)),
        crumbs=[{"text": _("档案"), "href": "/archive"}, {"text": _("销毁"), "href": "/archive/disposals"},
                {"text": _("第 %(number)s 号", number=made.id)}]), status


@bp.get("/<number:disposal_id>")
@allow(Permission.ARCHIVE_READ)
def one(disposal_id: int) -> ResponseReturnValue:
    return _page(disposal.get(disposal_id))


@bp.post("/<number:disposal_id>/approve")
@allow(Permission.ARCHIVE_SUPERVISE)
def approve(disposal_id: int) -> ResponseReturnValue:
    made = disposal.approve(disposal_id, **me())
    flash(_("已批准，等待期满后销毁。"), "success")
    return redirect(url_for("disposals.one", disposal_id=made.id))


@bp.post("/<number:disposal_id>/refuse")
@allow(Permission.ARCHIVE_READ)
def refuse(disposal_id: int) -> ResponseReturnValue:
    """A supervisor turns a list down; the archivist who proposed it takes it back."""
    made, form = disposal.get(disposal_id), ReasonForm()
    own = made.proposed_by == current_user.account.id
    if not own and not current_user.may(Permission.ARCHIVE_SUPERVISE):
        raise NotFound
    if own or form.validate_on_submit():
        disposal.refuse(disposal_id, form.reason.data or "", **me())
        flash(_("这份销毁清册已撤销。"), "success")
        return redirect(url_for("disposals.one", disposal_id=made.id))
    return _page(made, form, 422)


@bp.post("/<number:disposal_id>/cases/<number:lot_id>/stop")
@allow(Permission.ARCHIVE_SUPERVISE)
def stop(disposal_id: int, lot_id: int) -> ResponseReturnValue:
    made, form = disposal.get(disposal_id), ReasonForm()
    if form.validate_on_submit():
        disposal.object_to(disposal_id, lot_id, form.reason.data, actor=current_user.actor, at=now())
        flash(_("已停止销毁这个案卷。"), "success")
        return redirect(url_for("disposals.one", disposal_id=made.id))
    return _page(made, form, 422)


@bp.post("/<number:disposal_id>/carry-out")
@allow(Permission.ARCHIVE_MANAGE)
def carry_out(disposal_id: int) -> ResponseReturnValue:
    """By hand what the timetable does: every case of a list that is due."""
    made = disposal.get(disposal_id)
    done = sum(disposal.carry_out(made.id, item.lot_id, actor=current_user.actor, at=now()) for item in list(made.items) if item.live)
    flash(_("已销毁 %(count)s 个案卷。", count=done), "success")
    return redirect(url_for("disposals.one", disposal_id=disposal_id))

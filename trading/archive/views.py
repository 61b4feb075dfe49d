"""The archivist's pages: cases, their catalogue with gaps, sealing, the pack, the file's papers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.archive import catalogue, keeping, loans, packing, printing, queries, renewal, service, terms, words
from trading.archive.forms import ReasonForm, RetentionForm
from trading.archive.pages import case_page, me, page_number, procedure_options, send, year, year_options
from trading.base import addresses, fields
from trading.base.clock import BEIJING, now
from trading.base.errors import NotFound, Refused
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import PROCEDURES

bp = Blueprint("archive", __name__)
bp.record(addresses.register)


# --- the list ----------------------------------------------------------------------------------


def _states() -> dict[str, str]:
    return {"todo": _("待封卷"), "sealed": _("已封卷"), "held": _("已冻结"), "over": _("保管期满"), "transfer": _("应移交"), "disposed": _("已销毁")}


@bp.get("/archive")
@allow(Permission.ARCHIVE_READ)
def cases() -> ResponseReturnValue:
    asked, at = request.args, now()
    q, state, procedure = asked.get("q", "").strip()[:100], asked.get("state", ""), asked.get("procedure", "")
    if "\0" in q or state not in ("", *queries.STATES) or procedure not in ("", *PROCEDURES):
        raise Refused("form.document", place="q, state, procedure")
    filters = queries.Filters(q, state, procedure, year(), page_number())
    found = queries.find(filters, at)
    return render_template(
        "archive/cases.html", rows=[_row(row, at) for row in found.items], count=found.count, page=filters.page, pages=found.pages,
        address={"q": q, "state": state, "procedure": procedure, "year": filters.year or ""},
        fields=[{"name": "q", "label": _("名称、编号或者档号"), "type": "search", "value": q},
                {"name": "state", "label": _("状态"), "type": "select", "value": state, "options": [
                    {"value": "", "text": _("全部状态")}, *({"value": name, "text": text} for name, text in _states().items())]},
                {"name": "procedure", "label": _("交易方式"), "type": "select", "value": procedure, "options": procedure_options()},
                {"name": "year", "label": _("年度"), "type": "select", "value": str(filters.year or ""), "options": year_options()}],
        filtered=bool(q or state or procedure or filters.year or filters.page > 1), may_lend=current_user.may(Permission.ARCHIVE_MANAGE))


def _row(row: queries.Row, at: datetime) -> dict[str, Any]:
    if row.pack is None:
        status = {"kind": "todo", "text": _("待封卷")}
    elif row.pack.disposed_at:
        status = {"kind": "done", "text": _("已销毁")}
    elif row.held:
        status = {"kind": "warn", "text": _("已冻结")}
    else:
        status = {"kind": "warn", "text": _("保管期满")} if row.pack.keep_until <= at else {"kind": "done", "text": _("已封卷")}
    return {"lot": row.lot, "status": status, "number": row.file.number if row.file else "",
            "retention": words.retention(row.file.retention) if row.file else "",
            "until": row.pack.keep_until.astimezone(BEIJING).date() if row.pack and row.file and terms.CLASSES[row.file.retention].months else None,
            "transfer": keeping.transfer_day(row.lot, row.pack, row.file.retention, at) if row.pack and row.file else None}


# --- one case ----------------------------------------------------------------------------------


@bp.get("/archive/<code>")
@allow(Permission.ARCHIVE_READ)
def case(code: str) -> ResponseReturnValue:
    return case_page(projects.lot_by_code(code))


@bp.post("/archive/<code>/seal")
@allow(Permission.ARCHIVE_MANAGE)
def seal(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    packing.seal(lot.id, actor=current_user.actor, at=now())
    keeping.take_in(lot.id, at=now())
    flash(_("已封卷，归档包可以离线核验。"), "success")
    return redirect(url_for("archive.case", code=code))


@bp.post("/archive/<code>/renew")
@allow(Permission.ARCHIVE_MANAGE)
def renew(code: str) -> ResponseReturnValue:
    """Renew the evidence of a pack before its year is over, when an algorithm is given up."""
    lot = projects.lot_by_code(code)
    loans.copy_of(lot, None)
    made = renewal.renew(lot.id, actor=current_user.actor, at=now())
    flash(_("已更新证据，第 %(number)s 次。", number=made.number), "success")
    return redirect(url_for("archive.case", code=code))


@bp.get("/archive/<code>/renewals.json")
@allow(Permission.OWN_ACCOUNT)
def renewals(code: str) -> ResponseReturnValue:
    """The renewals with their proofs, to be checked beside the pack."""
    if not current_user.may(Permission.ARCHIVE_READ):
        raise NotFound
    lot = projects.lot_by_code(code)
    if service.pack_of(lot.id) is None:
        raise NotFound
    answer = jsonify(renewal.export(lot.id))
    answer.headers["Content-Disposition"] = f'attachment; filename="{lot.code}-renewals.json"'
    return answer


# --- copies by right of office: each is on record, hence none is fetched by a mere link -----------


@bp.post("/archive/<code>/pieces/<number:piece_id>")
@allow(Permission.ARCHIVE_READ)
def piece(code: str, piece_id: int) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    if service.pack_of(lot.id) is None and not (queries.is_open(lot) and current_user.may(Permission.ARCHIVE_MANAGE)):
        raise NotFound  # while a case is under way, supervisors read it on their own pages
    return send(loans.take_by_office(lot.id, piece_id, actor=current_user.actor, at=now()))


@bp.post("/archive/<code>/pack.zip")
@allow(Permission.OWN_ACCOUNT)
def download(code: str) -> ResponseReturnValue:
    """The pack holds whole bids, so it goes to archivists and supervisors only; others borrow."""
    if not current_user.may(Permission.ARCHIVE_READ):
        raise NotFound
    return send(loans.take_by_office(projects.lot_by_code(code).id, None, actor=current_user.actor, at=now()))


# --- the file's papers ---------------------------------------------------------------------------


def _attached(data: str | bytes, kind: str, name: str) -> Response:
    return Response(data, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@bp.get("/archive/<code>/file.pdf")
@allow(Permission.ARCHIVE_READ)
def papers(code: str) -> ResponseReturnValue:
    """Cover, list of pieces and closing note, to be printed."""
    lot = projects.lot_by_code(code)
    return _attached(printing.file_papers(lot), "application/pdf", f"{catalogue.numbered(lot)[0].number}.pdf")


@bp.get("/archive/<code>/catalogue.json")
@allow(Permission.ARCHIVE_READ)
def catalogue_json(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    answer = jsonify(catalogue.document(lot))
    answer.headers["Content-Disposition"] = f'attachment; filename="{catalogue.numbered(lot)[0].number}.json"'
    return answer


@bp.get("/archive/<code>/catalogue.csv")
@allow(Permission.ARCHIVE_READ)
def catalogue_csv(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    return _attached(catalogue.table(lot), "text/csv", f"{catalogue.numbered(lot)[0].number}.csv")


# --- how long it is kept -------------------------------------------------------------------------


@bp.post("/archive/<code>/retention")
@allow(Permission.ARCHIVE_MANAGE)
def change_class(code: str) -> ResponseReturnValue:
    """Keep a case longer at once, or ask a second person to let it be kept less long."""
    lot, form = projects.lot_by_code(code), RetentionForm(list(terms.ORDER))
    if form.validate_on_submit():
        try:
            found = keeping.case_file(lot.id)
            if found and terms.is_lower(terms.read(form.retention.data), found.retention):
                keeping.ask_lowering(lot.id, form.retention.data, form.reason.data, **me())
                flash(_("已提出降低保管期限，等待监督人员批准。"), "success")
            else:
                keeping.raise_class(lot.id, form.retention.data, form.reason.data, **me())
                flash(_("已提高保管期限。"), "success")
            return redirect(url_for("archive.case", code=code))
        except Refused as refusal:
            fields.tell(form, refusal, form.retention)
    return case_page(lot, 422, retention_form=form)


def _lot_of_change(change_id: int) -> Lot:
    return projects.get_lot(keeping.change_of(change_id).lot_id)


@bp.post("/archive/retention/<number:change_id>/approve")
@allow(Permission.ARCHIVE_SUPERVISE)
def approve_lowering(change_id: int) -> ResponseReturnValue:
    lot = _lot_of_change(change_id)
    keeping.lower(change_id, **me())
    flash(_("已批准降低保管期限。"), "success")
    return redirect(url_for("archive.case", code=lot.code))


@bp.post("/archive/retention/<number:change_id>/refuse")
@allow(Permission.ARCHIVE_READ)
def refuse_lowering(change_id: int) -> ResponseReturnValue:
    """A supervisor turns a lowering down; the archivist who asked takes it back."""
    lot, change = _lot_of_change(change_id), keeping.change_of(change_id)
    own = change.asked_by == current_user.account.id
    if not own and not current_user.may(Permission.ARCHIVE_SUPERVISE):
        raise NotFound
    form = ReasonForm()
    if own or form.validate_on_submit():
        keeping.refuse_lowering(change_id, form.reason.data or "", **me())
        flash(_("这项调整已撤销，保管期限不变。"), "success")
        return redirect(url_for("archive.case", code=lot.code))
    return case_page(lot, 422, wrong=form)

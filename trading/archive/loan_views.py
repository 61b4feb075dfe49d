"""Pages of loans: who wants to read a case asks, the archivist decides, each copy is taken out on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.archive import loans, service, words
from trading.archive.forms import CourtForm, GrantForm, LoanForm, ReasonForm
from trading.archive.lending import Borrower
from trading.archive.models import Loan
from trading.archive.pages import me, send
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.projects import service as projects
from trading.projects.models import Lot

bp = Blueprint("loans", __name__)
bp.record(addresses.register)


def _line(loan: Loan, at: datetime) -> dict[str, Any]:
    return {"loan": loan, "state": words.loan(loan.state(at)), "borrower": words.borrower(loan.borrower),
            "what": loan.piece.title if loan.piece else _("整卷（归档包）")}


# --- asking ------------------------------------------------------------------------------------


def _ask_form(lot: Lot) -> LoanForm:
    borrower = loans.as_what(lot, current_user.account)
    if service.pack_of(lot.id) is None:
        raise Refused("archive.not_sealed")
    return LoanForm(loans.lendable(lot, current_user.account), borrower is not Borrower.BIDDER)


def _ask_page(lot: Lot, form: LoanForm, status: int = 200, *, court: bool = False) -> ResponseReturnValue:
    back = {"text": _("借阅"), "href": "/archive/loans" if court else "/me/loans"}
    return render_template("archive/ask_loan.html", lot=lot, form=form, court=court, crumbs=[back, {"text": _("申请借阅")}]), status


@bp.get("/archive/<code>/loans/new")
@allow(Permission.OWN_ACCOUNT)
def new(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    return _ask_page(lot, _ask_form(lot))


@bp.post("/archive/<code>/loans/new")
@allow(Permission.OWN_ACCOUNT)
def ask(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    form = _ask_form(lot)
    if form.validate_on_submit():
        try:
            loans.ask(lot.id, form.piece_id(), form.purpose.data, form.days.data, **me())
            flash(_("已提交借阅申请。"), "success")
            return redirect(url_for("loans.mine"))
        except Refused as refusal:
            fields.tell(form, refusal, form.piece)
    return _ask_page(lot, form, 422)


@bp.get("/me/loans")
@allow(Permission.OWN_ACCOUNT)
def mine() -> ResponseReturnValue:
    at = now()
    return render_template("archive/my_loans.html", rows=[_line(loan, at) for loan in loans.of_account(current_user.account.id)],
                           lots=loans.borrowable(current_user.account),
                           crumbs=[{"text": _("我的工作"), "href": "/me"}, {"text": _("我的借阅")}])


def _own(loan_id: int) -> Loan:
    """A loan of one's own, or for the archivist one of somebody without an account."""
    found = loans.get(loan_id)
    if found.account_id == current_user.account.id or found.account_id is None and current_user.may(Permission.ARCHIVE_MANAGE):
        return found
    raise NotFound


def _back(found: Loan) -> ResponseReturnValue:
    return redirect(url_for("loans.board" if found.account_id is None else "loans.mine"))


@bp.post("/loans/<number:loan_id>/copy")
@allow(Permission.OWN_ACCOUNT)
def copy(loan_id: int) -> ResponseReturnValue:
    return send(loans.take(_own(loan_id).id, actor=current_user.actor, at=now()))


@bp.post("/loans/<number:loan_id>/give-back")
@allow(Permission.OWN_ACCOUNT)
def give_back(loan_id: int) -> ResponseReturnValue:
    found = loans.give_back(_own(loan_id).id, actor=current_user.actor, at=now())
    flash(_("已归还。"), "success")
    return _back(found)


# --- the archivist -----------------------------------------------------------------------------


@bp.get("/archive/loans")
@allow(Permission.ARCHIVE_MANAGE)
def board() -> ResponseReturnValue:
    at = now()
    return render_template("archive/loans.html", rows=[_line(loan, at) for loan in loans.newest()],
                           crumbs=[{"text": _("档案"), "href": "/archive"}, {"text": _("借阅")}])


def _loan_page(found: Loan, grant_form: GrantForm | None = None, refuse_form: ReasonForm | None = None, status: int = 200) -> ResponseReturnValue:
    at = now()
    return render_template(
        "archive/loan.html", row=_line(found, at), grant_form=grant_form or GrantForm(formdata=None, days=found.days),
        refuse_form=refuse_form or ReasonForm(formdata=None),
        copies=[entry for entry in loans.copies(found.lot) if (entry.event or {}).get("loan") == found.id],
        crumbs=[{"text": _("档案"), "href": "/archive"}, {"text": _("借阅"), "href": "/archive/loans"}, {"text": found.lot.code}]), status


@bp.get("/archive/loans/<number:loan_id>")
@allow(Permission.ARCHIVE_MANAGE)
def one(loan_id: int) -> ResponseReturnValue:
    return _loan_page(loans.get(loan_id))


@bp.post("/archive/loans/<number:loan_id>/grant")
@allow(Permission.ARCHIVE_MANAGE)
def grant(loan_id: int) -> ResponseReturnValue:
    found, form = loans.get(loan_id), GrantForm()
    if form.validate_on_submit():
        loans.grant(loan_id, form.days.data, **me())
        flash(_("已批准借阅。"), "success")
        return redirect(url_for("loans.one", loan_id=loan_id))
    return _loan_page(found, grant_form=form, status=422)


@bp.post("/archive/loans/<number:loan_id>/refuse")
@allow(Permission.ARCHIVE_MANAGE)
def refuse(loan_id: int) -> ResponseReturnValue:
    found, form = loans.get(loan_id), ReasonForm()
    if form.validate_on_submit():
        loans.refuse(loan_id, form.reason.data, **me())
        flash(_("已答复不予借阅。"), "success")
        return redirect(url_for("loans.one", loan_id=loan_id))
    return _loan_page(found, refuse_form=form, status=422)


@bp.get("/archive/<code>/loans/court")
@allow(Permission.ARCHIVE_MANAGE)
def new_court(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    return _ask_page(lot, CourtForm(service.pieces(lot.id), True, formdata=None), court=True)


@bp.post("/archive/<code>/loans/court")
@allow(Permission.ARCHIVE_MANAGE)
def enter(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    form = CourtForm(service.pieces(lot.id), True)
    if form.validate_on_submit():
        try:
            made = loans.enter(lot.id, form.piece_id(), form.name.data, form.document.data, form.purpose.data, form.days.data,
                               actor=current_user.actor, at=now())
            flash(_("已登记，请核对文书后批准或者答复。"), "success")
            return redirect(url_for("loans.one", loan_id=made.id))
        except Refused as refusal:
            fields.tell(form, refusal, form.document)
    return _ask_page(lot, form, 422, court=True)

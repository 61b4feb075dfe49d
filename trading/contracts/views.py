"""The page on which whoever tenders keeps a signed contract: supplements, bonds, acceptance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from trading.accounts.permissions import Permission, allow
from trading.base import addresses, fields
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.contracts import forms, pages, payments, queries, rules, service
from trading.law.periods import day_of
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects.models import Lot

bp = Blueprint("contracts", __name__, url_prefix="/projects/<number:project_id>/lots/<number:lot_id>/contract")
bp.record(addresses.register)


def _own_lot(project_id: int, lot_id: int) -> Lot:
    """A lot of one's own project whose contract is signed; nothing else has this page."""
    project = project_queries.get(project_id)
    lot = next((lot for lot in project.lots if lot.id == lot_id), None)
    if lot is None or not projects.is_mine(project, current_user.organisation_id) or queries.signed(lot) is None:
        raise NotFound
    return lot


def _who() -> dict[str, Any]:
    return {"actor": current_user.actor, "at": now()}


def _supplement_form(lot: Lot, **kwargs: Any) -> forms.SupplementForm:
    contract = queries.signed(lot)
    assert contract is not None
    return forms.SupplementForm(prefix="supplement-", capped=rules.cap_of(contract, day_of(now())) is not None, **kwargs)


def _page(lot: Lot, name: str = "", wrong: FlaskForm | None = None, status: int = 200) -> ResponseReturnValue:
    contract = queries.signed(lot)
    assert contract is not None
    shown: dict[str, Any] = {
        "supplement": _supplement_form(lot, formdata=None), "publication": forms.PublicationForm(prefix="publication-", formdata=None),
        "bond": forms.SecurityForm(prefix="bond-", formdata=None), "acceptance": forms.AcceptanceForm(prefix="acceptance-", formdata=None),
        "plan": forms.PlanForm(prefix="plan-", formdata=None), "payment": forms.PaymentForm(prefix="payment-", formdata=None)}
    if wrong is not None:
        shown[name] = wrong
    values = pages.values(lot, contract, now())
    for row in values["bonds"]:
        key = f"return{row['bond'].id}"
        row["form_"] = shown.get(key) or forms.ReturnForm(prefix=f"{key}-", formdata=None)
    for row in values["supplements"]:
        key = f"filing{row['item'].id}"
        row["form_"] = shown.get(key) or forms.FilingForm(prefix=f"{key}-", formdata=None)
    return render_template(
        "contracts/contract.html", lot=lot, project=lot.project, forms=shown, wrong=wrong, base=_place(lot), **values,
        crumbs=[{"text": _("我的项目"), "href": "/projects"}, {"text": lot.project.name, "href": f"/projects/{lot.project_id}"},
                {"text": _("结果与合同"), "href": f"/projects/{lot.project_id}/lots/{lot.id}/result"}, {"text": _("合同履行")}]), status


def _place(lot: Lot) -> str:
    return url_for("contracts.show", project_id=lot.project_id, lot_id=lot.id)


def _with(lot: Lot, name: str, form: FlaskForm, act: Callable[[], object], said: str, places: dict[str, str]) -> ResponseReturnValue:
    """Do an act that needs a form; a refusal is shown at the field that it is about."""
    if form.validate_on_submit():
        try:
            act()
            flash(said, "success")
            return redirect(_place(lot))
        except Refused as refusal:
            place = str(refusal.facts.get("field", "")) or places.get(refusal.reason, "")
            fields.tell(form, refusal, form[place] if place in form else None)
    return _page(_own_lot(lot.project_id, lot.id), name, form, 422)


@bp.get("")
@allow(Permission.RESULT_WRITE)
def show(project_id: int, lot_id: int) -> ResponseReturnValue:
    return _page(_own_lot(project_id, lot_id))


@bp.post("/publication")
@allow(Permission.RESULT_WRITE)
def publish(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.PublicationForm(prefix="publication-")
    return _with(lot, "publication", form, lambda: service.publish(lot.id, form.items.data, form.performance.data, **_who()),
                 _("合同已公告。"), {})


@bp.post("/supplements")
@allow(Permission.RESULT_WRITE)
def add_supplement(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, lot_id)
    form = _supplement_form(lot)
    return _with(lot, "supplement", form, lambda: service.add_supplement(
        lot.id, form.number.data, form.fen.data or 0, form.signed_on.data, form.matter.data, changed=form.terms(),
        emergency=form.emergency.data or "" if "emergency" in form else "", **_who()), _("补充合同已登记。"),
        {"law.supplement_above_cap": "fen", "contract.amount": "fen", "contract.terms_changed": "changed",
         "contract.number_known": "number", "contract.performance_over": "signed_on"})


@bp.post("/supplements/<number:supplement_id>/filing")
@allow(Permission.RESULT_WRITE)
def file_supplement(project_id: int, lot_id: int, supplement_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.FilingForm(prefix=f"filing{supplement_id}-")
    queries.supplement(lot.id, supplement_id)
    return _with(lot, f"filing{supplement_id}", form, lambda: service.file_supplement(
        lot.id, supplement_id, form.reference.data, **_who()), _("已登记。"), {})


@bp.post("/bonds")
@allow(Permission.RESULT_WRITE)
def take_bond(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.SecurityForm(prefix="bond-")
    return _with(lot, "bond", form, lambda: service.take_bond(
        lot.id, form.chosen(), form.fen.data or 0, form.reference.data, form.received_on.data, form.valid_until.data, **_who()),
        _("履约保证金已登记。"), {"law.performance_bond_above_cap": "fen", "contract.amount": "fen", "contract.bond_in_cash": "form",
                           "contract.number_known": "reference"})


@bp.post("/bonds/<number:bond_id>/return")
@allow(Permission.RESULT_WRITE)
def return_bond(project_id: int, lot_id: int, bond_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.ReturnForm(prefix=f"return{bond_id}-")
    queries.bond(lot.id, bond_id)
    return _with(lot, f"return{bond_id}", form, lambda: service.return_bond(
        lot.id, bond_id, form.returned_on.data, form.note.data, **_who()), _("退还已登记。"), {})


@bp.post("/acceptances")
@allow(Permission.RESULT_WRITE)
def accept(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.AcceptanceForm(prefix="acceptance-")
    return _with(lot, "acceptance", form, lambda: service.accept(
        lot.id, form.accepted_on.data, form.found(), form.members.data.split("\n"), form.opinion.data, is_final=form.is_final.data, **_who()),
        _("验收已登记。"), {"contract.members": "members", "contract.failed_not_final": "is_final"})


@bp.post("/plan")
@allow(Permission.RESULT_WRITE)
def agree_plan(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.PlanForm(prefix="plan-")
    return _with(lot, "plan", form, lambda: payments.agree(lot.id, form.plan(), form.security.data or "", **_who()), _("付款计划已登记。"),
                 {"contract.plan_unsecured": "security"})


@bp.post("/payments")
@allow(Permission.RESULT_WRITE)
def pay(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot, form = _own_lot(project_id, lot_id), forms.PaymentForm(prefix="payment-")
    return _with(lot, "payment", form, lambda: payments.pay(lot.id, form.fen.data or 0, form.paid_on.data, form.reference.data, **_who()),
                 _("付款已登记。"), {"contract.amount": "fen", "contract.overpaid": "fen", "contract.number_known": "reference"})

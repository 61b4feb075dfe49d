"""The tenderer's last steps: publicise the candidates, award, record the contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovRadioInput, GovSelect, GovSubmitInput
from wtforms import RadioField, SelectField, SubmitField

from experts.evaluation import service as evaluation
from trading.accounts.permissions import Permission, allow
from trading.announcements import service as announcements
from trading.announcements.contents import Particulars
from trading.base import addresses, fields
from trading.base.clock import BEIJING, now
from trading.base.errors import NotFound, Refused
from trading.base.money import yuan
from trading.contracts import forms as contract_forms
from trading.contracts import payments
from trading.law.awards import Loss
from trading.law.procedures import UNJUDGED, Family
from trading.portal import home
from trading.projects import queries as project_queries
from trading.projects import rules, words
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.sales import pages as sale_pages
from trading.supervision import clocks
from trading.supervision import words as clock_words

bp = Blueprint("results", __name__)
bp.record(addresses.register)
PLACE = "/projects/<number:project_id>/lots/<number:lot_id>/result"


def publicity_form(lot: Lot, **more: Any) -> FlaskForm:
    """A form that asks, of each candidate, what the law wants shown and the case does not know."""
    class PublicityForm(FlaskForm):
        pass

    for candidate in projects.candidates(lot.id):
        name = candidate.organisation.name
        setattr(PublicityForm, f"manager_{candidate.rank}", fields.LineField(
            _("%(name)s：项目负责人及证书", name=name), most=200, validators=[fields.Filled(_("请填写项目负责人及证书"))]))
        setattr(PublicityForm, f"qualification_{candidate.rank}", fields.TextField(
            _("%(name)s：资格能力条件响应情况", name=name), most=1000, validators=[fields.Filled(_("请填写资格能力条件响应情况"))]))
    return PublicityForm(**more)


class AwardForm(FlaskForm):
    winner = RadioField(lazy_gettext("中标人"), widget=GovRadioInput(), coerce=int)
    items = fields.TextField(lazy_gettext("主要标的"), most=2000,
                             description=lazy_gettext("名称、规格型号、数量、单价，随结果公告公开；工程招标留空"))

    def __init__(self, lot: Lot, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.winner.choices = [(c.organisation_id, _("第 %(rank)s 名 %(name)s，%(price)s 元", rank=c.rank, name=c.organisation.name,
                                                     price=yuan(c.price_fen))) for c in projects.candidates(lot.id) if not c.lost]


class LossForm(FlaskForm):
    """A candidate that fell away, on one of the grounds of law."""

    rank = SelectField(lazy_gettext("候选人"), widget=GovSelect(), coerce=int)
    loss = SelectField(lazy_gettext("法定情形"), widget=GovSelect())
    note = fields.TextField(lazy_gettext("事实和依据"), most=2000, description=lazy_gettext("将随结果公告公开"),
                            validators=[fields.Filled(lazy_gettext("请写明事实和依据"))])
    lose = SubmitField(lazy_gettext("登记这一情形"), widget=GovSubmitInput())

    def __init__(self, lot: Lot, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rank.choices = [(c.rank, _("第 %(rank)s 名 %(name)s", rank=c.rank, name=c.organisation.name))
                             for c in projects.candidates(lot.id) if not c.lost]
        self.loss.choices = [(loss, words.loss(loss)) for loss in Loss]


class ContractForm(contract_forms.PlanFields, FlaskForm):
    number = fields.LineField(lazy_gettext("合同编号"), most=80, validators=[fields.Filled(lazy_gettext("请填写合同编号"))])
    price = fields.AmountField(lazy_gettext("合同价格"), description=lazy_gettext("应当与中标价一致"),
                               validators=[fields.Filled(lazy_gettext("请填写合同价格"))])
    signed_on = fields.DayField(lazy_gettext("签订日期"), description=lazy_gettext("例如 2026-09-04"),
                                validators=[fields.Filled(lazy_gettext("请填写签订日期"))])
    submit = SubmitField(lazy_gettext("登记合同"), widget=GovSubmitInput())

    def __init__(self, lot: Lot, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_sale = rules.procedure(lot.project.procedure).family in (Family.LAND, Family.PROPERTY)
        if not self.is_sale:
            del self.instalments
            del self.security

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        return (not self.is_sale or self.halves()) and bool(good)


def _own_lot(project_id: int, lot_id: int) -> Lot:
    project = project_queries.get(project_id)
    lot = next((lot for lot in project.lots if lot.id == lot_id), None)
    if lot is None or not project.accepted_at or not projects.is_mine(project, current_user.organisation_id):
        raise NotFound
    return lot


def _values(lot: Lot, at: datetime) -> dict[str, Any]:
    publicity, until = rules.procedure(lot.project.procedure).publicity, home.publicity_until(lot)
    ranked = lot.stage in (Stage.EVALUATED, Stage.PUBLICISED, Stage.AWARDED, Stage.CONTRACTED, Stage.ARCHIVED)
    return {
        "lot": lot, "project": lot.project, "state": words.stage_state(lot.stage), "until": until,
        "candidates": projects.candidates(lot.id) if ranked else [], "award": projects.award_of(lot.id),
        "contract": projects.contract_of(lot.id), "may_publicise": publicity and lot.stage == Stage.EVALUATED, "publicises": publicity,
        "may_award": lot.stage == Stage.PUBLICISED and until is not None and at >= until
        or not publicity and lot.stage == Stage.EVALUATED and rules.procedure(lot.project.procedure).has_winner,
        "may_lose": lot.stage in (Stage.EVALUATED, Stage.PUBLICISED, Stage.AWARDED), "words": words,
        "clocks": [clock_words.clock(clock, at.astimezone(BEIJING).date()) for clock in clocks.of_lots([lot], at=at).get(lot.id, [])],
        "may_contract": lot.stage == Stage.AWARDED,
        "deal": sale_pages.result(lot.method, lot.estimate_fen, made.price_fen) if (made := projects.award_of(lot.id)) else [],
        "framework_href": f"/frameworks/{lot.code}" if rules.procedure(lot.project.procedure).is_framework else None,
        "prequal_href": f"/prequalification/{lot.code}" if rules.procedure(lot.project.procedure).is_prequalification and ranked else None,
        "may_fail": lot.stage in (Stage.OPENED, Stage.EVALUATED, Stage.PUBLICISED),
        "select_href": f"/select/{lot.code}" if lot.method.get("kind") in UNJUDGED and lot.stage == Stage.OPENED else None,
        "crumbs": [{"text": _("我的项目"), "href": "/projects"}, {"text": lot.project.name, "href": f"/projects/{lot.project_id}"},
                   {"text": _("结果与合同")}]}


def _page(lot: Lot, award: AwardForm | None = None, contract: ContractForm | None = None, loss: LossForm | None = None,
          publicity: FlaskForm | None = None, status: int = 200) -> ResponseReturnValue:
    made = projects.award_of(lot.id)
    empty = ContractForm(lot, formdata=None, data={"price": made.price_fen if made else None})
    first = [candidate for candidate in projects.candidates(lot.id) if not candidate.lost][:1]
    choice = AwardForm(lot, formdata=None, data={"winner": first[0].organisation_id if first else None})
    return render_template("portal/result.html", award_form=award or choice, contract_form=contract or empty,
                           loss_form=loss or LossForm(lot, formdata=None), publicity_form=publicity or publicity_form(lot, formdata=None), wrong=award or contract or loss or publicity,
                           **_values(lot, now())), status


@bp.post(f"{PLACE}/fail")
@allow(Permission.RESULT_WRITE)
def fail(project_id: int, lot_id: int) -> ResponseReturnValue:
    """End a lot without an award, on a ground that is published (招标投标法 42; 政府采购法 36)."""
    lot = _own_lot(project_id, lot_id)
    evaluation.fail(lot.id, request.form.get("reason", ""), actor=current_user.actor, at=now())
    flash(_("已公告本标段流标（废标）。"), "success")
    return _back(lot)


def _back(lot: Lot) -> ResponseReturnValue:
    return redirect(url_for("results.show", project_id=lot.project_id, lot_id=lot.id))


@bp.get(PLACE)
@allow(Permission.RESULT_WRITE)
def show(project_id: int, lot_id: int) -> ResponseReturnValue:
    return _page(_own_lot(project_id, lot_id))


@bp.post(PLACE + "/publicise")
@allow(Permission.RESULT_WRITE)
def publicise(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, lot_id)
    form = publicity_form(lot)
    if form.validate_on_submit():
        said = {candidate.rank: Particulars(form[f"manager_{candidate.rank}"].data, form[f"qualification_{candidate.rank}"].data)
                for candidate in projects.candidates(lot.id)}
        announcements.publicise(lot.id, said, actor=current_user.actor, at=now())
        flash(_("中标候选人公示已发布。"), "success")
        return _back(lot)
    return _page(lot, publicity=form, status=422)


@bp.post(PLACE + "/award")
@allow(Permission.RESULT_WRITE)
def award(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, lot_id)
    form = AwardForm(lot)
    if form.validate_on_submit():
        try:
            evaluation.award(lot.id, form.winner.data, actor=current_user.actor, at=now(), items=form.items.data or "")
            flash(_("已定标：中标通知书已发出，同时通知了全部未中标人。"), "success")
            return _back(lot)
        except Refused as refusal:
            fields.tell(form, refusal, form.items if refusal.reason == "notice.contents_missing" else form.winner)
    return _page(_own_lot(project_id, lot_id), award=form, status=422)


@bp.post(PLACE + "/duties")
@allow(Permission.RESULT_WRITE)
def duty(project_id: int, lot_id: int) -> ResponseReturnValue:
    """A duty outside the platform was done: its reference is kept as evidence."""
    lot = _own_lot(project_id, lot_id)
    clocks.note_duty(lot.id, request.form.get("duty", ""), request.form.get("reference", ""), actor=current_user.actor, at=now())
    flash(_("已登记。"), "success")
    return _back(lot)


@bp.post(PLACE + "/losses")
@allow(Permission.RESULT_WRITE)
def lose(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, lot_id)
    form = LossForm(lot)
    if form.validate_on_submit():
        try:
            announcements.lose_candidate(lot.id, form.rank.data, form.loss.data, form.note.data, actor=current_user.actor, at=now())
            flash(_("已登记。可以依次确定下一名候选人，或者重新招标。"), "success")
            return _back(lot)
        except Refused as refusal:
            fields.tell(form, refusal, form.note if refusal.reason == "result.loss_note" else form.rank)
    return _page(_own_lot(project_id, lot_id), loss=form, status=422)


@bp.post(PLACE + "/contract")
@allow(Permission.RESULT_WRITE)
def contract(project_id: int, lot_id: int) -> ResponseReturnValue:
    lot = _own_lot(project_id, lot_id)
    form = ContractForm(lot)
    if form.validate_on_submit():
        places = {"result.contract_price": form.price, "result.contract_number": form.number, "result.contract_date": form.signed_on}
        if form.is_sale:
            first = form.instalments[0].form.fen
            places |= {"contract.plan_unsecured": form.security} | {f"contract.plan_{name}": first for name in (
                "sum", "count", "amount", "order", "half_short", "whole_late", "first_late", "share_short")}
        try:
            payments.record(lot.id, form.number.data, form.price.data or 0, form.signed_on.data, actor=current_user.actor, at=now(),
                            **({"plan": form.plan(), "security": form.security.data or ""} if form.is_sale else {}))
            flash(_("合同已登记。"), "success")
            return _back(lot)
        except Refused as refusal:
            fields.tell(form, refusal, places.get(refusal.reason))
    return _page(_own_lot(project_id, lot_id), contract=form, status=422)

"""Forms of whoever performs a contract: supplement, publication, performance bond, acceptance."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovCheckboxesInput, GovCheckboxInput, GovSelect, GovSubmitInput
from wtforms import BooleanField, FieldList, Form, FormField, SelectField, SelectMultipleField, SubmitField

from trading.base import fields
from trading.contracts import rules, words
from trading.contracts.instalments import Instalment
from trading.contracts.rules import BondForm, Outcome, Term

DAY = _("例如 2026-09-04")
#: Rows of a payment plan on a page; few sales have more.
MOST_ROWS = 6


class SupplementForm(FlaskForm):
    number = fields.LineField(_("补充合同编号"), most=rules.LONGEST_NUMBER, validators=[fields.Filled(_("请填写补充合同编号"))])
    fen = fields.AmountField(_("补充合同金额"), description=_("不增加金额的填 0"), validators=[fields.Filled(_("请填写补充合同金额"))])
    signed_on = fields.DayField(_("签订日期"), description=DAY, validators=[fields.Filled(_("请填写签订日期"))])
    matter = fields.TextField(_("补充内容"), most=rules.LONGEST_TEXT, validators=[fields.Filled(_("请写明补充内容"))])
    changed = SelectMultipleField(_("改变了原合同的哪些实质性内容"), widget=GovCheckboxesInput(), description=_("没有改变的不要勾选"))
    emergency = fields.LineField(_("紧急采购依据"), most=rules.LONGEST_LINE, description=_("认定为紧急采购的文号；不是紧急采购的留空"))
    submit = SubmitField(_("登记补充合同"), widget=GovSubmitInput())

    def __init__(self, *args: Any, capped: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed.choices = [(str(term), words.term(term)) for term in Term]
        if not capped:
            del self.emergency

    def terms(self) -> tuple[Term, ...]:
        return tuple(Term(name) for name in self.changed.data or ())


class PublicationForm(FlaskForm):
    items = fields.TextField(_("主要标的"), most=rules.LONGEST_TEXT, description=_("名称、规格型号、数量、单价"),
                             validators=[fields.Filled(_("请写明主要标的"))])
    performance = fields.TextField(_("履约期限、地点和方式"), most=rules.LONGEST_TEXT, validators=[fields.Filled(_("请写明履约期限、地点和方式"))])
    submit = SubmitField(_("公告合同"), widget=GovSubmitInput())


class SecurityForm(FlaskForm):
    form = SelectField(_("形式"), widget=GovSelect())
    fen = fields.AmountField(_("履约保证金金额"), validators=[fields.Filled(_("请填写履约保证金金额"))])
    reference = fields.LineField(_("凭证编号"), most=rules.LONGEST_REFERENCE, description=_("保函、保单编号或者付款流水号"),
                                 validators=[fields.Filled(_("请填写凭证编号"))])
    received_on = fields.DayField(_("收到日期"), description=DAY, validators=[fields.Filled(_("请填写收到日期"))])
    valid_until = fields.DayField(_("有效期至"), description=_("保函、保险必填"))
    submit = SubmitField(_("登记履约保证金"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.choices = [(str(form), words.bond_form(form)) for form in BondForm]

    def chosen(self) -> BondForm:
        return BondForm(self.form.data)


class InstalmentForm(Form):
    due_on = fields.DayField(_("最后付款日"), description=DAY)
    fen = fields.AmountField(_("金额"))


class PlanFields:
    """The payment plan of a sale, a row an instalment; what is left empty the platform plans by the latest days of the law."""

    instalments = FieldList(FormField(InstalmentForm), min_entries=MOST_ROWS, max_entries=MOST_ROWS)
    security = fields.LineField(_("余款担保和利息"), most=rules.LONGEST_LINE, description=_("产权分期付款的必填：担保方式、利率"))

    def plan(self) -> list[Instalment]:
        """The instalments of the rows that are filled in."""
        return [Instalment(entry.form.due_on.data, entry.form.fen.data) for entry in self.instalments if entry.form.due_on.data and entry.form.fen.data]

    def halves(self) -> bool:
        """Whether every row holds both a day and an amount or neither; the missing half says so."""
        good = True
        for entry in self.instalments:
            day, fen = entry.form.due_on, entry.form.fen
            if (day.data is None) != (fen.data is None) and not day.errors and not fen.errors:
                wrong = fen if fen.data is None else day
                wrong.errors = [*wrong.errors, gettext("日期和金额要一起填写")]
                good = False
        return good


class PlanForm(PlanFields, FlaskForm):
    submit = SubmitField(_("登记付款计划"), widget=GovSubmitInput())

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        return self.halves() and bool(good)


class PaymentForm(FlaskForm):
    fen = fields.AmountField(_("付款金额"), validators=[fields.Filled(_("请填写付款金额"))])
    paid_on = fields.DayField(_("付款日期"), description=DAY, validators=[fields.Filled(_("请填写付款日期"))])
    reference = fields.LineField(_("缴款凭证编号"), most=rules.LONGEST_REFERENCE, validators=[fields.Filled(_("请填写缴款凭证编号"))])
    submit = SubmitField(_("登记付款"), widget=GovSubmitInput())


class ReturnForm(FlaskForm):
    returned_on = fields.DayField(_("退还日期"), description=DAY, validators=[fields.Filled(_("请填写退还日期"))])
    note = fields.LineField(_("退还凭证"), most=rules.LONGEST_LINE, validators=[fields.Filled(_("请填写退还凭证"))])
    submit = SubmitField(_("登记退还"), widget=GovSubmitInput())


class FilingForm(FlaskForm):
    reference = fields.LineField(_("备案回执编号"), most=rules.LONGEST_LINE, validators=[fields.Filled(_("请填写备案回执编号"))])
    submit = SubmitField(_("登记已备案"), widget=GovSubmitInput())


class AcceptanceForm(FlaskForm):
    accepted_on = fields.DayField(_("验收日期"), description=DAY, validators=[fields.Filled(_("请填写验收日期"))])
    outcome = SelectField(_("验收结果"), widget=GovSelect())
    is_final = BooleanField(_("这是最终验收，合同履行完毕"), widget=GovCheckboxInput())
    members = fields.TextField(_("验收小组"), most=4000, description=_("一行一位"), validators=[fields.Filled(_("请写明验收小组"))])
    opinion = fields.TextField(_("验收意见"), most=rules.LONGEST_TEXT, description=_("每一项技术、服务、安全标准的履约情况"),
                               validators=[fields.Filled(_("请写明验收意见"))])
    submit = SubmitField(_("登记验收"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcome.choices = [(str(outcome), words.outcome(outcome)["text"]) for outcome in Outcome]

    def found(self) -> Outcome:
        return Outcome(self.outcome.data)

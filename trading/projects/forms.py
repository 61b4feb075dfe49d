"""Registration forms: basics, one lot with its method, files, the registrar's answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovCheckboxInput,
    GovFileInput,
    GovRadioInput,
    GovSelect,
    GovSubmitInput,
    GovTextInput,
)
from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
)

from trading.base import fields, installation
from trading.base.errors import Refused
from trading.base.language import refusal_text
from trading.law.procedures import Family, Procedure
from trading.projects import rules, words
from trading.projects.models import Lot, Project

FILE_KINDS = ("approval", *words.PUBLIC_FILES, "other")
LARGEST_FILE = 100 * 1024 * 1024
MOST_FACTORS = 8
_ = lazy_gettext


class BasicsForm(FlaskForm):
    name = fields.LineField(_("项目名称"), validators=[fields.Filled(_("请填写项目名称"))])
    tenderer_code = fields.LineField(_("招标人统一社会信用代码"), description=_("代理机构代为登记时填写，招标人须已在主体库中"), most=40)
    procedure = SelectField(_("交易方式"), widget=GovSelect())
    category = SelectField(_("类别"), widget=GovSelect())
    region = SelectField(_("行政区域"), widget=GovSelect())
    estimate = fields.AmountField(_("估算金额"), description=_("可写 480 万 或者 4,800,000.00"),
                                  validators=[fields.Filled(_("请填写估算金额"))])
    funding = fields.LineField(_("资金来源"), description=_("例如：财政资金 100%"))
    approval = fields.LineField(_("批准文号"), description=_("项目批准、核准或者采购计划备案的文号"))
    summary = fields.TextField(_("项目概况"), most=4000)
    submit = SubmitField(_("保存并继续"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.procedure.choices = [(row, words.procedure(row)) for row in rules.RUNNABLE]
        self.category.choices = [(str(row), words.category(row)) for row in rules.CATEGORIES]
        own = installation.settings().region
        self.region.choices = [(code, words.region(code)) for code in dict.fromkeys([own, *words.REGIONS])]

    @classmethod
    def of(cls, project: Project) -> BasicsForm:
        return cls(data={"name": project.name, "procedure": project.procedure, "category": project.category,
                         "region": project.region, "estimate": project.estimate_fen, "funding": project.funding,
                         "approval": project.approval, "summary": project.summary})

    def values(self) -> dict[str, Any]:
        return {"name": self.name.data, "procedure": self.procedure.data, "category": self.category.data,
                "region": self.region.data, "estimate_fen": self.estimate.data, "funding": self.funding.data,
                "approval": self.approval.data, "summary": self.summary.data}


class PointsField(StringField):
    """Points of a method, at most two decimals, kept as exact text."""

    widget = GovTextInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = unicodedata.normalize("NFKC", str(valuelist[0])).strip() if valuelist else ""
        self.data = text
        if text and not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text, re.ASCII):
            raise ValueError(gettext("请写 0 到 100 的分值，最多两位小数"))


class FactorForm(Form):
    name = fields.LineField(_("评审因素"), most=60)
    most = PointsField(_("分值"))
    objective = BooleanField(_("客观分"), widget=GovCheckboxInput())


class LotForm(FlaskForm):
    #: The page that shows it.
    template = "projects/lot.html"
    name = fields.LineField(_("标段名称"), validators=[fields.Filled(_("请填写标段名称"))])
    estimate = fields.AmountField(_("标段估算金额"), validators=[fields.Filled(_("请填写标段估算金额"))])
    ceiling = fields.AmountField(_("最高限价"), description=_("没有最高限价的留空"))
    deposit = fields.AmountField(_("投标保证金"), description=_("不收取的留空；上限由法律规定，发布公告时核对"))
    qualifications = fields.TextField(_("资格要求"), most=4000, description=_("只写与履行合同有关的要求"))
    kind = SelectField(_("评标办法"), widget=GovSelect())
    price_points = PointsField(_("价格分值"), description=_("综合评分时填写；与各因素分值合计为 100"))
    factors = FieldList(FormField(FactorForm), min_entries=MOST_FACTORS, max_entries=MOST_FACTORS)
    second_stage = SelectField(_("第二阶段成交方式"), widget=GovSelect())
    open_to_all = BooleanField(_("开放式：协议期内符合条件的供应商可以随时加入"), widget=GovCheckboxInput())
    submit = SubmitField(_("保存标段"), widget=GovSubmitInput())

    def __init__(self, project: Project, *args: Any, lot: Lot | None = None, **kwargs: Any) -> None:
        """``lot``: the one that is changed, for forms that keep something of it."""
        super().__init__(*args, **kwargs)
        row = rules.procedure(project.procedure)
        self.kind.choices = [(kind, words.method(kind)) for kind in row.methods]
        self.second_stage.choices = [("direct", gettext("直接选定")), ("second_bidding", gettext("二次竞价")), ("rotation", gettext("顺序轮候"))]
        if not row.is_framework:
            del self.second_stage
            del self.open_to_all
        if row.rounds == "fixed":
            self.ceiling.label.text, self.ceiling.description = gettext("固定价"), gettext("所有申请单位按此价承担，报价与它不同的不计入")
        if row.family in (Family.LAND, Family.PROPERTY):
            self.estimate.label.text, self.estimate.description = gettext("起始价"), gettext("低于起始价的报价不计入")

    @classmethod
    def of(cls, project: Project, lot: Lot) -> LotForm:
        factors = [{"name": item.get("name", item["id"]), "most": item["most"], "objective": bool(item.get("objective"))}
                   for item in lot.method.get("factors", ())]
        return cls(project, data={
            "name": lot.name, "estimate": lot.estimate_fen, "ceiling": lot.ceiling_fen, "deposit": lot.deposit_fen or None,
            "qualifications": lot.qualifications, "kind": lot.method.get("kind"),
            "price_points": lot.method.get("price_points", ""), "factors": factors, "second_stage": lot.method.get("second_stage"), "open_to_all": bool(lot.method.get("open"))})

    def rows(self) -> list[dict[str, Any]]:
        return [entry.data for entry in self.factors if entry.data["name"] or entry.data["most"]]

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        if not str(self.kind.data).endswith("comprehensive"):
            return bool(good)
        for entry in self.factors:
            if bool(entry.form.name.data) != bool(entry.form.most.data):
                wrong = entry.form.most if entry.form.name.data else entry.form.name
                wrong.errors = [*wrong.errors, gettext("评审因素和分值要一起填写")]
                good = False
        if good and sum((Decimal(row["most"]) for row in self.rows()), Decimal(self.price_points.data or "0")) != 100:
            self.price_points.errors = [*self.price_points.errors, refusal_text(Refused("evaluation.weights_not_full"))]
            good = False
        return bool(good)

    def method(self) -> dict[str, Any]:
        more: dict[str, Any] = {"second_stage": self.second_stage.data} if self.second_stage else {}
        if self.open_to_all and self.open_to_all.data:
            more["open"] = True
        if not str(self.kind.data).endswith("comprehensive"):
            return {"kind": self.kind.data, **more}
        return {"kind": self.kind.data, **more, "price_points": self.price_points.data or "0", "factors": [
            {"id": f"f{number}", "name": row["name"], "most": row["most"], "objective": row["objective"]}
            for number, row in enumerate(self.rows(), 1)]}

    def values(self) -> dict[str, Any]:
        return {"name": self.name.data, "estimate_fen": self.estimate.data, "ceiling_fen": self.ceiling.data,
                "deposit_fen": self.deposit.data or 0, "qualifications": self.qualifications.data, "method": self.method()}


#: Forms of lots that need one of their own; put here by app.py for the folders that come after this one.
LOT_FORMS: list[Callable[[Procedure], type[LotForm] | None]] = []


def lot_form(project: Project) -> type[LotForm]:
    """The form of a project's lots."""
    row = rules.procedure(project.procedure)
    return next((form for ask in LOT_FORMS if (form := ask(row)) is not None), LotForm)


class UploadForm(FlaskForm):
    kind = SelectField(_("文件种类"), widget=GovSelect())
    file = FileField(_("选择文件"), widget=GovFileInput(), description=_("单个文件不超过 100 MB"))
    submit = SubmitField(_("上传文件"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind, words.file_kind(kind)) for kind in FILE_KINDS]


class AcceptForm(FlaskForm):
    """How the bids of an accepted project are sealed; who does not choose gets the usual."""

    policy = RadioField(_("谁来开启投标"), widget=GovRadioInput(), default=rules.USUAL_POLICY)
    suite = SelectField(_("密码套件"), widget=GovSelect())
    envelopes = RadioField(_("报价放在哪里"), widget=GovRadioInput(), default="one")
    prices_after_h = IntegerField(_("报价信封最早在投标截止多少小时后开启"), widget=GovTextInput(), default=rules.LEAST_HOURS,
                                  description=_("只在单独封存报价时填写；实际开启还要等技术标评审写入存证日志"))
    submit = SubmitField(_("受理并编号"), widget=GovSubmitInput())

    def __init__(self, suites: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy.choices = [(policy, words.policy(policy)) for policy in rules.POLICIES]
        self.suite.choices = [(suite, words.suite(suite)) for suite in suites]
        self.envelopes.choices = [(name, words.envelopes(name)) for name in ("one", "two")]

    @property
    def hours(self) -> int | None:
        """Hours before price envelopes open, None where the price stands in the bid; nought for what is no number."""
        return (self.prices_after_h.data or 0) if self.envelopes.data == "two" else None


class ReturnForm(FlaskForm):
    places = SelectMultipleField(_("需要更正的内容"), widget=GovCheckboxesInput(), description=_("请一次性勾选全部"))
    note = fields.TextField(_("说明"), most=2000)
    submit = SubmitField(_("退回更正"), widget=GovSubmitInput())

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spots = [f"project.{name}" for name in (*rules.REQUIRED, "summary")]
        spots += [f"lots.{lot.number}.{name}" for lot in project.lots
                  for name in (*rules.REQUIRED_LOT, "ceiling_fen", "deposit_fen", *(("sale", "parcel") if "sale" in lot.method else ()))]
        spots += [f"files.{kind}" for kind in rules.REQUIRED_FILES]
        self.places.choices = [(spot, words.place(spot)) for spot in spots]


class InvitationsForm(FlaskForm):
    """Who is invited, one code a line."""

    codes = fields.TextField(lazy_gettext("统一社会信用代码"), most=2000, description=lazy_gettext("每行一个；法定的最少家数在发布时核对"),
                             validators=[fields.Filled(lazy_gettext("请填写受邀单位的统一社会信用代码"))])
    submit = SubmitField(lazy_gettext("保存名单"), widget=GovSubmitInput())

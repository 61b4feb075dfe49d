"""Forms of a live sale: a lot with its way of bidding, its parcel, and the moments of its notice."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovCheckboxesInput, GovRadioInput, GovSelect, GovSubmitInput, GovTextInput
from wtforms import Field, RadioField, SelectField, SelectMultipleField, SubmitField, ValidationError

from trading.announcements import rules as notice_rules
from trading.announcements.forms import MOMENT_HINT, NoticeForm
from trading.announcements.models import Notice
from trading.base import fields, forms
from trading.base.clock import now
from trading.base.errors import Refused
from trading.base.language import refusal_text
from trading.law.findings import Finding
from trading.law.limits import check_deposit
from trading.law.periods import LEGAL_TIME, day_of
from trading.law.procedures import Procedure
from trading.law.rules import seek
from trading.projects import rules as project_rules
from trading.projects import words as project_words
from trading.projects.forms import LotForm
from trading.projects.models import Lot, Project
from trading.sales import pages, parcels, rules, service, terms, words
from trading.sales.modes import MODES, After, Phase
from trading.sales.parcels import Parcel, Per, Use

_ = lazy_gettext
#: Which field asks for each place of ``auction.terms``.
TERM_FIELDS = {"start": "estimate", "step": "step", "ceiling": "ceiling", "after_ceiling": "after_ceiling", "housing_step": "housing_step",
               "floor": "lowest", "mode": "mode"}
FORM_FIELDS = {"opens": "opens_at", "listing_ends": "listing_ends_at", "breaks": "breaks"}
LARGEST_AREA = 10**9


def add(field: Field, text: str) -> None:
    """One more error of a field, told once."""
    field.errors = list(dict.fromkeys([*field.errors, text]))


def said(finding: Finding) -> str:
    return refusal_text(Refused(finding.reason, **finding.facts))


class FigureField(fields.LineField):
    """A decimal or a whole number as people type it: full-width digits, separators and blanks are taken out."""

    widget = GovTextInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = re.sub(r"(?<=[0-9]),(?=[0-9]{3})| ", "", unicodedata.normalize("NFKC", self.data or ""))

    @property
    def whole(self) -> int | str:
        """Its whole number; what is none stays as it was typed."""
        text = self.data or ""
        return int(text) if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII) else text


# --- the lot ------------------------------------------------------------------------------------------


def lot_form(row: Procedure) -> type[LotForm] | None:
    """The form of a lot where it may be competed for live; for ``projects.forms.LOT_FORMS``."""
    return SaleLotForm if terms.KIND in row.methods else None


class SaleLotForm(LotForm):
    """A lot that is, or may be, competed for live."""

    template = "sales/lot.html"
    mode = SelectField(_("竞价方式"), widget=GovSelect())
    step = fields.AmountField(_("增价幅度"), description=_("每次报价至少高出的金额；降价式拍卖填每次降低的金额"))
    after_ceiling = SelectField(_("达到最高限价后"), widget=GovSelect(), description=_("填写最高限价的必须选择；自然资源部2023年建议取消最高限价，是否保留由当地决定"))
    single_rule = SelectField(_("一次书面报价的成交规则"), widget=GovSelect(), description=_("选择一次书面报价的填写"))
    housing_step = FigureField(_("竞配建每次增加的面积（平方米）"), description=_("选择竞配建的填写"))
    lowest = fields.AmountField(_("最低价"), description=_("只在降价式拍卖时填写，降到此价无人应价即流拍"))
    reserve = RadioField(_("底价"), widget=GovRadioInput(), default="none", description=_("底价集体决定，竞价前另行封存，这里不填金额"))

    def __init__(self, project: Project, *args: Any, lot: Lot | None = None, **kwargs: Any) -> None:
        super().__init__(project, *args, lot=lot, **kwargs)
        row = project_rules.procedure(project.procedure)
        self.project, self.known = project, lot
        self.mode.choices = [(mode.id, gettext("%(what)s：%(name)s", what=words.mode(mode.id), name=words.how(mode))) for mode in rules.modes_of(row)]
        self.after_ceiling.choices = [(str(after), words.after(after)) for after in After]
        self.single_rule.choices = [(name, words.single_rule(name)) for name in terms.SINGLE_RULES]
        self.reserve.choices = [(name, words.reserve(name)) for name in terms.RESERVES]
        self.estimate.label.text, self.estimate.description = gettext("起始价"), gettext("第一次报价可以等于起始价；土地不得低于出让最低价")
        self.deposit.label.text, self.deposit.description = gettext("竞买保证金"), gettext("法定的上下限在保存和发布公告时核对")
        self.qualifications.label.text = gettext("竞买人资格要求")
        self.kind.label.text = gettext("成交方法")
        if not any(Phase.FALLING in mode.phases for mode in rules.modes_of(row)):
            del self.lowest
        del self.price_points
        del self.factors

    @classmethod
    def of(cls, project: Project, lot: Lot) -> SaleLotForm:
        sale = lot.method.get("sale", {})
        return cls(project, lot=lot, data={
            "name": lot.name, "estimate": lot.estimate_fen, "ceiling": lot.ceiling_fen, "deposit": lot.deposit_fen or None,
            "qualifications": lot.qualifications, "kind": lot.method.get("kind"), "mode": sale.get("mode"), "step": sale.get("step_fen"),
            "after_ceiling": sale.get("after_ceiling", ""), "single_rule": sale.get("single_rule", terms.SINGLE_RULES[0]),
            "housing_step": str(sale.get("housing_step", "")), "lowest": sale.get("floor_fen") or None, "reserve": sale.get("reserve", "none")})

    def validate(self, extra_validators: Any = None) -> bool:
        good = FlaskForm.validate(self, extra_validators)
        if self.kind.data != terms.KIND:
            return bool(good)
        if self.step.data is None and not self.step.errors:
            add(self.step, gettext("请填写增价幅度"))
        if self.housing_step.data and not isinstance(self.housing_step.whole, int) or \
                isinstance(self.housing_step.whole, int) and not 0 < self.housing_step.whole <= LARGEST_AREA:
            add(self.housing_step, gettext("请写大于零的整数"))
        if not self.errors:
            for place in terms.wrong_before_notice(self.method(), self.estimate.data or 0, self.ceiling.data):
                add(self[TERM_FIELDS[place]], _wrong_term(place))
        if not self.errors:
            for one in self._held():
                if not one.ok and one.reason in rules.LOT_PLACES:
                    add(self[rules.LOT_PLACES[one.reason]], said(one))
        return not self.errors

    def _held(self) -> list[Finding]:
        """What the law of today says about the prices; the day of the notice decides when it is published."""
        project, start, deposit, today = self.project, self.estimate.data or 0, self.deposit.data or 0, day_of(now())
        if project_rules.grants_land_live(project.procedure):
            parcel = pages.readable(self.known.method) if self.known else None
            return rules.lot_findings(project.procedure, project.region, today, parcel, start, deposit) if parcel else []
        held = check_deposit(project.procedure, project.category, start, deposit, today, project.region) if deposit else None
        return [held] if held else []

    def method(self) -> dict[str, Any]:
        if self.kind.data != terms.KIND:
            return {"kind": self.kind.data}
        known = self.known.method.get("sale", {}) if self.known else {}
        area = self.housing_step.whole
        sale = {"mode": self.mode.data, "step_fen": self.step.data or 0, "after_ceiling": self.after_ceiling.data,
                "single_rule": self.single_rule.data, "housing_step": area if isinstance(area, int) else 100, "reserve": self.reserve.data}
        if "lowest" in self and self.lowest.data:
            sale["floor_fen"] = self.lowest.data
        return {"kind": terms.KIND, "sale": {**sale, **({"parcel": known["parcel"]} if "parcel" in known else {})}}


def _wrong_term(place: str) -> str:
    return {"start": gettext("起始价应当大于零"), "step": gettext("增价幅度应当大于零"),
            "ceiling": gettext("最高限价应当高于起始价；只接受整数倍加价的，两者之差应当是增价幅度的整数倍；降价式拍卖不设最高限价"),
            "after_ceiling": gettext("最高限价和达到后的办法要一起填写"), "housing_step": gettext("请写大于零的整数"),
            "floor": gettext("最低价应当大于零，不高于起始价"), "mode": gettext("请选择竞价方式"),
            "opens": gettext("请填写开始时间"), "listing_ends": gettext("挂牌截止应当晚于挂牌开始"),
            "breaks": gettext("停拍时段每行一段，结束晚于开始，先后排列，互不重叠")}[place]


# --- the parcel ---------------------------------------------------------------------------------------


class ParcelForm(FlaskForm):
    """Everything that a grant notice states of one parcel; the fields are called as in ``parcels.Parcel``."""

    number = fields.LineField(_("宗地编号"), description=_("例如 青地2026-07号"))
    site = fields.LineField(_("宗地坐落"), description=_("四至或者路名"))
    area_m2 = FigureField(_("出让面积（平方米）"), description=_("最多六位小数"))
    use = fields.LineField(_("规划用途"), description=_("按规划条件填写，例如 城镇住宅用地兼容商业用地"))
    ratio_low = FigureField(_("容积率下限"))
    ratio_high = FigureField(_("容积率上限"), description=_("没有上限的留空，这时不计算楼面价"))
    density_low = FigureField(_("建筑密度下限（%）"))
    density_high = FigureField(_("建筑密度上限（%）"))
    height_low = FigureField(_("建筑高度下限（米）"))
    height_high = FigureField(_("建筑高度上限（米）"))
    green_low = FigureField(_("绿地率下限（%）"))
    green_high = FigureField(_("绿地率上限（%）"))
    floor_fen = fields.AmountField(_("出让最低价"), description=_("整宗土地；不得低于级别基准地价的法定比例"))
    benchmark_fen = fields.AmountField(_("基准地价"))
    benchmark_per = RadioField(_("基准地价的计价单位"), widget=GovRadioInput(), default=str(Per.SQUARE_METRE))
    benchmark_grade = fields.LineField(_("土地级别"), description=_("例如 住宅三级"))
    valuation_fen = fields.AmountField(_("评估价"))
    valuation_report = fields.LineField(_("评估报告编号"))
    valuation_on = fields.DayField(_("评估报告日期"), description=_("例如 2026-09-04"))
    valuer = fields.LineField(_("评估机构"))
    plan_number = fields.LineField(_("出让方案批准文号"))
    plan_on = fields.DayField(_("出让方案批准日期"), description=_("例如 2026-09-04"))
    decision_minutes = fields.LineField(_("集体决策纪要编号"), description=_("起始价、底价、保证金由集体决定；底价的金额不写在这里"))
    decision_on = fields.DayField(_("集体决策日期"), description=_("不早于评估报告日期"))
    decision_members = FigureField(_("集体决策参加人数"))
    conditions = fields.TextField(_("出让条件"), most=parcels.LONGEST_TEXT, description=_("交地条件、开竣工时间、配建要求等"))
    drawings = SelectMultipleField(_("宗地附图"), widget=GovCheckboxesInput(), description=_("先在项目页面上传，种类选图纸或者其他公开文件"))
    lon = FigureField(_("经度"), description=_("例如 104.066541，可以留空"))
    lat = FigureField(_("纬度"), description=_("例如 30.572269，可以留空"))
    submit = SubmitField(_("保存宗地"), widget=GovSubmitInput())

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.benchmark_per.choices = [(str(per), words.per(per)) for per in Per]
        self.drawings.choices = [(item.name, item.name) for item in project.files if item.kind in project_words.PUBLIC_FILES]
        for use in Use:
            field, rule = self[f"term_{use}"], seek(f"ld.term_{use}", on=day_of(now()), region=project.region, procedure=project.procedure)
            field.label.text = gettext("%(use)s出让年限（年）", use=words.use(use))
            field.description = gettext("法定最高 %(years)s 年；没有这种用途的留空", years=int(rule.value) // 12) if rule else ""

    @classmethod
    def of(cls, project: Project, lot: Lot) -> ParcelForm:
        found = pages.readable(lot.method)
        if found is None:
            return cls(project)
        plain = parcels.write(found)
        data = {name: plain[name] for name in plain if name != "terms"} | {name: getattr(found, name) for name in parcels.DAYS}
        return cls(project, data=data | {f"term_{term.use}": str(term.years) for term in found.terms} | {"decision_members": str(found.decision_members)})

    def years(self) -> list[FigureField]:
        """The fields of the terms, one for each use that the law knows."""
        return [self[f"term_{use}"] for use in Use]

    def values(self) -> dict[str, Any]:
        """The plain form of the parcel, as ``parcels.read`` takes it."""
        values: dict[str, Any] = {name: self[name].data for name in parcels.FIELDS if name in self}
        values |= {name: self[name].data.isoformat() if self[name].data else "" for name in parcels.DAYS}
        return values | {"terms": [{"use": str(use), "years": self[f"term_{use}"].whole} for use in Use if self[f"term_{use}"].data],
                         "decision_members": self.decision_members.whole, "drawings": list(self.drawings.data or ())}

    def read(self, lot: Lot, at: datetime) -> Parcel | None:
        """The parcel, held against the law of a moment; None where a field is wrong, each of which says so."""
        self.validate()
        try:
            parcel = parcels.read(self.values())
        except parcels.Wrong as wrong:
            for place, reason in wrong.places.items():
                field = self._field(place)
                if not field.errors:
                    add(field, refusal_text(Refused(f"parcel.{reason}")))
            return None
        for one in rules.lot_findings(lot.project.procedure, lot.project.region, day_of(at), parcel, lot.estimate_fen, lot.deposit_fen):
            if not one.ok:
                add(self._field(rules.PARCEL_PLACES.get(one.reason, f"terms.{one.facts.get('number', 1)}")), said(one))
        return None if self.errors else parcel

    def _field(self, place: str) -> Field:
        if place.startswith("terms"):
            given = [field for field in self.years() if field.data] or self.years()
            return given[int(place.partition(".")[2] or 1) - 1]
        return self[place] if place in self else self.number


for _use in Use:
    setattr(ParcelForm, f"term_{_use}", FigureField())


# --- the notice ---------------------------------------------------------------------------------------


def notice_form(project: Project) -> type[NoticeForm] | None:
    """The form of a notice where lots are competed for live; for ``announcements.forms.FORMS``."""
    return SaleNoticeForm if service.live_lots(project) else None


class SaleNoticeForm(NoticeForm):
    """The moments of a live sale besides those of every notice."""

    moments = ("doc_from", "doc_to", "opens_at", "deadline", "listing_ends_at")
    opens_at = fields.MomentField(_("竞价开始时间"), description=MOMENT_HINT, validators=[fields.Filled(_("请填写竞价开始时间"))])
    listing_ends_at = fields.MomentField(_("挂牌截止时间"), description=MOMENT_HINT, validators=[fields.Filled(_("请填写挂牌截止时间"))])
    breaks = fields.TextField(_("停拍时段"), most=4000, description=_("可以留空；每行一段，例如 2026-09-04 18:00 至 2026-09-05 09:00，其间计时停止"))

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(project, *args, **kwargs)
        self.deadline.label.text, self.deadline.description = gettext("报名和保证金截止时间"), gettext("竞买申请和保证金到账的最后时间")
        if any(Phase.OFFERS in mode.phases for mode in service.modes(project)):
            self.opens_at.label.text = gettext("挂牌开始时间")
        else:
            del self.listing_ends_at

    @classmethod
    def dates_of(cls, notice: Notice) -> dict[str, Any]:
        schedule = notice.versions[-1].schedule
        more = {name: notice_rules.moment(schedule[name]) for name in ("opens_at", "listing_ends_at") if schedule.get(name)}
        return super().dates_of(notice) | more | {"breaks": pages.break_lines(schedule, notice_rules.moment)}

    @classmethod
    def first_dates(cls, project: Project, at: datetime) -> dict[str, Any]:
        return rules.suggested(project.procedure, project.region, at, service.modes(project))

    @property
    def is_dated(self) -> bool:
        try:
            self._pairs()
        except ValidationError:
            return False
        return super().is_dated

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        if "listing_ends_at" in self and self.opens_at.data and self.listing_ends_at.data and self.listing_ends_at.data <= self.opens_at.data:
            add(self.listing_ends_at, _wrong_term("listing_ends"))
            good = False
        return bool(good)

    def validate_breaks(self, field: Field) -> None:
        pairs = self._pairs()
        if any(until <= start for start, until in pairs) or any(after[0] <= before[1] for before, after in zip(pairs, pairs[1:], strict=False)):
            raise ValidationError(_wrong_term("breaks"))

    def _pairs(self) -> list[list[str]]:
        found = []
        for line in filter(None, (line.strip() for line in (self.breaks.data or "").split("\n"))):
            start, between, until = line.partition("至")
            try:
                pair = [forms.moment(start), forms.moment(until)]
            except Refused as refusal:
                raise ValidationError(refusal_text(refusal) if between else _wrong_term("breaks")) from None
            found.append([at.astimezone(LEGAL_TIME).isoformat() for at in pair])
        return found

    def schedule(self) -> dict[str, Any]:
        more = {name: self[name].data.astimezone(LEGAL_TIME).isoformat() for name in ("opens_at", "listing_ends_at") if name in self and self[name].data}
        breaks = self._pairs()
        return super().schedule() | more | ({"breaks": breaks} if breaks else {})

    def field_of(self, refusal: Refused) -> Field | None:
        place = rules.PLACES.get(refusal.reason) or (FORM_FIELDS.get(str(refusal.facts.get("place"))) if refusal.reason == "auction.terms" else None)
        return self[place] if place and place in self else super().field_of(refusal)

"""Forms of whoever raises, whoever answers and whoever decides."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovCheckboxesInput, GovCheckboxInput, GovSelect, GovSubmitInput
from wtforms import BooleanField, SelectField, SelectMultipleField, SubmitField

from trading.base import fields
from trading.law.procedures import Remedy
from trading.objections import rules, words
from trading.objections.models import Objection
from trading.objections.rules import Answer, Form, Measure, Outcome, Subject
from trading.projects.rules import procedure

_ = lazy_gettext
POINTS_HINT = _("一行一项；请不要写出单位名称")
NONE = ""


class RaiseForm(FlaskForm):
    """An objection, inquiry or question."""

    form = SelectField(_("方式"), widget=GovSelect())
    subject = SelectField(_("针对的环节"), widget=GovSelect())
    points = fields.TextField(_("事项"), most=6000, description=POINTS_HINT, validators=[fields.Filled(_("请写明事项"))])
    text = fields.TextField(_("事实、理由和请求"), most=rules.LONGEST_TEXT, validators=[fields.Filled(_("请写明事实和理由"))])
    since = fields.DayField(_("起算日"), description=_("采购文件的获取之日，或者采购过程有关环节结束之日，例如 2026-09-04；对结果的质疑不需要填写"))
    submit = SubmitField(_("提交"), widget=GovSubmitInput())

    def __init__(self, forms: tuple[Form, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.choices = [(str(form), words.form(form)) for form in forms]
        subjects = dict.fromkeys(subject for form in forms for subject in rules.RAISED[form])
        self.subject.choices = [(str(subject), words.subject(subject)) for subject in subjects]
        if Form.QUESTION not in forms:
            del self.since


class ComplaintForm(FlaskForm):
    """A complaint; what follows a question takes its points from it, because its scope may not be wider."""

    subject = SelectField(_("针对的环节"), widget=GovSelect())
    points = fields.TextField(_("投诉事项"), most=6000, description=POINTS_HINT, validators=[fields.Filled(_("请写明投诉事项"))])
    picked = SelectMultipleField(_("投诉事项"), widget=GovCheckboxesInput(), description=_("不得超出已经质疑的事项"),
                                 validators=[fields.Filled(_("请勾选投诉事项"))])
    text = fields.TextField(_("事实、理由和请求"), most=rules.LONGEST_TEXT, validators=[fields.Filled(_("请写明事实和理由"))])
    since = fields.DayField(_("知道之日"), description=_("知道或者应当知道违法行为之日，例如 2026-09-04"), validators=[fields.Filled(_("请填写知道之日"))])
    submit = SubmitField(_("提交投诉"), widget=GovSubmitInput())

    def __init__(self, procedure_id: str, basis: Objection | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        remedy = procedure(procedure_id).remedy
        self.subject.choices = [(str(subject), words.subject(subject)) for subject in rules.COMPLAINED[remedy]]
        if basis is not None:
            del self.subject
        if remedy is Remedy.QUESTION:
            del self.since
        if basis is not None and remedy is Remedy.QUESTION:
            del self.points
            self.picked.choices = [(point, point) for point in basis.points]
        else:
            del self.picked

    def said(self) -> list[str]:
        """The points, however they were given."""
        return list(self.picked.data) if "picked" in self else self.points.data.split("\n")


class ReplyForm(FlaskForm):
    answer = SelectField(_("结论"), widget=GovSelect())
    text = fields.TextField(_("答复"), most=rules.LONGEST_TEXT, description=_("答复交提出人；公开的只有结论"), validators=[fields.Filled(_("请填写答复内容"))])

    def __init__(self, form: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answer.choices = [(str(answer), words.answer(answer)) for answer in rules.ANSWERS[Form(form)]]

    def chosen(self) -> Answer:
        return Answer(self.answer.data)


class TextForm(FlaskForm):
    """One text that an act needs: a reason, a request, a correction."""

    text = fields.TextField(_("内容"), most=rules.LONGEST_TEXT, validators=[fields.Filled(_("请写明内容"))])

    @classmethod
    def of(cls, label: str, prefix: str, **kwargs: Any) -> TextForm:
        form = cls(prefix=prefix, **kwargs)
        form.text.label.text = label
        return form


class StretchForm(TextForm):
    kind = SelectField(_("原因"), widget=GovSelect())

    def __init__(self, kinds: tuple[str, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind, words.stretch(kind)) for kind in kinds]


class BanForm(TextForm):
    """A ban, for as many months as the law lets choose from."""

    text = fields.TextField(_("认定的事实和理由"), most=rules.LONGEST_TEXT, description=_("将随决定公告"), validators=[fields.Filled(_("请写明内容"))])
    months = SelectField(_("禁止期"), widget=GovSelect(), coerce=int)

    def __init__(self, least: int, most: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.months.choices = [(count, gettext("%(count)s 个月", count=count)) for count in range(least, most + 1)]


class ClauseForm(FlaskForm):
    clause = fields.LineField(_("采购文件的条款"), most=200, description=_("要求一次性提出质疑的条款编号和原文"),
                              validators=[fields.Filled(_("请填写条款"))])
    submit = SubmitField(_("登记这一要求"), widget=GovSubmitInput())


class DecisionForm(TextForm):
    text = fields.TextField(_("处理决定"), most=rules.LONGEST_TEXT, description=_("认定的事实、理由和决定，将随公告公开"), validators=[fields.Filled(_("请写明内容"))])
    outcome = SelectField(_("处理结果"), widget=GovSelect())
    measure = SelectField(_("处理措施"), widget=GovSelect(), description=_("驳回投诉的不填"))
    fabricated = BooleanField(_("投诉人捏造事实或者提供虚假材料"), widget=GovCheckboxInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcome.choices = [(str(outcome), words.outcome(outcome)) for outcome in Outcome]
        self.measure.choices = [(NONE, gettext("没有")), *((str(measure), words.measure(measure)) for measure in Measure)]

    def values(self) -> tuple[Outcome, Measure | None]:
        return Outcome(self.outcome.data), Measure(self.measure.data) if self.measure.data else None


def subject_of(form: RaiseForm | ComplaintForm) -> Subject:
    return Subject(form.subject.data)

"""Forms of those who change the rule table."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovSelect, GovSubmitInput, GovTextInput
from wtforms import SelectField, StringField, SubmitField, ValidationError

from trading.base import fields, forms
from trading.base.errors import Refused
from trading.base.language import refusal_text
from trading.lawbook.days_off import FIRST_YEAR, LAST_YEAR
from trading.lawbook.service import MOST_REASON, MOST_SOURCE

ONE_DAY = timedelta(days=1)
_TO = re.compile(r"\s*(?:至|到|～|~|\.\.|—+|–)\s*")
_BETWEEN = re.compile(r"[\s,，、;；]+")


def days(text: str) -> frozenset[date]:
    """Days and spans of days as a notice lists them: 2027-01-01、2027-02-05 至 2027-02-11.

    Raises Refused ``form.time`` or ``calendar.span``.
    """
    found: set[date] = set()
    for part in filter(None, _BETWEEN.split(_TO.sub("..", text))):
        first, _dots, last = part.partition("..")
        start = forms.day(first)
        end = forms.day(last) if last else start
        if not timedelta(0) <= end - start < timedelta(days=31):
            raise Refused("calendar.span", text=part[:40])
        found |= {start + ONE_DAY * n for n in range((end - start).days + 1)}
    return frozenset(found)


class DaysField(fields.TextField):
    """A list of days; ``days`` holds what was understood."""

    days: Collection[date] = frozenset()

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        try:
            self.days = days(self.data or "")
        except Refused as refusal:
            raise ValidationError(refusal_text(refusal)) from None


class YearField(StringField):
    """A year as four digits; ``year`` holds it."""

    widget = GovTextInput()
    year = 0

    def pre_validate(self, form: Any) -> None:
        try:
            self.year = forms.number(self.data or "")
        except Refused as refusal:
            raise ValidationError(refusal_text(refusal)) from None


class ChangeForm(FlaskForm):
    rows = fields.TextField(_("规则行（与数据文件同一格式）"), validators=[fields.Filled(_("请写出要修改的规则行"))],
                            description=_("每条规则以 [[rule]] 开头；from 是新规则施行的第一天，原规则自动在前一天结束"))
    reason = fields.TextField(_("理由"), most=MOST_REASON, validators=[fields.Filled(_("请写明理由"))])
    source = fields.LineField(_("来源"), most=MOST_SOURCE, description=_("公布新规定的文号或者网址"),
                              validators=[fields.Filled(_("请写明来源"))])
    submit = SubmitField(_("提出修改，等待另一人批准"), widget=GovSubmitInput())


class CalendarForm(FlaskForm):
    year = YearField(_("年份"), description=_("%(first)s 至 %(last)s 年之间，尚未载入的年份", first=FIRST_YEAR, last=LAST_YEAR))
    off = DaysField(_("放假的日子"), most=5000, validators=[fields.Filled(_("请列出放假的日子"))],
                    description=_("包括连休中的周末，每天写成 2027-01-01，可以写一段：2027-02-05 至 2027-02-11"))
    work = DaysField(_("调休上班的日子"), most=5000, description=_("只能是周六、周日；没有就留空"))
    source = fields.LineField(_("通知的网址"), most=MOST_SOURCE, description=_("国务院办公厅放假安排通知的公布地址"),
                              validators=[fields.Filled(_("请填写通知的网址"))])
    submit = SubmitField(_("提出载入，等待另一人批准"), widget=GovSubmitInput())


class CorrectionForm(CalendarForm):
    """A loaded year's notice as it should have been."""

    reason = fields.TextField(_("更正的理由"), most=MOST_REASON, validators=[fields.Filled(_("请写明理由"))])
    submit = SubmitField(_("提出更正，等待另一人批准"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.year


class RepealForm(FlaskForm):
    place = SelectField(_("废止哪一行"), widget=GovSelect())
    start = fields.DayField(_("自哪一天起废止"), description=_("没有这条规则的第一天，例如 2026-09-04，不早于今天"),
                            validators=[fields.Filled(_("请填写废止的日期"))])
    article = fields.LineField(_("废止的依据"), most=MOST_SOURCE, validators=[fields.Filled(_("请写明废止的依据"))])
    reason = fields.TextField(_("理由"), most=MOST_REASON, validators=[fields.Filled(_("请写明理由"))])
    source = fields.LineField(_("来源"), most=MOST_SOURCE, description=_("公布新规定的文号或者网址"),
                              validators=[fields.Filled(_("请写明来源"))])
    submit = SubmitField(_("提出废止，等待另一人批准"), widget=GovSubmitInput())

    def __init__(self, rows: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place.choices = rows


class RefuseForm(FlaskForm):
    decision = fields.TextField(_("不批准的理由"), most=MOST_REASON, validators=[fields.Filled(_("请写明理由"))])
    submit = SubmitField(_("不予批准"), widget=GovSubmitInput())

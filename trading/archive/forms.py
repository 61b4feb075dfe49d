"""Forms of archivists, supervisors and borrowers."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovCheckboxesInput, GovSelect, GovSubmitInput
from wtforms import SelectField, SelectMultipleField, SubmitField

from trading.archive import lending, words
from trading.archive.grounds import Cause
from trading.archive.models import Piece
from trading.archive.terms import Retention
from trading.base import fields, forms
from trading.base.language import refusal_text
from trading.base.errors import Refused

WHOLE = "0"


class DaysField(fields.LineField):
    """A number of days."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.typed, self.data = (str(valuelist[0]).strip() if valuelist else ""), None
        if self.typed:
            try:
                self.data = forms.number(self.typed, least=1, most=lending.MOST_DAYS)
            except Refused:
                raise ValueError(refusal_text(Refused("loan.days", most=lending.MOST_DAYS))) from None

    def _value(self) -> str:
        return self.typed if self.raw_data else str(self.data or "")

    def pre_validate(self, form: Any) -> None:
        """A number is no line of text."""


class RetentionForm(FlaskForm):
    retention = SelectField(_("保管期限"), widget=GovSelect())
    reason = fields.TextField(_("理由"), most=2000, validators=[fields.Filled(_("请写明理由"))])
    submit = SubmitField(_("提交"), widget=GovSubmitInput())

    def __init__(self, choices: list[Retention], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.retention.choices = [(str(kept), words.retention(kept)) for kept in choices]


class HoldForm(FlaskForm):
    cause = SelectField(_("事由"), widget=GovSelect())
    document = fields.LineField(_("文号"), most=120, description=_("通知书、立案或者调查文书的编号"), validators=[fields.Filled(_("请填写文号"))])
    ground = fields.TextField(_("依据和理由"), most=2000, validators=[fields.Filled(_("请写明依据和理由"))])
    submit = SubmitField(_("冻结本案卷"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cause.choices = [(str(cause), words.cause(cause)) for cause in Cause]


class ReasonForm(FlaskForm):
    """Why something is released, refused or stopped."""

    reason = fields.TextField(_("理由"), most=2000, validators=[fields.Filled(_("请写明理由"))])
    submit = SubmitField(_("提交"), widget=GovSubmitInput())


class LoanForm(FlaskForm):
    """What somebody wants to read, for what, and for how long."""

    piece = SelectField(_("借阅内容"), widget=GovSelect())
    purpose = fields.TextField(_("用途"), most=1000, validators=[fields.Filled(_("请写明用途"))])
    days = DaysField(_("天数"), description=_("最多 90 天，到期自动失效"), validators=[fields.Filled(_("请填写天数"))])
    submit = SubmitField(_("提交申请"), widget=GovSubmitInput())

    def __init__(self, pieces: list[Piece], whole: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = [(WHOLE, str(_("整卷（归档包）")))] if whole else []
        self.piece.choices = [*first, *((str(piece.id), f"{piece.title}（{piece.path}）") for piece in pieces)]

    def piece_id(self) -> int | None:
        return None if self.piece.data == WHOLE else int(self.piece.data)


class CourtForm(LoanForm):
    """What a court or an authority without an account asks for in writing."""

    name = fields.LineField(_("借阅单位和经办人"), most=200, validators=[fields.Filled(_("请填写借阅单位和经办人"))])
    document = fields.LineField(_("调阅文书编号"), most=120, validators=[fields.Filled(_("请填写文书编号"))])


class GrantForm(FlaskForm):
    days = DaysField(_("批准天数"), validators=[fields.Filled(_("请填写天数"))])
    submit = SubmitField(_("批准借阅"), widget=GovSubmitInput())


class DisposalForm(FlaskForm):
    cases = SelectMultipleField(_("案卷"), widget=GovCheckboxesInput(), validators=[fields.Filled(_("请勾选案卷"))])
    opinion = fields.TextField(_("鉴定意见"), most=4000, validators=[fields.Filled(_("请写明鉴定意见"))])
    submit = SubmitField(_("提交，等待监督人员批准"), widget=GovSubmitInput())

    def __init__(self, choices: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases.choices = choices

"""Forms of supervisors."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovSubmitInput
from wtforms import SubmitField

from trading.base import fields


class PauseForm(FlaskForm):
    reason = fields.TextField(_("理由"), most=2000, description=_("理由将随暂停公告或者恢复公告公开"), validators=[fields.Filled(_("请写明理由"))])
    submit = SubmitField(_("提交，等待另一位监督人员确认"), widget=GovSubmitInput())

"""Sign-in, second factor and password forms."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):
    username = StringField(_("用户名"), widget=GovTextInput(), validators=[InputRequired(_("请填写用户名")), Length(max=64)])
    password = PasswordField(_("密码"), widget=GovPasswordInput(), validators=[InputRequired(_("请填写密码")), Length(max=200)])
    submit = SubmitField(_("登录"), widget=GovSubmitInput())


class CodeForm(FlaskForm):
    code = StringField(_("动态验证码"), widget=GovTextInput(), description=_("打开身份验证器，填写当前的六位数字"),
                       validators=[InputRequired(_("请填写六位验证码")), Length(max=20)])
    submit = SubmitField(_("验证"), widget=GovSubmitInput())


class PasswordForm(FlaskForm):
    old = PasswordField(_("现在的密码"), widget=GovPasswordInput(), validators=[InputRequired(_("请填写现在的密码"))])
    new = PasswordField(_("新密码"), widget=GovPasswordInput(), description=_("至少十二个字符，越长越好"),
                        validators=[InputRequired(_("请填写新密码"))])
    submit = SubmitField(_("更换密码"), widget=GovSubmitInput())

"""Accounts: open one, give it roles, freeze it. The administrator has no way to bids, names of
drawn experts or money; roles that must be apart are kept apart by the service."""

from __future__ import annotations

import secrets
from typing import Any

import pyotp
import segno
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovCheckboxesInput, GovSubmitInput
from sqlalchemy import select
from wtforms import SelectMultipleField, SubmitField, ValidationError

from trading.accounts import service
from trading.accounts.models import Account
from trading.accounts.permissions import Permission, Role, allow
from trading.base import addresses, fields, installation
from trading.base.clock import now
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.parties import rules as party_rules
from trading.parties import service as parties
from trading.parties.models import Organisation

bp = Blueprint("admin", __name__)
bp.record(addresses.register)


def role_names() -> dict[Role, str]:
    return {Role.BIDDER: _("投标人"), Role.TENDERER: _("招标人"), Role.AGENCY: _("招标代理"), Role.REGISTRAR: _("受理员"),
            Role.HOST: _("主持人"), Role.DRAW_OPERATOR: _("抽取员"), Role.FINANCE: _("财务"), Role.ARCHIVIST: _("档案员"),
            Role.EXPERT: _("评标专家"), Role.SUPERVISOR: _("监督人员"), Role.SOCIAL_SUPERVISOR: _("社会监督员"),
            Role.KEY_HOLDER: _("密钥持有人"), Role.ADMINISTRATOR: _("管理员")}


class RolesForm(FlaskForm):
    roles = SelectMultipleField(lazy_gettext("角色"), widget=GovCheckboxesInput(),
                                description=lazy_gettext("决策、执行、监督不能由同一账号担任"),
                                validators=[fields.Filled(lazy_gettext("请至少选择一个角色"))])
    submit = SubmitField(lazy_gettext("保存角色"), widget=GovSubmitInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles.choices = [(str(role), name) for role, name in role_names().items()]

    def chosen(self) -> set[Role]:
        return {Role(role) for role in self.roles.data or []}


class AccountForm(RolesForm):
    username = fields.LineField(lazy_gettext("用户名"), most=64, description=lazy_gettext("小写字母、数字、点、横线，三个字符以上"),
                                validators=[fields.Filled(lazy_gettext("请填写用户名"))])
    name = fields.LineField(lazy_gettext("姓名"), most=80, validators=[fields.Filled(lazy_gettext("请填写姓名"))])
    code = fields.LineField(lazy_gettext("单位统一社会信用代码"), most=40, description=lazy_gettext("不代表单位的留空"))
    organisation = fields.LineField(lazy_gettext("单位名称"), description=lazy_gettext("单位不在主体库中时填写，同时入库"))
    submit = SubmitField(lazy_gettext("开立账号"), widget=GovSubmitInput())

    def validate_username(self, field: fields.LineField) -> None:
        text = field.data or ""
        if len(text) < 3 or not all(c.isascii() and (c.islower() or c.isdigit() or c in ".-_") for c in text):
            raise ValidationError(_("只能用小写字母、数字、点和横线，至少三个字符"))


def _crumbs(*more: str) -> list[dict[str, str]]:
    return [{"text": _("我的工作"), "href": "/me"}, {"text": _("账号管理"), "href": "/admin/accounts"}, *({"text": text} for text in more)]


@bp.get("/admin/accounts")
@allow(Permission.ACCOUNT_ADMIN)
def accounts() -> ResponseReturnValue:
    names = role_names()
    found = db.session.execute(select(Account, Organisation.name).outerjoin(
        Organisation, Organisation.id == Account.organisation_id).order_by(Account.id.desc()).limit(500)).unique().all()
    rows = [{"account": account, "organisation": organisation or "—", "roles": [names[role] for role in sorted(account.roles)]}
            for account, organisation in found]
    return render_template("admin/accounts.html", rows=rows, crumbs=_crumbs()[:1] + [{"text": _("账号管理")}])


def _new_page(form: AccountForm, status: int = 200) -> ResponseReturnValue:
    return render_template("admin/new.html", form=form, crumbs=_crumbs(_("开立账号"))), status


@bp.get("/admin/accounts/new")
@allow(Permission.ACCOUNT_ADMIN)
def new() -> ResponseReturnValue:
    return _new_page(AccountForm())


@bp.post("/admin/accounts/new")
@allow(Permission.ACCOUNT_ADMIN)
def create() -> ResponseReturnValue:
    form = AccountForm()
    if not form.validate_on_submit():
        return _new_page(form, 422)
    at, place, password = now(), form.code, secrets.token_urlsafe(15)
    try:
        organisation = _organisation(form.code.data, form.organisation.data) if form.code.data else None
        place = form.roles
        made = service.create(form.username.data, form.name.data, password, form.chosen(), actor=current_user.actor, at=at,
                              organisation_id=organisation)
    except Refused as refusal:
        fields.tell(form, refusal, form.username if refusal.reason.startswith(("account.name", "account.password")) else place)
        return _new_page(form, 422)
    secret = service.new_totp(made.id) if service.needs_second_factor(made) else None
    return _secrets_page(made, password, secret)


def _organisation(code: str, name: str) -> int:
    """The organisation's number; one that is not in the library is entered when its name is given."""
    plain = party_rules.credit_code(code)
    try:
        return parties.by_code(plain).id
    except NotFound:
        return parties.register(plain, name, actor=current_user.actor, at=now(), region=installation.settings().region).id


def _secrets_page(account: Account, password: str | None, secret: str | None) -> ResponseReturnValue:
    """Shown once, as the answer to the act itself; nothing of it is kept in readable form."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=installation.settings().site_name) if secret else None
    return render_template("admin/secrets.html", account_model=account, password=password, secret=secret,
                           qr_src=segno.make(uri, micro=False).svg_data_uri(scale=5) if uri else None, crumbs=_crumbs(account.username))


def _account_page(account: Account, form: RolesForm, status: int = 200) -> ResponseReturnValue:
    organisation = parties.get(account.organisation_id) if account.organisation_id else None
    return render_template("admin/account.html", person=account, form=form, organisation=organisation,
                           needs_code=service.needs_second_factor(account), crumbs=_crumbs(account.username)), status


@bp.get("/admin/accounts/<number:account_id>")
@allow(Permission.ACCOUNT_ADMIN)
def account(account_id: int) -> ResponseReturnValue:
    found = service.get(account_id)
    return _account_page(found, RolesForm(data={"roles": [str(role) for role in found.roles]}))


@bp.post("/admin/accounts/<number:account_id>/roles")
@allow(Permission.ACCOUNT_ADMIN)
def set_roles(account_id: int) -> ResponseReturnValue:
    form = RolesForm()
    service.get(account_id)
    if form.validate_on_submit():
        try:
            service.set_roles(account_id, form.chosen(), actor=current_user.actor, at=now())
            flash(_("角色已更换，该账号需要重新登录。"), "success")
            return redirect(url_for("admin.account", account_id=account_id))
        except Refused as refusal:
            fields.tell(form, refusal, form.roles)
    return _account_page(service.get(account_id), form, 422)


@bp.post("/admin/accounts/<number:account_id>/freeze")
@allow(Permission.ACCOUNT_ADMIN)
def freeze(account_id: int) -> ResponseReturnValue:
    if account_id == current_user.account.id:
        raise Refused("account.not_oneself")
    service.get(account_id)
    service.freeze(account_id, actor=current_user.actor, at=now())
    flash(_("账号已停用，所有登录立即失效。"), "success")
    return redirect(url_for("admin.account", account_id=account_id))


@bp.post("/admin/accounts/<number:account_id>/unfreeze")
@allow(Permission.ACCOUNT_ADMIN)
def unfreeze(account_id: int) -> ResponseReturnValue:
    service.get(account_id)
    service.freeze(account_id, actor=current_user.actor, at=now(), frozen=False)
    flash(_("账号已恢复。"), "success")
    return redirect(url_for("admin.account", account_id=account_id))


@bp.post("/admin/accounts/<number:account_id>/second-factor")
@allow(Permission.ACCOUNT_ADMIN)
def renew_second_factor(account_id: int) -> ResponseReturnValue:
    found = service.get(account_id)
    return _secrets_page(found, None, service.new_totp(account_id))

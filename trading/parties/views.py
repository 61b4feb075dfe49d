"""One's own organisation: its entry in the library and the keys it signs bids with."""

from __future__ import annotations

from base64 import b64decode

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovSubmitInput
from wtforms import SubmitField

from trading.accounts.permissions import Permission, allow
from trading.base import fields
from trading.base.clock import now
from trading.base.errors import Refused
from trading.parties import service

bp = Blueprint("parties", __name__)


class KeyForm(FlaskForm):
    public = fields.LineField(lazy_gettext("签名公钥"), description=lazy_gettext("Ed25519 公钥，32 字节，写成 64 位十六进制或者 Base64"),
                              most=100, validators=[fields.Filled(lazy_gettext("请填写签名公钥"))])
    submit = SubmitField(lazy_gettext("登记公钥"), widget=GovSubmitInput())


def _bytes(text: str) -> bytes:
    """Raises Refused ``party.key_length`` for what is neither hexadecimal nor base64."""
    try:
        return bytes.fromhex(text) if len(text) == 64 else b64decode(text, validate=True)
    except ValueError:
        raise Refused("party.key_length") from None


def _page(form: KeyForm, status: int = 200) -> ResponseReturnValue:
    organisation = service.get(current_user.organisation_id) if current_user.organisation_id else None
    keys = [key.hex() for key in service.signing_keys(organisation.id)] if organisation else []
    return render_template("parties/company.html", organisation=organisation, keys=keys, form=form,
                           may_sign=current_user.may(Permission.BID), crumbs=[
                               {"text": _("我的工作"), "href": "/me"}, {"text": _("单位信息")}]), status


@bp.get("/me/company")
@allow(Permission.OWN_ACCOUNT)
def company() -> ResponseReturnValue:
    return _page(KeyForm())


@bp.post("/me/company/keys")
@allow(Permission.BID)
def add_key() -> ResponseReturnValue:
    form = KeyForm()
    if form.validate_on_submit():
        try:
            if not current_user.organisation_id:
                raise Refused("party.name_missing")
            service.register_key(current_user.organisation_id, _bytes(form.public.data), actor=current_user.actor, at=now())
            flash(_("签名公钥已登记。"), "success")
            return redirect(url_for("parties.company"))
        except Refused as refusal:
            fields.tell(form, refusal, form.public)
    return _page(form, 422)

"""Sign in and out, the second factor, one's own account."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from trading.accounts import forms, service
from trading.accounts.permissions import Permission, allow, public
from trading.accounts.session import load, source
from trading.base import installation
from trading.base.clock import now
from trading.base.errors import Refused
from trading.base.language import refusal_text

bp = Blueprint("accounts", __name__)


@bp.get("/login")
@public
def sign_in() -> ResponseReturnValue:
    return render_template("accounts/login.html", form=forms.SignInForm(), next=_local(request.args.get("next")))


@bp.post("/login")
@public
def sign_in_post() -> ResponseReturnValue:
    form = forms.SignInForm()
    target = _local(request.form.get("next"))
    if not form.validate_on_submit():
        return render_template("accounts/login.html", form=form, next=target), 422
    try:
        token = service.sign_in(form.username.data, form.password.data, source=source(), at=now())
    except Refused as refusal:
        form.username.errors = [refusal_text(refusal)]
        return render_template("accounts/login.html", form=form, next=target), 401
    kept = session.get("lang")
    session.clear()
    if kept:
        session["lang"] = kept
    user = load(token)
    assert user is not None
    login_user(user)
    answer = make_response(redirect(target if user.is_complete else url_for("accounts.code", next=target)))
    name = secrets.token_hex(8)
    answer.set_cookie("device", f"{name}.{installation.boxes().tag('device', name)}", max_age=180 * 86400, httponly=True,
                      secure=installation.settings().https, samesite="Lax")
    return answer


def _local(target: str | None) -> str:
    """Only an address on this site may be gone to after signing in."""
    parts = urlsplit(target or "")
    if not target or parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/me"
    return target


@bp.get("/login/code")
@public
def code() -> ResponseReturnValue:
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in"))
    return render_template("accounts/code.html", form=forms.CodeForm(), next=_local(request.args.get("next")))


@bp.post("/login/code")
@public
def code_post() -> ResponseReturnValue:
    form = forms.CodeForm()
    target = _local(request.form.get("next"))
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in"))
    if form.validate_on_submit():
        try:
            service.confirm_second_factor(current_user.sign_in.id, form.code.data, at=now())
            return redirect(target)
        except Refused as refusal:
            form.code.errors = [refusal_text(refusal)]
    return render_template("accounts/code.html", form=form, next=target), 422


@bp.post("/logout")
@public
def sign_out() -> ResponseReturnValue:
    if current_user.is_authenticated:
        service.sign_out(current_user.token, at=now())
        logout_user()
    session.clear()
    return redirect("/")


@bp.get("/me/account")
@allow(Permission.OWN_ACCOUNT)
def account() -> ResponseReturnValue:
    return render_template("accounts/account.html", form=forms.PasswordForm(), person=current_user.account)


@bp.post("/me/account")
@allow(Permission.OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    form = forms.PasswordForm()
    if form.validate_on_submit():
        try:
            service.change_password(current_user.account.id, form.old.data, form.new.data, at=now())
            logout_user()
            flash(_("密码已更换，请用新密码重新登录。"), "success")
            return redirect(url_for("accounts.sign_in"))
        except Refused as refusal:
            field = form.old if refusal.reason == "account.sign_in_failed" else form.new
            field.errors = [refusal_text(refusal)]
    return render_template("accounts/account.html", form=form, person=current_user.account), 422

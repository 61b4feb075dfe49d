"""The inbox."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base.clock import now
from trading.messages import service, texts

bp = Blueprint("messages", __name__)


@bp.get("/me/messages")
@allow(Permission.OWN_ACCOUNT)
def inbox() -> ResponseReturnValue:
    found = [texts.shown(message) for message in service.inbox(current_user.account.id, current_user.organisation_id)]
    return render_template("messages/inbox.html", found=found, crumbs=[
        {"text": _("我的工作"), "href": "/me"}, {"text": _("消息")}])


@bp.post("/me/messages")
@allow(Permission.OWN_ACCOUNT)
def mark_read() -> ResponseReturnValue:
    service.mark_read(current_user.account.id, current_user.organisation_id, at=now())
    return redirect(url_for("messages.inbox"))

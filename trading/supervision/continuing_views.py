"""The page on which two persons let the log go on under another name, and what outsiders check of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission, allow, public
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.evidence import verify
from trading.evidence.models import LogContinuation
from trading.supervision import continuing

bp = Blueprint("continuing", __name__)
bp.record(addresses.register)


@bp.get("/log/continuation")
@allow(Permission.OWN_ACCOUNT)
def page() -> ResponseReturnValue:
    may_ask, may_approve = current_user.may(Permission.ACCOUNT_ADMIN), current_user.may(Permission.PAUSE)
    if not (may_ask or may_approve):
        raise NotFound
    found = continuing.history()
    return render_template(
        "supervision/continuation.html", needed=continuing.is_needed(), may_ask=may_ask, may_approve=may_approve, me=current_user.account.id,
        waiting=next((_row(made) for made in found if not made.decision), None), past=[_row(made) for made in found if made.decision],
        days=continuing.DAYS, most=continuing.MOST_REASON, crumbs=[
            {"text": _("首页"), "href": "/"}, {"text": _("存证日志"), "href": "/log"}, {"text": _("日志接续")}])


@bp.post("/log/continuation")
@allow(Permission.ACCOUNT_ADMIN)
def ask() -> ResponseReturnValue:
    days = request.form.get("days", "")
    continuing.ask(request.form.get("notes", ""), request.form.get("reason", ""),
                   int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0, **_me())
    flash(_("已提出，等待监督人员批准。"), "success")
    return redirect(url_for("continuing.page"))


@bp.post("/log/continuation/<number:continuation_id>/approve")
@allow(Permission.PAUSE)
def approve(continuation_id: int) -> ResponseReturnValue:
    continuing.approve(continuation_id, **_me())
    flash(_("已批准：日志以新名称接续。请把公告文件交给见证方和密钥持有人。"), "success")
    return redirect(url_for("continuing.page"))


@bp.post("/log/continuation/<number:continuation_id>/refuse")
@allow(Permission.OWN_ACCOUNT)
def refuse(continuation_id: int) -> ResponseReturnValue:
    if not (current_user.may(Permission.PAUSE) or current_user.may(Permission.ACCOUNT_ADMIN)):
        raise NotFound
    continuing.refuse(continuation_id, request.form.get("reason", ""), **_me())
    flash(_("这项申请已撤销。"), "success")
    return redirect(url_for("continuing.page"))


@bp.get("/log/continuation.json")
@public
def announcement() -> ResponseReturnValue:
    """What a witness, a key holder or a watcher checks before it follows the log's present name."""
    answer = Response(verify.canonical(continuing.announcement()), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _me() -> dict[str, Any]:
    return {"account_id": current_user.account.id, "actor": current_user.account.username, "at": now()}


def _row(made: LogContinuation) -> dict[str, Any]:
    words = {"": ("doing", _("等待批准")), "approved": ("done", _("已批准")), "refused": ("error", _("不予批准")), "withdrawn": ("todo", _("已撤回"))}
    kind, text = words[made.decision]
    return {"made": made, "state": {"kind": kind, "text": text},
            "people": [accounts.get(number).name for number in dict.fromkeys((made.asked_by, made.decided_by)) if number],
            "seen": [verify.parse_checkpoint(verify.split_note(note)[0])[1] for note in made.seen]}

"""The supervisor's page of the database's integrity: what was compared, what does not fit, compare now."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base.clock import now
from trading.supervision import audits, outages
from trading.supervision.models import DatabaseAudit

bp = Blueprint("audits", __name__)


@bp.get("/audit")
@allow(Permission.SUPERVISE)
def show() -> ResponseReturnValue:
    found = audits.newest()
    waiting = next((audit for audit in found if audit.ended_at is None), None)
    made = [audit for audit in found if audit.ended_at is not None]
    return render_template(
        "supervision/audit.html", waiting=waiting, newest=made[0] if made else None, rows=[_row(audit) for audit in made],
        places=[_place(place) for place in made[0].places] if made else [], may_ask=current_user.may(Permission.PAUSE),
        outages=[{"part": _("定时任务") if found.part == outages.TIMETABLE else _("网页服务"), "outage": found} for found in outages.newest()],
        crumbs=[{"text": _("监督"), "href": "/supervise"}, {"text": _("数据库核对")}])


@bp.post("/audit")
@allow(Permission.PAUSE)
def ask() -> ResponseReturnValue:
    """Ask for a comparison now; the timetable makes it within seconds."""
    audits.ask(account_id=current_user.account.id, at=now())
    flash(_("已安排核对，几秒钟后开始。"), "success")
    return redirect(url_for("audits.show"))


def _row(audit: DatabaseAudit) -> dict[str, object]:
    state = {"kind": "alarm", "text": _("%(count)s 处不符", count=audit.found)} if audit.found else {"kind": "ok", "text": _("全部相符")}
    return {"audit": audit, "state": state, "by": _("监督人员") if audit.asked_by else _("自动")}


def _place(place: dict[str, str]) -> dict[str, str]:
    problems = {
        "changed": _("值被改动"), "added": _("多出一行，没有封签"), "removed": _("少了一行"), "seal": _("封签被改动"),
        "put_back": _("被换回较早的内容"), "file_missing": _("文件不见了"), "file_changed": _("文件内容被改动")}
    return {"table": place["table"], "key": place["key"], "column": place["column"], "problem": problems[place["problem"]]}

"""What the pages of sealed cases have in common, and the page of one case, which several acts come back to."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.archive import catalogue, disposal, holds, keeping, loans, overrides, packing, queries, renewal, search, service, terms, words
from trading.archive.forms import HoldForm, RetentionForm
from trading.archive.loans import Copy
from trading.archive.models import Hold, RetentionChange, StampOverride
from trading.base import forms, installation
from trading.base.clock import BEIJING, now
from trading.projects import words as project_words
from trading.projects.models import Lot
from trading.projects.rules import PROCEDURES


def me() -> dict[str, Any]:
    return {"account_id": current_user.account.id, "actor": current_user.actor, "at": now()}


def send(copy: Copy) -> ResponseReturnValue:
    """Hand out a file; its type is said to nobody, so that no browser opens it."""
    return send_file(installation.files().path(copy.stored), as_attachment=True, mimetype="application/octet-stream", download_name=copy.name)


def page_number() -> int:
    return forms.number(request.args.get("page") or "1", least=1, most=1_000_000)


def year() -> int | None:
    return forms.number(request.args["year"], least=1990, most=9999) if request.args.get("year") else None


def procedure_options() -> list[dict[str, str]]:
    return [{"value": "", "text": _("全部方式")}, *({"value": name, "text": project_words.procedure(name)} for name in PROCEDURES)]


def year_options() -> list[dict[str, str]]:
    return [{"value": "", "text": _("全部年度")}, *({"value": str(found), "text": str(found)} for found in search.years())]


def case_page(lot: Lot, status: int = 200, **given: Any) -> ResponseReturnValue:
    """The page of one case's file; forms that were filled in wrongly come back on it."""
    at, pack, found = now(), service.pack_of(lot.id), keeping.case_file(lot.id)
    seen = queries.is_open(lot)
    gaps = [] if pack or not seen else [gap for gap in packing.review(lot) if not gap.prefix.startswith(("05-", "40-award/contract"))]
    item = disposal.live_item(lot.id)
    given = {"hold_form": HoldForm(formdata=None), "wrong": None, "retention_form": RetentionForm(
        [kept for kept in terms.ORDER if found and kept != found.retention], formdata=None)} | given
    return render_template("archive/case.html", **given, **{
        "lot": lot, "pieces": service.pieces(lot.id) if seen else [], "gaps": gaps, "pack": pack, "file": found, "renewals": renewal.renewals(lot.id),
        "lines": catalogue.lines(lot) if seen else [], "is_finished": lot.stage in queries.FINISHED, "retention": words.retention(found.retention) if found else "",
        "until": None if not pack or found and terms.CLASSES[found.retention].months is None else pack.keep_until.astimezone(BEIJING).date(),
        "transfer": keeping.transfer_day(lot, pack, found.retention, at) if pack and found else None,
        "changes": [_change(change) for change in keeping.changes(lot.id)] if found else [], "waiting": keeping.waiting(lot.id) if found else None,
        "holds": [_hold(hold) for hold in holds.history(lot.id)], "matters": holds.open_matters([lot]).get(lot.code or "", []),
        "unstamped": overrides.missing(lot) if seen and not pack else [], "overrides": [_override(made) for made in overrides.of_case(lot.id)],
        "item": item, "item_status": words.item(item) if item else None, "copies": loans.copies(lot),
        "loans": [{"loan": loan, "state": words.loan(loan.state(at))} for loan in loans.of_case(lot.id)],
        "may_manage": current_user.may(Permission.ARCHIVE_MANAGE), "may_supervise": current_user.may(Permission.ARCHIVE_SUPERVISE),
        "may_borrow": current_user.may(Permission.SUPERVISE), "me": current_user.account.id,
        "crumbs": [{"text": _("档案"), "href": "/archive"}, {"text": found.number if found else lot.code}]}), status


def _change(change: RetentionChange) -> dict[str, Any]:
    return {"change": change, "before": words.retention(change.before), "after": words.retention(change.after), "state": words.change(change),
            "people": [accounts.get(number).name for number in dict.fromkeys((change.asked_by, change.decided_by)) if number]}


def _override(made: StampOverride) -> dict[str, Any]:
    return {"made": made, "authority": made.authority.rpartition("+")[0], "state": words.override(made),
            "people": [accounts.get(number).name for number in dict.fromkeys((made.asked_by, made.decided_by)) if number]}


def _hold(hold: Hold) -> dict[str, Any]:
    return {"hold": hold, "cause": words.cause(hold.cause), "placed_by": accounts.get(hold.placed_by).name,
            "released_by": accounts.get(hold.released_by).name if hold.released_by else ""}

"""Finance's pages: import bank files, see totals by day, refunds that are due."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base.clock import now
from trading.base.errors import Refused
from trading.base.language import refusal_text
from trading.deposits import queries, rules, service
from trading.parties import service as parties

bp = Blueprint("deposits", __name__)


@bp.get("/deposits")
@allow(Permission.DEPOSIT_MANAGE)
def overview() -> ResponseReturnValue:
    """Totals only: who paid for which lot is shown to nobody before the deadline."""
    refunds = [(lot, refund, parties.get(refund.organisation_id)) for lot in queries.lots_with_refunds()
               for refund in service.refunds_due(lot)]
    return render_template("deposits/overview.html", days=queries.totals_by_day(), statements=queries.statements(),
                           suspense=queries.suspense_total(), refunds=refunds, columns=rules.COLUMNS, problem=None,
                           balance=service.ledger_sum())


@bp.post("/deposits/statements")
@allow(Permission.DEPOSIT_MANAGE)
def import_statement() -> ResponseReturnValue:
    uploaded = request.files.get("statement")
    if uploaded is None or not uploaded.filename:
        raise Refused("deposit.no_file")
    data = uploaded.stream.read(rules.LARGEST_FILE + 1)
    try:
        done = service.import_statement(uploaded.filename[:200], data, actor=current_user.actor, at=now())
    except Refused as refusal:
        return render_template("deposits/overview.html", days=queries.totals_by_day(), statements=queries.statements(),
                               suspense=queries.suspense_total(), refunds=[], columns=rules.COLUMNS,
                               problem=refusal_text(refusal), balance=service.ledger_sum()), 422
    flash(_("导入 %(new)s 笔新流水，%(known)s 笔以前导入过，%(suspense)s 笔转入待查。", new=done.new, known=done.known, suspense=done.suspense), "success")
    return redirect("/deposits")

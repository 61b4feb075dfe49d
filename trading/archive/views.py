"""The archivist's pages: cases, their catalogue with gaps, sealing, the pack."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from trading.accounts.permissions import Permission, allow
from trading.archive import packing, renewal, service
from trading.base import installation
from trading.base.clock import now
from trading.base.database import db
from trading.base.errors import NotFound
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

bp = Blueprint("archive", __name__)


@bp.get("/archive")
@allow(Permission.ARCHIVE_MANAGE)
def cases() -> ResponseReturnValue:
    lots = db.session.scalars(select(Lot).where(Lot.stage.in_((Stage.CONTRACTED, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED, Stage.ARCHIVED)))
                              .order_by(Lot.stage_at.desc()).limit(200))
    return render_template("archive/cases.html", lots=list(lots))


@bp.get("/archive/<code>")
@allow(Permission.ARCHIVE_MANAGE)
def case(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    gaps = [gap for gap in packing.review(lot) if not gap.prefix.startswith(("05-", "40-award/contract"))]
    return render_template("archive/case.html", lot=lot, pieces=service.pieces(lot.id), gaps=gaps, pack=service.pack_of(lot.id), renewals=renewal.renewals(lot.id))


@bp.post("/archive/<code>/seal")
@allow(Permission.ARCHIVE_MANAGE)
def seal(code: str) -> ResponseReturnValue:
    packing.seal(projects.lot_by_code(code).id, actor=current_user.actor, at=now())
    flash(_("已封卷，归档包可以离线核验。"), "success")
    return redirect(url_for("archive.case", code=code))


@bp.get("/archive/<code>/pieces/<number:piece_id>")
@allow(Permission.ARCHIVE_MANAGE)
def piece(code: str, piece_id: int) -> ResponseReturnValue:
    found = service.piece(projects.lot_by_code(code).id, piece_id)
    return send_file(installation.files().path(found.stored), as_attachment=True, mimetype="application/octet-stream",
                     download_name=found.path.rsplit("/", 1)[-1])


@bp.post("/archive/<code>/renew")
@allow(Permission.ARCHIVE_MANAGE)
def renew(code: str) -> ResponseReturnValue:
    """Renew the evidence of a pack before its year is over, when an algorithm is given up."""
    lot = projects.lot_by_code(code)
    if service.pack_of(lot.id) is None:
        raise NotFound
    made = renewal.renew(lot.id, actor=current_user.actor, at=now())
    flash(_("已更新证据，第 %(number)s 次。", number=made.number), "success")
    return redirect(url_for("archive.case", code=code))


@bp.get("/archive/<code>/renewals.json")
@allow(Permission.OWN_ACCOUNT)
def renewals(code: str) -> ResponseReturnValue:
    """The renewals with their proofs, to be checked beside the pack."""
    if not (current_user.may(Permission.ARCHIVE_MANAGE) or current_user.may(Permission.SUPERVISE)):
        raise NotFound
    lot = projects.lot_by_code(code)
    if service.pack_of(lot.id) is None:
        raise NotFound
    answer = jsonify(renewal.export(lot.id))
    answer.headers["Content-Disposition"] = f'attachment; filename="{lot.code}-renewals.json"'
    return answer


@bp.get("/archive/<code>/pack.zip")
@allow(Permission.OWN_ACCOUNT)
def download(code: str) -> ResponseReturnValue:
    """The pack holds whole bids, so it goes to archivists and supervisors only."""
    if not (current_user.may(Permission.ARCHIVE_MANAGE) or current_user.may(Permission.SUPERVISE)):
        raise NotFound
    lot = projects.lot_by_code(code)
    found = service.pack_of(lot.id)
    if found is None:
        raise NotFound
    return send_file(installation.files().path(found.stored), as_attachment=True, mimetype="application/zip",
                     download_name=f"{lot.code}.zip")

"""The purchaser's page of its sealing sessions: compare the key holders, sign with the key of this device."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from bidding.envelope import documents
from bidding.trustees import countersigning, fingerprints, service
from bidding.trustees.models import SealingSession
from trading.accounts.permissions import Permission, allow
from trading.base import addresses
from trading.base.clock import now
from trading.base.database import db
from trading.base.errors import NotFound
from trading.base.forms import json_object
from trading.parties import service as parties
from trading.projects import queries
from trading.projects import service as projects
from trading.projects.models import Project

bp = Blueprint("countersigning", __name__)
bp.record(addresses.register)


def _own(project_id: int) -> Project:
    project = queries.get(project_id)
    if not projects.is_mine(project, current_user.organisation_id):
        raise NotFound
    return project


@bp.get("/projects/<number:project_id>/sessions")
@allow(Permission.NOTICE_WRITE)
def show(project_id: int) -> ResponseReturnValue:
    project = _own(project_id)
    lots = {lot.id: lot for lot in project.lots}
    found = db.session.scalars(select(SealingSession).where(SealingSession.lot_id.in_(lots)).order_by(SealingSession.opened_seq))
    return render_template(
        "projects/sessions.html", project=project, rows=[_row(sealing, lots[sealing.lot_id].label) for sealing in found if not sealing.envelope.startswith("draw")],
        centre_words=fingerprints.words(bytes.fromhex(service.centre_key())), may_sign=current_user.organisation_id == project.tenderer_id,
        code=parties.get(project.tenderer_id).code,
        crumbs=[{"text": _("我的工作"), "href": "/me"}, {"text": _("我的项目"), "href": "/projects"},
                {"text": project.name, "href": f"/projects/{project.id}"}, {"text": _("封存会话签名")}])


def _row(sealing: SealingSession, label: str) -> dict[str, Any]:
    signed = {item.document: item for item in countersigning.signatures(sealing.id)}
    papers = [{"id": name, "number": number, "signed": signed.get(name)} for number, name in enumerate(countersigning.documents_of(sealing))]
    holders = [{"org": t["org"], "words": fingerprints.words(documents.binary(t["sig_key"], "sig_key"))} for t in sealing.document["trustees"]]
    return {"sealing": sealing, "label": label, "papers": papers, "holders": holders, "is_closed": sealing.close_seq is not None}


@bp.post("/projects/<number:project_id>/sessions/<name>/<document>")
@allow(Permission.NOTICE_WRITE)
def sign(project_id: int, name: str, document: str) -> ResponseReturnValue:
    project, given = _own(project_id), json_object(public=str, signature=str)
    if service.get_session(name).lot_id not in {lot.id for lot in project.lots}:
        raise NotFound
    made = countersigning.sign(name, document, documents.binary(given["public"], "public"),
                               documents.binary(given["signature"], "signature"),
                               organisation_id=current_user.organisation_id, actor=current_user.actor, at=now())
    return jsonify({"session": made.session, "document": made.document, "at": made.at.isoformat()})

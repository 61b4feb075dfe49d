"""What operators ask of a running installation: is it alive, can it work, how is it doing."""

from __future__ import annotations

import json
import os
import secrets

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from trading.accounts.permissions import public
from trading.base import assets, installation
from trading.base.clock import ticks
from trading.base.config import ROOT
from trading.base.database import db
from trading.base.errors import NotFound
from trading.portal import metrics

bp = Blueprint("operators", __name__)


@bp.after_app_request
def count_request(response: Response) -> Response:
    metrics.count(request.endpoint, response.status_code, ticks() - g.get("started", ticks()))
    return response


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Whether this process can do its work: database, file store, front-end files."""
    checks = {"database": _database_answers(), "files": _files_writable(), "assets": _assets_there()}
    return jsonify(checks), 200 if all(checks.values()) else 503


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1 FROM evidence_head"))
        return True
    except Exception:  # whatever the driver raises, the answer is no
        db.session.rollback()
        return False


def _files_writable() -> bool:
    folder = installation.settings().files
    return os.access(folder if folder.exists() else folder.parent, os.W_OK)


def _assets_there() -> bool:
    try:
        return bool(json.loads((assets.dist(ROOT) / "manifest.json").read_text("utf-8")))
    except (OSError, ValueError):
        return False


@bp.get("/metrics")
@public
def figures() -> ResponseReturnValue:
    """From this machine itself, or with the token; everybody else finds nothing here."""
    token = installation.settings().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # Behind a proxy everybody seems to come from this machine, and the proxy says so.
    local = request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers
    if not local and not (token and secrets.compare_digest(given.encode(), token.encode())):
        raise NotFound
    return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

"""What key holders' processes send about an opening. Their signatures are their sign-in."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from bidding.sealed import service as sealed
from bidding.trustees import disputes
from trading.accounts.permissions import public
from trading.base.clock import now
from trading.base.errors import Refused
from trading.base.forms import json_object

bp = Blueprint("opening_api", __name__, url_prefix="/api/v1")


@bp.post("/sessions/<name>/disputes")
@public
def dispute(name: str) -> ResponseReturnValue:
    """A key holder gives the seed of this session's pre-key away, to show whose fault a share is."""
    document = json_object(body=dict, sig=str)
    if document["body"].get("session") != name:
        raise Refused("form.document", place="session")
    headers = {row.digest: row.header for row in sealed.bids(name) if row.digest and row.header}
    return jsonify({"found": disputes.take(document, headers, at=now())}), 201

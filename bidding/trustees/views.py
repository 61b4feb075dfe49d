"""What key holders' processes ask of the platform. Their signatures are their sign-in."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from bidding.trustees import service
from trading.accounts.permissions import public
from trading.base.clock import now
from trading.base.errors import Refused
from trading.base.forms import json_object

bp = Blueprint("trustees", __name__, url_prefix="/api/v1")


@bp.get("/trustees/<key>")
@public
def state(key: str) -> ResponseReturnValue:
    record = service.by_key(key)
    return jsonify({"organisation": record.organisation, "spare_pre_keys": service.spare_pre_keys(record.id),
                    "last_pre_key": service.last_pre_key(record.id), "sessions": [
                        {"session": item.id, "envelope": item.envelope} for item in service.waiting_for(key)],
                    "amended": [{"session": item.id, "amendments": item.amendments} for item in service.amended_for(key)]})


@bp.post("/trustees/<key>/pre-keys")
@public
def pre_keys(key: str) -> ResponseReturnValue:
    record = service.by_key(key)
    batch = json_object(batch=list)["batch"]
    if not 0 < len(batch) <= 100 or not all(
            isinstance(item, dict) and set(item) == {"number", "kem_pk", "sig"} and isinstance(item["number"], int)
            and isinstance(item["kem_pk"], str) and isinstance(item["sig"], str) for item in batch):
        raise Refused("form.document", place="batch")
    return jsonify({"last": service.add_pre_keys(record.id, batch, at=now())}), 201


@bp.post("/sessions/<name>/releases")
@public
def releases(name: str) -> ResponseReturnValue:
    document = json_object(body=dict, sig=str)
    if document["body"].get("session") != name:
        raise Refused("form.document", place="session")
    return jsonify({"kept": service.take_release(document, at=now())}), 201


@bp.get("/log/keys")
@public
def log_keys() -> ResponseReturnValue:
    """Public keys for those who check; compare them with a source outside the platform."""
    return jsonify(service.public_keys(request.host_url))

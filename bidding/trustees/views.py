"""What key holders' processes ask of the platform. Their signatures are their sign-in."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from bidding.trustees import canaries, service
from trading.accounts.permissions import public
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.forms import json_object

bp = Blueprint("trustees", __name__, url_prefix="/api/v1")


@bp.get("/trustees/<key>")
@public
def state(key: str) -> ResponseReturnValue:
    record = service.by_key(key)
    return jsonify({"organisation": record.organisation, "spare_pre_keys": {suite: service.spare_pre_keys(record.id, suite) for suite in service.suites_used()},
                    "last_pre_key": service.last_pre_key(record.id), "sessions": [
                        {"session": item.id, "envelope": item.envelope} for item in service.waiting_for(key)],
                    "canaries": [{"session": item.session, "number": item.number}
                                 for item in canaries.asked_of(key, service.numbers_of(record.id), now())],
                    "amended": [{"session": item.id, "amendments": item.amendments} for item in service.amended_for(key)]})


@bp.post("/trustees/<key>/pre-keys")
@public
def pre_keys(key: str) -> ResponseReturnValue:
    record = service.by_key(key)
    document = json_object(batch=list, suite=str)
    batch = document["batch"]
    if not 0 < len(batch) <= 100 or not all(
            isinstance(item, dict) and set(item) == {"number", "kem_pk", "sig"} and isinstance(item["number"], int)
            and isinstance(item["kem_pk"], str) and isinstance(item["sig"], str) for item in batch):
        raise Refused("form.document", place="batch")
    return jsonify({"last": service.add_pre_keys(record.id, batch, at=now(), suite=document["suite"])}), 201


@bp.post("/sessions/<name>/releases")
@public
def releases(name: str) -> ResponseReturnValue:
    document = json_object(body=dict, sig=str)
    if document["body"].get("session") != name:
        raise Refused("form.document", place="session")
    return jsonify({"kept": service.take_release(document, at=now())}), 201


@bp.get("/sessions/<name>/document")
@public
def document(name: str) -> ResponseReturnValue:
    """A session's document: public, for its keys are."""
    return jsonify(service.get_session(name).document)


@bp.get("/sessions/<name>/canaries/<int:number>")
@public
def canary(name: str, number: int) -> ResponseReturnValue:
    """The dummy bid that key holders are rehearsed with; it says nothing of anybody."""
    session = service.get_session(name)
    if session.canary is None or number not in {item.number for item in canaries.rounds(name)}:
        raise NotFound
    return jsonify(canaries.shown(session, number, service.signature_of(session)))


@bp.post("/sessions/<name>/canaries")
@public
def rehearsed(name: str) -> ResponseReturnValue:
    document = json_object(body=dict, sig=str)
    if document["body"].get("session") != name:
        raise Refused("form.document", place="session")
    return jsonify({"good": service.take_canary(document, at=now())}), 201


@bp.get("/log/keys")
@public
def log_keys() -> ResponseReturnValue:
    """Public keys for those who check; compare them with a source outside the platform."""
    return jsonify(service.public_keys(request.host_url))

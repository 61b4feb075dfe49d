"""The bidder's pages and API for sealing: lots, wizard, uploads, filing, receipts, withdrawal."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from bidding.envelope import documents
from bidding.sealed import filing, guests, pages, receipts, service
from bidding.sealed.bidder import me
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.accounts.permissions import Permission, allow
from trading.base.clock import now
from trading.base.errors import NotFound, Refused
from trading.base.forms import json_object
from trading.deposits import service as deposits
from trading.evidence import service as evidence
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot

bp = Blueprint("sealed", __name__)


@bp.get("/me/lots")
@allow(Permission.BID)
def lots() -> ResponseReturnValue:
    return render_template("sealed/lots.html", rows=pages.open_lots(me(), now()))


@bp.get("/me/lots/<code>")
@allow(Permission.BID)
def lot(code: str) -> ResponseReturnValue:
    found = projects.lot_by_code(code)
    return render_template("sealed/lot.html", **pages.lot_page(found, me(), now()), csrf=generate_csrf())


@bp.post("/me/lots/<code>/deposit")
@allow(Permission.BID)
def deposit(code: str) -> ResponseReturnValue:
    found = projects.lot_by_code(code)
    deposits.sub_account(found.id, me().id, at=now())
    return redirect(url_for("sealed.lot", code=code))


@bp.get("/me/lots/<code>/seal")
@allow(Permission.BID)
def wizard(code: str) -> ResponseReturnValue:
    """The wizard of the bid, or of its technical envelope."""
    found = projects.lot_by_code(code)
    return _wizard(found, trustees.session_of_bids(found.id), f"/me/lots/{code}")


@bp.get("/me/lots/<code>/price/seal")
@allow(Permission.BID)
def price_wizard(code: str) -> ResponseReturnValue:
    """The wizard of the price envelope, where prices come apart."""
    found = projects.lot_by_code(code)
    return _wizard(found, trustees.session_of(found.id, "price"), f"/me/lots/{code}/price")


def _wizard(lot: Lot, sealing: SealingSession | None, place: str) -> ResponseReturnValue:
    if sealing is None:
        raise NotFound
    return render_template("sealed/wizard.html", **pages.wizard_page(lot, me(), now(), sealing, place), csrf=generate_csrf())


@bp.post("/me/lots/<code>/withdraw")
@allow(Permission.BID)
def withdraw(code: str) -> ResponseReturnValue:
    found = projects.lot_by_code(code)
    if request.form.get("confirm") != "withdraw":
        raise Refused("bid.confirm_withdrawal")
    digest = request.form.get("digest", "")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise Refused("bid.none")
    sealing = service.session_of_digest(found.id, digest, me())
    service.withdraw(sealing.id, digest, documents.binary(request.form.get("signature", ""), "signature"), bidder_id=me().id, clock=now)
    flash(_("投标已撤回，密文已销毁，不会被打开。截止前可以重新递交。"), "success")
    return redirect(url_for("sealed.lot", code=code))


@bp.get("/me/lots/<code>/receipts/<number:version>.json")
@allow(Permission.BID)
def receipt(code: str, version: int) -> ResponseReturnValue:
    return _receipt(trustees.session_of_bids(projects.lot_by_code(code).id), version, "receipt")


@bp.get("/me/lots/<code>/price/receipts/<number:version>.json")
@allow(Permission.BID)
def price_receipt(code: str, version: int) -> ResponseReturnValue:
    return _receipt(trustees.session_of(projects.lot_by_code(code).id, "price"), version, "receipt-price")


def _receipt(sealing: SealingSession | None, version: int, name: str) -> ResponseReturnValue:
    if sealing is None:
        raise NotFound
    answer = jsonify(receipts.of_version(sealing.id, version, bidder_code=me().code).document())
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{version}.json"'
    return answer


# --- API -----------------------------------------------------------------------------------------


def _require_part(name: str) -> None:
    """Bidders file bids; who sells files nothing but its own reserve price. Raises NotFound."""
    if not current_user.may(Permission.BID) and trustees.policy(name).document["envelope"] != documents.RESERVE:
        raise NotFound


@bp.get("/api/v1/sessions/<name>")
@allow(Permission.SEAL)
def session(name: str) -> ResponseReturnValue:
    _require_part(name)
    sealing = trustees.get_session(name)
    bidder = me()
    alias = guests.alias(name, bidder.id)
    return jsonify({"document": sealing.document, "amendments": sealing.amendments,
                    "sig": trustees.signature_of(sealing), "centre_key": trustees.centre_key(),
                    "log_key": evidence.log_verifier_key(), "bidder": alias.name if alias else bidder.code,
                    # Who files under the number of a live sale signs with the key that it bids with there.
                    "paddle_of": projects.get_lot(sealing.lot_id).code if alias else "",
                    "signing_keys": [key.hex() for key in ([alias.public] if alias else parties.signing_keys(bidder.id))]})


@bp.get("/api/v1/lots/<code>/session")
@allow(Permission.BID)
def session_of_lot(code: str) -> ResponseReturnValue:
    """The session that a lot takes bids in; with ``?envelope=price`` that of its price envelopes."""
    lot_id = projects.lot_by_code(code).id
    sealing = trustees.session_of(lot_id, "price") if request.args.get("envelope") == "price" else trustees.session_of_bids(lot_id)
    if sealing is None:
        raise NotFound
    return session(sealing.id)


@bp.post("/api/v1/sessions/<name>/uploads")
@allow(Permission.SEAL)
def begin_upload(name: str) -> ResponseReturnValue:
    _require_part(name)
    upload = service.begin_upload(name, bidder=me(), at=now())
    return jsonify({"upload": upload.id}), 201


@bp.get("/api/v1/sessions/<name>/uploads/<upload>")
@allow(Permission.SEAL)
def upload_state(name: str, upload: str) -> ResponseReturnValue:
    return jsonify({"parts": service.parts_here(upload, session_name=name, bidder=me())})


@bp.put("/api/v1/sessions/<name>/uploads/<upload>/parts/<number:number>")
@allow(Permission.SEAL)
def put_part(name: str, upload: str, number: int) -> ResponseReturnValue:
    digest = _content_digest(request.headers.get("Content-Digest", ""))
    service.put_part(upload, number, _body(), digest, session_name=name, bidder=me())
    return "", 204


def _body() -> Iterator[bytes]:
    while chunk := request.stream.read(1 << 18):
        yield chunk


def _content_digest(header: str) -> str:
    """SHA-256 of RFC 9530's Content-Digest, in hex. Raises Refused ``seal.content_digest``."""
    if not header.startswith("sha-256=:") or not header.endswith(":"):
        raise Refused("seal.content_digest")
    digest = documents.binary(header[9:-1], "Content-Digest")
    if len(digest) != 32:
        raise Refused("seal.content_digest")
    return digest.hex()


@bp.post("/api/v1/sessions/<name>/bids")
@allow(Permission.SEAL)
def file_bid(name: str) -> ResponseReturnValue:
    if not request.headers.get("Idempotency-Key"):
        raise Refused("http.idempotency_key")
    _require_part(name)
    document = _strict_body()
    if not isinstance(document, dict) or set(document) != {"header", "signature", "upload"} \
            or not isinstance(document["signature"], str) or not isinstance(document["upload"], str):
        raise Refused("form.document", place="header, signature, upload")
    receipt = filing.file_bid(name, documents.encode(document["header"]), documents.binary(document["signature"], "signature"),
                               document["upload"], bidder_id=me().id, clock=now)
    return jsonify(receipt.document()), 201


def _strict_body() -> Any:
    """The body as JSON; duplicate keys are refused, because two readers may pick different ones."""
    return documents.read(request.get_data(cache=False))


@bp.post("/api/v1/me/keys")
@allow(Permission.SEAL)
def register_key() -> ResponseReturnValue:
    public = json_object(public=str)["public"]
    parties.register_key(me().id, documents.binary(public, "public"), actor=current_user.actor, at=now())
    return jsonify({"registered": b64decode(public).hex()}), 201

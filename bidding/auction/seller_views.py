"""The seller's pages of a live sale: seal the reserve price, sign the confirmation of the deal."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from bidding.auction import deal, reserve, rooms
from bidding.sealed import pages, receipts
from bidding.trustees.models import SealingSession
from trading.accounts.permissions import Permission, allow
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.models import Lot

bp = Blueprint("seller", __name__)
bp.record(addresses.register)


def _own(code: str) -> tuple[Lot, Organisation]:
    """A live lot of the viewer's own organisation; the agency sees it, the seller itself seals and signs."""
    lot = projects.lot_by_code(code)
    if current_user.organisation_id is None or not projects.is_mine(lot.project, current_user.organisation_id):
        raise NotFound
    rooms.read(lot.id)
    return lot, parties.get(current_user.organisation_id)


def _session(lot: Lot) -> SealingSession:
    found = reserve.session(lot.id)
    if found is None:
        raise NotFound
    return found


@bp.get("/projects/lots/<code>/sale")
@allow(Permission.NOTICE_WRITE)
def sale(code: str) -> ResponseReturnValue:
    """Where the sale stands for its seller."""
    lot, own = _own(code)
    found = reserve.session(lot.id)
    award = projects.award_of(lot.id)
    return render_template(
        "auction/seller.html", lot=lot, reserve=found, is_seller=own.id == lot.project.tenderer_id, is_open=bool(found and found.close_seq is None and now() < found.deadline),
        history=pages.history(own, found, f"/projects/lots/{lot.code}/reserve") if found and found.close_seq is None else [], code=own.code,
        deal={"document": deal.confirmation(lot), "signed": deal.signatures(lot)} if award else None, keys=[key.hex() for key in parties.signing_keys(own.id)],
        crumbs=[{"text": _("我的项目"), "href": "/projects"}, {"text": lot.project.name, "href": f"/projects/{lot.project_id}"}, {"text": _("竞价")}])


@bp.get("/projects/lots/<code>/reserve")
@allow(Permission.SEAL)
def seal(code: str) -> ResponseReturnValue:
    """The wizard that seals the reserve price on this device."""
    lot, own = _own(code)
    if own.id != lot.project.tenderer_id:
        raise NotFound
    return render_template("sealed/wizard.html", csrf=generate_csrf(), **pages.wizard_page(lot, own, now(), _session(lot), f"/projects/lots/{lot.code}/sale"))


@bp.get("/projects/lots/<code>/reserve/receipts/<number:version>.json")
@allow(Permission.SEAL)
def receipt(code: str, version: int) -> ResponseReturnValue:
    lot, own = _own(code)
    answer = jsonify(receipts.of_version(_session(lot).id, version, bidder_code=own.code).document())
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-reserve-{version}.json"'
    return answer

"""Letters as PDF: to whoever offered, to the tenderer, and the answers for everybody."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from flask_login import current_user

from trading.accounts.permissions import Permission, allow, public
from trading.announcements import public as open_things
from trading.base import addresses
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.models import Lot

bp = Blueprint("letters", __name__)
bp.record(addresses.register)


def _sent(data: bytes, name: str) -> Response:
    return Response(data, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'})


def _mine() -> Organisation:
    if not current_user.organisation_id:
        raise NotFound
    return parties.get(current_user.organisation_id)


def _lot(code: str) -> Lot:
    lot = projects.lot_by_code(code)
    open_things.project(lot.project.code or "")  # nothing is known of a case before its notice
    return lot


@bp.get("/me/lots/<code>/result.pdf")
@allow(Permission.BID)
def result(code: str) -> ResponseReturnValue:
    """The award letter to the winner, the result to each of the others."""
    from trading.portal import letters  # the PDF library behind it takes a moment to load

    return _sent(letters.result(_lot(code), _mine()), f"result-{code}")


@bp.get("/me/lots/<code>/deposit.pdf")
@allow(Permission.BID)
def deposit(code: str) -> ResponseReturnValue:
    from trading.portal import letters

    return _sent(letters.deposit(_lot(code), _mine(), at=now()), f"deposit-{code}")


@bp.get("/projects/<number:project_id>/lots/<number:lot_id>/award.pdf")
@allow(Permission.RESULT_WRITE)
def award(project_id: int, lot_id: int) -> ResponseReturnValue:
    """The tenderer's copy of the award letter."""
    from trading.portal import letters

    lot = projects.get_lot(lot_id)
    if lot.project_id != project_id or not projects.is_mine(lot.project, current_user.organisation_id):
        raise NotFound
    return _sent(letters.award(lot), f"award-{lot.code}")


@bp.get("/p/<code>/answers.pdf")
@public
def answers(code: str) -> ResponseReturnValue:
    from trading.portal import letters

    return _sent(letters.answers(open_things.project(code)), f"answers-{code}")

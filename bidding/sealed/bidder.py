"""Which bidder is asking: the signed-in person's organisation."""

from __future__ import annotations

from flask_login import current_user

from trading.base.errors import NotFound
from trading.parties import service as parties
from trading.parties.models import Organisation


def me() -> Organisation:
    """The signed-in bidder's organisation. Raises NotFound for a person without one."""
    if current_user.organisation_id is None:
        raise NotFound
    return parties.get(current_user.organisation_id)

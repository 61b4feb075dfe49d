"""Draw among companies by the same protocol: whom to invite, or who gets the lot.

The pool is the companies' pseudonyms under a salt of this draw; the key holders' sealed
contributions make the seed; the tickets make the order. Nobody can know or choose it
before the contributions are opened, and with the salt anybody can work it out again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from experts.draw import service, tickets, transcript
from experts.draw.models import Draw
from experts.draw.strata import Stratum
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import unix
from trading.base.database import transaction
from trading.base.errors import NotFound, Refused
from trading.projects.models import Lot

WINNER, SUPPLIERS = "winner", "suppliers"
CONTRIBUTE_FOR = timedelta(minutes=10)


def cast(lot: Lot, purpose: str, codes: Sequence[str], count: int, *, actor: str, at: datetime,
         contribute_for: timedelta = CONTRIBUTE_FOR) -> Draw:
    """Freeze a draw of ``count`` among companies by their codes; the lot's row is locked by the caller.

    Raises Refused ``draw.exists`` or ``draw.too_few_companies``.
    """
    with transaction():
        if service.of_lot(lot.id, purpose):
            raise Refused("draw.exists")
        if len(set(codes)) != len(codes) or not 0 < count <= len(codes):
            raise Refused("draw.too_few_companies", pool=len(set(codes)), count=count)
        salt = secrets.token_bytes(32)
        rows = [tickets.Row(tickets.eid(salt, code), 1, (), (), "") for code in codes]
        params = transcript.params(f"{purpose}-{lot.code}", lot.code or "", [Stratum(purpose, count)], employer_cap=0,
                                   reserve=len(codes), frozen_at=unix(at), seal_tool_sha256="")
        draw = Draw(lot_id=lot.id, purpose=purpose, params=params, pool=[row.document() for row in rows], thin=[], reason="",
                    representatives=[], excluded=0)
        draw.names_box = installation.boxes().close(list(codes), _place(lot.id, purpose))
        service.begin(lot, draw, salt, contribute_for=contribute_for, actor=actor, at=at)
        return draw


def _place(lot_id: int, purpose: str) -> str:
    return f"draw/{lot_id}/{purpose}/names"


def among(draw: Draw) -> list[str]:
    """The companies drawn among, by code."""
    assert draw.names_box is not None
    return list(installation.boxes().open(draw.names_box, _place(draw.lot_id, draw.purpose)))


def drawn(draw: Draw) -> tuple[list[str], list[str]]:
    """(those drawn, the others in the order of their tickets), by code. Raises NotFound before the draw."""
    if draw.transcript is None:
        raise NotFound
    names = {tickets.eid(service.salt_of(draw), code): code for code in among(draw)}
    (stratum,) = draw.transcript["result"]["strata"]
    return [names[eid] for eid in stratum["members"]], [names[eid] for eid in stratum["substitutes"]]


def publish(draw: Draw, *, at: datetime) -> None:
    """File material, result and the key from pseudonym to company, so that anybody can repeat the draw."""
    with transaction():
        if draw.revealed_at or draw.transcript is None:
            return
        service.reveal(draw, at=at)
        archive.file_document(draw.lot_id, f"20-draw-{draw.purpose}/candidates.json", "参加抽取的单位",
                              {"salt": service.salt_of(draw).hex(), "codes": sorted(among(draw))}, at=at)

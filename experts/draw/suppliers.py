"""Draw the suppliers of an invited procurement (邀请招标) from a pool, before witnesses (87号令 14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from experts.draw import lottery
from experts.draw import service as draws
from experts.draw.models import Draw
from trading.base.clock import BEIJING
from trading.base.database import transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law import access, findings
from trading.law.procedures import Call
from trading.parties import rules as party_rules
from trading.parties import service as parties
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage, procedure


def freeze(project_id: int, codes: Sequence[str], count: int, watchers: Sequence[str], *, actor: str, at: datetime,
           contribute_for: timedelta = lottery.CONTRIBUTE_FOR) -> Draw:
    """Lock the pool and let the key holders contribute; nothing about it can change from here on.

    ``watchers`` are the purchaser's people who watch. Raises Refused ``invite.*`` and ``law.*``
    for a pool too small, too few drawn or watching, or a company that is not in the library.
    """
    with transaction():
        project = projects.locked(project_id)
        if procedure(project.procedure).call is not Call.DRAWN:
            raise Refused("invite.no_draw")
        lot = _first_lot(project)
        if not project.accepted_at or lot.stage != Stage.REGISTERED:
            raise Refused("draw.too_early", stage=lot.stage)
        known = [_company(project, code) for code in codes]
        if len(set(known)) != len(known):
            raise Refused("invite.twice", most=invitations.MOST)
        people = [name.strip() for name in watchers if name.strip()]
        findings.require(access.check_invitation(len(known), count, len(set(people)), on=at.astimezone(BEIJING).date(),
                                                 region=project.region))
        draw = lottery.cast(lot, lottery.SUPPLIERS, known, count, actor=actor, at=at, contribute_for=contribute_for)
        evidence.record("draw.watched", actor=actor, at=at, lot=lot.code, names="、".join(people))
        return draw


def _first_lot(project: Project) -> Lot:
    if not project.lots:
        raise NotFound
    return projects.locked_lot(project.lots[0].id)


def _company(project: Project, code: str) -> str:
    try:
        found = parties.by_code(party_rules.credit_code(code))
    except NotFound:
        raise Refused("invite.unknown", code=code[:20]) from None
    if found.id in (project.tenderer_id, project.agency_id):
        raise Refused("invite.own", name=found.name)
    return found.code


def follow(lot_id: int, *, at: datetime) -> bool:
    """Put those drawn on the list of invitations, which names nobody to a reader of the database."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        draw = draws.of_lot(lot_id, lottery.SUPPLIERS)
        if draw is None or draw.transcript is None or lot.stage != Stage.REGISTERED or invitations.invited(lot.project_id):
            return False
        invitations.choose(lot.project_id, lottery.drawn(draw)[0], actor="timetable", at=at, drawn=True)
        return True

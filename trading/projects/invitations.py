"""Who is invited to an invited tender (邀请招标): kept from everybody but the tenderer.

The names of those who may bid are secret until the opening (招标投标法 22), so a row names
nobody: a keyed tag finds a company's own invitation, the name itself is in the box.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from trading.base import installation
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law.procedures import Call
from trading.parties import rules as party_rules
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import rules
from trading.projects.models import Invitation, Project
from trading.projects.rules import Stage
from trading.projects.service import locked

MOST = 50


def is_called_by_invitation(project: Project) -> bool:
    return rules.procedure(project.procedure).call is not Call.OPEN


def is_closed(project: Project) -> bool:
    """Whether only those on a list may take part: invited, drawn, the one supplier, or past a prequalification."""
    return is_called_by_invitation(project) or project.prequalified_from_id is not None


def admit(project: Project, companies: list[Organisation]) -> None:
    """Let exactly these take part in a tender that follows a prequalification; runs in the caller's transaction."""
    for company in companies:
        tag = _tag(project.id, company.code)
        db.session.add(Invitation(project_id=project.id, tag=tag, invited_at=None,
                                  box=installation.boxes().close(company.id, f"invitation/{tag}", pad=16)))
    db.session.flush()


def choose(project_id: int, codes: list[str], *, actor: str, at: datetime, drawn: bool = False) -> list[Organisation]:
    """Set the list of those to be invited, before the invitation goes out; ``drawn`` says that a draw chose them.

    Raises Refused ``invite.*`` for a company that is not in the library, named twice, or the
    tenderer or its agency itself; nothing is changed then.
    """
    with transaction() as session:
        project = locked(project_id)
        if not is_called_by_invitation(project):
            raise Refused("invite.open_to_all")
        if rules.procedure(project.procedure).call is Call.DRAWN and not drawn:
            raise Refused("invite.by_draw")
        if any(lot.stage != Stage.REGISTERED for lot in project.lots):
            raise Refused("invite.sent")
        chosen = [_company(code, project) for code in codes]
        if len(chosen) > MOST or len({company.id for company in chosen}) != len(chosen):
            raise Refused("invite.twice", most=MOST)
        session.execute(delete(Invitation).where(Invitation.project_id == project_id))
        for company in chosen:
            tag = _tag(project_id, company.code)
            session.add(Invitation(project_id=project_id, tag=tag, invited_at=None,
                                   box=installation.boxes().close(company.id, f"invitation/{tag}", pad=16)))
        session.flush()
        evidence.record("invitation.chosen", actor=actor, at=at, project=project.code, draft=project_id)
        return chosen


def _company(code: str, project: Project) -> Organisation:
    try:
        found = parties.by_code(party_rules.credit_code(code))
    except NotFound:
        raise Refused("invite.unknown", code=code[:20]) from None
    if found.id in (project.tenderer_id, project.agency_id):
        raise Refused("invite.own", name=found.name)
    return found


def _tag(project_id: int, code: str) -> str:
    return installation.boxes().tag("invitation", str(project_id), code)


def invited(project_id: int) -> list[Organisation]:
    """The companies on the list (for the tenderer's side only)."""
    rows = db.session.scalars(select(Invitation).where(Invitation.project_id == project_id))
    found = [parties.get(installation.boxes().open(row.box, f"invitation/{row.tag}")) for row in rows]
    return sorted(found, key=lambda company: company.code)


def send(project: Project, *, at: datetime) -> None:
    """Note that the invitations went out; runs in the transaction that publishes them.

    Each company finds its own on its page of lots. No message is written: its row would name
    the company to whoever reads the database.
    """
    for row in db.session.scalars(select(Invitation).where(Invitation.project_id == project.id)):
        row.invited_at = at


def is_invited(project: Project, code: str) -> bool:
    """Whether a company may bid: anybody in an open procedure, else those invited."""
    return may_take_part(project.id, project.procedure, code, listed=project.prequalified_from_id is not None)


def may_take_part(project_id: int, procedure: str, code: str, *, listed: bool = False) -> bool:
    """The same from plain values; ``listed`` says that a prequalification made the list."""
    if rules.procedure(procedure).call is Call.OPEN and not listed:
        return True
    return db.session.scalar(select(Invitation.id).where(Invitation.tag == _tag(project_id, code))) is not None

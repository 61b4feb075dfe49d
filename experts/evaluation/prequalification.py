"""The end of a prequalification (资格预审): tell every applicant at once, then tender among those who passed."""

from __future__ import annotations

from datetime import datetime

from experts.evaluation import service
from trading.archive import service as archive
from trading.base.database import transaction
from trading.base.errors import Refused
from trading.messages import service as messages
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.models import Project
from trading.projects.rules import Step, procedure


def passed(lot_id: int) -> list[Organisation]:
    """Who passed, by code."""
    return sorted((parties.get(candidate.organisation_id) for candidate in projects.candidates(lot_id) if not candidate.lost),
                  key=lambda company: company.code)


def conclude(lot_id: int, *, actor: str, at: datetime) -> None:
    """Tell every applicant its own result at the same moment, with the reasons if it failed (条例 19).

    Who passed is told to nobody else: the names of those who may bid are secret until the
    opening of the tender (招标投标法 22).
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        if not procedure(lot.project.procedure).is_prequalification:
            raise Refused("prequal.none")
        evaluation = service.evaluation_of(lot_id)
        inside = {company.id for company in passed(lot_id)}
        rejected = {item["digest"]: "；".join(reason for failure in item["failures"] for reason in failure["reasons"])
                    for item in (evaluation.rejected if evaluation else [])}
        projects.advance(lot, Step.AWARD, actor=actor, at=at)
        for bid in service.bids_to_judge(lot_id):
            messages.notify("prequal.passed" if bid.organisation_id in inside else "prequal.failed", at=at,
                            organisation_id=bid.organisation_id, lot=lot.label, reason=rejected.get(bid.digest, ""), link="/me/lots")
        archive.file_document(lot_id, "40-award/prequalified.json", "资格预审结果", {
            "lot": lot.code, "passed": [company.code for company in passed(lot_id)], "notified_at": at.isoformat()}, at=at)
        service.reveal_draws(lot_id, at=at)


def tender(lot_id: int, *, actor: str, at: datetime) -> Project:
    """Begin the tender among those who passed. Made twice it is the same."""
    with transaction():
        project = projects.tender_after(lot_id, actor=actor, at=at)
        if not invitations.invited(project.id):
            invitations.admit(project, passed(lot_id))
        return project

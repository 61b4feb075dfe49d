"""Register a project (进场登记), return or accept it, move its lots through their life."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select

from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import connection, db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law.awards import Loss
from trading.law.bidders import Circumstance
from trading.messages import service as messages
from trading.projects import rules
from trading.projects.models import Award, Candidate, Contract, Lot, Numbering, Project, ProjectFile
from trading.projects.rules import Stage, Step

FIELDS = ("name", "procedure", "category", "region", "funding", "approval", "estimate_fen", "summary")
#: What else a registration may lack; put here by app.py for the folders that come after this one.
ALSO_MISSING: list[Callable[[Project], list[str]]] = []
LOT_FIELDS = ("name", "estimate_fen", "ceiling_fen", "deposit_fen", "qualifications", "method")


def draft(values: dict[str, Any], lots: list[dict[str, Any]], *, tenderer_id: int, actor: str, at: datetime,
          agency_id: int | None = None) -> Project:
    """Begin a registration; it may still have gaps."""
    rules.runnable(values["procedure"])
    with transaction() as session:
        project = Project(**{name: values[name] for name in FIELDS if name in values},
                          tenderer_id=tenderer_id, agency_id=agency_id, created_at=at)
        project.lots = [_lot(number, lot) for number, lot in enumerate(lots, 1)]
        session.add(project)
        session.flush()
        evidence.record("project.drafted", actor=actor, at=at, draft=project.id, name=project.name)
        return project


def _lot(number: int, values: dict[str, Any]) -> Lot:
    known = {name: values[name] for name in LOT_FIELDS if name in values}
    return Lot(number=number, stage=Stage.REGISTERED, **known)


def revise(project_id: int, values: dict[str, Any], lots: list[dict[str, Any]], *, actor: str, at: datetime) -> Project:
    """Change a registration that is not with the registrar and not accepted."""
    with transaction() as session:
        project = locked(project_id)
        _require_editable(project)
        for name in FIELDS:
            if name in values:
                setattr(project, name, values[name])
        # A link belongs to its own lot: when lots were taken away, nobody can say which.
        followed = [lot.restarted_from_id for lot in project.lots] if len(lots) >= len(project.lots) else []
        for lot in project.lots:
            session.delete(lot)
        session.flush()
        project.lots = [_lot(number, lot) for number, lot in enumerate(lots, 1)]
        for lot, number in zip(project.lots, followed, strict=False):
            lot.restarted_from_id = number
        evidence.record("project.revised", actor=actor, at=at, draft=project.id, name=project.name)
        return project


def _require_editable(project: Project) -> None:
    if project.accepted_at or project.submitted_at and project.returned is None:
        raise Refused("project.not_editable")


def add_file(project_id: int, kind: str, name: str, chunks: Iterable[bytes], *, actor: str, at: datetime) -> ProjectFile:
    """Keep one file of the registration."""
    stored, size, digest = installation.files().put(chunks)
    with transaction() as session:
        project = locked(project_id)
        if project.accepted_at is None:
            _require_editable(project)
        if kind == "tender_document" and any(lot.stage != Stage.REGISTERED for lot in project.lots):
            raise Refused("project.document_published")
        item = ProjectFile(project_id=project_id, kind=kind, name=name, stored=stored, bytes=size,
                           sha256=digest, added_at=at)
        session.add(item)
        session.flush()
        session.expire(project, ["files"])
        evidence.record("project.file_added", actor=actor, at=at, draft=project_id, kind=kind, name=name, sha256=digest)
        return item


def gaps(project: Project) -> list[str]:
    """What the registration still lacks."""
    as_values = {name: getattr(project, name) for name in FIELDS}
    lots = [{name: getattr(lot, name) for name in LOT_FIELDS} for lot in project.lots]
    found = rules.missing(as_values, lots, {item.kind for item in project.files})
    return found + [place for ask in ALSO_MISSING for place in ask(project) if place not in found]


def submit(project_id: int, *, actor: str, at: datetime) -> None:
    """Hand the registration to the registrar. Raises Refused ``project.gaps`` with all of them."""
    with transaction():
        project = locked(project_id)
        _require_editable(project)
        if missing := gaps(project):
            raise Refused("project.gaps", gaps=missing)
        project.submitted_at, project.returned = at, None
        evidence.record("project.submitted", actor=actor, at=at, draft=project_id, name=project.name)


def send_back(project_id: int, places: list[str], note: str, *, actor: str, at: datetime) -> None:
    """Return for correction with one complete list (一次性告知)."""
    with transaction():
        project = locked(project_id)
        _require_waiting(project)
        if not places and not note.strip():
            raise Refused("project.return_without_reason")
        project.returned, project.returned_note = places or ["note"], note.strip()
        evidence.record("project.returned", actor=actor, at=at, draft=project_id, places=places, note=note)
        _tell(project, "project.returned", at)


def accept(project_id: int, *, actor: str, at: datetime, policy: str = rules.USUAL_POLICY, suite: str = "",
           prices_after_h: int | None = None) -> str:
    """Accept the registration and give the project and its lots their codes.

    ``policy`` and ``suite`` say how bids are sealed; without a suite the centre's usual one. With
    ``prices_after_h`` prices come in envelopes of their own, which open so many hours after the
    deadline at the earliest. Raises Refused ``project.not_waiting``, ``project.sealing_unknown``,
    ``project.two_envelopes``, ``project.prices_after``.
    """
    suites = [name for name in installation.settings().suites.split(",") if name]
    if policy not in rules.POLICIES or suite and suite not in suites:
        raise Refused("project.sealing_unknown", policy=policy[:20], suite=suite[:20])
    with transaction():
        project = locked(project_id)
        _require_waiting(project)
        sealing: dict[str, Any] = {"policy": policy, "suite": suite or suites[0]}
        if prices_after_h is not None:
            rules.may_have_two_envelopes(rules.procedure(project.procedure), policy, prices_after_h)
            sealing["prices_after_s"] = prices_after_h * 3600
        family = rules.procedure(project.procedure).family
        project.code = rules.project_code(family, installation.settings().platform_code, _next_number(family))
        for lot in project.lots:
            lot.code = rules.lot_code(project.code, lot.number)
            lot.stage_at = at
            lot.sealing = dict(sealing)
        project.accepted_at = at
        evidence.record("project.accepted", actor=actor, at=at, project=project.code, name=project.name,
                        lots=[lot.code for lot in project.lots])
        _tell(project, "project.accepted", at)
        return project.code


def _require_waiting(project: Project) -> None:
    if not project.submitted_at or project.returned is not None or project.accepted_at:
        raise Refused("project.not_waiting")


def _next_number(family: str) -> int:
    session = db.session
    row: Numbering | None = lock_row(Numbering, family)
    if row is None:
        row = Numbering(key=family, last=0)
        session.add(row)
    row.last += 1
    session.flush()
    return row.last


def _tell(project: Project, kind: str, at: datetime) -> None:
    for organisation_id in {project.tenderer_id, project.agency_id} - {None}:
        messages.notify(kind, at=at, organisation_id=organisation_id, name=project.name,
                        link=f"/projects/{project.id}")


# --- lots ------------------------------------------------------------------------------------


def advance(lot: Lot, step: Step, *, actor: str, at: datetime, **facts: Any) -> None:
    """Take one step of the life table; the lot's row must be locked by the caller."""
    before = Stage(lot.stage)
    lot.stage = rules.after(lot.project.procedure, before, step, paused_from=Stage(lot.paused_from) if lot.paused_from else None)
    if step is Step.PAUSE:
        lot.paused_from = before
    lot.stage_at = at
    kind = {Step.RESUME: "lot.resumed", Step.REVOKE: "lot.award_revoked"}.get(step, f"lot.{lot.stage}")
    evidence.record(kind, actor=actor, at=at,
                    lot=lot.code, project=lot.project.code, **facts)


def locked(project_id: int) -> Project:
    project: Project | None = lock_row(Project, project_id)
    if project is None:
        raise NotFound
    return project


def locked_lot(lot_id: int) -> Lot:
    """The lot's newest row, locked until the transaction ends."""
    lot: Lot | None = lock_row(Lot, lot_id)
    if lot is None:
        raise NotFound
    return lot


@dataclass(frozen=True)
class FilingLot:
    """What the decision on a filing needs of a lot, read under its lock."""

    code: str
    stage: Stage
    deadline: datetime | None
    project_id: int
    procedure: str
    tenderer_id: int
    agency_id: int | None
    is_listed: bool
    is_live: bool


def locked_for_filing(lot_id: int) -> FilingLot:
    """Like ``locked_lot``, in one plain statement for the busiest minute. Raises NotFound."""
    row = connection().execute(_FILING_LOT, {"lot_id": lot_id}).first()
    if row is None:
        raise NotFound
    return FilingLot(row.code, Stage(row.stage), row.deadline, row.project_id, row.procedure, row.tenderer_id, row.agency_id,
                     row.prequalified_from_id is not None, row.kind == "live")


_LOT, _PROJECT = Lot.__table__, Project.__table__
_FILING_LOT = select(_LOT.c.code, _LOT.c.stage, _LOT.c.deadline, _LOT.c.project_id, _PROJECT.c.procedure, _PROJECT.c.tenderer_id,
                     _PROJECT.c.agency_id, _PROJECT.c.prequalified_from_id, _LOT.c.method["kind"].as_string().label("kind")).join_from(_LOT, _PROJECT, _PROJECT.c.id == _LOT.c.project_id).where(
    _LOT.c.id == bindparam("lot_id")).with_for_update(of=_LOT)


def get_lot(lot_id: int) -> Lot:
    lot = db.session.get(Lot, lot_id)
    if lot is None:
        raise NotFound
    return lot


def _require_code(code: str) -> None:
    """What cannot be a code is not asked of the database (PostgreSQL refuses a NUL as an accident)."""
    if not code.isascii() or not code.isalnum() or len(code) > 40:
        raise NotFound


def lot_by_code(code: str) -> Lot:
    _require_code(code)
    lot = db.session.scalar(select(Lot).where(Lot.code == code))
    if lot is None:
        raise NotFound
    return lot


def by_code(code: str) -> Project:
    _require_code(code)
    project = db.session.scalar(select(Project).where(Project.code == code))
    if project is None:
        raise NotFound
    return project


def is_mine(project: Project, organisation_id: int | None) -> bool:
    return organisation_id is not None and organisation_id in (project.tenderer_id, project.agency_id)


def restart(lot_id: int, *, actor: str, at: datetime) -> Project:
    """Begin a failed or terminated lot anew (重新招标): a registration with the same content,
    linked to the lot it follows, for the tenderer to revise and submit.

    Files come along, for they are the tenderer's own. Raises Refused for a lot in another stage.
    """
    with transaction() as session:
        old = locked_lot(lot_id)
        before = old.project
        advance(old, Step.RESTART, actor=actor, at=at)
        project = Project(**{name: getattr(before, name) for name in FIELDS}, tenderer_id=before.tenderer_id,
                          agency_id=before.agency_id, created_at=at)
        lot = _lot(1, {name: getattr(old, name) for name in LOT_FIELDS})
        lot.restarted_from_id = old.id
        project.lots = [lot]
        project.files = [ProjectFile(kind=item.kind, name=item.name, stored=item.stored, bytes=item.bytes,
                                     sha256=item.sha256, added_at=at) for item in before.files]
        session.add(project)
        session.flush()
        evidence.record("project.restarted", actor=actor, at=at, draft=project.id, name=project.name, lot=old.code)
        return project


def tender_after(lot_id: int, *, actor: str, at: datetime) -> Project:
    """Begin the tender that a prequalification was for: a registration of the same lot, open to
    those who passed alone. Made twice it is the same.

    Raises Refused ``prequal.not_concluded`` before the result was told.
    """
    with transaction() as session:
        old = locked_lot(lot_id)
        row = rules.procedure(old.project.procedure)
        if not row.is_prequalification or old.stage not in (Stage.AWARDED, Stage.ARCHIVED):
            raise Refused("prequal.not_concluded")
        known = session.scalar(select(Project).where(Project.prequalified_from_id == lot_id))
        if known is not None:
            return known
        before = old.project
        values = {name: getattr(before, name) for name in FIELDS} | {"procedure": row.as_in}
        project = Project(**values, tenderer_id=before.tenderer_id, agency_id=before.agency_id, created_at=at, prequalified_from_id=lot_id)
        lot_values = {name: getattr(old, name) for name in LOT_FIELDS} | {"method": {"kind": f"{row.family}_lowest"}}
        project.lots = [_lot(1, lot_values)]
        project.files = [ProjectFile(kind=item.kind, name=item.name, stored=item.stored, bytes=item.bytes, sha256=item.sha256, added_at=at)
                         for item in before.files if item.kind != "tender_document"]
        session.add(project)
        session.flush()
        evidence.record("project.prequalified", actor=actor, at=at, draft=project.id, name=project.name, lot=old.code)
        return project


def rounds_before(lot: Lot) -> list[Lot]:
    """The lots that this one follows, newest first: one means a second round."""
    found: list[Lot] = []
    while (number := (found[-1] if found else lot).restarted_from_id) is not None:
        found.append(get_lot(number))
    return found


def circumstance(lot: Lot) -> Circumstance | None:
    """What may lower the least number of bidders: that an earlier round had too few of them."""
    before = rounds_before(lot)
    return Circumstance.AGAIN if before and before[0].failed_reason in TOO_FEW else None


#: Reasons for a failure after which a next round is a second one by law.
TOO_FEW = ("too_few_bidders", "too_few_valid")


# --- result ----------------------------------------------------------------------------------


def record_candidates(lot: Lot, ranked: list[tuple[int, int, int, str]], terms: dict[int, dict[str, Any]], *, actor: str,
                      at: datetime) -> None:
    """Keep the evaluation's candidates: (rank, organisation id, price in fen, score), and by
    organisation what each offered besides its price."""
    with transaction() as session:
        for rank, organisation_id, price_fen, score in ranked:
            session.add(Candidate(lot_id=lot.id, rank=rank, organisation_id=organisation_id,
                                  price_fen=price_fen, score=score, terms=terms.get(organisation_id)))
        session.flush()
        advance(lot, Step.EVALUATE, actor=actor, at=at, candidates=[
            {"rank": rank, "price_fen": price, "score": score} for rank, _, price, score in ranked])


def record_buyer(lot: Lot, organisation_id: int, price_fen: int) -> None:
    """Keep who bid highest in a live sale; runs in the transaction that settles it."""
    db.session.add(Candidate(lot_id=lot.id, rank=1, organisation_id=organisation_id, price_fen=price_fen))
    db.session.flush()


def candidates(lot_id: int) -> list[Candidate]:
    return list(db.session.scalars(select(Candidate).where(Candidate.lot_id == lot_id).order_by(Candidate.rank)))


def lose_candidate(lot: Lot, candidate: Candidate, loss: Loss, note: str, *, actor: str, at: datetime) -> None:
    """Record why a candidate is no longer available; the next in rank may then be taken (条例 55)."""
    if candidate.lost:
        raise Refused("result.lost_already", rank=candidate.rank)
    note = note.strip()
    if not note or len(note) > 2000:
        raise Refused("result.loss_note", most=2000)
    candidate.lost, candidate.lost_note = loss, note
    evidence.record("candidate.lost", actor=actor, at=at, lot=lot.code, project=lot.project.code, rank=candidate.rank,
                    bidder=candidate.organisation.code, loss=loss, note=note)


def award_of(lot_id: int) -> Award | None:
    return db.session.get(Award, lot_id)


def contract_of(lot_id: int) -> Contract | None:
    return db.session.get(Contract, lot_id)


def record_contract(lot_id: int, number: str, price_fen: int, signed_on: date, *, actor: str, at: datetime) -> Contract:
    """Record the signed contract; its price must be the bid's (条例 57)."""
    with transaction() as session:
        lot = locked_lot(lot_id)
        award = award_of(lot_id)
        if award is None:
            raise Refused("result.not_awarded")
        if price_fen != award.price_fen:
            raise Refused("result.contract_price", price_fen=price_fen, award_fen=award.price_fen)
        if not number.strip():
            raise Refused("result.contract_number")
        if not award.notified_at.astimezone(BEIJING).date() <= signed_on <= at.astimezone(BEIJING).date():
            raise Refused("result.contract_date", date=signed_on.isoformat())
        contract = Contract(lot_id=lot_id, number=number.strip(), price_fen=price_fen, signed_on=signed_on, recorded_at=at)
        session.add(contract)
        session.flush()
        advance(lot, Step.CONTRACT, actor=actor, at=at, number=contract.number, price_fen=price_fen,
                signed_on=signed_on.isoformat())
        return contract

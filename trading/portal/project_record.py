"""What the public page of a project reads: columns only, in as few statements as there are tables.

It is the page that is asked for most, and whole rows with all that hangs on them would cost
many times more than what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import aliased

from bidding.envelope.documents import FIRST
from bidding.opening.envelopes import PRICE
from bidding.opening.models import OpenedBid, Opening
from trading.announcements import queries
from trading.announcements.models import Question
from trading.announcements.queries import Published
from trading.announcements.rules import Kind
from trading.base.database import db
from trading.base.errors import NotFound
from trading.evidence.models import Entry
from trading.law.procedures import procedure
from trading.parties.models import Organisation
from trading.projects import words
from trading.projects.models import Award, Candidate, Contract, Lot, Project, ProjectFile


class Case(NamedTuple):
    """A project and who speaks for it."""

    id: int
    code: str
    name: str
    procedure: str
    category: str
    region: str
    tenderer: str
    tenderer_contact: str
    tenderer_phone: str
    agency: str | None
    agency_contact: str | None
    agency_phone: str | None


class Part(NamedTuple):
    """A lot with its opening, award and contract, where there are any."""

    id: int
    number: int
    code: str
    name: str
    estimate_fen: int
    ceiling_fen: int | None
    deposit_fen: int
    stage: str
    deadline: datetime | None
    closed_at: datetime | None
    opened_at: datetime | None
    bids: int | None
    winner_id: int | None
    notified_at: datetime | None
    contract: str | None
    signed_on: date | None
    method: dict[str, Any]
    price_fen: int | None


class File(NamedTuple):
    id: int
    kind: str
    name: str
    bytes: int
    sha256: str
    added_at: datetime


class Answered(NamedTuple):
    """A question that was answered, as everybody may read it."""

    question: str
    asked_at: datetime
    answer: str
    answered_at: datetime


class Ranked(NamedTuple):
    rank: int
    organisation_id: int
    organisation: str
    price_fen: int
    score: str


class Read(NamedTuple):
    """A bid as it was read out at the opening; of two envelopes the price joins it when it is opened."""

    organisation_id: int
    organisation: str
    outcome: str
    offer: dict[str, Any] | None
    deposit_confirmed: bool
    digest: str


@dataclass(frozen=True)
class Record:
    """A project whose tender notice is published, seen from one of its lots."""

    project: Case
    lot: Part
    lots: list[Part]
    notices: list[Published]
    files: list[File]
    questions: list[Answered]


_agency = aliased(Organisation)
_PROJECT = (
    select(Project.id, Project.code, Project.name, Project.procedure, Project.category, Project.region,
           Organisation.name, Organisation.contact, Organisation.phone, _agency.name, _agency.contact, _agency.phone)
    .join(Organisation, Organisation.id == Project.tenderer_id).outerjoin(_agency, _agency.id == Project.agency_id)
    .where(Project.code == bindparam("code")))
_LOTS = (
    select(Lot.id, Lot.number, Lot.code, Lot.name, Lot.estimate_fen, Lot.ceiling_fen, Lot.deposit_fen, Lot.stage, Lot.deadline,
           Opening.closed_at, Opening.opened_at, Opening.count, Award.organisation_id, Award.notified_at,
           Contract.number, Contract.signed_on, Lot.method, Award.price_fen)
    .outerjoin(Opening, (Opening.lot_id == Lot.id) & Opening.envelope.in_(FIRST)).outerjoin(Award, Award.lot_id == Lot.id)
    .outerjoin(Contract, Contract.lot_id == Lot.id)
    .where(Lot.project_id == bindparam("project_id")).order_by(Lot.number))
_FILES = (
    select(ProjectFile.id, ProjectFile.kind, ProjectFile.name, ProjectFile.bytes, ProjectFile.sha256, ProjectFile.added_at)
    .where(ProjectFile.project_id == bindparam("project_id"), ProjectFile.kind.in_(words.PUBLIC_FILES)).order_by(ProjectFile.id))
_QUESTIONS = (
    select(Question.text, Question.asked_at, Question.answer, Question.answered_at)
    .where(Question.lot_id == bindparam("lot_id"), Question.answered_at.is_not(None)).order_by(Question.id))
_OPENED = (
    select(Organisation.id, Organisation.name, OpenedBid.outcome, OpenedBid.offer, OpenedBid.deposit_confirmed, OpenedBid.digest)
    .join(Organisation, Organisation.id == OpenedBid.organisation_id)
    .where(OpenedBid.lot_id == bindparam("lot_id"), OpenedBid.envelope.in_(FIRST)).order_by(OpenedBid.digest))
_PRICES = (
    select(OpenedBid.organisation_id, OpenedBid.outcome, OpenedBid.offer)
    .join(Opening, (Opening.lot_id == OpenedBid.lot_id) & (Opening.envelope == OpenedBid.envelope))
    .where(OpenedBid.lot_id == bindparam("lot_id"), OpenedBid.envelope == PRICE, Opening.opened_at.is_not(None)))
_CANDIDATES = (
    select(Candidate.rank, Candidate.organisation_id, Organisation.name, Candidate.price_fen, Candidate.score)
    .join(Organisation, Organisation.id == Candidate.organisation_id)
    .where(Candidate.lot_id == bindparam("lot_id")).order_by(Candidate.rank))
_CLOSE = (
    select(Entry.event).where(Entry.lot == bindparam("lot"), Entry.kind == "session.close").order_by(Entry.seq).limit(1))
_RANGE = select(func.min(Entry.seq), func.max(Entry.seq)).where(
    or_(Entry.lot == bindparam("lot"), Entry.project == bindparam("project")))


def read(code: str, number: int) -> Record:
    """A project by its public code, seen from one lot. Raises NotFound before its tender notice is published."""
    if not (code.isascii() and code.isalnum()):
        raise NotFound  # a NUL character would be an accident in the database
    # Plain rows of the connection: nothing here is an object of the session.
    run = db.session.connection().execute
    row = run(_PROJECT, {"code": code}).first()
    if row is None:
        raise NotFound
    project = Case(*row)
    notices = queries.of_project(project.id)
    if not any(notice.kind == Kind.TENDER for notice in notices):
        raise NotFound
    lots = [Part(*row) for row in run(_LOTS, {"project_id": project.id})]
    lot = next((lot for lot in lots if lot.number == number), None)
    if lot is None:
        raise NotFound
    return Record(project, lot, lots, notices, [File(*row) for row in run(_FILES, {"project_id": project.id})],
                  [Answered(*row) for row in run(_QUESTIONS, {"lot_id": lot.id})])


def opened(lot: Part, lot_procedure: str) -> list[Read]:
    """The bids as they were read out: none before the opening, and none where nothing is read out."""
    if not lot.opened_at or not procedure(lot_procedure).read_out:
        return []
    prices = {row.organisation_id: row for row in db.session.execute(_PRICES, {"lot_id": lot.id})}
    return [_with_price(Read(*row), prices.get(row[0])) for row in db.session.execute(_OPENED, {"lot_id": lot.id})]


def _with_price(bid: Read, price: Any) -> Read:
    if price is None:
        return bid
    return bid._replace(outcome=price.outcome, offer={**(bid.offer or {}), **(price.offer or {})})


def candidates(lot: Part) -> list[Ranked]:
    return [Ranked(*row) for row in db.session.execute(_CANDIDATES, {"lot_id": lot.id})]


def seal_root(lot: Part) -> str | None:
    """The root over all bids of a lot, from the entry that closed its session."""
    event = db.session.scalar(_CLOSE, {"lot": lot.code})
    return event["root"] if event else None


def evidence_range(project: Case, lot: Part) -> tuple[int | None, int | None]:
    """The first and the last number of a lot in the log; for after the close only, since it lets bids be counted."""
    first, last = db.session.execute(_RANGE, {"lot": lot.code, "project": project.code}).one()
    return first, last

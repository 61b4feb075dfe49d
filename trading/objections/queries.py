"""Lists of objections and complaints, and the moments that their windows hang on. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from trading.accounts.models import Grant
from trading.accounts.permissions import Role
from trading.announcements import queries as notices
from trading.announcements.rules import Kind, moment
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.evidence.models import Entry
from trading.law.periods import day_of
from trading.law.procedures import Remedy
from trading.objections import clocks, raisers
from trading.objections.models import Ban, Complaint, Objection, QuestionsAtOnce
from trading.objections.rules import Basis, Form, Subject
from trading.objections.windows import Course
from trading.parties.models import Organisation
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure

MOST = 200


def objection(objection_id: int) -> Objection:
    found = db.session.get(Objection, objection_id)
    if found is None:
        raise NotFound
    return found


def complaint(complaint_id: int) -> Complaint:
    found = db.session.get(Complaint, complaint_id)
    if found is None:
        raise NotFound
    return found


def questions_at_once(project_id: int) -> QuestionsAtOnce | None:
    """What the document of a project says about asking all at once, if it was declared."""
    return db.session.get(QuestionsAtOnce, project_id)


def ban(ban_id: int) -> Ban:
    found = db.session.get(Ban, ban_id)
    if found is None:
        raise NotFound
    return found


def ban_of(complaint_id: int) -> Ban | None:
    return db.session.scalar(select(Ban).where(Ban.complaint_id == complaint_id))


def bans(on: date) -> list[Ban]:
    """Bans that wait for the second supervisor or are in force on a day, newest first."""
    return list(db.session.scalars(select(Ban).where(Ban.until.is_(None) | (Ban.until >= on)).order_by(Ban.id.desc()).limit(MOST)))


def of_lots(lot_ids: Iterable[int]) -> list[Objection]:
    """Everything put to whoever tenders these lots, newest first."""
    return list(db.session.scalars(select(Objection).where(Objection.lot_id.in_(list(lot_ids))).order_by(Objection.id.desc())))


def complaints_of_lots(lot_ids: Iterable[int]) -> list[Complaint]:
    """Complaints of these lots that were taken up, newest first: copies of them go to whoever tenders."""
    return list(db.session.scalars(select(Complaint).where(
        Complaint.lot_id.in_(list(lot_ids)), Complaint.accepted_at.is_not(None)).order_by(Complaint.id.desc())))


def own(organisation: Organisation, lot_id: int | None = None) -> tuple[list[Objection], list[Complaint]]:
    """What an organisation raised itself, newest first, in all lots or in one."""
    def of(model: Any) -> list[Any]:
        lots = [lot_id] if lot_id is not None else db.session.scalars(select(model.lot_id).distinct())
        tags = [raisers.tag(organisation, number) for number in lots]
        return list(db.session.scalars(select(model).where(model.raiser_tag.in_(tags)).order_by(model.id.desc()).limit(MOST)))

    return of(Objection), of(Complaint)


def complaints(*, is_open: bool) -> list[Complaint]:
    """Complaints for the supervising body: the open ones oldest first, the others newest first."""
    over = (Complaint.withdrawn_at, Complaint.decided_at, Complaint.refused_at)
    query = select(Complaint)
    if is_open:
        query = query.where(*(column.is_(None) for column in over)).order_by(Complaint.id)
    else:
        query = query.where(over[0].is_not(None) | over[1].is_not(None) | over[2].is_not(None)).order_by(Complaint.id.desc())
    return list(db.session.scalars(query.limit(MOST)))


def waiting() -> list[Objection]:
    """What waits for a reply, oldest first."""
    return list(db.session.scalars(select(Objection).where(Objection.replied_at.is_(None), Objection.withdrawn_at.is_(None))
                                   .order_by(Objection.id).limit(MOST)))


def unsuspended_signings() -> list[int]:
    """Questions that may affect a result which was announced meanwhile, and whose lot still goes on."""
    return list(db.session.scalars(select(Objection.id).join(Lot, Lot.id == Objection.lot_id).where(
        Objection.affects_result_at.is_not(None), Objection.replied_at.is_(None), Objection.withdrawn_at.is_(None),
        Objection.pause_id.is_(None), Lot.stage == Stage.AWARDED)))


def suspensions_over(at: datetime) -> list[int]:
    """Complaints whose suspension has lasted as long as the law allows."""
    return list(db.session.scalars(select(Complaint.id).where(
        Complaint.suspended_until <= at, Complaint.decided_at.is_(None), Complaint.withdrawn_at.is_(None))))


def supervisors() -> list[int]:
    """Accounts that handle complaints."""
    return list(db.session.scalars(select(Grant.account_id).where(Grant.role == Role.SUPERVISOR)))


class Answered(NamedTuple):
    """An answered objection as everybody may know it: neither name nor text."""

    form: str
    subject: str
    answer: str
    replied_at: datetime


_ANSWERED = (
    select(Objection.form, Objection.subject, Objection.answer, Objection.replied_at)
    .where(Objection.lot_id == bindparam("lot_id"), Objection.replied_at.is_not(None)).order_by(Objection.replied_at))


def answered(lot_id: int) -> list[Answered]:
    """What was answered in a lot, oldest first; plain columns, because the public page is asked for most."""
    return [Answered(*row) for row in db.session.connection().execute(_ANSWERED, {"lot_id": lot_id})]


# --- the course of a lot -----------------------------------------------------------------------


def course(lot: Lot) -> Course:
    """The moments of a lot that windows hang on, from its published notices and its evidence."""
    found = notices.of_project(lot.project_id)
    tender = next((notice for notice in found if notice.kind == Kind.TENDER), None)
    dates = tender.versions[-1].schedule if tender else {}
    remedy = procedure(lot.project.procedure).remedy
    # A failed procurement is a result as well (废标): its notice may be questioned.
    results = (Kind.CANDIDATES,) if remedy is Remedy.OBJECTION else (Kind.RESULT, Kind.FAILURE)
    result = next((notice for notice in reversed(found) if notice.kind in results and notice.lot_id in (lot.id, None)), None)
    record = next((notice for notice in found if notice.kind == Kind.OPENING_RECORD and notice.lot_id == lot.id), None)
    closed = db.session.scalar(select(Entry.at).where(Entry.lot == lot.code, Entry.kind == "lot.closed").order_by(Entry.seq).limit(1))
    until = result.versions[-1].schedule.get("until") if result else None
    return Course(
        procedure=lot.project.procedure, region=lot.project.region, published=tender.published_at if tender else None,
        documents_until=day_of(moment(dates["doc_to"])) if "doc_to" in dates else None,
        prequalification=lot.deadline if procedure(lot.project.procedure).is_prequalification else None,
        deadline=lot.deadline, closed=closed, opened=record.published_at if record else None,
        result=result.published_at if result else None, result_until=moment(until) if until else None,
        paused_at=lot.paused_at if lot.stage == Stage.PAUSED else None)


def basis(found: Objection | None) -> Basis | None:
    """An objection as what a complaint follows; one that was withdrawn, or an inquiry, opens no way to one."""
    if found is None or found.withdrawn_at or found.form == Form.INQUIRY:
        return None
    last = None
    try:
        last = clocks.reply_due(Form(found.form), Subject(found.subject), found.filed_at, region=found.lot.project.region,
                                procedure=found.lot.project.procedure).date
    except Refused as refusal:
        if refusal.reason != "law.calendar_not_published":
            raise
    return Basis(Subject(found.subject), tuple(found.points), found.filed_at, last, found.replied_at)


def stretches(found: Complaint, at: datetime) -> list[clocks.Stretch]:
    """The time of a complaint that does not count; what still goes on counts until now."""
    return [clocks.Stretch(day_of(one.began_at), day_of(one.ended_at or at)) for one in found.stretches]

"""Complain to the supervising body; admit, examine, suspend and decide a complaint.

A complaint that lacks the objection which the law asks for first is refused; a late one is taken
and marked. It stops a lot only where two supervisors order it, in procurement no longer than the
law allows (条例 62, 法 57). The decision is published as a notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.base import installation
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.law.findings import require
from trading.law.periods import day_of
from trading.law.rules import Rule, seek
from trading.messages import service as messages
from trading.objections import clocks, queries, raisers, rules, windows
from trading.objections.models import Complaint, UncountedStretch
from trading.objections.rules import Act, Measure, Outcome, Phase, Subject
from trading.objections.service import go_on, keep, require_outsider, stop, tell_raiser
from trading.parties.models import Organisation
from trading.projects import service as projects


def file(lot_id: int, subject: Subject, points: Iterable[str], text: str, *, raiser: Organisation, actor: str, at: datetime,
         since: date | None = None, objection_id: int | None = None) -> Complaint:
    """Complain of a step, after the objection or question that the law asks for first.

    The same content sent again is the same complaint. Raises Refused ``complaint.objection_first``,
    ``.reply_awaited``, ``.beyond_question`` or ``objection.*``.
    """
    kept, grounds = rules.content(points, text)
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        require_outsider(lot, raiser)
        tag = installation.boxes().tag("complaint/content", str(lot_id), raiser.code, subject, *kept, grounds, str(since), str(objection_id))
        known = session.scalar(select(Complaint).where(Complaint.content_tag == tag))
        if known:
            return known
        before = queries.objection(objection_id) if objection_id is not None else None
        if before is not None and (before.lot_id != lot_id or not raisers.is_mine(before, raiser)):
            raise NotFound
        if raisers.is_secret(lot, at):
            rules.refuse_names([*kept, grounds], (raiser.name, raiser.code))
        project, basis = lot.project, queries.basis(before)
        require(rules.complaint_needs(project.procedure, subject, kept, basis, at=at, region=project.region))
        timely = windows.complained(queries.course(lot), subject, basis, at, since).ok
        made = Complaint(lot=lot, objection_id=objection_id, subject=subject, points=kept, text=grounds, since=since, filed_at=at,
                         overdue=not timely, content_tag=tag, raiser_box=raisers.close(raiser, lot), raiser_tag=raisers.tag(raiser, lot_id))
        session.add(made)
        session.flush()
        keep(made, "complaint", "filed", {"points": kept, "text": grounds, "since": str(since or ""), "overdue": made.overdue,
                                          "objection": objection_id or 0},
             actor=raisers.actor(lot, actor, at), at=at, overdue=made.overdue)
        _tell_supervisors("complaint.filed", made, at=at)
        return made


def ask_correction(complaint_id: int, text: str, *, actor: str, at: datetime) -> Complaint:
    """Send a complaint back for correction, as often as the law allows; the time does not count."""
    text = rules.written(text)
    with transaction():
        found = _locked(complaint_id)
        running = found.running
        if running and (running.kind, running.note) == (clocks.CORRECTION, text):
            return found
        rules.then(found.phase, Act.ASK_CORRECTION)
        times = sum(stretch.kind == clocks.CORRECTION for stretch in found.stretches) + 1
        require([clocks.may_correct(times, on=day_of(found.filed_at), **_where(found))])
        _begin(found, clocks.CORRECTION, text, at)
        keep(found, "complaint", "correction_asked", {"text": text}, actor=actor, at=at)
        tell_raiser("complaint.correction_asked", found, f"/me/complaints/{found.id}", at=at)
        return found


def correct(complaint_id: int, text: str, *, actor: str, at: datetime) -> Complaint:
    """The complainant corrects what it was asked to correct."""
    text = rules.written(text)
    with transaction():
        found = _locked(complaint_id)
        if found.correction == text:
            return found
        rules.then(found.phase, Act.CORRECT)
        found.correction = text
        _end(found, at)
        keep(found, "complaint", "corrected", {"text": text}, actor=raisers.actor(found.lot, actor, at), at=at)
        _tell_supervisors("complaint.corrected", found, at=at)
        return found


def accept(complaint_id: int, *, actor: str, at: datetime) -> Complaint:
    """Take a complaint up; whoever tenders gets a copy."""
    with transaction():
        found = _locked(complaint_id)
        if found.phase is Phase.ACCEPTED:
            return found
        rules.then(found.phase, Act.ACCEPT)
        found.accepted_at = at
        keep(found, "complaint", "accepted", {}, actor=actor, at=at)
        _tell_tenderer("complaint.accepted", found, at=at)
        tell_raiser("complaint.accepted_yours", found, f"/me/complaints/{found.id}", at=at)
        return found


def refuse(complaint_id: int, text: str, *, actor: str, at: datetime) -> Complaint:
    """Turn a complaint away, with the reason."""
    text = rules.written(text)
    with transaction():
        found = _locked(complaint_id)
        if found.refused_at and found.refusal == text:
            return found
        rules.then(found.phase, Act.REFUSE)
        if found.running:
            _end(found, at)
        found.refused_at, found.refusal = at, text
        keep(found, "complaint", "refused", {"text": text}, actor=actor, at=at)
        tell_raiser("complaint.refused_yours", found, f"/me/complaints/{found.id}", at=at)
        return found


def begin_stretch(complaint_id: int, kind: str, text: str, *, actor: str, at: datetime) -> Complaint:
    """Begin an inspection, a test or an expert review: its days do not count (条例 61, 采购条例 58)."""
    text = rules.written(text)
    with transaction():
        found = _locked(complaint_id)
        running = found.running
        if running and (running.kind, running.note) == (kind, text):
            return found
        rules.then(found.phase, Act.BEGIN_STRETCH)
        if kind == clocks.CORRECTION:
            raise Refused("complaint.correction_before")
        require([clocks.is_uncounted(kind, on=day_of(found.filed_at), **_where(found))])
        _begin(found, kind, text, at)
        keep(found, "complaint", "stretch_begun", {"what": kind, "text": text}, actor=actor, at=at, what=kind)
        return found


def end_stretch(complaint_id: int, *, actor: str, at: datetime) -> Complaint:
    """The result of an inspection, test or review is there; days count again."""
    with transaction():
        found = _locked(complaint_id)
        if found.phase is Phase.ACCEPTED and found.stretches and found.stretches[-1].kind != clocks.CORRECTION:
            return found
        rules.then(found.phase, Act.END_STRETCH)
        kind = _end(found, at)
        keep(found, "complaint", "stretch_ended", {"what": kind}, actor=actor, at=at, what=kind)
        return found


def ask_suspension(complaint_id: int, text: str, *, account_id: int, actor: str, at: datetime) -> Complaint:
    """One supervisor asks that the case rest while a complaint is handled; another must confirm it."""
    text = rules.written(text)
    with transaction():
        found = _locked(complaint_id)
        rules.then(found.phase, Act.SUSPEND)
        if found.suspension_asked_by is not None:
            if (found.suspension_asked_by, found.suspension) == (account_id, text):
                return found
            raise Refused("complaint.suspension_asked")
        found.suspension, found.suspension_asked_by = text, account_id
        keep(found, "complaint", "suspension_asked", {"text": text}, actor=actor, at=at)
        return found


def confirm_suspension(complaint_id: int, *, account_id: int, actor: str, at: datetime) -> Complaint:
    """The second supervisor puts it in force; in procurement it ends by itself (法 57)."""
    with transaction():
        found = _locked(complaint_id)
        if found.suspended_at:
            return found
        rules.then(found.phase, Act.SUSPEND)
        if found.suspension_asked_by is None:
            raise Refused("complaint.suspension_not_asked")
        if found.suspension_asked_by == account_id:
            raise Refused("pause.second_person")
        period = clocks.suspension_ends(at, **_where(found))
        found.suspended_at, found.suspended_until = at, period.ends if period else None
        found.pause_id = stop(found.lot, "complaint", _suspension_rule(found, at), f"处理投诉期间暂停：{found.suspension}", at=at)
        keep(found, "complaint", "suspended", {"text": found.suspension, "until": str(period.date) if period else "",
                                               "paused": found.pause_id is not None}, actor=actor, at=at)
        return found


def end_suspension(complaint_id: int, *, actor: str, at: datetime) -> bool:
    """Let a case go on whose suspension has lasted as long as the law allows; says whether it rested until now.

    Raises Refused ``complaint.not_suspended`` or, before the end, ``complaint.suspension_runs``.
    """
    with transaction():
        found = _locked(complaint_id)
        if found.suspended_at is None:
            raise Refused("complaint.not_suspended")
        if found.suspended_until is None or at < found.suspended_until:
            raise Refused("complaint.suspension_runs", until=found.suspended_until or "—")
        rested = go_on(found, "投诉处理暂停期限届满", at=at)
        if rested:
            keep(found, "complaint", "suspension_ended", {}, actor=actor, at=at)
        return rested


def decide(complaint_id: int, outcome: Outcome, measure: Measure | None, text: str, *, fabricated: bool, actor: str,
           at: datetime) -> Complaint:
    """Decide and publish: dismissed, or upheld with a measure. What rested goes on."""
    text = rules.written(text)
    with transaction():
        found = _locked(complaint_id)
        if found.decided_at and (found.outcome, found.measure, found.decision, found.fabricated) == (outcome, measure, text, fabricated):
            return found
        rules.then(found.phase, Act.DECIDE)
        rules.refuse_unsound(outcome, measure, fabricated=fabricated, procedure_id=found.lot.project.procedure,
                             on=day_of(found.filed_at), region=found.lot.project.region)
        found.outcome, found.measure, found.decision, found.fabricated, found.decided_at = outcome, measure, text, fabricated, at
        notice = announcements.publish_plain(Kind.COMPLAINT_DECISION, found.lot, f"{found.lot.label}投诉处理决定公告", _published(found), {},
                                             actor=actor, at=at)
        found.notice_id = notice.id
        keep(found, "complaint", "decided", {"outcome": outcome, "measure": measure or "", "fabricated": fabricated, "text": text,
                                             "notice": notice.id}, actor=actor, at=at, outcome=outcome, measure=measure or "")
        go_on(found, "投诉已作出处理决定", at=at)
        _tell_tenderer("complaint.decided", found, at=at)
        tell_raiser("complaint.decided_yours", found, f"/notices/{notice.id}", at=at)
        return found


def withdraw(complaint_id: int, *, actor: str, at: datetime) -> Complaint:
    """The complainant takes it back before it is decided; what rested goes on."""
    with transaction():
        found = _locked(complaint_id)
        if found.withdrawn_at:
            return found
        rules.then(found.phase, Act.WITHDRAW)
        if found.running:
            _end(found, at)
        found.withdrawn_at = at
        found.content_tag = installation.boxes().tag("complaint/withdrawn", str(found.id))
        keep(found, "complaint", "withdrawn", {}, actor=raisers.actor(found.lot, actor, at), at=at)
        go_on(found, "投诉已撤回", at=at)
        _tell_supervisors("complaint.withdrawn", found, at=at)
        return found


# --- pieces of the acts ------------------------------------------------------------------------

_SUBJECTS = {Subject.PREQUALIFICATION: "资格预审文件", Subject.DOCUMENT: "招标（采购）文件", Subject.OPENING: "开标",
             Subject.RESULT: "评标（采购）结果", Subject.PROCEDURE: "招标（采购）过程"}
_MEASURES = {Measure.RETENDER: "修改文件后重新招标（采购）", Measure.REEVALUATE: "重新评审", Measure.CANCEL_RESULT: "撤销结果",
             Measure.OTHER: "其他处理"}


def _published(found: Complaint) -> str:
    """What the notice of a decision says: the matter and the decision, and never who complained."""
    lines = [f"投诉事项：{_SUBJECTS[Subject(found.subject)]}", *found.points,
             "处理结果：" + ("投诉成立" if found.outcome == Outcome.UPHELD else "驳回投诉")]
    if found.measure is not None:
        rule = _retender_rule(found) if found.measure == Measure.RETENDER else None
        lines.append(f"处理措施：{_MEASURES[Measure(found.measure)]}" + (f"（{rule.article}）" if rule else ""))
    return "\n".join([*lines, found.decision])


def _retender_rule(found: Complaint) -> Rule | None:
    return seek("ob.unlawful_document", on=day_of(found.filed_at), **_where(found))


def _suspension_rule(found: Complaint, at: datetime) -> Rule | None:
    return seek("ob.suspend", on=day_of(at), **_where(found))


def _where(found: Complaint) -> dict[str, str]:
    return {"region": found.lot.project.region, "procedure": found.lot.project.procedure}


def _begin(found: Complaint, kind: str, text: str, at: datetime) -> None:
    found.stretches.append(UncountedStretch(kind=kind, note=text, began_at=at))
    db.session.flush()


def _end(found: Complaint, at: datetime) -> str:
    running = found.running
    assert running is not None, "the phase says that something goes on"
    running.ended_at = at
    return running.kind


def _tell_tenderer(kind: str, found: Complaint, *, at: datetime) -> None:
    project = found.lot.project
    for organisation_id in {project.tenderer_id, project.agency_id} - {None}:
        messages.notify(kind, at=at, organisation_id=organisation_id, lot=found.lot.label, link=f"/projects/{project.id}/objections")


def _tell_supervisors(kind: str, found: Complaint, *, at: datetime) -> None:
    for account_id in queries.supervisors():
        messages.notify(kind, at=at, account_id=account_id, lot=found.lot.label, link=f"/supervise/complaints/{found.id}")


def _locked(complaint_id: int) -> Complaint:
    lot_id = queries.complaint(complaint_id).lot_id
    projects.locked_lot(lot_id)
    found: Complaint | None = lock_row(Complaint, complaint_id)
    if found is None:
        raise NotFound
    return found

"""Raise an objection, inquiry or question; answer it, take it back, mark what it may affect.

An objection to the document or the result stops the lot until the reply (条例 22, 54); a question
that may affect the result stops the signing (采购条例 54). Whatever the law stops goes on with the
reply or the withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from trading.archive import service as archive
from trading.base import installation
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence.verify import canonical
from trading.law.periods import day_of
from trading.law.rules import Rule
from trading.messages import service as messages
from trading.objections import queries, raisers, rules, windows
from trading.objections.models import Complaint, Objection, QuestionsAtOnce
from trading.objections.rules import Answer, Form, Step, Subject
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import MAY_PAUSE, Stage
from trading.supervision import service as pauses
from trading.supervision.models import Pause

#: The platform itself carries out what the law attaches to an act.
PLATFORM = "platform"


def file(lot_id: int, form: Form, subject: Subject, points: Iterable[str], text: str, *, raiser: Organisation, actor: str,
         at: datetime, since: date | None = None) -> Objection:
    """Put an objection, inquiry or question to whoever tenders; late ones are taken and marked overdue.

    The same content sent again is the same objection. Raises Refused ``objection.*``.
    """
    kept, grounds = rules.content(points, text)
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        require_outsider(lot, raiser)
        tag = installation.boxes().tag("objection/content", str(lot_id), raiser.code, form, subject, *kept, grounds, str(since))
        known = session.scalar(select(Objection).where(Objection.content_tag == tag))
        if known:
            return known
        _require_first(lot, form, subject, since, raiser, at)
        secret = raisers.is_secret(lot, at)
        if secret:
            rules.refuse_names([*kept, grounds], (raiser.name, raiser.code))
        project, on = lot.project, day_of(at)
        timely = windows.raised(queries.course(lot), form, subject, at, since).ok
        rule = rules.resting(project.procedure, form, subject, timely=timely, on=on, region=project.region)
        made = Objection(lot=lot, form=form, subject=subject, points=kept, text=grounds, since=since, filed_at=at,
                         overdue=not timely, rests=rule is not None, content_tag=tag, raiser_box=raisers.close(raiser, lot),
                         raiser_tag=raisers.tag(raiser, lot_id))
        session.add(made)
        session.flush()
        _keep(made, "filed", {"points": kept, "text": grounds, "since": str(since or ""), "overdue": made.overdue},
              actor=raisers.actor(lot, actor, at), at=at)
        if rule is not None:
            made.pause_id = stop(lot, form, rule, REASONS[subject], at=at)
        messages.notify(f"objection.filed.{form}", at=at, organisation_id=project.agency_id or project.tenderer_id, lot=lot.label,
                        link=f"/projects/{project.id}/objections")
        return made


def _require_first(lot: Lot, form: Form, subject: Subject, since: date | None, raiser: Organisation, at: datetime) -> None:
    """Refuse a second question on one step where the document asks for all at once (``objection.at_once``)."""
    declared = queries.questions_at_once(lot.project_id)
    rule = rules.at_once(lot.project.procedure, on=day_of(at), region=lot.project.region) if declared else None
    if form is not Form.QUESTION or declared is None or rule is None:
        return
    for before in queries.own(raiser, lot.id)[0]:
        if before.form == Form.QUESTION and not before.withdrawn_at and rules.same_step(subject, since, Subject(before.subject), before.since):
            raise Refused("objection.at_once", key=rule.key, article=rule.article, clause=declared.clause, filed=before.filed_at)


def declare_at_once(project_id: int, clause: str, *, actor: str, at: datetime) -> QuestionsAtOnce:
    """Note that the document asks for all questions on one step at once, and by which clause; bidders are shown it.

    It must stand before the first question: nobody's question is shut out by what was said afterwards.
    """
    clause = clause.strip()
    if not clause or len(clause) > LONGEST_CLAUSE:
        raise Refused("objection.clause", most=LONGEST_CLAUSE)
    with transaction() as session:
        project = projects.locked(project_id)
        if project.accepted_at is None:
            raise NotFound
        known = queries.questions_at_once(project_id)
        if known is not None:
            if known.clause != clause:
                raise Refused("objection.at_once_known")
            return known
        if rules.at_once(project.procedure, on=day_of(at), region=project.region) is None:
            raise Refused("objection.no_path", form=Form.QUESTION)
        lots = [projects.locked_lot(lot.id) for lot in sorted(project.lots, key=lambda lot: lot.id)]
        if any(item.form == Form.QUESTION for item in queries.of_lots(lot.id for lot in lots)):
            raise Refused("objection.at_once_late")
        made = QuestionsAtOnce(project_id=project_id, clause=clause, declared_at=at)
        session.add(made)
        session.flush()
        evidence.record("objection.at_once_declared", actor=actor, at=at, project=project.code, clause=clause)
        return made


LONGEST_CLAUSE = 200

#: Why a lot stands still, as its public notice says it: never by whom.
REASONS = {
    Subject.PREQUALIFICATION: "收到对资格预审文件的异议，答复前暂停",
    Subject.DOCUMENT: "收到对招标文件的异议，答复前暂停",
    Subject.RESULT: "收到对评标结果的异议，答复前暂停"}


def reply(objection_id: int, answer: Answer, text: str, *, actor: str, at: datetime) -> Objection:
    """Answer once; what rested because of it goes on."""
    text = rules.written(text)
    with transaction():
        found = locked(objection_id)
        if found.replied_at and (found.answer, found.reply) == (answer, text):
            return found
        rules.after(found.state, Step.REPLY)
        rules.require_answer(Form(found.form), answer)
        found.answer, found.reply, found.replied_at = answer, text, at
        _keep(found, "replied", {"answer": answer, "reply": text}, actor=actor, at=at)
        go_on(found, "异议已答复" if found.form == Form.OBJECTION else "质疑已答复", at=at)
        tell_raiser("objection.replied", found, f"/me/objections/{found.id}", at=at)
        return found


def withdraw(objection_id: int, *, actor: str, at: datetime) -> Objection:
    """The raiser takes it back before it is answered; what rested because of it goes on."""
    with transaction():
        found = locked(objection_id)
        if found.withdrawn_at:
            return found
        rules.after(found.state, Step.WITHDRAW)
        found.withdrawn_at = at
        # The same content may be raised once more.
        found.content_tag = installation.boxes().tag("objection/withdrawn", str(found.id))
        _keep(found, "withdrawn", {}, actor=raisers.actor(found.lot, actor, at), at=at)
        go_on(found, "异议已撤回" if found.form == Form.OBJECTION else "质疑已撤回", at=at)
        return found


def mark_affecting(objection_id: int, *, actor: str, at: datetime) -> Objection:
    """The purchaser or the supervisor finds that a question may affect the result: the signing waits.

    A lot that is not awarded yet has no signing to stop; it stops once it is awarded.
    """
    with transaction():
        found = locked(objection_id)
        rules.after(found.state, Step.MARK)
        rule = rules.signing_rests(found.lot.project.procedure, Form(found.form), on=day_of(found.filed_at), region=found.lot.project.region)
        if found.affects_result_at is None:
            found.affects_result_at = at
            evidence.record("objection.marked", actor=actor, at=at, lot=found.lot.code, objection=found.id, article=rule.article)
        stop_signing(found, rule, at=at)
        return found


def follow_award(objection_id: int, *, at: datetime) -> bool:
    """Stop the signing of a lot that was awarded after a question was found to affect its result."""
    with transaction():
        found = locked(objection_id)
        if found.affects_result_at is None or found.state != rules.State.FILED:
            return False
        rule = rules.signing_rests(found.lot.project.procedure, Form(found.form), on=day_of(found.filed_at), region=found.lot.project.region)
        stop_signing(found, rule, at=at)
        return found.pause_id is not None


def stop_signing(found: Objection, rule: Rule, *, at: datetime) -> None:
    """Stop an awarded lot for a question, once; nothing happens to a lot of another stage."""
    if found.pause_id is not None:
        return
    found.rests = True
    lot = found.lot
    if lot.stage == Stage.AWARDED or lot.stage == Stage.PAUSED and lot.paused_from == Stage.AWARDED:
        found.pause_id = stop(lot, Form.QUESTION, rule, "质疑事项可能影响结果，答复前暂停签订合同", at=at)


# --- shared with complaints --------------------------------------------------------------------


def require_outsider(lot: Lot, raiser: Organisation) -> None:
    """Nobody objects to its own case (``objection.own_case``)."""
    if projects.is_mine(lot.project, raiser.id):
        raise Refused("objection.own_case")


def stop(lot: Lot, cause: str, rule: Rule | None, reason: str, *, at: datetime) -> int | None:
    """Stop a lot on a ground of the law; None where its stage cannot be stopped, which the pages say."""
    if lot.stage not in (*MAY_PAUSE, Stage.PAUSED):
        return None
    return pauses.pause_by_law(lot.id, cause, rule.article if rule else "", reason, actor=PLATFORM, at=at).id


def go_on(item: Objection | Complaint, reason: str, *, at: datetime) -> bool:
    """Take away the ground on which a lot rests, if it still does and the lot has not ended meanwhile."""
    pause = db.session.get(Pause, item.pause_id) if item.pause_id else None
    if pause is None or pause.ended_at is not None or item.lot.stage != Stage.PAUSED:
        return False
    pauses.end_by_law(pause.id, reason, actor=PLATFORM, at=at)
    return True


def tell_raiser(kind: str, item: Objection | Complaint, link: str, *, at: datetime) -> None:
    """Write to the raiser; not before the bids are closed, because the message would name a bidder.

    Until then the raiser finds the answer on its own page.
    """
    raiser = raisers.named(item, at)
    if raiser is not None:
        messages.notify(kind, at=at, organisation_id=raiser.id, lot=item.lot.label, link=link)


def keep(item: Objection | Complaint, noun: str, act: str, document: dict[str, Any], *, actor: str, at: datetime, **facts: Any) -> None:
    """Write an act into evidence and its text into the case's file; without a name while that is secret."""
    raiser = raisers.named(item, at)
    whole = {noun: item.id, "lot": item.lot.code, "subject": item.subject, "at": at.isoformat(), **document,
             **({"raiser": raiser.code, "raiser_name": raiser.name} if raiser else {})}
    known = {"raiser": raiser.code} if raiser else {}
    # The piece is named by its moment: a number of the log would let sealed entries be counted.
    digest = sha256(canonical(whole)).hexdigest()
    evidence.record(f"{noun}.{act}", actor=actor, at=at, lot=item.lot.code, **{noun: item.id}, subject=item.subject, **facts, **known,
                    sha256=digest)
    # With its hash: two acts of one kind in one moment are two pieces.
    archive.file_document(item.lot_id, f"50-objections/{noun}-{item.id:06d}-{at:%Y%m%d%H%M%S%f}-{act}-{digest[:8]}.json",
                          TITLES[noun][item.form if isinstance(item, Objection) else "complaint"], whole, at=at)


TITLES = {"objection": {"objection": "异议及答复", "inquiry": "询问及答复", "question": "质疑及答复"}, "complaint": {"complaint": "投诉处理"}}


def _keep(found: Objection, act: str, document: dict[str, Any], *, actor: str, at: datetime) -> None:
    facts = {"overdue": found.overdue} if act == "filed" else {"answer": found.answer} if act == "replied" else {}
    keep(found, "objection", act, {"form": found.form, **document}, actor=actor, at=at, form=found.form, **facts)


def locked(objection_id: int) -> Objection:
    """An objection and its lot, locked until the transaction ends; the lot first, as everywhere."""
    lot_id = queries.objection(objection_id).lot_id
    projects.locked_lot(lot_id)
    found: Objection | None = lock_row(Objection, objection_id)
    if found is None:
        raise NotFound
    return found

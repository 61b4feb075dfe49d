"""Draft, check, publish and change notices; ask and answer; publicise and award.

Publishing is one transaction: the version, the lots' dates and stages, the search index
and the evidence entry come together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from trading.announcements import contents, queries, rules, search
from trading.announcements.contents import Particulars, Section
from trading.announcements.models import Notice, NoticeVersion, Question
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import BEIJING, Clock
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law import findings as law_findings
from trading.law import awards, clauses, limits, periods, prices
from trading.law import procedures as law_procedures
from trading.law.rules import find as find_rule
from trading.law.rules import seek as seek_rule
from trading.messages import service as messages
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import invitations
from trading.projects import rules as project_rules
from trading.projects import service as projects
from trading.projects.models import Award, Candidate, Lot, Project
from trading.projects.rules import Stage, Step


#: What every tender notice says at its end; put here by app.py for the folders that come after this one.
ANNEX_MARK = "\n\n※ "
ANNEXES: list[Callable[[Project], str]] = []
#: What a tender notice says of its lots below the tenderer's own words, and what else the law is asked about it: project,
#: schedule, the moment of publication. Filled by app.py as well.
PARTICULARS: list[Callable[[Project], str]] = []
CHECKS: list[Callable[[Project, Mapping[str, Any], datetime], list[law_findings.Finding]]] = []


def draft_tender(project_id: int, title: str, body: str, schedule: dict[str, Any], *, actor: str, at: datetime,
                 publish_at: datetime | None = None) -> Notice:
    """Draft the tender notice of an accepted project; dates are checked when it is published."""
    with transaction():
        project = projects.locked(project_id)
        if not project.accepted_at:
            raise Refused("notice.project_not_accepted")
        if queries.tender_notice(project_id) or queries.drafts_of(project_id):
            raise Refused("notice.exists")
        notice = _make(Kind.TENDER, project, None, title, body, schedule, at=at)
        notice.publish_at = publish_at
        evidence.record("notice.drafted", actor=actor, at=at, project=project.code, title=title)
        return notice


def revise_draft(notice_id: int, title: str, body: str, schedule: dict[str, Any], *, at: datetime,
                 publish_at: datetime | None = None) -> Notice:
    """Change a draft before it is published."""
    with transaction():
        notice = _locked(notice_id)
        if notice.published_at:
            raise Refused("notice.published")
        notice.title, notice.publish_at = title, publish_at
        version = notice.versions[-1]
        version.body, version.schedule, version.made_at = body, schedule, at
        version.sha256 = rules.fingerprint(notice.kind, title, body, schedule)
        return notice


def check(notice: Notice, *, at: datetime) -> list[law_findings.Finding]:
    """All that the law says about a tender notice published at ``at``: dates and deposits."""
    project, schedule = notice.project, notice.versions[-1].schedule
    found = rules.findings(project.procedure, project.region, at, schedule)
    day = at.astimezone(BEIJING).date()
    for lot in project.lots:
        # Where each lot is a parcel with a grant floor, CHECKS holds the deposit against that.
        if lot.deposit_fen and not project_rules.grants_land_live(project.procedure):
            held = limits.check_deposit(project.procedure, project.category, lot.estimate_fen, lot.deposit_fen, day, project.region)
            if held is None:
                raise Refused("law.no_deposit_rule", procedure=project.procedure)
            found.append(held)
        found += _price_weight(project, lot.method, day)
    if project_rules.procedure(project.procedure).call in (law_procedures.Call.INVITED, law_procedures.Call.DRAWN):
        rule = find_rule(law_procedures.key(project.procedure, "invited"), on=day, region=project.region, procedure=project.procedure)
        count = len(invitations.invited(project.id))
        found.append(law_findings.finding(count >= int(rule.value), rule, "law.enough_invited", "law.too_few_invited", drawn=count))
    return found + [one for ask in CHECKS for one in ask(project, schedule, at)]


def _price_weight(project: Project, method: Mapping[str, Any], on: date) -> list[law_findings.Finding]:
    """Hold the weight of the price, where the law sets a floor for it (87号令 55)."""
    kind = "services" if project.category in ("service", "design") else "goods"
    points = method.get("price_points")
    if points is None or not seek_rule(f"ev.price_weight_min_{kind}", on=on, region=project.region, procedure=project.procedure):
        return []
    return prices.check_weight(project.procedure, kind, Fraction(str(points)) / 100, on=on, region=project.region)


def clues(project: Project, text: str, *, at: datetime) -> list[clauses.Clue]:
    """Wordings of the notice and of the lots' qualifications that often break a rule."""
    whole = "\n".join([text, *(lot.qualifications for lot in project.lots)])
    return clauses.clues(whole, project.procedure, on=at.astimezone(BEIJING).date(), region=project.region)


def publish_tender(notice_id: int, *, actor: str, at: datetime) -> Notice:
    """Publish the tender notice: the lots are announced and their deadline is set, once."""
    with transaction():
        notice = _locked(notice_id)
        if notice.published_at:
            return notice
        law_findings.require(check(notice, at=at))
        deadline = rules.moment(notice.versions[-1].schedule["deadline"])
        if deadline <= at:
            raise Refused("notice.deadline_past", deadline=deadline)
        project = projects.locked(notice.project_id)
        if project_rules.procedure(project.procedure).call is law_procedures.Call.DIRECT and len(invitations.invited(project.id)) != 1:
            raise Refused("invite.exactly_one")
        for lot in project.lots:
            lot = projects.locked_lot(lot.id)
            lot.deadline = deadline
            projects.advance(lot, Step.ANNOUNCE, actor=actor, at=at, deadline=deadline.isoformat())
        _append_particulars(notice)
        _publish(notice, actor=actor, at=at)
        invitations.send(project, at=at)
        return notice


def _own_words(body: str) -> str:
    """What of a notice is searched: its own text, not what the platform prints below it."""
    return body.partition(ANNEX_MARK)[0]


def _append_particulars(notice: Notice) -> None:
    version = notice.versions[-1]
    for say in PARTICULARS:
        version.body = f"{version.body.rstrip()}\n\n{say(notice.project)}".rstrip()
    for annex in ANNEXES:
        version.body = f"{version.body.rstrip()}{ANNEX_MARK}{annex(notice.project)}"
    version.sha256 = rules.fingerprint(notice.kind, notice.title, version.body, version.schedule)


def clarify(project_id: int, title: str, body: str, *, actor: str, at: datetime,
            new_deadline: datetime | None = None, clock: Clock | None = None) -> Notice:
    """Publish a clarification; the deadline moves when the law demands it, only ever later.

    With ``clock`` the moment is read again once the lots are locked: a deadline that passed while this
    waited is not moved any more.
    """
    with transaction():
        project = projects.locked(project_id)
        tender = queries.tender_notice(project_id)
        if tender is None or tender.published_at is None:
            raise Refused("notice.not_published")
        lots = [projects.locked_lot(lot.id) for lot in project.lots]
        at = max(at, clock()) if clock else at
        running = (Stage.ANNOUNCED, Stage.BIDDING)
        open_lots = [lot for lot in lots if lot.stage in running]
        if not open_lots or any(lot.deadline is None or at >= lot.deadline for lot in open_lots):
            raise Refused("notice.too_late_to_clarify")
        # A lot that stood still has a later deadline than the others: nobody's is ever moved earlier.
        deadline = max(lot.deadline for lot in open_lots if lot.deadline)
        open_lots += [lot for lot in lots if lot.stage == Stage.PAUSED and lot.paused_from in running
                      and lot.deadline and lot.paused_at and lot.paused_at < lot.deadline]
        moved = rules.clarification(project.procedure, project.region, at, deadline, tender.published_at, new_deadline)
        schedule = dict(tender.versions[-1].schedule) | {"deadline": moved.isoformat()}
        if moved != deadline:
            law_findings.require(one for ask in CHECKS for one in ask(project, schedule, tender.published_at))
        for lot in open_lots:
            lot.deadline = max(lot.deadline or moved, moved)
        notice = _make(Kind.CLARIFICATION, project, None, title, body, schedule, at=at)
        _publish(notice, actor=actor, at=at)
        if moved != deadline:
            version = _add_version(tender, tender.versions[-1].body, schedule, at=at)
            evidence.record("notice.deadline_moved", actor=actor, at=at, project=project.code,
                            before=deadline.isoformat(), after=moved.isoformat(), sha256=version.sha256)
        return notice


def correct(notice_id: int, what: str, body: str, *, actor: str, at: datetime) -> Notice:
    """Correct the words of a published notice (更正公告): a new version of it, and a notice that names the old one.

    A tender notice is corrected while its bids run and the law does not move the deadline; what may
    affect bids later than that is a clarification. Dates and results are never changed this way.
    """
    with transaction():
        notice = _locked(notice_id)
        if notice.published_at is None or notice.kind not in rules.MAY_CORRECT:
            raise Refused("notice.not_correctable")
        old = notice.versions[-1]
        if not what.strip() or not body.strip():
            raise Refused("notice.empty")
        if body.strip() == old.body.strip():
            raise Refused("notice.nothing_corrected")
        project = projects.locked(notice.project_id)
        if notice.kind == Kind.TENDER:
            _require_time_to_correct(project, notice, at)
        # The pieces of a result no longer say what the corrected words say, so the words alone count.
        version = _add_version(notice, body.strip(), {name: value for name, value in old.schedule.items() if name != "content"}, at=at)
        search.put(notice.id, f"{notice.title} {project.code} {_own_words(version.body)}")
        evidence.record("notice.corrected", actor=actor, at=at, project=project.code, lot=notice.lot.code if notice.lot else None,
                        notice=notice.id, before=old.sha256, after=version.sha256)
        for lot in [notice.lot] if notice.lot else project.lots:
            archive.file_document(lot.id, f"12-versions/{notice.id:06d}-{version.number:02d}.json", notice.title, {
                "kind": notice.kind, "title": notice.title, "body": version.body, "schedule": version.schedule,
                "published_at": at.isoformat(), "sha256": version.sha256, "before": old.sha256}, at=at)
        lines = [f"更正的公告：{notice.title}（第 {old.number} 版，{(old.published_at or at).astimezone(BEIJING):%Y-%m-%d %H:%M} 公布，"
                 f"SHA-256 {old.sha256}）", f"更正事项：{what.strip()}", f"更正后以第 {version.number} 版为准（SHA-256 {version.sha256}）。"]
        made = _make(Kind.CORRECTION, project, notice.lot, f"{notice.title[:180]}更正公告", "\n".join(lines),
                     {"corrects": notice.id, "before": old.sha256, "after": version.sha256}, at=at)
        _publish(made, actor=actor, at=at)
        return made


def _require_time_to_correct(project: Project, notice: Notice, at: datetime) -> None:
    lots = [lot for lot in project.lots if lot.stage in (Stage.ANNOUNCED, Stage.BIDDING)]
    if not lots or any(lot.deadline is None or at >= lot.deadline for lot in lots):
        raise Refused("notice.too_late_to_clarify")
    rules.clarification(project.procedure, project.region, at, max(lot.deadline for lot in lots if lot.deadline), notice.published_at or at, None)


def terminate(project_id: int, reason: str, *, actor: str, at: datetime) -> Notice:
    """End a tender before its result; deposits go back with interest (条例 31)."""
    if not reason.strip():
        raise Refused("notice.reason_missing")
    with transaction():
        project = projects.locked(project_id)
        # All locks before the first act: whoever files holds a lot and waits for the log.
        for lot in [projects.locked_lot(lot.id) for lot in sorted(project.lots, key=lambda lot: lot.id)]:
            if lot.stage not in (Stage.ARCHIVED, Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED):
                projects.advance(lot, Step.TERMINATE, actor=actor, at=at, reason=reason)
        notice = _make(Kind.TERMINATION, project, None, f"{project.name}终止公告", reason, {}, at=at)
        _publish(notice, actor=actor, at=at)
        return notice


def publish_plain(kind: Kind, lot: Lot, title: str, body: str, schedule: dict[str, Any], *, actor: str,
                  at: datetime) -> Notice:
    """Publish a notice that follows from an act already decided (record, candidates, result, failure)."""
    with transaction():
        notice = _make(kind, lot.project, lot, title, body, schedule, at=at)
        _publish(notice, actor=actor, at=at)
        return notice


def _make(kind: Kind, project: Project, lot: Lot | None, title: str, body: str, schedule: dict[str, Any], *,
          at: datetime) -> Notice:
    if not title.strip() or not body.strip():
        raise Refused("notice.empty")
    notice = Notice(kind=kind, project_id=project.id, lot_id=lot.id if lot else None, title=title.strip(),
                    procedure=project.procedure, region=project.region,
                    amount_fen=(lot.ceiling_fen or lot.estimate_fen) if lot else project.estimate_fen)
    notice.versions = [NoticeVersion(number=1, body=body, schedule=schedule, made_at=at,
                                     sha256=rules.fingerprint(kind, title.strip(), body, schedule))]
    db.session.add(notice)
    db.session.flush()
    return notice


def _publish(notice: Notice, *, actor: str, at: datetime) -> None:
    notice.published_at = at
    version = notice.versions[-1]
    version.published_at = at
    db.session.flush()
    search.put(notice.id, f"{notice.title} {notice.project.code} {_own_words(version.body)}")
    lot_code = notice.lot.code if notice.lot else None
    evidence.record("notice.published", actor=actor, at=at, project=notice.project.code, lot=lot_code,
                    notice=notice.id, notice_kind=notice.kind, sha256=version.sha256)
    document = {"kind": notice.kind, "title": notice.title, "body": version.body, "schedule": version.schedule,
                "published_at": at.isoformat(), "sha256": version.sha256, "project": notice.project.code}
    for lot in [notice.lot] if notice.lot else notice.project.lots:
        archive.file_document(lot.id, f"10-notices/{notice.id:06d}-{notice.kind}.json", notice.title, document, at=at)


def _locked(notice_id: int) -> Notice:
    notice: Notice | None = lock_row(Notice, notice_id)
    if notice is None:
        raise NotFound
    return notice


# --- questions and answers --------------------------------------------------------------------


def ask(lot_id: int, text: str, *, asker: str, at: datetime) -> Question:
    """Ask about the tender document; the asker's name is kept from everybody."""
    text = text.strip()
    if not text or len(text) > 2000:
        raise Refused("notice.question_length", most=2000)
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if lot.stage not in (Stage.ANNOUNCED, Stage.BIDDING) or lot.deadline is None or at >= lot.deadline:
            raise Refused("notice.not_open_for_questions")
        question = Question(lot_id=lot_id, text=text, asked_at=at,
                            asker_box=installation.boxes().close(asker, f"question/{lot_id}", pad=64))
        session.add(question)
        session.flush()
        evidence.record("question.asked", actor="bidder", at=at, lot=lot.code, question=question.id)
        messages.notify("question.asked", at=at, organisation_id=lot.project.agency_id or lot.project.tenderer_id,
                        lot=lot.label, link=f"/projects/{lot.project_id}/questions")
        return question


def answer(question_id: int, text: str, *, actor: str, at: datetime) -> Question:
    """Answer for everybody to see, once."""
    if not text.strip():
        raise Refused("notice.answer_missing")
    with transaction():
        question: Question | None = lock_row(Question, question_id)
        if question is None:
            raise NotFound
        if question.answered_at:
            raise Refused("notice.answered")
        question.answer, question.answered_at = text.strip(), at
        evidence.record("question.answered", actor=actor, at=at, lot=question.lot.code, question=question_id)
        archive.file_document(question.lot_id, f"12-questions/{question_id:06d}.json", "提问与答复", {
            "lot": question.lot.code, "question": question.text, "asked_at": question.asked_at.isoformat(), "answer": question.answer,
            "answered_at": at.isoformat()}, at=at)
        return question


AWARD_NOTICE = "40-award/award-notice"


# --- candidates, award ------------------------------------------------------------------------


def price(fen: int) -> str:
    """An amount as notices write it."""
    return f"{fen // 100:,}.{fen % 100:02d} 元"


def publicise(lot_id: int, particulars: Mapping[int, Particulars], *, actor: str, at: datetime) -> Notice:
    """Publicise the candidates (中标候选人公示) for at least the lawful days; objections may come.

    ``particulars`` by rank. Raises Refused ``notice.contents_missing`` for what the law wants shown.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        if not project_rules.procedure(lot.project.procedure).publicity:
            raise Refused("result.no_publicity")
        until = publicity_ends(lot, at)
        projects.advance(lot, Step.PUBLICISE, actor=actor, at=at, until=until.isoformat())
        project, day = lot.project, at.astimezone(BEIJING).date()
        sections = [_candidate(candidate, particulars.get(candidate.rank)) for candidate in projects.candidates(lot_id)
                    if not candidate.lost]
        sections.append(Section.of(
            publicity=f"至 {until.astimezone(BEIJING):%Y-%m-%d %H:%M}",
            objection=f"在公示期内通过本平台提出；联系人：{_contact(project)}"))
        contents.require(seek_rule("ct.candidates_show", on=day, region=project.region, procedure=project.procedure), sections)
        return publish_plain(Kind.CANDIDATES, lot, f"{lot.label}中标候选人公示", contents.body(sections),
                             {"until": until.isoformat(), "content": contents.data(sections)}, actor=actor, at=at)


def _candidate(candidate: Candidate, particulars: Particulars | None) -> Section:
    terms = candidate.terms or {}
    return Section.of(
        rank=f"第{candidate.rank}名", name=candidate.organisation.name, code=candidate.organisation.code, price=price(candidate.price_fen),
        quality=str(terms.get("quality", "")), period=f"{terms['days']} 天" if "days" in terms else "",
        evaluation=f"得分 {candidate.score}" if candidate.score else "经评审合格",
        manager=particulars.manager if particulars else "", qualification=particulars.qualification if particulars else "")


def _contact(project: Project) -> str:
    host = project.agency or project.tenderer
    return " ".join(part for part in (host.name, host.contact, host.phone) if part)


def publicity_ends(lot: Lot, at: datetime) -> datetime:
    """The end of the publicity that starts at ``at``."""
    key = law_procedures.key(lot.project.procedure, "publicity")
    day = at.astimezone(BEIJING).date()
    rule = find_rule(key, on=day, region=lot.project.region, procedure=lot.project.procedure)
    if not rule.value:
        return at
    return periods.due(key, day, region=lot.project.region, procedure=lot.project.procedure).ends


def prolong_publicity(lot: Lot, by: timedelta, *, actor: str, at: datetime) -> datetime:
    """Move the end of a publicity later, as a new version of its notice; gives the new end."""
    with transaction() as session:
        notice = session.scalar(select(Notice).where(Notice.lot_id == lot.id, Notice.kind == Kind.CANDIDATES)
                                .order_by(Notice.id.desc()).limit(1))
        if notice is None:
            raise Refused("result.not_publicised")
        last = notice.versions[-1]
        before = rules.moment(last.schedule["until"])
        until = before + by
        _add_version(notice, last.body, dict(last.schedule) | {"until": until.isoformat()}, at=at)
        evidence.record("notice.publicity_prolonged", actor=actor, at=at, lot=lot.code, project=lot.project.code,
                        before=before.isoformat(), after=until.isoformat(), sha256=notice.versions[-1].sha256)
        return until


def _add_version(notice: Notice, body: str, schedule: dict[str, Any], *, at: datetime) -> NoticeVersion:
    version = NoticeVersion(notice_id=notice.id, number=len(notice.versions) + 1, body=body, schedule=schedule, made_at=at,
                            published_at=at, sha256=rules.fingerprint(notice.kind, notice.title, body, schedule))
    db.session.add(version)
    db.session.flush()
    db.session.expire(notice, ["versions"])
    return version


def award(lot_id: int, organisation_id: int, *, actor: str, at: datetime, items: str = "", experts: Sequence[str] = ()) -> Award:
    """Fix the winner: notice to the winner and results to all others at the same moment.

    The first in rank, or the next after each before it fell away for a ground of law
    (条例 55, 采购条例 43). Raises Refused before the publicity ends.
    """
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if not project_rules.procedure(lot.project.procedure).has_winner:
            raise Refused("result.no_winner")
        if projects.award_of(lot_id) is not None:
            raise Refused("project.step_not_allowed", stage=lot.stage, step=Step.AWARD)
        candidates = projects.candidates(lot_id)
        chosen = next((c for c in candidates if c.organisation_id == organisation_id), None)
        if chosen is None:
            raise Refused("result.not_a_candidate")
        order = awards.check_award(
            lot.project.procedure, chosen.rank, {c.rank: c.lost for c in candidates if c.lost}, state_funded=True,
            on=at.astimezone(BEIJING).date(), region=lot.project.region)
        law_findings.require([order] if order else [])
        publicity = session.scalar(select(Notice).where(Notice.lot_id == lot_id, Notice.kind == Kind.CANDIDATES)
                                   .order_by(Notice.id.desc()))
        if project_rules.procedure(lot.project.procedure).publicity:
            if publicity is None:
                raise Refused("result.not_publicised")
            until = rules.moment(publicity.versions[-1].schedule["until"])
            if at < until:
                raise Refused("result.publicity_runs", until=until)
        reason = "；".join(f"第{c.rank}名：{c.lost_note}" for c in candidates if c.lost and c.rank < chosen.rank)
        made = Award(lot_id=lot_id, organisation_id=organisation_id, price_fen=chosen.price_fen, notified_at=at, reason=reason)
        session.add(made)
        session.flush()
        projects.advance(lot, Step.AWARD, actor=actor, at=at, winner=chosen.organisation.code, price_fen=chosen.price_fen)
        winner = parties.get(organisation_id)
        sections = [_result(lot, winner, chosen, reason, items, experts)]
        contents.require(seek_rule("gp.result_show", on=at.astimezone(BEIJING).date(), region=lot.project.region,
                                   procedure=lot.project.procedure), sections)
        names = rules.result_names(lot.project.procedure)
        publish_plain(Kind.RESULT, lot, f"{lot.label}{names.notice}", contents.body(sections), {"content": contents.data(sections)},
                      actor=actor, at=at)
        before = sum(piece.path.startswith(AWARD_NOTICE) for piece in archive.pieces(lot_id))
        archive.file_document(lot_id, f"{AWARD_NOTICE}{f'-{before + 1}' if before else ''}.json", names.letter, {
            "lot": lot.code, "winner": winner.code, "name": winner.name, "price_fen": chosen.price_fen,
            "notified_at": at.isoformat(), "reason": reason}, at=at)
        return made


def _result(lot: Lot, winner: Organisation, chosen: Candidate, reason: str, items: str, experts: Sequence[str]) -> Section:
    """A result in the pieces of its family: works name the winner, procurement the parties and the experts too."""
    won = f"{winner.name}（{winner.code}）"
    if law_procedures.family(lot.project.procedure) is not law_procedures.Family.PROCUREMENT:
        return Section.of(winner=won, price=price(chosen.price_fen), reason=reason)
    agency = f"；代理机构：{lot.project.agency.name}" if lot.project.agency else ""
    return Section.of(parties=f"采购人：{lot.project.tenderer.name}{agency}；供应商：{won}", amounts=price(chosen.price_fen), items=items,
                      experts="、".join(experts), reason=reason)


def lose_candidate(lot_id: int, rank: int, loss: str, note: str, *, actor: str, at: datetime) -> None:
    """Record that a candidate fell away. A winner's award falls with it, on record and in public."""
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        candidate = next((c for c in projects.candidates(lot_id) if c.rank == rank), None)
        if candidate is None or loss not in set(awards.Loss):
            raise Refused("result.not_a_candidate")
        if lot.stage not in (Stage.EVALUATED, Stage.PUBLICISED, Stage.AWARDED):
            raise Refused("project.step_not_allowed", stage=lot.stage, step=Step.REVOKE)
        projects.lose_candidate(lot, candidate, awards.Loss(loss), note, actor=actor, at=at)
        made = projects.award_of(lot_id)
        if made is None or made.organisation_id != candidate.organisation_id:
            return
        session.delete(made)
        session.flush()
        projects.advance(lot, Step.REVOKE, actor=actor, at=at, winner=candidate.organisation.code, loss=loss)
        publish_plain(Kind.REVOCATION, lot, f"{lot.label}中标结果变更公告",
                      f"原中标人：{candidate.organisation.name}\n变更理由：{note.strip()}", {}, actor=actor, at=at)

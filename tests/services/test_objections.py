"""Objections, questions and complaints: what they stop, who learns of whom, and that nothing is done twice."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from bidding.opening import service as opening
from experts.evaluation import service as evaluation
from tests.builders import T0, Centre
from tests.services.test_filing import refused
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.announcements import queries as notices
from trading.announcements import service as announcements
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import stopped
from trading.base.database import db
from trading.base.errors import NotFound
from trading.demonstration.case import PARTICULARS, CaseRun
from trading.evidence.models import Entry
from trading.evidence.verify import Pack, Verifier
from trading.evidence import service as evidence
from trading.messages.models import Message
from trading.objections import complaints, jobs, queries, raisers, service
from trading.objections.models import Complaint, Objection
from trading.objections.rules import Answer, Form, Measure, Outcome, Phase, State, Subject
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.rules import Stage
from trading.supervision import service as pauses

BUYING = {"procedure": "procurement-open", "category": "goods", "method": {"kind": "procurement_lowest"}}
POINTS = ["限定了品牌", "业绩要求过高"]


def org(centre: Centre, number: int = 0) -> Organisation:
    return centre.companies[number].organisation


def object_to(case: CaseRun, centre: Centre, subject=Subject.DOCUMENT, form=Form.OBJECTION, number=0, **changes) -> Objection:
    values = {"points": POINTS, "text": "理由如下", "raiser": org(centre, number), "actor": "bidder-account", "at": case.at}
    values |= changes
    return service.file(case.lot_id, form, subject, values.pop("points"), values.pop("text"), **values)


def complain(case: CaseRun, centre: Centre, subject=Subject.DOCUMENT, number=0, **changes) -> Complaint:
    values = {"points": POINTS, "text": "理由如下", "raiser": org(centre, number), "actor": "bidder-account", "at": case.at}
    values |= changes
    return complaints.file(case.lot_id, subject, values.pop("points"), values.pop("text"), **values)


def two_supervisors() -> tuple[int, int]:
    made = [accounts.create(name, name, "correct horse battery", {Role.SUPERVISOR}, actor="admin", at=T0)
            for name in ("supervisor-a", "supervisor-b")]
    return made[0].id, made[1].id


def kinds(case: CaseRun) -> dict[str, int]:
    return dict(db.session.execute(select(Entry.kind, func.count()).where(Entry.lot == case.lot.code).group_by(Entry.kind)).all())


def published(case: CaseRun) -> list[str]:
    return [notice.kind for notice in notices.of_project(case.project_id)]


# --- works: the lot rests until the reply -------------------------------------------------------


def test_an_objection_to_the_document_stops_the_lot_until_the_reply(centre: Centre) -> None:
    case = centre.a_bidding_case()
    before = case.lot.deadline
    made = object_to(case, centre)
    assert (case.lot.stage, made.overdue, made.rests) == (Stage.PAUSED, False, True)
    pause = pauses.open_pauses(case.lot_id, "objection")[0]
    assert pause.id == made.pause_id and "第22条" in pause.article
    assert not opening.close(case.lot_id, clock=stopped(before + timedelta(hours=1)))
    case.wait(days=2)
    service.reply(made.id, Answer.UPHELD, "已修改", actor="tenderer", at=case.at)
    assert (case.lot.stage, case.lot.deadline) == (Stage.BIDDING, before + timedelta(days=2))
    assert kinds(case) | {"objection.filed": 1, "objection.replied": 1, "lot.paused": 1, "lot.resumed": 1} == kinds(case)
    assert published(case).count("pause") == published(case).count("resumption") == 1


def test_sent_twice_it_is_raised_answered_and_taken_back_once(centre: Centre) -> None:
    case = centre.a_bidding_case()
    made = object_to(case, centre)
    assert object_to(case, centre, at=case.wait(minutes=1)).id == made.id
    other = object_to(case, centre, number=1)
    assert other.id != made.id and len(pauses.open_pauses(case.lot_id)) == 2
    for _ in range(2):
        service.withdraw(other.id, actor="x", at=case.wait(minutes=1))
    assert case.lot.stage == Stage.PAUSED, "the other objection still waits"
    for _ in range(2):
        service.reply(made.id, Answer.REJECTED, "不成立", actor="tenderer", at=case.wait(minutes=1))
    assert case.lot.stage == Stage.BIDDING
    with refused("objection.step_not_allowed"):
        service.reply(made.id, Answer.UPHELD, "改口", actor="tenderer", at=case.at)
    with refused("objection.step_not_allowed"):
        service.withdraw(made.id, actor="x", at=case.at)
    with refused("objection.step_not_allowed"):
        service.reply(other.id, Answer.UPHELD, "晚了", actor="tenderer", at=case.at)
    again = object_to(case, centre, number=1)
    assert again.id not in (made.id, other.id), "what was taken back may be raised once more"
    counted = kinds(case)
    assert (counted["objection.filed"], counted["objection.replied"], counted["objection.withdrawn"]) == (3, 1, 1)


def test_an_objection_to_the_result_holds_the_award(centre: Centre) -> None:
    case = centre.an_opened_case()
    case.draw()
    case.evaluate()
    with refused("objection.not_yet"):
        object_to(case, centre, Subject.RESULT)
    notice = announcements.publicise(case.lot_id, PARTICULARS, actor="t", at=case.wait(hours=1))
    until = datetime.fromisoformat(notice.versions[-1].schedule["until"])
    made = object_to(case, centre, Subject.RESULT, at=case.wait(hours=1), actor="bidder-account")
    assert case.lot.stage == Stage.PAUSED and made.rests and not made.overdue
    case.at = until + timedelta(days=1)
    # The publicity stands still, so another objection is still in time.
    assert not object_to(case, centre, Subject.RESULT, number=1).overdue
    first = projects.candidates(case.lot_id)[0]
    with refused("project.step_not_allowed"):
        evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at)
    for found in queries.of_lots([case.lot_id]):
        service.reply(found.id, Answer.REJECTED, "评标结果无误", actor="t", at=case.wait(minutes=1))
    assert case.lot.stage == Stage.PUBLICISED
    after = datetime.fromisoformat(notices.candidates_schedule(case.lot_id)["until"])
    assert after > until
    late = object_to(case, centre, Subject.RESULT, number=2, at=after)
    assert late.overdue and not late.rests and late.pause_id is None
    assert case.lot.stage == Stage.PUBLICISED, "a late objection is on record and stops nothing"
    evaluation.award(case.lot_id, first.organisation_id, actor="t", at=after)


def test_a_late_objection_to_the_document_is_taken_and_stops_nothing(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    case.at = case.lot.deadline - timedelta(days=9)
    made = object_to(case, sqlite_centre)
    assert made.overdue and case.lot.stage == Stage.BIDDING
    event = db.session.scalar(select(Entry.event).where(Entry.kind == "objection.filed"))
    assert event["overdue"] is True
    service.reply(made.id, Answer.UPHELD, "虽然逾期，仍予说明", actor="t", at=case.at)


def test_where_the_stage_cannot_rest_nothing_does(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    announcements.terminate(case.project_id, "项目取消", actor="t", at=case.at)
    made = object_to(case, sqlite_centre)
    assert made.rests and made.pause_id is None and case.lot.stage == Stage.TERMINATED
    service.reply(made.id, Answer.EXPLAINED if made.form == Form.INQUIRY else Answer.REJECTED, "项目已终止", actor="t", at=case.at)


def test_a_lot_that_ended_while_it_rested_is_still_answered(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    made = object_to(case, sqlite_centre)
    announcements.terminate(case.project_id, "项目取消", actor="t", at=case.wait(hours=1))
    service.reply(made.id, Answer.REJECTED, "项目已终止", actor="t", at=case.wait(hours=1))
    assert case.lot.stage == Stage.TERMINATED and queries.objection(made.id).state is State.REPLIED


def test_a_prequalification_has_its_own_window(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", procedure="works-prequalification", method={"kind": "qualified"})
    with refused("objection.not_yet"):
        object_to(case, sqlite_centre, Subject.PREQUALIFICATION)
    case.announce()
    # Two days before the applications are due; the day itself still counts.
    last = case.lot.deadline - timedelta(days=2)
    assert not object_to(case, sqlite_centre, Subject.PREQUALIFICATION, at=last).overdue and case.lot.stage == Stage.PAUSED
    service.reply(queries.of_lots([case.lot_id])[0].id, Answer.REJECTED, "不成立", actor="t", at=last)
    late = object_to(case, sqlite_centre, Subject.PREQUALIFICATION, number=1, at=last + timedelta(days=1))
    assert late.overdue and case.lot.stage == Stage.BIDDING


def test_an_opening_is_objected_to_on_the_spot(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", "announce", "pay_deposits", "file_bids")
    with refused("objection.not_yet"):
        object_to(case, sqlite_centre, Subject.OPENING)
    case.close()
    timely = object_to(case, sqlite_centre, Subject.OPENING, at=case.wait(minutes=1))
    assert not timely.overdue and not timely.rests and case.lot.stage == Stage.CLOSED
    case.open()
    assert object_to(case, sqlite_centre, Subject.OPENING, number=1, at=case.wait(minutes=1)).overdue


def test_nobody_objects_to_its_own_case_or_on_a_path_that_is_not_open(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    own = case.lot.project.tenderer
    with refused("objection.own_case"):
        object_to(case, sqlite_centre, raiser=own)
    with refused("objection.own_case"):
        complain(case, sqlite_centre, Subject.PROCEDURE, raiser=own, since=date(2026, 3, 2))
    with refused("objection.no_path"):
        object_to(case, sqlite_centre, form=Form.QUESTION)
    with refused("objection.not_a_subject"):
        object_to(case, sqlite_centre, Subject.PROCEDURE)
    assert not queries.of_lots([case.lot_id]) and "objection.filed" not in kinds(case)
    with pytest.raises(NotFound):
        service.reply(999, Answer.UPHELD, "x", actor="t", at=case.at)


# --- procurement: the signing waits --------------------------------------------------------------


def awarded_purchase(centre: Centre) -> CaseRun:
    case = centre.an_opened_case(**BUYING)
    case.draw()
    case.evaluate()
    first = projects.candidates(case.lot_id)[0]
    evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.wait(hours=1), items="设备一批")
    return case


def sign(case: CaseRun) -> None:
    award = projects.award_of(case.lot_id)
    projects.record_contract(case.lot_id, "HT-1", award.price_fen, (case.at + timedelta(hours=8)).date(), actor="t", at=case.at)


def test_a_question_that_may_affect_the_result_stops_the_signing(centre: Centre) -> None:
    case = awarded_purchase(centre)
    made = object_to(case, centre, Subject.RESULT, Form.QUESTION, at=case.wait(hours=1))
    assert case.lot.stage == Stage.AWARDED and not made.rests, "a question alone stops nothing"
    for _ in range(2):
        service.mark_affecting(made.id, actor="purchaser", at=case.wait(hours=1))
    assert case.lot.stage == Stage.PAUSED and len(pauses.open_pauses(case.lot_id, "question")) == 1
    assert kinds(case)["objection.marked"] == 1
    with refused("project.step_not_allowed"):
        sign(case)
    service.reply(made.id, Answer.REJECTED, "结果无误", actor="t", at=case.wait(days=1))
    assert case.lot.stage == Stage.AWARDED
    sign(case)
    with refused("objection.step_not_allowed"):
        service.mark_affecting(made.id, actor="purchaser", at=case.at)


def test_a_question_marked_before_the_award_stops_the_signing_once_there_is_one(sqlite_centre: Centre) -> None:
    case = sqlite_centre.an_opened_case(**BUYING)
    made = object_to(case, sqlite_centre, Subject.PROCEDURE, Form.QUESTION, since=date(2026, 3, 24))
    service.mark_affecting(made.id, actor="supervisor", at=case.at)
    assert case.lot.stage == Stage.OPENED and jobs.follow(case.at) == 0
    case.draw()
    case.evaluate()
    evaluation.award(case.lot_id, projects.candidates(case.lot_id)[0].organisation_id, actor="t", at=case.wait(hours=1), items="设备一批")
    assert jobs.follow(case.at) == 1 and jobs.follow(case.at) == 0
    assert case.lot.stage == Stage.PAUSED
    service.withdraw(made.id, actor="x", at=case.wait(hours=1))
    assert case.lot.stage == Stage.AWARDED and jobs.follow(case.at) == 0


def test_an_inquiry_is_explained_and_stops_nothing(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case(**BUYING)
    made = object_to(case, sqlite_centre, form=Form.INQUIRY)
    with refused("objection.cannot_affect"):
        service.mark_affecting(made.id, actor="t", at=case.at)
    with refused("objection.answer_unfit"):
        service.reply(made.id, Answer.UPHELD, "x", actor="t", at=case.at)
    service.reply(made.id, Answer.EXPLAINED, "按第三章", actor="t", at=case.at)
    assert case.lot.stage == Stage.BIDDING
    with refused("complaint.objection_first"):
        complain(case, sqlite_centre, objection_id=made.id)


# --- secrecy before the deadline, attacked --------------------------------------------------------


def everything_written(case: CaseRun) -> str:
    """All that is stored or told about objections, as somebody with the whole database reads it."""
    rows: list[object] = []
    for table in ("objection", "complaint", "complaint_stretch", "pause", "notice", "notice_version", "message", "archive_piece"):
        rows += [tuple(row) for row in db.session.execute(text(f"SELECT * FROM {table}"))]
    # Joining the platform is on public record; here only the case counts.
    rows += [tuple(row) for row in db.session.execute(text("SELECT * FROM evidence_entry WHERE kind <> 'party.registered' "
                                                           "AND kind <> 'party.key_registered' AND kind <> 'account.created'"))]
    pieces = [installation.files().path(piece.stored).read_text("utf-8", "replace") for piece in archive.pieces(case.lot_id)]
    return json.dumps([rows, pieces], ensure_ascii=False, default=lambda value: str(value) if isinstance(value, date) else bytes(value).decode("utf-8", "replace"))


def test_before_the_close_nothing_stored_or_told_names_the_raiser(centre: Centre) -> None:
    case, raiser = centre.a_bidding_case(), org(centre)
    two_supervisors()
    made = object_to(case, centre)
    service.reply(made.id, Answer.REJECTED, "不成立", actor="tenderer", at=case.wait(hours=1))
    complained = complain(case, centre, objection_id=made.id, since=date(2026, 3, 2), at=case.wait(hours=1))
    complaints.accept(complained.id, actor="supervisor-a", at=case.wait(hours=1))
    open_case = everything_written(case)
    for secret in (raiser.code, raiser.name, "bidder-account"):
        assert secret not in open_case
    assert raisers.named(made, case.at) is None and raisers.named(complained, case.at) is None
    # The message to the raiser would name it, so it is not written before the close.
    assert not db.session.scalar(select(func.count()).select_from(Message).where(Message.organisation_id == raiser.id))
    # Nor does a deadline that has passed on paper, while the lot stands still.
    object_to(case, centre, text="另一理由")
    assert case.lot.stage == Stage.PAUSED and raisers.named(made, case.lot.deadline + timedelta(days=3)) is None


def test_control_after_the_close_the_same_search_finds_the_raiser(centre: Centre) -> None:
    case, raiser = centre.an_opened_case(), org(centre)
    made = object_to(case, centre, Subject.OPENING)
    found = everything_written(case)
    assert raiser.name in found and "bidder-account" in found
    assert raisers.named(made, case.at).code == raiser.code
    service.reply(made.id, Answer.REJECTED, "不成立", actor="tenderer", at=case.at)
    assert db.session.scalar(select(func.count()).select_from(Message).where(
        Message.organisation_id == raiser.id, Message.kind == "objection.replied")) == 1


def test_a_text_that_names_its_writer_is_refused_before_the_close_only(sqlite_centre: Centre) -> None:
    case, raiser = sqlite_centre.a_bidding_case(), org(sqlite_centre)
    with refused("objection.names_raiser"):
        object_to(case, sqlite_centre, text=f"{raiser.name}认为")
    with refused("objection.names_raiser"):
        complain(case, sqlite_centre, Subject.PROCEDURE, points=[raiser.code], since=date(2026, 3, 2))
    later = sqlite_centre.an_opened_case()
    assert object_to(later, sqlite_centre, Subject.OPENING, text=f"{raiser.name}认为").id


def test_a_box_opens_in_its_lot_only_and_tags_join_no_lots(sqlite_centre: Centre) -> None:
    one, two = sqlite_centre.an_opened_case(), sqlite_centre.an_opened_case()
    first, second = object_to(one, sqlite_centre, Subject.OPENING), object_to(two, sqlite_centre, Subject.OPENING)
    assert first.raiser_tag != second.raiser_tag and len(first.raiser_box) == len(second.raiser_box)
    assert raisers.is_mine(first, org(sqlite_centre)) and not raisers.is_mine(first, org(sqlite_centre, 1))
    found, _complaints = queries.own(org(sqlite_centre))
    assert {item.id for item in found} == {first.id, second.id}
    assert queries.own(org(sqlite_centre, 1)) == ([], [])
    first.raiser_box = second.raiser_box
    with pytest.raises(Exception, match="objection"):
        raisers.named(first, one.at)
    db.session.rollback()


# --- complaints ----------------------------------------------------------------------------------


def questioned(centre: Centre) -> tuple[CaseRun, Objection]:
    """A purchase whose document was questioned and answered."""
    case = centre.a_bidding_case(**BUYING)
    made = object_to(case, centre, form=Form.QUESTION)
    service.reply(made.id, Answer.REJECTED, "不成立", actor="t", at=case.wait(days=1))
    return case, made


def test_a_complaint_from_receipt_to_the_published_decision(centre: Centre) -> None:
    case, question = questioned(centre)
    one, two = two_supervisors()
    made = complain(case, centre, objection_id=question.id, points=POINTS[:1], at=case.wait(days=1))
    assert complain(case, centre, objection_id=question.id, points=POINTS[:1], at=case.at).id == made.id
    for _ in range(2):
        complaints.ask_correction(made.id, "请附证明", actor="s", at=case.wait(hours=1))
    assert queries.complaint(made.id).phase is Phase.CORRECTING
    with refused("complaint.step_not_allowed"):
        complaints.accept(made.id, actor="s", at=case.at)
    for _ in range(2):
        complaints.correct(made.id, "证明见附件", actor="x", at=case.wait(days=2))
    with refused("law.above_limit"):
        complaints.ask_correction(made.id, "再补一次", actor="s", at=case.at)
    for _ in range(2):
        complaints.accept(made.id, actor="s", at=case.wait(hours=1))
    assert case.lot.stage == Stage.BIDDING, "a complaint alone stops nothing"
    for _ in range(2):
        complaints.ask_suspension(made.id, "可能影响公正", account_id=one, actor="supervisor-a", at=case.at)
    with refused("pause.second_person"):
        complaints.confirm_suspension(made.id, account_id=one, actor="supervisor-a", at=case.at)
    with refused("complaint.suspension_asked"):
        complaints.ask_suspension(made.id, "另一理由", account_id=two, actor="supervisor-b", at=case.at)
    for _ in range(2):
        complaints.confirm_suspension(made.id, account_id=two, actor="supervisor-b", at=case.at)
    assert case.lot.stage == Stage.PAUSED
    for _ in range(2):
        complaints.begin_stretch(made.id, "expert_review", "组织论证", actor="s", at=case.wait(hours=1))
    with refused("complaint.step_not_allowed"):
        complaints.decide(made.id, Outcome.DISMISSED, None, "驳回", fabricated=False, actor="s", at=case.at)
    for _ in range(2):
        complaints.end_stretch(made.id, actor="s", at=case.wait(days=3))
    for _ in range(2):
        complaints.decide(made.id, Outcome.UPHELD, Measure.RETENDER, "限定品牌，责令修改", fabricated=False, actor="s", at=case.wait(hours=1))
    with refused("complaint.step_not_allowed"):
        complaints.decide(made.id, Outcome.DISMISSED, None, "改判", fabricated=False, actor="s", at=case.at)
    assert case.lot.stage == Stage.BIDDING
    assert published(case).count("complaint_decision") == 1
    notice = notices.published(queries.complaint(made.id).notice_id, at=case.at)
    body = notice.versions[-1].body
    assert POINTS[0] in body and POINTS[1] not in body and "第25条" in body and org(centre).name not in body
    counted = {kind: number for kind, number in kinds(case).items() if kind.startswith("complaint.")}
    assert counted == {f"complaint.{act}": 1 for act in (
        "filed", "correction_asked", "corrected", "accepted", "suspension_asked", "suspended", "stretch_begun", "stretch_ended", "decided")}
    assert [stretch.kind for stretch in queries.complaint(made.id).stretches] == ["correction", "expert_review"]
    told = db.session.execute(select(Message.kind, Message.account_id).where(Message.kind == "complaint.filed")).all()
    assert {account for _kind, account in told} == {one, two}


def test_without_the_question_first_no_complaint(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case(**BUYING)
    with refused("complaint.objection_first"):
        complain(case, sqlite_centre)
    question = object_to(case, sqlite_centre, form=Form.QUESTION)
    with refused("complaint.reply_awaited"):
        complain(case, sqlite_centre, objection_id=question.id)
    with pytest.raises(NotFound):
        complain(case, sqlite_centre, objection_id=question.id, number=1)
    with pytest.raises(NotFound):
        complain(case, sqlite_centre, objection_id=12345)
    service.reply(question.id, Answer.REJECTED, "不成立", actor="t", at=case.wait(days=1))
    with refused("complaint.beyond_question"):
        complain(case, sqlite_centre, objection_id=question.id, points=[*POINTS, "新事项"])
    assert complain(case, sqlite_centre, objection_id=question.id).phase is Phase.RECEIVED
    withdrawn = object_to(case, sqlite_centre, form=Form.QUESTION, number=1)
    service.withdraw(withdrawn.id, actor="x", at=case.at)
    with refused("complaint.objection_first"):
        complain(case, sqlite_centre, objection_id=withdrawn.id, number=1)


def test_without_a_reply_the_complaint_opens_when_the_time_to_reply_is_over(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case(**BUYING)
    question = object_to(case, sqlite_centre, form=Form.QUESTION)
    # Raised on Monday 2 March: seven working days end on the 11th.
    case.at = datetime.fromisoformat("2026-03-11T23:59:59+08:00")
    with refused("complaint.reply_awaited"):
        complain(case, sqlite_centre, objection_id=question.id)
    assert not complain(case, sqlite_centre, objection_id=question.id, at=case.wait(seconds=1)).overdue


def test_a_late_complaint_is_taken_and_marked(sqlite_centre: Centre) -> None:
    case, question = questioned(sqlite_centre)
    # Fifteen working days after 11 March end on 1 April.
    made = complain(case, sqlite_centre, objection_id=question.id, at=datetime.fromisoformat("2026-04-02T00:00:00+08:00"))
    assert made.overdue and made.phase is Phase.RECEIVED


def test_works_complain_of_other_breaches_at_once_and_are_not_corrected(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    with refused("objection.since_missing"):
        complain(case, sqlite_centre, Subject.PROCEDURE)
    made = complain(case, sqlite_centre, Subject.PROCEDURE, since=date(2026, 3, 2))
    with refused("complaint.no_correction"):
        complaints.ask_correction(made.id, "请补正", actor="s", at=case.at)
    with refused("complaint.step_not_allowed"):
        complaints.begin_stretch(made.id, "test", "鉴定", actor="s", at=case.at)
    complaints.accept(made.id, actor="s", at=case.at)
    with refused("complaint.correction_before"):
        complaints.begin_stretch(made.id, "correction", "补正", actor="s", at=case.at)
    with refused("law.choice_unlawful"):
        complaints.begin_stretch(made.id, "holiday", "休息", actor="s", at=case.at)
    with refused("complaint.fabricated_upheld"):
        complaints.decide(made.id, Outcome.UPHELD, Measure.OTHER, "成立", fabricated=True, actor="s", at=case.at)
    complaints.decide(made.id, Outcome.DISMISSED, None, "材料虚假，驳回", fabricated=True, actor="s", at=case.at)
    assert "驳回投诉" in notices.published(made.notice_id, at=case.at).versions[-1].body


def test_a_refused_complaint_and_one_taken_back_go_no_further(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    first = complain(case, sqlite_centre, Subject.PROCEDURE, since=date(2026, 3, 2))
    second = complain(case, sqlite_centre, Subject.PROCEDURE, since=date(2026, 3, 2), number=1)
    for _ in range(2):
        complaints.refuse(first.id, "不属于受理范围", actor="s", at=case.at)
        complaints.withdraw(second.id, actor="x", at=case.at)
    for made in (first, second):
        with refused("complaint.step_not_allowed"):
            complaints.accept(made.id, actor="s", at=case.at)
    assert (queries.complaint(first.id).phase, queries.complaint(second.id).phase) == (Phase.REFUSED, Phase.WITHDRAWN)
    assert [item.id for item in queries.complaints(is_open=True)] == [] and len(queries.complaints(is_open=False)) == 2
    assert kinds(case)["complaint.refused"] == kinds(case)["complaint.withdrawn"] == 1


def suspended(case: CaseRun, centre: Centre, made: Complaint) -> Complaint:
    one, two = two_supervisors()
    complaints.accept(made.id, actor="s", at=case.at)
    complaints.ask_suspension(made.id, "可能影响公正", account_id=one, actor="a", at=case.at)
    return complaints.confirm_suspension(made.id, account_id=two, actor="b", at=case.at)


def test_a_suspension_in_procurement_ends_by_itself(sqlite_centre: Centre) -> None:
    case, question = questioned(sqlite_centre)
    made = suspended(case, sqlite_centre, complain(case, sqlite_centre, objection_id=question.id))
    end = made.suspended_until
    # Ordered on 3 March; thirty days end on Thursday 2 April.
    assert end == datetime.fromisoformat("2026-04-03T00:00:00+08:00")
    assert jobs.follow(end - timedelta(microseconds=1)) == 0 and case.lot.stage == Stage.PAUSED
    with refused("complaint.suspension_runs"):
        complaints.end_suspension(made.id, actor="s", at=end - timedelta(microseconds=1))
    assert jobs.follow(end) == 1 and jobs.follow(end) == 0
    assert case.lot.stage == Stage.BIDDING and kinds(case)["complaint.suspension_ended"] == 1
    complaints.decide(made.id, Outcome.DISMISSED, None, "驳回", fabricated=False, actor="s", at=end)


def test_a_suspension_in_works_ends_with_the_complaint(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    made = suspended(case, sqlite_centre, complain(case, sqlite_centre, Subject.PROCEDURE, since=date(2026, 3, 2)))
    assert made.suspended_until is None and case.lot.stage == Stage.PAUSED
    with refused("complaint.suspension_runs"):
        complaints.end_suspension(made.id, actor="s", at=case.wait(days=90))
    complaints.withdraw(made.id, actor="x", at=case.at)
    assert case.lot.stage == Stage.BIDDING


def test_where_the_stage_cannot_rest_a_suspension_stops_nothing(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    made = complain(case, sqlite_centre, Subject.PROCEDURE, since=date(2026, 3, 2))
    announcements.terminate(case.project_id, "项目取消", actor="t", at=case.at)
    made = suspended(case, sqlite_centre, made)
    assert made.pause_id is None and case.lot.stage == Stage.TERMINATED


# --- what is kept ------------------------------------------------------------------------------


def test_the_case_keeps_its_pieces_and_its_pack_verifies(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    made = object_to(case, sqlite_centre)
    service.reply(made.id, Answer.REJECTED, "不成立", actor="t", at=case.wait(hours=2))
    case.pay_deposits()
    case.file_bids()
    case.close()
    case.open()
    object_to(case, sqlite_centre, Subject.OPENING, number=1, at=case.wait(minutes=1))
    case.draw()
    case.evaluate()
    case.conclude()
    pack = case.seal_archive()
    paths = [piece.path for piece in archive.pieces(case.lot_id) if piece.path.startswith("50-objections/")]
    assert len(paths) == 3 and sum("filed" in path for path in paths) == 2
    report = Verifier(Pack(installation.files().path(pack.stored)), evidence.log_verifier_key(), sqlite_centre.cast.watchers.keys).run()
    assert report["ok"], report["checks"]
    filed = json.loads(installation.files().path(next(p.stored for p in archive.pieces(case.lot_id) if p.path == paths[0])).read_text("utf-8"))
    assert filed["points"] == POINTS and "raiser" not in filed


def test_the_public_learns_outcomes_only(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    made = object_to(case, sqlite_centre)
    assert queries.answered(case.lot_id) == []
    service.reply(made.id, Answer.PARTLY, "部分成立", actor="t", at=case.wait(hours=1))
    assert queries.answered(case.lot_id) == [("objection", "document", "partly", case.at)]

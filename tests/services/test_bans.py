"""Bans for false complaints, questions at once, objections in the hall."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bidding.opening import objecting
from bidding.opening import service as opening
from tests.builders import Centre
from tests.services.test_filing import file, refused, seal, upload
from tests.services.test_objections import BUYING, POINTS, complain, kinds, object_to, org, published, two_supervisors
from trading.announcements import queries as notices
from trading.archive import service as archive
from trading.base.database import db
from trading.base.errors import NotFound
from trading.demonstration.case import CaseRun
from trading.evidence.models import Entry
from trading.messages.models import Message
from trading.objections import bans, complaints, queries, service
from trading.objections.models import Ban, Complaint
from trading.objections.rules import Answer, Form, Outcome, Subject
from trading.parties import service as parties


def false_complaint(centre: Centre, case: CaseRun | None = None, *, fabricated: bool = True, number: int = 0) -> tuple[CaseRun, Complaint]:
    """A complaint after the opening of a purchase, dismissed."""
    case = case or centre.an_opened_case(**BUYING)
    question = object_to(case, centre, Subject.PROCEDURE, Form.QUESTION, number, since=date(2026, 3, 24), text=f"理由{number}")
    service.reply(question.id, Answer.REJECTED, "不成立", actor="t", at=case.wait(hours=1))
    made = complain(case, centre, Subject.PROCEDURE, number, objection_id=question.id, points=POINTS[:1], at=case.wait(hours=1))
    complaints.accept(made.id, actor="s", at=case.wait(hours=1))
    complaints.decide(made.id, Outcome.DISMISSED, None, "材料系伪造", fabricated=fabricated, actor="s", at=case.wait(hours=1))
    return case, made


def propose(made: Complaint, case: CaseRun, who: int, months: int = 12, text: str = "伪造检测报告") -> Ban:
    return bans.propose(made.id, months, text, account_id=who, actor="supervisor-a", at=case.at)


def test_two_supervisors_bar_from_procurement_and_leave_works_open(centre: Centre) -> None:
    case, made = false_complaint(centre)
    one, two = two_supervisors()
    found = propose(made, case, one)
    assert propose(made, case, one).id == found.id, "sent twice it is proposed once"
    with refused("ban.known"):
        propose(made, case, two)
    raiser = org(centre)
    assert parties.standings([raiser.id])[raiser.id].barred_in("procurement-open") is None, "one supervisor bars nobody"
    with refused("pause.second_person"):
        bans.order(found.id, account_id=one, actor="supervisor-a", at=case.at)
    case.wait(days=1)
    for _ in range(2):
        bans.order(found.id, account_id=two, actor="supervisor-b", at=case.at)
    until = queries.ban(found.id).until
    assert until == (case.at + timedelta(hours=8)).date().replace(year=2027), "it begins with the order"
    standing = parties.standings([raiser.id])[raiser.id]
    ends = standing.barred_in("procurement-open")
    assert ends is not None and standing.barred_in("inquiry") == ends and standing.barred_in("works-open") is None
    assert (ends + timedelta(hours=8)).date() == until + timedelta(days=1) and (ends + timedelta(hours=8)).hour == 0
    counted = kinds(case)
    assert (counted["complaint.ban_proposed"], counted["complaint.ban_ordered"]) == (1, 1)
    assert db.session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "party.barred")) == 1
    assert published(case).count("complaint_decision") == 2
    body = notices.published(queries.ban(found.id).notice_id, at=case.at).versions[-1].body
    assert raiser.name in body and until.isoformat() in body and "第73条" in body
    assert db.session.scalar(select(func.count()).select_from(Message).where(Message.kind == "ban.ordered",
                                                                             Message.organisation_id == raiser.id)) == 1
    assert any("ban_ordered" in piece.path for piece in archive.pieces(case.lot_id))
    with refused("ban.ordered"):
        bans.drop(found.id, actor="supervisor-a", at=case.at)
    assert [one.id for one in queries.bans(until)] == [found.id] and not queries.bans(until + timedelta(days=1))


def test_a_later_shorter_ban_shortens_nothing(sqlite_centre: Centre) -> None:
    case, made = false_complaint(sqlite_centre)
    # The other purchase is filed for before the first ban, which would not let it.
    again, other = false_complaint(sqlite_centre, sqlite_centre.an_opened_case(**BUYING))
    one, two = two_supervisors()
    bans.order(propose(made, case, one, 36).id, account_id=two, actor="b", at=case.at)
    raiser = org(sqlite_centre)
    long = parties.get(raiser.id).procurement_barred_until
    bans.order(propose(other, again, one, 12).id, account_id=two, actor="b", at=again.at)
    assert parties.get(raiser.id).procurement_barred_until == long


@pytest.mark.parametrize("months", [11, 37, 0, -1])
def test_outside_the_span_of_the_law_nothing_is_proposed(sqlite_centre: Centre, months: int) -> None:
    case, made = false_complaint(sqlite_centre)
    with refused("ban.months"):
        propose(made, case, 1, months)
    assert queries.ban_of(made.id) is None and "complaint.ban_proposed" not in kinds(case)


def test_only_invented_facts_are_a_ground(sqlite_centre: Centre) -> None:
    case, made = false_complaint(sqlite_centre, fabricated=False)
    one, _two = two_supervisors()
    with refused("ban.no_ground"):
        propose(made, case, one)
    with refused("objection.text"):
        propose(made, case, one, text=" ")
    for wrong in (bans.order, bans.drop):
        with pytest.raises(NotFound):
            wrong(999, **({"account_id": one} if wrong is bans.order else {}), actor="a", at=case.at)
    works = sqlite_centre.an_opened_case()
    found = complain(works, sqlite_centre, Subject.PROCEDURE, since=date(2026, 3, 24))
    complaints.accept(found.id, actor="s", at=works.wait(hours=1))
    with refused("ban.no_ground"):
        propose(found, works, one)
    complaints.decide(found.id, Outcome.DISMISSED, None, "虚假", fabricated=True, actor="s", at=works.wait(hours=1))
    with refused("ban.no_ground"):
        propose(found, works, one)


def test_before_the_close_a_ban_would_tell_who_bids(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case(**BUYING)
    question = object_to(case, sqlite_centre, form=Form.QUESTION)
    service.reply(question.id, Answer.REJECTED, "不成立", actor="t", at=case.wait(days=1))
    made = complain(case, sqlite_centre, objection_id=question.id, at=case.wait(days=1))
    complaints.accept(made.id, actor="s", at=case.wait(hours=1))
    complaints.decide(made.id, Outcome.DISMISSED, None, "虚假", fabricated=True, actor="s", at=case.wait(hours=1))
    one, _two = two_supervisors()
    with refused("ban.name_secret"):
        propose(made, case, one)


def test_a_proposal_may_be_dropped_and_made_again(sqlite_centre: Centre) -> None:
    case, made = false_complaint(sqlite_centre)
    one, two = two_supervisors()
    bans.drop(propose(made, case, one).id, actor="b", at=case.at)
    again = propose(made, case, two, 24)
    bans.order(again.id, account_id=one, actor="a", at=case.at)
    assert kinds(case)["complaint.ban_dropped"] == 1


# --- questions at once --------------------------------------------------------------------------


def test_where_the_document_says_so_one_step_is_questioned_once(centre: Centre) -> None:
    case = centre.a_bidding_case(**BUYING)
    for _ in range(2):
        service.declare_at_once(case.project_id, "第二章 14.3", actor="t", at=case.at)
    with refused("objection.at_once_known"):
        service.declare_at_once(case.project_id, "第三章", actor="t", at=case.at)
    first = object_to(case, centre, form=Form.QUESTION)
    assert object_to(case, centre, form=Form.QUESTION).id == first.id, "the same sent twice is no second question"
    with refused("objection.at_once"):
        object_to(case, centre, form=Form.QUESTION, points=["又一项"])
    object_to(case, centre, form=Form.QUESTION, number=1, points=["别家的"])
    object_to(case, centre, Subject.PROCEDURE, Form.QUESTION, since=date(2026, 3, 2))
    with refused("objection.at_once"):
        object_to(case, centre, Subject.PROCEDURE, Form.QUESTION, since=date(2026, 3, 2), points=["又一项"])
    object_to(case, centre, form=Form.INQUIRY, points=["询问不限"])
    service.withdraw(first.id, actor="x", at=case.wait(hours=1))
    object_to(case, centre, form=Form.QUESTION, points=["撤回后重提"])
    assert db.session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "objection.at_once_declared")) == 1


def test_what_was_not_said_before_binds_nobody(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case(**BUYING)
    object_to(case, sqlite_centre, form=Form.QUESTION)
    object_to(case, sqlite_centre, form=Form.QUESTION, points=["又一项"])
    with refused("objection.at_once_late"):
        service.declare_at_once(case.project_id, "第二章", actor="t", at=case.at)
    for wrong in ("", " ", "x" * 201):
        with refused("objection.clause"):
            service.declare_at_once(case.project_id, wrong, actor="t", at=case.at)
    with refused("objection.no_path"):
        service.declare_at_once(sqlite_centre.a_bidding_case().project_id, "第二章", actor="t", at=case.at)
    with pytest.raises(NotFound):
        service.declare_at_once(999_999, "第二章", actor="t", at=case.at)


# --- the hall ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "form"), [({}, Form.OBJECTION), (BUYING, Form.INQUIRY)])
def test_said_in_the_hall_it_is_on_record_and_answered_there(centre: Centre, plan: dict[str, object], form: Form) -> None:
    case = centre.a_filed_case(**plan)
    case.close()
    for _ in range(2):
        objecting.speak(case.lot_id, "唱标顺序\n有误", bidder=org(centre), actor="bidder-account", at=case.wait(seconds=1))
    found = queries.of_lots([case.lot_id])
    assert [(item.form, item.subject, item.overdue, item.points) for item in found] == [(form, Subject.OPENING, False, ["唱标顺序 有误"])]
    assert kinds(case) | {"hall.objection": 2, "objection.filed": 1} == kinds(case)
    assert objecting.read_replies(case.at) == 0
    service.reply(found[0].id, Answer.REJECTED if form is Form.OBJECTION else Answer.EXPLAINED, "按递交时间排列", actor="t", at=case.wait(seconds=5))
    assert objecting.read_replies(case.at) == 1 and objecting.read_replies(case.wait(seconds=1)) == 0
    said = [event for event in opening.events(case.lot_id) if event.kind == "host"]
    assert [(event.facts["who"], event.facts["text"]) for event in said] == [(centre.cast.tenderer.name, "答复：按递交时间排列")]
    assert kinds(case)["hall.host"] == 1


def test_after_the_opening_it_is_late_and_still_on_record(sqlite_centre: Centre) -> None:
    case = sqlite_centre.an_opened_case()
    objecting.speak(case.lot_id, "x" * 1000, bidder=org(sqlite_centre), actor="b", at=case.wait(minutes=1))
    found = queries.of_lots([case.lot_id])[0]
    assert found.overdue and len(found.points[0]) == 300 and len(found.text) == 1000 and not found.rests


def test_what_is_refused_in_the_hall_is_not_on_record(sqlite_centre: Centre) -> None:
    case = sqlite_centre.an_opened_case()
    for wrong in ("", " \n", "x" * 1001):
        with refused("opening.text_length"):
            objecting.speak(case.lot_id, wrong, bidder=org(sqlite_centre), actor="b", at=case.at)
    with pytest.raises(NotFound):
        objecting.speak(sqlite_centre.a_bidding_case().lot_id, "x", bidder=org(sqlite_centre), actor="b", at=case.at)
    assert not queries.of_lots([case.lot_id]) and not [event for event in opening.events(case.lot_id) if event.kind == "objection"]


def test_a_reply_to_what_was_not_said_in_the_hall_is_not_read_out_there(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_filed_case()
    case.close()
    made = object_to(case, sqlite_centre, Subject.OPENING)
    service.reply(made.id, Answer.REJECTED, "不成立", actor="t", at=case.wait(minutes=1))
    assert objecting.read_replies(case.at) == 0


def test_who_is_barred_from_procurement_files_no_bid_there_and_may_in_works(sqlite_centre: Centre) -> None:
    case, made = false_complaint(sqlite_centre)
    one, two = two_supervisors()
    found = propose(made, case, one)
    bans.order(found.id, account_id=two, actor="supervisor-b", at=case.at)
    company = sqlite_centre.companies[0]
    for procedure, barred in (("procurement-open", True), ("works-open", False)):
        category, method = ("goods", {"kind": "procurement_lowest"}) if barred else ("construction", {"kind": "works_lowest"})
        after = sqlite_centre.a_case("register", "announce", at=case.at, procedure=procedure, category=category, method=method)
        bid, payload = seal(after, company)
        uploaded = upload(after, company, bid, payload)
        if barred:
            with refused("eligibility.barred"):
                file(after, company, bid, uploaded)
        else:
            assert file(after, company, bid, uploaded).event["bid_digest"] == bid.digest

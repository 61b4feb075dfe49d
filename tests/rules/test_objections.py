"""What may be raised when, what a complaint needs, by when it is answered: before, at and after each line of the law."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from trading.base.errors import Refused
from trading.law.findings import require
from trading.law.procedures import PROCEDURES, Remedy
from trading.objections import clocks, rules, windows
from trading.objections.clocks import Stretch
from trading.objections.rules import Act, Answer, Basis, Form, Measure, Outcome, Phase, State, Step, Subject
from trading.objections.windows import Course
from trading.projects.rules import Stage

BEIJING = timezone(timedelta(hours=8))
MICRO = timedelta(microseconds=1)
WORKS = {"region": "CN-51", "procedure": "works-open"}
BUYING = {"region": "CN-51", "procedure": "procurement-open"}


def at(text: str) -> datetime:
    """A moment in Beijing; a day alone is its noon."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=BEIJING)


def refused(reason: str):
    return pytest.raises(Refused, check=lambda refusal: refusal.reason == reason)


# Monday 2 March to Monday 30 March: no public holiday lies between.
WORKS_COURSE = Course(
    "works-open", "CN-51", published=at("2026-03-02"), documents_until=date(2026, 3, 10), prequalification=at("2026-03-13"),
    deadline=at("2026-03-30T10:00"), closed=at("2026-03-30T10:00"), opened=at("2026-03-30T11:00"), result=at("2026-04-08"),
    result_until=at("2026-04-12T00:00"))
BUYING_COURSE = replace(WORKS_COURSE, procedure="procurement-open", prequalification=None, result=at("2026-04-08"), result_until=None)


# --- windows -----------------------------------------------------------------------------------

#: Form, subject, day in question, the last moment that is in time, the first that is late, key.
WINDOWS = [
    # Two and ten days before; the day itself still counts.
    (WORKS_COURSE, Form.OBJECTION, Subject.PREQUALIFICATION, None, "2026-03-11T23:59:59.999999", "2026-03-12T00:00", "ob.prequal"),
    (WORKS_COURSE, Form.OBJECTION, Subject.DOCUMENT, None, "2026-03-20T23:59:59.999999", "2026-03-21T00:00", "ob.document"),
    (WORKS_COURSE, Form.OBJECTION, Subject.OPENING, None, "2026-03-30T11:00", "2026-03-30T11:00:00.000001", "op.objection"),
    (WORKS_COURSE, Form.OBJECTION, Subject.RESULT, None, "2026-04-11T23:59:59.999999", "2026-04-12T00:00", "ob.result"),
    # Notice period of five working days to Monday 9 March, then seven working days.
    (BUYING_COURSE, Form.QUESTION, Subject.DOCUMENT, None, "2026-03-18T23:59:59.999999", "2026-03-19T00:00", "ob.question"),
    # Whoever got the document later counts from then; an earlier day does not shorten the window.
    (BUYING_COURSE, Form.QUESTION, Subject.DOCUMENT, "2026-03-10", "2026-03-19T23:59:59.999999", "2026-03-20T00:00", "ob.question"),
    (BUYING_COURSE, Form.QUESTION, Subject.DOCUMENT, "2026-03-03", "2026-03-18T23:59:59.999999", "2026-03-19T00:00", "ob.question"),
    (BUYING_COURSE, Form.QUESTION, Subject.PROCEDURE, "2026-03-10", "2026-03-19T23:59:59.999999", "2026-03-20T00:00", "ob.question"),
    # The result is announced for one working day, to 9 April; seven working days from then.
    (BUYING_COURSE, Form.QUESTION, Subject.RESULT, None, "2026-04-20T23:59:59.999999", "2026-04-21T00:00", "ob.question"),
]


@pytest.mark.parametrize(("course", "form", "subject", "since", "last", "late", "key"), WINDOWS)
def test_in_time_until_the_last_moment_and_late_after_it(course, form, subject, since, last, late, key) -> None:
    day = date.fromisoformat(since) if since else None
    for moment, ok in ((at(last) - timedelta(hours=1), True), (at(last), True), (at(late), False), (at(late) + timedelta(days=30), False)):
        found = windows.raised(course, form, subject, moment, day)
        assert (found.ok, found.key) == (ok, key), moment
        assert found.article and found.facts["until"] != "—"
        assert found.reason.startswith("objection.")


def test_an_inquiry_is_never_late() -> None:
    assert windows.raised(BUYING_COURSE, Form.INQUIRY, Subject.DOCUMENT, at("2026-12-30")).ok


def test_a_type_without_notice_period_counts_from_the_end_of_supply() -> None:
    course = replace(BUYING_COURSE, procedure="inquiry")
    for day, ok in (("2026-03-19", True), ("2026-03-20", False)):
        assert windows.raised(course, Form.QUESTION, Subject.DOCUMENT, at(day)).ok is ok


def test_a_case_that_stands_still_keeps_its_window_open() -> None:
    paused = replace(WORKS_COURSE, paused_at=at("2026-03-20"))
    assert windows.raised(paused, Form.OBJECTION, Subject.DOCUMENT, at("2026-03-25")).ok
    assert not windows.raised(WORKS_COURSE, Form.OBJECTION, Subject.DOCUMENT, at("2026-03-25")).ok
    late = replace(WORKS_COURSE, paused_at=at("2026-03-21"))
    assert not windows.raised(late, Form.OBJECTION, Subject.DOCUMENT, at("2026-03-25")).ok
    shown = replace(WORKS_COURSE, paused_at=at("2026-04-11"))
    assert windows.raised(shown, Form.OBJECTION, Subject.RESULT, at("2026-04-20")).ok


def test_a_last_day_beyond_the_published_calendar_is_not_past() -> None:
    course = replace(BUYING_COURSE, result=at("2026-12-28"))
    found = windows.raised(course, Form.QUESTION, Subject.RESULT, at("2026-12-31"))
    assert found.ok and found.facts["until"] == "—"


@pytest.mark.parametrize(("moment", "subject"), [("published", Subject.DOCUMENT), ("published", Subject.PROCEDURE), ("closed", Subject.OPENING),
                                                 ("result", Subject.RESULT), ("prequalification", Subject.PREQUALIFICATION)])
def test_nothing_is_raised_before_its_step(moment, subject) -> None:
    course = BUYING_COURSE if subject is Subject.PROCEDURE else WORKS_COURSE
    form = Form.QUESTION if subject is Subject.PROCEDURE else Form.OBJECTION
    with refused("objection.not_yet"):
        windows.raised(replace(course, **{moment: None}), form, subject, at("2026-05-06"), date(2026, 5, 1))
    if moment in ("closed", "result", "published"):
        begun = getattr(course, moment)
        with refused("objection.not_yet"):
            windows.raised(course, form, subject, begun - MICRO, date(2026, 3, 1))
        windows.raised(course, form, subject, begun, date(2026, 3, 1))


def test_the_day_of_knowing_is_given_and_not_ahead() -> None:
    with refused("objection.since_missing"):
        windows.raised(BUYING_COURSE, Form.QUESTION, Subject.PROCEDURE, at("2026-03-10"))
    with refused("objection.since_ahead"):
        windows.raised(BUYING_COURSE, Form.QUESTION, Subject.PROCEDURE, at("2026-03-10"), date(2026, 3, 11))
    assert windows.raised(BUYING_COURSE, Form.QUESTION, Subject.PROCEDURE, at("2026-03-10"), date(2026, 3, 10)).ok


BUYING_TYPES = {"procurement-open", "procurement-invited", "negotiation", "consultation", "inquiry", "single-source", "framework",
                "procurement-prequalification"}
WORKS_TYPES = {"works-open", "works-invited", "works-prequalification"}
#: Written by hand from the statutes: works object, procurement inquires and questions.
OPEN = {
    ("objection", "prequalification"): WORKS_TYPES, ("objection", "document"): WORKS_TYPES,
    ("objection", "opening"): WORKS_TYPES, ("objection", "result"): WORKS_TYPES,
    **{(form, subject): BUYING_TYPES
       for form in ("inquiry", "question") for subject in ("document", "procedure", "result")},
    ("inquiry", "opening"): BUYING_TYPES}


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_path_and_step_of_every_procedure(procedure) -> None:
    for form in Form:
        for subject in Subject:
            def ask(form=form, subject=subject) -> None:
                rules.require_form(procedure, form, subject, on=date(2026, 3, 10), region="CN")
            if procedure in OPEN.get((form, subject), ()):
                ask()
            else:
                with pytest.raises(Refused, check=lambda refusal: refusal.reason in ("objection.no_path", "objection.not_a_subject")):
                    ask()


@pytest.mark.parametrize("form", Form)
def test_answers_fit_the_path(form) -> None:
    for answer in Answer:
        if (answer is Answer.EXPLAINED) == (form is Form.INQUIRY):
            rules.require_answer(form, answer)
        else:
            with refused("objection.answer_unfit"):
                rules.require_answer(form, answer)


# --- secrecy and content -------------------------------------------------------------------------

DEADLINE = at("2026-03-30T10:00")


@pytest.mark.parametrize("stage", Stage)
def test_names_are_secret_until_the_bids_are_closed(stage) -> None:
    long_after = DEADLINE + timedelta(days=400)
    before_close = stage in (Stage.REGISTERED, Stage.ANNOUNCED, Stage.BIDDING)
    assert rules.is_secret(stage, None, DEADLINE, long_after) is before_close
    # A pause keeps the secrecy of the stage that it came in, whatever the old deadline says.
    assert rules.is_secret(Stage.PAUSED, stage, DEADLINE, long_after) is before_close
    ended = stage in (Stage.TERMINATED, Stage.RESTARTED)
    assert rules.is_secret(stage, None, DEADLINE, DEADLINE - MICRO) is (before_close or ended)
    assert rules.is_secret(stage, None, DEADLINE, DEADLINE) is before_close


def test_a_text_does_not_name_its_writer() -> None:
    rules.refuse_names(["限定品牌", "请修改"], ("青石建设集团有限公司", "91510000AAAAAAAA0X"))
    for text in ("我方青石建设集团有限公司认为", "代码 91510000aaaaaaaa0x"):
        with refused("objection.names_raiser"):
            rules.refuse_names(["限定品牌", text], ("青石建设集团有限公司", "91510000AAAAAAAA0X"))


@pytest.mark.parametrize(("points", "ok"), [
    ([], False), ([" "], False), (["甲"], True), ([str(n) for n in range(20)], True), ([str(n) for n in range(21)], False),
    (["x" * 300], True), (["x" * 301], False)])
def test_points_are_some_and_not_too_many(points, ok) -> None:
    if ok:
        assert rules.content(points, " 理由 ") == (points, "理由")
    else:
        with refused("objection.points"):
            rules.content(points, "理由")


@pytest.mark.parametrize(("length", "ok"), [(0, False), (1, True), (4000, True), (4001, False)])
def test_grounds_are_written(length, ok) -> None:
    if ok:
        assert rules.content(["甲", "甲", " 甲"], "x" * length)[0] == ["甲"]
    else:
        with refused("objection.text"):
            rules.content(["甲"], "x" * length)


# --- effects -----------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", Subject)
@pytest.mark.parametrize("form", Form)
def test_what_rests_until_the_reply(form, subject) -> None:
    for procedure in ("works-open", "procurement-open"):
        for timely in (True, False):
            found = rules.resting(procedure, form, subject, timely=timely, on=date(2026, 3, 10), region="CN")
            rests = procedure == "works-open" and timely and form is Form.OBJECTION and subject in ("prequalification", "document", "result")
            assert (found is not None) is rests
            assert found is None or "条例 第22条" in found.article


def test_signing_waits_for_a_question_only() -> None:
    assert "第54条" in rules.signing_rests("procurement-open", Form.QUESTION, on=date(2026, 3, 10), region="CN").article
    for procedure, form in (("procurement-open", Form.INQUIRY), ("works-open", Form.OBJECTION)):
        with refused("objection.cannot_affect"):
            rules.signing_rests(procedure, form, on=date(2026, 3, 10), region="CN")
    with refused("objection.cannot_affect"):
        rules.signing_rests("procurement-open", Form.QUESTION, on=date(2015, 2, 28), region="CN")


# --- complaints --------------------------------------------------------------------------------


def basis(subject=Subject.DOCUMENT, replied="2026-03-12", **changes) -> Basis:
    values = {"points": ("甲", "乙"), "filed": at("2026-03-10"), "last": date(2026, 3, 19), "replied": at(replied) if replied else None}
    return Basis(subject, **(values | changes))


def needs(procedure, subject, found, points=("甲",), moment="2026-03-16") -> None:
    require(rules.complaint_needs(procedure, subject, points, found, at=at(moment), region="CN"))


@pytest.mark.parametrize("subject", Subject)
def test_works_ask_the_objection_first_for_what_the_law_names(subject) -> None:
    if subject is Subject.PROCEDURE:
        needs("works-open", subject, None)
        return
    for wrong in (None, basis(Subject.RESULT if subject is not Subject.RESULT else Subject.DOCUMENT)):
        with refused("complaint.objection_first"):
            needs("works-open", subject, wrong)
    needs("works-open", subject, basis(subject))


@pytest.mark.parametrize("subject", Subject)
def test_procurement_asks_the_question_first_for_all(subject) -> None:
    if subject in (Subject.PREQUALIFICATION, Subject.OPENING):
        with refused("objection.not_a_subject"):
            needs("procurement-open", subject, basis(subject))
        return
    with refused("complaint.objection_first"):
        needs("procurement-open", subject, None)
    needs("procurement-open", subject, basis(subject))


@pytest.mark.parametrize("procedure", ["works-open", "procurement-open"])
def test_the_reply_is_awaited_until_its_time_is_over(procedure) -> None:
    for moment, ok in (("2026-03-18", False), ("2026-03-19T23:59:59.999999", False), ("2026-03-20T00:00", True)):
        if ok:
            needs(procedure, Subject.DOCUMENT, basis(replied=None), moment=moment)
        else:
            with refused("complaint.reply_awaited"):
                needs(procedure, Subject.DOCUMENT, basis(replied=None), moment=moment)
    needs(procedure, Subject.DOCUMENT, basis(replied="2026-03-11"), moment="2026-03-11T12:00:01")
    with refused("complaint.reply_awaited"):
        needs(procedure, Subject.DOCUMENT, basis(replied=None, last=None), moment="2026-12-31")


def test_a_complaint_stays_within_the_question() -> None:
    for points, ok in ((("甲",), True), (("甲", "乙"), True), (("甲", "乙", "丙"), False), (("丙",), False)):
        if ok:
            needs("procurement-open", Subject.DOCUMENT, basis(), points)
        else:
            with refused("complaint.beyond_question"):
                needs("procurement-open", Subject.DOCUMENT, basis(), points)
        # Works set no such limit.
        needs("works-open", Subject.DOCUMENT, basis(), points)


@pytest.mark.parametrize(("filed", "replied", "last"), [
    (None, None, "2026-03-12"), ("2026-03-04", "2026-03-06", "2026-03-16"), ("2026-03-04", "2026-03-04", "2026-03-12"),
    ("2026-03-10", "2026-03-13", "2026-03-16")])
def test_works_complain_within_ten_days_of_knowing_and_the_reply_is_not_counted(filed, replied, last) -> None:
    # Known on Monday 2 March; ten days end on the 12th; two days of a reply move that to Saturday the 14th, which rolls to Monday.
    found = basis(filed=at(filed), replied=replied, last=date(2026, 3, 9)) if filed else None
    end = at(f"{last}T23:59:59.999999")
    for moment, ok in ((end - timedelta(days=1), True), (end, True), (end + MICRO, False)):
        answer = windows.complained(WORKS_COURSE, Subject.DOCUMENT, found, moment, date(2026, 3, 2))
        assert answer.ok is ok and answer.key == "ob.complaint", moment


def test_an_objection_without_reply_stops_the_count_for_the_time_to_reply_only() -> None:
    found = basis(filed=at("2026-03-04"), replied=None, last=date(2026, 3, 9))
    for day, ok in (("2026-03-16", True), ("2026-03-17", True), ("2026-03-18", False)):
        assert windows.complained(WORKS_COURSE, Subject.DOCUMENT, found, at(day), date(2026, 3, 2)).ok is ok


def test_procurement_complains_within_fifteen_working_days_after_the_time_to_reply() -> None:
    # From 19 March fifteen working days; 6 April is a day off (清明).
    for moment, ok in (("2026-04-08", True), ("2026-04-10T23:59:59.999999", True), ("2026-04-11T00:00", False)):
        answer = windows.complained(BUYING_COURSE, Subject.DOCUMENT, basis(), at(moment), None)
        assert answer.ok is ok and answer.key == "ob.complaint"
    assert windows.complained(BUYING_COURSE, Subject.DOCUMENT, basis(last=None), at("2026-12-31"), None).ok


def test_a_works_complaint_gives_the_day_of_knowing() -> None:
    with refused("objection.since_missing"):
        windows.complained(WORKS_COURSE, Subject.PROCEDURE, None, at("2026-03-10"), None)
    with refused("objection.since_ahead"):
        windows.complained(WORKS_COURSE, Subject.PROCEDURE, None, at("2026-03-10"), date(2026, 3, 11))
    with refused("objection.not_yet"):
        windows.complained(replace(WORKS_COURSE, result=None), Subject.RESULT, basis(Subject.RESULT), at("2026-03-10"), date(2026, 3, 9))


# --- clocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "subject", "where", "day", "key"), [
    (Form.OBJECTION, Subject.DOCUMENT, WORKS, "2026-03-05", "ob.reply"), (Form.OBJECTION, Subject.OPENING, WORKS, "2026-03-02", "op.objection"),
    (Form.QUESTION, Subject.RESULT, BUYING, "2026-03-11", "ob.reply"), (Form.INQUIRY, Subject.RESULT, BUYING, "2026-03-05", "ob.inquiry_reply")])
def test_replies_are_due(form, subject, where, day, key) -> None:
    found = clocks.reply_due(form, subject, at("2026-03-02"), **where)
    assert (found.date.isoformat(), found.rule.key) == (day, key) and found.citation


def test_a_complaint_is_admitted_and_its_copies_go_out() -> None:
    received = at("2026-03-02")
    assert clocks.acceptance_due(received, **WORKS).date == date(2026, 3, 5)
    assert clocks.acceptance_due(received, **BUYING).date == date(2026, 3, 9)
    assert clocks.copies_due(received, **WORKS) is None
    assert clocks.copies_due(received, **BUYING).date == date(2026, 3, 12)
    assert clocks.refusal_due(received, **WORKS) is None
    assert clocks.refusal_due(received, **BUYING).date == date(2026, 3, 5)


def test_works_decide_from_acceptance_and_procurement_from_receipt() -> None:
    received, accepted = at("2026-03-02"), at("2026-03-04")
    assert clocks.decision_due(received, None, **WORKS) is None
    # Thirty working days from 4 March; 6 April is off.
    assert clocks.decision_due(received, accepted, **WORKS).date == date(2026, 4, 16)
    assert clocks.decision_due(received, None, **BUYING).date == date(2026, 4, 14)
    assert clocks.decision_due(received, accepted, **BUYING).date == date(2026, 4, 14)


@pytest.mark.parametrize(("stretches", "days"), [
    ([], 0), ([("2026-03-10", "2026-03-10")], 0), ([("2026-03-10", "2026-03-11")], 1), ([("2026-03-10", "2026-03-17")], 5),
    ([("2026-03-10", "2026-03-17"), ("2026-03-12", "2026-03-18")], 6), ([("2026-03-13", "2026-03-15")], 0), ([("2026-05-20", "2026-05-30")], 0)])
def test_inspections_and_reviews_are_not_counted(stretches, days) -> None:
    known = [Stretch(date.fromisoformat(a), date.fromisoformat(b)) for a, b in stretches]
    plain = clocks.decision_due(at("2026-03-02"), None, **BUYING)
    found = clocks.decision_due(at("2026-03-02"), None, known, **BUYING)
    day, left = plain.date, days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    assert found.date == day
    assert found.days_counted == plain.days_counted


def test_a_last_day_does_not_roll_into_days_that_do_not_count() -> None:
    # Nine days to the 11th; the 12th and 13th do not count, so the tenth is Saturday the 14th and rolls on.
    first, second = Stretch(date(2026, 3, 11), date(2026, 3, 13)), Stretch(date(2026, 3, 15), date(2026, 3, 17))
    found = clocks.due_without("ob.complaint", date(2026, 3, 2), [first], **WORKS)
    assert found.date == date(2026, 3, 16) and found.rolled
    assert clocks.due_without("ob.complaint", date(2026, 3, 2), [first, second], **WORKS).date == date(2026, 3, 18)
    with refused("law.not_a_period"):
        clocks.due_without("ob.one_time", date(2026, 3, 2), [first], **BUYING)


@pytest.mark.parametrize(("where", "kinds"), [
    (WORKS, {"inspection", "test", "expert_review"}), (BUYING, {"inspection", "test", "expert_review", "correction"})])
def test_what_is_not_counted(where, kinds) -> None:
    for kind in ("inspection", "test", "expert_review", "correction", "holiday", ""):
        assert clocks.is_uncounted(kind, on=date(2026, 3, 2), **where).ok is (kind in kinds)


def test_a_complaint_is_corrected_once_in_procurement_and_not_in_works() -> None:
    for times, ok in ((0, True), (1, True), (2, False)):
        assert clocks.may_correct(times, on=date(2026, 3, 2), **BUYING).ok is ok
    with refused("complaint.no_correction"):
        clocks.may_correct(1, on=date(2026, 3, 2), **WORKS)


def test_a_suspension_ends_in_procurement_and_not_in_works() -> None:
    assert clocks.suspension_ends(at("2026-03-02"), **BUYING).date == date(2026, 4, 1)
    assert clocks.suspension_ends(at("2026-03-02"), **WORKS) is None


def test_lights() -> None:
    ends = at("2026-03-06T00:00")
    for moment, light in ((ends - timedelta(days=1) - MICRO, "ok"), (ends - timedelta(days=1), "warn"), (ends - MICRO, "warn"), (ends, "alarm")):
        assert clocks.light(ends, moment) == light
    assert clocks.light(ends, ends + timedelta(days=9), ends - MICRO) == "ok"
    assert clocks.light(ends, ends + timedelta(days=9), ends) == "alarm"


# --- decisions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("procedure", ["works-open", "procurement-open"])
@pytest.mark.parametrize("fabricated", [False, True])
@pytest.mark.parametrize("measure", [None, *Measure])
@pytest.mark.parametrize("outcome", Outcome)
def test_a_decision_holds_together(procedure, fabricated, measure, outcome) -> None:
    def decide() -> None:
        rules.refuse_unsound(outcome, measure, fabricated=fabricated, procedure_id=procedure, on=date(2026, 3, 2), region="CN")
    if outcome is Outcome.UPHELD and measure is None:
        reason = "complaint.measure_missing"
    elif outcome is Outcome.DISMISSED and measure is not None:
        reason = "complaint.measure_without_ground"
    elif fabricated and outcome is Outcome.UPHELD:
        reason = "complaint.fabricated_upheld"
    else:
        return decide()
    with refused(reason):
        decide()


# --- bans, questions at once ---------------------------------------------------------------------


@pytest.mark.parametrize(("months", "last"), [(11, None), (12, "2027-03-02"), (13, "2027-04-02"), (36, "2029-03-02"), (37, None), (0, None),
                                              (-12, None), (10**9, None)])
def test_a_ban_lasts_one_to_three_years(months, last) -> None:
    if last is None:
        with pytest.raises(Refused) as caught:
            clocks.ban_ends(months, at("2026-03-02"), **BUYING)
        assert caught.value.reason == "ban.months" and caught.value.facts["article"].endswith("第73条")
        assert caught.value.facts["key"] == ("ob.ban_min" if months < 12 else "ob.ban_max")
    else:
        assert str(clocks.ban_ends(months, at("2026-03-02"), **BUYING).date) == last


def test_the_law_bans_nobody_from_works_or_before_its_day() -> None:
    for where, on in ((WORKS, "2026-03-02"), (BUYING, "2015-02-28")):
        with refused("ban.no_ground"):
            clocks.ban_ends(12, at(on), **where)
    assert clocks.ban_ends(12, at("2015-03-01"), **BUYING)


@pytest.mark.parametrize(("procedure", "on", "asked"), [
    ("procurement-open", date(2018, 2, 28), False), ("procurement-open", date(2018, 3, 1), True), ("works-open", date(2026, 3, 2), False)])
def test_a_document_may_ask_for_all_questions_at_once(procedure, on, asked) -> None:
    assert (rules.at_once(procedure, on=on, region="CN") is not None) is asked


@pytest.mark.parametrize(("one", "other", "same"), [
    ((Subject.DOCUMENT, None), (Subject.DOCUMENT, date(2026, 3, 3)), True), ((Subject.DOCUMENT, None), (Subject.RESULT, None), False),
    ((Subject.PROCEDURE, date(2026, 3, 3)), (Subject.PROCEDURE, date(2026, 3, 3)), True),
    ((Subject.PROCEDURE, date(2026, 3, 3)), (Subject.PROCEDURE, date(2026, 3, 4)), False)])
def test_steps_of_a_procedure_differ_by_their_day(one, other, same) -> None:
    assert rules.same_step(*one, *other) is same


def test_what_is_said_at_the_opening_is_answered_on_the_spot() -> None:
    for where, form in ((WORKS, Form.OBJECTION), (BUYING, Form.INQUIRY)):
        period = clocks.reply_due(form, Subject.OPENING, at("2026-03-30"), **where)
        assert (period.date, period.rule.key) == (date(2026, 3, 30), "op.objection")


# --- lives: every cell --------------------------------------------------------------------------

LIFE = "filed-reply-replied filed-withdraw-withdrawn filed-mark-filed"
COURSE = ("received-ask_correction-correcting correcting-correct-received received-accept-accepted received-refuse-refused "
          "correcting-refuse-refused accepted-begin_stretch-examining examining-end_stretch-accepted accepted-suspend-accepted "
          "examining-suspend-examining accepted-decide-decided received-withdraw-withdrawn correcting-withdraw-withdrawn "
          "accepted-withdraw-withdrawn examining-withdraw-withdrawn")


@pytest.mark.parametrize(("way", "states", "steps", "walk", "reason"), [
    (LIFE, State, Step, rules.after, "objection.step_not_allowed"), (COURSE, Phase, Act, rules.then, "complaint.step_not_allowed")])
def test_every_cell(way, states, steps, walk, reason) -> None:
    wanted = {tuple(cell.split("-")[:2]): cell.split("-")[2] for cell in way.split()}
    seen = set()
    for state in states:
        for step in steps:
            if (state, step) in wanted:
                assert walk(state, step) == wanted[state, step]
            else:
                with refused(reason):
                    walk(state, step)
            seen.add((state, step))
    assert set(wanted) <= seen and len(seen) == len(states) * len(steps)


def test_every_remedy_has_its_row() -> None:
    assert set(rules.FORMS) == set(rules.COMPLAINED) == set(Remedy)
    assert set(rules.RAISED) == set(rules.ANSWERS) == set(Form)

"""Was something raised in time? Late is told, never blocked: whoever tenders or supervises decides.

Every answer is a Finding with its article and the last day, ``until``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.periods import day_of, due, latest
from trading.law.procedures import Remedy, procedure
from trading.law.rules import find, seek
from trading.objections.clocks import Stretch, due_without
from trading.objections.rules import Basis, Form, Subject, require_form


@dataclass(frozen=True)
class Course:
    """The moments of one lot that windows hang on; None where the case has not come so far."""

    procedure: str
    region: str
    published: datetime | None = None
    documents_until: date | None = None
    prequalification: datetime | None = None
    deadline: datetime | None = None
    closed: datetime | None = None
    opened: datetime | None = None
    result: datetime | None = None
    result_until: datetime | None = None
    paused_at: datetime | None = None

    def still(self, at: datetime) -> datetime:
        """The moment that periods of the case have come to: they stand still with the lot."""
        return min(at, self.paused_at) if self.paused_at else at


def _begun(course: Course, subject: Subject) -> datetime | None:
    """When the step that is contested came to be known."""
    return {Subject.PREQUALIFICATION: course.published if course.prequalification else None, Subject.DOCUMENT: course.published,
            Subject.PROCEDURE: course.published, Subject.OPENING: course.closed, Subject.RESULT: course.result}[subject]


def _require_begun(course: Course, subject: Subject, at: datetime, since: date | None) -> None:
    begun = _begun(course, subject)
    if begun is None or begun > at:
        raise Refused("objection.not_yet", subject=subject)
    if since is not None and since > day_of(at):
        raise Refused("objection.since_ahead", since=since)


def raised(course: Course, form: Form, subject: Subject, at: datetime, since: date | None = None) -> Finding:
    """Hold an objection, inquiry or question against its window.

    ``since``: the day on which the supplier got the document, or on which the contested step ended.
    Raises Refused ``objection.no_path``, ``.not_a_subject``, ``.not_yet``, ``.since_missing`` or ``.since_ahead``.
    """
    where = {"region": course.region, "procedure": course.procedure}
    on = day_of(at)
    require_form(course.procedure, form, subject, on=on, region=course.region)
    _require_begun(course, subject, at, since)
    if subject is Subject.OPENING:
        rule = find("op.objection", on=on, **where)
        ok = course.opened is None or at <= course.opened
        return finding(ok, rule, "objection.on_the_spot", "objection.after_opening", until=course.opened or "—")
    if form is Form.INQUIRY:
        # The law sets a time to answer an inquiry and none to make it (采购条例 52).
        rule = find("ob.inquiry_reply", on=on, **where)
        return finding(True, rule, "objection.any_time", "objection.any_time")
    if form is Form.QUESTION:
        return _within("ob.question", _question_starts(course, subject, since), course, at)
    if subject is Subject.RESULT:
        rule = find("ob.result", on=on, **where)
        ok = course.result_until is not None and course.still(at) < course.result_until
        return finding(ok, rule, "objection.in_time", "objection.overdue", filed=on, until=course.result_until or "—")
    key, end = ("ob.document", course.deadline) if subject is Subject.DOCUMENT else ("ob.prequal", course.prequalification)
    assert end is not None, "a published document has its deadline"
    last = latest(key, end, on=on, **where)
    return finding(day_of(course.still(at)) <= last.date, last.rule, "objection.in_time", "objection.overdue", filed=on, until=last.date)


def _question_starts(course: Course, subject: Subject, since: date | None) -> date:
    """The day from which a question's window runs (采购条例 53)."""
    where = {"region": course.region, "procedure": course.procedure}
    if subject is Subject.RESULT:
        assert course.result is not None
        return due("gp.result_period", course.result, **where).date
    if subject is Subject.PROCEDURE:
        if since is None:
            raise Refused("objection.since_missing")
        return since
    assert course.published is not None
    notice = seek(procedure(course.procedure).periods.get("notice", ""), on=day_of(course.published), **where)
    # Where no notice period is set, the document is known to all once it is no longer handed out.
    ends = due(notice.key, course.published, **where).date if notice else course.documents_until or day_of(course.published)
    return max(ends, since) if since else ends


def complained(course: Course, subject: Subject, basis: Basis | None, at: datetime, since: date | None) -> Finding:
    """Hold a complaint against its window; ``since``: the day on which a works complainant learned of the breach.

    Works: the time of the reply to the objection is not counted (条例 60). Procurement: from the
    end of the time to reply (法 55).
    """
    _require_begun(course, subject, at, since)
    if procedure(course.procedure).remedy is Remedy.QUESTION:
        assert basis is not None, "what the law asks for first was required before"
        return _within("ob.complaint", basis.last, course, at)
    if since is None:
        raise Refused("objection.since_missing")
    awaited = (Stretch(day_of(basis.filed), _replied(basis, at)),) if basis else ()
    return _within("ob.complaint", since, course, at, awaited)


def _replied(basis: Basis, at: datetime) -> date:
    """The day until which a reply was awaited."""
    if basis.replied is not None:
        return day_of(basis.replied)
    return min(basis.last or day_of(at), day_of(at))


def _within(key: str, start: date | None, course: Course, at: datetime, without: tuple[Stretch, ...] = ()) -> Finding:
    where, on = {"region": course.region, "procedure": course.procedure}, day_of(at)
    try:
        last = due_without(key, start, without, on=on, **where) if start else None
    except Refused as refusal:
        if refusal.reason != "law.calendar_not_published":
            raise
        last = None
    # A last day in a year whose days off are not published yet cannot be past.
    ok = last is None or on <= last.date
    return finding(ok, find(key, on=on, **where), "objection.in_time", "objection.overdue", filed=on, until=last.date if last else "—")

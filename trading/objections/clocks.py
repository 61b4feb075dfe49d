"""By when is something answered, admitted or decided, which days do not count, and how near that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trading.base.errors import Refused
from trading.law import calendar
from trading.law.checks import check_choice, check_figure
from trading.law.findings import Finding
from trading.law.periods import ONE_DAY, Period, Roll, add_months, day_of, due
from trading.law.rules import Rule, Unit, find, seek
from trading.objections.rules import Form, Subject

#: When a light turns yellow; the law sets the end of a period and no warning before it.
NEAR = timedelta(days=1)
CORRECTION = "correction"


@dataclass(frozen=True)
class Stretch:
    """Days that do not count: those after ``begins`` up to and with ``ends`` (T1)."""

    begins: date
    ends: date

    def holds(self, day: date) -> bool:
        return self.begins < day <= self.ends


def due_without(key: str, start: date | datetime, stretches: Iterable[Stretch] = (), *, region: str, procedure: str,
                on: date | None = None) -> Period:
    """The last day of a duty within N, where some days do not count; ``skipped`` names rest days and those."""
    known = [stretch for stretch in stretches if stretch.begins < stretch.ends]
    if not known:
        return due(key, start, region=region, procedure=procedure, on=on)
    rule = find(key, on=on or day_of(start), region=region, procedure=procedure)
    if rule.unit not in (Unit.DAY, Unit.WORKING_DAY):
        raise Refused("law.not_a_period", key=key, unit=rule.unit)

    def is_out(day: date) -> bool:
        return any(stretch.holds(day) for stretch in known)

    day, left, skipped = day_of(start), int(rule.value), []
    while left:
        day += ONE_DAY
        if is_out(day) or rule.unit is Unit.WORKING_DAY and calendar.is_rest_day(day):
            skipped.append(day)
        else:
            left -= 1
    ends = day
    if rule.unit is Unit.DAY:
        mode = Roll(rule.roll or str(find("t.roll", on=on or day_of(start), region=region, procedure=procedure).value))
        rests = {Roll.REST_DAY: calendar.is_rest_day, Roll.PUBLIC_HOLIDAY_ONLY: calendar.is_public_holiday,
                 Roll.NONE: lambda _day: False}[mode]
        while rests(ends) or is_out(ends):
            skipped.append(ends)
            ends += ONE_DAY
    return Period(ends, int(rule.value), tuple(skipped), ends != day, rule)


def reply_due(form: Form, subject: Subject, filed: datetime, *, region: str, procedure: str) -> Period:
    """The last day to reply; what is raised about the opening is answered on the spot (条例 44, 87号令 42)."""
    where = {"region": region, "procedure": procedure}
    if subject is Subject.OPENING:
        return Period(day_of(filed), 0, (), False, find("op.objection", on=day_of(filed), **where))
    return due("ob.inquiry_reply" if form is Form.INQUIRY else "ob.reply", filed, **where)


def acceptance_due(received: datetime, stretches: Iterable[Stretch] = (), *, region: str, procedure: str) -> Period:
    """The last day to say whether a complaint is taken up (条例 61, 94号令)."""
    return due_without("ob.accept", received, stretches, region=region, procedure=procedure)


def copies_due(received: datetime, stretches: Iterable[Stretch] = (), *, region: str, procedure: str) -> Period | None:
    """The last day to send out copies of a complaint, where the law sets one."""
    if seek("ob.accept_copies", on=day_of(received), region=region, procedure=procedure) is None:
        return None
    return due_without("ob.accept_copies", received, stretches, region=region, procedure=procedure)


def refusal_due(checked: datetime, *, region: str, procedure: str) -> Period | None:
    """The last day to tell a complainant that a complaint is not taken up, where the law sets one."""
    if seek("ob.accept_refusal", on=day_of(checked), region=region, procedure=procedure) is None:
        return None
    return due("ob.accept_refusal", checked, region=region, procedure=procedure)


def decision_due(received: datetime, accepted: datetime | None, stretches: Iterable[Stretch] = (), *, region: str,
                 procedure: str) -> Period | None:
    """The last day to decide: from acceptance in works (条例 61), from receipt in procurement (法 56).

    None while a period that runs from acceptance has not begun.
    """
    # Both rows are those in force when the complaint came in, whichever moment starts the period.
    on = day_of(received)
    start = received if find("ob.decide_from", on=on, region=region, procedure=procedure).value == "receipt" else accepted
    return start and due_without("ob.decide", start, stretches, region=region, procedure=procedure, on=on)


def suspension_ends(ordered: datetime, *, region: str, procedure: str) -> Period | None:
    """The last day of a suspension while a complaint is handled (法 57); None where the law sets no end."""
    if seek("ob.suspend", on=day_of(ordered), region=region, procedure=procedure) is None:
        return None
    return due("ob.suspend", ordered, region=region, procedure=procedure)


def ban_ends(months: int, ordered: date | datetime, *, region: str, procedure: str) -> Period:
    """The last day of a ban of some months, held between its shortest and its longest (采购条例 73).

    Raises Refused ``ban.no_ground`` where the law knows none, ``ban.months`` with key, article and figures.
    """
    on = day_of(ordered)
    least, most = ban_span(on=on, region=region, procedure=procedure)
    for rule, kept in ((least, months >= int(least.value)), (most, months <= int(most.value))):
        if rule.unit is not Unit.MONTH:
            raise Refused("law.rule_of_other_kind", key=rule.key, kind=rule.unit)
        if not kept:
            raise Refused("ban.months", key=rule.key, article=rule.article, months=months, least=least.value, most=most.value)
    return Period(add_months(on, months), months, (), False, most)


def ban_span(*, on: date, region: str, procedure: str) -> tuple[Rule, Rule]:
    """The shortest and the longest ban by the law of a day. Raises Refused ``ban.no_ground`` where there is none."""
    least, most = (seek(key, on=on, region=region, procedure=procedure) for key in ("ob.ban_min", "ob.ban_max"))
    if least is None or most is None:
        raise Refused("ban.no_ground")
    return least, most


def is_uncounted(kind: str, *, on: date, region: str, procedure: str) -> Finding:
    """May days of this kind be left out of the time to decide (条例 61, 采购条例 58)?"""
    return check_choice("ob.not_counted", kind, on=on, region=region, procedure=procedure)


def may_correct(times: int, *, on: date, region: str, procedure: str) -> Finding:
    """May a complaint be sent back for correction for the ``times``-th time? Once in procurement, not in works."""
    if seek("ob.correct_once", on=on, region=region, procedure=procedure) is None:
        raise Refused("complaint.no_correction")
    return check_figure("ob.correct_once", times, on=on, region=region, procedure=procedure)


def light(ends: datetime, at: datetime, done: datetime | None = None) -> str:
    """Green, yellow on the last day, red from the end on; what is done keeps the light it was done under."""
    if (done or at) >= ends:
        return "alarm"
    return "warn" if done is None and ends - at <= NEAR else "ok"

"""Periods: from a day and a rule to the lawful date, with every step on view (T1 to T9).

T1 the first day is not counted; T2 a last day of rest moves on (民法典 203); T3 the last day
ends at 24:00; T4 hours run from the moment; T5 months end on the same number, else at the
month's end (民法典 202); T6 backwards without moving; T7 working days; T8 "N days between";
T9 no sums beyond the published calendar.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from trading.base.errors import Refused
from trading.law import calendar
from trading.law.rules import NATION, Rule, Unit, find

#: Days are days of Beijing, wherever the server or the reader is.
LEGAL_TIME = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)


class Roll(StrEnum):
    """What happens to a last day of rest (t.roll): the Civil Code moves it past any rest day,
    87号令 art. 85 names public holidays only, and keeping terms do not move at all."""

    REST_DAY = "rest_day"
    PUBLIC_HOLIDAY_ONLY = "public_holiday_only"
    NONE = "none"


@dataclass(frozen=True)
class Period:
    """A date worked out from a rule, with what was counted and what was passed over.

    ``tentative`` marks a last day in a year whose days off are not published yet: it can only
    move later, never earlier.
    """

    date: date
    days_counted: int
    skipped: tuple[date, ...]
    rolled: bool
    rule: Rule
    moment: datetime | None = None
    tentative: bool = False

    @property
    def citation(self) -> str:
        """The article behind the date, in one line."""
        return self.rule.citation

    @property
    def ends(self) -> datetime:
        """The moment a duty "within N days" is over: 24:00 of the last day, in UTC (T3)."""
        if self.moment is not None:
            return self.moment
        midnight = datetime.combine(self.date + ONE_DAY, time(), LEGAL_TIME)
        return midnight.astimezone(UTC)


def day_of(when: date | datetime) -> date:
    """The day on which a moment falls in Beijing."""
    if not isinstance(when, datetime):
        return when
    if when.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return when.astimezone(LEGAL_TIME).date()


def earliest(
    key: str,
    start: date | datetime,
    *,
    region: str = NATION,
    procedure: str | None = None,
    on: date | None = None,
    count_full_days: bool = False,
) -> Period:
    """First lawful date of what must lie at least N after the start (T8).

    ``on`` is the day of the legal event that fixes the version of the law; the start, unless
    told. ``count_full_days`` asks for N whole days of 24 hours, as some regions do.
    """
    rule = find(key, on=on or day_of(start), region=region, procedure=procedure)
    return _forward(rule, start, region, procedure, on or day_of(start), int(count_full_days))


def due(
    key: str,
    start: date | datetime,
    *,
    region: str = NATION,
    procedure: str | None = None,
    on: date | None = None,
    tentative: bool = False,
) -> Period:
    """Last day of a duty to be done within N; it may be done until 24:00 (T3).

    ``tentative`` accepts a last day that falls beyond the published calendar as it stands: the
    clock of a duty may show it, for it is never too late. Working days are refused even so.
    """
    rule = find(key, on=on or day_of(start), region=region, procedure=procedure)
    try:
        return _forward(rule, start, region, procedure, on or day_of(start), 0)
    except Refused as refusal:
        if not tentative or refusal.reason != "law.calendar_not_published":
            raise
        if rule.unit is Unit.WORKING_DAY:
            raise
    unmoved = _forward(replace(rule, roll=Roll.NONE), start, region, procedure, day_of(start), 0)
    return replace(unmoved, rule=rule, tentative=True)


def due_or_none(
    key: str, start: date | datetime, *, region: str = NATION, procedure: str | None = None
) -> Period | None:
    """Like ``due`` for a clock on a page: None where the published calendar does not reach."""
    try:
        return due(key, start, region=region, procedure=procedure, tentative=True)
    except Refused as refusal:
        if refusal.reason != "law.calendar_not_published":
            raise
        return None


def latest(
    key: str,
    end: date | datetime,
    *,
    region: str = NATION,
    procedure: str | None = None,
    on: date | None = None,
    count_full_days: bool = False,
) -> Period:
    """Last lawful date of what must lie at least N before the end (T6).

    It does not move off a rest day: an act done on that day still counts.
    """
    rule = find(key, on=on or day_of(end), region=region, procedure=procedure)
    if rule.unit is Unit.WORKING_DAY:
        count = _count(rule) + int(count_full_days)
        day, skipped = calendar.day_clear_of(day_of(end), count)
        return Period(day, count, skipped, False, rule)
    return _back(rule, end, int(count_full_days))


def soonest(
    key: str,
    end: date | datetime,
    *,
    region: str = NATION,
    procedure: str | None = None,
    on: date | None = None,
) -> Period:
    """First lawful date of what may lie at most N before the end, such as a draw of experts."""
    rule = find(key, on=on or day_of(end), region=region, procedure=procedure)
    if rule.unit is Unit.WORKING_DAY:
        day, skipped = calendar.working_days_before(day_of(end), _count(rule))
        return Period(day, _count(rule), skipped, False, rule)
    return _back(rule, end, 0)


def _back(rule: Rule, end: date | datetime, extra: int) -> Period:
    if rule.unit in _CLOCK:
        moment = _moment(rule, end) - _clock(rule)
        return Period(day_of(moment), 0, (), False, rule, moment)
    last = day_of(end)
    if rule.unit is Unit.MONTH:
        day = add_months(last, -_count(rule)) - extra * ONE_DAY
    else:
        day = _shift(last, -_count(rule) - extra)
    return Period(day, (last - day).days, (), False, rule)


def _forward(
    rule: Rule, start: date | datetime, region: str, procedure: str | None, on: date, extra: int
) -> Period:
    if rule.unit in _CLOCK:
        moment = _moment(rule, start) + _clock(rule)
        return Period(day_of(moment), 0, (), False, rule, moment)
    first = day_of(start)
    if rule.unit is Unit.WORKING_DAY:
        day, skipped = calendar.working_days_after(first, _count(rule) + extra)
        return Period(day, _count(rule) + extra, skipped, False, rule)
    if rule.unit is Unit.MONTH:
        day = _shift(add_months(first, _count(rule)), extra)
    else:
        day = _shift(first, _count(rule) + extra)
    if day == first:
        # A figure of nought sets no period, so there is no last day that could move.
        return Period(day, 0, (), False, rule)
    # Whether a last day moves is itself a rule, for a region may follow the narrower text.
    mode = Roll(
        rule.roll or str(find("t.roll", on=on, region=region, procedure=procedure).value)
    )
    ends, skipped = roll(day, mode)
    return Period(ends, (day - first).days, skipped, ends != day, rule)


def roll(day: date, mode: Roll) -> tuple[date, tuple[date, ...]]:
    """Move a last day of rest to the first day after the rest, naming the days passed (T2)."""
    if mode is Roll.NONE:
        return day, ()
    rests = calendar.is_rest_day if mode is Roll.REST_DAY else calendar.is_public_holiday
    skipped: list[date] = []
    while rests(day):
        skipped.append(day)
        day += ONE_DAY
    return day, tuple(skipped)


def add_months(day: date, months: int) -> date:
    """The same-numbered day some months on or back, else the last day of that month (T5)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise Refused("law.date_out_of_range", day=day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _shift(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise Refused("law.date_out_of_range", day=day) from None


_CLOCK = {Unit.HOUR: timedelta(hours=1), Unit.MINUTE: timedelta(minutes=1)}
_DAYS = frozenset({Unit.DAY, Unit.WORKING_DAY, Unit.MONTH})


def _clock(rule: Rule) -> timedelta:
    return int(rule.value) * _CLOCK[rule.unit]


def _count(rule: Rule) -> int:
    if rule.unit not in _DAYS:
        raise Refused("law.not_a_period", key=rule.key, unit=rule.unit)
    return int(rule.value)


def _moment(rule: Rule, when: date | datetime) -> datetime:
    if not isinstance(when, datetime):
        raise Refused("law.moment_needed", key=rule.key, unit=rule.unit)
    if when.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return when.astimezone(UTC)

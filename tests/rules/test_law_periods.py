"""T1 to T9: how a period is counted, on its edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.base.errors import Refused
from trading.law.periods import Roll, add_months, day_of, due, earliest, latest, roll, soonest

BJ = timezone(timedelta(hours=8))
WORKS, GOODS = {"procedure": "works-open"}, {"procedure": "procurement-open"}


def test_the_first_day_is_not_counted() -> None:
    found = earliest("ct.bid_period", date(2026, 11, 3), **WORKS)
    assert (found.date, found.days_counted, found.rolled) == (date(2026, 11, 23), 20, False)
    assert found.citation == "招标投标法 第24条 (20 day)"


@pytest.mark.parametrize(
    ("start", "end", "skipped"),
    [
        (date(2026, 9, 10), date(2026, 9, 30), 0),
        (date(2026, 9, 11), date(2026, 10, 8), 7),
        (date(2026, 9, 17), date(2026, 10, 8), 1),
        (date(2026, 9, 18), date(2026, 10, 8), 0),
        (date(2026, 9, 20), date(2026, 10, 10), 0),  # ends on a make-up Saturday: worked
        (date(2026, 9, 21), date(2026, 10, 12), 1),
    ],
)
def test_a_last_day_of_rest_moves_past_national_day(start: date, end: date, skipped: int) -> None:
    found = earliest("ct.bid_period", start, **WORKS)
    assert (found.date, len(found.skipped), found.rolled) == (end, skipped, skipped > 0)


@pytest.mark.parametrize(
    ("mode", "day", "end"),
    [
        (Roll.REST_DAY, date(2026, 11, 21), date(2026, 11, 23)),
        (Roll.PUBLIC_HOLIDAY_ONLY, date(2026, 11, 21), date(2026, 11, 21)),
        (Roll.PUBLIC_HOLIDAY_ONLY, date(2026, 10, 3), date(2026, 10, 8)),
        (Roll.PUBLIC_HOLIDAY_ONLY, date(2026, 1, 3), date(2026, 1, 4)),
        (Roll.NONE, date(2026, 10, 3), date(2026, 10, 3)),
        (Roll.NONE, date(2031, 10, 3), date(2031, 10, 3)),
    ],
)
def test_what_a_last_day_of_rest_does_is_a_parameter(mode: Roll, day: date, end: date) -> None:
    assert roll(day, mode)[0] == end


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 9, 30), date(2026, 10, 13)),  # 8, 9, 10 (make-up Saturday), 12, 13
        (date(2026, 9, 29), date(2026, 10, 12)),
        (date(2026, 10, 3), date(2026, 10, 13)),  # beginning on a rest day
        (date(2026, 11, 16), date(2026, 11, 23)),
        (date(2026, 2, 13), date(2026, 2, 27)),  # 14 (make-up Saturday), 24, 25, 26, 27
    ],
)
def test_five_working_days(start: date, end: date) -> None:
    assert earliest("gp.doc_supply", start, **GOODS).date == end


def test_working_days_name_the_rest_days_between() -> None:
    found = earliest("gp.decide", date(2026, 9, 30), **GOODS)
    assert found.skipped == (*(date(2026, 10, n) for n in range(1, 8)), date(2026, 10, 11))
    assert (found.days_counted, found.rolled) == (5, False)


def test_a_duty_lasts_until_midnight_in_beijing() -> None:
    found = due("ct.contract", date(2026, 10, 20), **WORKS)
    assert found.date == date(2026, 11, 19)
    assert found.ends == datetime(2026, 11, 19, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (date(2026, 11, 23), date(2026, 11, 8)),  # a Sunday: stays
        (date(2026, 10, 16), date(2026, 10, 1)),  # National Day: stays
    ],
)
def test_backwards_does_not_move_off_a_rest_day(end: date, last: date) -> None:
    found = latest("ct.clarify", end, **WORKS)
    assert (found.date, found.rolled, found.skipped) == (last, False, ())


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (date(2026, 10, 9), date(2026, 9, 29)),
        (date(2026, 11, 26), date(2026, 11, 23)),
        (date(2026, 11, 25), date(2026, 11, 22)),  # a Sunday leaves three worked days
        (date(2026, 11, 28), date(2026, 11, 24)),  # the deadline is a Saturday
    ],
)
def test_backwards_in_working_days(end: date, last: date) -> None:
    assert latest("gp.clarify", end, procedure="negotiation").date == last
    assert earliest("gp.clarify", last, procedure="negotiation").date <= end


def test_a_draw_not_earlier_than_two_working_days_before() -> None:
    assert soonest("cm.draw_lead", date(2026, 11, 24), **GOODS).date == date(2026, 11, 20)
    start = datetime(2026, 11, 24, 9, tzinfo=BJ)
    found = soonest("cm.draw_lead", start, region="CN-50", **WORKS)
    assert found.ends == start - timedelta(hours=24)


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 1, 5), -1, date(2025, 12, 5)),
        (date(2026, 8, 30), 6, date(2027, 2, 28)),
    ],
)
def test_months_end_on_the_same_number_else_at_the_months_end(
    day: date, months: int, end: date
) -> None:
    assert add_months(day, months) == end


def test_months_that_leave_the_calendar_of_dates_are_refused() -> None:
    with pytest.raises(Refused, match="law.date_out_of_range"):
        add_months(date(9999, 12, 1), 1)
    with pytest.raises(Refused, match="law.date_out_of_range"):
        earliest("ct.bid_period", date.max, **WORKS)


def test_keeping_terms_neither_move_nor_need_a_calendar() -> None:
    found = earliest("ar.retention", date(2026, 11, 23), **GOODS)
    assert (found.date, found.rolled) == (date(2041, 11, 23), False)
    assert latest("cm.recusal_window", date(2026, 11, 23), **GOODS).date == date(2023, 11, 23)


def test_hours_run_from_the_moment() -> None:
    start = datetime(2026, 11, 20, 20, 15, tzinfo=BJ)
    found = due("ct.notice_latency", start, **WORKS)
    assert found.ends == start + timedelta(hours=12)
    assert found.date == date(2026, 11, 21)  # a Saturday: hours do not move
    assert latest("op.decrypt_window", start).ends == start - timedelta(minutes=30)
    with pytest.raises(Refused, match="law.moment_needed"):
        due("ct.notice_latency", date(2026, 11, 20), **WORKS)


def test_days_are_days_of_beijing() -> None:
    assert day_of(datetime(2026, 11, 3, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 3)
    assert day_of(datetime(2026, 11, 3, 16, tzinfo=UTC)) == date(2026, 11, 4)
    moment = datetime(2026, 11, 2, 16, tzinfo=UTC)
    assert earliest("ct.bid_period", moment, **WORKS).date == date(2026, 11, 23)
    with pytest.raises(ValueError):
        day_of(datetime(2026, 11, 3))


def test_whole_days_take_one_more() -> None:
    short = earliest("ct.bid_period", date(2026, 11, 3), **WORKS)
    full = earliest("ct.bid_period", date(2026, 11, 3), count_full_days=True, **WORKS)
    assert full.date - short.date == timedelta(days=1)
    back = latest("ct.clarify", date(2026, 11, 23), count_full_days=True, **WORKS)
    assert back.date == date(2026, 11, 7)


@pytest.mark.parametrize(
    ("start", "refused"),
    [(date(2026, 12, 1), False), (date(2026, 12, 2), True), (date(2026, 12, 3), True)],
)
def test_no_sum_beyond_the_published_calendar(start: date, refused: bool) -> None:
    # Thirty days on: 31 December is in the calendar, 1 January 2027 is not.
    if not refused:
        assert due("ct.contract", start, **WORKS).date == date(2026, 12, 31)
        return
    with pytest.raises(Refused, match="law.calendar_not_published"):
        due("ct.contract", start, **WORKS)


def test_the_clock_of_a_duty_may_show_an_unpublished_year_as_tentative() -> None:
    found = due("ct.contract", date(2026, 12, 10), tentative=True, **WORKS)
    assert (found.date, found.rolled, found.tentative) == (date(2027, 1, 9), False, True)
    assert found.citation == "招标投标法 第46条 (30 day)"
    assert not due("ct.contract", date(2026, 11, 3), tentative=True, **WORKS).tentative
    with pytest.raises(Refused, match="law.calendar_not_published"):
        due("gp.contract_file", date(2026, 12, 30), tentative=True, **GOODS)


def test_a_rule_that_is_no_period_has_no_date() -> None:
    with pytest.raises(Refused, match="law.not_a_period"):
        earliest("ct.min_bidders", date(2026, 11, 3), **WORKS)


def test_the_replayed_region_needs_no_chinese_calendar() -> None:
    found = earliest("ct.bid_period", date(2007, 5, 3), region="JP-08203", **WORKS)
    assert (found.date, found.rolled) == (date(2007, 5, 3), False)
    ends = due("ct.contract", date(1999, 1, 1), region="JP-08203", **WORKS)
    assert ends.date == date(1999, 1, 31)


def test_the_day_of_the_notice_fixes_the_law() -> None:
    with pytest.raises(Refused, match="law.no_rule"):
        due("ct.publicity", date(2026, 11, 3), on=date(2012, 1, 31), **WORKS)


KEYS = [("ct.bid_period", WORKS), ("ct.clarify", WORKS), ("gp.doc_supply", GOODS)]
days = st.dates(date(2025, 1, 1), date(2026, 10, 31))


@given(days, st.integers(0, 20), st.sampled_from(KEYS))
def test_a_later_start_never_ends_earlier(day: date, later: int, key) -> None:
    first = earliest(key[0], day, **key[1]).date
    assert first <= earliest(key[0], day + timedelta(days=later), **key[1]).date
    assert first <= earliest(key[0], day, count_full_days=True, **key[1]).date


@given(days, st.sampled_from(KEYS))
def test_the_earliest_end_leaves_room_for_its_start(day: date, key) -> None:
    end = earliest(key[0], day, **key[1])
    assert latest(key[0], end.date, **key[1]).date >= day
    before = end.date - timedelta(days=1 + len(end.skipped))
    if key[0] != "gp.doc_supply":
        assert latest(key[0], before, **key[1]).date < day


@given(days, st.sampled_from(KEYS[:2]))
def test_counted_and_skipped_add_up(day: date, key) -> None:
    found = earliest(key[0], day, **key[1])
    assert (found.date - day).days == found.days_counted + len(found.skipped)

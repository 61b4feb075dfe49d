"""Working days against the State Council's notices for 2025 and 2026."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.base.errors import Refused
from trading.law import calendar


def span(first: str, last: str | None = None) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    return {start + timedelta(days=n) for n in range((end - start).days + 1)}


OFF = {
    2025: span("2025-01-01") | span("2025-01-28", "2025-02-04") | span("2025-04-04", "2025-04-06")
    | span("2025-05-01", "2025-05-05") | span("2025-05-31", "2025-06-02")
    | span("2025-10-01", "2025-10-08"),
    2026: span("2026-01-01", "2026-01-03") | span("2026-02-15", "2026-02-23")
    | span("2026-04-04", "2026-04-06") | span("2026-05-01", "2026-05-05")
    | span("2026-06-19", "2026-06-21") | span("2026-09-25", "2026-09-27")
    | span("2026-10-01", "2026-10-07"),
}  # fmt: skip
WORK = {
    2025: {date(2025, *md) for md in [(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)]},
    2026: {date(2026, *md) for md in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]},
}


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_of_the_year_is_as_the_notice_says(year: int) -> None:
    for day in span(f"{year}-01-01", f"{year}-12-31"):
        worked = day in WORK[year] or (day.weekday() < 5 and day not in OFF[year])
        assert calendar.is_working_day(day) is worked, day
        assert calendar.is_rest_day(day) is not worked
        assert calendar.is_public_holiday(day) is (day in OFF[year])


def test_an_ordinary_weekend_is_rest_but_no_public_holiday() -> None:
    assert calendar.is_rest_day(date(2026, 11, 21))
    assert not calendar.is_public_holiday(date(2026, 11, 21))


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(2027, 1, 1), date(2030, 6, 3)])
def test_a_year_without_a_notice_is_refused(day: date) -> None:
    with pytest.raises(Refused) as refusal:
        calendar.is_working_day(day)
    assert refusal.value.reason == "law.calendar_not_published"
    assert refusal.value.facts["year"] == day.year


def test_counting_stops_at_the_end_of_the_calendar() -> None:
    last_worked = date(2026, 12, 31)
    assert calendar.working_days_after(date(2026, 12, 30), 1) == (last_worked, ())
    with pytest.raises(Refused):
        calendar.working_days_after(last_worked, 1)


def test_a_centre_lays_in_the_notice_of_a_new_year(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "_learned", {})
    (tmp_path / "2027.toml").write_text(
        'year = 2027\noff = [2027-01-01]\nwork = [2027-01-09]\nsource = "example"\n', "utf-8"
    )
    assert calendar.learn(tmp_path) == (2027,)
    assert calendar.years()[-1] == 2027
    assert calendar.is_rest_day(date(2027, 1, 1))
    assert calendar.is_working_day(date(2027, 1, 9))


@pytest.mark.parametrize(
    "text",
    [
        'year = 2027\noff = [2026-01-01]\nwork = []\nsource = ""',
        'year = 2027\noff = [2027-01-01]\nwork = [2027-01-01]\nsource = ""',
        'year = 2027\noff = []\nwork = []\nsource = ""',
    ],
)
def test_a_notice_that_contradicts_itself_is_not_loaded(text: str) -> None:
    with pytest.raises(ValueError):
        calendar.read(text)


days = st.dates(date(2025, 6, 1), date(2026, 6, 30))


@given(days, st.integers(1, 40))
def test_forward_and_back_meet_on_working_days(day: date, count: int) -> None:
    after, skipped = calendar.working_days_after(day, count)
    assert calendar.is_working_day(after)
    assert all(calendar.is_rest_day(passed) and day < passed < after for passed in skipped)
    assert (after - day).days == count + len(skipped)
    back, _ = calendar.working_days_before(after, count)
    clear, _ = calendar.day_clear_of(after, count)
    assert back <= day <= clear
    assert calendar.working_days_after(clear, count)[0] == after
    if calendar.is_working_day(day):
        assert back == day

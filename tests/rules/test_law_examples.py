"""Every rule has its worked example, and every period keeps the same laws of counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules import law_examples as hold
from tests.rules.law_examples import place
from tests.rules.law_tables import (
    collusion,
    committees,
    deposits,
    evaluation,
    land,
    objections,
    opening,
    procurement,
    property,
    records,
    regions,
    works,
)
from trading.law.checks import check_period
from trading.law.periods import due, earliest, latest
from trading.law.rules import PERIODS, Rule, Sense, Unit, all_rules, find

FILES = [
    collusion, committees, deposits, evaluation, land, objections, opening, procurement, property, records, regions, works,
]  # fmt: skip
TABLES = ("NOT_BEFORE", "NOT_AFTER", "FIGURES", "DUTIES", "CHOICES")


def tried() -> set[Rule]:
    """The rows that the worked examples reach."""
    found = set()
    for file in FILES:
        for table in TABLES:
            for key, where, *_ in getattr(file, table, ()):
                found.add(find(key, **place(where)))
    return found


def rows(table: str) -> list[tuple]:
    """One table of all families."""
    return [row for file in FILES for row in getattr(file, table, ())]


@pytest.mark.parametrize(("key", "where", "start", "limit"), rows("NOT_BEFORE"))
def test_first_lawful_end(key, where, start, limit) -> None:
    hold.not_before(key, where, start, limit)


@pytest.mark.parametrize(("key", "where", "start", "limit"), rows("NOT_AFTER"))
def test_last_lawful_end(key, where, start, limit) -> None:
    hold.not_after(key, where, start, limit)


@pytest.mark.parametrize(("key", "where", "figures", "lawful"), rows("FIGURES"))
def test_figures_about_the_line(key, where, figures, lawful) -> None:
    hold.figures(key, where, figures, lawful)


@pytest.mark.parametrize(("key", "where", "on"), rows("DUTIES"))
def test_duties(key, where, on) -> None:
    hold.duty(key, where, on)


@pytest.mark.parametrize(("key", "where", "lawful"), rows("CHOICES"))
def test_choices(key, where, lawful) -> None:
    hold.choice(key, where, lawful)


@pytest.mark.parametrize(("key", "where", "day"), rows("SINCE"))
def test_day_of_force(key, where, day) -> None:
    hold.since(key, where, day)


@pytest.mark.parametrize(("key", "where", "day"), rows("UNTIL"))
def test_last_day_of_force(key, where, day) -> None:
    hold.until(key, where, day)


def test_every_row_has_a_worked_example() -> None:
    missing = [(rule.key, rule.region, rule.procedures) for rule in set(all_rules()) - tried()]
    assert missing == []


def test_every_day_of_force_has_a_worked_example() -> None:
    since = {(key, place(where)["region"], day) for file in FILES for key, where, day in getattr(file, "SINCE", ())}
    until = {(key, place(where)["region"], day) for file in FILES for key, where, day in getattr(file, "UNTIL", ())}
    assert {(rule.key, rule.region, str(rule.start)) for rule in all_rules() if rule.start} == since
    assert {(rule.key, rule.region, str(rule.end)) for rule in all_rules() if rule.end} == until


DAYS = [rule for rule in all_rules() if rule.unit in (Unit.DAY, Unit.WORKING_DAY)]
CLOCKS = [rule for rule in all_rules() if rule.unit in (Unit.HOUR, Unit.MINUTE)]


def where(rule: Rule) -> dict[str, object]:
    procedure = "works-open" if "*" in rule.procedures else rule.procedures[0]
    on = min(date(2026, 11, 23), rule.end or date.max)
    return {"procedure": procedure, "region": rule.region, "on": on}


starts = st.dates(date(2025, 1, 1), date(2026, 9, 1))


@given(st.sampled_from(DAYS), starts, st.integers(0, 20))
def test_a_later_start_never_ends_earlier(rule: Rule, start: date, later: int) -> None:
    first = due(rule.key, start, **where(rule)).date
    assert start <= first <= due(rule.key, start + timedelta(days=later), **where(rule)).date


@given(st.sampled_from(DAYS), starts)
def test_counting_back_returns_where_nothing_moved(rule: Rule, start: date) -> None:
    end = earliest(rule.key, start, **where(rule))
    back = latest(rule.key, end.date, **where(rule)).date
    if rule.unit is Unit.DAY and not end.rolled:
        assert back == start
    else:
        # A last day that moved, or rest days before the first one counted, leave more room.
        assert back >= start


@given(st.sampled_from(CLOCKS), st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)))
def test_hours_run_the_same_both_ways(rule: Rule, naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    there = due(rule.key, moment, **where(rule)).moment
    assert latest(rule.key, there, **where(rule)).moment == moment


@given(st.sampled_from(DAYS), starts, st.integers(-3, 3))
def test_a_check_agrees_with_the_date_it_names(rule: Rule, start: date, gap: int) -> None:
    limit = due(rule.key, start, **where(rule)).date
    answer = check_period(rule.key, start, limit + timedelta(days=gap), **where(rule))
    assert answer.facts["limit"] == limit
    assert answer.ok is (gap <= 0 if rule.sense is Sense.AT_MOST else gap >= 0)


@pytest.mark.parametrize("rule", [r for r in all_rules() if r.unit in PERIODS], ids=lambda r: f"{r.key}@{r.region}")
def test_every_period_can_be_counted(rule: Rule) -> None:
    start = datetime(2024, 6, 3, 9, tzinfo=UTC)
    assert due(rule.key, start, **where(rule)).ends >= start

"""Statutory clocks: the last day by hand, lights around it, pauses, regions, rounds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trading.law import clocks
from trading.law.clocks import Light
from trading.law.rules import all_rules


def moment(text: str) -> datetime:
    """A Beijing time."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def one(name: str, procedure: str, region: str = "CN-51", **facts: str) -> clocks.Clock:
    events = {key.replace("__", "."): moment(value) for key, value in facts.items()}
    return next(clock for clock in clocks.of_case(procedure, region, events) if clock.kind.id == name)


# Clock, procedure, region, the act that starts it, its moment, the last lawful day counted by hand.
ENDS = [
    ("publicise", "works-open", "CN-51", "lot__evaluated", "2026-03-02T17:00", "2026-03-05"),
    ("publicise", "works-open", "CN-51", "lot__evaluated", "2026-03-04T09:00", "2026-03-09"),  # the 7th is a Saturday
    ("contract", "works-open", "CN-51", "lot__awarded", "2026-03-02T10:00", "2026-04-01"),
    ("contract", "works-invited", "CN", "lot__awarded", "2026-03-05T10:00", "2026-04-07"),  # the 4th to 6th are Qingming
    ("report", "works-open", "CN-51", "lot__awarded", "2026-03-02T10:00", "2026-03-17"),
    ("decide", "procurement-open", "CN-51", "lot__evaluated", "2026-09-23T10:00", "2026-10-08"),  # the 25th to 27th and 1 to 7 October are off
    ("decide", "inquiry", "CN-51", "lot__evaluated", "2026-03-02T10:00", "2026-03-09"),
    ("contract_procurement", "procurement-open", "CN-51", "lot__awarded", "2026-03-02T10:00", "2026-04-01"),
    ("contract_published", "procurement-open", "CN-51", "lot__contracted", "2026-09-30T10:00", "2026-10-09"),  # holidays to the 7th
    ("contract_filed", "procurement-open", "CN-51", "lot__contracted", "2026-03-02T10:00", "2026-03-11"),
    ("contract_filed_works", "works-open", "CN-50", "lot__contracted", "2026-03-02T10:00", "2026-03-11"),
    ("award_notice", "works-open", "CN-50", "publicity__over", "2026-03-02T10:00", "2026-03-09"),
]


@pytest.mark.parametrize(("name", "procedure", "region", "event", "at", "last"), ENDS)
def test_the_last_day(name: str, procedure: str, region: str, event: str, at: str, last: str) -> None:
    clock = one(name, procedure, region, **{event: at})
    assert clock.due == date.fromisoformat(last)
    due = clock.due
    assert clock.light(due) == Light.YELLOW and clock.light(due + timedelta(days=1)) == Light.RED
    assert clock.rule.article


def test_every_clock_of_the_table_has_an_example_and_a_rule() -> None:
    known = {rule.key for rule in all_rules()}
    assert {kind.key for kind in clocks.table()} <= known
    assert {kind.id for kind in clocks.table()} - {row[0] for row in ENDS} == {"publicity"}, "the publicity lasts, it is not due"


def test_lights_turn_yellow_in_the_last_third() -> None:
    clock = one("contract", "works-open", lot__awarded="2026-03-02T10:00")
    assert clock.due == date(2026, 4, 1)
    assert clock.light(date(2026, 3, 21)) == Light.GREEN
    assert clock.light(date(2026, 3, 22)) == Light.YELLOW


def test_a_done_act_is_done_and_may_have_been_late() -> None:
    late = one("publicise", "works-open", lot__evaluated="2026-03-02T17:00", lot__publicised="2026-03-06T00:00")
    assert late.light(date(2026, 6, 1)) == Light.DONE and late.was_late()
    in_time = one("publicise", "works-open", lot__evaluated="2026-03-02T17:00", lot__publicised="2026-03-05T23:59")
    assert not in_time.was_late()


def test_the_publicity_lasts_and_never_turns_red() -> None:
    clock = one("publicity", "works-open", lot__publicised="2026-03-02T17:00")
    assert clock.due == date(2026, 3, 5) and clock.light(date(2026, 12, 1)) == Light.GREEN


def test_an_act_of_an_earlier_round_ends_nothing() -> None:
    clock = one("contract", "works-open", lot__awarded="2026-04-02T10:00", lot__contracted="2026-03-20T10:00")
    assert clock.ended_at is None


def test_days_that_a_case_stood_still_are_not_counted() -> None:
    facts = {"lot.awarded": moment("2026-03-02T10:00")}
    clock, = (clock for clock in clocks.of_case("works-open", "CN-51", facts, paused=lambda since: timedelta(days=2, seconds=1))
              if clock.kind.id == "contract")
    assert clock.due == date(2026, 4, 4)


def test_a_region_adds_a_clock_by_its_rule_alone() -> None:
    facts = {"lot.contracted": moment("2026-03-02T10:00")}
    assert [clock.kind.id for clock in clocks.of_case("works-open", "CN-51", facts)] == []
    assert [clock.kind.id for clock in clocks.of_case("works-open", "CN-50", facts)] == ["contract_filed_works"]


def test_working_days_beyond_the_calendar_give_no_clock_and_days_a_tentative_one() -> None:
    facts = {"lot.contracted": moment("2026-12-30T10:00"), "lot.awarded": moment("2026-12-30T10:00")}
    found = {clock.kind.id: clock for clock in clocks.of_case("procurement-open", "CN-51", facts)}
    assert set(found) == {"contract_procurement"} and found["contract_procurement"].tentative
    assert found["contract_procurement"].due == date(2027, 1, 29)


@pytest.mark.parametrize("change", ['kind = "soon"', 'who = "nobody"', "colour = 1"])
def test_a_wrong_table_is_refused(change: str) -> None:
    row = '[[clock]]\nid="a"\nkey="ct.report"\nstarts="x"\nends="y"\nwho="tenderer"\nkind="due"\nzh="z"\nen="e"\n'
    assert clocks.read(row)[0].is_due
    name = change.partition(" ")[0]
    lines = [line for line in row.splitlines() if not line.startswith(name)]
    with pytest.raises(ValueError):
        clocks.read("\n".join([*lines, change]))
    with pytest.raises(ValueError):
        clocks.read(row + row)

"""Statutory clocks of a case: what is due, by whom, by when, by which article.

Pure: facts in (which act happened when), clocks out. The table of clocks is ``clocks.toml``;
the figures are rule rows, looked up on the day that starts each clock, because that act is
the legal event. Time in which a case stood still is not counted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from trading.law import periods
from trading.law.rules import Rule, seek


class Light(StrEnum):
    """How a clock stands: green, yellow before its end, red after it, done."""

    GREEN = "ok"
    YELLOW = "warn"
    RED = "alarm"
    DONE = "done"


class Debtor(StrEnum):
    """Who owes the act."""

    TENDERER = "tenderer"
    FINANCE = "finance"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Kind:
    """One line of the table of clocks."""

    id: str
    key: str
    starts: str
    ends: str
    who: Debtor
    is_due: bool
    zh: str
    en: str


@dataclass(frozen=True)
class Clock:
    """One clock of one case. ``due`` is the last lawful day (for a lasting period: its last day)."""

    kind: Kind
    rule: Rule
    started_at: datetime
    due: date
    ended_at: datetime | None
    tentative: bool

    def light(self, today: date) -> Light:
        """Yellow in the last third of the period and on its last day, red from the day after."""
        if self.ended_at is not None:
            return Light.DONE
        if not self.kind.is_due:
            return Light.GREEN
        if today > self.due:
            return Light.RED
        whole = (self.due - periods.day_of(self.started_at)).days
        return Light.YELLOW if (self.due - today).days * 3 <= whole or today == self.due else Light.GREEN

    def was_late(self) -> bool:
        """Whether the act came after its last day."""
        return self.kind.is_due and self.ended_at is not None and periods.day_of(self.ended_at) > self.due


Paused = Callable[[datetime], timedelta]


def _never(_since: datetime) -> timedelta:
    return timedelta(0)


def read(text: str) -> tuple[Kind, ...]:
    """Clocks of a file. Raises ValueError naming what is wrong."""
    found = []
    for row in tomllib.loads(text)["clock"]:
        if set(row) != {"id", "key", "starts", "ends", "who", "kind", "zh", "en"} or row["kind"] not in ("due", "not_before"):
            raise ValueError(f"clock {row.get('id')}: unknown or missing fields")
        values: dict[str, Any] = {name: row[name] for name in ("id", "key", "starts", "ends", "zh", "en")}
        found.append(Kind(**values, who=Debtor(row["who"]), is_due=row["kind"] == "due"))
    if len({kind.id for kind in found}) != len(found):
        raise ValueError("two clocks of one name")
    return tuple(found)


@cache
def table() -> tuple[Kind, ...]:
    return read(Path(__file__).with_name("clocks.toml").read_text("utf-8"))


def events() -> frozenset[str]:
    """Every kind of act that starts or ends a clock: what a page must read of a case."""
    return frozenset(name for kind in table() for name in (kind.starts, kind.ends))


def of_case(procedure: str, region: str, facts: Mapping[str, datetime], *, paused: Paused = _never) -> list[Clock]:
    """The clocks that run or ran in a case.

    ``facts`` gives the moment of each act that happened (the latest, where it happened again);
    ``paused`` how long the case stood still since a moment. Working days that reach beyond the
    published calendar give no clock: nobody guesses.
    """
    found = []
    for kind in table():
        started = facts.get(kind.starts)
        if started is None:
            continue
        rule = seek(kind.key, on=periods.day_of(started), region=region, procedure=procedure)
        if rule is None:
            continue
        clock = _clock(kind, rule, started, facts.get(kind.ends), procedure, region, paused)
        if clock is not None:
            found.append(clock)
    return found


def _clock(kind: Kind, rule: Rule, started: datetime, ended: datetime | None, procedure: str, region: str,
           paused: Paused) -> Clock | None:
    period = periods.due_or_none(kind.key, started, region=region, procedure=procedure)
    if period is None:
        return None
    stood = -(-paused(started) // timedelta(days=1))
    # An act before the start belongs to an earlier round, such as an award that fell away.
    counts = ended is not None and ended >= started
    return Clock(kind, rule, started, period.date + timedelta(days=stood), ended if counts else None, period.tentative)

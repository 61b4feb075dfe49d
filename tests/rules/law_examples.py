"""How a line of worked examples is read and tried: before, at and after.

``where`` names a procedure, a region and the day of the legal event: ``works-open``,
``works-open@CN-50``, ``procurement-open on 2022-06-30``. The day is 2026-11-23 unless told.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from trading.base.errors import Refused
from trading.law.checks import check_choice, check_duty, check_figure, check_period
from trading.law.findings import require
from trading.law.rules import find, seek

BEIJING = timezone(timedelta(hours=8))
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def place(where: str) -> dict[str, object]:
    rest, _, day = where.partition(" on ")
    procedure, _, region = rest.partition("@")
    return {
        "procedure": procedure,
        "region": region or "CN",
        "on": date.fromisoformat(day or "2026-11-23"),
    }


def moment(text: str) -> tuple[date | datetime, timedelta]:
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING), SECOND
    return date.fromisoformat(text), DAY


def not_before(key: str, where: str, start: str, limit: str) -> None:
    (first, _), (end, step) = moment(start), moment(limit)
    answers = [check_period(key, first, end + step * n, **place(where)) for n in (-1, 0, 1)]
    assert [answer.ok for answer in answers] == [False, True, True]
    refused(answers[0], key, "law.period_short")


def not_after(key: str, where: str, start: str, limit: str) -> None:
    (first, _), (end, step) = moment(start), moment(limit)
    answers = [check_period(key, first, end + step * n, **place(where)) for n in (-1, 0, 1)]
    assert [answer.ok for answer in answers] == [True, True, False]
    refused(answers[2], key, "law.period_over")


def figures(key: str, where: str, tried: tuple, lawful: tuple[bool, bool, bool]) -> None:
    exact = [Fraction(figure) if isinstance(figure, str) else figure for figure in tried]
    answers = [check_figure(key, figure, **place(where)) for figure in exact]
    assert tuple(answer.ok for answer in answers) == lawful
    for answer in answers:
        if not answer.ok:
            refused(answer, key)


def duty(key: str, where: str, on: bool) -> None:
    assert check_duty(key, True, **place(where)).ok
    answer = check_duty(key, False, **place(where))
    assert answer.ok is not on
    if on:
        refused(answer, key, "law.duty_broken")


def choice(key: str, where: str, lawful: list[str]) -> None:
    assert str(find(key, **place(where)).value).split(",") == lawful
    assert all(check_choice(key, one, **place(where)).ok for one in lawful)
    refused(check_choice(key, "something_else", **place(where)), key, "law.choice_unlawful")


def since(key: str, where: str, day: str) -> None:
    first = date.fromisoformat(day)
    there = place(where)
    rows = [seek(key, **{**there, "on": first + n * DAY}) for n in (-1, 0, 1)]
    assert rows[1] is not None and rows[1].start == first
    assert rows[0] != rows[1] == rows[2]


def until(key: str, where: str, day: str) -> None:
    last = date.fromisoformat(day)
    there = place(where)
    rows = [seek(key, **{**there, "on": last + n * DAY}) for n in (-1, 0, 1)]
    assert rows[1] is not None and rows[1].end == last
    assert rows[0] == rows[1] != rows[2]


def refused(answer, key: str, reason: str | None = None) -> None:
    """A refusal names its key, article and figure, whatever it is about."""
    assert not answer.ok
    assert answer.facts["key"] == key and answer.facts["article"] == answer.article != ""
    assert "value" in answer.facts
    assert reason is None or answer.reason == reason
    with pytest.raises(Refused, match=answer.reason):
        require([answer])

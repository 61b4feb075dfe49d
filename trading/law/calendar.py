"""Which days are worked and which are rest, year by year, from the State Council's notices.

Monday to Friday are worked, less the days off of the yearly notice, plus its make-up days
(全国年节及纪念日放假办法 arts 6-7). A year whose notice is not loaded is refused, not guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from chinese_calendar.constants import holidays, workdays

from trading.base.errors import Refused

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Notice:
    """One year's notice: the days off it names and the weekend days it turns into work."""

    year: int
    off: frozenset[date]
    work: frozenset[date]
    source: str


_learned: dict[int, Notice] = {}


def learn(folder: Path) -> tuple[int, ...]:
    """Load the yearly notices a centre has laid in (YEAR.toml), so that a new year can begin.

    Called once while the program starts; a notice laid in wins over the packaged one.
    """
    notices = load(folder)
    _learned.update({notice.year: notice for notice in notices})
    return tuple(notice.year for notice in notices)


def load(folder: Path) -> tuple[Notice, ...]:
    """Read the yearly notices of a folder without making them count."""
    return tuple(read(path.read_text("utf-8")) for path in sorted(folder.glob("[0-9]*.toml")))


def use(notices: Iterable[Notice]) -> None:
    """Make these notices count beside the packaged ones, and no others that were learned before."""
    global _learned
    # One new dictionary, not the old one emptied: another thread may be counting days right now.
    _learned = {notice.year: notice for notice in notices}


def read(text: str) -> Notice:
    """Read one notice: year, off and work (lists of dates) and source."""
    table = tomllib.loads(text)
    year, off, work = table["year"], frozenset(table["off"]), frozenset(table["work"])
    if any(day.year != year for day in off | work) or off & work:
        raise ValueError(f"the notice for {year} contradicts itself")
    if not off:
        raise ValueError(f"the notice for {year} names no day off")
    return Notice(year, off, work, table["source"])


@lru_cache(maxsize=1)
def _packaged() -> dict[int, Notice]:
    return {
        year: Notice(
            year,
            frozenset(day for day in holidays if day.year == year),
            frozenset(day for day in workdays if day.year == year),
            "chinesecalendar",
        )
        for year in {day.year for day in holidays}
    }


def years() -> tuple[int, ...]:
    """The years for which working days can be counted."""
    return tuple(sorted(_packaged().keys() | _learned.keys()))


def notice(year: int) -> Notice:
    """The notice of one year, or a refusal when it has not been published."""
    found = _learned.get(year) or _packaged().get(year)
    if found is None:
        known = years()
        raise Refused("law.calendar_not_published", year=year, first=known[0], last=known[-1])
    return found


def is_working_day(day: date) -> bool:
    """A make-up Saturday or Sunday is a working day (T7)."""
    year = notice(day.year)
    return day in year.work or (day.weekday() < 5 and day not in year.off)


def is_rest_day(day: date) -> bool:
    """法定休假日: a weekend that is not worked, or a day off (民法典 art. 203)."""
    return not is_working_day(day)


def is_public_holiday(day: date) -> bool:
    """A day off by the yearly notice; an ordinary weekend is none (87号令 art. 85)."""
    return day in notice(day.year).off


def working_days_after(start: date, count: int) -> tuple[date, tuple[date, ...]]:
    """The count-th working day after start, and the rest days passed over."""
    return _walk(start, count, ONE_DAY)


def working_days_before(end: date, count: int) -> tuple[date, tuple[date, ...]]:
    """The count-th working day before end, and the rest days passed over."""
    return _walk(end, count, -ONE_DAY)


def day_clear_of(end: date, count: int) -> tuple[date, tuple[date, ...]]:
    """The last day that leaves count working days after it, up to and with end.

    It may be a rest day: an act on the Sunday before three worked days leaves three, while
    an act on the third worked day before a Saturday leaves only two.
    """
    if not count:
        return end, ()
    first, skipped = _walk(end + ONE_DAY, count, -ONE_DAY)
    return first - ONE_DAY, skipped


def _walk(day: date, count: int, step: timedelta) -> tuple[date, tuple[date, ...]]:
    skipped: list[date] = []
    while count:
        day += step
        if is_working_day(day):
            count -= 1
        else:
            skipped.append(day)
    return day, tuple(sorted(skipped))

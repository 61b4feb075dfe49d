"""One year's notice of days off (国务院办公厅关于节假日安排的通知), as a centre uploads it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from datetime import date
from hashlib import sha256
from urllib.parse import urlsplit

from trading.base.errors import Refused
from trading.law.calendar import Notice

#: Days off in every year by number of month and day (全国年节及纪念日放假办法 第2条). The others follow
#: the lunar calendar; a table without one of these was typed in with a line missing.
ALWAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
FIRST_YEAR, LAST_YEAR = 2000, 2100


def checked(year: int, off: Collection[date], work: Collection[date], source: str, known: Collection[int], *,
            corrects: Notice | None = None) -> Notice:
    """The notice of a new year, or the correction of a loaded one, or a refusal naming what is wrong with it.

    Raises Refused ``calendar.year``, ``calendar.year_published``, ``calendar.day_in_other_year``,
    ``calendar.day_in_both``, ``calendar.day_missing``, ``calendar.not_a_weekend``, ``calendar.changes_nothing``, ``calendar.source``.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused("calendar.year", first=FIRST_YEAR, last=LAST_YEAR)
    if corrects is None and year in known:
        raise Refused("calendar.year_published", year=year)
    for field, days in (("off", off), ("work", work)):
        if strange := sorted(day for day in days if day.year != year):
            raise Refused("calendar.day_in_other_year", year=year, days=strange, field=field)
    if both := sorted(set(off) & set(work)):
        raise Refused("calendar.day_in_both", days=both, field="work")
    # An older year had fewer of them; its correction must not lose one that it had.
    always = [date(year, *day) for day in ALWAYS if corrects is None or date(year, *day) in corrects.off]
    if missing := [day for day in always if day not in off]:
        raise Refused("calendar.day_missing", days=missing, field="off")
    if weekdays := sorted(day for day in work if day.weekday() < 5):
        raise Refused("calendar.not_a_weekend", days=weekdays, field="work")
    if corrects is not None and (frozenset(off), frozenset(work)) == (corrects.off, corrects.work):
        raise Refused("calendar.changes_nothing", year=year, field="off")
    refuse_no_address(source)
    return Notice(year, frozenset(off), frozenset(work), source)


def refuse_no_address(source: str) -> None:
    """The notice must be found again: where it is published, as a web address."""
    try:
        parts = urlsplit(source)
    except ValueError:
        raise Refused("calendar.source", field="source") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() or not c.isprintable() or c in '"\\' for c in source):
        raise Refused("calendar.source", field="source")


def fingerprint(notice: Notice) -> str:
    """What names one version of a year's notice."""
    return sha256(written(notice).encode()).hexdigest()


def corrected(text: str) -> str | None:
    """The fingerprint of the version that a written notice corrects, or None for a new year."""
    found = tomllib.loads(text).get("corrects")
    return str(found) if found else None


def written(notice: Notice, corrects: Notice | None = None) -> str:
    """The notice as a data file of trading.law.calendar holds it; a correction names the version before it."""
    def days(found: Collection[date]) -> str:
        return "[" + ", ".join(day.isoformat() for day in sorted(found)) + "]"
    return f'year = {notice.year}\noff = {days(notice.off)}\nwork = {days(notice.work)}\nsource = "{notice.source}"\n' + (
        f'corrects = "{fingerprint(corrects)}"\n' if corrects else "")

"""Retention classes (保管期限): what they are called, how long they last, what the law leaves free. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trading.base.errors import Refused
from trading.law.periods import add_months


class Retention(StrEnum):
    """How long a case is kept, the shortest first."""

    YEARS_15 = "years_15"
    YEARS_30 = "years_30"
    PERMANENT = "permanent"


@dataclass(frozen=True)
class Class:
    """A retention class. Without months it has no end."""

    id: Retention
    zh: str
    en: str
    months: int | None
    article: str


#: The classes as the records rules name them. What the law asks at least stands in its own rows (``ar.retention``)
#: and is looked up there: a class says how long, the law says which class is the lowest.
CLASSES = {found.id: found for found in (
    Class(Retention.YEARS_15, "定期15年", "15 years", 180, "政府采购法 第42条"),
    Class(Retention.YEARS_30, "定期30年", "30 years", 360, "机关文件材料归档范围和文书档案保管期限规定 第6条"),
    Class(Retention.PERMANENT, "永久", "permanent", None, "机关文件材料归档范围和文书档案保管期限规定 第6条"))}
ORDER = tuple(CLASSES)
#: The last day of a case that is kept without end.
NO_END = date(9999, 12, 31)
#: Classes that go to the public archive when their time there comes.
TRANSFERRED = (Retention.YEARS_30, Retention.PERMANENT)


def least(floor_months: int) -> Retention:
    """The lowest class that lasts as long as the law asks."""
    return next(found.id for found in CLASSES.values() if found.months is None or found.months >= floor_months)


def is_lower(one: Retention, other: Retention) -> bool:
    return ORDER.index(one) < ORDER.index(other)


def read(name: str) -> Retention:
    """The class of that name. Raises Refused ``retention.unknown``."""
    try:
        return Retention(name)
    except ValueError:
        raise Refused("retention.unknown", name=name[:20]) from None


def require_raised(before: Retention, after: Retention) -> None:
    """Refuse what is no raising (``retention.not_raised``)."""
    if not is_lower(before, after):
        raise Refused("retention.not_raised")


def require_lowerable(before: Retention, after: Retention, floor_months: int) -> None:
    """Refuse what is no lowering, or goes below the law (``retention.not_lowered``, ``retention.below_law``)."""
    if not is_lower(after, before):
        raise Refused("retention.not_lowered")
    if is_lower(after, least(floor_months)):
        raise Refused("retention.below_law", months=floor_months)


def keep_until(kept: Retention, since: date, floor_months: int) -> date:
    """The day from which a case need not be kept; never before the law lets it go."""
    months = CLASSES[kept].months
    if months is None:
        return NO_END
    return add_months(since, max(months, floor_months))


def is_county(region: str) -> bool:
    """Whether a region code is that of a county (CN-510822), whose files go to the public archive sooner."""
    digits = region.rpartition("-")[2]
    return len(digits) == 6 and digits.isascii() and digits.isdigit() and not digits.endswith("00")

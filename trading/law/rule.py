"""One row of the rule table: a legal figure with its article, region and dates of force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from trading.law.regions import NATION


class Unit(StrEnum):
    """What a rule's value counts."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    FEN = "fen"
    RATIO = "ratio"
    COUNT = "count"
    FLAG = "flag"
    TEXT = "text"


PERIODS = frozenset({Unit.MINUTE, Unit.HOUR, Unit.DAY, Unit.WORKING_DAY, Unit.MONTH})


class Status(StrEnum):
    """How far a figure is confirmed: in the law itself, second hand, or from memory."""

    VERIFIED = "V"
    SECONDARY = "S"
    MEMORY = "M"


class Sense(StrEnum):
    """Which side of the value is meant: 不少于 and 不超过 include it, 超过 and 不足 do not."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"


class Event(StrEnum):
    """The legal event whose day fixes which version of a rule a case lives under."""

    NOTICE = "notice"
    DOCUMENT = "document"
    OPENING = "opening"
    EVALUATION = "evaluation"
    AWARD = "award"
    CONTRACT = "contract"
    REQUEST = "request"
    ARCHIVE = "archive"


@dataclass(frozen=True)
class Rule:
    """One legal figure with the article, region, procedures and dates it holds for.

    ``event`` names the day that it is looked up by. ``multiple`` marks a ratio that is a factor
    (1.2 times) rather than a share of a whole. ``file`` is the data file that it was read from.
    """

    key: str
    family: str
    procedures: tuple[str, ...]
    value: int | Fraction | bool | str
    unit: Unit
    sense: Sense | None
    article: str
    region: str
    start: date | None
    end: date | None
    status: Status
    zh: str
    en: str
    note: str
    roll: str | None
    event: Event = Event.NOTICE
    multiple: bool = False
    file: str = ""

    @property
    def amount(self) -> str:
        """The figure as plain text with its unit, for lists and citations."""
        return f"{self.value} {self.unit}"

    @property
    def citation(self) -> str:
        """Where the figure comes from, in one line fit for a notice or a refusal."""
        where = "" if self.region == NATION else f" [{self.region}]"
        return f"{self.article}{where} ({self.amount})"

    def covers(self, procedure: str | None) -> bool:
        return procedure is None or "*" in self.procedures or procedure in self.procedures

    def in_force(self, on: date) -> bool:
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)

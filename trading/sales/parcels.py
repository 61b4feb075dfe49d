"""One parcel of state land (宗地) as a grant notice states it: read strictly, written back exactly. Pure.

A lot keeps its parcel in ``method["sale"]["parcel"]`` as plain JSON: shares, areas and ratios are
decimal text, money is whole fen, days are ISO text. ``read`` names every wrong field at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Any

from trading.base.errors import Refused
from trading.base.money import LARGEST_FEN
from trading.base.texts import UNSEEN

LONGEST_LINE, LONGEST_NUMBER, LONGEST_TEXT = 200, 80, 4000
MOST_TERMS, MOST_DRAWINGS, MOST_MEMBERS, MOST_YEARS = 8, 20, 200, 999
_DECIMAL = re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,8})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Decimal places of a premium and of a price per square metre of floor (ld.premium_places; market usage).
PLACES = Decimal("0.01")


class Use(StrEnum):
    """Uses of land for which the law sets a longest term (暂行条例 12); the row is ``ld.term_<use>``."""

    RESIDENTIAL = "residential"
    INDUSTRIAL = "industrial"
    PUBLIC = "public"
    COMMERCIAL = "commercial"
    MIXED = "mixed"


class Per(StrEnum):
    """What a benchmark price (基准地价) is stated for."""

    SQUARE_METRE = "m2"
    WHOLE = "whole"


@dataclass(frozen=True)
class Term:
    """For how many years the land is granted for one use."""

    use: Use
    years: int


@dataclass(frozen=True)
class Range:
    """A planning figure from ``low`` to ``high``; either may be open."""

    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True)
class Parcel:
    """What a grant notice states of one parcel. Area in square metres, height in metres, shares in per cent."""

    number: str
    site: str
    area_m2: Decimal
    use: str
    terms: tuple[Term, ...]
    ratio: Range
    density: Range
    height: Range
    green: Range
    floor_fen: int
    benchmark_fen: int
    benchmark_per: Per
    benchmark_grade: str
    valuation_fen: int
    valuation_report: str
    valuation_on: date
    valuer: str
    plan_number: str
    plan_on: date
    decision_minutes: str
    decision_on: date
    decision_members: int
    conditions: str
    drawings: tuple[str, ...]
    position: tuple[Decimal, Decimal] | None

    @property
    def benchmark_total_fen(self) -> Fraction:
        """The benchmark price of the whole parcel, exact: parts of a fen are not rounded away before a share is taken."""
        return Fraction(self.benchmark_fen) * (Fraction(self.area_m2) if self.benchmark_per is Per.SQUARE_METRE else 1)

    @property
    def buildable_m2(self) -> Decimal | None:
        """The most floor that may be built, where a largest floor area ratio is set."""
        return exact_product(self.area_m2, self.ratio.high) if self.ratio.high else None


class Wrong(Refused):
    """Fields of a parcel that do not hold: ``places`` gives each field its reason (refusals ``parcel.<reason>``)."""

    def __init__(self, places: dict[str, str]) -> None:
        super().__init__("parcel.wrong", places=", ".join(sorted(places)), count=len(places))
        self.places = places


#: Figures that may have a lower and an upper end, with the most that either may be.
RANGES = {"ratio": Decimal(99), "density": Decimal(100), "height": Decimal(1000), "green": Decimal(100)}
LINES = {"number": LONGEST_NUMBER, "site": LONGEST_LINE, "use": LONGEST_LINE, "benchmark_grade": LONGEST_NUMBER, "valuation_report": LONGEST_NUMBER,
         "valuer": LONGEST_LINE, "plan_number": LONGEST_NUMBER, "decision_minutes": LONGEST_NUMBER}
AMOUNTS = ("floor_fen", "benchmark_fen", "valuation_fen")
DAYS = ("valuation_on", "plan_on", "decision_on")
FIELDS = frozenset({*LINES, *AMOUNTS, *DAYS, *(f"{name}_{end}" for name in RANGES for end in ("low", "high")),
                    "area_m2", "terms", "benchmark_per", "decision_members", "conditions", "drawings", "lon", "lat"})


def read(values: Any) -> Parcel:
    """A parcel from its plain form. Raises Wrong with every field that does not hold."""
    if not isinstance(values, Mapping):
        raise Wrong({"parcel": "empty"})
    reading = _Reading(values)
    ranges = {name: reading.range(name, most) for name, most in RANGES.items()}
    made = {name: reading.line(name, most) for name, most in LINES.items()} | {name: reading.fen(name) for name in AMOUNTS} \
        | {name: reading.day(name) for name in DAYS} | ranges | {
            "area_m2": reading.decimal("area_m2", least=Decimal(0), most=Decimal(10**10)), "terms": reading.terms(),
            "benchmark_per": reading.choice("benchmark_per", Per), "decision_members": reading.whole("decision_members", MOST_MEMBERS),
            "conditions": reading.text("conditions", LONGEST_TEXT), "drawings": reading.drawings(), "position": reading.position()}
    reading.wrong |= {name: "unknown" for name in values if name not in FIELDS}
    if not reading.wrong and made["decision_on"] < made["valuation_on"]:
        reading.wrong["decision_on"] = "before_valuation"  # prices are decided upon the valuation (39号令 10)
    if reading.wrong:
        raise Wrong(reading.wrong)
    return Parcel(**made)


def write(parcel: Parcel) -> dict[str, Any]:
    """The plain form of a parcel; reading it again gives the same parcel."""
    values: dict[str, Any] = {name: getattr(parcel, name) for name in (*LINES, *AMOUNTS)}
    values |= {name: getattr(parcel, name).isoformat() for name in DAYS}
    for name in RANGES:
        found: Range = getattr(parcel, name)
        values |= {f"{name}_low": _plain(found.low), f"{name}_high": _plain(found.high)}
    lon, lat = parcel.position or (None, None)
    return values | {
        "area_m2": _plain(parcel.area_m2), "terms": [{"use": str(term.use), "years": term.years} for term in parcel.terms],
        "benchmark_per": str(parcel.benchmark_per), "decision_members": parcel.decision_members, "conditions": parcel.conditions,
        "drawings": list(parcel.drawings), "lon": _plain(lon), "lat": _plain(lat)}


def of(method: Mapping[str, Any]) -> Parcel | None:
    """The parcel of a lot, None where it states none. Raises Wrong for one that cannot be read."""
    sale = method.get("sale")
    found = sale.get("parcel") if isinstance(sale, Mapping) else None
    return read(found) if found else None


def premium_percent(deal_fen: int, start_fen: int) -> Decimal:
    """溢价率: how far a deal lies above its start price, in per cent with two places, half up (ld.premium_places)."""
    if start_fen <= 0:
        raise Refused("parcel.no_start")
    return rounded(Fraction(deal_fen - start_fen, start_fen) * 100)


def floor_price_yuan(deal_fen: int, parcel: Parcel) -> Decimal | None:
    """楼面价: the deal over the most floor that may be built, yuan per square metre, two places, half up.

    None where no largest floor area ratio is set, as for much industrial land.
    """
    if parcel.buildable_m2 is None:
        return None
    return rounded(Fraction(deal_fen, 100) / Fraction(parcel.buildable_m2))


def exact_product(first: Decimal, second: Decimal) -> Decimal:
    """The product with every digit of it."""
    with localcontext() as context:
        context.prec = 60
        return first * second


def rounded(value: Fraction) -> Decimal:
    """A value with two places, half up, exact however long it is."""
    # By whole numbers: a division of Decimals would round once before it is rounded here.
    with localcontext() as context:
        context.prec = 60
        hundredths = abs(value) * 100
        whole = Decimal((2 * hundredths.numerator + hundredths.denominator) // (2 * hundredths.denominator))
        return (whole if value >= 0 else -whole).scaleb(-2).quantize(PLACES, ROUND_HALF_UP)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


class _Reading:
    """Reads one field after another and remembers what was wrong; a wrong one gives None, which ``read`` never lets out."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values, self.wrong = values, dict[str, str]()

    def _no(self, field: str, reason: str) -> Any:
        self.wrong[field] = reason

    def line(self, field: str, most: int) -> Any:
        text = self.text(field, most)
        if not text:
            return self._no(field, self.wrong.get(field, "empty"))
        return self._no(field, "not_a_line") if "\n" in text or "\r" in text else text

    def text(self, field: str, most: int) -> Any:
        found = self.values.get(field, "")
        if not isinstance(found, str):
            return self._no(field, "no_text")
        found = found.strip()
        if len(found) > most:
            return self._no(field, "too_long")
        return found if UNSEEN.isdisjoint(found) else self._no(field, "unseen")

    def decimal(self, field: str, *, least: Decimal, most: Decimal, optional: bool = False) -> Any:
        """A positive decimal without width, sign or exponent; above ``least`` and at most ``most``."""
        found = self.values.get(field, "")
        if found in ("", None):
            return None if optional else self._no(field, "empty")
        if not isinstance(found, str) or not _DECIMAL.fullmatch(found):
            return self._no(field, "no_number")
        number = Decimal(found)
        if number <= least:
            return self._no(field, "nought")
        return number if number <= most else self._no(field, "too_large")

    def range(self, name: str, most: Decimal) -> Range:
        low, high = (self.decimal(f"{name}_{end}", least=Decimal(-1), most=most, optional=True) for end in ("low", "high"))
        if low is not None and high is not None and low > high:
            self._no(f"{name}_high", "below_low")
        if high is not None and not high:
            self._no(f"{name}_high", "nought")
        return Range(low, high)

    def whole(self, field: str, most: int, found: Any = None) -> Any:
        found = self.values.get(field) if found is None else found
        if found in ("", None):
            return self._no(field, "empty")
        if isinstance(found, bool) or not isinstance(found, int):
            return self._no(field, "no_number")
        if found <= 0:
            return self._no(field, "nought")
        return found if found <= most else self._no(field, "too_large")

    def fen(self, field: str) -> Any:
        return self.whole(field, LARGEST_FEN)

    def day(self, field: str) -> Any:
        found = self.values.get(field, "")
        if found in ("", None):
            return self._no(field, "empty")
        try:
            return date.fromisoformat(found) if isinstance(found, str) and _DAY.fullmatch(found) else self._no(field, "no_date")
        except ValueError:
            return self._no(field, "no_date")

    def choice(self, field: str, kind: type[StrEnum], found: Any = None) -> Any:
        found = self.values.get(field) if found is None else found
        return kind(found) if isinstance(found, str) and found in set(kind) else self._no(field, "no_choice")

    def terms(self) -> Any:
        """The terms by use; a wrong one is named by its place, ``terms.2``."""
        found = self.values.get("terms")
        if not isinstance(found, list | tuple) or not found:
            return self._no("terms", "empty")
        if len(found) > MOST_TERMS:
            return self._no("terms", "too_many")
        made = []
        for number, item in enumerate(found, 1):
            place = f"terms.{number}"
            if not isinstance(item, Mapping) or set(item) != {"use", "years"}:
                self._no(place, "no_choice")
                continue
            use, years = self.choice(place, Use, item["use"] or ""), self.whole(place, MOST_YEARS, item["years"] or 0)
            if place not in self.wrong and any(term.use == use for term in made):
                self._no(place, "twice")
            elif place not in self.wrong:
                made.append(Term(use, years))
        return tuple(made)

    def drawings(self) -> Any:
        found = self.values.get("drawings", [])
        if not isinstance(found, list | tuple) or any(not isinstance(name, str) or not name.strip() or len(name) > LONGEST_LINE
                                                      or not UNSEEN.isdisjoint(name) for name in found):
            return self._no("drawings", "no_text")
        if len(found) > MOST_DRAWINGS:
            return self._no("drawings", "too_many")
        return tuple(found)

    def position(self) -> tuple[Decimal, Decimal] | None:
        """Longitude and latitude in degrees, both or neither."""
        lon, lat = self.values.get("lon", ""), self.values.get("lat", "")
        if lon in ("", None) and lat in ("", None):
            return None
        made = []
        for field, text, most in (("lon", lon, 180), ("lat", lat, 90)):
            if not isinstance(text, str) or not _DEGREES.fullmatch(text) or abs(Decimal(text)) > most:
                self._no(field, "no_degrees")
            else:
                made.append(Decimal(text))
        return (made[0], made[1]) if len(made) == 2 else None

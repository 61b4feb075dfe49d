"""Published records of land grants (供地结果), read as they were published: every row is taken or refused with its reason.

The files are as dirty as they come: GB18030, several JSON arrays one after the other, amounts of nought, identity
numbers in names. Nothing is guessed: a row with a field that does not hold is refused and named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from trading.archive.casetexts import without_identities
from trading.base.errors import Refused

#: Ways of granting land in which somebody competes (39号令 4); what is allocated or agreed has no auction.
COMPETED = {"招标出让": "land-tender", "拍卖出让": "land-auction", "挂牌出让": "land-listing"}
#: The longest term that any use may have, years (暂行条例 12).
LONGEST_TERM = 70
_NUMBER = re.compile(r"[0-9]{10}B[0-9]{5}")
_DATE = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日")
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_TERM = re.compile(r"(?:(?P<use>[^0-9;]+))?(?P<years>[0-9]{1,3})年?")


@dataclass(frozen=True)
class Grant:
    """One parcel that was granted: area in square metres, price in fen, terms in years by use ('' for the whole)."""

    number: str
    procedure: str
    district: str
    location: str
    use: str
    area_m2: Decimal
    price_fen: int
    terms: tuple[tuple[str, int], ...]
    ratio: tuple[Decimal | None, Decimal | None]
    holder: str
    signed_on: date
    instalments: tuple[tuple[date, int], ...]

    @property
    def is_plan_whole(self) -> bool:
        """Whether the instalments make the price."""
        return sum(fen for _, fen in self.instalments) == self.price_fen


@dataclass(frozen=True)
class Turned:
    """A row that was not taken: which array and row (from 1), its own number, the field and the reason."""

    array: int
    row: int
    number: str
    field: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What a file holds: parcels in its order, and every row that was turned away."""

    grants: list[Grant]
    turned: list[Turned]


class _Dirty(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field, self.reason = field, reason


def read(data: bytes) -> Reading:
    """Read a file of one or more JSON arrays. Raises Refused ``land.file`` when it is none."""
    grants, turned, known = list[Grant](), list[Turned](), set[str]()
    for array, rows in enumerate(_arrays(data), 1):
        for number, row in enumerate(rows, 1):
            name = str(row.get("idnumber") or row.get("serial_number") or "")[:40] if isinstance(row, dict) else ""
            try:
                grant = _grant(row)
                if grant.number in known:
                    raise _Dirty("idnumber", "twice")
            except _Dirty as dirty:
                turned.append(Turned(array, number, name, dirty.field, dirty.reason))
            else:
                known.add(grant.number)
                grants.append(grant)
    return Reading(grants, turned)


def _arrays(data: bytes) -> Iterator[list[Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            raise Refused("land.file") from None
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise Refused("land.file") from None
        if not isinstance(found, list):
            raise Refused("land.file")
        yield found


def _grant(row: Any) -> Grant:
    if not isinstance(row, dict):
        raise _Dirty("", "no_record")
    supply = _text(row, "supply")
    if supply not in COMPETED:
        raise _Dirty("supply", "not_competed")
    number = _text(row, "idnumber")
    if not _NUMBER.fullmatch(number):
        raise _Dirty("idnumber", "no_number")
    price = _fen(row.get("price"), "price")
    low, high = (_ratio(row, name) for name in ("plot_ratio_minimum", "plot_ratio_maximum"))
    if low is not None and high is not None and low > high:
        raise _Dirty("plot_ratio_maximum", "below_minimum")
    instalments = tuple(_instalments(row.get("paid_plan"), price))
    return Grant(number, COMPETED[supply], _text(row, "district"), _text(row, "location"), _text(row, "use"),
                 _positive(row.get("area"), "area") * 10_000, price, _terms(_text(row, "duration")), (low, high),
                 without_identities(_text(row, "holder")).strip(), _day(row.get("date4sign"), "date4sign"), instalments)


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _Dirty(field, "empty")
    return value.strip()


def _positive(value: Any, field: str) -> Decimal:
    if not isinstance(value, str) or not value.strip():
        raise _Dirty(field, "empty")
    if not _DECIMAL.fullmatch(value.strip()):
        raise _Dirty(field, "no_number")
    found = Decimal(value.strip())
    if not found:
        raise _Dirty(field, "nought")
    return found


def _fen(value: Any, field: str) -> int:
    """An amount in ten thousand yuan (万元), as the records give it, in fen."""
    fen = _positive(value, field) * 1_000_000
    if fen != int(fen):
        raise _Dirty(field, "finer_than_fen")
    return int(fen)


def _ratio(row: Mapping[str, Any], field: str) -> Decimal | None:
    """A floor area ratio; nought stands in these records for one that was not fixed."""
    value = row.get(field)
    if not isinstance(value, str) or not value.strip() or not value.strip().strip("0."):
        return None
    return _positive(value, field)


def _terms(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        known = _TERM.fullmatch(part)
        if known is None:
            raise _Dirty("duration", "no_number")
        years = int(known["years"])
        if not 0 < years <= LONGEST_TERM:
            raise _Dirty("duration", "above_law")
        found.append(((known["use"] or "").strip(), years))
    return tuple(found)


def _day(value: Any, field: str) -> date:
    known = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if known is None:
        raise _Dirty(field, "no_date")
    try:
        return date(*(int(part) for part in known.groups()))
    except ValueError:
        raise _Dirty(field, "no_date") from None


def _instalments(plan: Any, price: int) -> Iterator[tuple[date, int]]:
    """The payment plan in its order; records often name the first instalment alone, with a remark beside it."""
    if plan is None:
        return
    if not isinstance(plan, dict) or not all(key.isascii() and key.isdigit() and isinstance(item, list) and len(item) in (2, 3)
                                             for key, item in plan.items()):
        raise _Dirty("paid_plan", "no_plan")
    found = [(_day(item[0], "paid_plan"), _fen(item[1], "paid_plan")) for _key, item in sorted(plan.items(), key=lambda pair: int(pair[0]))]
    if sum(fen for _, fen in found) > price:
        raise _Dirty("paid_plan", "above_price")
    yield from found

"""What the notice fixes for one lot that is competed for live: price, increment, times, ceiling. Pure.

A lot keeps its terms in ``method["sale"]``, its price, ceiling and deposit in its own fields, and
the notice's schedule gives the moments. ``read`` puts the three together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from trading.base.errors import Refused
from trading.sales.modes import MODES, After, Mode, Phase

#: Fen that one amount may have; more would not survive JSON readers.
MOST_FEN = 2**53 - 1
#: The kind of ``lot.method`` of a lot that is competed for live.
KIND = "live"
#: How a notice may keep the reserve price: sealed to the key holders, or none at all.
RESERVES = ("sealed", "none")
#: Which of the single offers at a ceiling wins (bidding.auction.outcomes.Single).
SINGLE_RULES = ("nearest_mean", "nearest_mean_from_below", "highest")


@dataclass(frozen=True)
class Terms:
    """What the notice fixes for one lot. Times are UTC milliseconds, money is fen."""

    mode: Mode
    start_fen: int
    step_fen: int
    opens_at: int
    #: End of the listing; the other phases follow from the mode.
    listing_ends_at: int = 0
    ceiling_fen: int | None = None
    after_ceiling: After = After.NOTHING
    #: Lowest price of a falling auction.
    floor_fen: int = 0
    #: Square metres that one step of supplied housing adds (竞配建).
    housing_step: int = 100
    #: Hours in which nothing runs, (from, until), in order and apart: the hard stop of a day and the next morning.
    breaks: tuple[tuple[int, int], ...] = ()


def wrong_places(terms: Terms) -> list[str]:
    """Everything that a notice states wrongly, in the order of a form."""
    falls = Phase.FALLING in terms.mode.phases
    # A ceiling is for bids that everybody sees rise.
    is_sealed = Phase.ROUND in terms.mode.phases
    wrong = {
        "start": not 0 < terms.start_fen <= MOST_FEN,
        "step": not 0 < terms.step_fen <= MOST_FEN,
        "opens": terms.opens_at < 0,
        "listing_ends": Phase.OFFERS in terms.mode.phases and terms.listing_ends_at <= terms.opens_at,
        "ceiling": terms.ceiling_fen is not None and (
            falls or is_sealed or not terms.start_fen < terms.ceiling_fen <= MOST_FEN
            or terms.mode.multiples and (terms.ceiling_fen - terms.start_fen) % terms.step_fen != 0),
        "after_ceiling": (terms.ceiling_fen is None) != (terms.after_ceiling is After.NOTHING),
        "housing_step": terms.housing_step <= 0,
        "floor": falls and not 0 < terms.floor_fen <= terms.start_fen,
        "breaks": any(until <= start for start, until in terms.breaks)
        or any(before[1] >= after[0] for before, after in zip(terms.breaks, terms.breaks[1:], strict=False))}
    return [place for place, is_wrong in wrong.items() if is_wrong]


def check(terms: Terms) -> None:
    """Raises Refused ``auction.terms`` naming the first thing that a notice states wrongly."""
    for place in wrong_places(terms):
        raise Refused("auction.terms", place=place)


def read(method: Mapping[str, Any], start_fen: int, ceiling_fen: int | None, schedule: Mapping[str, Any]) -> Terms:
    """The terms of one lot from its method, its prices and the notice's schedule.

    ``schedule`` gives ``opens_at`` and, for a listing, ``listing_ends_at`` (RFC 3339 with offset), and
    ``breaks`` as pairs of such moments. Raises Refused ``auction.terms`` with the place.
    """
    sale = method.get("sale")
    if method.get("kind") != KIND or not isinstance(sale, Mapping):
        raise Refused("auction.terms", place="mode")
    if sale.get("mode") not in MODES:
        raise Refused("auction.terms", place="mode")
    mode = MODES[sale["mode"]]
    if sale.get("after_ceiling", "") not in {str(after) for after in After}:
        raise Refused("auction.terms", place="after_ceiling")
    listing = _milliseconds(schedule, "listing_ends_at") if Phase.OFFERS in mode.phases else 0
    made = Terms(mode, start_fen, _whole(sale, "step_fen", 0), _milliseconds(schedule, "opens_at"), listing, ceiling_fen,
                 After(sale.get("after_ceiling", "")), _whole(sale, "floor_fen", 0), _whole(sale, "housing_step", 100),
                 tuple((_moment(start, "breaks"), _moment(until, "breaks")) for start, until in _pairs(schedule.get("breaks", ()))))
    check(made)
    return made


#: Moments that stand in while no notice states any: terms are held against everything else before.
_UNDATED = {"opens_at": "2000-01-01T00:00:00+08:00", "listing_ends_at": "2000-01-02T00:00:00+08:00"}


def wrong_before_notice(method: Mapping[str, Any], start_fen: int, ceiling_fen: int | None) -> list[str]:
    """Everything wrong with a lot's terms while its registration is written, moments aside."""
    sale = method.get("sale")
    if method.get("kind") != KIND or not isinstance(sale, Mapping) or sale.get("mode") not in MODES:
        return ["mode"]
    try:
        made = Terms(MODES[sale["mode"]], start_fen, _whole(sale, "step_fen", 0), _milliseconds(_UNDATED, "opens_at"),
                     _milliseconds(_UNDATED, "listing_ends_at"), ceiling_fen, After(sale.get("after_ceiling", "")),
                     _whole(sale, "floor_fen", 0), _whole(sale, "housing_step", 100))
    except ValueError:
        return ["after_ceiling"]
    except Refused as refusal:
        return [str(refusal.facts["place"])]
    return wrong_places(made)


def reserve_of(method: Mapping[str, Any]) -> str:
    """How the lot keeps its reserve price, one of RESERVES."""
    kept = method.get("sale", {}).get("reserve", "none")
    return kept if kept in RESERVES else "none"


def _whole(sale: Mapping[str, Any], name: str, usual: int) -> int:
    value = sale.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("auction.terms", place=name.removesuffix("_fen"))
    return value


def _pairs(breaks: Any) -> list[tuple[Any, Any]]:
    if not isinstance(breaks, list | tuple) or any(not isinstance(item, list | tuple) or len(item) != 2 for item in breaks):
        raise Refused("auction.terms", place="breaks")
    return [(item[0], item[1]) for item in breaks]


def _milliseconds(schedule: Mapping[str, Any], name: str) -> int:
    return _moment(schedule.get(name), {"opens_at": "opens", "listing_ends_at": "listing_ends"}[name])


def _moment(text: Any, place: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Refused("auction.terms", place=place) from None
    if at.tzinfo is None:
        raise Refused("auction.terms", place=place)
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

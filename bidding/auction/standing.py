"""What is known of a lot under the hammer at one moment. Immutable: every act gives another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from trading.sales.modes import MODES, After, Phase
from trading.sales.terms import Terms


@dataclass(frozen=True)
class Bid:
    """A valid bid; ``number`` is unique within its lot and orders bids of the same millisecond."""

    number: int
    paddle: str
    fen: int
    at: int
    phase: Phase


@dataclass(frozen=True)
class Standing:
    """Phase, price and who leads, and when the present phase ends (None where no clock runs)."""

    terms: Terms
    phase: Phase = Phase.WAITING
    ends_at: int | None = None
    price_fen: int | None = None
    leader: str = ""
    number: int = 0
    #: Who made a valid offer, who said to go on, who agreed to the ceiling, in the order of their acts.
    offered: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    #: Square metres of supplied housing that lead at the ceiling.
    housing: int = 0
    #: How often the host has called since the last bid.
    calls: int = 0
    #: Since when the lot stands still, and what of its clock was left.
    paused_at: int | None = None
    left_ms: int | None = None
    #: When the clock of a falling price began, moved by the time that it stood still.
    fell_from: int = 0
    #: Which round of sealed offers this is, from 1.
    round: int = 0
    #: The newest valid bid; all of them stand in the log, and deciding the next costs the same whatever their number.
    last: Bid | None = None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


# --- as they are kept --------------------------------------------------------------------------------------


def kept_terms(terms: Terms) -> dict[str, Any]:
    """Terms as plain values; ``read_terms`` gives the same back."""
    plain = {field.name: getattr(terms, field.name) for field in fields(Terms)}
    return plain | {"mode": terms.mode.id, "after_ceiling": str(terms.after_ceiling), "breaks": [list(pair) for pair in terms.breaks]}


def read_terms(kept: Mapping[str, Any]) -> Terms:
    return Terms(**{**kept, "mode": MODES[kept["mode"]], "after_ceiling": After(kept["after_ceiling"]),
                    "breaks": tuple((start, until) for start, until in kept["breaks"])})


_PLAIN = ("ends_at", "price_fen", "leader", "number", "housing", "calls", "paused_at", "left_ms", "fell_from", "round")
_LISTS = ("offered", "joined", "agreed")


def kept_standing(now: Standing) -> dict[str, Any]:
    """A standing as plain values, without its terms."""
    last = now.last and [now.last.number, now.last.paddle, now.last.fen, now.last.at, str(now.last.phase)]
    return {"phase": str(now.phase), "last": last} | {name: getattr(now, name) for name in _PLAIN} | {name: list(getattr(now, name)) for name in _LISTS}


def read_standing(terms: Terms, kept: Mapping[str, Any]) -> Standing:
    last = kept["last"] and Bid(*kept["last"][:4], Phase(kept["last"][4]))
    return Standing(terms, Phase(kept["phase"]), last=last, **{name: kept[name] for name in _PLAIN if name in kept}, **{name: tuple(kept[name]) for name in _LISTS})

"""What is known of a lot under the hammer at one moment. Immutable: every act gives another one."""

from __future__ import annotations

from dataclasses import dataclass

from trading.sales.modes import Phase
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
    #: The newest valid bid; all of them stand in the log, and deciding the next costs the same whatever their number.
    last: Bid | None = None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

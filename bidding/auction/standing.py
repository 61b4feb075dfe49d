"""What is known of a lot under the hammer at one moment. Immutable: every act gives another one."""

from __future__ import annotations

from dataclasses import dataclass, field

from bidding.auction.modes import After, Mode, Phase


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
    bids: tuple[Bid, ...] = field(default=(), compare=False)

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

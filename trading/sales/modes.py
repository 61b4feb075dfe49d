"""Auction modes as rows: what a lot begins with, how long each phase lasts, what moves a clock, what follows a ceiling.

A region's or a seller's way of bidding is a further row, or a row with other numbers. Nothing in
``rules.py`` asks for a mode by name. Times are whole milliseconds, money whole fen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MINUTE = 60_000


class Phase(StrEnum):
    """Where a lot stands between its opening and its end."""

    WAITING = "waiting"      # before the opening
    OFFERS = "offers"        # listing: offers up to a fixed close (挂牌报价)
    QUESTION = "question"    # does anyone go on? (是否参加限时竞价)
    FREE = "free"            # free bidding for a fixed time (自由竞价)
    TIMED = "timed"          # a countdown that each valid bid restarts (限时竞价)
    CALLS = "calls"          # on site, until the host has called three times
    FALLING = "falling"      # the price falls until somebody takes it (Dutch)
    ROUND = "round"          # a round of sealed offers, up to its end (多轮密封报价)
    OPENING = "opening"      # the round is over; the key holders open its offers
    AGREEING = "agreeing"    # the ceiling is reached: who else agrees to it?
    HOUSING = "housing"      # at the ceiling: who supplies the larger area? (竞配建)
    TIED = "tied"            # at the ceiling several are left, and something else decides
    ENDED = "ended"


class After(StrEnum):
    """What follows when more than one bidder agrees to the ceiling price."""

    NOTHING = ""
    LOTTERY = "lottery"      # 摇号, by the verifiable draw
    HOUSING = "housing"      # 竞配建
    QUALITY = "quality"      # 竞品质, judged by a committee
    SINGLE = "single"        # 一次报价, one sealed offer each


class Restart(StrEnum):
    """What a valid bid does to the countdown."""

    RESET = "reset"          # it runs for its whole length from the bid
    EXTEND = "extend"        # its length is added to the end


@dataclass(frozen=True)
class Mode:
    """One way of bidding."""

    id: str
    zh: str
    en: str
    #: The phases before the countdown, in order.
    phases: tuple[Phase, ...]
    #: How long the question stands, free bidding lasts, the countdown runs; milliseconds.
    confirm_ms: int = 5 * MINUTE
    free_ms: int = 60 * MINUTE
    window_ms: int = 5 * MINUTE
    restart: Restart = Restart.RESET
    #: Whether the first bid of the countdown must be a whole increment above the listing's highest, or only above it.
    full_step_first: bool = True
    #: Whether only whole multiples of the increment count.
    multiples: bool = False
    #: Only who has made a valid offer during the listing may go on.
    needs_offer: bool = False
    #: Milliseconds between two steps of a falling price.
    fall_ms: int = 0


MODES = {mode.id: mode for mode in (
    # 39号令 18, 19; windows as regions set them (statutes, section 5: ld.xsjj_confirm, ld.xsjj_window).
    Mode("listing", "挂牌，限时竞价", "Listing with timed bidding", (Phase.OFFERS, Phase.QUESTION, Phase.TIMED), needs_offer=True),
    Mode("listing-4", "挂牌，限时竞价（4 分钟）", "Listing with timed bidding (4 minutes)", (Phase.OFFERS, Phase.QUESTION, Phase.TIMED),
         confirm_ms=4 * MINUTE, window_ms=4 * MINUTE, needs_offer=True),
    Mode("listing-open", "挂牌，限时竞价（全部竞买人可参加）", "Listing, timed bidding open to all", (Phase.OFFERS, Phase.QUESTION, Phase.TIMED),
         full_step_first=False),
    Mode("listing-only", "挂牌（无限时竞价）", "Listing without timed bidding", (Phase.OFFERS,)),
    # 钦州 2021: 60 minutes free, then windows of five (ld.free_auction).
    Mode("auction", "网上拍卖（自由竞价后限时）", "Online auction", (Phase.FREE, Phase.TIMED)),
    Mode("auction-extend", "网上拍卖（延时累加）", "Online auction, time added", (Phase.FREE, Phase.TIMED), free_ms=30 * MINUTE, window_ms=2 * MINUTE,
         restart=Restart.EXTEND, multiples=True),
    Mode("on-site", "现场拍卖（三次报价）", "On-site auction with three calls", (Phase.CALLS,)),
    Mode("falling", "降价式拍卖", "Falling price", (Phase.FALLING,), fall_ms=MINUTE),
    # Each round half an hour; the round in which nobody goes higher is the last.
    Mode("rounds", "多轮密封报价", "Sealed offers in rounds", (Phase.ROUND,), window_ms=30 * MINUTE),
)}

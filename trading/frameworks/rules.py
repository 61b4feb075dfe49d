"""Who gets a purchase under a framework agreement (框架协议, 110号令). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from trading.base.errors import Refused


class Way(StrEnum):
    """How the second stage chooses: 直接选定, 二次竞价, 顺序轮候."""

    DIRECT = "direct"
    SECOND_BIDDING = "second_bidding"
    ROTATION = "rotation"


TEXT_LENGTH = 2000
NUMBER_LENGTH = 80
REASON_LENGTH = 400


def way(method: Mapping[str, object], lawful: str) -> Way:
    """The way that the document chose, if the law knows it. Raises Refused ``framework.way``."""
    chosen = str(method.get("second_stage", Way.DIRECT))
    if chosen not in lawful.split(",") or chosen not in set(Way):
        raise Refused("framework.way", way=chosen[:40])
    return Way(chosen)


def next_in_turn(ranked: Sequence[int], before: Sequence[int]) -> int:
    """Whose turn it is: in rank order, nobody twice before everybody once.

    ``ranked`` are those in the agreement now, ``before`` those chosen so far, oldest first. Whoever
    was chosen longest ago is next, and before them who never was: who left is passed over, and who
    joined late has one turn and then waits like the others, not all those that it missed.
    """
    if not ranked:
        raise Refused("framework.nobody_left")
    last = {organisation: number for number, organisation in enumerate(before)}
    return min(ranked, key=lambda organisation: (last.get(organisation, -1), ranked.index(organisation)))


def lowest(offers: Mapping[int, tuple[int, int]], limits: Mapping[int, int]) -> int | None:
    """Who asks least in a second bidding; an offer above the supplier's own framework price does
    not count, of equal ones the earlier filed leads. None when no offer counts.

    ``offers`` gives each supplier's price in fen and its number in the log.
    """
    good = [(price, number, organisation) for organisation, (price, number) in offers.items() if price <= limits[organisation]]
    return min(good)[2] if good else None

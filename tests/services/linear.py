"""Whether a history of calls and returns could have come from one bidder at a time: linearisability of a live lot.

Every accepted bid carries its number, and a bid that was too low says which price it met, so the order of
all decisions is known but for readers of one state among themselves. What is left to check is that a
moment between call and return can be given to each, in that order (Herlihy and Wing, 1990).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Op:
    """One request: when it was sent and answered, what it offered, and its number, or the least that would have counted."""

    call: int
    ret: int
    paddle: str
    fen: int
    number: int | None = None
    least: int | None = None
    reason: str = ""


def check(history: list[Op], start_fen: int, step_fen: int) -> list[str]:
    """What is wrong with a history; nothing if it is linearisable."""
    wrong = []
    accepted = sorted((op for op in history if op.number is not None), key=lambda op: op.number or 0)
    if [op.number for op in accepted] != list(range(1, len(accepted) + 1)):
        return ["numbers are not unique and without a gap"]
    price = None
    least_at = {start_fen: 0}
    for op in accepted:
        least = start_fen if price is None else price + step_fen
        if op.fen < least:
            wrong.append(f"bid {op.number} does not rise")
        price = op.fen
        least_at[price + step_fen] = op.number or 0
    readers: dict[int, list[Op]] = defaultdict(list)
    for op in history:
        if op.number is None and op.least is not None:
            if op.least not in least_at:
                wrong.append(f"a refusal met a price that there never was: {op.least}")
            elif op.fen >= op.least:
                wrong.append("a bid that was high enough was refused")
            else:
                readers[least_at[op.least]].append(op)
    moment = -1
    for number in range(len(accepted) + 1):
        if number:
            op = accepted[number - 1]
            moment = max(moment, op.call)
            if moment > op.ret:
                wrong.append(f"bid {number} was answered before one with a smaller number was sent")
        for reader in readers[number]:
            if max(moment, reader.call) > reader.ret:
                wrong.append(f"a refusal met bid {number} before it was sent")
        moment = max([moment, *(reader.call for reader in readers[number])])
    return wrong


def contended(history: list[Op]) -> float:
    """The share of requests during which another one was under way."""
    calls, ends = sorted(op.call for op in history), sorted(op.ret for op in history)
    # Under way during one: those sent before it ended, less those answered before it was sent, less itself.
    found = sum(bisect_left(calls, op.ret) - bisect_right(ends, op.call) > 1 for op in history)
    return found / len(history) if history else 0.0

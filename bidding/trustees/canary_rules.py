"""When key holders are rehearsed (密钥演练), and how many must answer. Pure.

A dummy bid is sealed with every session. Whoever cannot open its share of it will not open the real
ones either; found before the deadline, the deadline can still move, afterwards only the tender can fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

#: The bidder of the dummy bid: no credit code, so no real header can be passed off as it.
CANARY = "canary"
#: How long before the deadline each rehearsal must have been answered (docs/protocol.md, 2.8).
BEFORE = (timedelta(hours=72), timedelta(hours=2))
#: What a session that is opened later than that leaves for the first rehearsal.
LEAST = timedelta(minutes=15)


def rounds(opened_at: datetime, deadline: datetime) -> list[datetime]:
    """Moments by which each rehearsal is due, in order; one at least, and never after the deadline.

    A session that is opened later than a regular moment is rehearsed at once instead.
    """
    regular = [deadline - before for before in BEFORE if deadline - before >= opened_at + LEAST]
    if not regular or regular[0] != deadline - BEFORE[0]:
        regular.insert(0, opened_at + min(LEAST, (deadline - opened_at) / 2))
    return regular


def moved(due: Sequence[datetime], checked: int, deadline: datetime, at: datetime) -> list[datetime]:
    """Due moments after the deadline moved later: those checked stay, the others follow it.

    The last rehearsal is held again, because what was true two hours before the old deadline
    says nothing of the new one.
    """
    kept = list(due[:checked])
    left = [deadline - before for before in BEFORE if deadline - before >= at + LEAST and (not kept or deadline - before > kept[-1])]
    return kept + (left[-1:] if kept else left or [at + min(LEAST, (deadline - at) / 2)])


def needed(k: int, n: int) -> int:
    """Key holders that must answer: one more than the opening needs, as far as there are so many."""
    return min(n, k + 1)

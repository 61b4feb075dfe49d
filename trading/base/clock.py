"""The one place that reads the wall clock.

Everything else is handed either a moment (``at``) or, where the moment must be read
inside a lock, a Clock. Moments are aware and in UTC; people see Beijing time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

#: The legal time of the platform's users.
BEIJING = ZoneInfo("Asia/Shanghai")
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


def now() -> datetime:
    """The present moment, aware, UTC, to the microsecond."""
    return datetime.now(UTC)


def stopped(at: datetime) -> Clock:
    """A clock that always shows ``at``: for replays, demonstrations and tests."""
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return lambda: at


def ticks() -> float:
    """Seconds on a steady counter, for measuring how long something took."""
    return time.perf_counter()


def unix(at: datetime) -> int:
    """Whole UTC seconds, as the protocol's documents write a moment (rounded down)."""
    return int(at.timestamp())


def from_unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def unix_ms(at: datetime) -> int:
    """Whole UTC milliseconds, rounded down without floating point."""
    return (at - _EPOCH) // _MILLISECOND

"""Pure sums over the pauses of a lot."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


def stood(spans: Iterable[tuple[datetime, datetime]], since: datetime) -> timedelta:
    """How long a lot stood still after a moment; spans that overlap count once."""
    total, until = timedelta(0), since
    for began, ended in sorted(spans):
        if ended > until:
            total += ended - max(began, until)
            until = ended
    return total


def prolonged(spans: Iterable[tuple[datetime, datetime]], since: datetime, until: datetime) -> datetime:
    """The end of a time from ``since`` to ``until`` that is longer by the spans that fall into it.

    A span counts from where it enters the time, wholly to its end; overlapping spans count once. What
    falls into the added time counts too.
    """
    end, counted = until, since
    for began, ended in sorted(spans):
        start = max(began, counted)
        if start < end and ended > start:
            end += ended - start
            counted = ended
    return end

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

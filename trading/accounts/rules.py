"""What makes a password acceptable, and when somebody who guesses has to wait."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from trading.base.errors import Refused

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)


def check_password(password: str, username: str) -> None:
    """Length counts, composition does not (NIST SP 800-63B, 5.1.1.2). Raises Refused."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST_PASSWORD:
        raise Refused("account.password_short", least=SHORTEST_PASSWORD)
    if len(plain) > LONGEST_PASSWORD:
        raise Refused("account.password_long", most=LONGEST_PASSWORD)
    if len(set(plain)) < 5 or username.lower() in plain.lower():
        raise Refused("account.password_guessable")


def wait_until(failures: int, last_at: datetime) -> datetime | None:
    """When the same source may try again: after five failures each doubles the wait."""
    if failures < FREE_TRIES:
        return None
    return last_at + min(timedelta(seconds=2 ** min(failures - FREE_TRIES + 1, 20)), LONGEST_WAIT)


def is_live(started_at: datetime, seen_at: datetime, at: datetime) -> bool:
    """Whether a sign-in still counts: not idle for half an hour, not older than half a day."""
    return at - seen_at < IDLE and at - started_at < LONGEST_SESSION

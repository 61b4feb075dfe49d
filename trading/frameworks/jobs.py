"""Timed work of frameworks: settle second biddings whose offers are opened."""

from __future__ import annotations

from datetime import datetime

import structlog

from trading.base.errors import Refused
from trading.frameworks import service

log = structlog.get_logger()


def settle_due(at: datetime) -> int:
    done = 0
    for call_id in service.waiting():
        try:
            done += service.follow(call_id, at=at)
        except Refused as refusal:
            log.warning("a second bidding could not be settled", call=call_id, reason=refusal.reason)
    return done

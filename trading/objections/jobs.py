"""Timed work of objections and complaints: what the law stops or lets go by itself."""

from __future__ import annotations

from datetime import datetime

import structlog

from trading.base.errors import Refused
from trading.objections import complaints, queries, service

log = structlog.get_logger()


def follow(at: datetime) -> int:
    """Let go what was suspended as long as the law allows, and stop the signing of lots that were
    awarded while a question was open that may affect their result."""
    done = 0
    for complaint_id in queries.suspensions_over(at):
        try:
            done += complaints.end_suspension(complaint_id, actor="timetable", at=at)
        except Refused as refusal:
            log.warning("a suspension was not ended", complaint=complaint_id, reason=refusal.reason)
    for objection_id in queries.unsuspended_signings():
        try:
            done += service.follow_award(objection_id, at=at)
        except Refused as refusal:
            log.warning("a signing was not stopped", objection=objection_id, reason=refusal.reason)
    return done

"""Timed work of announcements: publish what is due."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select

from trading.announcements import service
from trading.announcements.models import Notice
from trading.base.database import db
from trading.base.errors import Refused

log = structlog.get_logger()


def publish_due(at: datetime) -> int:
    """Publish every draft whose time has come; one that the law refuses stays a draft."""
    due = db.session.scalars(select(Notice.id).where(
        Notice.published_at.is_(None), Notice.publish_at.is_not(None), Notice.publish_at <= at)).all()
    done = 0
    for notice_id in due:
        try:
            service.publish_tender(notice_id, actor="timetable", at=at)
            done += 1
        except Refused as refusal:
            log.warning("a notice due for publication was refused", notice=notice_id, reason=refusal.reason)
    return done

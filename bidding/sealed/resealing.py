"""After the log went on under another name: sessions that belong to the name before end, their bids are sealed anew.

A session belongs to the log that its document names. One whose close a quorum had cosigned there goes on to its
opening; any other ends with its log (docs/decisions/012-a-log-that-goes-on.md). Who had filed is not told: the boxes stay shut.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from bidding.envelope.documents import AT_DEADLINE, FIRST
from bidding.sealed import service
from bidding.trustees import countersigning
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, transaction
from trading.evidence import service as evidence
from trading.evidence.models import Checkpoint
from trading.evidence.verify import SPAN
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.supervision import continuing

log = structlog.get_logger()

TEXT = """因交易平台恢复备份，存证日志中断，自 {at} 起以新名称 {origin} 接续。理由：{reason}
本标段此前的封存会话随原日志终止，此前递交的投标文件不予解密，请在新的截止时间前对新会话重新封存、重新递交。
投标截止时间为 {deadline}。"""


def follow(at: datetime) -> int:
    """End every session that the log's former names leave open. Returns how many."""
    begins = evidence.size() // SPAN * SPAN
    if not begins:
        return 0
    done = 0
    for name in db.session.scalars(select(SealingSession.id).where(
            SealingSession.opened_seq < begins, SealingSession.settled_at.is_(None)).order_by(SealingSession.opened_seq)).all():
        try:
            done += _end(name, at)
        except Exception:
            # One that cannot be ended must not keep the others; it is tried again.
            log.exception("a session of the former log could not be ended", session=name)
            db.session.rollback()
    return done


def _end(name: str, at: datetime) -> bool:
    with transaction():
        lot = projects.locked_lot(trustees.get_session(name).lot_id)
        sealing: SealingSession = lock_row(SealingSession, name)
        if sealing.settled_at is not None or _is_witnessed(sealing):
            return False
        was_open = sealing.close_seq is None
        written = evidence.record("session.ended", actor="timetable", at=at, lot=lot.code, session=sealing.id, envelope=sealing.envelope,
                                  log_origin=sealing.document["log_origin"])
        sealing.settled_at = at
        if was_open:
            # Its place is free for another; its papers stay in the case, beside those that count.
            for piece in (f"session-{sealing.envelope}.json", f"amendment-{sealing.envelope}-", f"countersigned-{sealing.envelope}-"):
                archive.set_aside(lot.id, f"00-policy/{piece}", f"ended-{written.seq // SPAN}")
            envelope, sealing.envelope, sealing.close_seq = sealing.envelope, f"{sealing.envelope}~{written.seq // SPAN}", written.seq
            db.session.flush()
            if envelope in AT_DEADLINE and lot.stage in (Stage.BIDDING, Stage.PAUSED):
                _again(sealing, envelope, lot, at)
        return True


def _is_witnessed(sealing: SealingSession) -> bool:
    """Whether a quorum had cosigned the session's close under the name that it belongs to."""
    found = db.session.get(Checkpoint, sealing.close_checkpoint) if sealing.close_checkpoint else None
    return found is not None and found.size // SPAN == sealing.opened_seq // SPAN \
        and found.cosigners >= max(1, installation.settings().witness_quorum)


def _again(ended: SealingSession, envelope: str, lot: Lot, at: datetime) -> None:
    """A new session for the lot's bids, or one of their envelopes, with time to seal, and a notice that says so."""
    made, _, _ = continuing.continued()[-1]
    before = lot.deadline
    assert before is not None
    lot.deadline = max(before, (at + timedelta(days=made.reseal_days)).replace(second=0, microsecond=0))
    sealing = trustees.open_session(lot, envelope, deadline=lot.deadline, policy=ended.document["policy"], opens_after=ended.opens_at - ended.deadline,
                                    window=timedelta(seconds=ended.document["bidder_window_s"]), at=at)
    countersigning.ask(sealing, lot, at=at)
    service.add_cover(sealing, at=at)
    if envelope not in FIRST:
        return  # told with the technical one
    local = lot.deadline.astimezone(BEIJING)
    announcements.publish_plain(Kind.CLARIFICATION, lot, f"{lot.label}重新封存投标文件的公告", TEXT.format(
        at=f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}", origin=evidence.origin(), reason=made.reason, deadline=f"{local:%Y-%m-%d %H:%M}"),
        {"deadline": local.isoformat()}, actor="timetable", at=at)
    evidence.record("notice.deadline_moved", actor="timetable", at=at, lot=lot.code, project=lot.project.code,
                    before=before.isoformat(), after=lot.deadline.isoformat())

"""Seal a pack without the time stamps of an authority that is gone for good, when two persons say so.

An archivist asks and names the ground; a supervisor approves. The approval is an entry of the case in the
log and a piece of its file, so that every verifier sees whose stamps are missing, and why.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.archive import service
from trading.archive.models import StampOverride
from trading.base import texts
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence import stamping
from trading.evidence.models import Entry
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot

MOST_GROUND = 2000
#: As the log and the verifier know it.
APPROVED = "stamps.override_approved"


def missing(lot: Lot) -> list[str]:
    """Authorities that the case's sessions name and whose stamp of a close is not there, as the sessions write them."""
    entries = list(db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind.in_(("session.opened", "session.close"))).order_by(Entry.seq)))
    named = {name for entry in entries if entry.kind == "session.opened" and entry.event for name in entry.event.get("tsa", [])}
    found: set[str] = set()
    for entry in entries:
        if entry.kind == "session.close":
            stamped = {stamp.authority for stamp in stamping.stamps_of(evidence.first_checkpoint_after(entry.seq).size)}
            found |= {name for name in named if name.rpartition("+")[2] not in stamped}
    return sorted(found)


def excused(lot_id: int) -> frozenset[str]:
    """Authorities without whose stamps the pack may be sealed, as the sessions write them."""
    return frozenset(db.session.scalars(select(StampOverride.authority).where(StampOverride.lot_id == lot_id, StampOverride.decision == "approved")))


def of_case(lot_id: int) -> list[StampOverride]:
    return list(db.session.scalars(select(StampOverride).where(StampOverride.lot_id == lot_id).order_by(StampOverride.id.desc())))


def get(override_id: int) -> StampOverride:
    found = db.session.get(StampOverride, override_id)
    if found is None:
        raise NotFound
    return found


def ask(lot_id: int, authority: str, ground: str, *, account_id: int, actor: str, at: datetime) -> StampOverride:
    """Ask to seal without one authority's stamps. Raises Refused ``override.*``, ``archive.sealed_already``."""
    ground = texts.filled(ground, "override.ground", MOST_GROUND)
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        if service.pack_of(lot_id) is not None:
            raise Refused("archive.sealed_already")
        if authority not in missing(lot):
            raise Refused("override.authority")
        if any(item.authority == authority and item.decision in ("", "approved") for item in of_case(lot_id)):
            raise Refused("override.waiting_already")
        made = StampOverride(lot_id=lot_id, authority=authority, ground=ground, asked_at=at, asked_by=account_id)
        session.add(made)
        session.flush()
        evidence.record("stamps.override_asked", actor=actor, at=at, lot=lot.code, project=lot.project.code, override=made.id,
                        authority=authority, reason=ground)
        for other in accounts.holders_of(Permission.ARCHIVE_SUPERVISE):
            messages.notify("override.asked", at=at, account_id=other, link=f"/archive/{lot.code}", lot=lot.label)
        return made


def approve(override_id: int, *, account_id: int, actor: str, at: datetime) -> StampOverride:
    """The second person lets the pack be sealed without the stamps. Raises Refused ``override.second_person``, ``.decided``, ``.authority``."""
    with transaction() as session:
        lot, made = _waiting(override_id)
        if made.asked_by == account_id:
            raise Refused("override.second_person")
        if service.pack_of(lot.id) is not None:
            raise Refused("archive.sealed_already")
        if made.authority not in missing(lot):
            raise Refused("override.authority")
        made.decided_at, made.decided_by, made.decision = at, account_id, "approved"
        session.flush()
        asker = accounts.get(made.asked_by).username
        evidence.record(APPROVED, actor=actor, at=at, lot=lot.code, project=lot.project.code, override=made.id, authority=made.authority,
                        asked_by=asker, reason=made.ground)
        service.file_document(lot.id, f"00-policy/stamp-override-{made.id:06d}.json", "免除时间戳的决定", {
            "lot": lot.code, "authority": made.authority, "ground": made.ground, "asked_by": asker, "asked_at": made.asked_at.isoformat(),
            "approved_by": actor, "approved_at": at.isoformat()}, at=at)
        return made


def refuse(override_id: int, note: str, *, account_id: int, actor: str, at: datetime) -> StampOverride:
    """Another person turns it down and says why; whoever asked takes it back."""
    with transaction() as session:
        lot, made = _waiting(override_id)
        own = made.asked_by == account_id
        made.note = "" if own else texts.filled(note, "override.ground", MOST_GROUND)
        made.decided_at, made.decided_by, made.decision = at, account_id, "withdrawn" if own else "refused"
        session.flush()
        evidence.record("stamps.override_withdrawn" if own else "stamps.override_refused", actor=actor, at=at, lot=lot.code, project=lot.project.code,
                        override=made.id, authority=made.authority, **({"reason": made.note} if made.note else {}))
        return made


def _waiting(override_id: int) -> tuple[Lot, StampOverride]:
    lot = projects.locked_lot(get(override_id).lot_id)
    made: StampOverride | None = lock_row(StampOverride, override_id)
    assert made is not None
    if made.decided_at is not None:
        raise Refused("override.decided")
    return lot, made

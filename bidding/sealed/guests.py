"""Sessions that only some may file in: the offers of a later round, from those asked for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from bidding.sealed.models import SecretGuest, SessionGuest
from bidding.trustees.models import SealingSession
from trading.base import installation
from trading.base.database import db, lock_row
from trading.evidence.models import Entry
from trading.supervision import service as pauses


def admit(session_name: str, organisation_ids: Iterable[int]) -> None:
    """Let these organisations file in a session; runs in the transaction that opens it."""
    db.session.add_all(SessionGuest(session=session_name, organisation_id=organisation_id)
                       for organisation_id in sorted(set(organisation_ids)))
    db.session.flush()


@dataclass(frozen=True)
class Alias:
    """Under which name somebody files whose own nobody may know, and the key that signs there."""

    name: str
    public: bytes


def admit_secretly(session_name: str, aliases: Mapping[int, Alias]) -> None:
    """The same, so that the database names none of them, what they file names none, and rows say nothing by their order."""
    boxes = {_tag(session_name, number): alias for number, alias in aliases.items()}
    db.session.add_all(SecretGuest(tag=tag, session=session_name, box=_closed(tag, boxes[tag])) for tag in sorted(boxes))
    db.session.flush()


def _closed(tag: str, alias: Alias) -> bytes:
    return installation.boxes().close({"name": alias.name, "public": alias.public.hex()}, f"guest/{tag}", pad=160)


def alias(session_name: str, organisation_id: int) -> Alias | None:
    """The name under which an organisation files in a session in secret; None where it was not asked."""
    tag = _tag(session_name, organisation_id)
    row = db.session.get(SecretGuest, tag)
    if row is None:
        return None
    held = installation.boxes().open(row.box, f"guest/{tag}")
    return Alias(held["name"], bytes.fromhex(held["public"]))


def change_key(lot_id: int, organisation_id: int, public: bytes) -> None:
    """Another device files from now on, in every session of a lot that is still open; runs in the caller's transaction."""
    for name in db.session.scalars(select(SealingSession.id).where(SealingSession.lot_id == lot_id, SealingSession.close_seq.is_(None))):
        if (known := alias(name, organisation_id)) is not None:
            tag = _tag(name, organisation_id)
            row: SecretGuest = lock_row(SecretGuest, tag)
            row.box = _closed(tag, Alias(known.name, public))


def _tag(session_name: str, organisation_id: int) -> str:
    return installation.boxes().tag("guest", session_name, str(organisation_id))


def are_admitted(session_name: str) -> list[int]:
    """Numbers of the organisations that may file."""
    return list(db.session.scalars(select(SessionGuest.organisation_id).where(SessionGuest.session == session_name)
                                   .order_by(SessionGuest.organisation_id)))


def standing(session_name: str, organisation_id: int) -> tuple[datetime, bool, bool]:
    """(deadline, whether it is closed, whether the organisation was asked), read now: the
    caller holds the lot's lock, under which alone a session closes."""
    row = db.session.execute(
        select(SealingSession.deadline, SealingSession.close_seq, SessionGuest.organisation_id, SealingSession.lot_id, Entry.at)
        .join(Entry, Entry.seq == SealingSession.opened_seq)
        .outerjoin(SessionGuest, (SessionGuest.session == SealingSession.id) & (SessionGuest.organisation_id == organisation_id))
        .where(SealingSession.id == session_name)).one()
    # The time that the lot stood still is not counted, also before the timetable has moved the deadline.
    stood = pauses.time_paused(row[3], row[4])
    return row[0] if not stood else max(row[0], _first_deadline(session_name) + stood), row[1] is not None, row[2] is not None or alias(session_name, organisation_id) is not None


def _first_deadline(session_name: str) -> datetime:
    document = db.session.scalars(select(SealingSession.document).where(SealingSession.id == session_name)).one()
    return datetime.fromtimestamp(document["deadline"], UTC)


def sessions_of(lot_id: int, organisation_id: int) -> list[SealingSession]:
    """Sessions of a lot into which an organisation was asked to file, the newest first."""
    return list(db.session.scalars(
        select(SealingSession).join(SessionGuest, SessionGuest.session == SealingSession.id)
        .where(SealingSession.lot_id == lot_id, SessionGuest.organisation_id == organisation_id)
        .order_by(SealingSession.opened_seq.desc())))

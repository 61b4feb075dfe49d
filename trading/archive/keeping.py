"""Number sealed cases among the centre's files and keep them as long as their class says (保管期限).

The class is proposed from the law and may be raised with a reason. To lower it takes two persons,
and nobody lowers it below the law.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import structlog
from sqlalchemy import select

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.archive import holds, search, terms
from trading.archive.models import CaseFile, Pack, RetentionChange
from trading.archive.terms import Retention
from trading.base import installation, texts
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, serialise, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law.periods import add_months
from trading.law.procedures import Family, family
from trading.law.rules import find as find_rule
from trading.law.rules import seek as seek_rule
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot, Numbering

log = structlog.get_logger()

#: Numbers are given one after the other.
_LINE = 0x61726368
#: What a file is about, as its number says it.
CATEGORIES = {Family.WORKS: "GC", Family.PROCUREMENT: "CG", Family.LAND: "TD", Family.PROPERTY: "CQ"}
MOST_REASON = 2000


# --- the number of a file ----------------------------------------------------------------------


def case_file(lot_id: int) -> CaseFile | None:
    return db.session.get(CaseFile, lot_id)


def number_of(fonds: str, category: str, year: int, serial: int) -> str:
    """A file's number (档号): fonds, class of case, year of sealing, serial number in that year."""
    return f"{fonds}-{category}-{year}-{serial:04d}"


def take_in(lot_id: int, *, at: datetime) -> CaseFile:
    """Give a sealed case its number and its class, and put its texts into the index. Done twice it is done once."""
    pack = db.session.get(Pack, lot_id)
    if pack is None:
        raise NotFound
    found = case_file(lot_id) or _number(lot_id, at)
    if found.indexed_at is None and pack.disposed_at is None:
        search.index_case(lot_id, at=at)
    return found


def _number(lot_id: int, at: datetime) -> CaseFile:
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        serialise(_LINE)
        if found := session.get(CaseFile, lot_id, populate_existing=True):
            return found
        pack = session.get(Pack, lot_id)
        assert pack is not None
        settings = installation.settings()
        fonds, category = settings.fonds_code or settings.platform_code, CATEGORIES[family(lot.project.procedure)]
        year = pack.sealed_at.astimezone(BEIJING).year
        row: Numbering | None = lock_row(Numbering, f"archive/{fonds}-{category}-{year}")
        if row is None:
            row = Numbering(key=f"archive/{fonds}-{category}-{year}", last=0)
            session.add(row)
        row.last += 1
        made = CaseFile(lot_id=lot_id, number=number_of(fonds, category, year, row.last), fonds=fonds, category=category, year=year,
                        serial=row.last, retention=terms.least(floor_months(lot, at)), numbered_at=at)
        session.add(made)
        _set_end(lot, pack, made.retention, at)
        session.flush()
        evidence.record("archive.numbered", actor="timetable", at=at, lot=lot.code, project=lot.project.code, number=made.number,
                        retention=str(made.retention))
        return made


def take_in_due(at: datetime) -> int:
    """Number and index whatever was sealed and is not yet (job ``archive.take_in_due``). Returns cases taken in."""
    waiting = db.session.scalars(select(Pack.lot_id).outerjoin(CaseFile, CaseFile.lot_id == Pack.lot_id).where(
        Pack.disposed_at.is_(None), CaseFile.indexed_at.is_(None)).order_by(Pack.sealed_at).limit(50)).all()
    done = 0
    for lot_id in waiting:
        try:
            take_in(lot_id, at=at)
            done += 1
        except Exception:
            # A case whose files cannot be read must not keep the others from their numbers.
            log.exception("a sealed case could not be taken in", lot=lot_id)
            db.session.rollback()
    return done


# --- how long ----------------------------------------------------------------------------------


def floor_months(lot: Lot, at: datetime) -> int:
    """The least time that the law asks for this case, as of today: a later law may ask for more."""
    return int(find_rule("ar.retention", on=_day(at), region=lot.project.region, procedure=lot.project.procedure).value)


def keep_until(lot: Lot, pack: Pack, at: datetime) -> datetime:
    """When the case need no longer be kept: by its class, and never sooner than the law of today says."""
    found = case_file(lot.id)
    kept = found.retention if found else terms.least(floor_months(lot, at))
    return max(pack.keep_until, _end(lot, pack, kept, at))


def _end(lot: Lot, pack: Pack, kept: Retention, at: datetime) -> datetime:
    day = terms.keep_until(kept, _day(pack.sealed_at), floor_months(lot, at))
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING).astimezone(UTC)


def _set_end(lot: Lot, pack: Pack, kept: Retention, at: datetime) -> None:
    pack.keep_until = _end(lot, pack, kept, at)


def transfer_day(lot: Lot, pack: Pack, kept: Retention, at: datetime) -> date | None:
    """Until when the file goes to the public archive, if files of its class go there (档案法实施条例 20)."""
    if kept not in terms.TRANSFERRED:
        return None
    key = "ar.transfer_county" if terms.is_county(installation.settings().region) else "ar.transfer_city"
    rule = seek_rule(key, on=_day(at), region=lot.project.region, procedure=lot.project.procedure)
    return add_months(_day(pack.sealed_at), int(rule.value)) if rule else None


# --- raising and lowering ----------------------------------------------------------------------


def changes(lot_id: int) -> list[RetentionChange]:
    return list(db.session.scalars(select(RetentionChange).where(RetentionChange.lot_id == lot_id).order_by(RetentionChange.id.desc())))


def waiting(lot_id: int) -> RetentionChange | None:
    """The lowering that waits for its second person."""
    return db.session.scalar(select(RetentionChange).where(RetentionChange.lot_id == lot_id, RetentionChange.decided_at.is_(None)))


def raise_class(lot_id: int, to: str, reason: str, *, account_id: int, actor: str, at: datetime) -> RetentionChange:
    """Keep a case longer. Raises Refused ``retention.*``."""
    after, reason = terms.read(to), _text(reason)
    with transaction() as session:
        lot, pack, found = _kept(lot_id)
        terms.require_raised(found.retention, after)
        made = RetentionChange(lot_id=lot_id, before=found.retention, after=after, reason=reason, asked_at=at, asked_by=account_id,
                               decided_at=at, decided_by=account_id, decision="raised")
        session.add(made)
        found.retention = after
        _set_end(lot, pack, after, at)
        session.flush()
        evidence.record("retention.raised", actor=actor, at=at, lot=lot.code, before=str(made.before), after=str(after), reason=reason)
        return made


def ask_lowering(lot_id: int, to: str, reason: str, *, account_id: int, actor: str, at: datetime) -> RetentionChange:
    """Propose to keep a case less long, for a second person to decide. Raises Refused ``retention.*``, ``hold.held``."""
    after, reason = terms.read(to), _text(reason)
    with transaction() as session:
        lot, _pack, found = _kept(lot_id)
        if waiting(lot_id):
            raise Refused("retention.waiting_already")
        terms.require_lowerable(found.retention, after, floor_months(lot, at))
        holds.require_free(lot)
        made = RetentionChange(lot_id=lot_id, before=found.retention, after=after, reason=reason, asked_at=at, asked_by=account_id)
        session.add(made)
        session.flush()
        evidence.record("retention.lowering_asked", actor=actor, at=at, lot=lot.code, change=made.id, before=str(made.before), after=str(after),
                        reason=reason)
        for other in accounts.holders_of(Permission.ARCHIVE_SUPERVISE):
            messages.notify("retention.lowering_asked", at=at, account_id=other, link=f"/archive/{lot.code}", lot=lot.label)
        return made


def lower(change_id: int, *, account_id: int, actor: str, at: datetime) -> RetentionChange:
    """The second person lets a case be kept less long; law and holds are asked again.

    Raises Refused ``retention.second_person``, ``.decided``, ``.changed_meanwhile``, ``.below_law``, ``hold.held``.
    """
    with transaction():
        lot, pack, found, change = _waiting(change_id)
        if change.asked_by == account_id:
            raise Refused("retention.second_person")
        if found.retention != change.before:
            raise Refused("retention.changed_meanwhile")
        terms.require_lowerable(found.retention, change.after, floor_months(lot, at))
        holds.require_free(lot)
        found.retention = change.after
        _set_end(lot, pack, change.after, at)
        _decide(lot, change, "lowered", "", account_id=account_id, actor=actor, at=at)
        return change


def refuse_lowering(change_id: int, note: str, *, account_id: int, actor: str, at: datetime) -> RetentionChange:
    """Another person turns a lowering down and says why; the one who asked takes it back instead."""
    with transaction():
        lot, _pack, _found, change = _waiting(change_id)
        if change.asked_by == account_id:
            _decide(lot, change, "withdrawn", "", account_id=account_id, actor=actor, at=at)
        else:
            _decide(lot, change, "refused", _text(note), account_id=account_id, actor=actor, at=at)
        return change


def change_of(change_id: int) -> RetentionChange:
    found = db.session.get(RetentionChange, change_id)
    if found is None:
        raise NotFound
    return found


def _decide(lot: Lot, change: RetentionChange, how: str, note: str, *, account_id: int, actor: str, at: datetime) -> None:
    change.decided_at, change.decided_by, change.decision, change.note = at, account_id, how, note
    db.session.flush()
    evidence.record({"lowered": "retention.lowered", "refused": "retention.lowering_refused", "withdrawn": "retention.lowering_withdrawn"}[how],
                    actor=actor, at=at, lot=lot.code, change=change.id, before=str(change.before), after=str(change.after),
                    **({"reason": note} if note else {}))


def _kept(lot_id: int) -> tuple[Lot, Pack, CaseFile]:
    """A numbered case that is still there, locked until the transaction ends."""
    lot = projects.locked_lot(lot_id)
    pack = db.session.get(Pack, lot_id, populate_existing=True)
    found = db.session.get(CaseFile, lot_id, populate_existing=True)
    if pack is None or found is None:
        raise Refused("archive.not_sealed")
    if pack.disposed_at is not None:
        raise Refused("archive.disposed")
    return lot, pack, found


def _waiting(change_id: int) -> tuple[Lot, Pack, CaseFile, RetentionChange]:
    kept = _kept(change_of(change_id).lot_id)
    change: RetentionChange | None = lock_row(RetentionChange, change_id)
    if change is None:
        raise NotFound
    if change.decided_at is not None:
        raise Refused("retention.decided")
    return *kept, change


def _text(reason: str) -> str:
    return texts.filled(reason, "retention.reason", MOST_REASON)


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()

"""Disposal (销毁) of cases whose time is over: one person proposes a list, another approves it, and it waits.

In the waiting time a hold, or a matter that is not settled, or a supervisor's objection takes a case
off the list. When the time is over each case is looked at once more under its lock and disposed of:
the record is written first, for ever, and only then the files are removed. Whatever interrupts that,
the next round finishes it; the log keeps all entries and proofs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.archive import holds, keeping, loans, search, service
from trading.archive.models import CaseFile, Disposal, DisposalItem, Pack, Piece, RemovedFile
from trading.base import installation, texts
from trading.base.database import db, lock_row, serialise, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence.verify import canonical, tagged
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot, ProjectFile

log = structlog.get_logger()
MOST_OPINION, MOST_CASES = 4000, 100
#: Two cases that share a file do not go at the same moment, or each would leave it to the other.
_LINE = 0x64697370
_GONE = select(Pack.lot_id).where(Pack.disposed_at.is_not(None))


# --- the list ----------------------------------------------------------------------------------


def candidates(at: datetime, limit: int = 200) -> list[tuple[Lot, Pack, str]]:
    """Cases whose term is over by their class, with the reason why one must be kept all the same (empty: none)."""
    found = db.session.execute(
        select(Lot, Pack).join(Pack, Pack.lot_id == Lot.id).join(CaseFile, CaseFile.lot_id == Lot.id)
        .where(Pack.keep_until <= at, Pack.disposed_at.is_(None),
               Lot.id.not_in(select(DisposalItem.lot_id).where(DisposalItem.live.is_(True))))
        .order_by(Pack.keep_until, Lot.id).limit(limit)).all()
    return [(lot, pack, _why_not(lot, pack, at)) for lot, pack in found]


def propose(codes: Iterable[str], opinion: str, *, account_id: int, actor: str, at: datetime) -> Disposal:
    """Put cases on a disposal list with the opinion on why they may go (鉴定意见).

    Raises Refused ``disposal.empty``, ``.too_many``, ``.opinion``, ``.listed_already`` or why a case must be kept.
    """
    opinion = texts.filled(opinion, "disposal.opinion", MOST_OPINION)
    wanted = sorted({projects.lot_by_code(code).id for code in codes})
    if not wanted:
        raise Refused("disposal.empty")
    if len(wanted) > MOST_CASES:
        raise Refused("disposal.too_many", most=MOST_CASES)
    with transaction() as session:
        lots = [projects.locked_lot(lot_id) for lot_id in wanted]
        for lot in lots:
            _require_may_go(lot, at)
            if live_item(lot.id):
                raise Refused("disposal.listed_already", lot=lot.code)
        made = Disposal(opinion=opinion, proposed_at=at, proposed_by=account_id, items=[DisposalItem(lot_id=lot.id) for lot in lots])
        session.add(made)
        session.flush()
        for lot in lots:
            _record("disposal.proposed", made, lot, actor=actor, at=at, opinion=opinion)
        for other in accounts.holders_of(Permission.ARCHIVE_SUPERVISE):
            messages.notify("disposal.proposed", at=at, account_id=other, link=f"/archive/disposals/{made.id}", count=len(lots))
        return made


def approve(disposal_id: int, *, account_id: int, actor: str, at: datetime) -> Disposal:
    """The second person approves; the waiting time begins. Raises Refused ``disposal.second_person``, ``disposal.decided``."""
    with transaction():
        made, lots = _waiting(disposal_id)
        if made.proposed_by == account_id:
            raise Refused("disposal.second_person")
        made.due_at = at + timedelta(days=installation.settings().disposal_wait_days)
        _decide(made, lots, "approved", "", account_id=account_id, actor=actor, at=at)
        return made


def refuse(disposal_id: int, note: str, *, account_id: int, actor: str, at: datetime) -> Disposal:
    """Another person turns a list down and says why; whoever proposed it takes it back instead."""
    with transaction():
        made, lots = _waiting(disposal_id)
        own = made.proposed_by == account_id
        note = "" if own else texts.filled(note, "disposal.reason", MOST_OPINION)
        for item in made.items:
            item.live = None
        _decide(made, lots, "withdrawn" if own else "refused", note, account_id=account_id, actor=actor, at=at)
        return made


def object_to(disposal_id: int, lot_id: int, reason: str, *, actor: str, at: datetime) -> None:
    """A supervisor takes one case off the list before it is carried out. Raises Refused ``disposal.reason``, ``disposal.begun``."""
    reason = texts.filled(reason, "disposal.reason", MOST_OPINION)
    with transaction():
        lot = projects.locked_lot(lot_id)
        if _locked_item(disposal_id, lot_id).begun_at is not None:
            raise Refused("disposal.begun")
        holds.stop_disposal(lot, reason, actor=actor, at=at)


# --- carrying it out ---------------------------------------------------------------------------


def carry_out_due(at: datetime) -> int:
    """Dispose of what is due, and finish what was interrupted (job ``archive.dispose_due``). Returns cases finished."""
    due = db.session.execute(
        select(DisposalItem.disposal_id, DisposalItem.lot_id).join(Disposal, Disposal.id == DisposalItem.disposal_id)
        .where(Disposal.decision == "approved", Disposal.due_at <= at, DisposalItem.live.is_(True), DisposalItem.finished_at.is_(None))
        .order_by(Disposal.due_at, DisposalItem.lot_id).limit(50)).all()
    done = 0
    for disposal_id, lot_id in due:
        try:
            done += carry_out(disposal_id, lot_id, at=at)
        except Exception:
            # One case that cannot be disposed of must not keep the others on the list.
            log.exception("a case could not be disposed of", lot=lot_id)
            db.session.rollback()
    return done


def carry_out(disposal_id: int, lot_id: int, *, actor: str = "timetable", at: datetime) -> bool:
    """Dispose of one case of an approved list, or go on where it was interrupted. Returns whether it is finished now.

    Raises Refused ``disposal.not_approved``, ``disposal.not_due``.
    """
    if not _begin(disposal_id, lot_id, actor=actor, at=at):
        return False
    removed, shared = _remove(lot_id, at)
    _finish(disposal_id, lot_id, removed, shared, actor=actor, at=at)
    return True


def _begin(disposal_id: int, lot_id: int, *, actor: str, at: datetime) -> bool:
    """The one moment at which a case is disposed of: the record stands, whatever happens to the files after it."""
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        serialise(_LINE)
        item = _locked_item(disposal_id, lot_id)
        made = item.disposal
        if made.decision != "approved" or made.due_at is None:
            raise Refused("disposal.not_approved")
        if item.begun_at is not None or item.live is None:
            return item.begun_at is not None
        if at < made.due_at:
            raise Refused("disposal.not_due")
        pack = session.get(Pack, lot_id, populate_existing=True)
        assert pack is not None
        why = _why_not(lot, pack, at)
        if why == "loan.out":
            return False  # a copy may still be read until the loan is over; the next round asks again
        if why:
            holds.stop_disposal(lot, why, actor=actor, at=at)
            return False
        item.record = _record_of(lot, pack, made, at)
        item.begun_at = pack.disposed_at = at
        search.forget(lot_id)
        for stored, digest in _own_files(lot, pack).items():
            session.add(RemovedFile(stored=stored, lot_id=lot_id, sha256=digest, removed_at=at))
        session.flush()
        _record("disposal.begun", made, lot, actor=actor, at=at, number=item.record["number"], pieces=len(item.record["pieces"]),
                pack_sha256=pack.sha256, opinion=made.opinion, proposed_by=item.record["proposed_by"], approved_by=item.record["approved_by"],
                record=tagged("disposal", canonical(item.record)).hex())
        return True


def _remove(lot_id: int, at: datetime) -> tuple[int, int]:
    """Remove the files that the record names. Harmless when they are gone already. Returns (removed, shared with a kept case)."""
    store, removed, shared = installation.files(), 0, 0
    lot = projects.get_lot(lot_id)
    rows = db.session.scalars(select(RemovedFile).where(RemovedFile.lot_id == lot_id).order_by(RemovedFile.stored)).all()
    kept_elsewhere = _used_elsewhere(lot, {row.stored for row in rows})
    for row in rows:
        if row.stored in kept_elsewhere:
            shared += 1
            continue
        store.discard(row.stored)
        removed += 1
    return removed, shared


def _finish(disposal_id: int, lot_id: int, removed: int, shared: int, *, actor: str, at: datetime) -> None:
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        item = _locked_item(disposal_id, lot_id)
        if item.finished_at is not None:
            return
        item.finished_at = at
        session.flush()
        _record("disposal.finished", item.disposal, lot, actor=actor, at=at, removed=removed, shared=shared)


def _own_files(lot: Lot, pack: Pack) -> dict[str, str]:
    """Names of the stored files that go with a case, with their hashes: its pack and pieces, and what an earlier
    disposal left because this case had it as well. What a kept case needs is not among them."""
    left = select(Piece.stored, Piece.sha256).where(Piece.lot_id.in_(_GONE), Piece.stored.not_in(select(RemovedFile.stored)))
    found = {piece.stored: piece.sha256 for piece in service.pieces(lot.id)} | {pack.stored: pack.sha256}
    found |= {row.stored: row.sha256 for row in db.session.execute(left)}
    elsewhere = _used_elsewhere(lot, set(found))
    return {stored: digest for stored, digest in found.items() if stored not in elsewhere}


def _used_elsewhere(lot: Lot, names: set[str]) -> set[str]:
    """Which of the stored files another case, not disposed of, has as well: lots of one project and a project
    begun anew share the files of their registration."""
    found: set[str] = set()
    for part in _portions(sorted(names)):
        pieces = select(Piece.stored).where(Piece.stored.in_(part), Piece.lot_id != lot.id, Piece.lot_id.not_in(_GONE))
        files = (select(ProjectFile.stored).join(Lot, Lot.project_id == ProjectFile.project_id, isouter=True)
                 .where(ProjectFile.stored.in_(part), or_(Lot.id.is_(None), (Lot.id != lot.id) & Lot.id.not_in(_GONE))))
        found |= set(db.session.scalars(pieces)) | set(db.session.scalars(files))
    return found


def _portions(names: list[str], size: int = 500) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield names[start:start + size]


# --- reading -----------------------------------------------------------------------------------


def get(disposal_id: int) -> Disposal:
    found = db.session.get(Disposal, disposal_id)
    if found is None:
        raise NotFound
    return found


def lists(limit: int = 100) -> list[Disposal]:
    return list(db.session.scalars(select(Disposal).order_by(Disposal.id.desc()).limit(limit)))


def live_item(lot_id: int) -> DisposalItem | None:
    """Where a case stands on a list now, or how it was disposed of."""
    return db.session.scalar(select(DisposalItem).where(DisposalItem.lot_id == lot_id, DisposalItem.live.is_(True)))


def removed(stored: str) -> RemovedFile | None:
    """Whether a stored file was removed by a disposal."""
    return db.session.get(RemovedFile, stored) if stored else None


# --- pieces of the acts ------------------------------------------------------------------------


def _why_not(lot: Lot, pack: Pack, at: datetime) -> str:
    """The dotted reason why a case must be kept, empty when it may go."""
    try:
        _require_may_go(lot, at, pack)
    except Refused as refusal:
        return refusal.reason
    return ""


def _require_may_go(lot: Lot, at: datetime, pack: Pack | None = None) -> None:
    pack = pack or db.session.get(Pack, lot.id, populate_existing=True)
    if pack is None or keeping.case_file(lot.id) is None:
        raise Refused("archive.not_sealed")
    if pack.disposed_at is not None:
        raise Refused("archive.disposed")
    until = keeping.keep_until(lot, pack, at)
    if at < until:
        raise Refused("disposal.term_runs", lot=lot.code, until=until)
    holds.require_free(lot)
    if keeping.waiting(lot.id):
        raise Refused("retention.waiting_already")
    if loans.is_out(lot.id, at):
        raise Refused("loan.out")


def _record_of(lot: Lot, pack: Pack, made: Disposal, at: datetime) -> dict[str, Any]:
    """What stays of a case: its catalogue with hashes, and who let it go, when and why."""
    found = keeping.case_file(lot.id)
    assert found is not None and made.decided_by is not None and made.decided_at is not None
    return {"v": 1, "type": "mingtang-disposal", "lot": lot.code, "project": lot.project.code, "title": lot.label, "number": found.number,
            "retention": str(found.retention), "sealed_at": pack.sealed_at.isoformat(), "kept_until": pack.keep_until.isoformat(),
            "pack": {"bytes": pack.bytes, "sha256": pack.sha256}, "opinion": made.opinion,
            "proposed_by": accounts.get(made.proposed_by).name, "proposed_at": made.proposed_at.isoformat(),
            "approved_by": accounts.get(made.decided_by).name, "approved_at": made.decided_at.isoformat(), "disposed_at": at.isoformat(),
            "pieces": [{"path": piece.path, "title": piece.title, "bytes": piece.bytes, "sha256": piece.sha256,
                        "filed_at": piece.filed_at.isoformat()} for piece in service.pieces(lot.id)]}


def _waiting(disposal_id: int) -> tuple[Disposal, list[Lot]]:
    """A list that nobody decided, locked with its lots; the lots first, as everywhere."""
    lots = [projects.locked_lot(item.lot_id) for item in get(disposal_id).items]
    made: Disposal | None = lock_row(Disposal, disposal_id)
    assert made is not None
    if made.decided_at is not None:
        raise Refused("disposal.decided")
    return made, lots


def _locked_item(disposal_id: int, lot_id: int) -> DisposalItem:
    item: DisposalItem | None = lock_row(DisposalItem, (disposal_id, lot_id))
    if item is None:
        raise NotFound
    return item


def _decide(made: Disposal, lots: list[Lot], how: str, note: str, *, account_id: int, actor: str, at: datetime) -> None:
    made.decided_at, made.decided_by, made.decision, made.note = at, account_id, how, note
    db.session.flush()
    facts = {"reason": note} if note else {"due": made.due_at.isoformat()} if made.due_at else {}
    for lot in lots:
        _record(f"disposal.{how}", made, lot, actor=actor, at=at, **facts)
    if account_id != made.proposed_by:
        messages.notify(f"disposal.{how}", at=at, account_id=made.proposed_by, link=f"/archive/disposals/{made.id}", count=len(lots))


def _record(kind: str, made: Disposal, lot: Lot, *, actor: str, at: datetime, **facts: Any) -> None:
    evidence.record(kind, actor=actor, at=at, lot=lot.code, project=lot.project.code, disposal=made.id, **facts)

"""Full-text search over sealed cases: rows of text beside an index of their tokens.

Filled when a case is taken in, emptied of it when it is disposed of, made anew by ``mingtang archive index``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, delete, func, select

from trading.archive import casetexts, service
from trading.archive.casetexts import Excerpt, Part
from trading.archive.models import CaseFile, CaseText, Pack, Piece
from trading.base import installation
from trading.base.database import db, lock_row, transaction
from trading.base.fulltext import Index, words
from trading.projects import service as projects
from trading.projects.models import Lot, Project

INDEX = Index("archive_index")
PAGE = 20


@dataclass(frozen=True)
class Filters:
    """What the address of the search page says; every field may be empty."""

    q: str = ""
    procedure: str = ""
    year: int | None = None
    part: str = ""
    region: str = ""
    page: int = 1


class Hit(NamedTuple):
    """One text in which all words stand."""

    lot: Lot
    number: str
    part: str
    title: str
    piece_id: int | None
    excerpt: Excerpt


@dataclass(frozen=True)
class Hits:
    items: list[Hit]
    count: int
    cases: int
    pages: int


def find(filters: Filters) -> Hits:
    """Texts of sealed cases in which all words stand, newest case first; nothing where nothing searchable was typed."""
    condition = INDEX.matching(filters.q)
    if condition is None:
        return Hits([], 0, 0, 0)
    query: Select[tuple[int, int]] = (
        select(CaseText.id, CaseText.lot_id).join(INDEX.table, INDEX.table.c.rowid == CaseText.id).where(condition)
        .join(CaseFile, CaseFile.lot_id == CaseText.lot_id).join(Pack, Pack.lot_id == CaseText.lot_id).where(Pack.disposed_at.is_(None))
        .join(Lot, Lot.id == CaseText.lot_id).join(Project, Project.id == Lot.project_id))
    if filters.procedure:
        query = query.where(Project.procedure == filters.procedure)
    if filters.region:
        query = query.where(Project.region.startswith(filters.region, autoescape=True))
    if filters.year is not None:
        query = query.where(CaseFile.year == filters.year)
    if filters.part:
        query = query.where(CaseText.part == filters.part)
    found = query.subquery()
    count, cases = db.session.execute(select(func.count(), func.count(found.c.lot_id.distinct())).select_from(found)).one()
    ids = [row[0] for row in db.session.execute(query.order_by(Pack.sealed_at.desc(), CaseText.lot_id, CaseText.id)
                                                .offset((filters.page - 1) * PAGE).limit(PAGE))]
    return Hits(_hits(ids, words(filters.q)), count, cases, -(-count // PAGE))


def _hits(ids: list[int], typed: list[str]) -> list[Hit]:
    rows = {text.id: (text, number) for text, number in db.session.execute(
        select(CaseText, CaseFile.number).join(CaseFile, CaseFile.lot_id == CaseText.lot_id).where(CaseText.id.in_(ids)))}
    found = []
    for text, number in (rows[key] for key in ids if key in rows):
        found.append(Hit(projects.get_lot(text.lot_id), number, text.part, text.title, text.piece_id, casetexts.excerpt(text.text, typed)))
    return found


def years() -> list[int]:
    return list(db.session.scalars(select(CaseFile.year).distinct().order_by(CaseFile.year.desc())))


# --- the index ---------------------------------------------------------------------------------


def index_case(lot_id: int, *, at: datetime) -> int:
    """Put a case's texts into the index, in place of what was there. Returns rows written."""
    with transaction() as session:
        projects.locked_lot(lot_id)
        found: CaseFile | None = lock_row(CaseFile, lot_id)
        pack = session.get(Pack, lot_id, populate_existing=True)
        if found is None or pack is None or pack.disposed_at is not None:
            return 0
        forget(lot_id)
        rows = _texts(lot_id)
        session.add_all(rows)
        session.flush()
        label = f"{found.number} {projects.get_lot(lot_id).code}"
        INDEX.put([(row.id, f"{label} {row.title} {row.text}") for row in rows])
        found.indexed_at = at
        return len(rows)


def index_all(at: datetime) -> int:
    """Make the index of all sealed cases anew (``mingtang archive index``). Returns cases indexed."""
    numbers = db.session.scalars(select(CaseFile.lot_id).join(Pack, Pack.lot_id == CaseFile.lot_id).where(Pack.disposed_at.is_(None))
                                 .order_by(CaseFile.lot_id)).all()
    for lot_id in numbers:
        index_case(lot_id, at=at)
    return len(numbers)


def forget(lot_id: int) -> None:
    """Take a case out of the index, inside the caller's transaction."""
    INDEX.remove(list(db.session.scalars(select(CaseText.id).where(CaseText.lot_id == lot_id))))
    db.session.execute(delete(CaseText).where(CaseText.lot_id == lot_id))


def _texts(lot_id: int) -> list[CaseText]:
    store, pieces = installation.files(), service.pieces(lot_id)
    records = [store.read(piece.stored) for piece in pieces if piece.path.startswith("15-opening/record")]
    names, rows = casetexts.opened(records), []
    for piece in pieces:
        parts = piece.path.split("/")
        if piece.path.endswith(".json"):
            found = casetexts.of_piece(piece.path, piece.title, store.read(piece.stored)) if _may_be_searched(piece) else None
            rows += _rows(lot_id, piece, [found] if found else [])
        elif len(parts) == 3 and parts[0] == "10-bids" and parts[2] == "plain.zip" and parts[1] in names:
            with store.open(piece.stored) as source:
                rows += _rows(lot_id, piece, list(casetexts.of_bid(names[parts[1]], source)))
    return rows


def _may_be_searched(piece: Piece) -> bool:
    """Whether it is worth reading at all; which of it may be found is for ``casetexts`` to say."""
    return not piece.path.startswith(("00-policy/", "10-bids/", "20-draw"))


def _rows(lot_id: int, piece: Piece, found: list[casetexts.Found]) -> list[CaseText]:
    return [CaseText(lot_id=lot_id, piece_id=piece.id, part=str(item.part), title=item.title[:200], text=stretch)
            for item in found for stretch in casetexts.stretches(item.text)]


def parts() -> list[Part]:
    return list(Part)

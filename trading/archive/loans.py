"""Loans (借阅): leave to read a sealed case for a purpose and some days; every copy taken out is on record.

What is lent is a copy of the file; the right to take one ends by itself. Archivists and supervisors
read without a loan, and what they take out is on record all the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select

from trading.accounts import service as accounts
from trading.accounts.models import Account, Person
from trading.accounts.permissions import Permission
from trading.archive import lending, service
from trading.archive.lending import Borrower, LoanState
from trading.archive.models import Loan, Pack, Piece
from trading.base import texts
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.messages import service as messages
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.models import Lot, Project
from trading.projects.service import is_mine

MOST_PURPOSE, MOST_NAME = 1000, 200


class Copy(NamedTuple):
    """A stored file that may go out: what it is, where it lies, what it is called."""

    stored: str
    name: str
    sha256: str


# --- who asks ------------------------------------------------------------------------------------


def as_what(lot: Lot, account: Account | Person) -> Borrower:
    """As what this person may ask for the case. Raises NotFound where there is nothing to ask for."""
    if account.may(Permission.SUPERVISE):
        return Borrower.SUPERVISOR
    if is_mine(lot.project, account.organisation_id):
        return Borrower.PURCHASER
    if account.may(Permission.BID) and own_bids(lot, account.organisation_id):
        return Borrower.BIDDER
    raise NotFound


def own_bids(lot: Lot, organisation_id: int | None) -> frozenset[str]:
    """Digests of the bids that an organisation filed in this lot, as the evidence tells them."""
    if organisation_id is None:
        return frozenset()
    code = parties.get(organisation_id).code
    events = db.session.scalars(select(Entry.event).where(Entry.lot == lot.code, Entry.kind == "bid.commit"))
    return frozenset(event["bid_digest"] for event in events if event and event.get("bidder") == code)


def lendable(lot: Lot, account: Account | Person) -> list[Piece]:
    """The pieces that this person may ask for."""
    borrower, own = as_what(lot, account), own_bids(lot, account.organisation_id)
    return [piece for piece in service.pieces(lot.id) if lending.is_lendable(borrower, piece.path, own)]


def borrowable(account: Account | Person, limit: int = 50) -> list[Lot]:
    """Sealed cases of one's own projects, and those in which one's organisation bid, newest first."""
    if account.organisation_id is None:
        return []
    code = parties.get(account.organisation_id).code
    bid_in = select(Entry.lot).where(Entry.kind == "bid.commit", Entry.actor == code)
    return list(db.session.scalars(
        select(Lot).join(Pack, Pack.lot_id == Lot.id).join(Project, Project.id == Lot.project_id)
        .where(Pack.disposed_at.is_(None), or_(Project.tenderer_id == account.organisation_id, Project.agency_id == account.organisation_id,
                                               Lot.code.in_(bid_in))).order_by(Pack.sealed_at.desc(), Lot.id).limit(limit)))


def ask(lot_id: int, piece_id: int | None, purpose: str, days: int, *, account_id: int, actor: str, at: datetime) -> Loan:
    """Ask to read a pack, or a piece of it. Raises Refused ``loan.*``, ``archive.not_sealed``, ``archive.disposed``."""
    account = accounts.get(account_id)
    with transaction():
        lot = _open(lot_id)
        borrower = as_what(lot, account)
        piece = service.piece(lot_id, piece_id) if piece_id is not None else None
        lending.require_lendable(borrower, piece.path if piece else None, own_bids(lot, account.organisation_id))
        name = parties.get(account.organisation_id).name if account.organisation_id else ""
        if any(loan.account_id == account_id and loan.piece_id == piece_id and loan.state(at) in (LoanState.ASKED, LoanState.LENT)
               for loan in of_case(lot_id)):
            raise Refused("loan.asked_already")
        made = _add(lot, piece, borrower, f"{account.name}（{name}）" if name and name != account.name else account.name, "", purpose, days,
                    account_id=account_id, actor=actor, at=at)
        for other in accounts.holders_of(Permission.ARCHIVE_MANAGE):
            messages.notify("loan.asked", at=at, account_id=other, link="/archive/loans", lot=lot.label)
        return made


def enter(lot_id: int, piece_id: int | None, name: str, document: str, purpose: str, days: int, *, actor: str, at: datetime) -> Loan:
    """Enter what a court or an authority without an account asks for by a document, such as an order to produce files."""
    name = texts.filled(name, "loan.name", MOST_NAME)
    document = texts.filled(document, "loan.document", 120)
    with transaction():
        lot = _open(lot_id)
        piece = service.piece(lot_id, piece_id) if piece_id is not None else None
        if any(loan.borrower == Borrower.COURT and (loan.document, loan.piece_id) == (document, piece_id)
               and loan.state(at) in (LoanState.ASKED, LoanState.LENT) for loan in of_case(lot_id)):
            raise Refused("loan.asked_already")
        return _add(lot, piece, Borrower.COURT, name, document, purpose, days, account_id=None, actor=actor, at=at)


def _add(lot: Lot, piece: Piece | None, borrower: Borrower, name: str, document: str, purpose: str, days: int, *, account_id: int | None,
         actor: str, at: datetime) -> Loan:
    made = Loan(lot=lot, piece=piece, borrower=borrower, account_id=account_id, name=name[:MOST_NAME], document=document,
                purpose=texts.filled(purpose, "loan.purpose", MOST_PURPOSE), days=lending.require_days(days), asked_at=at)
    db.session.add(made)
    db.session.flush()
    _record("loan.asked", made, actor=actor, at=at, days=made.days)
    return made


# --- the archivist decides ---------------------------------------------------------------------


def grant(loan_id: int, days: int, *, account_id: int, actor: str, at: datetime) -> Loan:
    """Lend for a fixed number of days, which may differ from what was asked. Raises Refused ``loan.*``."""
    lending.require_days(days)
    with transaction():
        loan = _waiting(loan_id, at)
        if loan.account_id == account_id:
            raise Refused("loan.second_person")
        loan.decided_at, loan.decided_by, loan.days, loan.expires_at = at, account_id, days, at + timedelta(days=days)
        db.session.flush()
        _record("loan.granted", loan, actor=actor, at=at, days=days)
        _tell("loan.granted", loan, at)
        return loan


def refuse(loan_id: int, reason: str, *, account_id: int, actor: str, at: datetime) -> Loan:
    """Turn a request down and say why."""
    reason = texts.filled(reason, "loan.reason", MOST_PURPOSE)
    with transaction():
        loan = _waiting(loan_id, at)
        loan.decided_at, loan.decided_by, loan.refusal = at, account_id, reason
        db.session.flush()
        _record("loan.refused", loan, actor=actor, at=at, reason=reason)
        _tell("loan.refused", loan, at)
        return loan


def give_back(loan_id: int, *, actor: str, at: datetime) -> Loan:
    """The borrower gives back before the time is over, or after it, or takes a request back. Done twice it is done once."""
    with transaction():
        loan = _locked(loan_id)
        if loan.returned_at is not None or loan.state(at) is LoanState.REFUSED:
            return loan
        asked = loan.state(at) is LoanState.ASKED
        loan.returned_at = at
        db.session.flush()
        _record("loan.withdrawn" if asked else "loan.returned", loan, actor=actor, at=at)
        return loan


# --- copies ------------------------------------------------------------------------------------


def take(loan_id: int, *, actor: str, at: datetime) -> Copy:
    """Take a copy out under a loan; who, for what and which bytes go into evidence. Raises Refused ``loan.not_lent``, ``loan.over``."""
    with transaction():
        loan = _locked(loan_id)
        state = loan.state(at)
        if state is LoanState.OVERDUE:
            raise Refused("loan.over")
        if state is not LoanState.LENT:
            raise Refused("loan.not_lent")
        lot = _open(loan.lot_id)
        copy = copy_of(lot, loan.piece)
        _record("loan.copied", loan, actor=actor, at=at, sha256=copy.sha256)
        return copy


def take_by_office(lot_id: int, piece_id: int | None, *, actor: str, at: datetime) -> Copy:
    """Take a copy out by right of office, without a loan: archivists and supervisors. It goes into evidence as well."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        piece = service.piece(lot_id, piece_id) if piece_id is not None else None
        copy = copy_of(lot, piece)
        evidence.record("archive.copied", actor=actor, at=at, lot=lot.code, project=lot.project.code, piece=piece.path if piece else "",
                        sha256=copy.sha256)
        return copy


def copy_of(lot: Lot, piece: Piece | None) -> Copy:
    """The file itself. Raises NotFound before there is a pack, Refused ``archive.disposed`` when it is gone."""
    pack = db.session.get(Pack, lot.id, populate_existing=True)
    if pack is not None and pack.disposed_at is not None:
        raise Refused("archive.disposed")
    if piece is not None:
        return Copy(piece.stored, piece.path.rsplit("/", 1)[-1], piece.sha256)
    if pack is None:
        raise NotFound
    return Copy(pack.stored, f"{lot.code}.zip", pack.sha256)


def copies(lot: Lot) -> list[Entry]:
    """Every copy taken out of a case, by loan or by office, newest first."""
    return list(db.session.scalars(select(Entry).where(Entry.lot == lot.code, Entry.kind.in_(("loan.copied", "archive.copied")))
                                   .order_by(Entry.seq.desc()).limit(200)))


# --- lists -------------------------------------------------------------------------------------


def get(loan_id: int) -> Loan:
    found = db.session.get(Loan, loan_id)
    if found is None:
        raise NotFound
    return found


def of_case(lot_id: int) -> list[Loan]:
    return list(db.session.scalars(select(Loan).where(Loan.lot_id == lot_id).order_by(Loan.id.desc())))


def of_account(account_id: int) -> list[Loan]:
    return list(db.session.scalars(select(Loan).where(Loan.account_id == account_id).order_by(Loan.id.desc()).limit(200)))


def newest(limit: int = 200) -> list[Loan]:
    """Loans of all cases: those that wait first, then those that are out, then the others."""
    rank = (Loan.returned_at.is_not(None) | (Loan.decided_at.is_not(None) & Loan.expires_at.is_(None)), Loan.decided_at.is_not(None))
    return list(db.session.scalars(select(Loan).order_by(*rank, Loan.id.desc()).limit(limit)))


def is_out(lot_id: int, at: datetime) -> bool:
    """Whether somebody may still read the case under a loan."""
    return any(loan.state(at) is LoanState.LENT for loan in of_case(lot_id))


# --- pieces of the acts ------------------------------------------------------------------------


def _open(lot_id: int) -> Lot:
    """A sealed case that is still there, locked until the transaction ends."""
    lot = projects.locked_lot(lot_id)
    pack = db.session.get(Pack, lot_id, populate_existing=True)
    if pack is None:
        raise Refused("archive.not_sealed")
    if pack.disposed_at is not None:
        raise Refused("archive.disposed")
    return lot


def _locked(loan_id: int) -> Loan:
    projects.locked_lot(get(loan_id).lot_id)
    loan: Loan | None = lock_row(Loan, loan_id)
    assert loan is not None
    return loan


def _waiting(loan_id: int, at: datetime) -> Loan:
    loan = _locked(loan_id)
    _open(loan.lot_id)
    if loan.state(at) is not LoanState.ASKED:
        raise Refused("loan.decided")
    return loan


def _record(kind: str, loan: Loan, *, actor: str, at: datetime, **facts: object) -> None:
    evidence.record(kind, actor=actor, at=at, lot=loan.lot.code, project=loan.lot.project.code, loan=loan.id, borrower=loan.name,
                    document=loan.document, purpose=loan.purpose, piece=loan.piece.path if loan.piece else "", **facts)


def _tell(kind: str, loan: Loan, at: datetime) -> None:
    if loan.account_id is not None:
        messages.notify(kind, at=at, account_id=loan.account_id, link="/me/loans", lot=loan.lot.label)

"""Open sub-accounts, import bank files, say who has a confirmed deposit, list refunds."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import func, select

from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.deposits import rules
from trading.deposits.models import BankLine, LedgerAccount, Posting, Statement, SubAccount, Transfer
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.law import periods
from trading.law import procedures as law_procedures
from trading.law.rules import Rule, seek
from trading.parties import service as parties
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

BANK, SUSPENSE = "bank:main", "suspense:main"


def sub_account(lot_id: int, organisation_id: int, *, at: datetime) -> SubAccount:
    """The bidder's sub-account for a lot, opened when first asked for."""
    tag = _tag(lot_id, organisation_id)
    if found := known_sub_account(lot_id, organisation_id):
        return found
    with transaction() as session:
        found = session.scalar(select(SubAccount).where(SubAccount.owner_tag == tag))
        if found:
            return found
        lot = projects.locked_lot(lot_id)
        if not invitations.is_invited(lot.project, parties.get(organisation_id).code):
            raise Refused("deposit.lot_not_open")
        if lot.stage not in (Stage.ANNOUNCED, Stage.BIDDING) or lot.deadline is None or at >= lot.deadline:
            raise Refused("deposit.lot_not_open")
        number = "62" + "".join(secrets.choice("0123456789") for _ in range(14))
        account = _account(f"bidder:{number}", "liability")
        found = SubAccount(number=number, lot_id=lot_id, owner_tag=tag, account_id=account.id,
                           owner_box=installation.boxes().close(organisation_id, f"sub/{number}", pad=16))
        session.add(found)
        session.flush()
        return found


def known_sub_account(lot_id: int, organisation_id: int) -> SubAccount | None:
    """The bidder's sub-account if it was opened before."""
    return db.session.scalar(select(SubAccount).where(SubAccount.owner_tag == _tag(lot_id, organisation_id)))


def _tag(lot_id: int, organisation_id: int) -> str:
    return installation.boxes().tag("deposit", str(lot_id), str(organisation_id))


def owner(account: SubAccount) -> int:
    return int(installation.boxes().open(account.owner_box, f"sub/{account.number}"))


def _account(code: str, kind: str) -> LedgerAccount:
    found = db.session.scalar(select(LedgerAccount).where(LedgerAccount.code == code))
    if found is None:
        found = LedgerAccount(code=code, kind=kind)
        db.session.add(found)
        db.session.flush()
    return found


def post(kind: str, reference: str, postings: Iterable[tuple[int, int]], *, at: datetime) -> Transfer:
    """Write one balanced transfer; the same reference is written once."""
    with transaction() as session:
        known = session.scalar(select(Transfer).where(Transfer.reference == reference))
        if known:
            return known
        made = Transfer(kind=kind, at=at, reference=reference,
                        postings=[Posting(account_id=account, fen=fen) for account, fen in rules.balanced(postings)])
        session.add(made)
        session.flush()
        return made


@dataclass(frozen=True)
class Imported:
    """What an import did: lines new, lines known from an earlier file, lines put in suspense."""

    new: int
    known: int
    suspense: int
    total_fen: int


def import_statement(name: str, data: bytes, *, actor: str, at: datetime) -> Imported:
    """Import one bank file, match each line to its sub-account and post it. All or nothing."""
    lines = rules.read_statement(data)
    digest = sha256(data).hexdigest()
    with transaction() as session:
        if session.scalar(select(Statement.id).where(Statement.sha256 == digest)):
            raise Refused("deposit.file_known")
        statement = Statement(sha256=digest, name=name[:200], lines=len(lines), imported_at=at, imported_by=actor,
                              total_fen=sum(line.fen for line in lines))
        session.add(statement)
        session.flush()
        new = known = suspense = 0
        for line in lines:
            outcome = _import_line(statement.id, line, at)
            known += outcome is None
            new += outcome is not None
            suspense += bool(outcome)
        evidence.record("deposit.statement_imported", actor=actor, at=at, sha256=digest)
        return Imported(new, known, suspense, statement.total_fen)


def _import_line(statement_id: int, line: rules.Line, at: datetime) -> str | None:
    """'' when credited, a reason when in suspense, None when known from an earlier file."""
    session, boxes = db.session, installation.boxes()
    tag = boxes.tag("bank-line", line.bank_id, line.value_at.isoformat(), str(line.fen), line.sub_account, line.payer)
    known = session.scalar(select(BankLine).where(BankLine.bank_id == line.bank_id))
    if known:
        if known.line_tag != tag:
            raise Refused("deposit.line_differs", bank_id=line.bank_id)
        return None
    account = session.scalar(select(SubAccount).where(SubAccount.number == line.sub_account))
    reason = ""
    if account is None:
        reason = "unknown_sub_account"
    elif not rules.same_name(line.payer, parties.get(owner(account)).name):
        reason = "other_payer"
    target = _account(SUSPENSE, "liability").id if reason or account is None else account.account_id
    transfer = post("deposit_in", f"bank/{line.bank_id}", [(_account(BANK, "asset").id, line.fen), (target, -line.fen)], at=at)
    session.add(BankLine(
        statement_id=statement_id, bank_id=line.bank_id, line_tag=tag, value_at=line.value_at, fen=line.fen,
        transfer_id=transfer.id, suspense=reason, box=boxes.close(
            {"sub": line.sub_account, "payer": line.payer, "account": line.payer_account}, f"bank/{line.bank_id}", pad=400)))
    return reason


def paid_fen(lot_id: int, organisation_id: int, *, by: datetime | None = None) -> int:
    """What stands on a bidder's sub-account from bank lines that the bank valued before ``by``."""
    account = known_sub_account(lot_id, organisation_id)
    if account is None:
        return 0
    query = select(func.coalesce(func.sum(BankLine.fen), 0)).join(
        Posting, (Posting.transfer_id == BankLine.transfer_id) & (Posting.account_id == account.account_id))
    if by is not None:
        query = query.where(BankLine.value_at < by)
    return int(db.session.scalar(query) or 0)


def is_confirmed(lot: Lot, organisation_id: int, *, at: datetime) -> bool:
    """Whether the bidder's deposit was in full and in time; lots without deposit always are."""
    limit = min(at, lot.deadline) if lot.deadline else at
    return paid_fen(lot.id, organisation_id, by=limit) >= lot.deposit_fen


def ledger_sum() -> int:
    """The sum of all postings; zero or the books are wrong."""
    return int(db.session.scalar(select(func.coalesce(func.sum(Posting.fen), 0))) or 0)


@dataclass(frozen=True)
class Refund:
    """One deposit to give back: to whom, how much, until when, by which article, and whether
    the bank's interest goes with it."""

    lot_code: str
    organisation_id: int
    fen: int
    due: date
    article: str
    with_interest: bool


def refunds_due(lot: Lot) -> list[Refund]:
    """Deposits to return, each with its due date: after a failure or a termination all of them;
    after an award the losers' from the contract (works) or from the award notice
    (procurement, and regions that say so), the winner's from the contract."""
    award, due = projects.award_of(lot.id), []
    candidates = {candidate.organisation_id for candidate in projects.candidates(lot.id)}
    for account in db.session.scalars(select(SubAccount).where(SubAccount.lot_id == lot.id).order_by(SubAccount.id)):
        organisation_id = owner(account)
        clock = _refund_clock(lot, award is not None and award.organisation_id == organisation_id, organisation_id in candidates)
        fen = paid_fen(lot.id, organisation_id) if clock else 0
        if clock and fen:
            period = periods.due(clock.key, clock.start, region=lot.project.region, procedure=lot.project.procedure, tentative=True)
            due.append(Refund(lot.code or "", organisation_id, fen, period.date, period.rule.article, clock.with_interest))
    return due


@dataclass(frozen=True)
class _RefundClock:
    start: date
    key: str
    with_interest: bool


def _refund_clock(lot: Lot, won: bool, candidate: bool) -> _RefundClock | None:
    """From which day by which rule a deposit is due, or None while it is not."""
    award, contract = projects.award_of(lot.id), projects.contract_of(lot.id)
    own = law_procedures.key(lot.project.procedure, "refund")
    if award is None:
        ended = _ended(lot)
        return ended and _clock(lot, ended, ("gp.terminate", "dp.refund_withdrawn", "dp.refund_losers", own))
    awarded_on = award.notified_at.astimezone(BEIJING).date()
    if _seek(lot, own, awarded_on):
        # Land and property: the losers' go back after the deal, the winner's becomes part of the price.
        return None if won else _clock(lot, awarded_on, (own,))
    since = _seek(lot, "dp.refund_losers_from", awarded_on)
    if candidate and not won and _seek(lot, "dp.refund_candidates", awarded_on):
        # Where a region keeps the candidates' deposits until the contract (重庆市招标投标条例 36).
        return _clock(lot, contract.signed_on, ("dp.refund_candidates",)) if contract else None
    if not won and since is not None and since.value == "award_notice":
        return _clock(lot, awarded_on, ("dp.refund_losers",))
    return _clock(lot, contract.signed_on, ("dp.refund_winner" if won else "dp.refund_losers",)) if contract else None


def _clock(lot: Lot, start: date, keys: tuple[str, ...]) -> _RefundClock | None:
    key = next((key for key in keys if _seek(lot, key, start)), None)
    interest = _seek(lot, "dp.interest", start)
    return _RefundClock(start, key, bool(interest and interest.value)) if key else None


def _seek(lot: Lot, key: str, on: date) -> Rule | None:
    return seek(key, on=on, region=lot.project.region, procedure=lot.project.procedure)


def _ended(lot: Lot) -> date | None:
    """The day a lot failed or was terminated, also when it was begun anew or archived since."""
    at = db.session.scalar(select(Entry.at).where(Entry.lot == lot.code, Entry.kind.in_(("lot.failed", "lot.terminated")))
                           .order_by(Entry.seq.desc()).limit(1))
    return at.astimezone(BEIJING).date() if at else None

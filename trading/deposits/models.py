"""The deposit ledger: double entry in whole fen, and the bank lines it comes from.

Whose a sub-account is, and who paid, is boxed: the database alone does not name a payer.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model


class SubAccount(Model):
    """One virtual account per bidder and lot (子账号). ``owner_tag`` finds it, ``owner_box`` names its owner."""

    __tablename__ = "deposit_sub_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    owner_tag: Mapped[str] = mapped_column(String(32), unique=True)
    owner_box: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))


class LedgerAccount(Model):
    __tablename__ = "ledger_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(20))


class Transfer(Model):
    """One movement of money; its postings sum to zero and are never changed."""

    __tablename__ = "ledger_transfer"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    postings: Mapped[list[Posting]] = relationship(lazy="selectin")


class Posting(Model):
    __tablename__ = "ledger_posting"
    __table_args__ = (CheckConstraint("fen <> 0", name="not_zero"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("ledger_transfer.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), index=True)
    fen: Mapped[int]


class Statement(Model):
    """One imported bank file, known by its hash so that it counts once."""

    __tablename__ = "bank_statement"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    lines: Mapped[int]
    total_fen: Mapped[int]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(80))


class BankLine(Model):
    """One line of a bank statement. Payer and sub-account are in the box."""

    __tablename__ = "bank_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"), index=True)
    bank_id: Mapped[str] = mapped_column(String(64), unique=True)
    line_tag: Mapped[str] = mapped_column(String(32))
    value_at: Mapped[datetime]
    fen: Mapped[int]
    box: Mapped[bytes] = mapped_column(LargeBinary)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("ledger_transfer.id"))
    suspense: Mapped[str] = mapped_column(String(40), default="")

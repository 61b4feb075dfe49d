"""What follows a signed contract: supplements, performance bonds, acceptances. Rows are only added."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model
from trading.contracts.rules import BondForm, Outcome


class Supplement(Model):
    """A supplementary contract (补充合同) with the amount that it adds to the original."""

    __tablename__ = "supplement"
    __table_args__ = (UniqueConstraint("lot_id", "number", name="uq_supplement_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[str] = mapped_column(String(80))
    fen: Mapped[int]
    matter: Mapped[str] = mapped_column(Text)
    #: Why it is an emergency procurement (紧急采购); empty where it is none.
    emergency: Mapped[str] = mapped_column(String(200), default="")
    signed_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime]
    #: The rule that capped it on the day of its signing, for good; empty where none does.
    rule: Mapped[str] = mapped_column(String(40), default="")
    cap_fen: Mapped[int | None]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    filed_at: Mapped[datetime | None]
    filed_reference: Mapped[str] = mapped_column(String(200), default="")


class PerformanceBond(Model):
    """A performance bond (履约保证金), from its receipt to its return."""

    __tablename__ = "performance_bond"
    __table_args__ = (UniqueConstraint("lot_id", "reference", name="uq_performance_bond_reference"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    form: Mapped[BondForm] = mapped_column(String(20))
    fen: Mapped[int]
    #: Number of the guarantee, the policy or the payment.
    reference: Mapped[str] = mapped_column(String(120))
    received_on: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    recorded_at: Mapped[datetime]
    returned_on: Mapped[date | None] = mapped_column(Date)
    return_note: Mapped[str] = mapped_column(String(200), default="")


class Acceptance(Model):
    """One acceptance (验收) of what a supplier delivered; the final one ends the performance."""

    __tablename__ = "acceptance"
    __table_args__ = (UniqueConstraint("lot_id", "number", name="uq_acceptance_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int]
    accepted_on: Mapped[date] = mapped_column(Date)
    outcome: Mapped[Outcome] = mapped_column(String(20))
    is_final: Mapped[bool]
    members: Mapped[list[str]] = mapped_column(JSON)
    opinion: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]


class ContractInstalment(Model):
    """A part of a sale's price and its last day, as the contract states them; ``settled_on``: since when all of it is paid."""

    __tablename__ = "contract_instalment"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    due_on: Mapped[date] = mapped_column(Date, index=True)
    fen: Mapped[int]
    #: What secures the rest of a price paid by instalments (property); empty where the law asks for none.
    security: Mapped[str] = mapped_column(String(200), default="")
    soon_told_at: Mapped[datetime | None]
    late_told_at: Mapped[datetime | None]
    settled_on: Mapped[date | None] = mapped_column(Date)


class ContractPayment(Model):
    """A payment of a sale's price that came in. Rows are only added."""

    __tablename__ = "contract_payment"
    __table_args__ = (UniqueConstraint("lot_id", "reference", name="uq_contract_payment_reference"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    fen: Mapped[int]
    paid_on: Mapped[date] = mapped_column(Date)
    #: Number of the transfer or of the receipt.
    reference: Mapped[str] = mapped_column(String(120))
    recorded_at: Mapped[datetime]

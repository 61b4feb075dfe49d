"""One case, one file (一项目一档): the pieces of a case as they come, and its sealed pack."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.archive.grounds import Cause
from trading.archive.lending import Borrower, LoanState
from trading.archive.lending import state as loan_state
from trading.archive.terms import Retention
from trading.base.database import Model
from trading.projects.models import Lot


class Piece(Model):
    """One piece of a case: a document at a place of the catalogue, addressed by its hash."""

    __tablename__ = "archive_piece"
    __table_args__ = (UniqueConstraint("lot_id", "path", name="uq_archive_piece_path"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    path: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    stored: Mapped[str] = mapped_column(String(40))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    filed_at: Mapped[datetime]


class Pack(Model):
    """The sealed BagIt pack of a case."""

    __tablename__ = "archive_pack"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    stored: Mapped[str] = mapped_column(String(40))
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]
    checkpoint_size: Mapped[int]
    keep_until: Mapped[datetime] = mapped_column(index=True)
    # From then on its files are gone or going; the row stays, for what was kept and until when.
    disposed_at: Mapped[datetime | None]


class Renewal(Model):
    """New hashes over a pack and the renewal before it, in the log; keeps old evidence believable."""

    __tablename__ = "archive_renewal"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    seq: Mapped[int]
    checkpoint_size: Mapped[int]
    at: Mapped[datetime]


class CaseFile(Model):
    """A sealed case among the centre's files (案卷): its number for ever, and how long it is kept.

    The number is never given again, not even after the case was disposed of.
    """

    __tablename__ = "archive_case_file"
    __table_args__ = (UniqueConstraint("fonds", "category", "year", "serial", name="uq_archive_case_file_serial"),)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    fonds: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(4))
    year: Mapped[int]
    serial: Mapped[int]
    retention: Mapped[Retention] = mapped_column(String(20))
    numbered_at: Mapped[datetime]
    # When its texts were put into the search index; empty while they still must be.
    indexed_at: Mapped[datetime | None]


class RetentionChange(Model):
    """A change of a case's retention class: raised at once, lowered when a second person agrees."""

    __tablename__ = "archive_retention_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    before: Mapped[Retention] = mapped_column(String(20))
    after: Mapped[Retention] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # raised, lowered, refused or withdrawn; empty while it waits.
    decision: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class Hold(Model):
    """An order that a case be kept as it is (保全), until another supervisor releases it."""

    __tablename__ = "archive_hold"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    cause: Mapped[Cause] = mapped_column(String(20))
    document: Mapped[str] = mapped_column(String(120))
    ground: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime]
    placed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    release_reason: Mapped[str] = mapped_column(Text, default="")
    released_at: Mapped[datetime | None]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    lot: Mapped[Lot] = relationship(lazy="joined")


class Loan(Model):
    """Leave to read a pack, or one piece of it, for a purpose and a number of days (借阅)."""

    __tablename__ = "archive_loan"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    # Without a piece it is the whole pack.
    piece_id: Mapped[int | None] = mapped_column(ForeignKey("archive_piece.id"))
    borrower: Mapped[Borrower] = mapped_column(String(20))
    # Nobody's account where a court or an authority asks on paper; then a document says who.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(String(120), default="")
    purpose: Mapped[str] = mapped_column(Text)
    days: Mapped[int]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    refusal: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    returned_at: Mapped[datetime | None]
    lot: Mapped[Lot] = relationship(lazy="joined")
    piece: Mapped[Piece | None] = relationship(lazy="joined")

    def state(self, at: datetime) -> LoanState:
        return loan_state(self.decided_at, self.expires_at, self.returned_at, at)


class Disposal(Model):
    """A list of cases to be disposed of (销毁清册): proposed with an opinion, approved by a second person."""

    __tablename__ = "archive_disposal"
    id: Mapped[int] = mapped_column(primary_key=True)
    opinion: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # approved, refused or withdrawn; empty while it waits.
    decision: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    # From when it may be carried out; until then a hold or an objection stops it.
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    items: Mapped[list[DisposalItem]] = relationship(back_populates="disposal", order_by="DisposalItem.lot_id", lazy="selectin")


class DisposalItem(Model):
    """One case on a disposal list, and what became of it there. ``record`` stays for ever."""

    __tablename__ = "archive_disposal_item"
    __table_args__ = (UniqueConstraint("lot_id", "live", name="uq_archive_disposal_item_live"),)
    disposal_id: Mapped[int] = mapped_column(ForeignKey("archive_disposal.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    # True or nothing: a case stands on one list at a time, and is disposed of once.
    live: Mapped[bool | None] = mapped_column(default=True)
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str] = mapped_column(Text, default="")
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    record: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    disposal: Mapped[Disposal] = relationship(back_populates="items", lazy="joined")
    lot: Mapped[Lot] = relationship(lazy="joined")


class RemovedFile(Model):
    """The name of a stored file that a disposal removed, so that whoever asks for it is told why it is gone."""

    __tablename__ = "archive_removed_file"
    stored: Mapped[str] = mapped_column(String(40), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    removed_at: Mapped[datetime]


class StampOverride(Model):
    """That a pack may be sealed without the time stamps of an authority that is gone for good."""

    __tablename__ = "archive_stamp_override"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    # As the session names it: common name and hash of its root certificate.
    authority: Mapped[str] = mapped_column(String(300))
    ground: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # approved, refused or withdrawn; empty while it waits.
    decision: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class CaseText(Model):
    """A stretch of a sealed case's text as it is searched and shown; its number is that of the index."""

    __tablename__ = "archive_text"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    piece_id: Mapped[int | None] = mapped_column(ForeignKey("archive_piece.id"))
    part: Mapped[str] = mapped_column(String(20), index=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)

"""One opening per sealing session: what happened when, each bid's outcome, the hall's public log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.parties.models import Organisation


#: The envelope of a lot's bids, which every opening begins with.
FIRST = "bid"


class Opening(Model):
    """Facts of one opening; its state follows from which moments are set. A lot has one of its
    bids (envelope ``bid``), and one more for each later round of offers (``offer-1``, ...)."""

    __tablename__ = "opening"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    envelope: Mapped[str] = mapped_column(String(20))
    closed_at: Mapped[datetime]
    window_ends: Mapped[datetime]
    count: Mapped[int]
    window_closed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    record: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    record_signature: Mapped[str] = mapped_column(String(100), default="")


class Half(Model):
    """A bidder's half (KB), given in the window, unreadable from the database until the opening."""

    __tablename__ = "bidder_half"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class OpenedBid(Model):
    """What became of one bid at the opening."""

    __tablename__ = "opened_bid"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    envelope: Mapped[str] = mapped_column(String(20), default=FIRST)
    # Empty while nobody may know whose an offer of a live sale is.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), nullable=True)
    outcome: Mapped[str] = mapped_column(String(40))
    price_fen: Mapped[int | None]
    offer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    files: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    plain: Mapped[str] = mapped_column(String(40), default="")
    deposit_confirmed: Mapped[bool] = mapped_column(default=False)
    wrong_shares: Mapped[list[int]] = mapped_column(JSON, default=list)
    settled_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class HallEvent(Model):
    """The numbered public log of the hall, polled by the pages."""

    __tablename__ = "hall_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]


class Attendance(Model):
    """A bidder's sign-in to the hall (签到); boxed, shown only after the close."""

    __tablename__ = "hall_attendance"
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)

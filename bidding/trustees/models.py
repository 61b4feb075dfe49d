"""Key holders, their pre-keys, and the sealing sessions made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class TrusteeRecord(Model):
    """A key-holding organisation: its public identity only."""

    __tablename__ = "trustee"
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation: Mapped[str] = mapped_column(String(200), unique=True)
    public: Mapped[str] = mapped_column(String(64), unique=True)
    registered_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class PreKey(Model):
    """One public key for one session, signed by its trustee; used once."""

    __tablename__ = "trustee_pre_key"
    trustee_id: Mapped[int] = mapped_column(ForeignKey("trustee.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kem_pk: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(100))
    suite: Mapped[str] = mapped_column(String(20), default="intl-1")
    session: Mapped[str | None] = mapped_column(String(64), index=True)


class SealingSession(Model):
    """A session document in force for one lot and envelope, and where it stands in the log."""

    __tablename__ = "sealing_session"
    __table_args__ = (UniqueConstraint("lot_id", "envelope", name="uq_sealing_session_lot"),)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    envelope: Mapped[str] = mapped_column(String(20))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    amendments: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    opened_seq: Mapped[int]
    close_seq: Mapped[int | None]
    window_seq: Mapped[int | None]
    # The log's size signed at the close, and at the end of the bidders' window: trustees are shown the latter.
    close_checkpoint: Mapped[int | None]
    release_checkpoint: Mapped[int | None]
    deadline: Mapped[datetime]
    opens_at: Mapped[datetime]
    # Set when the session needs no more shares: opened, or failed before it.
    settled_at: Mapped[datetime | None]
    # The header of the dummy bid by which the key holders are rehearsed.
    canary: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Countersignature(Model):
    """The purchaser's signature over a session or one of its amendments."""

    __tablename__ = "session_countersignature"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    # The id of the session itself, or of an amendment.
    document: Mapped[str] = mapped_column(String(64), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    public: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]


class CanaryRound(Model):
    """One rehearsal of a session's key holders: until when, and what was found then."""

    __tablename__ = "canary_round"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    healthy: Mapped[int] = mapped_column(default=0)
    needed: Mapped[int] = mapped_column(default=0)


class CanaryAnswer(Model):
    """One key holder's answer in one rehearsal; ``fault`` is empty when it opened its share."""

    __tablename__ = "canary_answer"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trustee: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fault: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime]


class ShareDispute(Model):
    """What the disclosure of a pre-key's seed showed about one bid's wrap."""

    __tablename__ = "share_dispute"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    trustee: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    fault: Mapped[str] = mapped_column(String(20))  # bidder: the wrap is garbage; trustee: it opens well
    at: Mapped[datetime]


class ShareRelease(Model):
    """One trustee's share of one bid, released after the close."""

    __tablename__ = "share_release"
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    trustee: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    p: Mapped[str] = mapped_column(String(100), default="")
    fault: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime]

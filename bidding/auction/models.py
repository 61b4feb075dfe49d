"""What live bidding stores: one row a lot, its paddles, its bids, its numbered events, its answers.

Rows that are written with every bid carry their own seal (trading/base/row_seals.py). Moments of the
rules are whole milliseconds; columns of type datetime are exact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class Auction(Model):
    """One lot that is competed for live. ``standing`` is all that the next bid is decided on."""

    __tablename__ = "auction"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True, autoincrement=False)
    # The lot's code: the name of its room.
    room: Mapped[str] = mapped_column(String(23), unique=True)
    # What the notice fixes, as it was published (trading.sales.terms).
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    standing: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Number of its newest event; the room is read up to here.
    seq: Mapped[int] = mapped_column(default=0)
    # Milliseconds at which time alone changes something; empty where nothing is due.
    due_at: Mapped[int | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    # {winner, price_fen, failed, housing, reserve_fen}, once it is known.
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    marks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class Paddle(Model):
    """A bidder of one lot under its number. Whose it is, is in the box until the deal.

    ``owner_tag`` finds the bidder's own row; ``public`` is the key that signs its bids, made on its
    device for this lot alone.
    """

    __tablename__ = "auction_paddle"
    __table_args__ = (UniqueConstraint("lot_id", "number", name="uq_auction_paddle_number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    # Empty until the bidder is admitted; the order of rows says nothing about the numbers.
    number: Mapped[str | None] = mapped_column(String(8))
    public: Mapped[str] = mapped_column(String(64))
    owner_tag: Mapped[str] = mapped_column(String(32), unique=True)
    # {organisation, application, signature, partners, applied_at, admitted_at}
    box: Mapped[bytes] = mapped_column(LargeBinary)
    # The organisation, filled in when the deal is made or the lot fails.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))


class JointConsent(Model):
    """That a partner of a joint bid (联合竞买) agreed. Found by the partner's own tag; names nobody."""

    __tablename__ = "auction_consent"
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)


class LiveBid(Model):
    """A valid bid. ``number`` is unique within its lot and orders bids of one instant."""

    __tablename__ = "auction_bid"
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    paddle: Mapped[str] = mapped_column(String(8))
    fen: Mapped[int]
    phase: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    # The paddle's signature, or the host's hand where it was called out in the room.
    signature: Mapped[str] = mapped_column(String(128))
    by_host: Mapped[bool] = mapped_column(default=False)
    # Its entry in the evidence log.
    evidence: Mapped[int]
    marks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class AuctionEvent(Model):
    """One line of a room's log, serialised once: ``body`` are the very bytes that everybody is sent."""

    __tablename__ = "auction_event"
    room: Mapped[str] = mapped_column(String(23), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)
    marks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class Answer(Model):
    """What was answered to one request with an Idempotency-Key: asked again, it is answered the same."""

    __tablename__ = "auction_answer"
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    # SHA-256 of what was asked: the same key with another body is refused.
    asked: Mapped[str] = mapped_column(String(64))
    # The number of the bid, or nothing where it was refused.
    number: Mapped[int | None]
    # {reason, facts} of a refusal, or the answer to a bid.
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    marks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class Link(Model):
    """When a paddle's page was last heard of, for the rule on mass disconnection."""

    __tablename__ = "auction_link"
    paddle_id: Mapped[int] = mapped_column(ForeignKey("auction_paddle.id"), primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    heard_at: Mapped[datetime]


class TieDecision(Model):
    """Whom the seller's committee chose at the ceiling (竞品质), until a supervisor confirmed it or sent it back."""

    __tablename__ = "auction_tie_decision"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    paddle: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    # SHA-256 of the committee's minutes, which are filed with the case.
    minutes: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    refused_at: Mapped[datetime | None]
    refused_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    refused_reason: Mapped[str] = mapped_column(Text, default="")

"""Rounds of offers after the first one, and what was talked about before each of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.parties.models import Organisation


class OfferRound(Model):
    """One round of sealed offers (报价轮次). Its deadline stands in its sealing session, once."""

    __tablename__ = "offer_round"
    __table_args__ = (UniqueConstraint("lot_id", "number", name="uq_offer_round_number"),)
    session: Mapped[str] = mapped_column(ForeignKey("sealing_session.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int]
    is_final: Mapped[bool]
    # What the talks changed in the document, told to all who were asked in the same words.
    changes: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime]

    @property
    def envelope(self) -> str:
        return f"offer-{self.number}"


class Minutes(Model):
    """What was talked about with one supplier before a round (谈判、磋商、协商记录)."""

    __tablename__ = "talk_minutes"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    before_round: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    text: Mapped[str] = mapped_column(Text)
    written_by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship(lazy="joined")

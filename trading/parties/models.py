"""Organisations (主体) and the keys they sign bids with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class Organisation(Model):
    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    region: Mapped[str] = mapped_column(String(20), default="CN")
    address: Mapped[str] = mapped_column(String(200), default="")
    contact: Mapped[str] = mapped_column(String(80), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    registered_at: Mapped[datetime]
    barred_until: Mapped[datetime | None]
    #: From government procurement alone, which is all that a false complaint there bars from.
    procurement_barred_until: Mapped[datetime | None]


class SigningKey(Model):
    """An Ed25519 public key that an organisation signs its bids with, from registration to
    revocation. A stand-in for the certificate of a licensed authority (CA)."""

    __tablename__ = "signing_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    public: Mapped[str] = mapped_column(String(64), unique=True)
    registered_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

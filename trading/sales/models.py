"""Past grants of land, as published: what a seller compares a parcel with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class LandGrant(Model):
    """One published grant (供地结果). Rows are only added; decimals are kept as text, exactly as published."""

    __tablename__ = "land_grant"
    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    procedure: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(200))
    location: Mapped[str] = mapped_column(String(400))
    use: Mapped[str] = mapped_column(String(200))
    area_m2: Mapped[str] = mapped_column(String(30))
    price_fen: Mapped[int]
    terms: Mapped[list[list[Any]]] = mapped_column(JSON)
    ratio_low: Mapped[str] = mapped_column(String(30))
    ratio_high: Mapped[str] = mapped_column(String(30))
    holder: Mapped[str] = mapped_column(String(400))
    signed_on: Mapped[date] = mapped_column(Date, index=True)
    kept_at: Mapped[datetime]

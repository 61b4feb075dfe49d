"""The expert register (评标专家库). Names and phones are boxed; employers are credit codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class Expert(Model):
    __tablename__ = "expert"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    name_box: Mapped[bytes] = mapped_column(LargeBinary)
    phone_box: Mapped[bytes] = mapped_column(LargeBinary)
    employer: Mapped[str] = mapped_column(String(18), index=True)
    region: Mapped[str] = mapped_column(String(20))
    specialities: Mapped[list[str]] = mapped_column(JSON)
    weight: Mapped[int] = mapped_column(default=1)
    # Ties to organisations besides the employer: [{"org", "tie", "until"}].
    bonds: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    admitted_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]

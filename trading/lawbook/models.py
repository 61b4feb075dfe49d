"""Changes of the law as data: proposed by one person, decided by another, kept for good."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.accounts.models import Account
from trading.base.database import Model


class Kind(StrEnum):
    """What a change does: lay in rows of the rule table, repeal a rule, lay in or correct one year's notice of days off."""

    ROWS = "rows"
    REPEAL = "repeal"
    CALENDAR = "calendar"


class RuleChange(Model):
    """One proposal (修改提案) with its text as a data file would hold it.

    ``place`` numbers the approved ones in the order in which they came into force; without it a
    decided proposal was refused, or withdrawn by the one who made it.
    """

    __tablename__ = "rule_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    # Rule keys, or the year: what the change is about.
    subjects: Mapped[list[str]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(500))
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decision: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[int | None] = mapped_column(unique=True)
    asker: Mapped[Account] = relationship(foreign_keys=asked_by, lazy="joined")
    decider: Mapped[Account | None] = relationship(foreign_keys=decided_by, lazy="joined")

    @property
    def state(self) -> str:
        """waiting, approved, refused or withdrawn, as the facts have it."""
        if self.decided_at is None:
            return "waiting"
        if self.place is not None:
            return "approved"
        return "withdrawn" if self.decided_by == self.asked_by else "refused"

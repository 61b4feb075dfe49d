"""Tell people things. The text is made from ``kind`` and ``facts`` in the reader's language."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from trading.base.database import db, transaction
from trading.messages.models import Message


def notify(kind: str, *, at: datetime, organisation_id: int | None = None, account_id: int | None = None,
           link: str = "", **facts: Any) -> None:
    """Write one message to an organisation or one person, inside the act's transaction."""
    with transaction() as session:
        session.add(Message(kind=kind, facts=facts, at=at, organisation_id=organisation_id,
                            account_id=account_id, link=link))


def _mine(account_id: int, organisation_id: int | None) -> Any:
    own = Message.account_id == account_id
    return or_(own, Message.organisation_id == organisation_id) if organisation_id else own


def inbox(account_id: int, organisation_id: int | None, limit: int = 100) -> list[Message]:
    return list(db.session.scalars(
        select(Message).where(_mine(account_id, organisation_id)).order_by(Message.id.desc()).limit(limit)))


def unread(account_id: int, organisation_id: int | None) -> int:
    return db.session.scalar(select(func.count()).select_from(Message).where(
        _mine(account_id, organisation_id), Message.read_at.is_(None))) or 0


def mark_read(account_id: int, organisation_id: int | None, *, at: datetime) -> None:
    with transaction() as session:
        session.execute(update(Message).where(_mine(account_id, organisation_id), Message.read_at.is_(None))
                        .values(read_at=at).execution_options(synchronize_session=False))

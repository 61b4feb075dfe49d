"""What the evidence log stores. Rows are only ever added; a sealed entry is opened once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trading.base.database import Model


class Entry(Model):
    """One act as evidence (存证). ``seq`` is its leaf number in the tree.

    Of a sealed entry nothing is in the clear but the leaf: kind, lot, actor, time and
    nonce are in the box until the act may be known, so that neither content nor count
    gives anything away (cover entries look the same).
    """

    __tablename__ = "evidence_entry"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary(32))
    kind: Mapped[str] = mapped_column(String(64), default="sealed", index=True)
    lot: Mapped[str | None] = mapped_column(String(40), index=True)
    project: Mapped[str | None] = mapped_column(String(40), index=True)
    at: Mapped[datetime | None]
    actor: Mapped[str | None] = mapped_column(String(120))
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    event: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    box: Mapped[bytes | None] = mapped_column(LargeBinary)


class Node(Model):
    """The hash of one complete subtree."""

    __tablename__ = "evidence_node"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column("i", primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Head(Model):
    """The one row that says how large the log is; writers lock it."""

    __tablename__ = "evidence_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(default=0)
    peaks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class Checkpoint(Model):
    """A signed statement of the log's size and root, with the witnesses' lines once they came."""

    __tablename__ = "evidence_checkpoint"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    cosignatures: Mapped[str] = mapped_column(Text, default="")
    # How many witnesses have signed it.
    cosigners: Mapped[int] = mapped_column(default=0)
    # Whether outside authorities are to say when they saw it: set for closes and catalogues.
    to_stamp: Mapped[bool] = mapped_column(default=False)
    # The row's own seal (trading/base/row_seals.py).
    marks: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class LogContinuation(Model):
    """That the log goes on under another name after it was restored or forked: asked for by one person, decided by another."""

    __tablename__ = "log_continuation"
    id: Mapped[int] = mapped_column(primary_key=True)
    # Checkpoints that witnesses had seen of the log before, with their cosignatures; the first is the largest that a quorum signed.
    seen: Mapped[list[str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    # For how many days at least those may seal again whose session ends with the log.
    reseal_days: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # approved, refused or withdrawn; empty while it waits.
    decision: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    # The entry with which the log's new name begins.
    seq: Mapped[int | None]


class Stamp(Model):
    """What one time-stamping authority answered for one checkpoint (RFC 3161)."""

    __tablename__ = "evidence_stamp"
    size: Mapped[int] = mapped_column(ForeignKey("evidence_checkpoint.size"), primary_key=True)
    authority: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the root certificate
    response: Mapped[bytes] = mapped_column(LargeBinary)
    stated_at: Mapped[datetime]
    at: Mapped[datetime]


class LogAlarm(Model):
    """Something a witness or the clock says against the log; stands until its cause is gone."""

    __tablename__ = "log_alarm"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    stops: Mapped[bool] = mapped_column(default=False)
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

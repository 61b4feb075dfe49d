"""Accounts, their roles, their sign-ins and the failures that slow a guesser down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.accounts.permissions import Permission, Role, permissions_of
from trading.base.database import Model


class Account(Model):
    """A person who signs in, usually for an organisation."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    totp_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    frozen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    grants: Mapped[list[Grant]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def has_second_factor(self) -> bool:
        return self.totp_box is not None

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(grant.role) for grant in self.grants)

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


class Grant(Model):
    """One role of one account."""

    __tablename__ = "account_role"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)


class SignIn(Model):
    """One signed-in browser. The cookie holds a random token; only its hash is kept."""

    __tablename__ = "sign_in"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(lazy="joined")


@dataclass(frozen=True)
class Person:
    """An account as a request that came with its cookie needs it, read anew each time."""

    id: int
    username: str
    name: str
    organisation_id: int | None
    roles: frozenset[Role]
    has_second_factor: bool

    def may(self, permission: Permission) -> bool:
        return permission in permissions_of(self.roles)


@dataclass(frozen=True)
class LiveSignIn:
    """A sign-in that counts at this moment, and whose it is."""

    id: int
    seen_at: datetime
    second_factor_at: datetime | None
    account: Person


class Failure(Model):
    """Wrong passwords from one source for one name. Counted per source, so that a rival who
    types wrong passwords on purpose slows down only itself."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (UniqueConstraint("name_tag", "source_tag", name="uq_sign_in_failure_source"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name_tag: Mapped[str] = mapped_column(String(32))
    source_tag: Mapped[str] = mapped_column(String(32))
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]

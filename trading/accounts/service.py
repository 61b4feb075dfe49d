"""Make accounts, sign in and out, change what ends every copy of a session at once."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import cast

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Table, bindparam, delete, select, update

from trading.accounts import rules
from trading.accounts.models import Account, Failure, Grant, LiveSignIn, Person, SignIn
from trading.accounts.permissions import ROLES, SECOND_FACTOR, Permission, Role, conflicts
from trading.base import installation
from trading.base.database import Plain, connection, db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence

_hasher = PasswordHasher()


@cache
def _decoy() -> str:
    """Checked when the name is unknown, so that the answer takes as long as for a known one."""
    return _hasher.hash("no account has this password")


def create(username: str, name: str, password: str, roles: set[Role], *, actor: str, at: datetime,
           organisation_id: int | None = None) -> Account:
    """Open an account. Raises Refused when the name is taken or the roles conflict."""
    rules.check_password(password, username)
    if conflicts(frozenset(roles)) or not roles:
        raise Refused("account.roles_conflict", roles=sorted(roles))
    with transaction() as session:
        if session.scalar(select(Account.id).where(Account.username == username)):
            raise Refused("account.name_taken", username=username)
        account = Account(username=username, name=name, password_hash=hash_password(password),
                          organisation_id=organisation_id, created_at=at,
                          grants=[Grant(role=role) for role in sorted(roles)])
        session.add(account)
        session.flush()
        evidence.record("account.created", actor=actor, at=at, account=account.id,
                        roles=sorted(str(role) for role in roles))
        return account


def hash_password(password: str) -> str:
    return _hasher.hash(unicodedata.normalize("NFKC", password))


def sign_in(username: str, password: str, *, source: str, at: datetime) -> str:
    """Check name and password; returns the token for the cookie.

    Raises Refused ``account.sign_in_failed`` or ``account.wait``. A second factor may
    still be due: see ``needs_second_factor``.
    """
    boxes = installation.boxes()
    name_tag, source_tag = boxes.tag("name", username.lower()), boxes.tag("source", source)
    failure = db.session.scalar(select(Failure).filter_by(name_tag=name_tag, source_tag=source_tag))
    if failure:
        until = rules.wait_until(failure.count, failure.last_at)
        if until and at < until:
            raise Refused("account.wait", until=until)
    account = db.session.scalar(select(Account).where(Account.username == username))
    matches = _matches(account.password_hash if account else _decoy(), password)
    if account is None or not matches or account.frozen_at:
        with transaction() as session:
            failure = session.scalar(select(Failure).filter_by(name_tag=name_tag, source_tag=source_tag))
            if failure is None:
                failure = Failure(name_tag=name_tag, source_tag=source_tag, count=0, last_at=at)
                session.add(failure)
            failure.count += 1
            failure.last_at = at
        raise Refused("account.sign_in_failed")
    with transaction() as session:
        session.execute(delete(Failure).where(Failure.name_tag == name_tag, Failure.source_tag == source_tag))
        token = secrets.token_urlsafe(32)
        session.add(SignIn(token_hash=_hash(token), account_id=account.id, started_at=at, seen_at=at))
    return token


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, unicodedata.normalize("NFKC", password))
    except (VerificationError, InvalidHashError):
        return False


def find_sign_in(token: str, *, at: datetime) -> LiveSignIn | None:
    """The live sign-in of a cookie, or None. One plain statement, asked with every request: nothing of it is kept between two."""
    rows = _LIVE.read(connection(), {"token_hash": _hash(token)})
    if not rows or rows[0].ended_at or rows[0].frozen_at or not rules.is_live(rows[0].started_at, rows[0].seen_at, at):
        return None
    found = rows[0]
    # An account without any role has one row, with none.
    person = Person(found.account_id, found.username, found.name, found.organisation_id,
                    frozenset(Role(row.role) for row in rows if row.role is not None), bool(found.has_second_factor))
    return LiveSignIn(found.id, found.seen_at, found.second_factor_at, person)


def touch(sign_in_id: int, *, at: datetime) -> None:
    """Remember that a sign-in was used (at most once a minute, so that reads stay reads)."""
    with transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=at))


def sign_out(token: str, *, at: datetime) -> None:
    with transaction() as session:
        session.execute(update(SignIn).where(SignIn.token_hash == _hash(token)).values(ended_at=at))


def end_all(account_id: int, *, at: datetime) -> None:
    """End every sign-in of an account at once."""
    with transaction() as session:
        session.execute(update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
                        .values(ended_at=at))


def change_password(account_id: int, old: str, new: str, *, at: datetime) -> None:
    account = get(account_id)
    if not _matches(account.password_hash, old):
        raise Refused("account.sign_in_failed")
    rules.check_password(new, account.username)
    with transaction():
        account = get(account_id)
        account.password_hash = hash_password(new)
        end_all(account_id, at=at)
        evidence.record("account.password_changed", actor=account.username, at=at, account=account_id)


def set_roles(account_id: int, roles: set[Role], *, actor: str, at: datetime) -> None:
    """Give an account other roles; whoever is signed in with it has to sign in again."""
    if conflicts(frozenset(roles)):
        raise Refused("account.roles_conflict", roles=sorted(roles))
    with transaction():
        account = get(account_id)
        keep = {grant.role: grant for grant in account.grants}
        account.grants = [keep.get(role) or Grant(role=role) for role in sorted(roles)]
        end_all(account_id, at=at)
        evidence.record("account.roles_changed", actor=actor, at=at, account=account_id,
                        roles=sorted(str(role) for role in roles))


def freeze(account_id: int, *, actor: str, at: datetime, frozen: bool = True) -> None:
    with transaction():
        account = get(account_id)
        account.frozen_at = at if frozen else None
        end_all(account_id, at=at)
        evidence.record("account.frozen" if frozen else "account.unfrozen", actor=actor, at=at, account=account_id)


def get(account_id: int) -> Account:
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound
    return account


# --- second factor: time-based codes (RFC 6238) --------------------------------------------


def needs_second_factor(account: Account | Person) -> bool:
    return bool(account.roles & SECOND_FACTOR) or account.has_second_factor


def new_totp(account_id: int) -> str:
    """Give an account a new secret for its authenticator; returns it once, in base32."""
    secret = pyotp.random_base32()
    set_totp(account_id, secret)
    return secret


def set_totp(account_id: int, secret: str) -> None:
    with transaction():
        account = get(account_id)
        account.totp_box = installation.boxes().close(secret, f"totp/{account_id}")
        account.totp_last_step = 0


def confirm_second_factor(sign_in_id: int, code: str, *, at: datetime) -> None:
    """Accept a code once; the same code is refused the second time. Raises Refused."""
    plain = unicodedata.normalize("NFKC", code).replace(" ", "")
    with transaction() as session:
        found = lock_row(SignIn, sign_in_id)
        if found is None or found.ended_at:
            raise NotFound
        account = get(found.account_id)
        if account.totp_box is None:
            raise Refused("account.no_second_factor")
        totp = pyotp.TOTP(installation.boxes().open(account.totp_box, f"totp/{account.id}"))
        step = int(at.timestamp()) // totp.interval
        for candidate in (step - 1, step, step + 1):
            if candidate > account.totp_last_step and secrets.compare_digest(
                    totp.generate_otp(candidate).encode(), plain.encode()):
                account.totp_last_step = candidate
                found.second_factor_at = at
                return
    _count_code_failure(account.username, at)
    raise Refused("account.code_wrong")


def _count_code_failure(username: str, at: datetime) -> None:
    """Three wrong codes end every sign-in that waits for one; the password is needed again."""
    boxes = installation.boxes()
    with transaction() as session:
        name_tag, source_tag = boxes.tag("code", username), boxes.tag("code")
        failure = session.scalar(select(Failure).filter_by(name_tag=name_tag, source_tag=source_tag))
        if failure is None:
            failure = Failure(name_tag=name_tag, source_tag=source_tag, count=0, last_at=at)
            session.add(failure)
        failure.count, failure.last_at = failure.count + 1, at
        if failure.count >= 3:
            failure.count = 0
            account = session.scalar(select(Account).where(Account.username == username))
            assert account is not None
            session.execute(update(SignIn).where(
                SignIn.account_id == account.id, SignIn.second_factor_at.is_(None), SignIn.ended_at.is_(None))
                .values(ended_at=at))


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def holders_of(permission: Permission) -> list[int]:
    """Numbers of the accounts that may do something and are not frozen."""
    roles = [role for role, granted in ROLES.items() if permission in granted]
    return list(db.session.scalars(select(Account.id).join(Grant, Grant.account_id == Account.id).where(
        Grant.role.in_(roles), Account.frozen_at.is_(None)).distinct().order_by(Account.id)))


_SIGN_IN, _ACCOUNT, _GRANT = cast(Table, SignIn.__table__), cast(Table, Account.__table__), cast(Table, Grant.__table__)
_LIVE = Plain(select(
    _SIGN_IN.c.id, _SIGN_IN.c.started_at, _SIGN_IN.c.seen_at, _SIGN_IN.c.second_factor_at, _SIGN_IN.c.ended_at,
    _SIGN_IN.c.account_id, _ACCOUNT.c.username, _ACCOUNT.c.name, _ACCOUNT.c.organisation_id, _ACCOUNT.c.frozen_at,
    _ACCOUNT.c.totp_box.is_not(None).label("has_second_factor"), _GRANT.c.role,
).join_from(_SIGN_IN, _ACCOUNT, _ACCOUNT.c.id == _SIGN_IN.c.account_id).join(_GRANT, _GRANT.c.account_id == _ACCOUNT.c.id, isouter=True)
    .where(_SIGN_IN.c.token_hash == bindparam("token_hash")))

"""The signed-in person of a request, for Flask-Login."""

from __future__ import annotations

from flask import request
from flask_login import LoginManager, UserMixin

from trading.accounts import service
from trading.accounts.models import LiveSignIn
from trading.accounts.permissions import Permission
from trading.base import installation
from trading.base.clock import now

COOKIE_AGE_S = 12 * 3600


class SignedIn(UserMixin):
    """An account with its live sign-in. ``is_complete`` once the second factor was shown."""

    def __init__(self, token: str, sign_in: LiveSignIn) -> None:
        self.token, self.sign_in, self.account = token, sign_in, sign_in.account

    def get_id(self) -> str:
        return self.token

    @property
    def is_complete(self) -> bool:
        return self.sign_in.second_factor_at is not None or not service.needs_second_factor(self.account)

    @property
    def organisation_id(self) -> int | None:
        return self.account.organisation_id

    @property
    def actor(self) -> str:
        """How evidence names this person: account number and name of the account, no secret."""
        return f"{self.account.username}"

    def may(self, permission: Permission) -> bool:
        return self.is_complete and self.account.may(permission)


def load(token: str) -> SignedIn | None:
    at = now()
    found = service.find_sign_in(token, at=at)
    if found is None:
        return None
    if (at - found.seen_at).total_seconds() > 60:
        service.touch(found.id, at=at)
    return SignedIn(token, found)


def source() -> str:
    """Where a sign-in comes from, for slowing down who guesses: this browser if it has signed in
    before, else its network address."""
    device = request.cookies.get("device", "")
    name, _, tag = device.partition(".")
    if tag and tag == installation.boxes().tag("device", name):
        return f"device:{name}"
    return f"address:{request.remote_addr}"


def manager() -> LoginManager:
    login = LoginManager()
    login.user_loader(load)
    login.session_protection = None  # the token is random and lives in the database
    return login


__all__ = ["SignedIn", "manager", "source"]

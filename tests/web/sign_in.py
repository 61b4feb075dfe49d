"""A client that is signed in as a role, through the real service, second factor included."""

from __future__ import annotations

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.builders import Centre
from trading.accounts import service as accounts
from trading.accounts.models import Account, SignIn
from trading.accounts.permissions import Role
from trading.base.clock import now
from trading.base.database import db

PASSWORD = "correct horse battery staple"


def signed_in(centre: Centre, role: Role, organisation_id: int | None = None, username: str = "") -> FlaskClient:
    """Make an account with one role and return a client that holds its cookie."""
    name = username or f"user-{role}"
    account = db.session.scalar(select(Account).where(Account.username == name))
    if account is None:
        if organisation_id is None and role in (Role.BIDDER, Role.TENDERER, Role.AGENCY):
            organisation_id = centre.companies[0].id if role is Role.BIDDER else centre.cast.tenderer.id
        account = accounts.create(name, name, PASSWORD, {role}, actor="test", at=now(), organisation_id=organisation_id)
    token = accounts.sign_in(name, PASSWORD, source="test", at=now())
    if accounts.needs_second_factor(account):
        secret = accounts.new_totp(account.id)
        sign_in = db.session.scalar(select(SignIn).order_by(SignIn.id.desc()))
        assert sign_in is not None
        accounts.confirm_second_factor(sign_in.id, pyotp.TOTP(secret).now(), at=now())
    client = centre.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
    return client

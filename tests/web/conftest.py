"""Pages through the client: a centre on a copied database, a clock that the test sets, people signed in."""

from __future__ import annotations

import inspect
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from tests.builders import T0, Centre
from tests.conftest import Prepared
from tests.shelf import Place, copy_cast
from trading.accounts import service as accounts
from trading.accounts.models import SignIn
from trading.accounts.permissions import Role
from trading.base import clock
from trading.base.database import db, transaction
from trading.demonstration.case import CaseRun


@dataclass
class Site:
    """An installation seen from outside. ``at`` is what its clock shows."""

    app: Flask
    prepared: Prepared
    is_plain: bool = False
    entered: bool = False
    at: datetime = T0
    people: dict[str, FlaskClient] = field(default_factory=dict)

    @contextmanager
    def inside(self) -> Iterator[Centre]:
        """The services, for preparing a case; never around a request, which would borrow its person."""
        with self.app.app_context():
            cast = copy_cast(self.prepared.cast)
            # Only who comes first finds the centre untouched.
            place = Place(self.prepared.shelf, cast) if self.is_plain and not self.entered else None
            self.entered = True
            yield Centre(self.app, cast, self.prepared.companies, place)
            db.session.remove()

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def someone(self, role: Role, organisation_id: int | None = None, name: str = "") -> FlaskClient:
        """A client signed in with this role; asked for again it is the same person."""
        username = name or f"{role}.{organisation_id or 0}"
        if username in self.people:
            return self.people[username]
        with self.app.app_context():
            self.entered = True
            # Figures and a to f: a password that held the name by chance would be refused.
            made = accounts.create(username, username, secrets.token_hex(20), {role}, actor="test", at=self.at,
                                   organisation_id=organisation_id)
            account_id = made.id
            db.session.remove()
        return self.account(account_id, username)

    def account(self, account_id: int, username: str = "") -> FlaskClient:
        """A client signed in as somebody who has an account already, such as a drawn expert."""
        username = username or f"account.{account_id}"
        if username in self.people:
            return self.people[username]
        with self.app.app_context():
            token = secrets.token_urlsafe(32)
            with transaction() as session:
                session.add(SignIn(token_hash=accounts._hash(token), account_id=account_id, started_at=self.at, seen_at=self.at,
                                   second_factor_at=self.at))
            db.session.remove()
        client = self.client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        self.people[username] = client
        return client

    @property
    def tenderer(self) -> FlaskClient:
        return self.someone(Role.TENDERER, self.prepared.cast.tenderer.id)

    def bidder(self, number: int = 0) -> FlaskClient:
        return self.someone(Role.BIDDER, self.prepared.companies[number].id)

    def a_case(self, *steps: str, **changes: object) -> CaseRun:
        """A case taken through steps; the clock is set to a minute after the last."""
        with self.inside() as centre:
            case = centre.a_case(*steps, **changes)  # type: ignore[arg-type]
            case.code, case.lot_code = case.lot.project.code, case.lot.code  # type: ignore[attr-defined]
        self.at = case.at + timedelta(minutes=1)
        return case


@pytest.fixture
def site(request: pytest.FixtureRequest, prepared_sqlite: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path / "instance"
    shutil.copytree(prepared_sqlite.folder, folder)
    app = create_app(replace(prepared_sqlite.settings, instance=folder))
    app.config["WTF_CSRF_ENABLED"] = False
    # Who replaces parts of the program wants to see what its own case makes of them.
    found = Site(app, prepared_sqlite, "monkeypatch" not in inspect.signature(request.function).parameters)
    real = clock.now
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("app", "trading", "bidding", "experts") and getattr(module, "now", None) is real:
            monkeypatch.setattr(module, "now", lambda: found.at)
    yield found
    with app.app_context():
        db.session.remove()
        db.engine.dispose()

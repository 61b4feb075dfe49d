"""Every route is marked, every role gets what the table says and no more, reading writes nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.builders import T0, Centre
from tests.web.sign_in import signed_in
from trading.accounts.permissions import ROLES, Permission, Role, conflicts, permissions_of
from trading.base.database import db
from trading.evidence import service as evidence

VALUES = {"code": "A1510822000000000000001", "digest": "0" * 64, "name": "0" * 64, "key": "0" * 64, "upload": "0" * 32}
#: Signs the visitor out or changes the account used for the walk.
LEFT_OUT = {"accounts.sign_out", "static"}


def routes(centre: Centre) -> list[Rule]:
    return [rule for rule in centre.app.url_map.iter_rules() if rule.endpoint not in LEFT_OUT]


def address(rule: Rule) -> str:
    def value(match: re.Match[str]) -> str:
        kind, _, name = match.group(1).rpartition(":")
        return "999999" if kind in ("int", "number") or name.endswith("_id") else VALUES.get(name, "x")
    return re.sub(r"<([^>]+)>", value, rule.rule)


def ask(client: FlaskClient, rule: Rule) -> int:
    method = "GET" if "GET" in (rule.methods or ()) else next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
    answer = client.open(address(rule), method=method, headers={"Idempotency-Key": "k"})
    location = answer.headers.get("Location", "")
    return 401 if location.startswith(("/login", "/login/code")) else answer.status_code


def test_every_view_is_marked(sqlite_centre: Centre) -> None:
    unmarked = [rule.endpoint for rule in sqlite_centre.app.url_map.iter_rules()
                if not hasattr(sqlite_centre.app.view_functions[rule.endpoint], "permission")]
    assert not unmarked, unmarked


def test_an_unmarked_view_is_refused(sqlite_centre: Centre) -> None:
    sqlite_centre.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert sqlite_centre.app.test_client().get("/forgotten").status_code == 403


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_gets_what_the_table_says(sqlite_centre: Centre, role: Role | None) -> None:
    app = sqlite_centre.app
    app.config["WTF_CSRF_ENABLED"] = False
    client = signed_in(sqlite_centre, role) if role else app.test_client()
    granted = permissions_of(frozenset({role})) if role else frozenset()
    wrong = []
    for rule in routes(sqlite_centre):
        permission: Permission | None = app.view_functions[rule.endpoint].permission
        status = ask(client, rule)
        denied = status in (401, 403)
        may = permission is None or permission in granted
        if status >= 500 or (denied == may and not (permission is None and rule.endpoint.startswith(("accounts.", "portal.metrics")))):
            wrong.append(f"{rule.endpoint} {rule.rule}: {status}, may {may}")
    assert not wrong, wrong


def test_an_administrator_reaches_no_bid_no_draw_no_money() -> None:
    mine = permissions_of(frozenset({Role.ADMINISTRATOR}))
    assert mine == {Permission.OWN_ACCOUNT, Permission.ACCOUNT_ADMIN}
    assert conflicts(frozenset({Role.ADMINISTRATOR, Role.BIDDER})) and conflicts(frozenset({Role.HOST, Role.SUPERVISOR}))
    assert set(ROLES) == set(Role)


@contextmanager
def watched() -> Iterator[Callable[[], int]]:
    """A number that changes when any other connection commits a change (SQLite data_version)."""
    connection = sqlite3.connect(db.engine.url.database or "")
    try:
        yield lambda: int(connection.execute("PRAGMA data_version").fetchone()[0])
    finally:
        connection.close()


def test_reading_writes_nothing(sqlite_centre: Centre) -> None:
    case = sqlite_centre.an_opened_case()
    client = signed_in(sqlite_centre, Role.SUPERVISOR)
    size = evidence.size()
    VALUES_HERE = VALUES | {"code": case.lot.code or ""}
    seen = 0
    db.session.remove()
    with watched() as version:
        before = version()
        for rule in routes(sqlite_centre):
            if "GET" in (rule.methods or ()):
                path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda m: VALUES_HERE.get(m.group(1), "1"), rule.rule)
                assert client.get(path).status_code < 500, path
                seen += 1
        assert version() == before, "a GET has written to the database"
    assert evidence.size() == size and seen > 40


def test_control_a_write_is_seen(sqlite_centre: Centre) -> None:
    with watched() as version:
        before = version()
        sqlite_centre.a_bidding_case(at=T0 + timedelta(days=1))
        assert version() != before

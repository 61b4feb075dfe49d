"""Sign-ins that end everywhere at once, waiting that hits only the guesser, second factors used once."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import delete, select, text

from tests.builders import T0, Centre
from tests.services.test_filing import refused
from tests.web.sign_in import PASSWORD, signed_in
from trading.accounts import rules, service
from trading.accounts.models import Account, Grant, SignIn
from trading.accounts.permissions import Permission, Role
from trading.base.database import db, transaction
from trading.parties import rules as party_rules
from trading.parties import service as parties


def an_account(roles: set[Role] | None = None, name: str = "wang") -> Account:
    return service.create(name, "王", PASSWORD, roles or {Role.BIDDER}, actor="test", at=T0)


def live(tokens: list[str]) -> list[bool]:
    return [service.find_sign_in(token, at=T0 + timedelta(minutes=1)) is not None for token in tokens]


@pytest.mark.parametrize("act", ["password", "roles", "freeze"])
def test_every_copy_of_a_session_ends_at_once(centre: Centre, act: str) -> None:
    account = an_account()
    tokens = [service.sign_in("wang", PASSWORD, source=f"s{n}", at=T0) for n in range(3)]
    assert live(tokens) == [True] * 3
    if act == "password":
        service.change_password(account.id, PASSWORD, "another long password 77", at=T0)
    elif act == "roles":
        service.set_roles(account.id, {Role.TENDERER}, actor="admin", at=T0)
    else:
        service.freeze(account.id, actor="admin", at=T0)
    assert live(tokens) == [False] * 3
    if act == "freeze":
        with refused("account.sign_in_failed"):
            service.sign_in("wang", PASSWORD, source="s", at=T0)


def test_the_plain_statement_says_what_the_rows_say(centre: Centre) -> None:
    """Everything about who is signed in, on each kind of database, for an account with several roles, one and none."""
    for name, roles in (("one", {Role.BIDDER}), ("two", {Role.HOST, Role.DRAW_OPERATOR}), ("none", {Role.BIDDER})):
        account = an_account(roles, name)
        token = service.sign_in(name, PASSWORD, source="s", at=T0)
        if name == "two":
            service.set_totp(account.id, pyotp.random_base32())
        if name == "none":
            with transaction() as session:
                session.execute(delete(Grant).where(Grant.account_id == account.id))
        at = T0 + timedelta(minutes=1)
        found = service.find_sign_in(token, at=at)
        row = db.session.scalar(select(SignIn).where(SignIn.id == found.id))
        db.session.refresh(row.account)
        assert (found.seen_at, found.second_factor_at) == (row.seen_at, row.second_factor_at)
        told, kept = found.account, row.account
        assert (told.id, told.username, told.name, told.organisation_id) == (kept.id, kept.username, kept.name, kept.organisation_id)
        assert told.roles == kept.roles == (set() if name == "none" else roles) and told.has_second_factor == kept.has_second_factor == (name == "two")
        assert all(told.may(permission) == kept.may(permission) for permission in Permission)
        assert service.find_sign_in(token + "x", at=at) is None and service.find_sign_in("", at=at) is None
        db.session.rollback()


def test_a_server_that_went_away_costs_one_request(centre: Centre) -> None:
    """Connections that were cut while they waited are not handed out again, one failure each."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    an_account()
    token = service.sign_in("wang", PASSWORD, source="s", at=T0)
    db.session.remove()
    others = [db.engine.connect() for _ in range(3)]
    with db.engine.connect() as last:
        for other in others:
            other.close()
        last.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))
    with pytest.raises(Exception, match="terminat|closed|lost"):
        service.find_sign_in(token, at=T0)
    db.session.remove()
    assert service.find_sign_in(token, at=T0) is not None


def test_signing_out_ends_the_copied_cookie_too(sqlite_centre: Centre) -> None:
    client = signed_in(sqlite_centre, Role.BIDDER)
    assert client.get("/me/account").status_code == 200
    thief = sqlite_centre.app.test_client()
    with client.session_transaction() as mine, thief.session_transaction() as copy:
        copy.update(mine)
    assert thief.get("/me/account").status_code == 200
    sqlite_centre.app.config["WTF_CSRF_ENABLED"] = False
    client.post("/logout")
    assert thief.get("/me/account").status_code == 302


def test_a_rival_cannot_lock_somebody_out(sqlite_centre: Centre) -> None:
    an_account()
    for _ in range(40):
        with pytest.raises(Exception, match="account"):
            service.sign_in("wang", "wrong password 1234", source="rival", at=T0)
    with refused("account.wait"):
        service.sign_in("wang", PASSWORD, source="rival", at=T0)
    assert service.sign_in("wang", PASSWORD, source="wang's own", at=T0)


def test_waiting_doubles_and_ends() -> None:
    assert rules.wait_until(4, T0) is None
    waits = [rules.wait_until(n, T0) - T0 for n in range(5, 30)]
    assert waits[0] == timedelta(seconds=2) and waits[1] == timedelta(seconds=4)
    assert waits == sorted(waits) and waits[-1] == rules.LONGEST_WAIT


@pytest.mark.parametrize(("idle", "age", "alive"), [
    (timedelta(minutes=30) - timedelta(microseconds=1), timedelta(hours=1), True), (timedelta(minutes=30), timedelta(hours=1), False),
    (timedelta(0), timedelta(hours=12), False), (timedelta(0), timedelta(hours=12) - timedelta(microseconds=1), True)])
def test_sessions_end_by_themselves(idle: timedelta, age: timedelta, alive: bool) -> None:
    assert rules.is_live(T0 - age, T0 - idle, T0) is alive


def test_a_code_counts_once(sqlite_centre: Centre) -> None:
    account = an_account({Role.HOST})
    secret = service.new_totp(account.id)
    service.sign_in("wang", PASSWORD, source="s", at=T0)
    sign_in = db.session.scalar(select(SignIn).order_by(SignIn.id.desc()))
    code = pyotp.TOTP(secret).at(T0)
    with refused("account.code_wrong"):
        service.confirm_second_factor(sign_in.id, "000000" if code != "000000" else "000001", at=T0)
    service.confirm_second_factor(sign_in.id, code, at=T0)
    service.sign_in("wang", PASSWORD, source="s", at=T0)
    other = db.session.scalar(select(SignIn).order_by(SignIn.id.desc()))
    with refused("account.code_wrong"):
        service.confirm_second_factor(other.id, code, at=T0)


def test_staff_without_the_second_factor_see_nothing(sqlite_centre: Centre) -> None:
    an_account({Role.FINANCE})
    token = service.sign_in("wang", PASSWORD, source="s", at=T0)
    assert service.needs_second_factor(service.find_sign_in(token, at=T0).account)


def test_powers_stay_apart(sqlite_centre: Centre) -> None:
    with refused("account.roles_conflict"):
        an_account({Role.HOST, Role.SUPERVISOR})
    with refused("account.roles_conflict"):
        an_account({Role.TENDERER, Role.BIDDER})


@pytest.mark.parametrize(("password", "reason"), [
    ("short", "account.password_short"), ("a" * 200, "account.password_long"), ("aaaaaaaaaaaaaa", "account.password_guessable"),
    ("my name is wang!", "account.password_guessable")])
def test_passwords(sqlite_centre: Centre, password: str, reason: str) -> None:
    with refused(reason):
        service.create("wang", "王", password, {Role.BIDDER}, actor="t", at=T0)


# --- organisations: GB 32100 -----------------------------------------------------------------------


@pytest.mark.parametrize("code", ["91350100M000100Y43", "９１３５０１００Ｍ０００１００Ｙ４３", " 91350100m000100y43 "])
def test_a_good_code_is_read(code: str) -> None:
    assert party_rules.credit_code(code) == "91350100M000100Y43"


@pytest.mark.parametrize("code", ["91350100M000100Y44", "91350100M000100Y4", "91350100M000100Y433", "I1350100M000100Y43", "", "0" * 18 + "1", "9135O100M000100Y43"])
def test_a_bad_code_is_refused(code: str) -> None:
    with refused("party.code"):
        party_rules.credit_code(code)


def test_every_single_slip_is_caught() -> None:
    good = "91350100M000100Y43"
    for place in range(18):
        for letter in party_rules.ALPHABET:
            if letter != good[place]:
                with refused("party.code"):
                    party_rules.credit_code(good[:place] + letter + good[place + 1:])


def test_an_organisation_is_entered_once(centre: Centre) -> None:
    with refused("party.known"):
        parties.register(centre.companies[0].code, "again", actor="t", at=T0)

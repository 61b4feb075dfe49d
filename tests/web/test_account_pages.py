"""The administrator's pages, and an organisation's own keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.config import ROOT
from trading.demonstration.cast import credit_code
from trading.messages.texts import TEXTS, text_of

NEW = {"username": "finance.wang", "name": "王某", "code": "", "organisation": "", "roles": ["finance"]}


def test_an_account_is_opened_and_its_secrets_are_shown_once(site: Site) -> None:
    admin = site.someone(Role.ADMINISTRATOR)
    made = admin.post("/admin/accounts/new", data=NEW)
    secret, password = re.search(r"<dd>([A-Z2-7]{32})</dd>", made.text), re.search(r"<dd>([\w-]{20})</dd>", made.text)
    assert made.status_code == 200 and secret and password and "data:image/svg" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    listed = admin.get("/admin/accounts").text
    assert "finance.wang" in listed and secret[1] not in listed
    answer = site.client().post("/login", data={"username": "finance.wang", "password": password[1]})
    assert answer.status_code == 302 and "/login/code" in answer.location


def test_roles_that_must_be_apart_are_refused(site: Site) -> None:
    admin = site.someone(Role.ADMINISTRATOR)
    answer = admin.post("/admin/accounts/new", data=NEW | {"roles": ["finance", "supervisor"]})
    assert answer.status_code == 422 and 'href="#roles"' in answer.text and "必须分离" in answer.text


@pytest.mark.parametrize(("name", "text"), [
    ("username", ""), ("username", "Wang"), ("username", "a b"), ("username", "x" * 65), ("username", "王"), ("username", "ab"), ("name", ""),
    ("code", "1234"), ("code", "91510822000000000Z"), ("roles", [])])
def test_a_wrong_entry_is_an_error_of_its_field(site: Site, name: str, text: str) -> None:
    answer = site.someone(Role.ADMINISTRATOR).post("/admin/accounts/new", data=NEW | {name: text})
    assert answer.status_code == 422 and f'href="#{name}"' in answer.text


def test_an_unknown_organisation_is_entered_with_its_name(site: Site) -> None:
    admin, code = site.someone(Role.ADMINISTRATOR), credit_code(777_777)
    values = NEW | {"roles": ["bidder"], "code": code}
    assert admin.post("/admin/accounts/new", data=values).status_code == 422
    assert admin.post("/admin/accounts/new", data=values | {"organisation": "新企业有限公司"}).status_code == 200
    assert "新企业有限公司" in admin.get("/admin/accounts").text
    taken = admin.post("/admin/accounts/new", data=values)
    assert taken.status_code == 422 and 'href="#username"' in taken.text


def test_freezing_ends_every_sign_in(site: Site) -> None:
    admin, bidder = site.someone(Role.ADMINISTRATOR), site.bidder(0)
    assert bidder.get("/me").status_code == 200
    numbers = re.findall(r'/admin/accounts/(\d+)">([^<]+)<', admin.get("/admin/accounts").text)
    number = next(number for number, name in numbers if name.startswith("bidder"))
    own = next(number for number, name in numbers if name.startswith("administrator"))
    assert admin.get(f"/admin/accounts/{number}").status_code == 200
    assert admin.post(f"/admin/accounts/{number}/freeze").status_code == 302
    assert bidder.get("/me").status_code == 302
    assert admin.post(f"/admin/accounts/{number}/unfreeze").status_code == 302
    assert admin.post(f"/admin/accounts/{own}/freeze").status_code == 409
    assert admin.post(f"/admin/accounts/{number}/roles", data={"roles": ["expert"]}).status_code == 302
    assert admin.post(f"/admin/accounts/{number}/roles", data={"roles": ["expert", "host"]}).status_code == 422
    assert admin.get("/admin/accounts/999999").status_code == 404


def test_only_the_administrator_sees_accounts(site: Site) -> None:
    for role in set(Role) - {Role.ADMINISTRATOR}:
        assert site.someone(role).get("/admin/accounts").status_code == 403
    assert site.client().get("/admin/accounts").status_code == 302


def test_an_organisation_registers_its_signing_key(site: Site) -> None:
    person = site.bidder(0)
    assert site.prepared.companies[0].name in person.get("/me/company").text
    for wrong in ("", "zz" * 32, "00", "AAAA", "é" * 40, "x" * 4000):
        answer = person.post("/me/company/keys", data={"public": wrong})
        assert answer.status_code == 422 and 'href="#public"' in answer.text
    assert person.post("/me/company/keys", data={"public": "ab" * 32}).status_code == 302
    assert "abab" in person.get("/me/company").text
    assert site.bidder(1).post("/me/company/keys", data={"public": "ab" * 32}).status_code == 422
    assert site.tenderer.post("/me/company/keys", data={"public": "cd" * 32}).status_code == 403


def test_every_kind_of_message_has_its_sentences() -> None:
    sources = [path.read_text("utf-8") for folder in ("trading", "bidding", "experts") for path in Path(ROOT / folder).rglob("*.py")]
    kinds = {kind for source in sources for call in re.findall(r"notify\(([^,]+),", source) for kind in re.findall(r'"([\w.]+)"', call)}
    assert kinds and kinds <= set(TEXTS)
    for kind in TEXTS:
        for tongue in ("zh", "en"):
            assert "{" not in text_of(kind, {}, tongue)
    assert "1,234.50" in text_of("result.won", {"lot": "一标段", "price_fen": 123450}, "zh")

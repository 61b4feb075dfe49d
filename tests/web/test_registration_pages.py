"""The tenderer's registration step by step, and the registrar's answer."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.errors import Refused
from trading.base.files import file_name
from trading.projects import queries

BASICS = {"name": "青石路改造工程", "procedure": "works-open", "category": "construction", "region": "CN-51", "estimate": "１００万",
          "funding": "财政资金", "approval": "清发改〔2026〕1号", "summary": "改造"}
LOT = {"name": "一标段", "estimate": "1,000,000.00", "ceiling": "", "deposit": "2万", "qualifications": "具备相应资质", "kind": "works_lowest"}
AMOUNTS = ["1_000", "1e6", "NaN", "-1", str(2**63), "0.001", "٣", "一百", "1,00", "∞", "1" * 4000]
NAMES = ["../x.pdf", "a/b.pdf", "\u202egpj.exe", "a\u2066.pdf", ".hidden", "文" * 1400, "a\x01b.pdf"]


def draft(person: FlaskClient, **changes: Any) -> int:
    answer = person.post("/projects/new", data=BASICS | changes)
    assert answer.status_code == 302, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def complete(person: FlaskClient) -> int:
    number = draft(person)
    assert person.post(f"/projects/{number}/lots/new", data=LOT).status_code == 302
    for kind in ("approval", "tender_document"):
        assert upload(person, number, kind, f"{kind}.pdf").status_code == 302
    return number


def upload(person: FlaskClient, number: int, kind: str, name: str, data: bytes = b"%PDF") -> Any:
    return person.post(f"/projects/{number}/files", data={"kind": kind, "file": (io.BytesIO(data), name)})


def test_a_project_goes_from_first_page_to_acceptance(site: Site) -> None:
    person, registrar = site.tenderer, site.someone(Role.REGISTRAR)
    number = draft(person)
    page = person.get(f"/projects/{number}").text
    assert page.count("checks__mark") == 3  # a lot and two files
    number = complete(person)
    assert "内容齐全，可以提交" in person.get(f"/projects/{number}").text
    assert registrar.get(f"/registrations/{number}").status_code == 404
    assert person.post(f"/projects/{number}/submit").status_code == 302
    assert "青石路改造工程" in registrar.get("/registrations").text
    assert registrar.get(f"/registrations/{number}").status_code == 200
    assert registrar.post(f"/registrations/{number}/accept").status_code == 302
    page = person.get(f"/projects/{number}").text
    assert "A1510822000000001001" in page and f"/projects/{number}/notice" in page
    assert "已受理并编号" in person.get("/me/messages").text
    assert registrar.post(f"/registrations/{number}/accept").status_code == 409


def test_a_return_names_everything_at_once_and_opens_the_form_again(site: Site) -> None:
    person, registrar = site.tenderer, site.someone(Role.REGISTRAR)
    number = complete(person)
    person.post(f"/projects/{number}/submit")
    assert person.post(f"/projects/{number}/basics", data=BASICS).status_code == 422
    empty = registrar.post(f"/registrations/{number}/return", data={"note": " "})
    assert empty.status_code == 422 and "一次性告知" in empty.text
    registrar.post(f"/registrations/{number}/return", data={"places": ["lots.1.qualifications", "files.approval"], "note": "请写明等级"})
    page = person.get(f"/projects/{number}").text
    assert "第 1 标段：资格要求" in page and "请写明等级" in page and "修改基本情况" in page
    assert person.post(f"/projects/{number}/submit").status_code == 302


def test_an_incomplete_registration_is_not_submitted(site: Site) -> None:
    number = draft(site.tenderer)
    assert site.tenderer.post(f"/projects/{number}/submit").status_code == 422


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_cannot_be_read_is_told_and_kept(site: Site, amount: str) -> None:
    answer = site.tenderer.post("/projects/new", data=BASICS | {"estimate": amount})
    assert answer.status_code == 422 and 'href="#estimate"' in answer.text
    assert BASICS["name"] in answer.text and amount in answer.text


@pytest.mark.parametrize("changes", [
    {"name": ""}, {"name": "x" * 4000}, {"name": "a\0b"}, {"name": "\u202e程工"}, {"name": "一\n二"}, {"procedure": "none"}, {"category": "none"},
    {"region": "none"}, {"summary": "x" * 5000}])
def test_a_wrong_entry_is_an_error_of_its_field(site: Site, changes: dict[str, str]) -> None:
    answer = site.tenderer.post("/projects/new", data=BASICS | changes)
    assert answer.status_code == 422 and f'href="#{next(iter(changes))}"' in answer.text


def test_all_errors_are_named_at_once(site: Site) -> None:
    page = site.tenderer.post("/projects/new", data={"procedure": "works-open", "category": "construction", "region": "CN"}).text
    assert {'href="#name"', 'href="#estimate"'} <= set(re.findall(r'href="#\w+"', page))


def test_the_weights_of_a_scored_lot_add_up_to_a_hundred(site: Site) -> None:
    person = site.tenderer
    number = draft(person)
    scored = LOT | {"kind": "works_comprehensive", "price_points": "60", "factors-0-name": "施工组织设计", "factors-0-most": "25"}
    short = person.post(f"/projects/{number}/lots/new", data=scored)
    assert short.status_code == 422 and 'id="price_points-error"' in short.text
    alone = person.post(f"/projects/{number}/lots/new", data=scored | {"factors-1-name": "团队"})
    assert alone.status_code == 422 and "要一起填写" in alone.text
    for wrong in ("NaN", "1e1", "-15", "15.001", "1_5"):
        assert person.post(f"/projects/{number}/lots/new", data=scored | {"factors-1-name": "团队", "factors-1-most": wrong}).status_code == 422
    full = scored | {"factors-1-name": "团队", "factors-1-most": "１５", "factors-1-objective": "y"}
    assert person.post(f"/projects/{number}/lots/new", data=full).status_code == 302
    with site.inside():
        assert queries.get(number).lots[0].method == {
            "kind": "works_comprehensive", "price_points": "60", "factors": [
                {"id": "f1", "name": "施工组织设计", "most": "25", "objective": False}, {"id": "f2", "name": "团队", "most": "15", "objective": True}]}
    assert "施工组织设计" in person.get(f"/projects/{number}/lots/1/edit").text


def test_lots_are_added_changed_and_removed(site: Site) -> None:
    person = site.tenderer
    number = draft(person)
    for name in ("一标段", "二标段"):
        person.post(f"/projects/{number}/lots/new", data=LOT | {"name": name})
    person.post(f"/projects/{number}/lots/2/edit", data=LOT | {"name": "第二段"})
    assert person.post(f"/projects/{number}/lots/1/remove").status_code == 302
    page = person.get(f"/projects/{number}").text
    assert "第二段" in page and "一标段" not in page
    assert person.get(f"/projects/{number}/lots/2/edit").status_code == 404


@pytest.mark.parametrize("name", [*NAMES, "a\\b.pdf", "a\0b.pdf", "", "文" * 61])
def test_the_rule_of_file_names(name: str) -> None:
    with pytest.raises(Refused, match="form.file_name"):
        file_name(name)
    assert file_name("招标文件（第 2 版）.pdf")


@pytest.mark.parametrize("name", NAMES)
def test_a_deceiving_file_name_is_refused(site: Site, name: str) -> None:
    number = draft(site.tenderer)
    answer = upload(site.tenderer, number, "approval", name)
    assert answer.status_code == 422 and 'href="#file"' in answer.text


def test_a_file_must_be_there_and_hold_something(site: Site) -> None:
    number = draft(site.tenderer)
    assert upload(site.tenderer, number, "approval", "a.pdf", b"").status_code == 422
    assert site.tenderer.post(f"/projects/{number}/files", data={"kind": "approval"}).status_code == 422
    assert upload(site.tenderer, number, "none", "a.pdf").status_code == 422


def test_a_large_file_is_taken_in_and_handed_back(site: Site) -> None:
    number, data = draft(site.tenderer), bytes(20 * 1024 * 1024)
    assert upload(site.tenderer, number, "tender_document", "招标文件.pdf", data).status_code == 302
    link = re.search(rf'/projects/{number}/files/(\d+)', site.tenderer.get(f"/projects/{number}").text)
    assert link is not None
    answer = site.tenderer.get(link[0])
    assert answer.data == data and "filename*=UTF-8''%E6%8B%9B" in answer.headers["Content-Disposition"]


def test_only_who_is_signed_in_may_send_a_large_body(site: Site) -> None:
    number, data = draft(site.tenderer), bytes(12 * 1024 * 1024)
    site.app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', site.tenderer.get(f"/projects/{number}").text)
    assert token is not None
    body = {"kind": "approval", "csrf_token": token[1], "file": (io.BytesIO(data), "a.pdf")}
    assert site.tenderer.post(f"/projects/{number}/files", data=body).status_code == 302
    assert site.client().post(f"/projects/{number}/files", data={"file": (io.BytesIO(data), "a.pdf")}).status_code == 413


def test_nobody_else_sees_or_changes_a_project(site: Site) -> None:
    number = complete(site.tenderer)
    other = site.someone(Role.TENDERER, site.prepared.companies[3].id)
    for path in ("", "/basics", "/lots/new", "/lots/1/edit", "/notice", "/clarify", "/terminate", "/questions", "/files/1", "/lots/1/result"):
        assert other.get(f"/projects/{number}{path}").status_code == 404, path
    for path in ("/basics", "/lots/new", "/lots/1/edit", "/lots/1/remove", "/files", "/submit", "/notice", "/clarify", "/terminate",
                 "/questions/1", "/lots/1/result/award", "/lots/1/result/publicise", "/lots/1/result/contract"):
        assert other.post(f"/projects/{number}{path}", data=BASICS).status_code == 404, path


def test_each_role_stays_in_its_area(site: Site) -> None:
    for role in (Role.BIDDER, Role.EXPERT, Role.FINANCE, Role.SUPERVISOR, Role.ADMINISTRATOR):
        person = site.someone(role)
        for path in ("/projects", "/projects/new", "/registrations"):
            assert person.get(path).status_code == 403
    assert site.client().get("/projects").status_code == 302
    assert site.tenderer.get("/registrations").status_code == 403


def test_an_agency_registers_for_a_tenderer_of_the_library(site: Site) -> None:
    agency = site.someone(Role.AGENCY, site.prepared.companies[4].id)
    for code in ("", "1", "91510822000000000X"):
        answer = agency.post("/projects/new", data=BASICS | {"tenderer_code": code})
        assert answer.status_code == 422 and 'href="#tenderer_code"' in answer.text
    number = draft(agency, tenderer_code=site.prepared.cast.tenderer.code.lower())
    assert agency.get(f"/projects/{number}").status_code == 200
    assert site.tenderer.get(f"/projects/{number}").status_code == 200


def test_an_account_without_an_organisation_is_told(site: Site) -> None:
    answer = site.someone(Role.TENDERER).post("/projects/new", data=BASICS)
    assert answer.status_code == 422 and "不属于任何单位" in answer.text


def test_the_start_page_lists_what_waits(site: Site) -> None:
    number = draft(site.tenderer)
    assert f"/projects/{number}" in site.tenderer.get("/me").text
    number = complete(site.tenderer)
    site.tenderer.post(f"/projects/{number}/submit")
    assert f"/registrations/{number}" in site.someone(Role.REGISTRAR).get("/me").text
    for role in Role:
        page = site.someone(role, name=f"me.{role}").get("/me")
        assert page.status_code == 200 and "我的工作" in page.text


def test_the_registrar_may_have_prices_sealed_apart(site: Site) -> None:
    person, registrar = site.tenderer, site.someone(Role.REGISTRAR)
    number = complete(person)
    person.post(f"/projects/{number}/submit")
    assert "双信封" in registrar.get(f"/registrations/{number}").text
    for hours in ("0", "721", "", "two", "-1", "1.5"):
        refused = registrar.post(f"/registrations/{number}/accept", data={"envelopes": "two", "prices_after_h": hours})
        assert refused.status_code == 422 and "1 至 720" in refused.text, hours
    alone = registrar.post(f"/registrations/{number}/accept", data={"envelopes": "two", "prices_after_h": "3", "policy": "B"})
    assert alone.status_code == 422 and "密钥持有人" in alone.text
    assert registrar.post(f"/registrations/{number}/accept", data={"envelopes": "two", "prices_after_h": "3"}).status_code == 302
    with site.inside():
        assert queries.get(number).lots[0].sealing["prices_after_s"] == 10_800


def test_prices_are_not_sealed_apart_where_they_are_read_out(site: Site) -> None:
    person, registrar = site.tenderer, site.someone(Role.REGISTRAR)
    number = draft(person, procedure="procurement-open", category="goods")
    lot = LOT | {"kind": "procurement_lowest"}
    assert person.post(f"/projects/{number}/lots/new", data=lot).status_code == 302
    for kind in ("approval", "tender_document"):
        upload(person, number, kind, f"{kind}.pdf")
    assert person.post(f"/projects/{number}/submit").status_code == 302
    assert "双信封" not in registrar.get(f"/registrations/{number}").text
    refused = registrar.post(f"/registrations/{number}/accept", data={"envelopes": "two", "prices_after_h": "3"})
    assert refused.status_code == 422
    assert registrar.post(f"/registrations/{number}/accept").status_code == 302

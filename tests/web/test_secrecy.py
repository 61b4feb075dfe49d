"""Before the close no page, answer, header, log line or figure tells who bids or how many, whoever asks."""

from __future__ import annotations

import re

import pytest
import structlog

from tests.builders import Centre
from tests.guards.test_routes import routes
from tests.services.test_filing import file, seal, upload
from tests.web.sign_in import signed_in
from trading.accounts.permissions import Role
from trading.deposits import service as deposits
from trading.demonstration.case import CaseRun

#: One of each kind of eye; the permission walk in tests/guards covers every role.
WATCHERS = [None, Role.BIDDER, Role.TENDERER, Role.HOST, Role.FINANCE, Role.SUPERVISOR, Role.ADMINISTRATOR]


def plain(body: str) -> str:
    """A page without what differs from one request to the next."""
    body = re.sub(r'nonce="[^"]*"|name="(?:csrf_token|idempotency_key)"[^>]*>|"?request_id"?[^,}]*|content="[^"]*"|\?v=\w+', "", body)
    body = re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+|\d{8}T\d{6}Z", "", body)
    return re.sub(r"\d{4}年\d+月\d+日 \d\d:\d\d|\d+ \w{3} \d{4}, \d\d:\d\d|\d\d:\d\d:\d\d", "", body)


def everything(centre: Centre, case: CaseRun, role: Role | None) -> dict[str, str]:
    """Every page and answer that this role can read about the case; a bidder here is one that does not bid."""
    outsider = centre.companies[4]
    client = signed_in(centre, role, outsider.id if role is Role.BIDDER else None) if role else centre.app.test_client()
    found = {}
    for rule in routes(centre):
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith("accounts") or "metrics" in rule.endpoint:
            continue
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda m: {
            "code": (case.lot.code or "") if "hall" in rule.rule or "lots" in rule.rule or "draws" in rule.rule or "rooms" in rule.rule
            or "archive" in rule.rule or "supervise" in rule.rule or "eval" in rule.rule else case.lot.project.code or "",
            "name": case.session.id}.get(m.group(1), "1"), rule.rule)
        answer = client.get(path)
        assert answer.status_code < 500, path
        headers = "\n".join(f"{k}: {v}" for k, v in answer.headers if k not in (
            "X-Request-ID", "Content-Security-Policy", "Set-Cookie", "ETag", "Content-Length", "Last-Modified"))
        found[path] = plain(answer.get_data().decode("utf-8", "replace") + headers)
    return found


def bid_of(case: CaseRun, company) -> str:
    sealed, payload = seal(case, company)
    file(case, company, sealed, upload(case, company, sealed, payload))
    account = deposits.sub_account(case.lot_id, company.id, at=case.at)
    return f"{sealed.digest} {account.number}"


@pytest.mark.parametrize("role", WATCHERS)
def test_pages_are_the_same_with_and_without_bids(sqlite_centre: Centre, role: Role | None) -> None:
    case = sqlite_centre.a_bidding_case()
    before = everything(sqlite_centre, case, role)
    secrets = [text for company in sqlite_centre.companies[:2] for text in bid_of(case, company).split()]
    after = everything(sqlite_centre, case, role)
    assert len(before) > 30
    for path, body in after.items():
        for secret in secrets:
            assert secret not in body, path
        if path.startswith(("/supervise", "/archive", "/deposits", "/metrics")):
            continue
        assert before[path] == body, f"{path} changed when bids came in"


def test_control_the_bidders_own_page_does_change(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    client = signed_in(sqlite_centre, Role.BIDDER)
    path = f"/me/lots/{case.lot.code}"
    before = plain(client.get(path).get_data(as_text=True))
    digest = bid_of(case, sqlite_centre.companies[0]).split()[0]
    after = plain(client.get(path).get_data(as_text=True))
    assert before != after and digest[:4] in after


def test_log_lines_name_nobody(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    company = sqlite_centre.companies[0]
    client = signed_in(sqlite_centre, Role.BIDDER)
    with structlog.testing.capture_logs() as lines:
        client.get(f"/me/lots/{case.lot.code}")
        client.get(f"/me/lots/{case.lot.code}/seal")
        client.get("/nothing")
        bid_of(case, company)
    text = str(lines)
    for secret in (company.code, company.name, "user-bidder", case.lot.code or "", case.session.id):
        assert secret not in text

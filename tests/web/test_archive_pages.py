"""Pages of sealed cases as archivists, supervisors, borrowers and others see them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.archive import keeping, service
from trading.announcements import service as announcements
from trading.base.database import db
from trading.demonstration.case import CaseRun

YEARS = timedelta(days=16 * 366)


@pytest.fixture
def case(site: Site) -> CaseRun:
    """A sealed case with a question that carries markup; the clock stands a day later."""
    def make() -> CaseRun:
        case = centre.a_case("register", "announce", bidders=2)
        question = announcements.ask(case.lot_id, "路缘石 <script>alert(1)</script> 规格", asker=centre.companies[0].code, at=case.at)
        announcements.answer(question.id, "以图纸为准", actor="x", at=case.at)
        case.file_bids()
        case.close()
        case.seal_archive()
        keeping.take_in(case.lot_id, at=case.at)
        case.code = case.lot.code  # type: ignore[attr-defined]
        case.pieces = [(piece.id, piece.path) for piece in service.pieces(case.lot_id)]  # type: ignore[attr-defined]
        return case

    with site.inside() as centre:
        case = centre.once("sealed with a question", make)
    site.at = case.at + timedelta(days=1)
    return case


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.get_data(as_text=True)


def archivist(site: Site) -> FlaskClient:
    return site.someone(Role.ARCHIVIST)


def supervisor(site: Site, name: str = "supervisor1") -> FlaskClient:
    return site.someone(Role.SUPERVISOR, name=name)


def post(client: FlaskClient, path: str, status: int = 302, **data: Any) -> str:
    answer = client.post(path, data=data)
    assert answer.status_code == status, (path, answer.status_code, re.findall(r"<h1.*?</h1>.*?</p>", answer.get_data(as_text=True), re.DOTALL)[:1])
    return answer.get_data(as_text=True)


def test_the_file_is_shown_printed_and_exported(site: Site, case: Any) -> None:
    for client in (archivist(site), supervisor(site), site.someone(Role.SOCIAL_SUPERVISOR)):
        page = text(client, f"/archive/{case.code}")
        assert "1510822000-GC-2026-0001" in page and "定期15年" in page and "卷内目录" in page
    client = archivist(site)
    assert client.get(f"/archive/{case.code}/file.pdf").data.startswith(b"%PDF")
    assert client.get(f"/archive/{case.code}/catalogue.json").get_json()["cover"]["number"] == "1510822000-GC-2026-0001"
    assert client.get(f"/archive/{case.code}/catalogue.csv").data.decode().startswith("\ufeff档号")
    assert "1510822000-GC-2026-0001" in text(client, "/archive") and "1510822000-GC-2026-0001" in text(client, "/archive?lang=en")


@pytest.mark.parametrize(("query", "found"), [
    ("q=1510822000-GC-2026-0001", True), ("q=青石路", True), ("q=%25", False), ("q=没有", False), ("state=sealed", True), ("state=todo", False),
    ("state=held", False), ("state=over", False), ("state=transfer", False), ("state=disposed", False), ("procedure=works-open", True),
    ("procedure=inquiry", False), ("year=2026", True), ("year=2025", False), ("page=2", False)])
def test_the_list_is_narrowed(site: Site, case: Any, query: str, found: bool) -> None:
    assert (f"/archive/{case.code}" in text(archivist(site), f"/archive?{query}")) is found


@pytest.mark.parametrize("query", ["page=x", "page=0", "page=-1", "page=99999999999", "year=x", "year=1", "year=99999", "state=x", "procedure=x", "q=%00"])
def test_odd_addresses_are_refused(site: Site, case: Any, query: str) -> None:
    for path in ("/archive", "/archive/search"):
        if path == "/archive/search" and query == "state=x":
            continue
        answer = archivist(site).get(f"{path}?{query}")
        assert answer.status_code in (400, 422), (path, query, answer.status_code)


def test_pages_of_the_list(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from trading.archive import queries
    monkeypatch.setattr(queries, "PAGE", 2)
    with site.inside() as centre:
        for number in range(5):
            made = centre.a_case("register", "announce", bidders=2, at=site.at + timedelta(minutes=number))
            made.close()
    client, seen = archivist(site), set()
    for number in (1, 2, 3):
        page = text(client, f"/archive?page={number}")
        seen |= set(re.findall(r'href="/archive/([A-Z]\w+)"', page))
        assert f"第 {number} 页，共 3 页" in page
    assert len(seen) == 5 and "还没有" not in text(client, "/archive?page=9")


def test_search_marks_words_and_escapes_all_else(site: Site, case: Any) -> None:
    page = text(supervisor(site), "/archive/search?q=路缘石+script")
    assert "<mark>路缘石</mark>" in page and "&lt;<mark>script</mark>&gt;alert(1)" in page and "<script>alert" not in page
    attack = text(archivist(site), "/archive/search?q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%22%27")
    assert "<img src=x" not in attack and "没有找到" in attack
    assert "没有找到" in text(archivist(site), "/archive/search?q=路缘石&part=award") and "没有找到" not in text(archivist(site), "/archive/search?q=路缘石&region=CN-51")
    for path in ("?region=xx", "?part=xx"):
        assert archivist(site).get("/archive/search" + path).status_code in (400, 422)
    assert supervisor(site).get("/archive/search?q=x&page=7").status_code == 200


def test_downloads_are_posts_and_on_record(site: Site, case: Any) -> None:
    client, path = supervisor(site), f"/archive/{case.code}/pack.zip"
    assert client.get(path).status_code == 405, "a mere link fetches nothing"
    answer = client.post(path)
    assert answer.status_code == 200 and zipfile.is_zipfile(io.BytesIO(answer.data)) and "attachment" in answer.headers["Content-Disposition"]
    assert client.post(f"/archive/{case.code}/pieces/{case.pieces[0][0]}").status_code == 200
    assert client.post(f"/supervise/{case.code}/pieces/{case.pieces[0][0]}").status_code == 200
    assert client.get(f"/supervise/{case.code}/pieces/{case.pieces[0][0]}").status_code == 405
    page = text(archivist(site), f"/archive/{case.code}")
    assert page.count("supervisor1 ·") == 3 and "下载记录（3）" in page
    for other in (site.bidder(0), site.tenderer):
        assert other.post(path).status_code == 404
    assert site.someone(Role.HOST).post(f"/archive/{case.code}/pieces/{case.pieces[0][0]}").status_code == 403


def test_a_case_under_way_shows_no_pieces(site: Site) -> None:
    with site.inside() as centre:
        made = centre.a_case("register", "announce")
        made.file_bids()
        code, lot_id = made.lot.code, made.lot_id
        site.at = made.at
    for client in (archivist(site), supervisor(site)):
        page = text(client, f"/archive/{code}")
        assert "10-bids" not in page and "00-policy" not in page and "<b>0" not in page
        with site.inside():
            number = service.pieces(lot_id)[0].id
        assert client.post(f"/archive/{code}/pieces/{number}").status_code == 404
        assert client.get(f"/archive/{code}/catalogue.json").status_code == 404 and client.get(f"/archive/{code}/file.pdf").status_code == 404
    assert site.bidder(0).get(f"/archive/{code}/loans/new").status_code in (404, 409)


def test_hold_and_release_by_two(site: Site, case: Any) -> None:
    one, two, path = supervisor(site), supervisor(site, "supervisor2"), f"/archive/{case.code}"
    assert "请填写文号" in post(one, f"{path}/holds", 422, cause="lawsuit", ground="x")
    post(one, f"{path}/holds", 422, cause="nonsense", document="1", ground="x")
    post(one, f"{path}/holds", cause="lawsuit", document="（2026）川01行初1号", ground="行政诉讼 <b>x</b>")
    assert "已按这份文书冻结" in post(two, f"{path}/holds", 422, cause="lawsuit", document="（2026）川01行初1号", ground="again")
    page = text(two, path)
    assert "行政诉讼 &lt;b&gt;x" in page and "冻结中" in page and "state=held" not in page and case.code in text(one, "/archive?state=held")
    hold = int(re.search(r"/archive/holds/(\d+)/release", page).group(1))
    assert "/release" not in text(one, path), "whoever placed it is not offered to release it"
    post(one, f"/archive/holds/{hold}/release", 403, reason="x")
    post(two, f"/archive/holds/{hold}/release", 422, reason="")
    post(archivist(site), f"/archive/holds/{hold}/release", 403, reason="x")
    post(site.someone(Role.SOCIAL_SUPERVISOR), f"{path}/holds", 403, cause="lawsuit", document="1", ground="x")
    post(two, f"/archive/holds/{hold}/release", reason="撤诉")
    assert "已解除" in text(one, path) and two.post("/archive/holds/999/release", data={"reason": "x"}).status_code == 404


def test_retention_is_changed_by_one_or_two(site: Site, case: Any) -> None:
    client, path = archivist(site), f"/archive/{case.code}"
    post(client, f"{path}/retention", 422, retention="nonsense", reason="x")
    post(client, f"{path}/retention", 422, retention="years_30", reason="")
    post(client, f"{path}/retention", 422, retention="years_15", reason="same")
    post(client, f"{path}/retention", retention="permanent", reason="重大工程")
    assert "永久" in text(client, path) and "应移交" in text(client, "/archive")
    post(client, f"{path}/retention", retention="years_30", reason="误提")
    page = text(supervisor(site), path)
    change = int(re.search(r"/archive/retention/(\d+)/approve", page).group(1))
    post(client, f"/archive/retention/{change}/approve", 403)
    post(supervisor(site), f"/archive/retention/{change}/approve")
    post(supervisor(site), f"/archive/retention/{change}/approve", 409)
    assert "定期30年" in text(client, path)
    post(supervisor(site), f"{path}/retention", 403, retention="permanent", reason="x")


def test_a_loan_from_page_to_page(site: Site, case: Any) -> None:
    buyer, client = site.tenderer, archivist(site)
    post(buyer, f"/archive/{case.code}/loans/new", 422, piece="0", purpose="", days="x")
    post(buyer, f"/archive/{case.code}/loans/new", 422, piece="99999", purpose="x", days="5")
    post(buyer, f"/archive/{case.code}/loans/new", 422, piece="0", purpose="审计", days="91")
    post(buyer, f"/archive/{case.code}/loans/new", piece="0", purpose="审计 <i>x</i>", days="５")
    assert f"/archive/{case.code}/loans/new" in text(site.bidder(0), "/me/loans") and case.code not in text(site.bidder(5), "/me/loans")
    assert "审计 &lt;i&gt;x" in text(buyer, "/me/loans") and "待批准" in text(client, "/archive/loans")
    post(buyer, "/loans/1/copy", 403)
    post(buyer, "/archive/loans/1/grant", 403, days="5")
    post(client, "/archive/loans/1/grant", 422, days="0")
    post(client, "/archive/loans/1/grant", days="2")
    assert buyer.post("/loans/1/copy").status_code == 200
    for other in (site.bidder(0), supervisor(site), client):
        assert other.post("/loans/1/copy").status_code == 404, "a loan is its borrower's alone"
    site.at += timedelta(days=2)
    buyer, client = site.account(_number(site, f"tenderer.{site.prepared.cast.tenderer.id}"), "buyer later"), site.account(_number(site, "archivist.0"), "later")
    assert "借阅期限已满" in post(buyer, "/loans/1/copy", 403) and "已到期未归还" in text(client, "/archive/loans")
    post(buyer, "/loans/1/give-back")
    post(buyer, "/loans/1/give-back")
    assert "已归还" in text(buyer, "/me/loans") and "审计 &lt;i&gt;x" in text(client, "/archive/loans/1")


def test_a_bidder_is_offered_its_own_only(site: Site, case: Any) -> None:
    page = text(site.bidder(0), f"/archive/{case.code}/loans/new")
    assert "整卷" not in page and page.count("/header.json") == 1 and "10-notices/" in page
    foreign = next(number for number, path in case.pieces if path.endswith("/header.json") and path not in page)
    post(site.bidder(0), f"/archive/{case.code}/loans/new", 422, piece=str(foreign), purpose="x", days="5")
    post(site.bidder(0), f"/archive/{case.code}/loans/new", 422, piece="0", purpose="x", days="5")
    assert site.bidder(5).get(f"/archive/{case.code}/loans/new").status_code == 404


def test_a_court_is_entered_by_the_archivist(site: Site, case: Any) -> None:
    client = archivist(site)
    post(client, f"/archive/{case.code}/loans/court", 422, piece="0", purpose="取证", days="7", name="", document="")
    post(client, f"/archive/{case.code}/loans/court", piece="0", purpose="取证", days="7", name="清溪县人民法院 王法官", document="（2026）川0822民初9号")
    post(client, "/archive/loans/1/grant", days="7")
    assert client.post("/loans/1/copy").status_code == 200
    page = text(client, "/archive/loans/1")
    assert "（2026）川0822民初9号" in page and "#" in page
    assert supervisor(site).post("/loans/1/copy").status_code == 404
    post(client, "/loans/1/give-back")


def test_disposal_on_the_pages(site: Site, case: Any) -> None:
    client, one, two = archivist(site), supervisor(site), supervisor(site, "supervisor2")
    assert "没有可以销毁的案卷" in text(client, "/archive/disposals")
    site.at += YEARS
    again = {role: site.account(_number(site, name), f"late {name}") for role, name in (("a", "archivist.0"), ("s", "supervisor1"), ("t", "supervisor2"))}
    client, one, two = again["a"], again["s"], again["t"]
    assert "1510822000-GC-2026-0001" in text(client, "/archive/disposals")
    post(client, "/archive/disposals", 422, opinion="x")
    post(client, "/archive/disposals", 422, cases=[case.code])
    post(client, "/archive/disposals", 422, cases=["nonsense"], opinion="x")
    post(one, "/archive/disposals", 403, cases=[case.code], opinion="x")
    post(client, "/archive/disposals", cases=[case.code], opinion="期满，<b>无</b>保存价值")
    assert "期满，&lt;b&gt;无" in text(one, "/archive/disposals/1")
    post(client, "/archive/disposals/1/approve", 403)
    post(one, "/archive/disposals/1/refuse", 422)
    post(one, "/archive/disposals/1/approve")
    post(two, "/archive/disposals/1/approve", 409)
    post(client, "/archive/disposals/1/carry-out", 409)
    site.at += timedelta(days=31)
    client = site.account(_number(site, "archivist.0"), "later archivist")
    one = site.account(_number(site, "supervisor1"), "later supervisor")
    page = text(client, "/archive/disposals/1")
    assert "现在销毁" in page
    post(client, "/archive/disposals/1/carry-out")
    page = text(client, f"/archive/{case.code}")
    assert "已销毁" in page and "无&lt;/b&gt;保存价值" in page and "卷内目录" in page and "销毁清册第 1 号" in page and "/pack.zip" not in page
    # Whatever asks for the files is told that they are gone, and why; nothing is an accident.
    for path in (f"/archive/{case.code}/pack.zip", f"/archive/{case.code}/pieces/{case.pieces[0][0]}", f"/archive/{case.code}/renew"):
        assert "销毁" in post(client, path, 410)
    assert "销毁" in text(one, f"/supervise/{case.code}/verify", 410)
    assert "销毁" in post(one, f"/supervise/{case.code}/pieces/{case.pieces[0][0]}", 410)
    for path in (f"/supervise/{case.code}", "/archive", "/archive?state=disposed", f"/archive/{case.code}/file.pdf", f"/archive/{case.code}/catalogue.json",
                 f"/archive/{case.code}/renewals.json", "/archive/disposals", "/archive/search?q=路缘石"):
        assert one.get(path).status_code == 200, path
    assert "没有找到" in text(one, "/archive/search?q=路缘石")
    post(one, f"/archive/{case.code}/holds", 422, cause="lawsuit", document="1", ground="x")
    post(client, f"/archive/{case.code}/loans/court", 422, piece="0", purpose="x", days="7", name="x", document="x")


def _number(site: Site, name: str) -> int:
    from sqlalchemy import select

    from trading.accounts.models import Account
    with site.app.app_context():
        found = db.session.scalar(select(Account.id).where(Account.username == name))
        db.session.remove()
    assert found is not None
    return found


@pytest.mark.parametrize("path", ["/archive/disposals/999", "/archive/loans/999", "/archive/nothing", "/archive/nothing/file.pdf", "/archive/a%00b"])
def test_what_is_not_there(site: Site, path: str) -> None:
    assert archivist(site).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/archive/retention/999/approve", "/archive/disposals/999/approve", "/archive/disposals/999/cases/1/stop",
                                  "/archive/holds/999/release", "/archive/overrides/999/approve", "/archive/retention/999/refuse"])
def test_acts_on_what_is_not_there(site: Site, path: str) -> None:
    assert supervisor(site).post(path, data={"reason": "x"}).status_code == 404


def test_another_missing_file_is_an_accident(site: Site, case: Any) -> None:
    """Control: only what a disposal removed is told as such."""
    from trading.base import installation
    with site.inside():
        pack = service.pack_of(case.lot_id)
        assert pack is not None
        installation.files().discard(pack.stored)
    assert archivist(site).post(f"/archive/{case.code}/pack.zip").status_code == 500

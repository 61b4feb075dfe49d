"""What everybody may see, and what nobody may see yet."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from icalendar import Calendar
from sqlalchemy import Engine, event

from tests.web.conftest import Site
from trading.demonstration.case import PARTICULARS
from trading.announcements import queries
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.base.database import transaction
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

STEPS_TO_FILED = ("register", "announce", "pay_deposits", "file_bids")
PLAIN = ["/", "/search", "/calendar", "/verify", "/help", "/accessibility", "/sitemap", "/problems/bid.too_late", "/problems/report"]


@pytest.mark.parametrize("path", PLAIN)
@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_a_public_page_stands_in_both_languages(site: Site, path: str, tongue: str) -> None:
    answer = site.client().get(path, query_string={"lang": tongue})
    page = answer.text
    assert answer.status_code == 200
    assert page.count("<main") == 1 and page.count("<h1") == 1 and " style=" not in page
    if tongue == "en":
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
        assert heading and not re.search(r"[\u4e00-\u9fff]", heading[1])


@pytest.mark.parametrize("path", [
    "/p/none", "/p/A9999999999999999001", "/p/none.ics", "/p/none/files/1", "/notices/0", "/notices/999999999999999",
    "/notices/99999999999999999999999", "/notices/1_000", "/notices/-1", "/notices/1e6", "/notices/１２３", "/feeds/none.atom",
    "/problems/none", "/p/%00", "/p/..%2f..", "/notices/" + "9" * 5000])
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    assert site.client().get(path).status_code == 404


def test_a_project_is_nowhere_before_its_notice_is_published(site: Site) -> None:
    case = site.a_case("register")
    public = site.client()
    for path in (f"/p/{case.code}", f"/p/{case.code}.ics", f"/p/{case.code}/files/1", f"/p/{case.code}/files/2"):
        assert public.get(path).status_code == 404
    assert case.code not in public.get("/search").text + public.get("/").text


def test_before_the_close_no_page_names_or_counts_bidders(site: Site) -> None:
    case = site.a_case(*STEPS_TO_FILED, bidders=3)
    public = site.client()
    names = [company.name for company in site.prepared.companies] + [c.code for c in site.prepared.companies]
    for path in ("/", "/search", "/calendar", "/calendar.ics", f"/p/{case.code}", f"/p/{case.code}.ics", "/feeds/all.atom",
                 "/notices/1", "/metrics", "/sitemap"):
        answer = public.get(path)
        assert answer.status_code == 200
        assert not any(name in answer.text for name in names), path
    page = public.get(f"/p/{case.code}").text
    assert page.count("截标前不公布") == 2 and "存证区间" not in page
    assert "sealed" not in public.get("/metrics").text and "bids" not in public.get("/metrics").text


def test_names_prices_and_the_count_are_shown_after_the_opening(site: Site) -> None:
    case = site.a_case(*STEPS_TO_FILED, "close", "open", bidders=3)
    page = site.client().get(f"/p/{case.code}").text
    for company in site.prepared.companies[:3]:
        assert company.name in page
    assert "900,000.00" in page and "封存根" in page and "截标前不公布" not in page


def test_candidates_are_not_shown_before_they_are_publicised(site: Site) -> None:
    case = site.a_case(*STEPS_TO_FILED, "close", "open", "draw", "evaluate", bidders=3)
    public = site.client()
    assert "评标尚未完成" in public.get(f"/p/{case.code}").text
    with site.inside():
        announcements.publicise(case.lot_id, PARTICULARS, actor="test", at=site.at)
    site.at += timedelta(minutes=1)
    page = public.get(f"/p/{case.code}").text
    assert "评标尚未完成" not in page and "提出异议" in page


def statements(site: Site, path: str) -> list[str]:
    """What one visitor's page asks of the database."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        # One look a second for changes of the law, on whichever page it falls.
        if "rule_change" not in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert site.client().get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return asked


def test_more_notices_cost_no_more_statements_and_no_bodies(site: Site) -> None:
    case = site.a_case("register", "announce")
    paths = (f"/p/{case.code}", "/search")
    before = [len(statements(site, path)) for path in paths]
    with site.inside():
        for number in range(12):
            announcements.publish_plain(Kind.CLARIFICATION, projects.lot_by_code(case.lot_code), f"澄清 {number}", "说明", {}, actor="test", at=site.at)
    site.at += timedelta(minutes=1)
    assert site.client().get(paths[0]).text.count("澄清公告") == 12 and "澄清 11" in site.client().get(paths[1]).text
    after = [statements(site, path) for path in paths]
    assert [len(asked) for asked in after] == before and max(before) <= 7
    assert not any("notice_version.body" in statement for asked in after for statement in asked)


def test_each_language_says_its_own_words_in_turn(site: Site) -> None:
    case = site.a_case("register", "announce")
    for path in (f"/p/{case.code}", "/search"):
        pages = [site.client().get(path, query_string={"lang": tongue}).text for tongue in ("zh", "en", "zh", "en")]
        assert "招标公告" in pages[0] and "投标中" in pages[2] and "投标中" not in pages[1] + pages[3]
        for first, second in ((pages[0], pages[2]), (pages[1], pages[3])):
            assert re.sub(r'nonce="[^"]*"', "", first) == re.sub(r'nonce="[^"]*"', "", second)


def test_another_lot_shows_its_own_notices_and_no_publicity_of_others(site: Site) -> None:
    case = site.a_case(*STEPS_TO_FILED, "close", "open", "draw", "evaluate", bidders=3)
    with site.inside():
        announcements.publicise(case.lot_id, PARTICULARS, actor="test", at=site.at)
    with site.inside(), transaction() as session:
        first = projects.lot_by_code(case.lot_code)
        session.add(Lot(project_id=first.project_id, number=2, code=f"{case.code}002", name="二标段", estimate_fen=100, method=first.method,
                        stage=Stage.EVALUATED, deadline=first.deadline))
    site.at += timedelta(minutes=1)
    one, two = site.client().get(f"/p/{case.code}").text, site.client().get(f"/p/{case.code}?lot=2").text
    assert "提出异议" in one and "公示截止" in one and site.prepared.companies[0].name in one
    assert "提出异议" not in two and "公示截止" not in two and site.prepared.companies[0].name not in two


def test_public_files_are_free_and_internal_ones_stay_inside(site: Site) -> None:
    case = site.a_case("register", "announce", files={"drawings": b"lines"})
    with site.inside():
        files = {item.kind: item.id for item in projects.by_code(case.code).files}
    public = site.client()
    answer = public.get(f"/p/{case.code}/files/{files['tender_document']}")
    assert answer.status_code == 200 and answer.data == b"tender document"
    assert answer.headers["Content-Disposition"].startswith("attachment; ") and "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert public.get(f"/p/{case.code}/files/{files['drawings']}").data == b"lines"
    assert public.get(f"/p/{case.code}/files/{files['approval']}").status_code == 404


def test_a_moved_deadline_shows_as_a_difference_between_versions(site: Site) -> None:
    case = site.a_case("register", "announce")
    with site.inside():
        deadline = projects.get_lot(case.lot_id).deadline
        assert deadline is not None
        announcements.clarify(case.project_id, "澄清", "说明", actor="test", at=site.at, new_deadline=deadline + timedelta(days=7))
        tender = queries.tender_notice(case.project_id)
        assert tender is not None
        hashes = [version.sha256 for version in tender.versions]
        number = tender.id
    page = site.client().get(f"/notices/{number}").text
    assert len(hashes) == 2 and all(digest[:4] in page for digest in hashes)
    assert "<ins>" in page and "<del>" in page and "第 2 版" in page and "第 1 版" in page


def test_a_title_with_markup_is_text(site: Site) -> None:
    case = site.a_case("register", "announce", name="<script>alert(1)</script>&工程")
    for path in ("/", "/search", f"/p/{case.code}", "/notices/1", "/calendar"):
        assert "<script>alert" not in site.client().get(path).text
    ElementTree.fromstring(site.client().get("/feeds/all.atom").data)


def test_calendars_and_feeds_are_well_formed(site: Site) -> None:
    case = site.a_case("register", "announce")
    public = site.client()
    for path in ("/calendar.ics", f"/p/{case.code}.ics"):
        answer = public.get(path)
        events = Calendar.from_ical(answer.data).walk("VEVENT")
        assert answer.mimetype == "text/calendar" and len(events) == 1
        with site.inside():
            assert events[0].decoded("dtstart") == projects.get_lot(case.lot_id).deadline
    for name in ("all", "works-open"):
        answer = public.get(f"/feeds/{name}.atom")
        feed = ElementTree.fromstring(answer.data)
        assert answer.mimetype == "application/atom+xml" and len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 1
    assert not ElementTree.fromstring(public.get("/feeds/procurement-open.atom").data).findall("{http://www.w3.org/2005/Atom}entry")


# --- checking ---------------------------------------------------------------------------------------


def test_a_receipt_is_checked_against_the_log(site: Site) -> None:
    case = site.a_case(*STEPS_TO_FILED, bidders=3)
    document = case.receipts[0].document()
    public = site.client()
    good = public.post("/verify", data={"receipt": json.dumps(document, indent=1)})
    assert good.status_code == 200 and "核验通过" in good.text
    sent = public.post("/verify", data={"file": (io.BytesIO(json.dumps(document).encode()), "r.json")})
    assert sent.status_code == 200
    other = json.loads(json.dumps(document))
    other["event"]["bytes"] += 1
    bad = public.post("/verify", data={"receipt": json.dumps(other)})
    assert bad.status_code == 422 and "核验不通过" in bad.text


def test_a_receipt_signed_by_another_log_does_not_pass(site: Site) -> None:
    case = site.a_case(*STEPS_TO_FILED, bidders=3)
    document = case.receipts[0].document()
    document["proof"] = document["proof"].replace("test.example", "else.example")
    assert site.client().post("/verify", data={"receipt": json.dumps(document)}).status_code == 422


@pytest.mark.parametrize("text", [
    "", " ", "{", "[]", "null", "1", "[" * 5000, '{"event": NaN}', '{"a": 1, "a": 1}', '{"proof": 1}', '{"proof": "\\n\\n"}', "０" * 64,
    "zz" * 32, '{"type": "mingtang-receipt", "event": "\\ud800", "nonce": "00", "index": 1, "proof": "c2sp.org/tlog-proof@v1\\nindex 1\\n\\nx"}',
    '{"event": {}, "nonce": "zz", "index": 9223372036854775808, "proof": "c2sp.org/tlog-proof@v1\\nindex 9223372036854775808\\n\\nx"}',
    '{"event": 1e400, "nonce": "", "index": true, "proof": "c2sp.org/tlog-proof@v1\\nindex True\\n\\nx"}', "0" * 64])
def test_anything_else_is_told_apart_without_an_accident(site: Site, text: str) -> None:
    assert site.client().post("/verify", data={"receipt": text}).status_code == 422


def test_a_file_of_bytes_is_told_apart(site: Site) -> None:
    for data in (b"\xff\xfe\x00\x00", b"\0" * 100, b"x" * 300_000):
        assert site.client().post("/verify", data={"file": (io.BytesIO(data), "../\u202e\0.json")}).status_code == 422


def test_the_fingerprint_of_a_notice_is_known(site: Site) -> None:
    case = site.a_case("register", "announce")
    with site.inside():
        tender = queries.tender_notice(case.project_id)
        assert tender is not None
        digest = tender.versions[0].sha256
    answer = site.client().post("/verify", data={"receipt": f"  {digest.upper()[:32]} {digest[32:]}\n"})
    assert answer.status_code == 200 and f"/notices/{tender.id}" in answer.text


# --- appearance, health, figures ---------------------------------------------------------------------


def test_appearance_is_kept_in_cookies_without_scripts(site: Site) -> None:
    public = site.client()
    answer = public.get("/search?q=工程&theme=dark&elder=1")
    assert answer.status_code == 302 and answer.location.startswith("/search?q=") and "theme" not in answer.location
    page = public.get(answer.location).text
    assert 'data-theme="dark"' in page and "govuk-template elder" in page
    assert public.get("/?theme=purple").status_code == 200
    assert public.get("/search?theme=light").location == "/search"


def test_health_and_readiness(site: Site) -> None:
    assert site.client().get("/healthz").text == "ok\n"
    ready = site.client().get("/readyz")
    assert ready.json is not None and ready.json["database"] and ready.json["files"]


def test_figures_are_for_this_machine_only_and_do_not_tell_who_files(site: Site) -> None:
    public = site.client()
    site.bidder().get("/me")
    public.post("/login", data={"username": "x", "password": "y"})
    figures = public.get("/metrics").text
    assert 'endpoint="portal' in figures or 'endpoint="other"' in figures
    assert "accounts" not in figures and "sealed." not in figures and "portal.me" not in figures and "portal.file" not in figures
    assert public.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 404
    assert public.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    site.app.config["WTF_CSRF_ENABLED"] = True
    assert site.client().post("/verify", data={"receipt": "0" * 64}).status_code == 400


def test_a_notice_as_pdf_and_as_data(site: Site) -> None:
    case = site.a_case("register", "announce")
    with site.inside():
        notice = queries.of_project(case.project_id)[0]
        number, sha = notice.id, notice.versions[-1].sha256
    found = site.client().get(f"/notices/{number}.json").get_json()
    assert found["versions"][-1]["sha256"] == sha and found["project"] == case.code and found["kind"] == "tender"
    made = site.client().get(f"/notices/{number}.pdf")
    site.at += timedelta(seconds=5)
    assert site.client().get(f"/notices/{number}.pdf").data == made.data, "the same bytes whenever it is fetched"
    assert made.mimetype == "application/pdf" and made.data.startswith(b"%PDF-") and b"STSong" in made.data
    for wrong in (f"/notices/{number + 99}.pdf", f"/notices/{number + 99}.json", "/notices/x.pdf"):
        assert site.client().get(wrong).status_code == 404

"""Search: words, filters, paging, and addresses that cannot be read."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.web.conftest import Site
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.projects import service as projects


def titles(page: str) -> list[str]:
    return re.findall(r'class="version__title" href="/notices/\d+">([^<]+)<', page)


@pytest.fixture
def roads(site: Site) -> Site:
    """Two projects of different regions and amounts with a notice each."""
    site.a_case("register", "announce", name="青石路改造工程")
    site.a_case("register", "announce", name="县医院门诊楼", region="CN-50", estimate_fen=900_000_000_00, ceiling_fen=None, at=site.at)
    return site


@pytest.mark.parametrize(("query", "found"), [
    ("青石", ["青石路改造工程招标公告"]), ("门诊", ["县医院门诊楼招标公告"]), ("医", ["县医院门诊楼招标公告"]), ("青石 改造", ["青石路改造工程招标公告"]),
    ("石青", []), ("青石 门诊", []), ("\"青石\" OR *", []), ("青石路改造工程招标公告", ["青石路改造工程招标公告"]), ("%", None), ("'", None),
    ("\0\u202e青石", ["青石路改造工程招标公告"]), ("A1510822000000001001", ["青石路改造工程招标公告"])])
def test_words_of_two_characters_are_found(roads: Site, query: str, found: list[str] | None) -> None:
    answer = roads.client().get("/search", query_string={"q": query})
    assert answer.status_code == 200
    if found is not None:
        assert titles(answer.text) == found


@pytest.mark.parametrize(("arguments", "count"), [
    ({}, 2), ({"type": "works-open"}, 2), ({"type": "procurement-open"}, 0), ({"kind": "tender"}, 2), ({"kind": "result"}, 0),
    ({"stage": "announced"}, 0), ({"stage": "bidding"}, 2), ({"region": "CN-51"}, 1), ({"region": "CN-50"}, 1), ({"region": "CN"}, 2),
    ({"from": "2026-03-02"}, 2), ({"from": "2026-03-03"}, 0), ({"to": "2026-03-02"}, 2), ({"to": "2026-03-01"}, 0),
    ({"amount_min": "800万"}, 1), ({"amount_min": "１，０００，０００"}, 2), ({"sort": "amount"}, 2), ({"from": "", "q": "", "type": ""}, 2)])
def test_every_filter_of_the_address_counts(roads: Site, arguments: dict[str, str], count: int) -> None:
    answer = roads.client().get("/search", query_string=arguments)
    assert answer.status_code == 200 and len(titles(answer.text)) == count
    if count == 0:
        assert "没有符合条件的公告" in answer.text


def test_highest_amount_first(roads: Site) -> None:
    assert titles(roads.client().get("/search?sort=amount").text)[0] == "县医院门诊楼招标公告"


@pytest.mark.parametrize(("name", "text"), [
    ("amount_min", "1_000"), ("amount_min", "1e6"), ("amount_min", "NaN"), ("amount_min", "-1"), ("amount_min", str(2**63)),
    ("amount_min", "0.001"), ("from", "2026-02-30"), ("from", "2026-3-1x"), ("from", "24:00"), ("to", "9999-12-31"), ("to", "0000-01-01"),
    ("type", "none"), ("kind", "none"), ("stage", "none"), ("region", "四川"), ("region", "CN-51%"), ("sort", "random"),
    ("after", str(2**63)), ("after", "-1"), ("after", "1_0"), ("after", "x" * 4000)])
def test_a_filter_that_cannot_be_read_is_told_and_kept(roads: Site, name: str, text: str) -> None:
    answer = roads.client().get("/search", query_string={name: text, "q": "青石"})
    assert answer.status_code == 422
    assert "govuk-error-summary" in answer.text and f'href="#f-{name}"' in answer.text and 'value="青石"' in answer.text


def test_all_wrong_filters_are_named_at_once(roads: Site) -> None:
    page = roads.client().get("/search?amount_min=1e6&from=2026-02-30&type=x").text
    assert page.count('href="#f-') == 3


def test_a_filter_in_force_can_be_dropped(roads: Site) -> None:
    page = roads.client().get("/search", query_string={"q": "青石", "region": "CN-51"}).text
    hrefs = re.findall(r'<a class="chip" href="([^"]+)"', page)
    assert hrefs == ["/search?region=CN-51", "/search?q=%E9%9D%92%E7%9F%B3"]


@pytest.mark.parametrize("words", ["", "澄清", "澄"])
@pytest.mark.parametrize("sort", ["newest", "amount"])
def test_pages_follow_each_other_without_gap_or_repetition(roads: Site, sort: str, words: str) -> None:
    with roads.inside():
        lot = projects.lot_by_code("A1510822000000001001001")
        for number in range(43):
            announcements.publish_plain(Kind.CLARIFICATION, lot, f"澄清 {number:02d}", "说明", {}, actor="test", at=roads.at)
    roads.at += timedelta(minutes=1)
    seen: list[str] = []
    address, pages = f"/search?kind=clarification&sort={sort}&q={words}", 0
    while address:
        page = roads.client().get(address).text
        seen += titles(page)
        pages += 1
        follow = re.search(r'rel="next" href="([^"]+)"', page)
        address = follow[1].replace("&amp;", "&") if follow else ""
        assert pages < 6
    assert pages == 3 and len(seen) == len(set(seen)) == 43


def test_a_notice_of_the_future_is_not_found(roads: Site) -> None:
    roads.at -= timedelta(days=2)
    assert titles(roads.client().get("/search").text) == []
    assert roads.client().get("/notices/1").status_code == 404

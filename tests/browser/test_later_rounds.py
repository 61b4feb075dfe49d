"""A final offer in real browsers: the group asks, a supplier seals on its own device, the price comes out after the round."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from bidding.rounds import service as rounds
from experts.evaluation import service as evaluation
from tests.browser.conftest import Visitors
from tests.browser.live import Live
from tests.conftest import Prepared
from trading.accounts.permissions import Role
from trading.base import clock
from trading.demonstration.case import CaseRun, Offer, Plan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("later rounds")]


@pytest.fixture(scope="module")
def talks(live: Live, prepared_sqlite: Prepared) -> SimpleNamespace:
    """A negotiation whose group has reviewed the responses and talked with all but one supplier."""
    with live.desk():
        offers = [Offer(company, 90_000_000 + 12_345 * n) for n, company in enumerate(prepared_sqlite.companies[:3])]
        case = CaseRun(live.cast, Plan("应急通信设备采购", "一包", 100_000_000, 95_000_000, offers, "CN-51", {"kind": "procurement_lowest"},
                                       procedure="negotiation", category="goods", bidding_days=9), clock.now())
        for step in ("register", "announce", "file_bids", "close", "open", "draw"):
            getattr(case, step)()
        group = case.sit()
        for bid in evaluation.accepted_bids(case.lot_id)[1:]:
            evaluation.record_talk(case.lot_id, group[0], bid.organisation_id, "逐项商谈。", at=case.wait(minutes=1))
        code = case.lot.code
    live.travel(case.at + timedelta(minutes=1))
    ours = prepared_sqlite.companies[0]
    live.account("supplier", Role.BIDDER, ours.id)
    return SimpleNamespace(case=case, code=code, member=live.let_in(group[0]), ours=ours, others=offers[1:])


def test_a_final_offer_from_the_question_to_the_price(live: Live, visitors: Visitors, talks: SimpleNamespace) -> None:
    member, supplier = visitors("member"), visitors("supplier")
    page = member.sign_in(talks.member, f"/eval/{talks.code}")
    expect(page.get_by_text("还没有记录")).to_have_count(1)
    form = page.locator("form", has=page.locator("textarea[name=text]")).nth(
        [i for i in range(3) if page.locator("main section.card").nth(i).get_by_text("还没有记录").count()][0])
    form.locator("textarea").fill("就交货期商谈，供应商确认三十日内交货。")
    form.locator("button").click()
    page.locator("#minutes").fill("３")
    page.locator("#changes").fill("交货期改为三十日。")
    member.press("请全部供应商报价")
    expect(page.locator("main")).to_contain_text("截止前看不到谁报了价")

    page = supplier.sign_in("supplier", f"/me/lots/{talks.code}")
    page.get_by_role("link", name="后续轮次报价").click()
    expect(page.locator("main")).to_contain_text("交货期改为三十日。")
    page.get_by_role("link", name="封存并递交报价").click()
    page.locator("#offer-price").fill("85 万")
    page.locator("#offer-days").fill("30")
    page.locator("#slot-letter").set_input_files({"name": "报价单.txt", "mimeType": "text/plain", "buffer": "报价单".encode()})
    supplier.press("下一步：自查")
    supplier.press("在本机加密")
    expect(page.locator('[data-step="sign"]')).to_be_visible()
    expect(page.locator("#passphrase")).to_be_hidden()
    page.locator("#sign-agree").check()
    supplier.press("封存并递交")
    expect(page.locator("#done")).to_be_visible()
    page = supplier.open(f"/me/lots/{talks.code}/offers")
    expect(page.get_by_role("link", name="下载回执")).to_have_count(1)

    page = member.open(f"/eval/{talks.code}")
    assert "850,000" not in page.content() and talks.ours.name not in page.locator("main").inner_text()
    with live.desk():
        found = rounds.rounds_of(talks.case.lot_id)[-1]
        document = rounds.trustees.get_session(found.session).document
        talks.case.at = clock.now()
        for offer in talks.others:
            talks.case.file_envelope(found.session, document, offer, offer.price_fen)
        closes = rounds.deadline(found)
    live.travel(closes + timedelta(seconds=1))
    live.wait_for(lambda: (evaluation.evaluation_of(talks.case.lot_id).report or {}).get("ranking"), 40)
    page = member.open(f"/eval/{talks.code}")
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("850,000.00")
    expect(first).to_contain_text(talks.ours.name)

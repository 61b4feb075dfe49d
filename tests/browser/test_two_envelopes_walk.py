"""A bid in two envelopes, in a real browser: sealed apart, decrypted together, the price read out only after the evaluation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from bidding.opening import envelopes
from bidding.opening import service as opening
from experts.evaluation import service as evaluation
from tests.browser.conftest import Visitor, Visitors
from tests.browser.live import Live
from tests.builders import SCORED
from tests.conftest import Prepared
from trading.accounts.permissions import Role
from trading.base import clock
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.projects import service as projects
from trading.projects.rules import Stage

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("two envelopes")]

PASSPHRASE = "a long passphrase for recovery"


@pytest.fixture(scope="module")
def tender(live: Live, prepared_sqlite: Prepared) -> SimpleNamespace:
    """A works tender in two envelopes that takes bids."""
    with live.desk():
        offers = [Offer(company, 85_000_000 + 12_345 * n) for n, company in enumerate(prepared_sqlite.companies[:4])]
        offers[3] = Offer(offers[3].company, offers[3].price_fen, "施工方案不符合要求")
        case = CaseRun(live.cast, Plan("南岸公路改建", "一标段", 100_000_000, 95_000_000, offers, "CN-51", SCORED, prices_after_h=2), clock.now())
        case.register()
        case.announce()
        code = case.lot.code
    live.travel(case.at + timedelta(minutes=1))
    ours = prepared_sqlite.companies[0]
    live.account("two-bidder", Role.BIDDER, ours.id)
    return SimpleNamespace(case=case, code=code, ours=ours, others=offers[1:])


def seal(visitor: Visitor, page: Page, file: str, tmp_path: Path) -> None:
    """From the chosen files to the receipt."""
    visitor.press("下一步：自查")
    expect(page.locator("#check-list .checks--failed")).to_have_count(0)
    visitor.press("在本机加密")
    expect(page.locator('[data-step="sign"]')).to_be_visible(timeout=30_000)
    page.locator("#passphrase").fill(PASSPHRASE)
    page.locator("#passphrase-again").fill(PASSPHRASE)
    with page.expect_download() as kept:
        visitor.press("下载恢复文件")
    kept.value.save_as(tmp_path / f"{file}.json")
    page.locator("#sign-agree").check()
    visitor.press("封存并递交")
    expect(page.locator("#done")).to_be_visible(timeout=30_000)


def upload(page: Page, slot: str, name: str) -> None:
    page.locator(f"#slot-{slot}").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": name.encode()})


def test_sealed_apart_and_opened_one_after_the_other(live: Live, visitors: Visitors, tender: SimpleNamespace, tmp_path: Path) -> None:
    bidder = visitors("two-bidder")
    page = bidder.sign_in("two-bidder", f"/me/lots/{tender.code}")
    page.get_by_role("link", name="封存并递交技术标信封").click()
    expect(page.locator("[data-wizard][data-ready=yes]")).to_be_visible()
    expect(page.locator("#offer-price")).to_have_count(0)
    bidder.press("下一步：自查")
    expect(page.locator("#check-list .checks--failed").first).to_be_visible()
    page.locator('[data-back="files"]').click()
    page.locator("#offer-days").fill("100")
    upload(page, "letter", "投标函.pdf")
    upload(page, "technical", "施工组织设计.pdf")
    seal(bidder, page, "technical", tmp_path)

    page = bidder.open(f"/me/lots/{tender.code}")
    expect(page.locator("main")).to_contain_text("只递交了一个信封")
    page.get_by_role("link", name="封存并递交报价信封").click()
    expect(page.locator("[data-wizard][data-ready=yes]")).to_be_visible()
    expect(page.locator("#offer-days")).to_have_count(0)
    page.locator("#offer-price").fill("84 万")
    upload(page, "price", "工程量清单.pdf")
    seal(bidder, page, "price", tmp_path)
    page = bidder.open(f"/me/lots/{tender.code}")
    expect(page.locator("main")).not_to_contain_text("只递交了一个信封")
    expect(page.get_by_role("link", name="下载回执")).to_have_count(2)

    with live.desk():
        tender.case.at, tender.case.halves = clock.now(), {}
        for offer in tender.others:
            for session in tender.case.sessions:
                bid, _ = tender.case.file_envelope(session.id, session.document, offer, offer.price_fen)
                tender.case.halves[bid.digest] = (bid.kb, offer.company.id)
        deadline = projects.get_lot(tender.case.lot_id).deadline
    live.travel(deadline + timedelta(seconds=1))
    live.wait_for(lambda: projects.get_lot(tender.case.lot_id).stage == Stage.CLOSED, 60)
    with live.desk():
        for digest, (kb, who) in tender.case.halves.items():
            opening.give_half(tender.case.lot_id, digest, kb, bidder_id=who, clock=clock.now)

    page = bidder.sign_in("two-bidder", f"/hall/{tender.code}")
    cards = page.locator("[data-decrypt]")
    expect(cards).to_have_count(2)
    expect(page.locator("[data-decrypt][data-ready=yes]")).to_have_count(2, timeout=20_000)
    cards.nth(0).locator("[data-decrypt-device]").click()
    expect(cards.nth(0).locator("[data-decrypt-status]")).to_contain_text("已交出", timeout=20_000)
    # The other one from its recovery file, as on another computer.
    second = page.locator("[data-decrypt]").last
    second.locator("summary").click()
    second.locator("[data-recovery-file]").set_input_files(tmp_path / "price.json")
    second.locator("[data-recovery-passphrase]").fill(PASSPHRASE)
    second.locator("[data-decrypt-file]").click()
    live.wait_for(lambda: projects.get_lot(tender.case.lot_id).stage == Stage.OPENED, 90)

    page = bidder.open(f"/hall/{tender.code}")
    expect(page.locator("main")).to_contain_text("报价待开启")
    assert "840,000" not in page.content() and "850,000" not in page.content()
    live.resting = True
    with live.desk():
        tender.case.at = clock.now()
        tender.case.draw()
        group = tender.case.sit()
        names = [factor.id for factor in evaluation.rules.read_method(SCORED).factors]
        first = group[0]
    member = live.let_in(first)
    live.travel(tender.case.at + timedelta(minutes=1))
    expert = visitors("two-expert")
    page = expert.sign_in(member, f"/eval/{tender.code}")
    assert "840,000" not in page.content() and page.locator("input[inputmode=decimal]").count() == 3 * len(names)
    with live.desk():
        for account in group:
            evaluation.submit_scores(tender.case.lot_id, account, {
                (bid.digest, name): ("1", "") for bid in evaluation.accepted_bids(tender.case.lot_id) for name in names}, at=clock.now())
    page = expert.open(f"/eval/{tender.code}")
    expect(page.locator("main")).to_contain_text("等待报价信封开启")
    live.resting = False
    with live.desk():
        opens = tender.case.sessions[1].opens_at
    if clock.now() < opens:
        live.travel(opens + timedelta(seconds=1))
    live.wait_for(lambda: (evaluation.evaluation_of(tender.case.lot_id).report or {}).get("ranking"), 90)
    with live.desk():
        assert len(opening.opened_bids(tender.case.lot_id, envelopes.PRICE)) == 3
    page = bidder.sign_in("two-bidder", f"/hall/{tender.code}")
    expect(page.locator("#roll-table")).to_contain_text("840,000.00")
    assert f"{tender.others[2].price_fen / 100:,.2f}" not in page.content(), "who failed keeps its price to itself"
    page = expert.open(f"/eval/{tender.code}")
    expect(page.locator("tbody tr", has_text=tender.ours.name)).to_contain_text("工程量清单.pdf")

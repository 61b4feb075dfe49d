"""Sealed offers in rounds in real browsers: the bidder seals on its own device, everybody sees the same room, on a telephone and in English too."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from bidding.auction import rooms
from bidding.auction import ties as offers
from tests.browser.conftest import Visitors
from tests.browser.live import Live
from tests.browser.test_ties_walk import looked_at
from tests.builders import NAMES, Centre
from tests.conftest import Prepared
from tests.services.test_live_sales import START, STEP, a_sale
from trading.accounts.permissions import Role
from trading.base import clock
from trading.base.money import yuan
from trading.projects import service as projects
from trading.projects.rules import Stage
from trading.sales.modes import Phase

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("rounds")]


@pytest.fixture(scope="module")
def sale(live: Live, prepared_sqlite: Prepared) -> SimpleNamespace:
    with live.desk():
        run = a_sale(Centre(live.app, live.cast, prepared_sqlite.companies), "rounds")
        run.take_part()
        opens = rooms.moment(run.room.terms.opens_at)
        code = run.lot.code
    live.travel(opens + timedelta(seconds=1))
    live.account("a-bidder", Role.BIDDER, prepared_sqlite.companies[0].id)
    return SimpleNamespace(run=run, code=code, lot_id=run.lot_id)


def test_two_rounds_and_the_deal(live: Live, visitors: Visitors, sale: SimpleNamespace) -> None:
    code, run = sale.code, sale.run
    live.wait_for(lambda: offers.session(sale.lot_id))
    public, mine, wall = visitors("public"), visitors("bidder"), visitors("wall")
    page = looked_at(public.open(f"/auctions/{code}"))
    expect(page.locator('[data-room="round"]')).to_have_text("第 1 轮")
    assert not any(name in page.content() for name in NAMES)
    wall.open(f"/auctions/{code}/wall")
    mine.sign_in("a-bidder", f"/me/sales/{code}")
    mine.press("更换竞价密钥")
    expect(mine.page.get_by_text("本机可以报价")).to_be_visible()
    mine.open(f"/auctions/{code}").get_by_role("link", name="封存本轮报价").click()
    page = looked_at(mine.page)
    page.get_by_role("link", name="封存并递交报价").click()
    expect(page.locator("[data-slot]")).to_have_count(0)
    page.locator("#offer-price").fill(f"{(START + 2 * STEP) // 100}")
    mine.press("下一步：自查")
    mine.press("在本机加密")
    page.locator("#sign-agree").check()
    mine.press("封存并递交")
    expect(page.locator("#done")).to_be_visible()
    expect(mine.open(f"/me/sales/{code}/offer").get_by_role("link", name="下载回执")).to_have_count(1)
    with live.desk():
        run.at = clock.now()
        run.seal_in_round(run.buyers[1], START)
        numbers = [buyer.number for buyer in run.buyers]
        ends = rooms.moment(run.room.standing.ends_at or 0)
    live.travel(ends)
    live.wait_for(lambda: rooms.read(sale.lot_id).standing.round == 2, 60)
    for visitor in (public, wall):
        expect(visitor.page.locator('[data-room="round"]')).to_have_text("第 2 轮", timeout=20_000)
        expect(visitor.page.locator('[data-room="lead"]')).to_contain_text(numbers[0])
    expect(public.page.locator('[data-room="rows"] tr')).to_have_count(2)
    expect(public.page.locator('[data-room="rows"]')).to_contain_text(yuan(START + 2 * STEP))
    receipt = mine.open(f"/me/sales/{code}/offer").get_by_role("link", name="下载回执")
    expect(receipt).to_have_count(1)
    assert receipt.get_attribute("href") == f"/me/sales/{code}/offer/1/receipts/1.json"
    kept = mine.page.request.get(f"{live.address}/me/sales/{code}/offer/1/receipts/1.json")
    assert kept.status == 200 and kept.json()["event"]["bidder"] == numbers[0]
    assert mine.page.request.get(f"{live.address}/me/sales/{code}/offer/7/receipts/1.json").status == 404
    shown = mine.open(f"/auctions/{code}")
    expect(shown.locator('[data-room="lead"]')).to_contain_text("您领先")
    expect(shown.get_by_role("link", name="封存本轮报价")).to_be_visible()
    with live.desk():
        ends = rooms.moment(run.room.standing.ends_at or 0)
    live.travel(ends)
    live.wait_for(lambda: projects.get_lot(sale.lot_id).stage == Stage.AWARDED, 60)
    with live.desk():
        assert run.room.standing.phase is Phase.ENDED
    page = looked_at(public.open(f"/auctions/{code}"))
    expect(page.locator("main")).to_contain_text(NAMES[0] if NAMES[0] in page.content() else run.buyers[0].company.name)
    # Again from its log, line by line.
    replay = public.open(f"/auctions/{code}/replay")
    replay.locator('[data-replay="slider"]').fill("4")
    expect(replay.locator('[data-room="rows"] tr')).to_have_count(2)
    # No process of live events runs here: the room asks for them in vain and polls.
    for visitor in (public, mine, wall):
        visitor.complaints[:] = [line for line in visitor.complaints if "ERR_CONNECTION_REFUSED" not in line]

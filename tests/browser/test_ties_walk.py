"""Ties at a ceiling in real browsers: the one sealed offer, the committee's decision, the draw; on a telephone and in English too."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from bidding.auction import rooms, ties
from experts.draw import lottery
from experts.draw import service as draws
from tests.browser.conftest import Visitors
from tests.browser.live import Live
from tests.browser.test_pages_look import faults, look
from tests.builders import NAMES, Centre
from tests.conftest import Prepared
from tests.services.test_live_sales import STEP
from tests.services.test_live_ties import CEILING, at_the_ceiling
from trading.accounts.permissions import Role
from trading.base import clock
from trading.base.money import yuan
from trading.projects import service as projects
from trading.projects.rules import Stage

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("ties")]


@pytest.fixture(scope="module")
def tied(live: Live, prepared_sqlite: Prepared) -> SimpleNamespace:
    """Three sales whose ceiling three of four bidders agreed to; each is decided in another way."""
    with live.desk():
        centre = Centre(live.app, live.cast, prepared_sqlite.companies)
        runs = {after: at_the_ceiling(centre, after, single_rule="highest") for after in ("lottery", "quality", "single")}
        codes = {after: run.lot.code for after, run in runs.items()}
    live.travel(max(run.at for run in runs.values()) + timedelta(seconds=20))
    live.account("agreed", Role.BIDDER, prepared_sqlite.companies[0].id)
    live.account("the-seller", Role.TENDERER, live.cast.tenderer.id)
    live.account("the-overseer", Role.SUPERVISOR)
    return SimpleNamespace(runs=runs, codes=codes, companies=prepared_sqlite.companies)


def looked_at(page: Page) -> Page:
    """Nothing that axe finds, nothing that scrolls sideways, wide and at 390 px, light and dark; then the same in English."""
    assert faults(page) == []
    address = page.url
    page.goto(f"{address}{'&' if '?' in address else '?'}lang=en")
    assert page.locator("html").get_attribute("lang") == "en" and look(page, {}) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.goto(f"{address}{'&' if '?' in address else '?'}lang=zh")
    page.goto(address)
    page.set_viewport_size({"width": 390, "height": 844})
    return page


def test_one_sealed_offer_on_the_bidders_own_telephone(live: Live, visitors: Visitors, tied: SimpleNamespace) -> None:
    code, run = tied.codes["single"], tied.runs["single"]
    live.wait_for(lambda: ties.session(run.lot_id))
    public, mine = visitors("public"), visitors("agreed")
    page = looked_at(public.open(f"/auctions/{code}/tie"))
    assert not any(name in page.content() for name in NAMES)
    expect(public.open(f"/auctions/{code}").locator("main")).to_contain_text("多人接受最高限价")
    mine.sign_in("agreed", f"/me/sales/{code}")
    # Another device than the one that applied: without its key nothing can be filed from here.
    mine.open(f"/me/sales/{code}/offer/seal").locator("#offer-price").fill(f"{CEILING // 100}")
    mine.press("下一步：自查")
    mine.press("在本机加密")
    expect(mine.page.get_by_role("alert").filter(has_text="本机没有这个标段的竞价密钥")).to_be_visible()
    mine.open(f"/me/sales/{code}")
    mine.press("更换竞价密钥")
    expect(mine.page.get_by_text("本机可以报价")).to_be_visible()
    mine.page.get_by_role("link", name="封存我的一次报价").click()
    page = looked_at(mine.page)
    page.get_by_role("link", name="封存并递交报价").click()
    expect(page.locator("#offer-days")).to_have_count(0)
    page.locator("#offer-price").fill(f"{(CEILING + 5 * STEP) // 100}")
    mine.press("下一步：自查")
    mine.press("在本机加密")
    expect(page.locator('[data-step="sign"]')).to_be_visible()
    page.locator("#sign-agree").check()
    mine.press("封存并递交")
    expect(page.locator("#done")).to_be_visible()
    expect(mine.open(f"/me/sales/{code}/offer").get_by_role("link", name="下载回执")).to_have_count(1)
    with live.desk():
        run.at = clock.now()
        run.offer(run.buyers[1], CEILING + STEP)
        found = ties.session(run.lot_id)
        assert found is not None
        closes = found.deadline
        numbers = [buyer.number for buyer in run.buyers]
    live.travel(closes)
    live.wait_for(lambda: projects.get_lot(run.lot_id).stage == Stage.AWARDED, 60)
    page = looked_at(public.open(f"/auctions/{code}/tie"))
    expect(page.locator(".card--result")).to_contain_text(f"{numbers[0]}，¥{yuan(CEILING + 5 * STEP)}")
    expect(public.open(f"/auctions/{code}").locator("main")).to_contain_text(tied.companies[0].name)
    # No process of live events runs here: the room asks for them in vain and polls.
    public.complaints[:] = [line for line in public.complaints if "ERR_CONNECTION_REFUSED" not in line]


def test_the_draw_is_watched_by_anybody(live: Live, visitors: Visitors, tied: SimpleNamespace) -> None:
    code, run = tied.codes["lottery"], tied.runs["lottery"]
    live.wait_for(lambda: draws.of_lot(run.lot_id, lottery.WINNER))
    public = visitors("public")
    looked_at(public.open(f"/auctions/{code}/tie")).get_by_role("link", name="查看摇号").click()
    public.page.wait_for_url(f"**/draws/{code}/winner")
    with live.desk():
        draw = draws.of_lot(run.lot_id, lottery.WINNER)
        assert draw is not None
        closes = max(draw.closes_at, clock.now())
    live.travel(closes + timedelta(seconds=1))
    live.wait_for(lambda: projects.get_lot(run.lot_id).stage == Stage.AWARDED, 60)
    with live.desk():
        winner = rooms.read(run.lot_id).standing.leader
    page = looked_at(public.open(f"/draws/{code}/winner"))
    expect(page.locator("main")).to_contain_text(f"竞买号 {winner}")


def test_the_seller_records_and_a_supervisor_confirms(live: Live, visitors: Visitors, tied: SimpleNamespace) -> None:
    code, run = tied.codes["quality"], tied.runs["quality"]
    with live.desk():
        chosen = run.buyers[1].number
    seller, overseer = visitors("seller"), visitors("overseer")
    seller.sign_in("the-seller", f"/projects/lots/{code}/tie")
    page = looked_at(seller.page)
    page.get_by_label(chosen, exact=True).check()
    page.locator("#reason").fill("方案品质得分最高。")
    page.locator("#minutes").set_input_files({"name": "纪要.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 minutes"})
    seller.press("记录，由监督人员确认")
    expect(page.locator("main")).to_contain_text("等待监督人员确认")
    overseer.sign_in("the-overseer", f"/supervise/{code}/tie")
    page = looked_at(overseer.page)
    overseer.press("确认，竞价结束")
    expect(page.locator("main")).to_contain_text("已确认")
    live.wait_for(lambda: projects.get_lot(run.lot_id).stage == Stage.AWARDED, 60)
    looked_at(visitors("public").open(f"/auctions/{code}/tie"))

"""A live sale in real browsers: three bidders on their own devices, the host, a supervisor and the wall at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from bidding.auction import applying, rooms
from bidding.auction.models import LiveBid
from tests.browser.conftest import Visitors
from tests.browser.live import Live
from tests.builders import PARCEL
from tests.conftest import Prepared
from tests.services.live_processes import Processes, wait_for, write_config
from trading.accounts.permissions import Role
from trading.base import clock
from trading.base.database import db
from trading.base.money import capitals
from trading.demonstration.case import Offer, Plan
from trading.demonstration.sale import SaleRun
from trading.projects import service as projects
from trading.supervision import service as pauses

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live room")]
START, STEP = 80_000_000_00, 1_000_000_00


@pytest.fixture(autouse=True)
def cut_lines(watched: None, visitors: Visitors) -> Iterator[None]:
    """Lines that were cut on purpose make browsers complain; that is what they are for."""
    yield
    for person in visitors.known.values():
        person.complaints[:] = [line for line in person.complaints if "net::ERR_" not in line]


@pytest.fixture(scope="module")
def stream(live: Live) -> Iterator[Processes]:
    """The events process of this centre."""
    settings = live.app.extensions["mingtang"]["settings"]
    write_config(replace(settings, site_origins=live.address))
    processes = Processes(settings)
    processes.start("events")
    wait_for(settings.events_port)
    yield processes
    processes.stop()


@pytest.fixture(scope="module")
def sale(live: Live, stream: Processes, prepared_sqlite: Prepared) -> SimpleNamespace:
    """An auction announced, with nobody in it yet."""
    companies = prepared_sqlite.companies[:3]
    with live.desk():
        plan = Plan("临江路二号地块", "一号宗地", START, None, [Offer(company, 0) for company in companies], "CN-51",
                    {"kind": "live", "sale": {"mode": "auction", "step_fen": STEP, "reserve": "none",
                                              "parcel": PARCEL | {"area_m2": "12000"}}},
                    procedure="land-auction", category="land", deposit_fen=START // 4)
        run = SaleRun(live.cast, plan, clock.now())
        run.register()
        run.announce()
        code = run.lot.code
    live.travel(run.at + timedelta(minutes=1))
    for number, company in enumerate(companies):
        live.account(f"buyer{number}", Role.BIDDER, company.id)
    live.account("crier", Role.HOST)
    for number in (1, 2):
        live.account(f"overseer{number}", Role.SUPERVISOR)
    return SimpleNamespace(run=run, code=code, companies=companies)


def test_three_bidders_apply_on_their_own_devices(live: Live, visitors: Visitors, sale: SimpleNamespace) -> None:
    for number in range(3):
        person = visitors(f"buyer{number}", viewport={"width": 390, "height": 844}) if number == 2 else visitors(f"buyer{number}")
        page = person.sign_in(f"buyer{number}", f"/me/sales/{sale.code}")
        person.press("生成子账号")
        person.press("在本机签名并提交申请")
        expect(page.locator(".status", has_text="已提交")).to_have_count(1)
    with live.desk():
        sale.run.at = clock.now()
        sale.run.pay_deposits()
    live.travel(sale.run.at + timedelta(minutes=1))
    with live.desk():
        lot_id = sale.run.lot_id
    live.wait_for(lambda: not applying.waiting(lot_id))
    sale.numbers = []
    for number in range(3):
        page = visitors(f"buyer{number}").sign_in(f"buyer{number}", f"/me/sales/{sale.code}")
        expect(page.get_by_text("本机可以报价")).to_be_visible()
        with live.desk():
            paddle = applying.paddle_of(lot_id, sale.companies[number].id)
            assert paddle is not None and paddle.number
            sale.numbers.append(paddle.number)
        expect(page.locator("main")).to_contain_text(f"竞买号 {paddle.number}")


def bid(page: Page, steps: int, *, typed: str = "") -> None:
    """Bid as people do: choose steps, or type an amount, look at it again, confirm."""
    if typed:
        page.locator("#bid-amount").fill(typed)
    else:
        page.locator(f"[data-steps='{steps}']").click()
    page.get_by_role("button", name="确认报价", exact=True).click()
    page.get_by_role("button", name="提交报价").click()


def test_an_auction_with_everybody_watching(live: Live, visitors: Visitors, sale: SimpleNamespace) -> None:
    with live.desk():
        opens = rooms.moment(rooms.read(sale.run.lot_id).terms.opens_at)
    live.travel(opens - timedelta(seconds=4))
    pages = [visitors(f"buyer{number}").sign_in(f"buyer{number}", f"/auctions/{sale.code}") for number in range(3)]
    wall, host = visitors("wall").open(f"/auctions/{sale.code}/wall"), visitors("crier").sign_in("crier", f"/auctions/{sale.code}")
    overseer = visitors("overseer1").sign_in("overseer1", f"/auctions/{sale.code}")
    for page in [*pages, wall, host, overseer]:
        expect(page.locator("[data-room=phase]")).to_have_text("自由竞价")
    one, two, three = pages
    bid(one, 1)
    expect(one.locator("[data-note]")).to_contain_text("报价已记录")
    expect(one.locator("[data-room=lead]")).to_contain_text("您领先")
    for page in (wall, host, overseer, two):
        expect(page.locator("[data-room=price]")).to_have_text("8,000")
    expect(two.locator("[data-room=lead]")).to_contain_text("您尚未报价")
    expect(two.locator("[data-room=price]")).to_have_text("8,000")
    bid(two, 2)
    expect(one.locator("[data-room=lead]")).to_contain_text("已被超越")
    expect(wall.locator("[data-room=price]")).to_have_text("8,200")
    expect(wall.locator("[data-room=premium]")).to_contain_text("2.50%")
    expect(wall.locator("[data-room=floor]")).to_contain_text("2733.33")
    # The third bidder, on a telephone and by keyboard: full-width digits, more than ten increments, typed again.
    expect(three.locator("[data-room=price]")).to_have_text("8,200")
    three.locator("[data-bid]").focus()
    three.keyboard.press("5")
    expect(three.locator("#bid-amount")).to_have_value("87,000,000")
    three.locator("#bid-amount").fill("９５００ 万")
    expect(three.locator("[data-echo]")).to_contain_text("玖仟伍佰万元整")
    three.locator("#bid-amount").press("Enter")
    three.get_by_role("button", name="提交报价").click()
    expect(three.locator("[data-problem]")).to_contain_text("两次输入的金额不同")
    three.locator("#bid-again").fill("95,000,000")
    three.get_by_role("button", name="提交报价").click()
    expect(wall.locator("[data-room=price]")).to_have_text("9,500")
    expect(one.locator("[data-room=price]")).to_have_text("9,500")
    # Too low is refused with its reason, which stays, and nothing moved.
    bid(one, 0, typed="95,500,000")
    expect(one.locator("[data-note]")).to_contain_text("最低报价")
    expect(wall.locator("[data-room=round]")).to_have_text("第 3 次报价")
    refused = visitors("buyer0").complaints
    refused[:] = [line for line in refused if "422" not in line]  # the refusal that was meant
    content = " ".join(page.content() for page in (wall, host, overseer, one))
    assert all(company.name not in content and company.code not in content for company in sale.companies[1:]), "nobody is named before the deal"
    assert not three.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_two_people_pause_it_and_the_time_left_is_kept(live: Live, visitors: Visitors, sale: SimpleNamespace) -> None:
    host, wall = visitors("crier"), visitors("wall").page
    page = host.open(f"/auctions/{sale.code}")
    page.locator("#pause-reason").fill("核对一项现场情况")
    host.press("提出暂停")
    with live.desk():
        pause = pauses.open_pauses(sale.run.lot_id)[0].id
    page = visitors("overseer1").open(f"/supervise/{sale.code}/pauses")
    page.get_by_role("button", name="确认暂停").click()
    expect(wall.locator("[data-room=clock-label]")).to_contain_text("暂停")
    buyer = visitors("buyer0").page
    expect(buyer.get_by_role("button", name="确认报价", exact=True)).to_be_disabled()
    left = wall.locator("[data-room=clock]").inner_text()
    live.travel(minutes=3)
    expect(wall.locator("[data-room=clock]")).to_have_text(left)
    page = host.open(f"/auctions/{sale.code}")
    page.locator("#lift-reason").fill("已核对，继续")
    host.press("提出恢复")
    with live.desk():
        assert pauses.open_pauses(sale.run.lot_id)[0].id == pause
    page = visitors("overseer1").open(f"/supervise/{sale.code}/pauses")
    page.get_by_role("button", name="确认恢复").click()
    expect(wall.locator("[data-room=clock-label]")).to_contain_text("剩余时间")


def test_a_lost_link_is_shown_and_never_says_you_lead(live: Live, visitors: Visitors, sale: SimpleNamespace, stream: Processes) -> None:
    three = visitors("buyer2")
    expect(three.page.locator("[data-room=lead]")).to_contain_text("您领先")
    three.context.set_offline(True)
    # A stream that is open already does not go with it: its process dies as well, and everybody else asks instead.
    stream.stop()
    expect(three.page.locator("[data-room=stale]")).to_be_visible()
    expect(three.page.locator("[data-room=lead]")).not_to_contain_text("您领先")
    expect(three.page.get_by_role("button", name="确认报价", exact=True)).to_be_disabled()
    expect(visitors("wall").page.locator("[data-room=stale]")).to_be_hidden()
    three.context.set_offline(False)
    expect(three.page.locator("[data-room=lead]")).to_contain_text("您领先")
    stream.start("events")
    wait_for(live.app.extensions["mingtang"]["settings"].events_port)


def test_it_ends_and_the_deal_is_signed_on_the_spot(live: Live, visitors: Visitors, sale: SimpleNamespace) -> None:
    wall, lot_id = visitors("wall").page, sale.run.lot_id
    with live.desk():
        ends = rooms.moment(rooms.read(lot_id).standing.ends_at)
    # An hour passes in a moment; who is not heard of for so long signs in again.
    for number in (0, 1, 2):
        visitors(f"buyer{number}").open("/auctions")
    live.travel(ends + timedelta(seconds=1))
    expect(wall.locator("[data-room=phase]")).to_have_text("限时竞价")
    page = visitors("buyer1").sign_in("buyer1", f"/auctions/{sale.code}")
    expect(page.locator("[data-room=price]")).to_have_text("9,500")
    bid(page, 1)
    expect(wall.locator("[data-room=price]")).to_have_text("9,600")
    with live.desk():
        ends = rooms.moment(rooms.read(lot_id).standing.ends_at)
    live.travel(ends + timedelta(seconds=1))
    live.wait_for(lambda: projects.award_of(lot_id))
    expect(wall.locator("[data-room=phase]")).to_have_text("竞价结束")
    winner = visitors("buyer1")
    page = winner.open(f"/me/sales/{sale.code}")
    expect(page.locator("main")).to_contain_text("玖仟陆佰万元整")
    winner.press("在本机签署成交确认书")
    expect(page.get_by_text("✓ 竞得人")).to_have_count(1)
    page = visitors("wall").open(f"/auctions/{sale.code}")
    expect(page.locator("main")).to_contain_text(sale.companies[1].name)
    page = visitors("wall").open(f"/auctions/{sale.code}/replay")
    expect(page.locator("#replay-slider")).to_be_enabled()
    page.locator("#replay-speed").select_option("600")
    page.get_by_role("button", name="播放或者暂停").click()
    expect(page.locator("[data-room=phase]")).to_have_text("竞价结束")
    expect(page.locator("[data-room=price]")).to_have_text("9,600")
    with live.desk():
        bids = list(db.session.scalars(db.select(LiveBid).where(LiveBid.lot_id == lot_id).order_by(LiveBid.number)))
        assert [(item.paddle, item.fen) for item in bids] == [
            (sale.numbers[0], START), (sale.numbers[1], START + 2 * STEP), (sale.numbers[2], 95_000_000_00), (sale.numbers[1], 96_000_000_00)]


def test_capitals_are_the_same_in_both_halves(visitors: Visitors) -> None:
    page = visitors("wall").open("/auctions")
    chance = random.Random(7)
    amounts = [0, 1, 10, 100, 101, 110, 10_000_00, 100_010_001, *(chance.randrange(10 ** chance.randrange(1, 16)) for _ in range(500))]
    found = page.evaluate("async amounts => { const { capitals } = await import('/static/auction/capitals.js'); return amounts.map(capitals) }", amounts)
    assert found == [capitals(amount) for amount in amounts]

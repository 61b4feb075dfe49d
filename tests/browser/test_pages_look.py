"""Every main page at two widths, in both languages: nothing for axe to find, no sideways scrolling, one main
region, one first heading, and no complaint of the browser.

Light and dark take turns from page to page, the most used pages come in both; MINGTANG_LOOKS=all looks at every
page in both.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from experts.draw import service as draws
from experts.evaluation import service as evaluation
from tests.browser.conftest import Visitor, Visitors
from tests.browser.live import Live
from tests.builders import NAMES, PARCEL, SCORED, live_lot, live_method
from tests.conftest import Prepared
from tests.rules.test_land_records import GOOD
from tests.services import test_sales as sales
from trading.accounts.permissions import Role
from trading.announcements import queries
from trading.announcements import service as announcements
from trading.base import clock
from trading.contracts import payments
from tests.services.test_live_sales import START, STEP
from trading.demonstration.sale import SaleRun
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.drafting import service as drafting
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.sales import grants, records

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages look")]

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
AXE = Axe()
RUN = "options => axe.run(document, options).then(({ violations }) => violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.target.join(' '))]))"

#: Who looks, at what; names in braces are of the module's ``town``.
PAGES = [
    ("home", "", "/"), ("search", "", "/search?q=工程"), ("search without results", "", "/search?q=没有这样的公告"),
    ("search refused", "", "/search?from=31-31-2026"), ("project before", "", "/p/{soon}"), ("project after", "", "/p/{done}"),
    ("notice with versions", "", "/notices/{notice}"), ("hall before", "", "/hall/{soon_lot}"), ("hall after", "", "/hall/{open_lot}"),
    ("halls", "", "/hall"), ("calendar", "", "/calendar"), ("draw", "", "/draws/{open_lot}"), ("verify", "", "/verify"),
    ("login", "", "/login"), ("help", "", "/help"), ("accessibility", "", "/accessibility"), ("sitemap", "", "/sitemap"),
    ("not found", "", "/p/nothing"), ("evidence log", "", "/log"),
    ("bidder's start", "bidder", "/me"), ("my lots", "bidder", "/me/lots"), ("my lot", "bidder", "/me/lots/{soon_lot}"),
    ("wizard", "bidder", "/me/lots/{soon_lot}/seal"), ("bidder's hall", "bidder", "/hall/{open_lot}"), ("ask", "bidder", "/p/{soon}/ask"),
    ("messages", "bidder", "/me/messages"), ("company", "bidder", "/me/company"), ("account", "bidder", "/me/account"),
    ("my projects", "tenderer", "/projects"), ("new project", "tenderer", "/projects/new"), ("draft project", "tenderer", "/projects/{draft}"),
    ("lot form", "tenderer", "/projects/{draft}/lots/new"), ("notice form", "tenderer", "/projects/{accepted}/notice"),
    ("document editor", "tenderer", "/projects/{accepted}/document"), ("document preview", "tenderer", "/projects/{accepted}/document/preview"),
    ("correction", "tenderer", "/notices/{notice}/correct"), ("clarify", "tenderer", "/projects/{soon_id}/clarify"), ("questions", "tenderer", "/projects/{soon_id}/questions"),
    ("result", "tenderer", "/projects/{done_id}/lots/{done_lot_id}/result"),
    ("result to publicise", "tenderer", "/projects/{ranked_id}/lots/{ranked_lot_id}/result"), ("clocks", "tenderer", "/me/clocks"),
    ("invitations", "tenderer", "/projects/{invited}/invitations"), ("pauses", "supervisor", "/supervise/{soon_lot}/pauses"),
    ("supervisor's clocks", "supervisor", "/me/clocks"),
    ("registrations", "registrar", "/registrations"), ("registration", "registrar", "/registrations/{waiting}"),
    ("deposits", "finance", "/deposits"), ("host's hall", "host", "/hall/{open_lot}"),
    ("draws", "draw_operator", "/draws"), ("draw conditions", "draw_operator", "/draws/{soon_lot}/new"), ("pool", "draw_operator", "/experts"),
    ("expert's sessions", "expert", "/eval"), ("eval room", "expert", "/eval/{open_lot}"), ("eval report", "past expert", "/eval/{done_lot}"),
    ("sessions to sign", "tenderer", "/projects/{soon_id}/sessions"), ("audit", "supervisor", "/audit"), ("offline verifiers", "", "/verify/offline"),
    ("archive search", "supervisor", "/archive/search?q=工程"), ("loans", "archivist", "/archive/loans"), ("disposals", "archivist", "/archive/disposals"),
    ("archive", "archivist", "/archive"), ("archive case", "archivist", "/archive/{done_lot}"),
    ("board", "supervisor", "/supervise"), ("timeline", "supervisor", "/supervise/{done_lot}"), ("verification", "supervisor", "/supervise/{done_lot}/verify"),
    ("talks", "group member", "/eval/{talks_lot}"), ("later rounds", "bidder", "/me/lots/{talks_lot}/offers"),
    ("wizard of a later round", "bidder", "/me/lots/{talks_lot}/offers/1/seal"), ("hall that reads nothing out", "", "/hall/{talks_lot}"),
    ("qualification", "tenderer", "/select/{sale_lot}"), ("agreement with one", "tenderer", "/select/{single_lot}"),
    ("draw of suppliers", "tenderer", "/projects/{drawn_id}/suppliers"), ("pool of suppliers", "tenderer", "/projects/{pool_id}/suppliers"),
    ("draw among companies", "", "/draws/{drawn_lot}/suppliers"), ("framework", "tenderer", "/frameworks/{frame_lot}"),
    ("prequalification result", "tenderer", "/prequalification/{past_lot}"), ("wizard of an application", "bidder", "/me/lots/{apply_lot}/seal"),
    ("live lot form", "tenderer", "/projects/{parcels}/lots/new"), ("parcel", "tenderer", "/projects/{parcels}/lots/1/parcel?q=定兴"),
    ("live project", "tenderer", "/projects/{parcels}"), ("notice form of a grant", "tenderer", "/projects/{grant}/notice"),
    ("land in public", "", "/p/{land}"), ("land notice", "", "/notices/{land_notice}"),
    ("payment plan", "tenderer", "/projects/{sold_id}/lots/{sold_lot_id}/contract"),
    ("contract with a plan", "tenderer", "/projects/{sold_id}/lots/{sold_lot_id}/result"),
    ("auctions", "", "/auctions"), ("listing", "bidder", "/auctions/{room}"), ("wall of a listing", "", "/auctions/{room}/wall"),
    ("host's listing", "host", "/auctions/{room}"), ("sale that is over", "", "/auctions/{over}"), ("replay", "", "/auctions/{over}/replay"),
    ("my sales", "bidder", "/me/sales"), ("my sale", "bidder", "/me/sales/{room}"), ("right to bid", "bidder", "/me/sales/{room}/letter"),
    ("sale that was won", "bidder", "/me/sales/{over}"), ("seller's sale", "tenderer", "/projects/lots/{over}/sale"), ("reserve to be sealed", "tenderer", "/projects/lots/{later}/sale"),
    ("reserve wizard", "tenderer", "/projects/lots/{later}/reserve"), ("application", "bidder", "/me/sales/{later}"),
    ("accounts", "administrator", "/admin/accounts"), ("new account", "administrator", "/admin/accounts/new"),
]
THOROUGH = {"home", "project after", "hall after", "draw", "wizard", "login"}
ENGLISH = {"home", "search", "project after", "hall before", "hall after", "draw", "wizard", "eval room", "verification", "login", "verify",
           "new project", "talks", "later rounds", "qualification", "framework", "draw among companies", "clocks", "pauses", "document editor", "document preview",
           "listing", "my sale", "sale that is over", "auctions", "application", "reserve to be sealed",
           "live lot form", "parcel", "land in public", "land notice", "payment plan"}


@pytest.fixture(scope="module")
def town(live: Live, prepared_sqlite: Prepared) -> SimpleNamespace:
    """A case that is archived, one under evaluation, one that takes bids, three before their notice."""
    begin = clock.now()
    with live.desk():
        def run(name: str, days: float, *steps: str, **changes: Any) -> CaseRun:
            offers = [Offer(company, 90_000_000 + 12_345 * n) for n, company in enumerate(prepared_sqlite.companies[:changes.pop("bidders", 3)])]
            plan = {"method": SCORED, "deposit_fen": 1_000_000} | changes
            case = CaseRun(live.cast, Plan(name, "一标段", 100_000_000, 95_000_000, offers, "CN-51", **plan), begin + timedelta(days=days))
            for step in steps:
                getattr(case, step)()
            return case

        done = run("青石路改造工程", 0, "run", "seal_archive")
        opened = run("白河镇污水管网工程", 14, "register", "announce", "pay_deposits", "file_bids", "close", "open", "draw")
        evaluation.start(opened.lot_id, actor="host", at=opened.wait(hours=1))
        sitting = [evaluation.account_of(member) for member in evaluation.members(opened.lot_id)]
        for account in sitting:
            evaluation.declare(opened.lot_id, account, conflict="", at=opened.wait(minutes=1))
        soon = run("中心小学教学楼抗震加固工程", 24, "register", "announce")
        question = announcements.ask(soon.lot_id, "路缘石的规格以哪个为准？", asker=prepared_sqlite.companies[0].code, at=soon.wait(days=1))
        announcements.answer(question.id, "以图纸 S-07 为准。", actor="tenderer", at=soon.wait(hours=1))
        announcements.ask(soon.lot_id, "质量标准是否有调整？", asker=prepared_sqlite.companies[1].code, at=soon.wait(hours=1))
        deadline = projects.get_lot(soon.lot_id).deadline
        assert deadline is not None
        announcements.clarify(soon.project_id, "一号澄清公告", "工程量清单第 3 章以图纸 S-07 为准。", actor="tenderer", at=soon.wait(hours=1),
                              new_deadline=deadline + timedelta(days=10))
        accepted = run("档案馆库房修缮工程", 30, "register")
        # A draft with a breach, a gap and a clue, so that all of them are looked at.
        drafting.save(accepted.project_id, drafting.entries(project_queries.get(accepted.project_id), at=accepted.at) | {
            "technical": "照明设备须采用甲品牌。", "lot1_floor": 1, "period": "180 日"}, {}, actor="tenderer", at=accepted.at)
        invited = run("应急指挥中心装修工程", 31, "register", procedure="works-invited")
        ranked = run("文化馆外墙维修工程", 8, "register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate")
        goods: dict[str, Any] = {"category": "goods", "method": {"kind": "procurement_lowest"}, "deposit_fen": 0}
        talks = run("应急通信设备采购", 12, "register", "announce", "file_bids", "close", "open", "draw",
                    **(goods | {"procedure": "negotiation", "bidding_days": 9}))
        group = talks.sit()
        for bid in evaluation.accepted_bids(talks.lot_id):
            evaluation.record_talk(talks.lot_id, group[0], bid.organisation_id, "逐项商谈技术要求，双方确认。", at=talks.wait(minutes=5))
        evaluation.ask_for_offers(talks.lot_id, group[0], begin + timedelta(days=36), is_final=False, changes="质保期延长至三年。",
                                  at=begin + timedelta(days=33))
        sale = run("闲置办公楼转让", 1, "register", "announce", "pay_deposits", "file_bids", "close", "open", procedure="property-listing",
                   category="property", method={"kind": "property_highest"}, bidding_days=35)
        single = run("核心系统续保采购", 15, "register", "announce", "file_bids", "close", "open", procedure="single-source",
                     category="goods", method={"kind": "negotiated"}, bidding_days=10, deposit_fen=0, bidders=1)
        pool = projects.draft({"name": "档案数字化采购", "procedure": "procurement-invited", "category": "goods", "region": "CN-51",
                               "funding": "财政资金", "approval": "1号", "estimate_fen": 10**8, "summary": "数字化"}, [
            {"name": "一包", "estimate_fen": 10**8, "ceiling_fen": 10**8, "deposit_fen": 0, "qualifications": "具备能力",
             "method": {"kind": "procurement_lowest"}}], tenderer_id=live.cast.tenderer.id, actor="tenderer", at=begin)
        for kind in ("approval", "tender_document"):
            projects.add_file(pool.id, kind, f"{kind}.txt", [kind.encode()], actor="tenderer", at=begin)
        projects.submit(pool.id, actor="tenderer", at=begin)
        projects.accept(pool.id, actor="registrar", at=begin)
        drawn = run("消防车辆采购", 2, "register", pool=prepared_sqlite.companies, **(goods | {"procedure": "procurement-invited"}))
        free: dict[str, Any] = {"procedure": "works-prequalification", "method": {"kind": "qualified"}, "deposit_fen": 0}
        past = run("客运站站房工程资格预审", 6, "register", "announce", "file_bids", "close", "open", "draw", "evaluate", **free)
        apply = run("体育馆屋面工程资格预审", 26, "register", "announce", **free)
        frame = run("印刷服务框架协议", 3, "run", procedure="framework", category="service", deposit_fen=0,
                    method={"kind": "procurement_lowest", "second_stage": "direct"})
        seller = SimpleNamespace(cast=live.cast)
        lots = [live_lot(live_method("listing", parcel=PARCEL | {"number": number}), name=number) for number in ("青地2026-07号", "青地2026-08号")]
        begun = sales.draft(seller, live_lot(live_method(after_ceiling="lottery", parcel=PARCEL), ceiling_fen=9_000_000_000), at=begin)
        grants.keep(records.read(json.dumps([GOOD]).encode()).grants, actor="t", at=begin)
        grant, land = sales.accepted(seller, *lots, at=begin), sales.accepted(seller, *lots, at=begin)
        listed = sales.publish(land, sales.moments(at=begin, opens=25, deadline=38, ends=40), at=begin)
        bidders = [Offer(company, 90_000_000 + n) for n, company in enumerate(prepared_sqlite.companies[:3])]
        sold = CaseRun(live.cast, Plan("城北加油站用地", "一标段", 80_000_000, None, bidders, "CN-51",
                                       procedure="land-tender", category="land", method={"kind": "land_highest"}, deposit_fen=20_000_000), begin + timedelta(days=1))
        sold.run()
        payments.pay(sold.lot_id, 1_000_000, sold.at.astimezone(clock.BEIJING).date(), "缴-1", actor="tenderer", at=sold.at)
        over, room, later = (live_sale(live, prepared_sqlite, begin + timedelta(days=days), mode, reserve)
                             for days, mode, reserve in ((0, "auction", "none"), (10, "listing", "none"), (22, "listing", "sealed")))
        over.take_part()
        over.begin()
        over.bid(over.buyers[0], START)
        over.until_end()
        over.settle()
        room.take_part()
        room.begin()
        for number, buyer in enumerate(room.buyers):
            room.bid(buyer, START + number * STEP)
        for step in ("register", "announce"):
            getattr(later, step)()
        tenderer = live.cast.tenderer
        basics = {"procedure": "works-open", "category": "construction", "region": "CN-51", "funding": "财政资金", "approval": "清发改〔2026〕9号",
                  "estimate_fen": 200_000_000, "summary": "屋面防水。"}
        lot = {"name": "施工", "estimate_fen": 200_000_000, "ceiling_fen": 180_000_000, "deposit_fen": 0, "qualifications": "三级及以上", "method": {"kind": "works_lowest"}}
        draft = projects.draft(basics | {"name": "图书馆屋面防水工程"}, [lot], tenderer_id=tenderer.id, actor="tenderer", at=begin)
        waiting = projects.draft(basics | {"name": "幼儿园围墙重建工程"}, [lot], tenderer_id=tenderer.id, actor="tenderer", at=begin)
        for kind in ("approval", "tender_document"):
            projects.add_file(waiting.id, kind, f"{kind}.txt", [kind.encode()], actor="tenderer", at=begin)
        projects.submit(waiting.id, actor="tenderer", at=begin)
        former = next(account for account in live.cast.experts if draws.seat_of(done.draw_id, account))
        # A committee of the past may sit again: another account is let in for each.
        present = next(account for account in sitting if account != former)
        tender = queries.tender_notice(soon.project_id)
        assert tender is not None
        town = SimpleNamespace(
            soon=soon.lot.project.code, soon_id=soon.project_id, soon_lot=soon.lot.code, done=done.lot.project.code, done_id=done.project_id,
            done_lot=done.lot.code, done_lot_id=done.lot_id, open_lot=opened.lot.code, notice=tender.id, draft=draft.id, waiting=waiting.id,
            accepted=accepted.project_id, invited=invited.project_id, talks_lot=talks.lot.code, sale_lot=sale.lot.code, single_lot=single.lot.code, drawn_id=drawn.project_id,
            drawn_lot=drawn.lot.code, pool_id=pool.id, frame_lot=frame.lot.code, past_lot=past.lot.code, apply_lot=apply.lot.code, ranked_id=ranked.project_id, ranked_lot_id=ranked.lot_id,
            parcels=begun.id, grant=grant.id, land=land.code, land_notice=listed.id, sold_id=sold.project_id, sold_lot_id=sold.lot_id,
            over=over.lot.code, room=room.lot.code, later=later.lot.code)
        live.resting = True
        live.travel(max(case.at for case in (done, opened, soon, accepted, invited, ranked, sale, single, frame, past, apply)) + timedelta(minutes=5))
    people = {"expert": live.let_in(present), "past expert": live.let_in(former), "group member": live.let_in(group[0]),
              "bidder": live.account("bidder", Role.BIDDER, prepared_sqlite.companies[0].id),
              "tenderer": live.account("tenderer", Role.TENDERER, tenderer.id)}
    town.people = people | {str(role): live.account(f"the-{role}", role) for role in (
        Role.REGISTRAR, Role.FINANCE, Role.HOST, Role.DRAW_OPERATOR, Role.ARCHIVIST, Role.SUPERVISOR, Role.ADMINISTRATOR)}
    return town


def live_sale(live: Live, prepared: Prepared, at: datetime, mode: str, reserve: str) -> SaleRun:
    """A sale of land by three companies, not begun."""
    offers = [Offer(company, 0) for company in prepared.companies[:3]]
    method = {"kind": "live", "sale": {"mode": mode, "step_fen": STEP, "reserve": reserve, "parcel": PARCEL}}
    return SaleRun(live.cast, Plan("临江路地块", "一号宗地", START, None, offers, "CN-51", method, procedure="land-auction" if mode == "auction" else "land-listing",
                                   category="land", deposit_fen=START // 4), at)


def look(page: Page, options: dict[str, Any]) -> list[Any]:
    """What axe finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    found: list[Any] = page.evaluate(RUN, {"resultTypes": ["violations"], **options})
    return found


def visit(visitor: Visitor, path: str) -> Page:
    page = visitor.page
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.goto(visitor.live.address + path)
    return page


COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
WITHOUT_COLOURS: dict[str, Any] = {"rules": {"color-contrast": {"enabled": False}}}


def faults(page: Page, *, thorough: bool = False, themes: str = "light, dark") -> list[Any]:
    """Everything in light and wide, what depends on colours in dark and narrow; ``thorough`` also the other way about.

    ``themes`` names those whose colours are looked at.
    """
    colours = COLOURS
    found: list[Any] = [("wide", fault) for fault in look(page, {} if "light" in themes else WITHOUT_COLOURS)]
    page.emulate_media(color_scheme="dark")
    if thorough:
        found += [("wide, dark", fault) for fault in look(page, colours)]
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    if thorough or "dark" in themes:
        found += [("narrow, dark", fault) for fault in look(page, {} if thorough else colours)]
    if thorough:
        page.emulate_media(color_scheme="light")
        found += [("narrow", fault) for fault in look(page, colours)]
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if over > 0:
        found.append(("narrow", f"scrolls sideways by {over} px"))
    for what, count in (("main", page.locator("main").count()), ("h1", page.locator("h1").count())):
        if count != 1:
            found.append(f"{count} {what}")
    return found


@pytest.mark.parametrize(("name", "who", "path"), PAGES, ids=[name for name, _, _ in PAGES])
def test_page(visitors: Visitors, town: SimpleNamespace, name: str, who: str, path: str) -> None:
    is_new = who not in visitors.known
    visitor = visitors(who)
    if who and is_new:
        visitor.sign_in(town.people[who])
    address = path.format(**vars(town))
    page = visit(visitor, address)
    is_thorough = name in THOROUGH or os.environ.get("MINGTANG_LOOKS") == "all"
    turn = "light" if [one for one, _, _ in PAGES].index(name) % 2 else "dark"
    assert faults(page, thorough=is_thorough, themes="light, dark" if is_thorough else turn) == []
    if name in ENGLISH:
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        page.goto(f"{page.url}{'&' if '?' in page.url else '?'}lang=en")
        assert page.locator("html").get_attribute("lang") == "en"
        found = look(page, {})
        if (over := page.evaluate("document.documentElement.scrollWidth - window.innerWidth")) > 0:
            found.append(f"scrolls sideways by {over} px")
        visitor.page.goto(visitor.live.address + "/login?lang=zh")
        assert found == []
    if name in ("not found", "search refused"):
        # The browser notes every answer of 400 and above; that is what was asked for here.
        visitor.complaints[:] = [line for line in visitor.complaints if "Failed to load resource" not in line]


def test_no_bidder_is_on_a_page_before_the_close(visitors: Visitors, town: SimpleNamespace) -> None:
    for path in ("/p/{soon}", "/hall/{soon_lot}", "/"):
        content = visit(visitors(""), path.format(**vars(town))).content()
        assert not [name for name in NAMES if name in content]


def test_control_the_watch_sees_what_it_watches_for(visitors: Visitors, town: SimpleNamespace) -> None:
    page = visit(visitors(""), "/help")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p><img alt=\"\" src=\"https://example.org/x.png\">')")
    page.evaluate("setTimeout(() => { throw new Error('on purpose') }, 0)")
    page.wait_for_timeout(300)
    found = visitors.complaints()
    assert sum("Content Security Policy" in line for line in found) >= 2 and any("on purpose" in line for line in found)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p id=\"wide\">x</p><img src=\"/static/img/seal.svg\">')")
    page.evaluate("document.getElementById('wide').style.width = '900px'")
    seen = str(faults(page))
    assert "scrolls sideways" in seen and "image-alt" in seen

"""One tender in real browsers, every role at its own: from the registration to the verified pack.

The tests are the chapters of one case and run in order; the clock is moved ahead between them.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from bidding.opening import service as opening
from bidding.trustees import service as trustees
from experts.draw import service as draws
from experts.evaluation import service as evaluation
from tests.browser.conftest import Visitor, Visitors
from tests.browser.live import Live
from tests.builders import SCORED
from tests.conftest import Prepared
from trading.accounts.permissions import Role
from trading.base.clock import now, stopped
from trading.deposits import service as deposits
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.projects import queries
from trading.projects import service as projects
from trading.projects.rules import Stage

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("walk the case")]

NAME = "清溪县滨河步道提升工程"
PASSPHRASE = "a long passphrase for recovery"
OUR_PRICE = 8_765_432_10
DEPOSIT_FEN = 10_000_00


@pytest.fixture(scope="module")
def case(live: Live, prepared_sqlite: Prepared) -> SimpleNamespace:
    """What the chapters hand on to each other, and the people."""
    companies = prepared_sqlite.companies
    live.account("tenderer", Role.TENDERER, live.cast.tenderer.id)
    live.account("bidder", Role.BIDDER, companies[0].id)
    for role in (Role.REGISTRAR, Role.FINANCE, Role.DRAW_OPERATOR, Role.ARCHIVIST, Role.SUPERVISOR, Role.HOST):
        live.account(f"the-{role}", role)
    return SimpleNamespace(companies=companies, ours=companies[0])


def has_text(page: Page, text: str) -> None:
    expect(page.locator("main")).to_contain_text(text)


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f'main [name="{name.replace("__", "-")}"]').fill(value)


# --- registration and notice --------------------------------------------------------------------------


def test_a_tenderer_registers_and_the_registrar_accepts(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    tenderer = visitors("tenderer")
    page = tenderer.sign_in("tenderer", "/projects/new")
    fill(page, name=NAME, estimate="900 万", funding="财政资金 100%", approval="清发改〔2026〕21号", summary="步道三公里，含照明。")
    tenderer.press("保存并继续")
    has_text(page, "还没有标段")
    case.project = int(page.url.rstrip("/").rsplit("/", 1)[1])

    page.get_by_role("link", name="添加标段").click()
    page.locator('[name="kind"]').select_option("works_comprehensive")
    fill(page, name="一标段施工", estimate="900 万", ceiling="890 万", deposit="1 万", qualifications="市政公用工程施工总承包三级及以上",
         price_points="60", factors__0__name="施工组织设计", factors__0__most="25", factors__1__name="项目团队", factors__1__most="15")
    tenderer.press("保存标段")
    has_text(page, "一标段施工")

    for kind, data in (("approval", "批复".encode()), ("tender_document", "招标文件".encode())):
        page.locator('main [name="kind"]').select_option(kind)
        page.locator('main [name="file"]').set_input_files({"name": f"{kind}.txt", "mimeType": "text/plain", "buffer": data})
        tenderer.press("上传文件")
        has_text(page, f"{kind}.txt")
    has_text(page, "内容齐全，可以提交")
    tenderer.press("提交登记")
    has_text(page, "登记已提交")

    registrar = visitors("registrar")
    page = registrar.sign_in("the-registrar", "/registrations")
    page.get_by_role("link", name=NAME).click()
    has_text(page, "必填内容齐全")
    registrar.press("受理并编号")
    expect(page.get_by_text("最近受理").or_(page.locator(".page-head__code", has_text=re.compile("A1")))).to_be_visible()
    with live.desk():
        project = queries.get(case.project)
        case.code, case.lot_id, case.lot = project.code, project.lots[0].id, project.lots[0].code


def test_the_notice_is_published_with_lawful_dates(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    tenderer = visitors("tenderer")
    page = tenderer.open(f"/projects/{case.project}/notice")
    suggested = page.locator('[name="deadline"]').input_value()
    page.locator('[name="deadline"]').fill("2026-03-10 10:00")
    tenderer.press("按现在的时间核对")
    has_text(page, "编制时间不足")
    page.locator('[name="deadline"]').fill(suggested)
    tenderer.press("保存草稿")
    has_text(page, "草稿已保存")
    tenderer.press("发布")
    has_text(page, "招标公告已发布")

    def started() -> bool:
        return projects.get_lot(case.lot_id).stage == Stage.BIDDING

    live.wait_for(started)
    with live.desk():
        case.deadline = projects.get_lot(case.lot_id).deadline
    assert case.deadline - now() > timedelta(days=20)
    page = tenderer.open(f"/projects/{case.project}/sessions")
    has_text(page, "未签名")
    tenderer.press("核对无误，在本机签名")
    has_text(page, "已签名")


def test_the_public_finds_it_and_a_question_is_answered(visitors: Visitors, case: SimpleNamespace) -> None:
    public = visitors("public")
    page = public.open("/")
    page.locator("#q").fill("滨河步道")
    public.press("搜索")
    page.get_by_role("link", name=f"{NAME}招标公告").click()
    page.get_by_role("link", name="查看项目").click()
    expect(page.locator("h1")).to_contain_text(NAME)
    has_text(page, "截标前不公布")

    bidder = visitors("bidder")
    page = bidder.sign_in("bidder", f"/p/{case.code}/ask")
    page.locator("#text").fill("路缘石的规格与图纸不一致，以哪个为准？")
    bidder.press("提交问题")
    has_text(page, "问题已提交")

    tenderer = visitors("tenderer")
    page = tenderer.open(f"/projects/{case.project}/questions")
    has_text(page, "路缘石")
    assert case.ours.name not in page.content()
    page.locator("main textarea").fill("以图纸 S-07 为准。")
    page.locator("main form button[type=submit]").click()
    has_text(page, "答复已向所有人公开")
    page = public.open(f"/p/{case.code}")
    has_text(page, "以图纸 S-07 为准。")


# --- sealing ----------------------------------------------------------------------------------------------


def seal(bidder: Visitor, case: SimpleNamespace, downloads: Path, price: str, letter: bytes) -> Path:
    """Go through the wizard; returns the receipt as it was downloaded."""
    page = bidder.open(f"/me/lots/{case.lot}/seal")
    page.locator("#offer-price").fill(price)
    expect(page.locator("#offer-echo")).to_contain_text("元")
    page.locator("#offer-days").fill("90")
    page.locator("#slot-letter").set_input_files({"name": "投标函.txt", "mimeType": "text/plain", "buffer": letter})
    bidder.press("下一步：自查")
    expect(page.locator("#check-list .checks--failed")).to_have_count(0)
    bidder.press("在本机加密")
    expect(page.locator('[data-step="sign"]')).to_be_visible()
    expect(page.locator("#sign-submit")).to_be_disabled()
    page.locator("#passphrase").fill(PASSPHRASE)
    page.locator("#passphrase-again").fill(PASSPHRASE)
    with page.expect_download() as recovery:
        bidder.press("下载恢复文件")
    recovery.value.save_as(downloads / "recovery.json")
    page.locator("#sign-agree").check()
    bidder.press("封存并递交")
    expect(page.locator("#done")).to_be_visible()
    with page.expect_download() as receipt:
        page.locator("#done-receipt").click()
    receipt.value.save_as(downloads / "receipt.json")
    return downloads / "receipt.json"


def test_a_bidder_pays_seals_checks_the_receipt_and_replaces(live: Live, visitors: Visitors, case: SimpleNamespace, tmp_path: Path) -> None:
    bidder = visitors("bidder")
    page = bidder.open("/me/lots")
    page.get_by_role("link", name=re.compile(NAME)).click()
    bidder.press("生成子账号")
    has_text(page, "子账号")
    with live.desk():
        account = deposits.known_sub_account(case.lot_id, case.ours.id)
        assert account is not None
        number = account.number
    lines = ["流水号,入账时间,金额,收款子账号,付款户名,付款账号", f"BANK-0001,2026-03-03 09:30:00,10000.00,{number},{case.ours.name},6217", "合计,1,10000.00,,,"]
    finance = visitors("finance")
    finance.sign_in("the-finance", "/deposits")
    finance.page.locator("#statement").set_input_files({"name": "bank.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()})
    finance.press("导入")
    has_text(finance.page, "导入 1 笔新流水")
    assert case.ours.name not in finance.page.content()

    first = seal(bidder, case, tmp_path, "880 万", b"first letter")
    receipt = json.loads(first.read_text("utf-8"))
    page = visitors("public").open("/verify")
    page.locator("#file").set_input_files(first)
    visitors("public").press("核验")
    has_text(page, "核验通过")

    second = json.loads(seal(bidder, case, tmp_path, "8,765,432.10", b"second letter").read_text("utf-8"))
    assert second["event"]["replaces"] == receipt["event"]["bid_digest"]
    page = bidder.open(f"/me/lots/{case.lot}")
    expect(page.get_by_text("已被替换")).to_be_visible()
    expect(page.get_by_text("第 2 次")).to_be_visible()

    # Withdrawn by the key of this browser, and filed again.
    page.get_by_text("撤回投标", exact=True).click()
    bidder.press("确认撤回")
    has_text(page, "投标已撤回")
    expect(page.locator(".version").filter(has_text="已撤回")).to_have_count(1)
    third = json.loads(seal(bidder, case, tmp_path, "8,765,432.10", b"third letter").read_text("utf-8"))
    assert third["event"]["replaces"] == "" and third["event"]["version"] == 3
    case.digest = third["event"]["bid_digest"]


def test_the_others_file_and_nobody_is_shown(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    """Two more bidders, by the services; the hall tells nobody of them."""
    with live.desk():
        offers = [Offer(company, OUR_PRICE + 123_456 * n) for n, company in enumerate(case.companies[1:3], 1)]
        others = CaseRun(live.cast, Plan(NAME, "一标段施工", 9_000_000_00, 8_900_000_00, offers, "CN-51", SCORED, deposit_fen=DEPOSIT_FEN), now())
        others.lot_id, others.session = case.lot_id, trustees.session_of(case.lot_id, "bid")
        others.pay_deposits()
        others.file_bids()
        case.others = others
    live.travel(others.at + timedelta(minutes=1))
    bidder = visitors("bidder")
    page = bidder.sign_in("bidder", f"/hall/{case.lot}")
    bidder.press("签到")
    has_text(page, "您已签到")
    page = visitors("public").open(f"/hall/{case.lot}")
    has_text(page, "截标前不显示投标人")
    for company in case.companies:
        assert company.name not in page.content()


# --- opening ----------------------------------------------------------------------------------------------


def test_the_opening(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    live.travel(case.deadline - timedelta(seconds=8))
    public, bidder = visitors("public"), visitors("bidder")
    page = public.open(f"/hall/{case.lot}")
    has_text(page, "截标前不显示投标人")
    bidder.sign_in("bidder", f"/hall/{case.lot}")
    for name in [company.name for company in case.companies[:3]]:
        expect(page.locator("#roll-table")).to_contain_text(name, timeout=25_000)
    has_text(page, "投标截止，共收到 3 份投标")
    assert "8,765,432.10" not in page.content()

    own = bidder.page
    expect(own.locator("[data-decrypt]")).to_be_visible(timeout=15_000)
    expect(own.locator("[data-decrypt][data-ready=yes]")).to_be_visible()
    bidder.press("用本机保存的份额解密")
    expect(page.locator("#hall-log")).to_contain_text(f"{case.ours.name} 已交出解密份额")
    with live.desk():
        for offer, receipt in zip(case.others.plan.offers, case.others.receipts, strict=True):
            digest = receipt.event["bid_digest"]
            opening.give_half(case.lot_id, digest, case.others.halves[digest], bidder_id=offer.company.id, clock=stopped(now()))
    live.wait_for(lambda: projects.get_lot(case.lot_id).stage == Stage.OPENED, 40)
    expect(page.locator("#roll-table")).to_contain_text("8,765,432.10", timeout=20_000)
    expect(page.locator("#roll-table")).to_contain_text("8,766,666.66")
    page = bidder.open(f"/hall/{case.lot}")
    has_text(page, "8,765,432.10")
    bidder.press("确认唱标内容")
    has_text(page, f"{case.ours.name} 已确认唱标内容")


# --- draw and evaluation ------------------------------------------------------------------------------------


def test_the_draw(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    operator = visitors("operator")
    page = operator.sign_in("the-draw_operator", f"/draws/{case.lot}/new")
    page.locator("#seats-A01").fill("5")
    operator.press("锁定条件")
    has_text(page, "席位 5")
    with live.desk():
        draw = draws.of_lot(case.lot_id)
        assert draw is not None
        case.draw = draw.id
    live.wait_for(lambda: draws.get(case.draw).drawn_at, 40)
    with live.desk():
        called = [account for account in live.cast.experts if draws.seat_of(case.draw, account)]
        assert len(called) == 5
    case.expert = called[0]
    expert = visitors("expert")
    page = expert.sign_in(live.let_in(case.expert), "/eval")
    assert NAME not in page.content() and case.lot not in page.content()
    expert.press("接受")
    with live.desk():
        for account in called[1:]:
            draws.answer(case.draw, account, accepts=True, at=now())
    page = operator.open(f"/draws/{case.lot}")
    expect(page.locator(".seat--done")).to_have_count(5)
    assert "专家0" not in page.content()


def test_the_evaluation(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    """One expert at the browser, the other four by the services."""
    live.wait_for(lambda: evaluation.evaluation_of(case.lot_id), 20)
    with live.desk():
        sitting = [account for account in map(evaluation.account_of, evaluation.members(case.lot_id)) if account != case.expert]
        for account in sitting:
            evaluation.declare(case.lot_id, account, conflict="", at=now())
    expert = visitors("expert")
    page = expert.open("/eval")
    page.get_by_role("link", name="进入评标室").click()
    page.get_by_label("没有应当回避的情形").check()
    expert.press("提交声明")
    has_text(page, case.ours.name)
    for place in page.locator('input[type=radio][value="pass"]').all():
        place.check()
    expert.press("提交初步评审")
    has_text(page, "您的部分已经提交")
    with live.desk():
        method = evaluation.rules.read_method(projects.get_lot(case.lot_id).method)
        bids = [bid.digest for bid in evaluation.bids_to_judge(case.lot_id)]
        for account in sitting:
            evaluation.submit_review(case.lot_id, account, {(digest, c): (True, "") for digest in bids for c in method.criteria}, at=now())
    page = expert.open(f"/eval/{case.lot}")
    for place in page.locator("[data-score-sheet] input[inputmode=decimal]").all():
        most = place.locator("xpath=ancestor::tr/td[2]").inner_text()
        place.fill(str(int(float(most)) - 2))
    expert.press("提交评分")
    has_text(page, "您的部分已经提交")
    with live.desk():
        for account in sitting:
            marks = {(digest, factor.id): (str(int(factor.most) - 3), "") for digest in bids for factor in method.factors}
            evaluation.submit_scores(case.lot_id, account, marks, at=now())
    page = expert.open(f"/eval/{case.lot}")
    expert.press("签署报告")
    has_text(page, "您已签署")
    with live.desk():
        for account in sitting:
            evaluation.sign(case.lot_id, account, at=now())
        assert projects.get_lot(case.lot_id).stage == Stage.EVALUATED


# --- result, archive, supervision ------------------------------------------------------------------------------


def test_the_result_and_the_contract(live: Live, visitors: Visitors, case: SimpleNamespace) -> None:
    tenderer = visitors("tenderer")
    place = f"/projects/{case.project}/lots/{case.lot_id}/result"
    page = tenderer.sign_in("tenderer", place)
    for box in page.locator("[name^=manager_], [name^=qualification_]").all():
        box.fill("项目负责人张建，建造师证书 川1512026001")
    tenderer.press("公示中标候选人")
    has_text(page, "中标候选人公示已发布")
    live.travel(days=8)
    page = tenderer.sign_in("tenderer", place)
    page.locator("main input[type=radio]").first.check()
    tenderer.press("确定中标人并发出通知")
    has_text(page, "已定标")
    with live.desk():
        award = projects.award_of(case.lot_id)
        assert award is not None
        price, winner = award.price_fen, award.organisation.name
    has_text(page, winner)
    day = (now() + timedelta(hours=8)).date()
    fill(page, number="HT-2026-018", price=f"{price // 100}.{price % 100:02d}", signed_on=day.isoformat())
    page.locator("main form").filter(has=page.locator('[name="number"]')).locator("button[type=submit]").click()
    has_text(page, "合同已登记")
    page = visitors("public").open(f"/p/{case.code}")
    has_text(page, winner)


def test_the_archive_is_sealed_and_the_supervisor_verifies(visitors: Visitors, case: SimpleNamespace) -> None:
    archivist = visitors("archivist")
    page = archivist.sign_in("the-archivist", f"/archive/{case.lot}")
    archivist.press("封卷归档")
    has_text(page, "已封卷")

    supervisor = visitors("supervisor")
    page = supervisor.sign_in("the-supervisor", "/supervise")
    page.get_by_role("link", name=re.compile(NAME)).click()
    has_text(page, "证据链至")
    page.locator(".timeline a").nth(5).click()
    assert "entry=" in page.url
    page.get_by_role("link", name="重新核验").click()
    has_text(page, "全部通过")
    expect(page.locator(".checks--failed")).to_have_count(0)
    expect(page.locator(".checks--ok")).to_have_count(11)

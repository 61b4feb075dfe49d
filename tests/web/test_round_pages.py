"""Later rounds, choices without a committee and draws among companies on their pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bidding.rounds import service as rounds
from experts.draw import jobs as draw_jobs
from experts.draw import lottery
from experts.draw import service as draws
from experts.evaluation import selection
from experts.evaluation import service as evaluation
from tests.builders import NAMES
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.demonstration.case import CaseRun
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.rules import Stage

TALKS = {"procedure": "negotiation", "category": "goods", "method": {"kind": "procurement_lowest"}, "bidding_days": 9, "deposit_fen": 0}
DRAWN = {"procedure": "works-comparison", "method": {"kind": "lottery"}}
SALE = {"procedure": "property-listing", "category": "property", "method": {"kind": "property_highest"}, "bidding_days": 35}
ALONE = {"procedure": "single-source", "category": "goods", "method": {"kind": "negotiated"}, "bidding_days": 10}
OPENED = ("register", "announce", "pay_deposits", "file_bids", "close", "open")


def sitting(site: Site, **changes: object) -> tuple[CaseRun, list[int]]:
    """A negotiation whose group has reviewed the responses."""
    case = site.a_case(*OPENED, "draw", **(TALKS | changes))
    with site.inside() as centre:
        case.cast = centre.cast
        group = case.sit()
    site.at = case.at + timedelta(minutes=1)
    return case, group


def open_round(site: Site, case: CaseRun) -> None:
    with site.inside() as centre:
        case.cast, case.at = centre.cast, site.at
        case.offer_again(case.plan.offers)
        evaluation.follow_offers(case.lot_id, at=case.at)
    site.at = case.at + timedelta(minutes=1)


def test_the_group_talks_asks_and_sees_prices_only_after_the_round(site: Site) -> None:
    case, group = sitting(site)
    member = site.account(group[0])
    room = f"/eval/{case.lot_code}"
    page = member.get(room).text
    suppliers = re.findall(r'name="supplier" value="(\d+)"', page)
    assert len(suppliers) == 3 and "还没有记录" in page
    early = member.post(f"{room}/offers", data={"minutes": "30", "final": "yes"})
    assert early.status_code == 409 and "商谈记录" in early.text
    for supplier in suppliers:
        assert member.post(f"{room}/talks", data={"supplier": supplier, "text": "逐项商谈"}).status_code == 302
    for wrong in ("1e6", "-5", "NaN", "", "0", "1_0", "99999999999999999999"):
        assert 400 <= member.post(f"{room}/offers", data={"minutes": wrong, "final": "yes"}).status_code < 500
    assert member.post(f"{room}/talks", data={"supplier": "9" * 18, "text": "x"}).status_code in (404, 409, 422)
    assert member.post(f"{room}/offers", data={"minutes": "５", "final": "yes", "changes": "延长质保"}).status_code == 302
    page = member.get(room).text
    assert "截止前看不到" in page and not any(name in page for name in NAMES[:3])
    assert member.post(f"{room}/talks", data={"supplier": suppliers[0], "text": "再压价"}).status_code == 409
    open_round(site, case)
    page = member.get(room).text
    assert "891,000.00" in page and "签署报告" in page


def test_a_supplier_sees_what_is_asked_and_nobody_else_does(site: Site) -> None:
    case, group = sitting(site)
    place = f"/me/lots/{case.lot_code}/offers"
    assert site.bidder(0).get(place).status_code == 404
    with site.inside() as centre:
        case.cast, case.at = centre.cast, site.at
        for bid in evaluation.accepted_bids(case.lot_id):
            evaluation.record_talk(case.lot_id, group[0], bid.organisation_id, "商谈", at=case.at)
        evaluation.ask_for_offers(case.lot_id, group[0], case.at + timedelta(minutes=5), is_final=True, changes="延长质保期", at=case.at)
    page = site.bidder(0).get(place).text
    assert "延长质保期" in page and f"{place}/1/seal" in page and place in site.bidder(0).get(f"/me/lots/{case.lot_code}").text
    wizard = site.bidder(0).get(f"{place}/1/seal")
    assert wizard.status_code == 200 and "无须保存恢复文件" in wizard.text
    assert "第 1 轮报价" in site.bidder(0).get("/me/messages").text
    for address in (place, f"{place}/1", f"{place}/1/seal", f"{place}/1/receipts/1.json", f"{place}/2/seal"):
        assert site.bidder(5).get(address).status_code == 404, address
    assert site.bidder(0).get(f"{place}/1/receipts/1.json").status_code == 404, "nothing filed yet"
    open_round(site, case)
    receipt = site.bidder(0).get(f"{place}/1/receipts/1.json")
    assert receipt.status_code == 200 and receipt.json["type"] == "mingtang-receipt"
    assert "已截止" in site.bidder(0).get(place).text


def test_responses_are_not_read_out_on_any_public_page(site: Site) -> None:
    case, _group = sitting(site)
    for address in (f"/p/{case.code}", f"/hall/{case.lot_code}", f"/api/v1/rooms/{case.lot_code}/events"):
        answer = site.client().get(address)
        shown = answer.text
        assert answer.status_code == 200, address
        assert "900,000" not in shown and "90000000" not in shown and not any(name in shown for name in NAMES[:3]), address
    public = site.a_case(*OPENED)
    for address in (f"/p/{public.code}", f"/hall/{public.lot_code}"):
        shown = site.client().get(address).text
        assert "900,000" in shown and NAMES[0] in shown, "the control"


def test_a_result_names_the_winner_and_keeps_the_others_prices(site: Site) -> None:
    case = site.a_case("run", "seal_archive", **TALKS)
    shown = site.client().get(f"/p/{case.code}").text
    assert "891,000.00" in shown and NAMES[0] in shown
    assert "891,122.21" not in shown and NAMES[1] not in shown
    feed = site.client().get("/feeds/all.atom").text
    assert "891,122" not in feed and NAMES[1] not in feed


def test_the_seller_qualifies_and_the_highest_price_leads(site: Site) -> None:
    case = site.a_case(*OPENED, **SALE)
    place, seller = f"/select/{case.lot_code}", site.tenderer
    page = seller.get(place).text
    fields = re.findall(r'name="([0-9a-f]{16})" value="pass"', page)
    assert len(fields) == 3 and place in seller.get(f"/projects/{case.project_id}/lots/{case.lot_id}/result").text
    assert seller.post(f"{place}/qualify", data=dict.fromkeys(fields[:2], "pass")).status_code == 422
    assert seller.post(f"{place}/qualify", data=dict.fromkeys(fields, "maybe")).status_code == 422
    assert seller.post(f"{place}/qualify", data=dict.fromkeys(fields, "fail")).status_code == 422, "a reason is owed"
    file = re.search(r'href="(/select/[^"]+/bids/[^"]+)"', page)
    assert file and seller.get(file[1]).headers["Content-Disposition"].startswith("attachment")
    for stranger in (site.bidder(0), site.client()):
        assert stranger.get(place).status_code in (302, 403) and stranger.get(file[1]).status_code in (302, 403)
    assert seller.post(f"{place}/qualify", data=dict.fromkeys(fields, "pass")).status_code == 302
    assert seller.post(f"{place}/qualify", data=dict.fromkeys(fields, "pass")).status_code == 409, "once"
    with site.inside():
        first = projects.candidates(case.lot_id)
        assert [candidate.price_fen for candidate in first] == [max(offer.price_fen for offer in case.plan.offers)]
    assert "结果" in seller.get(place).text


def test_the_lot_is_cast_among_the_qualified(site: Site) -> None:
    case = site.a_case(*OPENED, **DRAWN)
    place, buyer = f"/select/{case.lot_code}", site.tenderer
    fields = re.findall(r'name="([0-9a-f]{16})" value="pass"', buyer.get(place).text)
    answers = dict.fromkeys(fields, "pass") | {fields[0]: "fail", f"{fields[0]}-reason": "资质证书过期"}
    assert buyer.post(f"{place}/qualify", data=answers).status_code == 302
    ceremony = f"/draws/{case.lot_code}/winner"
    watched = site.client().get(ceremony).text
    assert "备选 2 家，抽取 1 家" in watched and not any(name in watched for name in NAMES)
    assert site.client().get(f"{ceremony}/transcript.json").status_code == 404
    with site.inside() as centre:
        case.cast, case.at = centre.cast, site.at
        case.carry_out_draw(draws.of_lot(case.lot_id, lottery.WINNER).id)
        assert selection.follow_draw(case.lot_id, at=case.at) and not selection.follow_draw(case.lot_id, at=case.at)
    site.at = case.at + timedelta(minutes=1)
    assert site.client().get(f"{ceremony}/transcript.json").status_code == 200
    assert any(name in site.client().get(ceremony).text for name in NAMES)
    assert "资质证书过期" in buyer.get(place).text
    assert site.client().get(f"/draws/{case.lot_code}/suppliers").status_code == 404


def test_one_supplier_one_agreement(site: Site) -> None:
    case = site.a_case(*OPENED, bidders=1, **ALONE)
    place, buyer = f"/select/{case.lot_code}", site.tenderer
    page = buyer.get(place).text
    supplier = re.search(r'name="supplier" value="(\d+)"', page)[1]
    assert buyer.post(f"{place}/agree", data={"record": "", "professionals": "甲"}).status_code == 422
    assert buyer.post(f"{place}/talks", data={"supplier": supplier, "text": "价格构成"}).status_code == 302
    assert buyer.post(f"{place}/offers", data={"minutes": "5", "final": "yes"}).status_code == 302
    assert buyer.post(f"{place}/agree", data={"record": "合理", "professionals": "甲、乙"}).status_code == 409, "a round is open"
    open_round(site, case)
    assert buyer.post(f"{place}/agree", data={"record": "合理", "professionals": "甲、乙"}).status_code == 302
    with site.inside():
        assert projects.get_lot(case.lot_id).stage == Stage.EVALUATED
        assert projects.candidates(case.lot_id)[0].price_fen == case.plan.offers[0].price_fen * 99 // 100
        assert [found.number for found in rounds.rounds_of(case.lot_id)] == [1]


def test_suppliers_are_drawn_not_picked(site: Site) -> None:
    buying = {"procedure": "procurement-open", "category": "goods", "method": {"kind": "procurement_lowest"}}
    case = site.a_case("register", **buying)
    assert site.tenderer.get(f"/projects/{case.project_id}/suppliers").status_code == 404, "an open tender draws none"
    with site.inside() as centre:
        project = projects.draft({"name": "设备采购", "procedure": "procurement-invited", "category": "goods", "region": "CN-51", "funding": "财政资金",
                                  "approval": "1号", "estimate_fen": 10**8, "summary": "设备"}, [
            {"name": "一包", "estimate_fen": 10**8, "ceiling_fen": 10**8, "deposit_fen": 0, "qualifications": "具备相应能力",
             "method": {"kind": "procurement_lowest"}}], tenderer_id=centre.cast.tenderer.id, actor="t", at=site.at)
        for kind in ("approval", "tender_document"):
            projects.add_file(project.id, kind, f"{kind}.txt", [b"x"], actor="t", at=site.at)
        projects.submit(project.id, actor="t", at=site.at)
        projects.accept(project.id, actor="registrar", at=site.at)
        place, lot_id, code = f"/projects/{project.id}", project.lots[0].id, project.lots[0].code
        codes = [company.code for company in centre.companies]
    buyer = site.tenderer
    assert "不能手工填写" in buyer.get(f"{place}/invitations").text
    by_hand = buyer.post(f"{place}/invitations", data={"codes": "\n".join(codes[:3])})
    assert by_hand.status_code == 422 and "随机抽取产生" in by_hand.text
    good = {"codes": "\n".join(codes), "count": "3", "watchers": "甲\n乙"}
    for change, word in (({"codes": "\n".join(codes[:5])}, "少于抽取数"), ({"count": "2"}, "少于 3 家"), ({"watchers": "甲\n甲"}, "到场监督"),
                         ({"codes": "\n".join([*codes, codes[0]])}, "重复"), ({"codes": "91110000000000000X"}, "信用代码"),
                         ({"count": "1e3"}, "整数"), ({"count": "9" * 30}, "")):
        refused = buyer.post(f"{place}/suppliers", data=good | change)
        assert refused.status_code == 422 and word in refused.text, (change, re.findall(r"error-message[^<]*<[^>]*>[^<]*</span>([^<]*)", refused.text))
    assert buyer.post(f"{place}/suppliers", data=good).status_code == 302
    assert "三方正在投入随机数" in buyer.get(f"{place}/suppliers").text
    assert buyer.post(f"{place}/suppliers", data=good).status_code == 422, "it cannot be drawn twice"
    watched = site.client().get(f"/draws/{code}/suppliers").text
    assert "家数和名称在开标前保密" in watched and "3 家" not in watched and not any(name in watched for name in NAMES)
    with site.inside() as centre:
        draw = draws.of_lot(lot_id, lottery.SUPPLIERS)
        case.cast, case.at = centre.cast, site.at
        case.carry_out_draw(draw.id)
        draw_jobs.advance_due(lambda: case.at)
        assert len(invitations.invited(projects.get_lot(lot_id).project_id)) == 3
    site.at = case.at + timedelta(minutes=1)
    assert site.client().get(f"/draws/{code}/suppliers/transcript.json").status_code == 404, "secret until the result"
    assert not any(name in site.client().get(f"/draws/{code}/suppliers").text for name in NAMES)


def test_a_framework_on_its_pages(site: Site) -> None:
    open_ended = {"kind": "procurement_lowest", "second_stage": "direct", "open": True}
    case = site.a_case("register", "announce", "file_bids", "close", "open", "draw", "evaluate", procedure="framework", category="service",
                       method=open_ended, deposit_fen=0)
    place, buyer = f"/frameworks/{case.lot_code}", site.tenderer
    assert place in buyer.get(f"/projects/{case.project_id}/lots/{case.lot_id}/result").text
    assert buyer.post(f"{place}/admit").status_code == 302 and buyer.post(f"{place}/admit").status_code == 409
    suppliers = re.findall(r'name="supplier" value="(\d+)"', buyer.get(place).text)
    day = site.at.date().isoformat()
    for wrong in ({"signed_on": "2026-02-30"}, {"ends_on": "NaN"}, {"number": ""}, {"supplier": "1e6"}, {"ends_on": "2099-01-01"}):
        data = {"supplier": suppliers[0], "number": "KJ-1", "signed_on": day, "ends_on": "2026-12-01"} | wrong
        assert 400 <= buyer.post(f"{place}/agreements", data=data).status_code < 500, wrong
    for number, supplier in enumerate(suppliers):
        assert buyer.post(f"{place}/agreements", data={"supplier": supplier, "number": f"KJ-{number}", "signed_on": day,
                                                       "ends_on": "2026-12-01"}).status_code == 302
    assert buyer.post(f"{place}/calls", data={"wanted": "", "supplier": suppliers[0], "reason": "x"}).status_code == 422
    assert buyer.post(f"{place}/calls", data={"wanted": "服务", "supplier": suppliers[0], "reason": "x", "minutes": "１e3"}).status_code == 422
    assert buyer.post(f"{place}/calls", data={"wanted": "服务一批", "supplier": suppliers[0], "reason": "响应最快"}).status_code == 302
    assert "服务一批" in buyer.get(place).text
    found = site.client().get("/search?q=框架协议成交公告").text
    notice = re.search(r'href="(/notices/\d+)"', found)
    assert notice and "响应最快" in site.client().get(notice[1]).text
    joining = f"/me/frameworks/{case.lot_code}"
    newcomer = site.bidder(5)
    assert newcomer.post(joining, data={"statement": "逐项符合"}).status_code == 302
    waiting = re.search(r'action="(/frameworks/[^"]+/applications/\d+)"', buyer.get(place).text)[1]
    assert buyer.post(waiting, data={"answer": "maybe"}).status_code == 404
    assert site.someone(Role.TENDERER, site.prepared.companies[7].id, "other").post(waiting, data={"answer": "accept"}).status_code == 404
    assert buyer.post(waiting, data={"answer": "accept"}).status_code == 302
    assert "已入围" in newcomer.get(joining).text
    assert site.bidder(6).get("/me/frameworks/x").status_code == 404


@pytest.mark.parametrize("address", ["/select/x", "/select/A1510822000000000000001", "/draws/x/winner", "/draws/x/suppliers", "/me/lots/x/offers"])
def test_what_is_not_there_is_not_found(site: Site, address: str) -> None:
    person = site.tenderer if address.startswith("/select") else site.bidder()
    assert person.get(address).status_code == 404

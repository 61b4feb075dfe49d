"""Pages of a tie at a ceiling: everybody sees what decides and nobody a name; each side its own part alone."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from bidding.auction import quality
from experts.draw import ties as draw_ties
from tests.builders import NAMES
from tests.services.test_live_sales import STEP
from tests.services.test_live_ties import CEILING, at_the_ceiling
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.clock import stopped
from trading.demonstration.sale import SaleRun


def tied(site: Site, after: str, **sale: object) -> tuple[SaleRun, str, list[str]]:
    """A tied sale, its lot's code, the numbers of its bidders; three of the four agreed."""
    with site.inside() as centre:
        made = at_the_ceiling(centre, after, **sale)
        if after == "single":
            made.ask_offers()
        elif after == "lottery":
            draw_ties.follow_due(stopped(made.wait(seconds=1)))
        code, numbers = made.lot.code or "", [buyer.number for buyer in made.buyers]
    site.at = made.at + timedelta(seconds=30)
    return made, code, numbers


def pages_of(client: FlaskClient, *addresses: str) -> list[str]:
    found = []
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        found.append(answer.text)
    return found


@pytest.mark.parametrize(("after", "says"), [("lottery", "公开摇号"), ("single", "各封存一次报价"), ("quality", "评定品质")])
def test_everybody_sees_what_decides_and_nobody_a_name(site: Site, after: str, says: str) -> None:
    _sale, code, numbers = tied(site, after)
    room, page = pages_of(site.client(), f"/auctions/{code}", f"/auctions/{code}/tie")
    assert f"/auctions/{code}/tie" in room and "多人接受最高限价" in room
    assert says in page and all(number in page for number in numbers[:3]) and "最先报出" in page and "正在决定" in page
    english = site.client().get(f"/auctions/{code}/tie?lang=en").text
    assert "Tie at the ceiling" in english and "What decides" in english
    for text in (room, page, english):
        assert not any(name in text for name in NAMES)
    if after == "lottery":
        (draw,) = pages_of(site.client(), f"/draws/{code}/winner")
        assert f"/draws/{code}/winner" in page and "摇号" in draw and not any(name in draw for name in NAMES)


def test_after_the_draw_its_page_shows_the_paddle(site: Site) -> None:
    sale, code, _numbers = tied(site, "lottery")
    with site.inside() as centre:
        sale.cast, sale.at = centre.cast, site.at
        sale.draw_winner()
        winner = sale.room.standing.leader
    site.at = sale.at
    page, draw = pages_of(site.client(), f"/auctions/{code}/tie", f"/draws/{code}/winner")
    assert winner in page and "已决定" in page and f"竞买号 {winner}" in draw and not any(name in page + draw for name in NAMES)


def test_who_agreed_seals_its_offer_and_to_others_the_page_does_not_exist(site: Site) -> None:
    sale, code, numbers = tied(site, "single", single_rule="highest")
    mine, stranger = site.bidder(0), site.bidder(3)
    own, place, wizard = pages_of(mine, f"/me/sales/{code}", f"/me/sales/{code}/offer", f"/me/sales/{code}/offer/seal")
    assert f"/me/sales/{code}/offer" in own and "封存并递交报价" in place and "最先报出最高限价" in place
    assert 'data-offer="price"' in wizard and 'id="offer-days"' not in wizard and "slot-letter" not in wizard and "封存我的一次报价" in wizard and "不低于 90,000,000.00 元" in wizard
    assert f"/me/sales/{code}/offer" in mine.get(f"/auctions/{code}/tie").text and f"/me/sales/{code}/offer" not in stranger.get(f"/auctions/{code}/tie").text
    assert f"/me/sales/{code}/offer" not in stranger.get(f"/me/sales/{code}").text
    for address in ("offer", "offer/seal", "offer/receipts/1.json"):
        assert stranger.get(f"/me/sales/{code}/{address}").status_code == 404
    with site.inside() as centre:
        sale.cast, sale.at = centre.cast, site.at
        sale.offer(sale.buyers[0], CEILING + STEP)
        site.at = sale.at
    assert mine.get(f"/me/sales/{code}/offer/receipts/1.json").status_code == 200 and "替换报价" in mine.get(f"/me/sales/{code}/offer").text
    with site.inside() as centre:
        sale.cast = centre.cast
        sale.open_offers()
    site.at = sale.at
    mine = site.someone(Role.BIDDER, sale.buyers[0].company.id, "later")
    page, closed = pages_of(mine, f"/auctions/{code}/tie", f"/me/sales/{code}/offer")
    assert numbers[0] in page and "开启的报价" in page and "已截止" in closed
    assert not any(name in site.client().get(f"/auctions/{code}/tie").text for name in NAMES)


def test_the_seller_records_and_a_supervisor_confirms(site: Site) -> None:
    sale, code, numbers = tied(site, "quality")
    place, desk = f"/projects/lots/{code}/tie", f"/supervise/{code}/tie"
    supervisor = site.someone(Role.SUPERVISOR)
    assert all(number in site.tenderer.get(place).text for number in numbers[:3]) and numbers[3] not in site.tenderer.get(place).text
    assert "等待出让人记录评定结果" in supervisor.get(desk).text

    def record(paddle: str, reason: str, data: bytes, name: str = "纪要.pdf") -> int:
        site.at += timedelta(seconds=5)
        return site.tenderer.post(place, data={"paddle": paddle, "reason": reason, "minutes": (io.BytesIO(data), name)}).status_code

    assert [record(numbers[3], "好", b"%PDF"), record(numbers[1], "", b"%PDF"), record(numbers[1], "好", b""), record(numbers[1], "好", b"x", "a.exe")] == [422] * 4
    assert record(numbers[1], "设计<b>最优</b>", b"%PDF minutes") == 302
    seen = supervisor.get(desk).text
    assert "设计&lt;b&gt;最优" in seen and numbers[1] in seen and record(numbers[2], "好", b"%PDF") == 422
    assert site.tenderer.post(f"{desk}/1/confirm").status_code == 403 and site.bidder(0).get(place).status_code == 403
    assert site.someone(Role.SOCIAL_SUPERVISOR).get(desk).status_code == 403
    assert supervisor.post(f"{desk}/1/send-back", data={"reason": ""}).status_code == 422
    assert supervisor.post(f"{desk}/1/send-back", data={"reason": "缺少评分"}).status_code == 302
    assert "缺少评分" in site.tenderer.get(place).text and record(numbers[1], "设计最优", b"%PDF more") == 302
    assert supervisor.post(f"{desk}/2/confirm").status_code == 302 and supervisor.post(f"{desk}/2/confirm").status_code == 409
    with site.inside():
        assert [bool(item.confirmed_at) for item in quality.decisions(sale.lot_id)] == [False, True]
        assert sale.room.standing.leader == numbers[1]
    assert "已决定" in site.client().get(f"/auctions/{code}/tie").text


def test_a_lot_without_such_a_ceiling_has_no_such_pages(site: Site) -> None:
    _sale, code, _numbers = tied(site, "lottery")
    assert site.tenderer.get(f"/projects/lots/{code}/tie").status_code == 404
    assert site.someone(Role.SUPERVISOR).get(f"/supervise/{code}/tie").status_code == 404
    assert site.bidder(0).get(f"/me/sales/{code}/offer").status_code == 404

"""Two supervisors pause a lot on its pages; nobody else can."""

from __future__ import annotations

import re

from tests.web.conftest import Site
from trading.accounts.permissions import Role


def test_two_supervisors_pause_and_lift(site: Site) -> None:
    case = site.a_case("register", "announce")
    one, two = site.someone(Role.SUPERVISOR, name="one"), site.someone(Role.SUPERVISOR, name="two")
    place = f"/supervise/{case.lot_code}/pauses"
    assert "没有暂停过" in one.get(place).text
    assert one.post(place, data={"reason": " "}).status_code == 422
    assert one.post(place, data={"reason": "核查举报"}).status_code == 302
    assert one.post(place, data={"reason": "再来一次"}).status_code == 422
    number = re.search(r"pauses/(\d+)/refuse", one.get(place).text)[1]
    assert f"{place}/{number}/confirm" not in one.get(place).text
    assert one.post(f"{place}/{number}/confirm").status_code == 403
    assert one.post(f"{place}/{number}/confirm-lift").status_code == 409
    assert two.post(f"{place}/{number}/confirm").status_code == 302
    assert "暂停" in site.client().get(f"/p/{case.code}").text
    assert two.post(f"{place}/{number}/lift", data={"reason": "核查完毕"}).status_code == 302
    assert two.post(f"{place}/{number}/confirm-lift").status_code == 403
    assert one.post(f"{place}/{number}/confirm-lift").status_code == 302
    assert one.post(f"{place}/{number}/confirm-lift").status_code == 409
    assert "已结束" in one.get(place).text
    assert "恢复公告" in site.client().get(f"/p/{case.code}").text


def test_a_pause_belongs_to_its_lot_and_to_supervisors(site: Site) -> None:
    case, other = site.a_case("register", "announce"), site.a_case("register", "announce")
    one, two = site.someone(Role.SUPERVISOR, name="one"), site.someone(Role.SUPERVISOR, name="two")
    one.post(f"/supervise/{case.lot_code}/pauses", data={"reason": "核查"})
    number = re.search(r"pauses/(\d+)/refuse", one.get(f"/supervise/{case.lot_code}/pauses").text)[1]
    assert two.post(f"/supervise/{other.lot_code}/pauses/{number}/confirm").status_code == 404
    assert two.post(f"/supervise/{case.lot_code}/pauses/99999/confirm").status_code == 404
    assert two.post(f"/supervise/{case.lot_code}/pauses/{number}/refuse").status_code == 302
    for role in set(Role) - {Role.SUPERVISOR}:
        assert site.someone(role).get(f"/supervise/{case.lot_code}/pauses").status_code == 403
        assert site.someone(role).post(f"/supervise/{case.lot_code}/pauses", data={"reason": "x"}).status_code == 403

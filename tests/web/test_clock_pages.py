"""Statutory clocks on pages: one's own list, the result page, the supervisor's board, the calendar file."""

from __future__ import annotations

from datetime import timedelta

from icalendar import Calendar

from tests.services.test_clocks import PLANS
from tests.web.conftest import Site
from trading.accounts.permissions import Role


def bought(site: Site):
    return site.a_case("register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate", "conclude",
                       procedure="procurement-open", **PLANS["procurement-open"])


def test_the_tenderer_sees_its_clocks_and_notes_what_is_done(site: Site) -> None:
    case = bought(site)
    page = site.tenderer.get("/me/clocks").text
    assert "公告合同" in page and "合同副本备案" in page and "采购法" in page
    address = f"/projects/{case.project_id}/lots/{case.lot_id}/result"
    assert "登记已完成" in site.tenderer.get(address).text
    for wrong in ({}, {"duty": "duty.sing", "reference": "x"}, {"duty": "duty.contract_filed", "reference": " "}):
        assert site.tenderer.post(f"{address}/duties", data=wrong).status_code in (409, 422)
    assert site.tenderer.post(f"{address}/duties", data={"duty": "duty.report", "reference": "x"}).status_code == 409
    assert site.tenderer.post(f"{address}/duties", data={"duty": "duty.contract_filed", "reference": "备字第1号"}).status_code == 302
    assert site.tenderer.post(f"{address}/duties", data={"duty": "duty.contract_published", "reference": "设备一批"}).status_code == 302
    assert "没有待办的法定时限" in site.tenderer.get("/me/clocks").text
    assert "合同公告" in site.client().get(f"/p/{case.code}").text


def test_lights_and_the_calendar_file(site: Site) -> None:
    case = bought(site)
    made = Calendar.from_ical(site.tenderer.get("/me/clocks.ics").data)
    days = {str(event["uid"]): event["dtstart"].dt for event in made.walk("VEVENT")}
    assert set(days) == {f"{case.lot_code}@contract_published", f"{case.lot_code}@contract_filed"}
    site.at += timedelta(days=8)
    watcher = site.someone(Role.SUPERVISOR, name="watcher")
    assert "项超期" in watcher.get("/supervise").text
    assert "已超期" in watcher.get("/me/clocks?light=alarm").text
    assert "公告合同" in watcher.get(f"/supervise/{case.lot_code}").text
    assert "publish the contract" in watcher.get("/me/clocks?lang=en").text


def test_others_see_none_of_it(site: Site) -> None:
    case = bought(site)
    for person in (site.bidder(0), site.someone(Role.HOST)):
        assert case.lot_code not in person.get("/me/clocks").text
        assert person.get("/me/clocks.ics").data.count(b"BEGIN:VEVENT") == 0
        assert person.post(f"/projects/{case.project_id}/lots/{case.lot_id}/result/duties", data={}).status_code == 403
    stranger = site.someone(Role.TENDERER, site.prepared.companies[0].id)
    assert stranger.post(f"/projects/{case.project_id}/lots/{case.lot_id}/result/duties",
                         data={"duty": "duty.contract_filed", "reference": "x"}).status_code == 404
    assert site.client().get("/me/clocks").status_code == 302

"""Valid things for tests: a centre with people, and cases taken as far as a test needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from tests.shelf import Made, Place
from trading.base.database import db
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.demonstration.cast import Cast, Company
from trading.demonstration.watchers import Watchers

#: A Monday morning in Beijing, far from public holidays.
T0 = datetime(2026, 3, 2, 1, tzinfo=UTC)
NAMES = ("青石建设集团有限公司", "云岭市政工程有限公司", "川北路桥有限公司", "锦屏建筑安装有限公司", "白河水利工程有限公司",
         "南溪机电设备有限公司", "长江路桥养护有限公司", "竹海信息技术有限公司")
#: Procedures whose price the notice fixes, and those that sell.
FIXED, SALES = ("works-comparison", "agency-selection"), ("land-tender", "property-listing")
SCORED = {"kind": "works_comprehensive", "price_points": "60", "factors": [
    {"id": "design", "name": "施工组织设计", "most": "25"}, {"id": "team", "name": "项目团队", "most": "15"}]}

#: A parcel whose floor price is 70 % of its benchmark price: 20,000 m² at 5,000 yuan.
PARCEL: dict[str, Any] = {
    "number": "青地2026-07号", "site": "青石路以北、云岭大道以东", "area_m2": "20000.00", "use": "城镇住宅用地兼容商业用地",
    "terms": [{"use": "residential", "years": 70}, {"use": "commercial", "years": 40}], "ratio_low": "1.0", "ratio_high": "2.5",
    "density_low": "", "density_high": "28", "height_low": "", "height_high": "80", "green_low": "35", "green_high": "",
    "floor_fen": 7_000_000_000, "benchmark_fen": 500_000, "benchmark_per": "m2", "benchmark_grade": "住宅三级",
    "valuation_fen": 7_600_000_000, "valuation_report": "川评〔2026〕015号", "valuation_on": "2026-01-15", "valuer": "锦屏土地评估有限公司",
    "plan_number": "清府土〔2026〕3号", "plan_on": "2026-02-10", "decision_minutes": "清自然资集纪〔2026〕2号", "decision_on": "2026-02-02",
    "decision_members": 7, "conditions": "净地交付，2027年6月30日前开工", "drawings": [], "lon": "104.066541", "lat": "30.572269"}


def live_method(mode: str = "listing", parcel: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The method of a lot that is competed for live, as a registration keeps it."""
    sale = {"mode": mode, "step_fen": 100_000_000, "after_ceiling": "", "single_rule": "nearest_mean", "housing_step": 100, "reserve": "none"}
    return {"kind": "live", "sale": sale | ({"parcel": parcel} if parcel is not None else {}) | changes}


def live_lot(method: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A lot of land at a lawful start price and deposit."""
    return {"name": "青地2026-07号", "estimate_fen": 7_000_000_000, "ceiling_fen": None, "deposit_fen": 1_400_000_000,
            "qualifications": "中华人民共和国境内外的法人、自然人和其他组织", "method": method} | changes


@dataclass
class Centre:
    """An installation with key holders, a witness, experts and bidders."""

    app: Flask
    cast: Cast
    companies: list[Company]
    place: Place | None = None

    def plan(self, bidders: int = 3, **changes: object) -> Plan:
        values: dict[str, object] = {
            "name": "青石路改造工程", "lot_name": "一标段", "estimate_fen": 100_000_000, "ceiling_fen": 95_000_000,
            "offers": [Offer(company, 90_000_000 + 12_345 * n) for n, company in enumerate(self.companies[:bidders])],
            "region": "CN-51", "deposit_fen": 1_000_000, "pool": self.companies}
        if changes.get("procedure") in (*FIXED, "single-source"):
            values["deposit_fen"] = 0  # no law provides for one
        if changes.get("procedure") in FIXED:
            changes["offers"] = [Offer(company, 95_000_000) for company in self.companies[:bidders]]
        elif str(changes.get("procedure")).endswith("prequalification"):
            values |= {"deposit_fen": 0, "ceiling_fen": None, "offers": [Offer(company, 0) for company in self.companies[:bidders]]}
        elif changes.get("procedure") in SALES:
            values |= {"estimate_fen": 80_000_000, "ceiling_fen": None, "deposit_fen": 20_000_000}
        return Plan(**(values | changes))  # type: ignore[arg-type]

    def a_case(self, *steps: str, bidders: int = 3, at: datetime = T0, **changes: object) -> CaseRun:
        """A case taken through the named steps, e.g. ``a_case("register", "announce")``."""
        def take(done: int, case: CaseRun | None) -> CaseRun:
            case = case or CaseRun(self.cast, self.plan(bidders, **changes), at)
            for step in steps[done:]:
                getattr(case, step)()
            return case

        return self._once([repr((bidders, at, changes, steps[:number])) for number in range(1, len(steps) + 1)], take)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` makes of an untouched centre, a case or plain values: made once, then copied with the whole installation."""
        return self._once([name], lambda _done, _made: make())

    def _once(self, words: list[str], make: Callable[[int, Any], Made]) -> Made:
        return self.place.once(words, make) if self.place and words else make(0, None)

    def a_bidding_case(self, **changes: object) -> CaseRun:
        return self.a_case("register", "announce", **changes)

    def a_filed_case(self, **changes: object) -> CaseRun:
        return self.a_case("register", "announce", "pay_deposits", "file_bids", **changes)

    def an_opened_case(self, **changes: object) -> CaseRun:
        return self.a_case("register", "announce", "pay_deposits", "file_bids", "close", "open", **changes)


def build(app: Flask, watchers: Watchers) -> tuple[Cast, list[Company]]:
    """Fill a fresh installation; done once, its database is copied for every test."""
    cast = Cast(T0, watchers, experts=24)
    companies = [cast.company(name, T0) for name in NAMES]
    for holder in cast.holders:
        holder.top_up(T0)
    db.session.remove()
    return cast, companies



"""The demonstration's live sales: two that are over, to be replayed, and one that runs, with invented bidders who raise now and then."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.auction import applying, deal, placing, rooms, rules, running
from bidding.auction.placing import BID, Asked
from trading.base.clock import BEIJING, now, stopped
from trading.base.errors import Refused
from trading.contracts import payments
from trading.demonstration.case import Offer, Plan
from trading.demonstration.cast import Cast, Company
from trading.demonstration.sale import SaleRun
from trading.projects import service as projects
from trading.sales.modes import Phase

PARCEL: dict[str, Any] = {
    "number": "青地2026-11号", "site": "滨河路以东、青石路以南", "area_m2": "18600.00", "use": "城镇住宅用地", "terms": [{"use": "residential", "years": 70}],
    "ratio_low": "1.0", "ratio_high": "2.2", "density_low": "", "density_high": "30", "height_low": "", "height_high": "60", "green_low": "35", "green_high": "",
    "floor_fen": 6_000_000_000, "benchmark_fen": 400_000, "benchmark_per": "m2", "benchmark_grade": "住宅四级", "valuation_fen": 6_800_000_000,
    "valuation_report": "川评〔2026〕031号", "valuation_on": "2026-02-15", "valuer": "锦屏土地评估有限公司", "plan_number": "清府土〔2026〕9号", "plan_on": "2026-03-10",
    "decision_minutes": "清自然资集纪〔2026〕5号", "decision_on": "2026-03-02", "decision_members": 7, "conditions": "净地交付，成交后一年内开工", "drawings": [],
    "lon": "104.071200", "lat": "30.581300"}
START, STEP = 6_200_000_000, 50_000_000
#: Above which the invented bidders stop.
LIMIT = START + 30 * STEP
KEYS = "sale-keys.json"


def _plan(cast: Cast, companies: list[Company], name: str, procedure: str, mode: str, reserve: str) -> Plan:
    method = {"kind": "live", "sale": {"mode": mode, "step_fen": STEP, "after_ceiling": "", "single_rule": "nearest_mean", "housing_step": 100,
                                       "reserve": reserve, "parcel": PARCEL}}
    return Plan(name, "一号宗地", START, None, [Offer(company, 0) for company in companies], cast.region, method=method, procedure=procedure, category="land",
                deposit_fen=1_300_000_000)


def finished(cast: Cast, companies: list[Company], at: datetime) -> None:
    """A listing that went from its notice to the contract; anybody can replay it."""
    sale = SaleRun(cast, _plan(cast, companies[:4], "清溪县滨河路住宅用地出让", "land-listing", "listing", "sealed"), at)
    # Far enough apart for any holiday in between.
    sale.moments = {"opens_at": at + timedelta(days=32), "deadline": at + timedelta(days=46), "listing_ends_at": at + timedelta(days=48)}
    sale.take_part()
    sale.seal_reserve(START + 2 * STEP)
    sale.close_reserve()
    sale.begin()
    one, two, three, _ = sale.buyers
    sale.bid(one, START)
    sale.bid(two, START + STEP, at=sale.wait(hours=30))
    sale.bid(three, START + 2 * STEP, at=sale.wait(hours=50))
    sale.at = rooms.moment(sale.room.terms.listing_ends_at)
    running.advance(sale.lot_id, clock=stopped(sale.at))
    for buyer in (two, three):
        sale.join(buyer)
    sale.at = rooms.moment(sale.room.standing.ends_at or 0)
    price = START + 2 * STEP
    for number in range(9):
        price += STEP * (1 + number % 3)
        sale.bid((two, three)[number % 2], price, at=sale.wait(seconds=40 + 25 * (number % 4)))
    sale.until_end()
    sale.open_reserve()
    sale.settle()
    award = projects.award_of(sale.lot_id)
    assert award is not None
    document = deal.confirmation(sale.lot)
    winner = next(buyer.company for buyer in sale.buyers if buyer.company.id == award.organisation_id)
    for key, organisation in ((winner.key, winner.id), (cast.tenderer_key, cast.tenderer.id)):
        deal.sign(sale.lot_id, key.sign(deal.message(document)), organisation_id=organisation, clock=stopped(sale.wait(minutes=4)))
    sale.wait(days=3)
    payments.record(sale.lot_id, f"HT-{sale.lot_id}", award.price_fen, sale.at.astimezone(BEIJING).date(), actor="tenderer", at=sale.at)


def in_rounds(cast: Cast, companies: list[Company], at: datetime) -> None:
    """State property sold by sealed offers in rounds, three of them; over, to be replayed."""
    method = {"kind": "live", "sale": {"mode": "rounds", "step_fen": 5_000_000, "after_ceiling": "", "single_rule": "nearest_mean", "housing_step": 100,
                                       "reserve": "none"}}
    sale = SaleRun(cast, Plan("清溪县原农机站房产转让", "房产及土地使用权", 480_000_000, None, [Offer(company, 0) for company in companies[:4]], cast.region,
                              method=method, procedure="property-listing", category="property", deposit_fen=96_000_000), at)
    sale.moments = {"deadline": at + timedelta(days=46), "opens_at": at + timedelta(days=48)}
    sale.take_part()
    sale.begin()
    sale.rounds([480_000_000, 492_000_000, 485_000_000], [505_000_000, 0, 500_000_000])
    sale.settle()
    award = projects.award_of(sale.lot_id)
    assert award is not None
    document = deal.confirmation(sale.lot)
    winner = next(buyer.company for buyer in sale.buyers if buyer.company.id == award.organisation_id)
    for key, organisation in ((winner.key, winner.id), (cast.tenderer_key, cast.tenderer.id)):
        deal.sign(sale.lot_id, key.sign(deal.message(document)), organisation_id=organisation, clock=stopped(sale.wait(minutes=4)))


def begun(cast: Cast, companies: list[Company], at: datetime, folder: Path) -> None:
    """An auction in its free hour; the keys of the invented bidders are kept so that they can go on."""
    sale = SaleRun(cast, _plan(cast, companies[:4], "清溪县青石路商住用地出让", "land-auction", "auction", "none"), at - timedelta(days=35))
    opened = at - timedelta(minutes=10)
    sale.moments = {"opens_at": opened, "deadline": at - timedelta(days=2)}
    sale.take_part()
    sale.at = opened
    running.advance(sale.lot_id, clock=stopped(opened))
    for number, buyer in enumerate(sale.buyers[1:], 0):
        sale.bid(buyer, START + number * STEP, at=opened + timedelta(minutes=1 + number))
    kept = [{"paddle": buyer.number, "key": buyer.key.private_bytes_raw().hex()} for buyer in sale.buyers[1:]]
    path = folder / KEYS
    path.write_text(json.dumps({"lot": sale.lot_id, "room": sale.lot.code, "bidders": kept}), "utf-8")
    path.chmod(0o600)


def robots_bid(folder: Path) -> int:
    """Let an invented bidder raise the running sale, at times nobody chooses, up to a limit. Returns how many bids were placed."""
    path = folder / KEYS
    if not path.exists() or secrets.randbelow(9):
        return 0
    kept = json.loads(path.read_text("utf-8"))
    room = rooms.read(kept["lot"])
    asked = rules.least(rules.advance(room.standing, rooms.unix_ms(now())))
    bidder = secrets.choice([item for item in kept["bidders"] if item["paddle"] != room.standing.leader])
    if room.standing.phase not in (Phase.FREE, Phase.TIMED) or asked > LIMIT:
        return 0
    key, wish = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(bidder["key"])), secrets.token_hex(16)
    signature = key.sign(placing.message(placing.document(kept["room"], bidder["paddle"], BID, asked, wish)))
    public = bytes.fromhex(applying.by_number(kept["lot"], bidder["paddle"]).public)
    try:
        placing.place(Asked(kept["lot"], kept["room"], bidder["paddle"], BID, asked, wish, signature), public, clock=now)
    except Refused:
        return 0  # somebody was faster, or it is paused
    return 1

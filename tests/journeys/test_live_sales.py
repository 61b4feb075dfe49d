"""Live sales from registration to the archive, by each way of bidding, on both databases; every pack is verified."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bidding.auction import deal, rooms, running
from tests.builders import Centre
from tests.journeys.test_procedures import sealed_pack
from tests.services.test_live_sales import START, STEP, a_sale
from trading.base.clock import BEIJING, stopped
from trading.contracts import payments
from trading.contracts import queries as contracts
from trading.demonstration.sale import SaleRun
from trading.deposits import service as deposits
from trading.projects import service as projects
from trading.projects.rules import Stage
from trading.sales.modes import Phase


def bid_by(sale: SaleRun, mode: str) -> None:
    """Bid as the mode asks, until it is over; the first buyer wins."""
    one, two, three = sale.buyers
    if mode == "falling":
        sale.at += timedelta(minutes=2)
        sale.bid(one, START - 2 * STEP, at=sale.at)
    elif mode == "rounds":
        sale.rounds([START, START + STEP], [START + 3 * STEP])
        return
    else:
        sale.bid(two, START)
        sale.bid(three, START + STEP)
        sale.bid(one, START + 3 * STEP)
    if mode == "on-site":
        for _ in range(3):
            running.call(sale.lot_id, actor="host", clock=stopped(sale.wait(seconds=20)))
    elif mode in ("listing", "listing-4", "listing-open"):
        sale.at = rooms.moment(sale.room.terms.listing_ends_at)
        running.advance(sale.lot_id, clock=stopped(sale.at))
        sale.join(two)
        sale.join(one)
        sale.at = rooms.moment(sale.room.standing.ends_at or 0)
        sale.bid(two, START + 4 * STEP)
        sale.bid(one, START + 5 * STEP)
    elif mode.startswith("auction"):
        sale.at = rooms.moment(sale.room.standing.ends_at or 0)
        sale.bid(two, START + 4 * STEP)
        sale.bid(one, START + 5 * STEP)
    sale.at = sale.at if mode in ("on-site", "falling") else sale.at
    running.advance(sale.lot_id, clock=stopped(sale.wait(milliseconds=1)))
    if sale.room.ended_at is None:
        sale.until_end()


@pytest.mark.parametrize("mode", ["listing", "listing-4", "listing-open", "listing-only", "auction", "auction-extend", "on-site", "falling", "rounds"])
def test_a_sale_runs_from_registration_to_the_archive(centre: Centre, mode: str) -> None:
    more = {"floor_fen": START - 10 * STEP} if mode == "falling" else {}
    sale = a_sale(centre, mode, reserve="sealed", **more)
    sale.take_part()
    sale.seal_reserve(START - 5 * STEP if mode == "falling" else START)
    sale.close_reserve()
    sale.begin()
    bid_by(sale, mode)
    assert sale.room.standing.phase is Phase.ENDED
    sale.open_reserve()
    sale.settle()
    assert sale.lot.stage == Stage.AWARDED
    winner = sale.buyers[0].company
    award = projects.award_of(sale.lot_id)
    assert award is not None and award.organisation_id == winner.id
    document = deal.confirmation(sale.lot)
    for key, organisation in ((winner.key, winner.id), (sale.cast.tenderer_key, sale.cast.tenderer.id)):
        deal.sign(sale.lot_id, key.sign(deal.message(document)), organisation_id=organisation, clock=stopped(sale.wait(minutes=5)))
    assert [item.role for item in deal.signatures(sale.lot)] == ["centre", "buyer", "seller"]
    assert len(deposits.refunds_due(sale.lot)) == 2, "the losers' go back, the winner's becomes part of the price"
    sale.wait(days=3)
    payments.record(sale.lot_id, f"HT-{sale.lot_id}", award.price_fen, sale.at.astimezone(BEIJING).date(), actor="t", at=sale.at)
    assert sum(row.fen for row in contracts.instalments(sale.lot_id)) == award.price_fen
    report = sealed_pack(centre, sale)
    assert report["ok"], report["checks"]


def test_a_sale_without_a_bid_is_begun_again_and_linked(centre: Centre) -> None:
    sale = a_sale(centre, "auction", reserve="sealed")
    sale.take_part()
    sale.seal_reserve(START)
    sale.close_reserve()
    sale.begin()
    sale.until_end()
    sale.settle()
    assert sale.lot.stage == Stage.FAILED and len(deposits.refunds_due(sale.lot)) == 3
    again = projects.restart(sale.lot_id, actor="t", at=sale.wait(days=1))
    assert again.lots[0].restarted_from_id == sale.lot_id and again.lots[0].method == sale.lot.method
    report = sealed_pack(centre, sale)
    assert report["ok"], report["checks"]

"""Tenders whose prices come in envelopes of their own, from registration to the verified pack, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bidding.envelope import documents
from bidding.opening import envelopes
from bidding.opening import jobs as opening_jobs
from bidding.opening import service as opening
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from experts.evaluation import service as evaluation
from tests.builders import SCORED, T0, Centre
from tests.journeys.test_public_tender import verified
from trading.archive.models import CaseFile
from trading.base.clock import stopped
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.projects.rules import Stage


def two(centre: Centre, bids: int = 4, **changes: object) -> CaseRun:
    plan = centre.plan(bids, **{"method": SCORED, "prices_after_h": 2, **changes})
    return CaseRun(centre.cast, plan, T0)


@pytest.mark.parametrize("policy", ["TB", "T"])
def test_prices_open_after_the_technical_evaluation(centre: Centre, policy: str) -> None:
    case = two(centre, policy=policy)
    case.plan.offers[1] = replace(case.plan.offers[1], rejected="施工方案不符合要求")
    ended = case.run()
    assert ended.winner and case.lot.stage == Stage.CONTRACTED
    technical, price = case.sessions
    assert (technical.envelope, price.envelope) == ("technical", "price")
    assert technical.opens_at == technical.deadline == price.deadline and (price.opens_at - price.deadline).total_seconds() == 7200
    # All four technical envelopes were opened, and the prices of the three that passed.
    assert len(opening.opened_bids(case.lot_id)) == 4
    opened = opening.opened_bids(case.lot_id, envelopes.PRICE)
    assert len(opened) == 3 and {bid.price_fen for bid in opened} == {offer.price_fen for offer in case.plan.offers if not offer.rejected}
    out = case.plan.offers[1]
    assert out.company.id not in {bid.organisation_id for bid in opened}
    report = verified(centre, case)
    assert report["ok"], report


def test_lowest_price_of_two_envelopes(centre: Centre) -> None:
    case = two(centre, method={"kind": "works_lowest"})
    ended = case.run()
    best = min(case.plan.offers, key=lambda offer: offer.price_fen)
    assert ended.winner == best.company.code and ended.price_fen == best.price_fen
    assert verified(centre, case)["ok"]

"""Whole cases from registration to the verified pack, on both databases."""

from __future__ import annotations

from sqlalchemy import func, select

from tests.builders import SCORED, T0, Centre
from trading.base import installation
from trading.base.database import db
from trading.demonstration.case import CaseRun, Offer
from trading.deposits import service as deposits
from trading.evidence import service as evidence
from trading.evidence.verify import Pack, Verifier
from trading.messages.models import Message
from trading.projects.rules import Stage


def verified(centre: Centre, case: CaseRun) -> dict[str, object]:
    pack = case.seal_archive()
    path = installation.files().path(pack.stored)
    return Verifier(Pack(path), evidence.log_verifier_key(), centre.cast.watchers.keys).run()


def test_works_tender_to_verified_archive(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(4, method=SCORED), T0)
    ended = case.run()
    assert ended.winner in {company.code for company in centre.companies}
    assert case.lot.stage == Stage.CONTRACTED
    report = verified(centre, case)
    assert report["ok"], report
    assert case.lot.stage == Stage.ARCHIVED
    assert deposits.ledger_sum() == 0
    told = db.session.scalar(select(func.count()).select_from(Message).where(Message.kind.in_(("result.won", "result.lost"))))
    assert told == 4


def test_procurement_tender_needs_no_publicity(centre: Centre) -> None:
    method = {"kind": "procurement_comprehensive", "price_points": "40", "factors": [
        {"id": "technical", "name": "技术", "most": "60"}]}
    case = CaseRun(centre.cast, centre.plan(3, method=method, procedure="procurement-open", category="goods"), T0)
    case.run()
    assert case.lot.stage == Stage.CONTRACTED
    assert verified(centre, case)["ok"]


def test_two_bids_fail_the_lot_and_nothing_is_opened(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(2), T0)
    case.run()
    assert case.lot.stage == Stage.FAILED
    report = verified(centre, case)
    assert report["ok"], report


def test_policy_t_opens_without_bidders(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(3, policy="T"), T0)
    assert case.run().winner is not None


def test_lowest_valid_price_wins_and_a_rejected_one_does_not(sqlite_centre: Centre) -> None:
    offers = [Offer(sqlite_centre.companies[0], 50_000_000, "不响应实质性要求"), Offer(sqlite_centre.companies[1], 80_000_000),
              Offer(sqlite_centre.companies[2], 80_000_100), Offer(sqlite_centre.companies[3], 90_000_000)]
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(offers=offers), T0)
    assert case.run().winner == sqlite_centre.companies[1].code

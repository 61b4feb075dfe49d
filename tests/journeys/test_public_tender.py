"""Whole cases from registration to the verified pack, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bidding.opening import jobs as opening_jobs
from bidding.opening import service as opening
from bidding.opening.models import Half
from bidding.sealed import service as sealed
from tests.builders import SCORED, T0, Centre
from trading.base import installation
from trading.base.clock import stopped
from trading.base.database import db
from trading.base.errors import Refused
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


@pytest.mark.parametrize(("policy", "suite"), [
    ("T", ""), ("B", ""), ("TB", "gm-1"), ("T", "gm-hybrid"), ("B", "gm-1")])
def test_every_policy_and_suite_opens_and_is_verified(sqlite_centre: Centre, policy: str, suite: str) -> None:
    use(sqlite_centre, "intl-1,gm-1,gm-hybrid")
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(3, policy=policy, suite=suite), T0)
    assert case.run().winner is not None
    document = case.session.document
    assert (document["policy"], document["suite"], len(document["trustees"])) == (policy, suite or "intl-1", 0 if policy == "B" else 3)
    report = verified(sqlite_centre, case)
    assert report["ok"], report


def use(centre: Centre, suites: str) -> None:
    own = centre.app.extensions["mingtang"]
    own["settings"] = replace(own["settings"], suites=suites)
    for holder in centre.cast.holders:
        holder.top_up(T0)


def test_with_policy_b_nothing_shows_before_the_window_ends(sqlite_centre: Centre) -> None:
    """Each half opens its own bid at once, so early ones must stay boxed until nobody can refuse any more."""
    case = sqlite_centre.a_case("register", "announce", "pay_deposits", "file_bids", "close", policy="B")
    rows = sealed.bids(case.session.id)
    for row in rows[:2]:
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    opening_jobs.advance_due(stopped(case.at))
    assert opening.opened_bids(case.lot_id) == [] and all(half.box for half in db.session.scalars(db.select(Half)))
    assert all(case.halves[row.digest].hex().encode() not in half.box for row in rows for half in db.session.scalars(db.select(Half)))
    ends = opening.opening_of(case.lot_id).window_ends
    opening_jobs.advance_due(stopped(ends))
    opening_jobs.advance_due(stopped(ends))
    assert sorted(bid.outcome for bid in opening.opened_bids(case.lot_id)) == ["half_missing", "opened", "opened"]


@pytest.mark.parametrize(("policy", "suite"), [("X", ""), ("TB", "gm-1"), ("TB", "intl-9"), ("", "")])
def test_a_way_of_sealing_that_the_centre_has_not_is_refused(sqlite_centre: Centre, policy: str, suite: str) -> None:
    with pytest.raises(Refused, check=lambda refusal: refusal.reason == "project.sealing_unknown"):
        sqlite_centre.a_case("register", policy=policy, suite=suite)


def test_lowest_valid_price_wins_and_a_rejected_one_does_not(sqlite_centre: Centre) -> None:
    offers = [Offer(sqlite_centre.companies[0], 50_000_000, "不响应实质性要求"), Offer(sqlite_centre.companies[1], 80_000_000),
              Offer(sqlite_centre.companies[2], 80_000_100), Offer(sqlite_centre.companies[3], 90_000_000)]
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(offers=offers), T0)
    assert case.run().winner == sqlite_centre.companies[1].code

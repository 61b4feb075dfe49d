"""Prices in envelopes of their own: who may open them, when, and what becomes of half a bid."""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bidding.opening import envelopes
from bidding.opening import jobs as opening_jobs
from bidding.opening import service as opening
from bidding.sealed import jobs as sealed_jobs
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from bidding.trustees.models import SealingSession
from bidding.trustees.trustee import Memory, release_message
from experts.evaluation import jobs as evaluation_jobs
from experts.evaluation import service as evaluation
from tests.builders import T0, Centre
from tests.services.test_filing import refused
from trading.base.clock import stopped, unix
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.evidence.models import Entry
from trading.projects import rules as project_rules
from trading.projects import service as projects
from trading.projects.rules import Stage


def two(centre: Centre, bids: int = 4, **changes: object) -> CaseRun:
    return CaseRun(centre.cast, centre.plan(bids, **{"prices_after_h": 2, **changes}), T0)


def run(case: CaseRun, *steps: str) -> CaseRun:
    for step in steps:
        getattr(case, step)()
    return case


def judged(centre: Centre, **changes: object) -> tuple[CaseRun, SealingSession]:
    """A case whose committee has judged the technical envelopes; one of four bidders failed."""
    case = two(centre, **changes)
    case.plan.offers[1] = replace(case.plan.offers[1], rejected="施工方案不符合要求")
    run(case, "register", "announce", "pay_deposits", "file_bids", "close", "open", "draw")
    case.sit()
    return case, case.sessions[1]


def windows(case: CaseRun, session: SealingSession) -> list[dict]:
    return [entry.event for entry in db.session.scalars(select(Entry).where(Entry.lot == case.lot.code, Entry.kind == "window.closed"))
            if entry.event["session"] == session.id]


def price_opening(case: CaseRun):
    found = opening.opening_of(case.lot_id, envelopes.PRICE)
    assert found is not None
    return found


# --- when prices open --------------------------------------------------------------------------------


def test_no_price_before_the_committee_has_judged(centre: Centre) -> None:
    case = run(two(centre), "register", "announce", "pay_deposits", "file_bids", "close", "open", "draw")
    later = stopped(case.at + timedelta(days=30))
    assert not opening.close_window(case.lot_id, envelopes.PRICE, clock=later)
    opening_jobs.advance_due(later)
    assert windows(case, case.sessions[1]) == [] and opening.opened_bids(case.lot_id, envelopes.PRICE) == []
    case.sit()
    assert envelopes.judged(case.lot) is not None
    assert opening.close_window(case.lot_id, envelopes.PRICE, clock=later)


def test_no_price_before_its_hour(centre: Centre) -> None:
    case, price = judged(centre)
    # The draw took days; an amendment may move the hour, and nothing opens before it.
    price.opens_at = case.at + timedelta(hours=5)
    db.session.commit()
    assert not opening.close_window(case.lot_id, envelopes.PRICE, clock=stopped(price.opens_at - timedelta(seconds=1)))
    assert opening.close_window(case.lot_id, envelopes.PRICE, clock=stopped(price.opens_at))


def test_who_failed_is_named_and_stays_shut(centre: Centre) -> None:
    case, price = judged(centre)
    case.open_prices()
    out = case.plan.offers[1].company
    digest = envelopes.price_bids(case.lot_id)[out.id]
    (window,) = windows(case, price)
    assert window["shut"] == [digest] and len(window["technical"]) == 64
    given = trustees.releases(trustees.get_session(price.id))
    assert digest not in given and len(given) == 3
    assert price_opening(case).opened_at is not None


def test_the_timetable_carries_it_through(centre: Centre) -> None:
    """Only what the timetable does, and the key holders: no hand is needed between the last verdict and the ranking."""
    case, price = judged(centre)
    at = case.at + timedelta(hours=1)
    opening_jobs.advance_due(stopped(at))
    case.at = at
    case.release_keys(lambda seen: opening.bundle_for(price.id, seen=seen), trustees.get_session(price.id).release_checkpoint)
    for _ in range(3):
        opening_jobs.advance_due(stopped(case.wait(seconds=5)))
    evaluation_jobs.start_due(case.wait(seconds=5))
    found = evaluation.evaluation_of(case.lot_id)
    assert found is not None and found.report is not None and len(found.report["ranking"]) == 3


def test_a_moved_deadline_moves_both_and_keeps_the_hours_between(centre: Centre) -> None:
    case = run(two(centre), "register", "announce")
    lot = projects.get_lot(case.lot_id)
    assert lot.deadline is not None
    lot.deadline += timedelta(days=3)
    db.session.commit()
    assert sealed_jobs.follow_deadlines(case.at) == 1
    technical, price = case.sessions
    assert technical.deadline == price.deadline == technical.opens_at == lot.deadline
    assert price.opens_at - price.deadline == timedelta(hours=2)
    assert price.amendments[-1]["document"]["open_not_before"] == unix(price.opens_at)


# --- half a bid -----------------------------------------------------------------------------------------


def without(case: CaseRun, envelope: str, *numbers: int) -> CaseRun:
    """File all bids, some of them without one of their envelopes."""
    kept = CaseRun.file_envelope
    left_out = {case.plan.offers[number].company.id for number in numbers}
    case.wait(hours=3)
    case.halves = {}
    for offer in case.plan.offers:
        for session in case.sessions:
            if session.envelope != envelope or offer.company.id not in left_out:
                bid, _ = kept(case, session.id, session.document, offer, offer.price_fen)
                case.halves[bid.digest] = bid.kb
    return case


def test_one_envelope_of_two_is_no_bid(centre: Centre) -> None:
    """Three technical envelopes, two prices: too few bidders."""
    case = run(two(centre, 3), "register", "announce", "pay_deposits")
    run(without(case, "price", 0), "close")
    assert case.lot.stage == Stage.FAILED and case.lot.failed_reason == "too_few_bidders"
    assert all(trustees.get_session(session.id).settled_at for session in case.sessions)


def test_who_filed_no_price_is_out_and_who_filed_only_a_price_is_never_opened(centre: Centre) -> None:
    case = run(two(centre, 5), "register", "announce", "pay_deposits")
    case.wait(hours=3)
    case.halves = {}
    for number, offer in enumerate(case.plan.offers):
        for session in case.sessions:
            if (number, session.envelope) not in ((0, "price"), (1, "technical")):
                bid, _ = case.file_envelope(session.id, session.document, offer, offer.price_fen)
                case.halves[bid.digest] = bid.kb
    run(case, "close", "open", "draw")
    case.sit()
    case.open_prices()
    found = evaluation.evaluation_of(case.lot_id)
    assert found is not None and [item["failures"][0]["reasons"] for item in found.rejected] == [["未递交报价信封"]]
    assert {bid.organisation_id for bid in opening.opened_bids(case.lot_id, envelopes.PRICE)} == {offer.company.id for offer in case.plan.offers[2:]}
    assert case.plan.offers[1].company.id not in {bid.organisation_id for bid in opening.opened_bids(case.lot_id)}


def test_a_missing_half_of_the_price_voids_that_bid_alone(centre: Centre) -> None:
    case = run(two(centre), "register", "announce", "pay_deposits", "file_bids", "close")
    price = case.sessions[1]
    left_out = case.plan.offers[0].company.id
    for session in case.sessions:
        for row in sealed.bids(session.id):
            if (session.id, row.organisation_id) != (price.id, left_out):
                opening.give_half(case.lot_id, row.digest or "", case.halves[row.digest or ""], bidder_id=row.organisation_id or 0, clock=stopped(case.wait(seconds=1)))
    assert not opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=5))), "one half of eight is missing"
    found = opening.opening_of(case.lot_id)
    assert found is not None
    case.at = found.window_ends
    technical = case.sessions[0]
    assert opening.close_window(case.lot_id, clock=stopped(case.at))
    case.release_keys(lambda seen: opening.bundle_for(technical.id, seen=seen), trustees.get_session(technical.id).release_checkpoint)
    opening.unseal_due(case.lot_id, clock=stopped(case.wait(seconds=5)))
    assert opening.finish(case.lot_id, clock=stopped(case.wait(seconds=1)))
    case.draw()
    case.sit()
    assert not opening.close_window(case.lot_id, envelopes.PRICE, clock=stopped(price.opens_at)), "whoever gave no half had the whole window"
    case.at = max(case.at, price.opens_at + timedelta(seconds=price.document["bidder_window_s"]))
    case.open_prices()
    outcomes = {bid.organisation_id: bid.outcome for bid in opening.opened_bids(case.lot_id, envelopes.PRICE)}
    assert outcomes.pop(left_out) == "half_missing" and set(outcomes.values()) == {"opened"}
    report = evaluation.evaluation_of(case.lot_id)
    assert report is not None and report.rejected[0]["failures"][0]["reasons"] == ["报价信封未能开启"] and len(report.report["ranking"]) == 3


def test_nobody_passes_and_no_price_is_opened(centre: Centre) -> None:
    case = two(centre, 3)
    case.plan.offers = [replace(offer, rejected="不符合要求") for offer in case.plan.offers]
    run(case, "register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate")
    assert case.lot.stage == Stage.FAILED and opening.opened_bids(case.lot_id, envelopes.PRICE) == []
    assert trustees.releases(case.sessions[1]) == {}


# --- key holders ------------------------------------------------------------------------------------------


#: What a platform may say of the end of the price window instead of the truth.
PRICE_LIES = (lambda b: b.update(window=None), lambda b: b.update(window=b["close"]), lambda b: b["window"]["event"].pop("technical"),
              lambda b: b["window"]["event"].update(shut=[]))


def price_bundle(case: CaseRun, price: SealingSession, seen: int = 0) -> dict:
    case.at = max(case.wait(seconds=5), price.opens_at)
    assert opening.close_window(case.lot_id, envelopes.PRICE, clock=stopped(case.at))
    case.cast.cosign(trustees.get_session(price.id).release_checkpoint or 0, case.at)
    return opening.bundle_for(price.id, seen=seen)


def holder_refuses(case: CaseRun, bundle: dict) -> str:
    try:
        case.cast.holders[0].trustee.release(bundle, Memory(), case.cast.pins, at=unix(case.at) + 5)
    except Refused as refusal:
        return refusal.reason
    return ""


def test_a_key_holder_gives_no_price_away_before_the_log_holds_the_evaluation(centre: Centre) -> None:
    case, price = judged(centre)
    good = price_bundle(case, price)
    assert holder_refuses(case, good) == "", "control: the true bundle is answered"
    for change in PRICE_LIES:
        bundle = deepcopy(good)
        change(bundle)
        assert holder_refuses(case, bundle) in ("trustee.prices_too_soon", "trustee.not_in_log")
    # The end of the technical window is no word on prices.
    technical = opening.bundle_for(case.sessions[0].id, seen=0)
    assert holder_refuses(case, deepcopy(good) | {"window": technical["window"]}) in ("trustee.prices_too_soon", "trustee.not_in_log")


def test_a_window_that_names_no_evaluation_opens_no_price(centre: Centre) -> None:
    """The platform logs the end of the price window without what the committee found."""
    case = run(two(centre), "register", "announce", "pay_deposits", "file_bids", "close", "open")
    price = case.sessions[1]
    case.at = max(case.at, price.opens_at) + timedelta(hours=3)
    with transaction():
        trustees.close_window(price, 4, 4, at=case.at)
    case.cast.cosign(trustees.get_session(price.id).release_checkpoint or 0, case.at)
    assert holder_refuses(case, opening.bundle_for(price.id, seen=0)) == "trustee.prices_too_soon"


def test_a_second_word_on_what_stays_shut_is_refused(centre: Centre) -> None:
    """Whoever has read the prices of those who passed cannot have one more opened."""
    case, price = judged(centre)
    holder = case.cast.holders[0]
    first = price_bundle(case, price, holder.memory.size)
    given = holder.trustee.release(first, holder.memory, case.cast.pins, at=unix(case.at) + 5)
    shut = set(first["window"]["event"]["shut"])
    assert len(shut) == 1 and not shut & {item["digest"] for item in given["body"]["releases"]}
    with transaction():
        trustees.close_window(trustees.get_session(price.id), 4, 4, at=case.wait(minutes=1), technical=first["window"]["event"]["technical"], shut=[])
    case.cast.cosign(trustees.get_session(price.id).release_checkpoint or 0, case.at)
    second = opening.bundle_for(price.id, seen=holder.memory.size)
    with refused("trustee.closed_before"):
        holder.trustee.release(second, holder.memory, case.cast.pins, at=unix(case.at) + 5)


def test_an_early_price_share_goes_on_record(centre: Centre) -> None:
    case = run(two(centre), "register", "announce", "pay_deposits", "file_bids", "close")
    price = case.sessions[1]
    holder = case.cast.holders[0]
    body = {"session": price.id, "trustee": 1, "released_at": unix(case.at), "releases": []}
    early = {"body": body, "sig": holder.trustee.sign(release_message(body))}
    with refused("trustee.too_early"):
        trustees.take_release(early, at=case.at)
    assert db.session.scalar(select(Entry.seq).where(Entry.kind == "shares.early")) is not None


# --- who may choose it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("procedure", "policy", "hours", "reason"), [
    ("works-open", "TB", 2, ""), ("works-invited", "T", 720, ""), ("works-open", "B", 2, "project.two_envelopes"),
    ("works-open", "TB", 0, "project.prices_after"), ("works-open", "TB", 721, "project.prices_after"),
    ("works-comparison", "TB", 2, "project.two_envelopes"), ("procurement-open", "TB", 2, "project.two_envelopes"),
    ("consultation", "TB", 2, "project.two_envelopes"), ("works-prequalification", "TB", 2, "project.two_envelopes")])
def test_who_may_have_two_envelopes(procedure: str, policy: str, hours: int, reason: str) -> None:
    with refused(reason) if reason else nullcontext():
        project_rules.may_have_two_envelopes(project_rules.procedure(procedure), policy, hours)

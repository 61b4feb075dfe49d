"""Further rounds of sealed offers: who is asked, when they close, who is out, and what leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bidding.envelope import documents
from bidding.opening import objecting, pages
from bidding.opening import service as opening
from bidding.rounds import rules
from bidding.rounds import service as rounds
from bidding.rounds.models import OfferRound
from bidding.sealed import filing
from bidding.sealed import jobs as sealed_jobs
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from bidding.trustees.trustee import Trustee
from experts.evaluation import service as evaluation
from tests.builders import Centre
from tests.services.test_filing import refused
from trading.base import installation
from trading.base.clock import now, stopped, unix
from trading.base.database import db
from trading.demonstration.case import CaseRun, Offer
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.projects import service as projects
from trading.projects.rules import Stage
from trading.supervision import service as pauses

TALKS = {"procedure": "negotiation", "category": "goods", "method": {"kind": "procurement_lowest"}, "bidding_days": 9, "deposit_fen": 0}


def reviewed(centre: Centre, bidders: int = 3, rejected: int = 0, **changes: Any) -> tuple[CaseRun, list[int]]:
    """A negotiation whose responses are opened and reviewed, with its group; the last ``rejected`` did not pass."""
    plan = centre.plan(bidders, **(TALKS | changes))
    plan.offers = [replace(offer, rejected="不响应采购需求" if number >= bidders - rejected else "") for number, offer in enumerate(plan.offers)]
    case = CaseRun(centre.cast, plan, centre.a_case("register", **TALKS).at)
    for step in ("register", "announce", "file_bids", "close", "open", "draw"):
        getattr(case, step)()
    sitting = case.sit()
    return case, sitting


def talk_with_all(case: CaseRun, member: int) -> None:
    for bid in evaluation.accepted_bids(case.lot_id):
        evaluation.record_talk(case.lot_id, member, bid.organisation_id, "逐项商谈", at=case.wait(minutes=1))


def ask(case: CaseRun, member: int, *, final: bool = True) -> rounds.OfferRound:
    for holder in case.cast.holders:
        holder.top_up(case.at)
    evaluation.ask_for_offers(case.lot_id, member, case.at + timedelta(minutes=30), is_final=final, at=case.at)
    return rounds.rounds_of(case.lot_id)[-1]


def test_only_those_asked_may_offer_and_only_in_time(centre: Centre) -> None:
    case, group = reviewed(centre, 4, rejected=1)
    talk_with_all(case, group[0])
    found = ask(case, group[0])
    document = trustees.get_session(found.session).document
    asked, out = case.plan.offers[0], case.plan.offers[3]
    stranger = replace(asked, company=centre.companies[5])
    for nobody in (out, stranger):
        with refused("offers.not_asked"):
            sealed.begin_upload(found.session, bidder=nobody.company.organisation, at=case.at)
    last = trustees.get_session(found.session).deadline
    for late in (last, last + timedelta(microseconds=1), last + timedelta(hours=1)):
        with refused("bid.too_late"):
            sealed.begin_upload(found.session, bidder=asked.company.organisation, at=late)
    # In the last minute it is taken; a copy of it in another's name is not.
    case.at = last - timedelta(minutes=1, microseconds=1)
    bid, receipt = case.file_envelope(found.session, document, asked, 80_000_000)
    assert receipt.event["session"] == found.session
    other = case.plan.offers[1]
    upload = sealed.begin_upload(found.session, bidder=other.company.organisation, at=case.at)
    with refused("bid.not_yours"):
        filing.file_bid(found.session, documents.encode(bid.header), other.company.key.sign(bytes.fromhex(bid.digest)), upload.id,
                        bidder_id=other.company.id, clock=stopped(case.at))
    # Nor is the first response an offer of this round.
    with refused("seal.policy"):
        filing.file_bid(found.session, documents.encode(sealed.bids(case.session.id)[0].header or {}), b"", "0" * 32,
                        bidder_id=asked.company.id, clock=stopped(case.at))


def test_no_key_holder_opens_a_round_early(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    talk_with_all(case, group[0])
    found = ask(case, group[0])
    assert not rounds.close(case.lot_id, found.number, clock=stopped(rounds.deadline(found) - timedelta(microseconds=1)))
    case.offer_again(case.plan.offers)
    fresh = evaluation.evaluation_of(case.lot_id)
    assert fresh is not None and fresh.offers_at is None
    holder = case.cast.holders[0]
    bundle = opening.bundle_for(found.session, seen=0)
    memory = replace(holder.memory, size=0, root="", closed={}, used={})
    with refused("trustee.too_early"):
        holder.trustee.release(bundle, memory, case.cast.pins, at=unix(rounds.deadline(found)) - 1)
    # The control: at the deadline it does.
    assert holder.trustee.release(bundle, memory, case.cast.pins, at=unix(rounds.deadline(found)))["body"]["releases"]


def test_a_price_is_asked_again_only_where_the_procedure_says_so(sqlite_centre: Centre) -> None:
    for changes in ({"procedure": "inquiry"}, {"procedure": "works-open", "category": "construction", "method": {"kind": "works_lowest"},
                                               "bidding_days": 22}):
        case, group = reviewed(sqlite_centre, **changes)
        bid = evaluation.accepted_bids(case.lot_id)[0]
        with refused("offers.one_price"):
            evaluation.record_talk(case.lot_id, group[0], bid.organisation_id, "压价", at=case.at)
        with refused("offers.one_price"):
            rounds.ask(case.lot_id, [bid.organisation_id], case.at + timedelta(minutes=30), is_final=True, actor="t", at=case.at)


def test_all_are_heard_before_the_final_offer_and_rounds_follow_each_other(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    bids = evaluation.accepted_bids(case.lot_id)
    for closes in (timedelta(minutes=2) - timedelta(microseconds=1), timedelta(days=5, microseconds=1)):
        with refused("offers.deadline"):
            evaluation.ask_for_offers(case.lot_id, group[0], case.at + closes, is_final=False, at=case.at)
    evaluation.record_talk(case.lot_id, group[0], bids[0].organisation_id, "商谈", at=case.at)
    with refused("offers.not_heard"):
        ask(case, group[0])
    for wrong in ("", " " * 9, "长" * 4001):
        with refused("offers.minutes_length"):
            evaluation.record_talk(case.lot_id, group[0], bids[1].organisation_id, wrong, at=case.at)
    first = ask(case, group[0], final=False)
    with refused("offers.round_open"):
        ask(case, group[0])
    with refused("evaluation.not_scoring"):
        evaluation.submit_scores(case.lot_id, group[0], {}, at=case.at)
    case.offer_again(case.plan.offers)
    assert not evaluation.follow_offers(case.lot_id, at=case.at), "only the final round settles it"
    talk_with_all(case, group[0])
    second = ask(case, group[0])
    case.offer_again(case.plan.offers[::-1])
    assert (first.envelope, second.envelope) == ("offer-1", "offer-2")
    assert evaluation.follow_offers(case.lot_id, at=case.at) and not evaluation.follow_offers(case.lot_id, at=case.at)
    with refused("offers.final_given"):
        ask(case, group[0])
    report = evaluation.evaluation_of(case.lot_id)
    assert report is not None and report.report is not None
    assert [place["price_fen"] for place in report.report["ranking"]] == sorted(offer.price_fen * 99 // 100 for offer in case.plan.offers)
    with refused("offers.too_many_rounds"):
        rules.may_ask("several", Stage.OPENED, number=rules.MOST + 1, under_way=False, final_before=False)


def test_who_gives_no_final_offer_or_too_high_a_one_is_out_and_two_are_too_few(centre: Centre) -> None:
    case, group = reviewed(centre, 4)
    talk_with_all(case, group[0])
    ask(case, group[0])
    dear = replace(case.plan.offers[0], price_fen=100_000_000)  # a hundredth less is still above the ceiling
    case.offer_again([dear, *case.plan.offers[1:3]])
    assert evaluation.follow_offers(case.lot_id, at=case.at)
    assert case.lot.stage == Stage.FAILED and case.lot.failed_reason == "too_few_valid"
    evaluated = evaluation.evaluation_of(case.lot_id)
    assert evaluated is not None
    reasons = sorted(item["failures"][0]["reasons"][0] for item in evaluated.rejected)
    assert reasons == ["最后报价超过最高限价", "未提交最后报价"]


def test_three_final_offers_are_enough_and_the_pack_shows_them(centre: Centre) -> None:
    case, group = reviewed(centre, 4)
    talk_with_all(case, group[0])
    ask(case, group[0])
    case.offer_again(case.plan.offers[1:])
    evaluation.follow_offers(case.lot_id, at=case.at)
    for account in group:
        evaluation.sign(case.lot_id, account, at=case.wait(minutes=1))
    case.conclude()
    award = projects.award_of(case.lot_id)
    assert award is not None and award.price_fen == case.plan.offers[1].price_fen * 99 // 100
    pack = case.seal_archive()
    path = installation.files().path(pack.stored)
    assert verify.verify_path(path, evidence.log_verifier_key(), case.cast.watchers.keys)["ok"]
    with verify.zipfile.ZipFile(path) as bag:
        names = bag.namelist()
    assert "data/15-opening/record-offer-1.json" in names and sum(name.startswith("data/25-talks/") for name in names) == 5


def test_a_round_stands_still_while_the_lot_is_paused(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    talk_with_all(case, group[0])
    found = ask(case, group[0])
    before = rounds.deadline(found)
    stood = pauses.pause_by_law(case.lot_id, "objection", "条例 22", "核查", actor="platform", at=case.at)
    pauses.end_by_law(stood.id, "完毕", actor="platform", at=case.wait(hours=2))
    rounds.follow_pauses(case.lot_id, found.number, at=case.at)
    assert rounds.deadline(found) == before + timedelta(hours=2)
    case.file_envelope(found.session, trustees.get_session(found.session).document, case.plan.offers[0], 80_000_000)
    assert not rounds.close(case.lot_id, found.number, clock=stopped(before))
    pauses.pause_by_law(case.lot_id, "objection", "条例 22", "再核查", actor="platform", at=case.at)
    assert not rounds.close(case.lot_id, found.number, clock=stopped(before + timedelta(hours=3)))


def test_nothing_of_the_responses_is_read_out_before_the_result(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    price = str(case.plan.offers[0].price_fen)
    names = [offer.company.name for offer in case.plan.offers]
    found = opening.opening_of(case.lot_id)
    assert found is not None
    with sqlite_centre.app.test_request_context("/"):
        shown = str(pages.hall(case.lot, case.at, None, host=True))
    assert not any(name in shown for name in names) and "900,000.00" not in shown
    notices = str(db.session.execute(text("SELECT body FROM notice_version")).all())
    assert price not in notices and not any(name in notices for name in names)
    # The control: a tender that is read out shows both.
    public = sqlite_centre.an_opened_case(deposit_fen=0)
    with sqlite_centre.app.test_request_context("/"):
        shown = str(pages.hall(public.lot, public.at, None, host=True))
    assert all(name in shown for name in names) and "900,000.00" in shown
    assert group


@pytest.mark.parametrize("text_", ["１２", "nan", "<b>x</b>"])
def test_minutes_are_kept_as_written(sqlite_centre: Centre, text_: str) -> None:
    case, group = reviewed(sqlite_centre)
    bid = evaluation.accepted_bids(case.lot_id)[0]
    evaluation.record_talk(case.lot_id, group[0], bid.organisation_id, text_, at=case.at)
    assert [item.text for item in rounds.minutes_of(case.lot_id)] == [text_]
    with refused("offers.one_price"):
        evaluation.record_talk(case.lot_id, group[0], 999_999, text_, at=case.at)
    for wrong in ("", "长" * 4001, "a\0b"):
        with refused("offers.minutes_length"):
            evaluation.record_talk(case.lot_id, group[0], bid.organisation_id, wrong, at=case.at)
    for wrong in ("长" * 4001, "a\0b", "a\u202eb"):
        with refused("offers.changes_length"):
            evaluation.ask_for_offers(case.lot_id, group[0], case.at + timedelta(hours=1), is_final=False, changes=wrong, at=case.at)
    assert rounds.rounds_of(case.lot_id) == []


def test_nobody_left_after_the_review_ends_it(sqlite_centre: Centre) -> None:
    case, _group = reviewed(sqlite_centre, 3, rejected=1)
    assert case.lot.stage == Stage.FAILED and case.lot.failed_reason == "too_few_valid"
    pack = case.seal_archive()
    assert verify.verify_path(installation.files().path(pack.stored), evidence.log_verifier_key(), case.cast.watchers.keys)["ok"]


def test_the_last_round_that_may_be_asked_is_the_final_one() -> None:
    rules.is_last(rules.MOST - 1, False)
    rules.is_last(rules.MOST, True)
    with refused("offers.must_be_final"):
        rules.is_last(rules.MOST, False)


def open_with_one_lost(case: CaseRun, found: OfferRound, offers: Sequence[Offer]) -> None:
    """File offers into a round and open it after the platform lost the ciphertext of one of them."""
    document = trustees.get_session(found.session).document
    for offer in offers:
        case.file_envelope(found.session, document, offer, offer.price_fen)
    case.at = rounds.deadline(found)
    rounds.close(case.lot_id, found.number, clock=stopped(case.at))
    sealing = trustees.get_session(found.session)
    case.cast.cosign(sealing.close_checkpoint or 0, case.at)
    for name in sealed.bids(found.session)[0].parts or []:
        installation.files().discard(name)
    case.release_keys(lambda seen: opening.bundle_for(found.session, seen=seen), sealing.release_checkpoint)
    opening.unseal_due(case.lot_id, found.envelope, clock=stopped(case.wait(seconds=5)))
    opening.finish(case.lot_id, found.envelope, clock=stopped(case.wait(seconds=1)))


def test_an_offer_lost_by_the_platform_throws_nobody_out(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    talk_with_all(case, group[0])
    found = ask(case, group[0])
    open_with_one_lost(case, found, case.plan.offers)
    assert rounds.is_void(found) and rounds.final_offers(case.lot_id) is None
    assert not evaluation.follow_offers(case.lot_id, at=case.at)
    ask(case, group[0])
    case.offer_again(case.plan.offers)
    assert evaluation.follow_offers(case.lot_id, at=case.at)
    report = evaluation.evaluation_of(case.lot_id)
    assert report is not None and report.report is not None and len(report.report["ranking"]) == 3


def test_right_after_a_pause_the_time_stood_still_is_not_counted(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    talk_with_all(case, group[0])
    found = ask(case, group[0])
    last = rounds.deadline(found)
    stood = pauses.pause_by_law(case.lot_id, "objection", "条例 22", "核查", actor="platform", at=case.at)
    pauses.end_by_law(stood.id, "完毕", actor="platform", at=last + timedelta(minutes=5))
    case.at = last + timedelta(minutes=6)
    assert rounds.deadline(found) == last, "the timetable has not come by yet"
    case.file_envelope(found.session, trustees.get_session(found.session).document, case.plan.offers[0], 80_000_000)


def test_covers_come_through_a_round(sqlite_centre: Centre) -> None:
    case, group = reviewed(sqlite_centre)
    talk_with_all(case, group[0])
    found = ask(case, group[0])
    before = len(db.session.execute(text("SELECT id FROM sealed_bid WHERE session = :s"), {"s": found.session}).all())
    added = sum(sealed_jobs.blur(case.at) for _ in range(200))
    after = len(db.session.execute(text("SELECT id FROM sealed_bid WHERE session = :s"), {"s": found.session}).all())
    assert after - before == added >= 1


def test_a_bundle_that_names_suppliers_is_for_its_key_holders(sqlite_centre: Centre) -> None:
    case, _group = reviewed(sqlite_centre)
    client, at = sqlite_centre.app.test_client(), unix(now())
    address = f"/api/v1/openings/{case.session.id}/bundle"
    holder, other = case.cast.holders[0].trustee, Trustee(b"7" * 32, "外人")
    good = holder.ask(case.session.id, at)
    for header in ("", "Trustee", other.ask(case.session.id, at), holder.ask(case.session.id, at - 301), holder.ask("0" * 64, at),
                   good[:-4] + "AAA=", good.replace("Trustee", "Bearer"), good + " x", "Trustee " + "9" * 64 + f" {at} ***"):
        answer = client.get(address, headers={"Authorization": header})
        assert answer.status_code == 403 and not any(offer.company.code in answer.text for offer in case.plan.offers), header
    assert all(offer.company.code in client.get(address, headers={"Authorization": good}).text for offer in case.plan.offers)
    public = sqlite_centre.an_opened_case(deposit_fen=0)
    assert client.get(f"/api/v1/openings/{public.session.id}/bundle").status_code == 200, "what is read out needs nobody's key"


def test_the_hall_names_nobody_who_speaks_or_confirms(sqlite_centre: Centre) -> None:
    case, _group = reviewed(sqlite_centre)
    bidder = case.plan.offers[0].company
    with refused("opening.nothing_read_out"):
        opening.confirm(case.lot_id, bidder_id=bidder.id, at=case.at)
    objecting.speak(case.lot_id, "程序有问题", bidder=bidder.organisation, actor="bidder", at=case.at)
    with sqlite_centre.app.test_request_context("/"):
        shown = str(pages.log_entries(case.lot_id))
    assert "程序有问题" in shown and bidder.name not in shown and "一家供应商" in shown

"""Draws and evaluations through the services: recusal, forced reveal, substitutes, sealed names, silence until all submit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experts.draw import service as draws
from experts.draw.strata import Stratum
from experts.draw.transcript import recompute
from experts.evaluation import service as evaluation
from experts.pool import service as pool
from tests.builders import SCORED, Centre
from tests.services.test_filing import every_value, refused
from trading.announcements import service as announcements
from trading.base import installation
from trading.base.clock import BEIJING, stopped
from trading.base.database import db, transaction
from trading.base.errors import NotFound
from trading.demonstration.case import PARTICULARS, CaseRun
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.projects import service as projects
from trading.projects.rules import Stage

FIVE = [Stratum("A01", 5, (), ("A01",))]


def opened(centre: Centre, **changes: object) -> CaseRun:
    return centre.an_opened_case(**changes)


@pytest.mark.parametrize(("seats", "reason"), [(3, "committee"), (4, "committee"), (6, "committee")])
def test_a_committee_is_five_or_more_and_odd(sqlite_centre: Centre, seats: int, reason: str) -> None:
    case = opened(sqlite_centre)
    with pytest.raises(Exception, match=reason):
        draws.freeze(case.lot_id, [Stratum("A01", seats, (), ("A01",))], representatives=[], actor="d", at=case.at)


def test_employees_of_bidders_are_out_before_the_freeze(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre)
    with transaction():
        expert = pool.active()[0]
        expert.employer = sqlite_centre.companies[0].code
    made = draws.freeze(case.lot_id, FIVE, representatives=[], actor="d", at=case.at)
    assert made.excluded == 1 and len(made.pool) == 23


def test_a_thin_pool_needs_a_reason(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre)
    with transaction():
        for expert in pool.active()[:12]:
            expert.suspended_at = case.at
    with refused("draw.pool_thin"):
        draws.freeze(case.lot_id, FIVE, representatives=[], actor="d", at=case.at)
    assert draws.freeze(case.lot_id, FIVE, representatives=[], actor="d", at=case.at, reason="本县专家不足").thin == ["A01"]


def test_two_contributors_are_not_enough(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre)
    made = draws.freeze(case.lot_id, FIVE, representatives=[], actor="d", at=case.at)
    document = draws.trustees.get_session(made.session).document
    for holder in sqlite_centre.cast.holders[:2]:
        draws.contribute(made.id, holder.trustee.contribute(document), contributor=holder.trustee.organisation, public=holder.trustee.public, clock=stopped(case.at))
    ends = made.closes_at
    assert not draws.close(made.id, clock=stopped(ends))
    assert draws.get(made.id).closes_at > ends and draws.get(made.id).closed_at is None


def test_one_contributes_once_and_for_itself(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre)
    made = draws.freeze(case.lot_id, FIVE, representatives=[], actor="d", at=case.at)
    document = draws.trustees.get_session(made.session).document
    first, second = (holder.trustee for holder in sqlite_centre.cast.holders[:2])
    given = first.contribute(document)
    with refused("draw.signature"):
        draws.contribute(made.id, given, contributor=second.organisation, public=second.public, clock=stopped(case.at))
    draws.contribute(made.id, given, contributor=first.organisation, public=first.public, clock=stopped(case.at))
    draws.contribute(made.id, given, contributor=first.organisation, public=first.public, clock=stopped(case.at))
    with refused("draw.contributed"):
        draws.contribute(made.id, first.contribute(document), contributor=first.organisation, public=first.public, clock=stopped(case.at))
    with refused("draw.closed"):
        draws.contribute(made.id, second.contribute(document), contributor=second.organisation, public=second.public, clock=stopped(made.closes_at))
    assert len(draws.contributions(made.id)) == 1


def drawn(centre: Centre, **changes: object) -> CaseRun:
    case = opened(centre, **changes)
    case.draw()
    return case


def test_who_declines_is_replaced_by_the_next_ticket(centre: Centre) -> None:
    case = opened(centre)
    cast = centre.cast
    answers = cast.experts
    cast.experts = []  # nobody answers yet
    case.draw()
    cast.experts = answers
    made = draws.of_lot(case.lot_id)
    before = recompute(made.transcript).outcome
    seat = draws.seats(made.id)[2]
    account = pool.get(draws.expert_of(seat)).account_id
    draws.answer(made.id, account, accepts=False, reason="出差", at=case.at)
    after = recompute(draws.get(made.id).transcript).outcome
    assert set(before.members) - set(after.members) == {seat.eid}
    new, = set(after.members) - set(before.members)
    assert new == next(eid for eid in before.seatings[0].substitutes if eid in after.members)
    assert draws.get(made.id).sealed_at is None
    for one in draws.seats(made.id):
        if not one.answer:
            draws.answer(made.id, pool.get(draws.expert_of(one)).account_id, accepts=True, at=case.at)
    assert draws.get(made.id).sealed_at is not None


def test_names_are_nowhere_in_the_clear_until_the_result(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre)
    known = set(every_value().splitlines())
    case.draw()
    new = "\n".join(set(every_value().splitlines()) - known)
    made = draws.of_lot(case.lot_id)
    for account in draws.members(made):
        assert f"专家{account:03d}" not in new
    # A seat names its expert by a salted hash only; calls go to accounts as plain messages, see below.
    lines = [row for row in new.splitlines() if row.startswith(("draw_seat", "expert_draw", "evidence_entry"))]
    assert lines
    assert made.revealed_at is None


def test_nobody_else_enters_the_room(sqlite_centre: Centre) -> None:
    case = drawn(sqlite_centre)
    evaluation.start(case.lot_id, actor="h", at=case.at)
    outsider = next(account for account in sqlite_centre.cast.experts if account not in draws.members(draws.of_lot(case.lot_id)))
    with pytest.raises(NotFound):
        evaluation.declare(case.lot_id, outsider, conflict="", at=case.at)


def test_a_conflict_found_late_calls_the_next_ticket(centre: Centre) -> None:
    case = drawn(centre)
    evaluation.start(case.lot_id, actor="h", at=case.at)
    accounts = [evaluation.account_of(member) for member in evaluation.members(case.lot_id)]
    evaluation.declare(case.lot_id, accounts[0], conflict="与投标人有劳动关系", at=case.at)
    assert len(evaluation.members(case.lot_id)) == 4
    for account in accounts[1:]:
        evaluation.declare(case.lot_id, account, conflict="", at=case.at)
    with refused("evaluation.declarations_missing"):
        evaluation.submit_review(case.lot_id, accounts[1], {}, at=case.at)
    made = draws.of_lot(case.lot_id)
    waiting = next(seat for seat in draws.seats(made.id) if not seat.answer)
    account = pool.get(draws.expert_of(waiting)).account_id
    draws.answer(made.id, account, accepts=True, at=case.at)
    evaluation.seat_substitutes(case.lot_id, at=case.at)
    assert len(evaluation.members(case.lot_id)) == 5
    evaluation.declare(case.lot_id, account, conflict="", at=case.at)


def test_scores_out_of_range_or_missing_leave_nothing(sqlite_centre: Centre) -> None:
    case = drawn(sqlite_centre, method=SCORED)
    evaluation.start(case.lot_id, actor="h", at=case.at)
    accounts = [evaluation.account_of(member) for member in evaluation.members(case.lot_id)]
    for account in accounts:
        evaluation.declare(case.lot_id, account, conflict="", at=case.at)
    bids = evaluation.bids_to_judge(case.lot_id)
    good = {(bid.digest, criterion): (True, "") for bid in bids for criterion in ("form", "qualification", "response")}
    with refused("evaluation.verdict_missing"):
        evaluation.submit_review(case.lot_id, accounts[0], dict(list(good.items())[1:]), at=case.at)
    for account in accounts:
        evaluation.submit_review(case.lot_id, account, good, at=case.at)
    for points in ("26", "-1", "NaN", "1e9", "１_0", "1_0", "1.005", ""):
        marks = {(bid.digest, factor): ("10", "") for bid in bids for factor in ("design", "team")}
        marks[bids[0].digest, "design"] = (points, "")
        with pytest.raises(Exception, match="evaluation"):
            evaluation.submit_scores(case.lot_id, accounts[0], marks, at=case.at)
        db.session.rollback()
        assert evaluation.member_of(case.lot_id, accounts[0]).scored_at is None


def test_award_waits_for_the_publicity_and_takes_the_first(centre: Centre) -> None:
    case = drawn(centre)
    case.evaluate()
    candidates = projects.candidates(case.lot_id)
    with refused("result.not_publicised"):
        evaluation.award(case.lot_id, candidates[0].organisation_id, actor="t", at=case.at)
    notice = announcements.publicise(case.lot_id, PARTICULARS, actor="t", at=case.at)
    until = case.at.fromisoformat(notice.versions[-1].schedule["until"])
    with refused("result.publicity_runs"):
        evaluation.award(case.lot_id, candidates[0].organisation_id, actor="t", at=until - timedelta(microseconds=1))
    with refused("law.award_out_of_order"):
        evaluation.award(case.lot_id, candidates[1].organisation_id, actor="t", at=until)
    made = evaluation.award(case.lot_id, candidates[0].organisation_id, actor="t", at=until)
    assert case.lot.stage == Stage.AWARDED and draws.of_lot(case.lot_id).revealed_at == until
    with refused("result.contract_price"):
        projects.record_contract(case.lot_id, "1", made.price_fen + 1, until.date(), actor="t", at=until + timedelta(days=1))


def test_the_next_wins_only_when_each_before_fell_away(centre: Centre) -> None:
    case = drawn(centre)
    case.evaluate()
    notice = announcements.publicise(case.lot_id, PARTICULARS, actor="t", at=case.at)
    case.at = case.at.fromisoformat(notice.versions[-1].schedule["until"])
    first, second, third = (candidate.organisation_id for candidate in projects.candidates(case.lot_id))
    evaluation.award(case.lot_id, first, actor="t", at=case.at)
    for rank, loss, note, reason in ((1, "bored", "x", "result.not_a_candidate"), (9, "gave_up", "x", "result.not_a_candidate"),
                                     (1, "gave_up", " ", "result.loss_note")):
        with refused(reason):
            announcements.lose_candidate(case.lot_id, rank, loss, note, actor="t", at=case.wait(days=1))
    announcements.lose_candidate(case.lot_id, 1, "gave_up", "来函放弃", actor="t", at=case.at)
    assert case.lot.stage == Stage.PUBLICISED and projects.award_of(case.lot_id) is None
    with refused("result.lost_already"):
        announcements.lose_candidate(case.lot_id, 1, "gave_up", "来函放弃", actor="t", at=case.at)
    for organisation_id in (first, third):
        with refused("law.award_out_of_order"):
            evaluation.award(case.lot_id, organisation_id, actor="t", at=case.at)
    made = evaluation.award(case.lot_id, second, actor="t", at=case.wait(hours=1))
    assert (made.organisation_id, "来函放弃" in made.reason) == (second, True)
    projects.record_contract(case.lot_id, "HT-2", made.price_fen, case.at.astimezone(BEIJING).date(), actor="t", at=case.wait(days=1))
    pack = case.seal_archive()
    report = verify.verify_path(installation.files().path(pack.stored), evidence.log_verifier_key(), centre.cast.watchers.keys)
    assert report["ok"], report["checks"]

"""Pauses: two supervisors, clocks that stop and go on, nothing done in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bidding.opening import service as opening
from bidding.sealed import jobs as sealed_jobs
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from experts.evaluation import service as evaluation
from tests.builders import T0, Centre
from tests.services.test_filing import file, refused, seal, upload
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.announcements import queries
from trading.announcements import service as announcements
from trading.base.clock import stopped
from trading.base.database import db, transaction
from trading.demonstration.case import PARTICULARS, CaseRun
from trading.evidence.models import Entry
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.supervision import service as pauses


def supervisors() -> tuple[int, int]:
    made = [accounts.create(name, name, "correct horse battery", {Role.SUPERVISOR}, actor="admin", at=T0)
            for name in ("supervisor-a", "supervisor-b")]
    return made[0].id, made[1].id


@pytest.fixture
def two(centre: Centre) -> tuple[int, int]:
    return supervisors()


@pytest.fixture
def two_sqlite(sqlite_centre: Centre) -> tuple[int, int]:
    return supervisors()


def paused(case: CaseRun, two: tuple[int, int], hours: float) -> int:
    """Pause the case now and let it stand; gives the pause, still in force."""
    made = pauses.ask_pause(case.lot_id, "收到举报，需要核查", account_id=two[0], actor="a", at=case.at)
    pauses.confirm_pause(made.id, account_id=two[1], actor="b", at=case.at)
    assert case.lot.stage == Stage.PAUSED
    case.wait(hours=hours)
    return made.id


def lifted(case: CaseRun, two: tuple[int, int], pause_id: int) -> None:
    pauses.ask_lift(pause_id, "核查完毕", account_id=two[1], actor="b", at=case.at)
    pauses.confirm_lift(pause_id, account_id=two[0], actor="a", at=case.at)


def test_one_supervisor_alone_pauses_and_lifts_nothing(centre: Centre, two) -> None:
    case = centre.a_bidding_case()
    made = pauses.ask_pause(case.lot_id, "核查", account_id=two[0], actor="a", at=case.at)
    assert case.lot.stage == Stage.BIDDING
    with refused("pause.second_person"):
        pauses.confirm_pause(made.id, account_id=two[0], actor="a", at=case.at)
    with refused("pause.asked_already"):
        pauses.ask_pause(case.lot_id, "再次", account_id=two[1], actor="b", at=case.at)
    pauses.confirm_pause(made.id, account_id=two[1], actor="b", at=case.at)
    pauses.ask_lift(made.id, "完毕", account_id=two[0], actor="a", at=case.at)
    with refused("pause.second_person"):
        pauses.confirm_lift(made.id, account_id=two[0], actor="a", at=case.at)
    assert case.lot.stage == Stage.PAUSED
    for text in ("", "  ", "x" * 2001):
        with refused("pause.reason"):
            pauses.ask_lift(made.id, text, account_id=two[0], actor="a", at=case.at)


def test_while_paused_nothing_is_filed_or_closed_and_the_deadline_moves(centre: Centre, two) -> None:
    case, company = centre.a_bidding_case(), centre.companies[0]
    before = case.lot.deadline
    bid, payload = seal(case, company)
    begun = upload(case, company, bid, payload)
    case.at = before - timedelta(hours=2)
    pause = paused(case, two, hours=5)
    assert case.at > before
    assert not opening.close(case.lot_id, clock=stopped(case.at)), "the deadline passes while the lot stands still"
    with refused("bid.not_open"):
        file(case, company, bid, begun)
    lifted(case, two, pause)
    assert (case.lot.stage, case.lot.deadline) == (Stage.BIDDING, before + timedelta(hours=5))
    assert sealed_jobs.follow_deadlines(case.at) == 1
    session = trustees.session_of(case.lot_id, "bid")
    assert session.deadline == case.lot.deadline
    assert file(case, company, bid, begun).event["bidder"] == company.code
    kinds = [notice.kind for notice in queries.of_project(case.project_id)]
    assert kinds.count("pause") == kinds.count("resumption") == 1


def test_a_pause_of_seconds_gives_a_whole_minute(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_bidding_case()
    before = case.lot.deadline
    pause = paused(case, two_sqlite, hours=0)
    case.wait(seconds=1)
    lifted(case, two_sqlite, pause)
    assert case.lot.deadline == before + timedelta(minutes=1)


def test_the_bidders_window_waits_too(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_case("register", "announce", "pay_deposits", "file_bids", "close")
    rows = sealed.bids(case.session.id)
    case.wait(minutes=10)
    pause = paused(case, two_sqlite, hours=3)
    with refused("opening.window_over"):
        opening.give_half(case.lot_id, rows[0].digest, case.halves[rows[0].digest], bidder_id=rows[0].organisation_id, clock=stopped(case.at))
    lifted(case, two_sqlite, pause)
    found = opening.opening_of(case.lot_id)
    assert opening.window_ends(found, case.at) == found.window_ends + timedelta(hours=3)
    case.open()
    assert case.lot.stage == Stage.OPENED


def test_the_publicity_waits_and_nobody_awards_meanwhile(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.an_opened_case()
    case.draw()
    case.evaluate()
    notice = announcements.publicise(case.lot_id, PARTICULARS, actor="t", at=case.wait(hours=1))
    until = notice.versions[-1].schedule["until"]
    pause = paused(case, two_sqlite, hours=24 * 5)
    first = projects.candidates(case.lot_id)[0]
    with refused("project.step_not_allowed"):
        evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at)
    lifted(case, two_sqlite, pause)
    moved = queries.candidates_schedule(case.lot_id)["until"]
    assert moved > until
    with refused("result.publicity_runs"):
        evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at)


def test_two_grounds_hold_until_both_are_gone(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_bidding_case()
    before = case.lot.deadline
    ordered = paused(case, two_sqlite, hours=1)
    by_law = pauses.pause_by_law(case.lot_id, "objection", "条例 22", "对招标文件的异议", actor="platform", at=case.at)
    case.wait(hours=1)
    lifted(case, two_sqlite, ordered)
    assert case.lot.stage == Stage.PAUSED
    case.wait(hours=1)
    with refused("pause.by_law"):
        pauses.ask_lift(by_law.id, "x", account_id=two_sqlite[0], actor="a", at=case.at)
    pauses.end_by_law(by_law.id, "已答复", actor="platform", at=case.at)
    assert (case.lot.stage, case.lot.deadline) == (Stage.BIDDING, before + timedelta(hours=3))
    assert pauses.time_paused(case.lot_id, case.at - timedelta(days=1)) == timedelta(hours=3)
    kinds = dict(db.session.execute(select(Entry.kind, func.count()).where(Entry.lot == case.lot.code).group_by(Entry.kind)).all())
    assert kinds["lot.paused"] == kinds["lot.resumed"] == kinds["pause.added"] == 1


def test_a_finished_case_is_not_paused(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    assert case.lot.stage == Stage.FAILED
    with refused("pause.stage"):
        pauses.ask_pause(case.lot_id, "x", account_id=two_sqlite[0], actor="a", at=case.at)


def test_a_pause_of_a_terminated_case_ends_without_a_resumption(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_bidding_case()
    pause = paused(case, two_sqlite, hours=1)
    announcements.terminate(case.project_id, "规划调整", actor="t", at=case.at)
    lifted(case, two_sqlite, pause)
    assert case.lot.stage == Stage.TERMINATED and pauses.open_pauses(case.lot_id) == []


def test_a_deadline_that_was_over_is_not_opened_again(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_bidding_case()
    case.at = over = case.lot.deadline
    pause = paused(case, two_sqlite, hours=1)
    lifted(case, two_sqlite, pause)
    assert case.lot.deadline == over
    assert opening.close(case.lot_id, clock=stopped(case.at))


def test_a_clarification_never_moves_a_deadline_earlier(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.a_bidding_case()
    first = projects.locked(case.project_id)
    other = Lot(project_id=first.id, number=2, code=f"{first.code}002", name="二标段", estimate_fen=100, method={"kind": "works_lowest"},
                stage=Stage.BIDDING, deadline=case.lot.deadline)
    with transaction() as session:
        session.add(other)
    pause = paused(case, two_sqlite, hours=24 * 5)
    lifted(case, two_sqlite, pause)
    db.session.refresh(first, ["lots"])
    later, earlier = case.lot.deadline, other.deadline
    assert later == earlier + timedelta(days=5)
    announcements.clarify(case.project_id, "澄清", "内容", actor="t", at=case.at)
    assert case.lot.deadline == later and other.deadline >= earlier


def test_an_awarded_case_is_not_terminated_by_way_of_a_pause(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.an_opened_case()
    case.draw()
    case.evaluate()
    notice = announcements.publicise(case.lot_id, PARTICULARS, actor="t", at=case.at)
    case.at = case.at.fromisoformat(notice.versions[-1].schedule["until"])
    first = projects.candidates(case.lot_id)[0]
    evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at)
    with refused("project.step_not_allowed"):
        evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at)
    paused(case, two_sqlite, hours=1)
    with refused("project.step_not_allowed"):
        announcements.terminate(case.project_id, "规划调整", actor="t", at=case.at)
    assert case.lot.stage == Stage.PAUSED


def test_a_committee_rests_with_its_lot(sqlite_centre: Centre, two_sqlite) -> None:
    case = sqlite_centre.an_opened_case()
    case.draw()
    evaluation.start(case.lot_id, actor="host", at=case.wait(hours=1))
    member = evaluation.account_of(evaluation.members(case.lot_id)[0])
    pause = paused(case, two_sqlite, hours=1)
    with refused("evaluation.resting"):
        evaluation.declare(case.lot_id, member, conflict="", at=case.at)
    lifted(case, two_sqlite, pause)
    evaluation.declare(case.lot_id, member, conflict="", at=case.at)

"""Clocks of real cases: what starts and ends them, reminders told once, duties with their reference."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from experts.evaluation import service as evaluation
from tests.builders import T0, Centre
from tests.journeys.test_procedures import PLANS
from tests.services.test_filing import refused
from tests.services.test_pauses import supervisors
from trading.announcements import queries
from trading.announcements import service as announcements
from trading.base.database import db
from trading.demonstration.case import PARTICULARS, CaseRun
from trading.evidence.models import Entry
from trading.law.clocks import Light
from trading.messages.models import Message
from trading.projects import service as projects
from trading.supervision import clocks, reminders, words


def running(case: CaseRun) -> dict[str, Light]:
    today = case.at.date()
    return {clock.kind.id: clock.light(today) for clock in clocks.of_lots([case.lot], at=case.at)[case.lot_id]}


def evaluated(centre: Centre, procedure: str = "works-open", **changes: object) -> CaseRun:
    case = CaseRun(centre.cast, centre.plan(3, procedure=procedure, **(PLANS[procedure] | changes)), T0)
    for step in ("register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate"):
        getattr(case, step)()
    return case


def test_a_works_case_from_evaluation_to_contract(centre: Centre) -> None:
    case = evaluated(centre)
    assert running(case) == {"publicise": Light.GREEN}
    case.wait(days=10)
    assert running(case) == {"publicise": Light.RED}
    case.conclude()
    found = clocks.of_lots([case.lot], at=case.at)[case.lot_id]
    assert {clock.kind.id for clock in found if clock.ended_at} == {"publicise", "publicity", "contract"}
    assert [clock.kind.id for clock in found if clock.was_late()] == ["publicise"]
    assert [clock.kind.id for clock in found if not clock.ended_at] == ["report"]


def test_procurement_owes_other_acts(sqlite_centre: Centre) -> None:
    case = evaluated(sqlite_centre, "procurement-open")
    assert running(case) == {"decide": Light.GREEN}
    case.conclude()
    assert set(running(case)) == {"decide", "contract_procurement", "contract_published", "contract_filed"}


def test_reminders_are_told_once_and_escalate(centre: Centre) -> None:
    watchers = supervisors()
    case = evaluated(centre)
    assert reminders.remind(case.at) == 0
    case.at = case.at + timedelta(days=2)
    assert reminders.remind(case.at) == 1 and reminders.remind(case.at) == 0
    case.wait(days=10)
    assert reminders.remind(case.at) == 1 and reminders.remind(case.at) == 0
    kinds = dict(db.session.execute(select(Message.kind, func.count()).where(Message.kind.like("clock.%")).group_by(Message.kind)).all())
    assert kinds == {"clock.soon": 1, "clock.over": 1 + len(watchers)}
    assert db.session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "clock.over")) == 1


def test_duties_are_noted_with_their_reference_once(sqlite_centre: Centre) -> None:
    case = evaluated(sqlite_centre, "procurement-open")
    with refused("duty.not_owed"):
        clocks.note_duty(case.lot_id, "duty.contract_filed", "1", actor="t", at=case.at)
    case.conclude()
    for duty, reference, reason in (("duty.sing", "x", "duty.unknown"), ("duty.contract_filed", " ", "duty.reference"),
                                    ("duty.report", "x", "duty.not_owed")):
        with refused(reason):
            clocks.note_duty(case.lot_id, duty, reference, actor="t", at=case.at)
    for _ in range(2):
        clocks.note_duty(case.lot_id, "duty.contract_published", "采购设备一批", actor="t", at=case.wait(hours=1))
        clocks.note_duty(case.lot_id, "duty.contract_filed", "备字第1号", actor="t", at=case.at)
    assert running(case) == dict.fromkeys(("decide", "contract_procurement", "contract_published", "contract_filed"), Light.DONE)
    assert [notice.kind for notice in queries.of_project(case.project_id)].count("contract") == 1


def test_a_second_award_starts_its_clock_anew(sqlite_centre: Centre) -> None:
    case = evaluated(sqlite_centre)
    notice = announcements.publicise(case.lot_id, PARTICULARS, actor="t", at=case.at)
    case.at = case.at.fromisoformat(notice.versions[-1].schedule["until"])
    first, second, _ = (candidate.organisation_id for candidate in projects.candidates(case.lot_id))
    evaluation.award(case.lot_id, first, actor="t", at=case.at)
    before = next(clock for clock in clocks.of_lots([case.lot], at=case.at)[case.lot_id] if clock.kind.id == "contract")
    announcements.lose_candidate(case.lot_id, 1, "gave_up", "来函放弃", actor="t", at=case.wait(days=20))
    evaluation.award(case.lot_id, second, actor="t", at=case.wait(hours=1))
    after = next(clock for clock in clocks.of_lots([case.lot], at=case.at)[case.lot_id] if clock.kind.id == "contract")
    assert after.due >= before.due + timedelta(days=20)


def test_many_cases_cost_as_many_statements_as_one(sqlite_centre: Centre) -> None:
    cases = [evaluated(sqlite_centre) for _ in range(3)]
    lots = [case.lot for case in cases]
    for lot in lots:
        assert lot.project.region
    statements: list[str] = []
    listen = lambda _c, _k, statement, *_: statements.append(statement)  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        clocks.of_lots(lots[:1], at=cases[0].at)
        one = len(statements)
        statements.clear()
        clocks.of_lots(lots, at=cases[0].at)
        assert len(statements) == one <= 4
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("light", list(Light))
def test_every_light_has_words(sqlite_centre: Centre, light: Light) -> None:
    with sqlite_centre.app.test_request_context():
        assert words.light(light)

"""Paying the price of a sale: the plan comes with the contract, the deposit counts, reminders are told once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.builders import T0, Centre
from tests.services.test_contracts import kinds
from tests.services.test_filing import refused
from trading.base.database import db
from trading.contracts import jobs, pages, payments, queries
from trading.contracts.instalments import Instalment
from trading.demonstration.case import CaseRun
from trading.law.periods import day_of
from trading.messages.models import Message
from trading.projects import service as projects


def sold(centre: Centre, *, conclude: bool = True) -> CaseRun:
    case = CaseRun(centre.cast, centre.plan(3, procedure="land-tender", category="land", method={"kind": "land_highest"}), T0)
    for step in ("register", "announce", "pay_deposits", "file_bids", "close", "open", "select"):
        getattr(case, step)()
    if conclude:
        case.conclude()
    return case


def told(kind: str) -> int:
    return len(list(db.session.scalars(select(Message).where(Message.kind == kind))))


def test_the_contract_brings_its_plan_and_the_deposit_counts(sqlite_centre: Centre) -> None:
    case = sold(sqlite_centre)
    price = projects.contract_of(case.lot_id).price_fen
    rows = queries.instalments(case.lot_id)
    assert [row.number for row in rows] == [1, 2] and sum(row.fen for row in rows) == price and rows[0].fen == -(-price // 2)
    values = pages.values(case.lot, queries.signed(case.lot), case.at)["payment"]
    assert values["earnest"].fen == case.plan.deposit_fen and values["rows"][0]["one"].paid_fen == case.plan.deposit_fen
    assert values["left_fen"] == price - case.plan.deposit_fen and "国土资发〔2010〕34号" in values["articles"]
    assert kinds(case)["payment_plan.agreed"] == 1
    with refused("contract.plan_known"):
        payments.agree(case.lot_id, [Instalment(day_of(case.at), price)], "", actor="t", at=case.at)


def test_payments_are_recorded_once_and_never_too_much(sqlite_centre: Centre) -> None:
    case = sold(sqlite_centre)
    today, left = day_of(case.at), projects.contract_of(case.lot_id).price_fen - case.plan.deposit_fen
    for _ in range(2):
        payments.pay(case.lot_id, 1_000, today, "缴-1", actor="t", at=case.at)
    assert len(queries.payments(case.lot_id)) == 1 and kinds(case)["instalment.paid"] == 1
    with refused("contract.number_known"):
        payments.pay(case.lot_id, 1_001, today, "缴-1", actor="t", at=case.at)
    with refused("contract.overpaid"):
        payments.pay(case.lot_id, left - 999, today, "缴-2", actor="t", at=case.at)
    for fen in (0, -1, 2**63):
        with refused("contract.amount"):
            payments.pay(case.lot_id, fen, today, "缴-2", actor="t", at=case.at)
    with refused("contract.day"):
        payments.pay(case.lot_id, 1, today + timedelta(days=1), "缴-2", actor="t", at=case.at)
    with refused("contract.text"):
        payments.pay(case.lot_id, 1, today, " ", actor="t", at=case.at)
    payments.pay(case.lot_id, left - 1_000, today, "缴-2", actor="t", at=case.at)
    assert all(row.settled_on == today for row in queries.instalments(case.lot_id))
    assert jobs.remind_due(case.at + timedelta(days=800)) == 0, "nobody is reminded of what is paid"


@pytest.mark.parametrize(("plan", "reason"), [
    ([(10, 1)], "contract.plan_sum"), ([(40, 0)], "contract.plan_half_short"), ([(10, 0), (400, 1)], "contract.plan_whole_late")])
def test_a_contract_with_an_unlawful_plan_is_not_recorded(sqlite_centre: Centre, plan: list[tuple[int, int]], reason: str) -> None:
    case = sold(sqlite_centre, conclude=False)
    from experts.evaluation import service as evaluation

    first = projects.candidates(case.lot_id)[0]
    award = evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at, items="")
    price, on = award.price_fen, day_of(case.at)
    amounts = {"contract.plan_sum": [price - 1], "contract.plan_half_short": [price], "contract.plan_whole_late": [price - 5, 5]}[reason]
    agreed = [Instalment(on + timedelta(days=days), fen) for (days, _fen), fen in zip(plan, amounts, strict=True)]
    with refused(reason):
        payments.record(case.lot_id, "HT-1", price, on, actor="t", at=case.at, plan=agreed)
    assert projects.contract_of(case.lot_id) is None and not queries.instalments(case.lot_id)
    payments.record(case.lot_id, "HT-1", price, on, actor="t", at=case.at, plan=[Instalment(on + timedelta(days=20), price)])
    assert [row.fen for row in queries.instalments(case.lot_id)] == [price]


def test_a_plan_may_follow_a_contract_that_had_none(sqlite_centre: Centre) -> None:
    case = sold(sqlite_centre, conclude=False)
    from experts.evaluation import service as evaluation

    first = projects.candidates(case.lot_id)[0]
    award = evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at, items="")
    projects.record_contract(case.lot_id, "HT-1", award.price_fen, day_of(case.at), actor="t", at=case.at)
    with refused("contract.plan_missing"):
        payments.pay(case.lot_id, 1, day_of(case.at), "缴-1", actor="t", at=case.at)
    payments.agree(case.lot_id, [Instalment(day_of(case.at) + timedelta(days=5), award.price_fen)], "", actor="t", at=case.at)
    assert len(queries.instalments(case.lot_id)) == 1


def test_both_sides_are_told_once_before_and_once_after_the_day(sqlite_centre: Centre) -> None:
    case = sold(sqlite_centre)
    due = queries.instalments(case.lot_id)[0].due_on
    days = (due - day_of(case.at)).days
    assert jobs.remind_due(case.at + timedelta(days=days - 8)) == 0
    for at in (days - 7, days - 7, days):
        jobs.remind_due(case.at + timedelta(days=at))
    assert told("instalment.soon") == 2 and told("instalment.late") == 0
    for at in (days + 1, days + 2):
        jobs.remind_due(case.at + timedelta(days=at))
    assert told("instalment.late") == 2 and kinds(case)["instalment.late"] == 1

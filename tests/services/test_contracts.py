"""What follows a contract: refused one fen above, published where the law says, recorded once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from tests.builders import Centre
from tests.services.test_clocks import evaluated
from tests.services.test_filing import refused
from trading.announcements import queries as notices
from trading.archive import packing
from trading.archive import service as archive
from trading.base.database import db
from trading.base.errors import NotFound
from trading.contracts import pages, queries, service
from trading.contracts.models import Acceptance, PerformanceBond, Supplement
from trading.contracts.rules import BondForm, Outcome, Term
from trading.demonstration.case import CaseRun
from trading.evidence.models import Entry
from trading.law.clocks import Light
from trading.law.periods import day_of
from trading.messages.models import Message
from trading.projects import service as projects
from trading.supervision import clocks


def concluded(centre: Centre, procedure: str = "procurement-open") -> CaseRun:
    case = evaluated(centre, procedure)
    case.conclude()
    case.wait(days=1)
    return case


def price(case: CaseRun) -> int:
    return projects.contract_of(case.lot_id).price_fen


def add(case: CaseRun, number: str = "补-1", fen: int = 100, **changes: object) -> Supplement:
    values = {"signed_on": day_of(case.at), "matter": "增购同型号设备", "actor": "t", "at": case.at} | changes
    return service.add_supplement(case.lot_id, number, fen, values.pop("signed_on"), values.pop("matter"), **values)


def take(case: CaseRun, reference: str = "函-1", fen: int = 100, form: BondForm = BondForm.GUARANTEE, **changes: object) -> PerformanceBond:
    values = {"received_on": day_of(case.at), "valid_until": date(2027, 3, 1)} | changes
    return service.take_bond(case.lot_id, form, fen, reference, values["received_on"], values["valid_until"], actor="t", at=case.at)


def accept(case: CaseRun, *, is_final: bool = False, outcome: Outcome = Outcome.PASSED, **changes: object) -> Acceptance:
    values = {"accepted_on": day_of(case.at), "members": ["甲", "乙"], "opinion": "符合合同"} | changes
    return service.accept(case.lot_id, values["accepted_on"], outcome, values["members"], values["opinion"], is_final=is_final, actor="t",
                          at=case.at)


def kinds(case: CaseRun) -> dict[str, int]:
    return dict(db.session.execute(select(Entry.kind, func.count()).where(Entry.lot == case.lot.code).group_by(Entry.kind)).all())


def published(case: CaseRun) -> list[str]:
    return [notice.title for notice in notices.of_project(case.project_id) if notice.kind == "contract"]


def test_supplements_up_to_the_fen_and_not_one_more(centre: Centre) -> None:
    case = concluded(centre)
    tenth = price(case) // 10
    first = add(case, fen=tenth - 1)
    assert (first.rule, first.cap_fen) == ("gp.addition", tenth) and first.notice_id
    with refused("law.supplement_above_cap"):
        add(case, "补-2", 2)
    second = add(case, "补-2", 1)
    with refused("law.supplement_above_cap"):
        add(case, "补-3", 1)
    assert queries.added_fen(case.lot_id) == tenth and [one.id for one in queries.supplements(case.lot_id)] == [first.id, second.id]
    assert len(published(case)) == 2 and kinds(case)["supplement.recorded"] == 2
    body = notices.published(second.notice_id, at=case.at).versions[-1].body
    assert "补-2" in body and "0.01 元" in body
    assert sum(piece.path.startswith("40-award/supplement") for piece in archive.pieces(case.lot_id)) == 2
    supplier = projects.award_of(case.lot_id).organisation_id
    assert db.session.scalar(select(func.count()).select_from(Message).where(
        Message.kind == "contract.supplemented", Message.organisation_id == supplier)) == 2


def test_sent_twice_it_is_recorded_once_and_another_of_its_number_is_refused(centre: Centre) -> None:
    case = concluded(centre)
    assert add(case).id == add(case, at=case.wait(hours=1)).id and len(published(case)) == 1
    with refused("contract.number_known"):
        add(case, fen=101)
    assert take(case).id == take(case).id
    with refused("contract.number_known"):
        take(case, fen=99)
    assert accept(case).id == accept(case).id
    counted = kinds(case)
    assert (counted["supplement.recorded"], counted["performance_bond.received"], counted["acceptance.recorded"]) == (1, 1, 1)


@pytest.mark.parametrize(("changes", "reason"), [
    ({"fen": -1}, "contract.amount"), ({"fen": 10**17}, "contract.amount"), ({"number": " "}, "contract.text"),
    ({"number": "x" * 81}, "contract.text"), ({"matter": ""}, "contract.text"), ({"matter": "x" * 2001}, "contract.text"),
    ({"signed_on": date(2026, 1, 1)}, "contract.day"), ({"signed_on": date(2030, 1, 1)}, "contract.day"),
    ({"changed": (Term.PRICE,)}, "contract.terms_changed"), ({"emergency": "x" * 201}, "contract.text")])
def test_what_cannot_be_recorded_leaves_nothing(sqlite_centre: Centre, changes: dict[str, object], reason: str) -> None:
    case = concluded(sqlite_centre)
    before = kinds(case)
    with refused(reason):
        add(case, **changes)
    assert not queries.supplements(case.lot_id) and kinds(case) == before and not published(case)


def test_before_the_contract_there_is_nothing_to_supplement(sqlite_centre: Centre) -> None:
    case = evaluated(sqlite_centre, "procurement-open")
    for act in (add, take, accept):
        with refused("contract.not_signed"):
            act(case)
    with refused("contract.not_signed"):
        service.publish(case.lot_id, "x", "y", actor="t", at=case.at)
    with pytest.raises(NotFound):
        service.publish(999_999, "x", "y", actor="t", at=case.at)


def test_works_add_without_a_share_keep_their_terms_and_publish_nothing(sqlite_centre: Centre) -> None:
    case = concluded(sqlite_centre, "works-open")
    with refused("contract.terms_changed"):
        add(case, changed=(Term.PERIOD,))
    made = add(case, fen=price(case))
    assert (made.rule, made.cap_fen, made.notice_id) == ("", None, None) and not published(case)
    with refused("contract.not_published_by_law"):
        service.publish(case.lot_id, "x", "y", actor="t", at=case.at)
    with refused("contract.not_filed_by_law"):
        service.file_supplement(case.lot_id, made.id, "1", actor="t", at=case.at)
    with refused("contract.no_acceptance"):
        accept(case)
    take(case, form=BondForm.CASH, valid_until=None)


def test_the_contract_is_published_once_and_its_clock_ends(centre: Centre) -> None:
    case = concluded(centre)
    with refused("contract.text"):
        service.publish(case.lot_id, " ", "y", actor="t", at=case.at)
    for _ in range(2):
        service.publish(case.lot_id, "设备一批，单价见附表", "三十日内交货", actor="t", at=case.wait(minutes=1))
    clocks.note_duty(case.lot_id, "duty.contract_published", "又一次", actor="t", at=case.wait(minutes=1))
    assert len(published(case)) == 1
    lights = {clock.kind.id: clock.light(day_of(case.at)) for clock in clocks.of_lots([case.lot], at=case.at)[case.lot_id]}
    assert lights["contract_published"] is Light.DONE


def test_published_on_the_list_of_duties_it_is_not_published_again(sqlite_centre: Centre) -> None:
    case = concluded(sqlite_centre)
    clocks.note_duty(case.lot_id, "duty.contract_published", "设备一批", actor="t", at=case.at)
    service.publish(case.lot_id, "设备", "交货", actor="t", at=case.at)
    assert len(published(case)) == 1


def test_a_supplement_has_its_own_last_days(sqlite_centre: Centre) -> None:
    case = concluded(sqlite_centre)
    made = add(case, signed_on=projects.contract_of(case.lot_id).signed_on)
    def lights() -> tuple[str, str]:
        row = pages.values(case.lot, queries.signed(case.lot), case.at)["supplements"][0]
        return row["published"]["light"], row["filing"]["light"]
    assert lights()[1] == "ok"
    late = add(case, "补-2", 1, signed_on=made.signed_on, at=case.wait(days=30))
    assert late.notice_id, "late is told, never blocked"
    rows = pages.values(case.lot, queries.signed(case.lot), case.at)["supplements"]
    assert [row["published"]["light"] for row in rows] == ["ok", "alarm"] and rows[0]["filing"]["light"] == "alarm"
    for _ in range(2):
        service.file_supplement(case.lot_id, made.id, "备-1", actor="t", at=case.at)
    assert kinds(case)["supplement.filed"] == 1
    with pytest.raises(NotFound):
        service.file_supplement(case.lot_id, 999_999, "备-1", actor="t", at=case.at)


def test_bonds_up_to_the_cap_and_back(centre: Centre) -> None:
    case = concluded(centre)
    tenth = price(case) // 10
    with refused("law.performance_bond_above_cap"):
        take(case, fen=tenth + 1)
    first = take(case, fen=tenth)
    with refused("law.performance_bond_above_cap"):
        take(case, "函-2", 1)
    with refused("contract.bond_in_cash"):
        take(case, "款-1", 1, BondForm.CASH)
    for wrong in ({"received_on": date(2026, 1, 1)}, {"received_on": date(2026, 12, 1)}):
        with refused("contract.day"):
            take(case, "函-3", 1, **wrong)
    with refused("contract.valid_until"):
        take(case, "函-3", 1, valid_until=None)
    with refused("contract.amount"):
        take(case, "函-3", 0)
    with refused("contract.day"):
        service.return_bond(case.lot_id, first.id, first.received_on - timedelta(days=1), "退-1", actor="t", at=case.at)
    for _ in range(2):
        service.return_bond(case.lot_id, first.id, day_of(case.at), "退-1", actor="t", at=case.at)
    with refused("contract.bond_returned"):
        service.return_bond(case.lot_id, first.id, day_of(case.at), "退-2", actor="t", at=case.at)
    take(case, "函-2", tenth)
    assert kinds(case)["performance_bond.returned"] == 1
    with pytest.raises(NotFound):
        service.return_bond(case.lot_id, 999_999, day_of(case.at), "退-1", actor="t", at=case.at)


def test_a_final_acceptance_ends_what_may_be_added(centre: Centre) -> None:
    case = concluded(centre)
    accept(case, outcome=Outcome.FAILED, opinion="缺少配件")
    with refused("contract.failed_not_final"):
        accept(case, outcome=Outcome.FAILED, is_final=True)
    case.wait(days=3)
    with refused("contract.day"):
        accept(case, accepted_on=day_of(case.at) - timedelta(days=4))
    accept(case, is_final=True)
    assert [one.number for one in queries.acceptances(case.lot_id)] == [1, 2]
    with refused("contract.accepted"):
        accept(case, opinion="再验")
    add(case)
    case.wait(days=2)
    with refused("contract.performance_over"):
        add(case, "补-2")
    price_fen, steps = queries.public(case.lot_id)
    assert price_fen == price(case) and [step.what for step in steps] == ["failed", "supplement", "final"]


def test_the_case_is_sealed_with_what_followed_and_more_may_follow(sqlite_centre: Centre) -> None:
    case = concluded(sqlite_centre)
    add(case), take(case), accept(case, is_final=True)
    paths = {piece.path for piece in archive.pieces(case.lot_id)}
    assert {"40-award/supplement-000001-recorded.json", "40-award/performance_bond-000001-received.json",
            "40-award/acceptance-000001-recorded.json"} <= paths
    packing.seal(case.lot_id, actor="archivist", at=case.wait(days=1))
    service.return_bond(case.lot_id, queries.bonds(case.lot_id)[0].id, day_of(case.at), "退-1", actor="t", at=case.at)

"""Framework agreements: how many are admitted, for how long, and who gets a purchase."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from bidding.rounds import service as rounds
from bidding.sealed import service as sealed
from tests.builders import Centre
from tests.services.test_filing import refused
from tests.services.test_rounds import open_with_one_lost
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import BEIJING
from trading.demonstration.case import CaseRun
from trading.frameworks import jobs, joining, rules, service
from trading.frameworks.models import Place
from trading.law.awards import admitted
from trading.projects.rules import Stage

ON = date(2026, 11, 22)


def framework(centre: Centre, way: str, bidders: int = 4) -> tuple[CaseRun, list[Place]]:
    """A framework whose result is published; nobody has signed yet."""
    case = centre.a_case("register", "announce", "file_bids", "close", "open", "draw", "evaluate", bidders=bidders, procedure="framework",
                         category="service", method={"kind": "procurement_lowest", "second_stage": way}, deposit_fen=0)
    return case, service.admit(case.lot_id, actor="t", at=case.wait(hours=1))


def signed(case: CaseRun, places: list[Place], days: int = 300) -> None:
    today = case.wait(days=1).astimezone(BEIJING).date()
    for place in places:
        service.sign(case.lot_id, place.organisation_id, f"KJ-{place.rank}", today, today + timedelta(days=days), actor="t", at=case.at)


@pytest.mark.parametrize(("valid", "by_price", "by_quality"), [
    (1, 0, 0), (2, 1, 1), (3, 2, 1), (5, 4, 3), (6, 4, 3), (10, 8, 6), (11, 8, 6)])
def test_a_share_and_at_least_one_are_left_out(valid: int, by_price: int, by_quality: int) -> None:
    assert admitted(valid, by_quality=False, procedure="framework", on=ON) == by_price
    assert admitted(valid, by_quality=True, procedure="framework", on=ON) == by_quality


def test_everybody_has_a_turn_before_anybody_has_two() -> None:
    chosen: list[int] = []
    for _ in range(7):
        chosen.append(rules.next_in_turn([3, 1, 2], chosen))
    assert chosen == [3, 1, 2, 3, 1, 2, 3]
    assert rules.next_in_turn([1, 2], [3, 1, 2, 3]) == 1, "who left is passed over"
    late = [1, 2, 1, 2, 1, 2]
    for _ in range(4):
        late.append(rules.next_in_turn([1, 2, 3], late))
    assert late[6:] == [3, 1, 2, 3], "who joins late has one turn, not all that it missed"
    with refused("framework.nobody_left"):
        rules.next_in_turn([], [])


def test_the_lowest_offer_within_its_own_framework_price_wins() -> None:
    limits = {1: 100, 2: 90, 3: 80}
    assert rules.lowest({1: (95, 7), 2: (91, 5), 3: (81, 1)}, limits) == 1, "91 and 81 are above their own prices"
    assert rules.lowest({1: (80, 7), 2: (80, 5), 3: (80, 6)}, limits) == 2, "of equal ones the earlier"
    assert rules.lowest({2: (91, 1)}, limits) is None and rules.lowest({}, limits) is None


def test_a_framework_of_one_valid_response_fails(sqlite_centre: Centre) -> None:
    plan = sqlite_centre.a_case("register", "announce", "file_bids", "close", "open", "draw", "evaluate", bidders=1, procedure="framework",
                                category="service", method={"kind": "procurement_lowest"}, deposit_fen=0)
    assert plan.lot.stage == Stage.FAILED


def test_terms_and_agreements(centre: Centre) -> None:
    case, places = framework(centre, "direct")
    assert [place.rank for place in places] == [1, 2, 3]
    today = case.wait(days=1).astimezone(BEIJING).date()
    first = places[0].organisation_id

    def sign(ends: date, on: date = today, number: str = "KJ-1") -> None:
        service.sign(case.lot_id, first, number, on, ends, actor="t", at=case.at)

    with refused("framework.not_in_force"):
        service.call_off(case.lot_id, "服务", organisation_id=first, reason="x", actor="t", at=case.at)
    with refused("framework.term_long"):
        sign(date(today.year + 2, today.month, today.day) + timedelta(days=1))
    with refused("result.contract_date"):
        sign(today)
    with refused("result.contract_date"):
        sign(today + timedelta(days=300), on=today + timedelta(days=1))
    for wrong in (" ", "x" * 81, "a\0b"):
        with refused("result.contract_number"):
            sign(today + timedelta(days=300), number=wrong)
    sign(date(today.year + 2, today.month, today.day))
    assert case.lot.stage == Stage.CONTRACTED, "the first agreement puts the framework in force"
    with refused("framework.signed"):
        sign(today + timedelta(days=300))
    with refused("framework.not_inside"):
        service.call_off(case.lot_id, "服务", organisation_id=places[1].organisation_id, reason="x", actor="t", at=case.at)
    for wanted, reason, refusal in (("", "x", "framework.wanted"), ("长" * 2001, "x", "framework.wanted"), ("服务", " ", "framework.reason")):
        with refused(refusal):
            service.call_off(case.lot_id, wanted, organisation_id=first, reason=reason, actor="t", at=case.at)
    assert service.calls(case.lot_id) == [], "nothing is left of what was refused"
    made = service.call_off(case.lot_id, "服务", organisation_id=first, reason="响应最快", actor="t", at=case.at)
    assert (made.organisation_id, made.price_fen) == (first, places[0].price_fen)
    with refused("framework.nobody_left"):
        service.call_off(case.lot_id, "服务", organisation_id=first, reason="x", actor="t", at=case.at + timedelta(days=800))


def test_rotation_leaves_no_choice_and_passes_over_who_left(sqlite_centre: Centre) -> None:
    case, places = framework(sqlite_centre, "rotation")
    signed(case, places)
    names = [service.call_off(case.lot_id, f"第{n}次", organisation_id=places[2].organisation_id, reason="x", actor="t",
                              at=case.wait(days=1)).organisation_id for n in range(4)]
    assert names == [places[0].organisation_id, places[1].organisation_id, places[2].organisation_id, places[0].organisation_id]
    service.leave(case.lot_id, places[1].organisation_id, "严重违约", actor="t", at=case.at)
    service.leave(case.lot_id, places[1].organisation_id, "再次", actor="t", at=case.at)
    assert service.places(case.lot_id)[1].left_reason == "严重违约"
    after = service.call_off(case.lot_id, "第5次", actor="t", at=case.wait(days=1))
    assert after.organisation_id == places[2].organisation_id


def test_second_biddings_are_sealed_and_follow_each_other(centre: Centre) -> None:
    case, places = framework(centre, "second_bidding")
    signed(case, places)
    for holder in case.cast.holders:
        holder.top_up(case.at)
    with refused("offers.deadline"):
        service.call_off(case.lot_id, "服务", actor="t", at=case.at)
    first = service.call_off(case.lot_id, "首批", closes=case.at + timedelta(hours=1), actor="t", at=case.at)
    with refused("offers.round_open"):
        service.call_off(case.lot_id, "又一批", closes=case.at + timedelta(hours=1), actor="t", at=case.at)
    assert len(service.calls(case.lot_id)) == 1
    outside = case.plan.offers[3]
    with refused("offers.not_asked"):
        sealed.begin_upload(rounds.rounds_of(case.lot_id)[0].session, bidder=outside.company.organisation, at=case.at)
    assert jobs.settle_due(case.at) == 0, "not before it is opened"
    case.offer_again(case.plan.offers[:3])
    assert jobs.settle_due(case.at) == 1 and jobs.settle_due(case.at) == 0
    assert service.calls(case.lot_id)[0].organisation_id == places[0].organisation_id and first.number == 1
    second = service.call_off(case.lot_id, "第二批", closes=case.at + timedelta(hours=1), actor="t", at=case.at)
    dear: Any = [type(offer)(offer.company, offer.price_fen * 2) for offer in case.plan.offers[:3]]
    case.offer_again(dear)
    jobs.settle_due(case.at)
    settled = service.calls(case.lot_id)[1]
    assert settled.chosen_at and settled.organisation_id is None and second.number == 2, "all above their framework price"
    service.call_off(case.lot_id, "第三批", closes=case.at + timedelta(hours=1), actor="t", at=case.at)
    service.leave(case.lot_id, places[0].organisation_id, "严重违约", actor="t", at=case.at)
    case.offer_again(case.plan.offers[:3])
    jobs.settle_due(case.at)
    assert service.calls(case.lot_id)[2].organisation_id == places[1].organisation_id, "who was put out meanwhile does not win"


def test_nobody_is_chosen_over_an_offer_that_the_platform_lost(sqlite_centre: Centre) -> None:
    case, places = framework(sqlite_centre, "second_bidding")
    signed(case, places)
    for holder in case.cast.holders:
        holder.top_up(case.at)
    service.call_off(case.lot_id, "首批", closes=case.at + timedelta(hours=1), actor="t", at=case.at)
    open_with_one_lost(case, rounds.rounds_of(case.lot_id)[0], case.plan.offers[:3])
    assert jobs.settle_due(case.at) == 1
    lost = service.calls(case.lot_id)[0]
    assert lost.chosen_at is not None and lost.organisation_id is None
    service.call_off(case.lot_id, "首批", closes=case.at + timedelta(hours=1), actor="t", at=case.at)
    case.offer_again(case.plan.offers[:3])
    assert jobs.settle_due(case.at) == 1
    assert service.calls(case.lot_id)[1].organisation_id == places[0].organisation_id, "called off anew, all three count"


def test_who_comes_back_signs_anew_and_both_agreements_are_kept(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", "announce", "file_bids", "close", "open", "draw", "evaluate", bidders=3, procedure="framework",
                                category="service", deposit_fen=0, method={"kind": "procurement_lowest", "second_stage": "rotation", "open": True})
    places = service.admit(case.lot_id, actor="t", at=case.wait(hours=1))
    signed(case, places)
    who = places[2].organisation_id
    with refused("framework.reason"):
        service.leave(case.lot_id, who, "长" * 401, actor="t", at=case.at)
    service.leave(case.lot_id, who, "自愿退出", actor="t", at=case.at)
    asked = joining.apply(case.lot_id, "再次加入", organisation_id=who, at=case.at)
    joining.decide(asked.id, accepted=True, actor="t", at=case.at)
    today = case.at.astimezone(BEIJING).date()
    service.sign(case.lot_id, who, "KJ-新", today, today + timedelta(days=200), actor="t", at=case.at)
    code = places[2].organisation.code
    kept = [piece for piece in archive.pieces(case.lot_id) if piece.path.startswith("40-award/contract-") and piece.path.endswith(f"{code}.json")]
    assert [json.loads(installation.files().path(piece.stored).read_bytes())["number"] for piece in kept] == ["KJ-3", "KJ-新"]
    with pytest.raises(ValueError, match="another document"):
        archive.file_document(case.lot_id, kept[0].path, "伪造", {"number": "x"}, at=case.at)


def test_an_open_framework_takes_in_whoever_meets_the_conditions(centre: Centre) -> None:
    case = centre.a_case("register", "announce", "file_bids", "close", "open", "draw", "evaluate", bidders=3, procedure="framework",
                         category="service", deposit_fen=0, method={"kind": "procurement_lowest", "second_stage": "rotation", "open": True})
    places = service.admit(case.lot_id, actor="t", at=case.wait(hours=1))
    assert len(places) == 3, "nobody is left out for number"
    newcomer = centre.companies[5]
    with refused("framework.closed"):
        joining.apply(case.lot_id, "符合", organisation_id=newcomer.id, at=case.at)
    signed(case, places)
    with refused("framework.inside"):
        joining.apply(case.lot_id, "符合", organisation_id=places[0].organisation_id, at=case.at)
    with refused("eligibility.related"):
        joining.apply(case.lot_id, "符合", organisation_id=case.cast.tenderer.id, at=case.at)
    for wrong in ("", "长" * 2001):
        with refused("framework.statement"):
            joining.apply(case.lot_id, wrong, organisation_id=newcomer.id, at=case.at)
    first = joining.apply(case.lot_id, "符合", organisation_id=newcomer.id, at=case.at)
    with refused("framework.applied"):
        joining.apply(case.lot_id, "再次", organisation_id=newcomer.id, at=case.at)
    with refused("framework.reason"):
        joining.decide(first.id, accepted=False, reason=" ", actor="t", at=case.at)
    joining.decide(first.id, accepted=False, reason="缺少许可证", actor="t", at=case.at)
    with refused("framework.decided"):
        joining.decide(first.id, accepted=True, actor="t", at=case.at)
    second = joining.apply(case.lot_id, "已补许可证", organisation_id=newcomer.id, at=case.wait(days=1))
    joining.decide(second.id, accepted=True, actor="t", at=case.at)
    found = service.places(case.lot_id)[-1]
    assert (found.organisation_id, found.rank, found.price_fen) == (newcomer.id, 4, case.lot.ceiling_fen)
    turns = [service.call_off(case.lot_id, f"第{n}次", actor="t", at=case.wait(hours=1)).organisation_id for n in range(3)]
    assert newcomer.id not in turns, "without an agreement it has no turn"
    today = case.wait(days=1).astimezone(BEIJING).date()
    service.sign(case.lot_id, newcomer.id, "KJ-4", today, today + timedelta(days=200), actor="t", at=case.at)
    assert service.call_off(case.lot_id, "下一次", actor="t", at=case.wait(hours=1)).organisation_id == newcomer.id
    with refused("framework.closed"):
        joining.apply(case.lot_id, "符合", organisation_id=centre.companies[6].id, at=case.at + timedelta(days=800))
    shut, closed_places = framework(centre, "rotation")
    signed(shut, closed_places)
    with refused("framework.closed"):
        joining.apply(shut.lot_id, "符合", organisation_id=newcomer.id, at=shut.at)

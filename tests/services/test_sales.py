"""Sales of land and property: parcels of a registration, what a notice must keep to, a failed parcel listed again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import PARCEL, T0, Centre, live_lot, live_method
from tests.services.test_filing import refused
from trading.announcements import queries as notices
from trading.announcements import service as announcements
from trading.base.clock import BEIJING
from trading.base.database import transaction
from trading.base.errors import NotFound
from trading.projects import service as projects
from trading.projects.models import Project
from trading.projects.rules import Stage, Step
from trading.sales import pages, parcels, service


def moments(*, opens: float = 21, ends: float | None = 32, deadline: float = 30, doc_to: float | None = None, at: datetime = T0) -> dict[str, Any]:
    """The schedule of a notice published at ``at``, in days from it; T0 is a Monday morning, 09:00 in Beijing."""
    local = at.astimezone(BEIJING)
    days = {"doc_from": 0.0, "doc_to": deadline if doc_to is None else doc_to, "deadline": deadline, "opens_at": opens}
    days |= {"listing_ends_at": ends} if ends is not None else {}
    return {name: (local + timedelta(days=count)).isoformat() for name, count in days.items()}


def draft(centre: Centre, *lots: dict[str, Any], procedure: str = "land-listing", at: datetime = T0) -> Project:
    made = projects.draft({"name": "青地2026-07号国有建设用地使用权出让", "procedure": procedure, "category": "land", "region": "CN-51", "funding": "土地出让",
                           "approval": "清府土〔2026〕3号", "estimate_fen": 7_000_000_000, "summary": "挂牌出让"}, list(lots),
                          tenderer_id=centre.cast.tenderer.id, actor=centre.cast.tenderer.code, at=at)
    for kind in ("approval", "tender_document"):
        projects.add_file(made.id, kind, f"{kind}.txt", [b"x"], actor="t", at=at)
    return made


def accepted(centre: Centre, *lots: dict[str, Any], procedure: str = "land-listing", at: datetime = T0) -> Project:
    made = draft(centre, *(lots or (live_lot(live_method(parcel=PARCEL)),)), procedure=procedure, at=at)
    projects.submit(made.id, actor="t", at=at)
    projects.accept(made.id, actor="registrar", at=at)
    return made


def publish(project: Project, schedule: dict[str, Any], at: datetime = T0) -> Any:
    notice = announcements.draft_tender(project.id, "出让公告", "正文", schedule, actor="t", at=at)
    return announcements.publish_tender(notice.id, actor="t", at=at)


def test_a_registration_names_all_that_a_parcel_lacks(sqlite_centre: Centre) -> None:
    bad = live_method("listing", parcel=PARCEL | {"drawings": ["宗地图.pdf"]}, step_fen=0)
    made = draft(sqlite_centre, live_lot(live_method()), live_lot(bad, estimate_fen=6_999_999_999, deposit_fen=1_399_999_999),
                 live_lot(live_method("auction", parcel=PARCEL | {"floor_fen": 6_999_999_999})))
    assert projects.gaps(made) == ["lots.1.parcel", "lots.2.sale", "lots.2.drawings", "lots.2.estimate_fen", "lots.2.deposit_fen",
                                   "lots.3.sale", "lots.3.parcel"]
    works = draft(sqlite_centre, live_lot(live_method(parcel=PARCEL)), procedure="works-open")
    assert projects.gaps(works) == ["lots.1.method"], "a lot of another type"
    with refused("project.gaps"):
        projects.submit(made.id, actor="t", at=T0)
    projects.add_file(made.id, "drawings", "宗地图.pdf", [b"x"], actor="t", at=T0)
    assert "lots.2.drawings" not in projects.gaps(made)


def test_a_parcel_is_kept_exactly_and_held_against_the_law(sqlite_centre: Centre) -> None:
    made = draft(sqlite_centre, live_lot(live_method()))
    with pytest.raises(parcels.Wrong) as wrong:
        service.save_parcel(made.id, 1, PARCEL | {"area_m2": "２万", "terms": []}, actor="t", at=T0)
    assert wrong.value.places == {"area_m2": "no_number", "terms": "empty"}
    for changes, reason in (({"floor_fen": 6_999_999_999}, "sale.floor_below_benchmark"), ({"floor_fen": 7_000_000_001}, "sale.start_below_floor"),
                            ({"terms": [{"use": "commercial", "years": 41}]}, "sale.term_too_long")):
        with refused(reason):
            service.save_parcel(made.id, 1, PARCEL | changes, actor="t", at=T0)
    service.save_parcel(made.id, 1, PARCEL, actor="t", at=T0)
    assert parcels.of(made.lots[0].method) == parcels.read(PARCEL) and made.lots[0].method["sale"]["step_fen"] == 100_000_000
    with pytest.raises(NotFound):
        service.save_parcel(made.id, 2, PARCEL, actor="t", at=T0)
    projects.submit(made.id, actor="t", at=T0)
    with refused("project.not_editable"):
        service.save_parcel(made.id, 1, PARCEL, actor="t", at=T0)


#: The twentieth day after Monday 2 March 2026 is a Sunday; the tenth after the opening on 23 March is Thursday 2 April.
LISTINGS = [
    ({}, None), ({"opens": 20}, "sale.notice_short"), ({"opens": 21, "ends": 31}, None), ({"opens": 21, "ends": 30.5, "deadline": 30}, "sale.listing_short"),
    ({"deadline": 20.99, "doc_to": 20}, "sale.applications_end_before_listing"), ({"deadline": 21}, None),
    ({"deadline": 32}, "sale.applications_end_after_listing"), ({"deadline": 31.99}, None), ({"doc_to": 30.01}, "sale.documents_after_applications"),
    ({"doc_to": -1}, "sale.documents_after_applications"), ({"ends": 21}, "auction.terms"), ({"ends": None}, "auction.terms")]


@pytest.mark.parametrize(("changes", "reason"), LISTINGS)
def test_the_law_decides_the_moments_of_a_listing(sqlite_centre: Centre, changes: dict[str, Any], reason: str | None) -> None:
    made = accepted(sqlite_centre)
    if reason is not None:
        with refused(reason):
            publish(made, moments(**changes))
        assert made.lots[0].stage == Stage.REGISTERED
        return
    notice = publish(made, moments(**changes))
    assert made.lots[0].stage == Stage.ANNOUNCED and made.lots[0].deadline is not None
    assert "青地2026-07号" in notice.versions[-1].body and "溢价" not in notice.versions[-1].body


@pytest.mark.parametrize(("changes", "reason"), [
    ({"opens": 21, "deadline": 20}, None), ({"opens": 21, "deadline": 21}, None), ({"opens": 21, "deadline": 21.001}, "sale.applications_end_after_opening"),
    ({"opens": 20.5, "deadline": 20}, "sale.notice_short")])
def test_the_law_decides_the_moments_of_an_auction(sqlite_centre: Centre, changes: dict[str, Any], reason: str | None) -> None:
    made = accepted(sqlite_centre, live_lot(live_method("auction", parcel=PARCEL)), procedure="land-auction")
    if reason is None:
        publish(made, moments(**changes, ends=None))
    else:
        with refused(reason):
            publish(made, moments(**changes, ends=None))


def test_several_parcels_stand_in_one_notice_in_chinese(sqlite_centre: Centre) -> None:
    second = PARCEL | {"number": "青地2026-08号", "terms": [{"use": "industrial", "years": 50}], "ratio_high": ""}
    made = accepted(sqlite_centre, live_lot(live_method(parcel=PARCEL)), live_lot(live_method("listing-only", parcel=second), name="二号地"))
    notice = publish(made, moments())
    body = notice.versions[-1].body
    for said in ("青地2026-07号", "青地2026-08号", "起始价：¥70,000,000.00", "增价幅度：¥1,000,000.00", "竞买保证金：¥14,000,000.00", "容积率：1 至 2.5",
                 "最大建筑面积：50,000 平方米", "出让年限：居住用地 70 年；商业、旅游、娱乐用地 40 年", "东经 104.066541°"):
        assert said in body, said
    assert body.index("青地2026-08号") < body.index("※"), "what the platform says of itself comes last"
    found = notices.find(notices.Filters(q="青地2026-08号"), at=T0 + timedelta(minutes=1))
    assert [one.id for one in found.items] == [notice.id], "a parcel is found by its number"


def test_a_clarification_does_not_carry_applications_beyond_the_listing(sqlite_centre: Centre) -> None:
    made = accepted(sqlite_centre)
    publish(made, moments())
    local = T0.astimezone(BEIJING)
    with refused("sale.applications_end_after_listing"):
        announcements.clarify(made.id, "澄清", "延长报名", actor="t", at=T0 + timedelta(days=1), new_deadline=local + timedelta(days=33))
    announcements.clarify(made.id, "澄清", "延长报名", actor="t", at=T0 + timedelta(days=1), new_deadline=local + timedelta(days=31))
    assert made.lots[0].deadline == T0 + timedelta(days=31)


def test_a_failed_parcel_is_listed_again_with_everything_it_stated(sqlite_centre: Centre) -> None:
    made = accepted(sqlite_centre)
    publish(made, moments())
    old = made.lots[0]
    at = T0 + timedelta(days=33)
    with transaction():
        for step in (Step.START_BIDDING, Step.CLOSE, Step.FAIL):
            projects.advance(old, step, actor="t", at=at)
    again = projects.restart(old.id, actor="t", at=at)
    assert projects.gaps(again) == [] and again.lots[0].method == old.method
    assert [lot.id for lot in projects.rounds_before(again.lots[0])] == [old.id]
    lower = live_lot(live_method(parcel=PARCEL | {"floor_fen": 7_000_000_000}), estimate_fen=7_000_000_000)
    projects.revise(again.id, {}, [lower], actor="t", at=at)
    assert again.lots[0].restarted_from_id == old.id
    projects.submit(again.id, actor="t", at=at)
    projects.accept(again.id, actor="registrar", at=at)
    publish(again, moments(at=at), at=at)
    assert again.lots[0].stage == Stage.ANNOUNCED


def test_property_is_sold_live_on_the_same_disclosure(sqlite_centre: Centre) -> None:
    """Twenty working days of disclosure end on 30 March 2026; a falling price begins after them."""
    lot = live_lot(live_method("falling", floor_fen=60_000_000, step_fen=1_000_000), estimate_fen=80_000_000, deposit_fen=20_000_000)
    made = accepted(sqlite_centre, lot, procedure="property-listing")
    with refused("schedule.bid_period_short"):
        publish(made, moments(opens=27, ends=None, deadline=27))
    again = accepted(sqlite_centre, lot, procedure="property-listing")
    publish(again, moments(opens=29, ends=None, deadline=28))
    assert again.lots[0].stage == Stage.ANNOUNCED


def test_the_deal_of_a_parcel_says_premium_and_floor_price(sqlite_centre: Centre) -> None:
    rows = pages.result(live_method(parcel=PARCEL), 7_000_000_000, 8_000_000_000)
    assert [row["value"] for row in rows] == ["14.29%", "1,600.00 元/平方米"]
    assert [row["value"] for row in pages.result(live_method(parcel=PARCEL | {"ratio_high": ""}), 7_000_000_000, 7_000_000_000)] == ["0.00%"]
    assert pages.result({"kind": "land_highest"}, 1, 2) == []

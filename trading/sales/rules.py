"""What the law says about a lot that is competed for live: its parcel, its prices, the moments of its notice. Pure.

Every figure is looked up in the rule table by the day of the notice; findings carry the article.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.limits import check_deposit, least
from trading.law.periods import LEGAL_TIME, Period, day_of, earliest
from trading.law.procedures import Family, Procedure, key, procedure
from trading.law.rule import Rule, Unit
from trading.law.rules import find, seek
from trading.sales.modes import MODES, Mode, Phase
from trading.sales.parcels import Parcel
from trading.sales.terms import KIND

#: Which moment of a notice each finding is about, for the form that asks for it.
PLACES = {
    "sale.documents_before_notice": "doc_from", "sale.documents_after_applications": "doc_to", "sale.notice_short": "opens_at",
    "sale.listing_short": "listing_ends_at", "sale.applications_end_before_listing": "deadline",
    "sale.applications_end_after_listing": "deadline", "sale.applications_end_after_opening": "deadline"}
#: Which field of a lot, and of its parcel, each finding is about.
LOT_PLACES = {"sale.start_below_floor": "estimate", "law.deposit_below_floor": "deposit", "law.bond_above_cap": "deposit"}
PARCEL_PLACES = {"sale.start_below_floor": "floor_fen", "law.deposit_below_floor": "floor_fen", "sale.floor_below_benchmark": "floor_fen"}


def is_live(method: Mapping[str, Any]) -> bool:
    """Whether a lot is competed for live."""
    return method.get("kind") == KIND


def modes_of(row: Procedure) -> list[Mode]:
    """The ways of bidding that a type may choose from: a listing has its phase of offers, an auction has none.

    Prices fall, and offers are sealed round after round, in sales of property alone: land is not sold below
    its start price, and its regulation knows neither (39号令 4).
    """
    if row.family is not Family.LAND:
        return list(MODES.values())
    listed = row.periods.get("bids") == "ld.listing"
    return [mode for mode in MODES.values() if (Phase.OFFERS in mode.phases) == listed and not {Phase.FALLING, Phase.ROUND} & set(mode.phases)]


def lot_findings(procedure_id: str, region: str, on: date, parcel: Parcel, start_fen: int, deposit_fen: int) -> list[Finding]:
    """Hold a parcel's floor, start price, deposit and terms against the law of a day.

    Whether the reserve price keeps to the floor cannot be known while it is sealed; that nobody may bid
    below the floor is certain, because bidding begins at the start price.
    """
    where: dict[str, Any] = {"on": on, "region": region, "procedure": procedure_id}
    cap = least("ld.min_price", parcel.benchmark_total_fen, **where)
    found = [finding(parcel.floor_fen >= cap.fen, cap.decisive, "sale.floor_kept", "sale.floor_below_benchmark",
                     floor_fen=parcel.floor_fen, least_fen=cap.fen),
             finding(start_fen >= parcel.floor_fen, find("ld.reserve", **where), "sale.start_kept", "sale.start_below_floor",
                     start_fen=start_fen, floor_fen=parcel.floor_fen)]
    held = check_deposit(procedure_id, "land", parcel.floor_fen, deposit_fen, on, region)
    found += [held] if held else []
    for number, term in enumerate(parcel.terms, 1):
        rule = find(f"ld.term_{term.use}", **where)
        found.append(finding(term.years * 12 <= _months(rule), rule, "sale.term_kept", "sale.term_too_long",
                             years=term.years, most=_months(rule) // 12, number=number))
    return found


def _months(rule: Rule) -> int:
    if rule.unit is not Unit.MONTH:
        raise Refused("law.rule_of_other_kind", key=rule.key, kind=rule.unit.value)
    return int(rule.value)


def schedule_findings(procedure_id: str, region: str, issued: datetime, dates: Mapping[str, datetime], modes: Sequence[Mode]) -> list[Finding]:
    """Hold the moments of a notice published at ``issued`` against the law: ``doc_from``, ``doc_to``, ``deadline``
    (the end of applications and deposits), ``opens_at``, and ``listing_ends_at`` where offers are listed.

    Applications for a listing end within it: before it begins would shut the listing to whoever reads of it
    there, and its days would stand for nobody; at its end they must be over, because who applies must still be
    let in before the close. Applications for an auction end before it begins; the law gives them no days of
    their own, they have those of the notice.
    """
    on, row = day_of(issued), procedure(procedure_id)
    rule, deadline, opens = find(row.periods["notice"], on=on, region=region, procedure=procedure_id), dates["deadline"], dates["opens_at"]
    found = [finding(day_of(dates["doc_from"]) >= on, rule, "sale.documents_after_notice", "sale.documents_before_notice",
                     issued=on, doc_from=day_of(dates["doc_from"])),
             finding(dates["doc_from"] < dates["doc_to"] <= deadline, rule, "sale.documents_until_applications",
                     "sale.documents_after_applications", doc_to=dates["doc_to"], deadline=deadline)]
    if row.family is Family.LAND:
        lawful = _earliest(key(procedure_id, "notice"), issued, on, region, procedure_id)
        found.append(finding(day_of(opens) >= lawful.date, lawful.rule, "sale.notice_kept", "sale.notice_short", opens_at=opens,
                             earliest=lawful.date))
    if not any(Phase.OFFERS in mode.phases for mode in modes):
        return [*found, finding(deadline <= opens, rule, "sale.applications_end_before_opening", "sale.applications_end_after_opening",
                                deadline=deadline, opens_at=opens)]
    ends, listing = dates["listing_ends_at"], seek("ld.listing", on=on, region=region, procedure=procedure_id)
    if listing is not None:
        lawful = _earliest(listing.key, opens, on, region, procedure_id)
        found += [finding(day_of(ends) >= lawful.date, lawful.rule, "sale.listing_kept", "sale.listing_short", opens_at=opens,
                          listing_ends_at=ends, earliest=lawful.date),
                  finding(deadline >= opens, listing, "sale.applications_within_listing", "sale.applications_end_before_listing",
                          deadline=deadline, opens_at=opens)]
    return [*found, finding(deadline < ends, listing or rule, "sale.applications_end_in_time", "sale.applications_end_after_listing",
                            deadline=deadline, listing_ends_at=ends)]


def _earliest(name: str, start: datetime, on: date, region: str, procedure_id: str) -> Period:
    full = bool(find("t.full_days", on=on, region=region, procedure=procedure_id).value)
    return earliest(name, start, region=region, procedure=procedure_id, on=on, count_full_days=full)


def suggested(procedure_id: str, region: str, at: datetime, modes: Iterable[Mode]) -> dict[str, datetime]:
    """The earliest lawful moments of a notice published at ``at``; only the first where the calendar does not reach."""
    start, row = at.astimezone(LEGAL_TIME).replace(second=0, microsecond=0), procedure(procedure_id)
    dates, on = {"doc_from": start}, day_of(at)
    listed = any(Phase.OFFERS in mode.phases for mode in modes)
    try:
        # A day more than the law asks for, because applications end the evening before an auction begins.
        open_day = _earliest(row.periods["notice"], start, on, region, procedure_id).date
        dates["opens_at"] = _hour(open_day if row.family is Family.LAND else open_day + timedelta(days=1), 9)
        if listed and seek("ld.listing", on=on, region=region, procedure=procedure_id):
            last = _earliest("ld.listing", dates["opens_at"], on, region, procedure_id).date
            dates |= {"listing_ends_at": _hour(last, 10), "deadline": _hour(last - timedelta(days=1), 17)}
        elif listed:
            dates |= {"listing_ends_at": dates["opens_at"] + timedelta(days=1), "deadline": dates["opens_at"]}
        else:
            dates["deadline"] = _hour(day_of(dates["opens_at"]) - timedelta(days=1), 17)
        dates["doc_to"] = dates["deadline"]
    except Refused:
        pass
    return dates


def _hour(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LEGAL_TIME)

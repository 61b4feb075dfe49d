"""Parcels of a registration, and what the law says about a live sale before its notice stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trading.announcements.rules import moment
from trading.base.database import transaction
from trading.base.errors import NotFound, Refused
from trading.law import findings as law_findings
from trading.law.findings import Finding
from trading.law.periods import day_of
from trading.projects import rules as project_rules
from trading.projects import service as projects
from trading.projects.models import Lot, Project
from trading.sales import parcels, rules, terms
from trading.sales.modes import MODES, Mode
from trading.sales.parcels import Parcel

#: Where each broken line of the law stands in a registration.
GAPS = {"sale.start_below_floor": "estimate_fen", "law.deposit_below_floor": "deposit_fen"}
#: Moments that a notice of a live sale states, in the order of its form.
MOMENTS = ("doc_from", "doc_to", "deadline", "opens_at")


def live_lots(project: Project) -> list[Lot]:
    return [lot for lot in project.lots if rules.is_live(lot.method)]


def modes(project: Project) -> list[Mode]:
    """The ways of bidding of a project's lots, each once."""
    return list(dict.fromkeys(MODES[lot.method["sale"]["mode"]] for lot in live_lots(project)
                              if lot.method.get("sale", {}).get("mode") in MODES))


def save_parcel(project_id: int, number: int, values: Mapping[str, Any], *, actor: str, at: datetime) -> Parcel:
    """Keep what is stated of a lot's parcel. Raises Wrong with all its fields, and what the law refuses."""
    parcel = parcels.read(values)
    with transaction():
        project = projects.locked(project_id)
        lot = next((lot for lot in project.lots if lot.number == number), None)
        if lot is None or not project_rules.grants_land_live(project.procedure):
            raise NotFound
        law_findings.require(rules.lot_findings(project.procedure, project.region, day_of(at), parcel, lot.estimate_fen, lot.deposit_fen))
        lots = [{name: getattr(one, name) for name in projects.LOT_FIELDS} for one in project.lots]
        method = lots[number - 1]["method"]
        lots[number - 1]["method"] = {**method, "sale": {**method.get("sale", {}), "parcel": parcels.write(parcel)}}
        projects.revise(project_id, {}, lots, actor=actor, at=at)
    return parcel


def gaps(project: Project) -> list[str]:
    """What a registration of a live sale lacks, as dotted places; for ``projects.service.ALSO_MISSING``."""
    found: list[str] = []
    row = project_rules.procedure(project.procedure)
    for lot in project.lots:
        if row.rounds != "live" and not rules.is_live(lot.method):
            continue
        places = ["method"] if terms.KIND not in row.methods else []  # the type was changed after the lot was written
        sale = lot.method.get("sale", {})
        if terms.wrong_before_notice(lot.method, lot.estimate_fen, lot.ceiling_fen) or MODES[sale["mode"]] not in rules.modes_of(row):
            places.append("sale")
        if project_rules.grants_land_live(project.procedure):
            places += _parcel_gaps(project, lot)
        found += [f"lots.{lot.number}.{place}" for place in dict.fromkeys(places)]
    return found


def _parcel_gaps(project: Project, lot: Lot) -> list[str]:
    try:
        parcel = parcels.of(lot.method)
    except parcels.Wrong:
        parcel = None
    if parcel is None:
        return ["parcel"]
    missing = ["drawings"] if set(parcel.drawings) - {item.name for item in project.files} else []
    # By the day on which the registration began; the day of the notice decides when it is published.
    held = rules.lot_findings(project.procedure, project.region, day_of(project.created_at), parcel, lot.estimate_fen, lot.deposit_fen)
    return missing + [GAPS.get(one.reason, "parcel") for one in held if not one.ok]


def findings(project: Project, schedule: Mapping[str, Any], at: datetime) -> list[Finding]:
    """All that the law says about a live sale whose notice is published at ``at``; for ``announcements.service.CHECKS``.

    Raises Refused ``auction.terms`` and ``sale.parcel_missing`` where a lot does not state what it must.
    """
    lots, found = live_lots(project), list[Finding]()
    if not lots:
        return []
    for lot in lots:
        terms.read(lot.method, lot.estimate_fen, lot.ceiling_fen, schedule)
        if project_rules.grants_land_live(project.procedure):
            parcel = parcels.of(lot.method)
            if parcel is None:
                raise Refused("sale.parcel_missing", number=lot.number)
            found += rules.lot_findings(project.procedure, project.region, day_of(at), parcel, lot.estimate_fen, lot.deposit_fen)
    dates = {name: moment(schedule[name]) for name in (*MOMENTS, "listing_ends_at") if schedule.get(name)}
    return found + rules.schedule_findings(project.procedure, project.region, at, dates, modes(project))

"""Statutory clocks of lots: read their acts together, work the clocks out, note duties as done.

One statement for any number of lots; the figures come from the rule table in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from trading.announcements import rules as notice_rules
from trading.announcements import service as announcements
from trading.announcements.models import Notice, NoticeVersion
from trading.announcements.rules import Kind
from trading.base.clock import BEIJING
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.law import clocks
from trading.law.clocks import Clock, Light
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage
from trading.supervision import rules
from trading.supervision.models import Pause

#: Acts that only this page records, with what a reference says about them.
DUTIES = ("duty.report", "duty.contract_filed", "duty.contract_published")
WORST = {Light.RED: 0, Light.YELLOW: 1, Light.GREEN: 2, Light.DONE: 3}


def of_lots(lots: Iterable[Lot], *, at: datetime) -> dict[int, list[Clock]]:
    """Clocks by lot, the most urgent first."""
    lots = [lot for lot in lots if lot.code]
    facts, pauses, today = _facts(lots, at), _pauses(lots, at), at.astimezone(BEIJING).date()
    found = {}
    for lot in lots:
        spans = pauses.get(lot.id, [])
        running = clocks.of_case(lot.project.procedure, lot.project.region, facts.get(lot.code or "", {}),
                                 paused=lambda since, spans=spans: rules.stood(spans, since))  # type: ignore[misc]
        found[lot.id] = sorted(running, key=lambda clock: (WORST[clock.light(today)], clock.due))
    return found


def _facts(lots: list[Lot], at: datetime) -> dict[str, dict[str, datetime]]:
    rows = db.session.execute(
        select(Entry.lot, Entry.kind, func.max(Entry.at)).where(
            Entry.lot.in_([lot.code for lot in lots]), Entry.kind.in_(clocks.events())).group_by(Entry.lot, Entry.kind))
    found: dict[str, dict[str, datetime]] = {}
    for code, kind, when in rows:
        found.setdefault(code, {})[kind] = when
    for lot, until in _publicities(lots):
        if until <= at:
            found.setdefault(lot.code or "", {})["publicity.over"] = until
    return found


def _publicities(lots: list[Lot]) -> list[tuple[Lot, datetime]]:
    """When the publicity of each lot's candidates ends, by the newest version of its notice."""
    by_id = {lot.id: lot for lot in lots if lot.stage in (Stage.PUBLICISED, Stage.AWARDED)}
    rows = db.session.execute(
        select(Notice.lot_id, NoticeVersion.schedule).join(NoticeVersion, NoticeVersion.notice_id == Notice.id)
        .where(Notice.lot_id.in_(by_id), Notice.kind == Kind.CANDIDATES).order_by(Notice.id, NoticeVersion.number))
    newest = {lot_id: schedule for lot_id, schedule in rows}
    return [(by_id[lot_id], notice_rules.moment(schedule["until"])) for lot_id, schedule in newest.items()]


def _pauses(lots: list[Lot], at: datetime) -> dict[int, list[tuple[datetime, datetime]]]:
    rows = db.session.execute(
        select(Pause.lot_id, Pause.began_at, Pause.ended_at).where(
            Pause.lot_id.in_([lot.id for lot in lots]), Pause.began_at.is_not(None))
        .order_by(Pause.began_at))
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    for lot_id, began, ended in rows:
        found.setdefault(lot_id, []).append((began, ended or at))  # one that still runs counts until now
    return found


def lights(found: list[Clock], at: datetime) -> dict[Light, int]:
    """How many clocks of a lot stand at each light."""
    today = at.astimezone(BEIJING).date()
    return {light: sum(clock.light(today) == light for clock in found) for light in Light}


def note_duty(lot_id: int, duty: str, reference: str, *, actor: str, at: datetime) -> None:
    """Record that a duty outside the platform was done, with its reference (文号); a contract is published here.

    Raises Refused ``duty.*``. Done twice it counts once.
    """
    reference = reference.strip()
    if duty not in DUTIES:
        raise Refused("duty.unknown")
    if not reference or len(reference) > 200:
        raise Refused("duty.reference", most=200)
    with transaction():
        lot = projects.locked_lot(lot_id)
        running = next((clock for clock in of_lots([lot], at=at)[lot_id] if clock.kind.ends == duty), None)
        if running is None:
            raise Refused("duty.not_owed")
        if running.ended_at is not None:
            return
        if duty == "duty.contract_published":
            contract, award = projects.contract_of(lot_id), projects.award_of(lot_id)
            assert contract is not None and award is not None
            announcements.publish_plain(
                Kind.CONTRACT, lot, f"{lot.label}合同公告",
                f"合同编号：{contract.number}\n中标（成交）供应商：{award.organisation.name}\n合同金额：{announcements.price(contract.price_fen)}"
                f"\n签订日期：{contract.signed_on.isoformat()}\n合同主要内容：{reference}", {}, actor=actor, at=at)
        evidence.record(duty, actor=actor, at=at, lot=lot.code, project=lot.project.code, reference=reference)

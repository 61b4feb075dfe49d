"""Values of the pages: one objection or complaint with its clocks, as a template shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from trading.base.errors import Refused
from trading.base.language import day, refusal_text
from trading.law.periods import Period, day_of
from trading.law.rules import Rule, Unit, find
from trading.objections import clocks, queries, raisers, words
from trading.objections.models import Complaint, Objection
from trading.objections.rules import Form, Phase, State, Subject
from trading.projects.models import Lot
from trading.projects.rules import UNDER_WAY
from trading.supervision import service as pauses

Values = dict[str, Any]


def _where(lot: Lot) -> dict[str, str]:
    return {"region": lot.project.region, "procedure": lot.project.procedure}


def clock(name: str, work_out: Callable[[], Period | None], at: datetime, done: datetime | None = None) -> Values | None:
    """One duty with its last day, article and light; what cannot be counted yet says why."""
    try:
        period = work_out()
    except Refused as refusal:
        return {"name": name, "due": refusal_text(refusal), "article": "", "light": "warn", "ends": None}
    if period is None:
        return None
    return {"name": name, "due": day(period.date), "article": _law(period.rule), "light": clocks.light(period.ends, at, done), "ends": period.ends}


def _law(rule: Rule) -> str:
    """The article behind a clock and, where it sets one, its figure."""
    figures = {Unit.DAY: _("%(count)s 日", count=rule.value), Unit.WORKING_DAY: _("%(count)s 个工作日", count=rule.value)}
    return f"{rule.article} · {figures[rule.unit]}" if rule.unit in figures else rule.article


def _rest(item: Objection | Complaint, rests: bool) -> Values | None:
    """Whether the lot stands still because of this, or should and cannot."""
    if not rests:
        return None
    pause = next((pause for pause in pauses.history(item.lot_id) if pause.id == item.pause_id), None)
    if pause is None and isinstance(item, Objection) and item.form == Form.QUESTION and item.lot.stage in UNDER_WAY:
        return {"kind": "todo", "text": _("定标后暂停签订合同")}
    if pause is None:
        return {"kind": "warn", "text": _("依法应当暂停，但标段所处的阶段不能暂停")}
    return {"kind": "done", "text": _("因此暂停，已恢复")} if pause.ended_at else {"kind": "warn", "text": _("因此暂停中")}


def objection(found: Objection, at: datetime, *, own: bool = False) -> Values:
    """An objection, inquiry or question; its raiser is named to others once that is no secret."""
    raiser = raisers.named(found, at)
    return {
        "item": found, "title": words.title(found.form, found.subject), "state": words.state(found), "form": words.form(found.form),
        "raiser": _("本单位") if own else raiser.name if raiser else _("投标截止后显示"),
        "rest": _rest(found, found.rests), "is_open": found.state is State.FILED,
        "may_mark": found.state is State.FILED and found.form == Form.QUESTION and found.affects_result_at is None,
        "may_complain": found.state is not State.WITHDRAWN and found.form != Form.INQUIRY,
        "clock": clock(_("答复"), lambda: clocks.reply_due(Form(found.form), Subject(found.subject), found.filed_at, **_where(found.lot)), at,
                       found.replied_at or found.withdrawn_at)}


def complaint(found: Complaint, at: datetime, *, own: bool = False) -> Values:
    """A complaint with every clock that runs for it."""
    raiser, where, lapsed = raisers.named(found, at), _where(found.lot), queries.stretches(found, at)
    admitted = found.accepted_at or found.refused_at or found.withdrawn_at
    done = found.decided_at or found.refused_at or found.withdrawn_at
    duties = [clock(_("决定是否受理"), lambda: clocks.acceptance_due(found.filed_at, lapsed, **where), at, admitted),
              clock(_("发出投诉书副本"), lambda: clocks.copies_due(found.filed_at, lapsed, **where), at, admitted),
              clock(_("作出处理决定"), lambda: clocks.decision_due(found.filed_at, found.accepted_at, lapsed, **where), at, done)]
    if found.refused_at:
        duties.append(clock(_("通知不予受理"), lambda: clocks.refusal_due(found.refused_at or at, **where), at, found.refused_at))
    shown = [duty for duty in duties if duty]
    return {
        "item": found, "title": _("对%(subject)s的投诉", subject=words.subject(found.subject)), "state": words.phase(found),
        "raiser": _("本单位") if own else raiser.name if raiser else _("投标截止后显示"), "phase": found.phase, "clocks": shown,
        "next": None if done else shown[-1 if admitted else 0],
        "rest": _rest(found, found.suspended_at is not None), "outcome": words.outcome(found.outcome) if found.outcome else None,
        "measure": words.measure(found.measure) if found.measure else None,
        "stretches": [{"name": words.stretch(one.kind), "stretch": one} for one in found.stretches],
        "suspension_over": bool(found.suspended_until and at >= found.suspended_until),
        "may_withdraw": found.phase in (Phase.RECEIVED, Phase.CORRECTING, Phase.ACCEPTED, Phase.EXAMINING)}


def uncounted(found: Complaint) -> tuple[str, ...]:
    """The kinds of time that the law leaves out while a complaint is handled."""
    rule = find("ob.not_counted", on=day_of(found.filed_at), **_where(found.lot))
    return tuple(kind for kind in str(rule.value).split(",") if kind != clocks.CORRECTION)

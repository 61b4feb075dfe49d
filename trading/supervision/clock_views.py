"""One's own statutory clocks: a list with lights, and a file for one's own calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from icalendar import Calendar, Event
from sqlalchemy import or_, select

from trading.accounts.permissions import Permission, allow
from trading.base.clock import BEIJING, now
from trading.base.database import db
from trading.base.language import language
from trading.law.clocks import Clock, Light
from trading.projects.models import Lot, Project
from trading.supervision import clocks, words
from trading.supervision.reminders import RUNNING

bp = Blueprint("clocks", __name__)


def _mine() -> list[Lot]:
    """Lots whose clocks concern the person: all for supervisors, one's own for tenderers and agencies."""
    query = select(Lot).join(Project, Project.id == Lot.project_id).where(Lot.stage.in_(RUNNING), Lot.code.is_not(None))
    if not current_user.may(Permission.SUPERVISE):
        own = current_user.organisation_id
        if own is None:
            return []
        query = query.where(or_(Project.tenderer_id == own, Project.agency_id == own))
    return list(db.session.scalars(query.order_by(Lot.id.desc()).limit(2000)))


def _running(at: datetime) -> list[tuple[Lot, Clock]]:
    lots = _mine()
    found = clocks.of_lots(lots, at=at)
    pairs = [(lot, clock) for lot in lots for clock in found[lot.id] if clock.ended_at is None and clock.kind.is_due]
    return sorted(pairs, key=lambda pair: pair[1].due)


@bp.get("/me/clocks")
@allow(Permission.OWN_ACCOUNT)
def mine() -> ResponseReturnValue:
    at = now()
    today, wanted = at.astimezone(BEIJING).date(), request.args.get("light", "")
    pairs = _running(at)
    counts = {light: sum(clock.light(today) == light for _lot, clock in pairs) for light in (Light.RED, Light.YELLOW, Light.GREEN)}
    rows = [words.clock(clock, today) | {"lot": lot, "href": _href(lot)} for lot, clock in pairs
            if not wanted or clock.light(today) == wanted]
    return render_template(
        "supervision/clocks.html", rows=rows,
        lights=[{"kind": light, "text": words.light(light), "count": count, "href": f"/me/clocks?light={light.value}",
                 "current": wanted == light} for light, count in counts.items()],
        crumbs=[{"text": _("我的工作"), "href": "/me"}, {"text": _("法定时限")}])


def _href(lot: Lot) -> str:
    return f"/supervise/{lot.code}" if current_user.may(Permission.SUPERVISE) else f"/projects/{lot.project_id}/lots/{lot.id}/result"


@bp.get("/me/clocks.ics")
@allow(Permission.OWN_ACCOUNT)
def calendar() -> ResponseReturnValue:
    """Last days as an iCalendar file (RFC 5545): whole days of Beijing."""
    at = now()
    made = Calendar()
    made.add("prodid", "-//Mingtang//Clocks//ZH")
    made.add("version", "2.0")
    for lot, clock in _running(at):
        made.add_component(_event(lot, clock, at))
    return Response(made.to_ical(), mimetype="text/calendar",
                    headers={"Content-Disposition": 'attachment; filename="clocks.ics"'})


def _event(lot: Lot, clock: Clock, at: datetime) -> Any:
    event = Event()
    event.add("uid", f"{lot.code}@{clock.kind.id}")
    event.add("dtstamp", at)
    event.add("dtstart", clock.due)
    event.add("summary", f"{clock.kind.en if language() == 'en' else clock.kind.zh}：{lot.label}")
    event.add("description", clock.rule.citation)
    return event

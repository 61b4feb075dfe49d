"""The calendar of deadlines and openings, as a page and for people's own calendars."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from icalendar import Calendar, Event

from trading.base.clock import BEIJING
from trading.base.language import day
from trading.portal.home import midnight
from trading.projects import queries, words
from trading.projects.models import Lot, Project
from trading.sales import rules as sale_rules

AHEAD = timedelta(days=120)


def days(at: datetime) -> list[dict[str, Any]]:
    """Deadlines from today on, by day."""
    lots = queries.with_deadline(midnight(at), midnight(at) + AHEAD)

    def date_of(lot: Lot) -> Any:
        assert lot.deadline is not None
        return lot.deadline.astimezone(BEIJING).date()

    return [{"title": day(date), "is_today": date == at.astimezone(BEIJING).date(), "rows": [_row(lot) for lot in group]}
            for date, group in groupby(lots, key=date_of)]


def _row(lot: Lot) -> dict[str, Any]:
    assert lot.deadline is not None
    return {"time": f"{lot.deadline.astimezone(BEIJING):%H:%M}", "title": lot.project.name, "lot": lot.name,
            "href": f"/p/{lot.project.code}?lot={lot.number}", "state": words.stage_state(lot.stage),
            "meta": " · ".join([words.procedure(lot.project.procedure), lot.project.tenderer.name])}


def calendar(lots: list[Lot], *, name: str, root: str, at: datetime) -> bytes:
    """An iCalendar file (RFC 5545) of deadlines; the opening is at the same moment."""
    made = Calendar()
    made.add("prodid", "-//Mingtang//Calendar//ZH")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    for lot in lots:
        if lot.deadline is None:
            continue
        event = Event()
        event.add("uid", f"{lot.code}@deadline")
        event.add("dtstamp", at)
        event.add("dtstart", lot.deadline)
        event.add("dtend", lot.deadline + timedelta(minutes=30))
        event.add("summary", _("报名和保证金截止：%(name)s", name=lot.label) if sale_rules.is_live(lot.method) else
                  _("投标截止和开标：%(name)s", name=lot.label))
        event.add("url", f"{root}/p/{lot.project.code}")
        event.add("description", _("招标人：%(name)s", name=lot.project.tenderer.name))
        made.add_component(event)
    return made.to_ical()


def all_ahead(at: datetime) -> list[Lot]:
    return queries.with_deadline(midnight(at), midnight(at) + AHEAD)


def of_project(project: Project) -> list[Lot]:
    return [lot for lot in project.lots if lot.deadline]

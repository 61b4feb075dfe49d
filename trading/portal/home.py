"""The home page's values: newest cases, counts of the day, ways to go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from trading.announcements import queries
from trading.announcements.queries import Listed
from trading.base.clock import BEIJING
from trading.base.language import language, moment
from trading.base.money import yuan
from trading.projects import queries as projects
from trading.projects import words
from trading.projects.models import Lot, Project
from trading.projects.rules import PROCEDURES, RUNNABLE, Stage

TOTAL = 6
#: How many of the six stages (notice, bidding, opening, evaluation, result, contract) lie behind a lot.
DONE = {Stage.REGISTERED: 0, Stage.ANNOUNCED: 1, Stage.BIDDING: 1, Stage.CLOSED: 2, Stage.OPENED: 3, Stage.EVALUATED: 4,
        Stage.PUBLICISED: 4, Stage.AWARDED: 5, Stage.CONTRACTED: 6, Stage.ARCHIVED: 6, Stage.PAUSED: 1, Stage.FAILED: 2,
        Stage.TERMINATED: 2, Stage.RESTARTED: 2}


def midnight(at: datetime) -> datetime:
    """The beginning of a moment's day in Beijing."""
    return at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def values(at: datetime, *, signed_in: bool) -> dict[str, Any]:
    today, counts = midnight(at), queries.counts_by_procedure(at=at)
    closing = projects.with_deadline(today, today + timedelta(days=1))
    chips = [{"text": _("全部"), "count": sum(counts.values()), "href": "/search", "current": True}]
    chips += [{"text": words.procedure(row), "count": counts.get(row, 0), "href": f"/search?type={row}", "current": False}
              for row in PROCEDURES if row in RUNNABLE or counts.get(row)]
    chips.append({"text": _("今日截止"), "count": len(closing), "href": "/calendar", "current": False})
    running = projects.in_stage(Stage.PUBLICISED)
    local = today.astimezone(BEIJING)
    return {
        "query": "", "chips": chips, "deals": _deals(at), "more_href": "/search",
        "today_title": _("今日 %(day)s", day=f"{local.day} {local:%b}" if language() == "en" else f"{local.month}月{local.day}日"),
        "today": [{"text": _("投标截止和开标"), "href": "/calendar", "count": len(closing)},
                  {"text": _("候选人公示中"), "href": "/search?kind=candidates&stage=publicised", "count": len(running)}],
        "errands": [{"text": _("投标"), "href": "/me/lots", "note": _("在本机加密，到开标时间才能打开")},
                    {"text": _("登记项目"), "href": "/projects", "note": _("招标人和代理机构")},
                    {"text": _("核验回执与记录"), "href": "/verify", "note": _("无需登录")},
                    {"text": _("开标日历"), "href": "/calendar", "note": _("可订阅到您的日历")}],
        "logins": [] if signed_in else [{"text": _("登录"), "href": "/login", "note": _("投标人、招标人、专家、工作人员和监督人员")}]}


def _deals(at: datetime, most: int = 8) -> list[dict[str, Any]]:
    """The projects with the newest notices, each once."""
    newest: dict[int, Listed] = {}
    for notice in queries.find(queries.Filters(), at=at, limit=40).items:
        newest.setdefault(notice.project_id, notice)
    shown = list(newest.values())[:most]
    found = queries.projects_of(shown)
    return [_deal(notice, found[notice.project_id]) for notice in shown]


def _deal(notice: Listed, project: Project) -> dict[str, Any]:
    lot = next((lot for lot in project.lots if lot.id == notice.lot_id), project.lots[0])
    local = notice.published_at.astimezone(BEIJING)
    done = DONE[Stage(lot.stage)]
    several = len(project.lots) > 1
    return {"at": notice.published_at, "day": f"{local.day:02d}", "month": f"{local:%b}" if language() == "en" else f"{local.month}月",
            "title": project.name, "href": f"/p/{project.code}", "meta": meta(project), "done": done, "total": TOTAL,
            "stage": _("%(stage)s，六段已完成 %(done)s 段", stage=words.stage(lot.stage), done=done),
            "state": words.stage_state(lot.stage),
            "state_note": _("共 %(count)s 个标段", count=len(project.lots)) if several else note(lot)}


def meta(project: Project) -> str:
    amount = project.lots[0].ceiling_fen if len(project.lots) == 1 else None
    money = _("最高限价 %(amount)s 元", amount=yuan(amount)) if amount else _("估算 %(amount)s 元", amount=yuan(project.estimate_fen))
    return " · ".join([words.procedure(project.procedure), words.region(project.region), project.tenderer.name, money])


def note(lot: Lot) -> str | None:
    """The moment that matters next for a lot."""
    return next_moment(lot.stage, lot.deadline, publicity_until(lot) if lot.stage == Stage.PUBLICISED else None)


def next_moment(stage: Stage, deadline: datetime | None, until: datetime | None) -> str | None:
    """The moment that matters next at a stage: the deadline for bids, or the end of the publicity."""
    if deadline and stage in (Stage.ANNOUNCED, Stage.BIDDING):
        return _("%(at)s 截止", at=moment(deadline))
    if until and stage == Stage.PUBLICISED:
        return _("公示至 %(at)s", at=moment(until))
    return None


def publicity_until(lot: Lot) -> datetime | None:
    """When the publicity of a lot's candidates ends, if it has begun."""
    schedule = queries.candidates_schedule(lot.id)
    return datetime.fromisoformat(schedule["until"]) if schedule else None

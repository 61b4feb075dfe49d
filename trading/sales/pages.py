"""What notices, registrations and public pages show of a live sale: each parcel, and on what terms it is competed for."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trading.base.language import in_chinese
from trading.law.periods import LEGAL_TIME
from trading.projects import rules as project_rules
from trading.projects.models import Lot, Project
from trading.sales import parcels, rules, service, words
from trading.sales.parcels import Parcel

Part = dict[str, Any]


def of(method: dict[str, Any], start_fen: int, ceiling_fen: int | None, deposit_fen: int) -> list[Part]:
    """The tables of one lot: {title, rows}; none where it is not competed for live."""
    if not rules.is_live(method):
        return []
    parcel = readable(method)
    parts = [{"title": _("竞价条件"), "rows": words.sale(method, start_fen, ceiling_fen, deposit_fen)}]
    return ([{"title": _("宗地"), "rows": words.parcel(parcel)}] if parcel else []) + parts


def readable(method: dict[str, Any]) -> Parcel | None:
    """The parcel as far as it can be shown: one that no longer reads is told where it is checked, not here."""
    try:
        return parcels.of(method)
    except parcels.Wrong:
        return None


def of_lot(lot: Lot) -> list[Part]:
    """For the pages of a registration, with the way to the parcel's own page."""
    parts = of(lot.method, lot.estimate_fen, lot.ceiling_fen, lot.deposit_fen)
    if project_rules.grants_land_live(lot.project.procedure) and lot.project.accepted_at is None:
        parts.append({"title": "", "rows": [], "href": f"/projects/{lot.project_id}/lots/{lot.number}/parcel",
                      "text": _("修改宗地") if readable(lot.method) else _("填写宗地")})
    return parts


def result(method: dict[str, Any], start_fen: int, price_fen: int) -> list[words.Row]:
    """Premium and floor price of a deal (溢价率、楼面价), where there is a parcel."""
    parcel = readable(method)
    if parcel is None:
        return []
    floor = parcels.floor_price_yuan(price_fen, parcel)
    return [{"key": _("溢价率"), "value": f"{parcels.premium_percent(price_fen, start_fen)}%"},
            *([{"key": _("楼面价"), "value": _("%(price)s 元/平方米", price=f"{floor:,}")}] if floor is not None else [])]


def particulars(project: Project) -> str:
    """What a notice says of each lot: in Chinese, because that text is what is published and hashed; '' where nothing is sold live."""
    with in_chinese():
        blocks = []
        for lot in service.live_lots(project):
            lines = [f"{row['key']}：{row['value']}" for part in of(lot.method, lot.estimate_fen, lot.ceiling_fen, lot.deposit_fen)
                     for row in part["rows"]]
            blocks.append("\n".join([f"{lot.number}. {lot.name}", *lines]))
        return "\n\n".join(blocks)


def data(project: Project) -> list[dict[str, Any]]:
    """The terms and the parcel of each lot that is competed for live, as plain data: money in fen, decimals as text."""
    return [{"number": lot.number, "code": lot.code, "name": lot.name, "start_fen": lot.estimate_fen, "ceiling_fen": lot.ceiling_fen,
             "deposit_fen": lot.deposit_fen, **lot.method["sale"]} for lot in service.live_lots(project)]


def break_lines(schedule: dict[str, Any], read: Any) -> str:
    """The hours in which nothing runs, one pair a line, as the form takes them."""
    return "\n".join(f"{read(start).astimezone(LEGAL_TIME):%Y-%m-%d %H:%M} 至 {read(until).astimezone(LEGAL_TIME):%Y-%m-%d %H:%M}"
                     for start, until in schedule.get("breaks") or ())

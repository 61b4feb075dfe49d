"""Values of the ceremony of a draw among companies, and of who witnesses any draw."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from bidding.trustees import service as trustees
from experts.draw import lottery, service
from experts.draw.models import Draw
from experts.draw.tickets import unbase
from trading.base.clock import BEIJING
from trading.parties import service as parties
from trading.projects.models import Lot


def witnesses(draw: Draw) -> list[dict[str, Any]]:
    """Each key holder, what it put in, and how far that is."""
    given = {item.contributor: item for item in service.contributions(draw.id)}

    def state(name: str) -> dict[str, str]:
        if draw.drawn_at:
            return {"kind": "done", "text": _("已公开")}
        return {"kind": "doing", "text": _("已封存投入")} if name in given else {"kind": "todo", "text": _("待投入")}

    return [{"name": record.organisation, "commitment": given[record.organisation].digest if record.organisation in given else "0" * 64,
             "revealed_at": draw.drawn_at if record.organisation in given else None, "state": state(record.organisation)}
            for record in trustees.active()]


def page(lot: Lot, draw: Draw) -> dict[str, Any]:
    """The ceremony; who was drawn is named once the material is public."""
    is_tie = lot.method.get("kind") == "live"
    title = _("%(name)s 在接受最高限价的竞买号中摇号", name=lot.label) if is_tie else _("%(name)s 抽取受邀供应商", name=lot.label) if draw.purpose == lottery.SUPPLIERS else _("%(name)s 在合格单位中抽取", name=lot.label)
    (stratum,) = draw.params["strata"]
    # In a live sale it is drawn among paddles: whose they are is nobody's to know before the deal.
    shown = [_("竞买号 %(number)s", number=code) if is_tie else parties.by_code(code).name for code in lottery.drawn(draw)[0]] if draw.revealed_at else []
    stage = 1 if not draw.closed_at else 2 if not draw.drawn_at else 4 if draw.revealed_at else 3
    names = [_("名单锁定"), _("三方投入随机数"), _("抽取"), _("结果公布后启封"), _("已公开")]
    done = bool(draw.drawn_at)
    result = (draw.transcript or {}).get("result", {}).get("strata", [{}])[0].get("members", [])
    is_secret = draw.purpose == lottery.SUPPLIERS and not draw.revealed_at
    seats = [{"seat": _("受邀供应商"), "speciality": "", "kind": "done" if done else "todo", "state": _("已抽取") if done else _("待抽"),
              "line": _("家数和名称在开标前保密")}] if is_secret else [{"seat": _("第 %(n)s 家", n=n + 1), "speciality": "", "kind": "done" if done else "todo",
              "state": _("已抽取") if done else _("待抽"), "line": shown[n] if shown else ""} for n in range(stratum["count"])]
    return {
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": lot.code, "href": f"/p/{lot.project.code}"}, {"text": _("随机抽取")}],
        "draw": {"code": draw.params["draw"], "title": title, "live_href": None, "after": 0, "pool_note": None, "names_href": None,
                 "line": _("家数和名称在开标前保密") if is_secret else _("备选 %(pool)s 家，抽取 %(count)s 家", pool=len(draw.pool), count=stratum["count"]),
                 "source_text": _("随机数来源：%(names)s", names="、".join(record.organisation for record in trustees.active())),
                 "pack_href": f"/draws/{lot.code}/{draw.purpose}/transcript.json" if draw.revealed_at else None,
                 "seed": unbase(draw.transcript["seed"]).hex() if draw.transcript else None},
        "steps": [{"text": name, "state": "done" if n < stage else "current" if n == stage else "todo", "note": ""} for n, name in enumerate(names)],
        "seats": seats, "head": [{"text": _("次序"), "num": True}, {"text": _("时间")}, {"text": _("校验值")}],
        "rows": [[str(n), f"{draw.drawn_at.astimezone(BEIJING):%H:%M:%S}" if draw.drawn_at else "—", eid[:12]]
                 for n, eid in enumerate([] if is_secret else result, 1)],
        "parties": witnesses(draw), "act": None}

"""The draw: conditions by the operator, the ceremony for everybody who may watch, answers by experts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from bidding.trustees import service as trustees
from experts.draw import company_pages, service
from experts.draw.models import EXPERTS, Draw
from experts.draw.strata import Stratum
from experts.draw.tickets import unbase
from experts.pool import service as pool
from trading.accounts.models import Account
from trading.accounts.permissions import Permission, allow, public
from trading.base import forms
from trading.base.clock import BEIJING, now
from trading.base.database import db
from trading.base.errors import NotFound
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

bp = Blueprint("draw", __name__)


@bp.get("/draws")
@allow(Permission.DRAW_RUN)
def draws() -> ResponseReturnValue:
    lots = db.session.scalars(select(Lot).where(Lot.stage.in_((Stage.CLOSED, Stage.OPENED, Stage.EVALUATED, Stage.PUBLICISED)))
                              .order_by(Lot.stage_at.desc()).limit(100))
    return render_template("draw/list.html", rows=[{"lot": lot, "draw": service.of_lot(lot.id)} for lot in lots])


@bp.get("/draws/<code>/new")
@allow(Permission.DRAW_RUN)
def conditions(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    counts = {key: sum(key in expert.specialities for expert in pool.active()) for key in pool.SPECIALITIES}
    return render_template("draw/conditions.html", lot=lot, specialities=pool.SPECIALITIES, counts=counts)


@bp.post("/draws/<code>/new")
@allow(Permission.DRAW_RUN)
def freeze(code: str) -> ResponseReturnValue:
    lot = projects.lot_by_code(code)
    strata = []
    for key in pool.SPECIALITIES:
        text = request.form.get(f"seats-{key}", "").strip()
        if text and (seats := forms.number(text, most=50)):
            strata.append(Stratum(key, seats, (), (key,)))
    name = request.form.get("representative", "").strip()
    representatives = [_representative(lot, name)] if name else []
    service.freeze(lot.id, strata, representatives=representatives, actor=current_user.actor, at=now(),
                   reason=request.form.get("reason", "")[:400])
    return redirect(url_for("draw.ceremony", code=code))


def _representative(lot: Lot, username: str) -> int:
    account = db.session.scalar(select(Account).where(Account.username == username))
    if account is None or account.organisation_id not in (lot.project.tenderer_id, lot.project.agency_id):
        raise NotFound
    return account.id


@bp.get("/draws/<code>")
@public
def ceremony(code: str) -> ResponseReturnValue:
    """The ceremony may be watched by anybody: no name is ever on it."""
    lot = projects.lot_by_code(code)
    draw = service.of_lot(lot.id)
    if draw is None:
        raise NotFound
    return render_template("draw/ceremony.html", **_page(lot, draw))


@bp.get("/draws/<code>/<any(suppliers, winner):purpose>")
@public
def company_draw(code: str, purpose: str) -> ResponseReturnValue:
    """A draw among companies, watched like one of experts; names follow when the result may be known."""
    lot = projects.lot_by_code(code)
    draw = service.of_lot(lot.id, purpose)
    if draw is None:
        raise NotFound
    return render_template("draw/ceremony.html", **company_pages.page(lot, draw))


@bp.get("/draws/<code>/<any(suppliers, winner):purpose>/transcript.json")
@public
def company_transcript(code: str, purpose: str) -> ResponseReturnValue:
    return _transcript(projects.lot_by_code(code), purpose)


@bp.get("/draws/<code>/transcript.json")
@public
def transcript(code: str) -> ResponseReturnValue:
    """Material and result, once the result of the tender is known."""
    return _transcript(projects.lot_by_code(code), EXPERTS)


def _transcript(lot: Lot, purpose: str) -> ResponseReturnValue:
    draw = service.of_lot(lot.id, purpose)
    if draw is None or draw.revealed_at is None:
        raise NotFound
    return jsonify(draw.transcript)


def _page(lot: Lot, draw: Draw) -> dict[str, Any]:
    seats = service.seats(draw.id)
    words = {"": ("doing", _("呼叫中")), "accepted": ("done", _("已封存")), "declined": ("retry", _("补抽")), "recused": ("retry", _("回避补抽"))}
    shown = [{"seat": _("席位 %(n)s", n=number), "speciality": pool.SPECIALITIES.get(seat.stratum, seat.stratum),
              "kind": words[seat.answer][0], "state": words[seat.answer][1], "line": ""} for number, seat in enumerate(seats, 1)]
    if not seats:
        total = sum(item["count"] for item in draw.params["strata"])
        shown = [{"seat": _("席位 %(n)s", n=n + 1), "speciality": "", "kind": "todo", "state": _("待抽"), "line": ""} for n in range(total)]
    stage = 1 if not draw.closed_at else 2 if not draw.sealed_at else 4
    names = [_("条件锁定"), _("三方投入随机数"), _("抽取与通知"), _("名单封存"), _("结果公布后启封")]
    seed = unbase(draw.transcript["seed"]).hex() if draw.transcript else None
    return {
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": lot.code, "href": f"/p/{lot.project.code}"}, {"text": _("专家抽取")}],
        "draw": {"code": draw.params["draw"], "title": _("%(name)s 评标专家抽取", name=lot.label), "live_href": None, "after": 0,
                 "line": _("专家库 %(pool)s 人，回避 %(out)s 人", pool=len(draw.pool), out=draw.excluded),
                 "source_text": _("随机数来源：%(names)s", names="、".join(record.organisation for record in trustees.active())),
                 "pool_note": {"kind": "warn", "text": _("候选不足席位三倍，理由：%(reason)s", reason=draw.reason)} if draw.thin else None,
                 "pack_href": f"/draws/{lot.code}/transcript.json", "seed": seed, "names_href": None},
        "steps": [{"text": name, "state": "done" if n < stage else "current" if n == stage else "todo", "note": ""} for n, name in enumerate(names)],
        "seats": shown,
        "head": [{"text": _("次序"), "num": True}, {"text": _("席位")}, {"text": _("结果")}, {"text": _("时间")}, {"text": _("校验值")}],
        "rows": [[str(n), pool.SPECIALITIES.get(seat.stratum, seat.stratum), words[seat.answer][1],
                  f"{(seat.answered_at or seat.called_at).astimezone(BEIJING):%H:%M:%S}", seat.eid[:12]]
                 for n, seat in enumerate(seats, 1)],
        "parties": company_pages.witnesses(draw), "act": None}


# --- the expert's side ----------------------------------------------------------------------------


@bp.post("/eval/calls/<number:draw_id>")
@allow(Permission.EVALUATE)
def answer(draw_id: int) -> ResponseReturnValue:
    service.answer(draw_id, current_user.account.id, accepts=request.form.get("answer") == "accept",
                   reason=request.form.get("reason", "")[:200], at=now())
    return redirect("/eval")


# --- the pool ----------------------------------------------------------------------------------------


@bp.get("/experts")
@allow(Permission.POOL_MANAGE)
def experts() -> ResponseReturnValue:
    """The register by number and speciality; names are not listed."""
    return render_template("draw/pool.html", rows=pool.active(), specialities=pool.SPECIALITIES)

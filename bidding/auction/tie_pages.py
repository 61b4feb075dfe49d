"""Values of the pages about a tie at the ceiling: what decides, how far that is, how it came out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from bidding.auction import quality, rooms, ties, words
from bidding.auction.rooms import Room
from bidding.opening import service as opening
from trading.accounts import service as accounts
from trading.base.clock import BEIJING
from trading.base.money import yuan
from trading.projects.models import Lot
from trading.sales import words as sale_words
from trading.sales.modes import After, Phase

#: What somebody else than the bidding itself decides.
DECIDED = (After.LOTTERY, After.SINGLE, After.QUALITY)


def may_tie(room: Room) -> bool:
    """Whether the notice has a ceiling at which a tie would be decided outside of the bidding."""
    return room.terms.after_ceiling in DECIDED


def is_tied(room: Room) -> bool:
    return room.standing.phase is Phase.TIED


def page(lot: Lot, room: Room, at: datetime) -> dict[str, Any]:
    """The public page: everybody sees the same, and nobody a name before the deal."""
    begun, decided = ties.entries(lot, "auction.tie_begun"), ties.entries(lot, "auction.tie_decided")
    after = room.terms.after_ceiling
    return {
        "lot": lot, "how": words.after(after), "after": str(after), "text": explained(lot, after), "ceiling": room.terms.ceiling_fen,
        "agreed": list(room.standing.agreed) if is_tied(room) or decided else [], "state": _state(room, bool(decided)),
        "steps": _steps(lot, room, begun, at) if is_tied(room) or decided else [], "draw_href": f"/draws/{lot.code}/winner" if after is After.LOTTERY and begun else "",
        "decided": _decided(decided[0]) if decided else None,
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": _("竞价大厅"), "href": "/auctions"}, {"text": lot.code, "href": f"/auctions/{lot.code}"},
                   {"text": _("最高限价并列")}]}


def explained(lot: Lot, after: After) -> str:
    """What the notice says decides, in a sentence."""
    return {
        After.LOTTERY: _("在接受最高限价的竞买号中公开摇号：密钥持有人封存投入的随机数决定结果，任何人可以重新计算。"),
        After.SINGLE: _("接受最高限价的竞买人各封存一次报价，不低于最高限价，%(rule)s；报价相同的，先递交者得；无人有效报价的，最先报出最高限价的竞买人竞得。",
                        rule=sale_words.single_rule(ties.single_rule(lot))) if after is After.SINGLE else "",
        After.QUALITY: _("由出让人组织的评审委员会按公告的标准评定品质，出让人记录评定结果和纪要，监督人员确认后生效。")}[after]


def _state(room: Room, is_decided: bool) -> dict[str, str]:
    if is_decided:
        return {"kind": "done", "text": _("已决定")}
    return {"kind": "doing", "text": _("正在决定")} if is_tied(room) else {"kind": "todo", "text": _("尚无并列")}


def _steps(lot: Lot, room: Room, begun: list[dict[str, Any]], at: datetime) -> list[dict[str, str]]:
    """How far it is, as label and value."""
    if room.terms.after_ceiling is After.SINGLE and (found := ties.session(lot.id)) is not None:
        done = opening.opening_of(lot.id, found.envelope)
        state = _("报价中") if found.close_seq is None and at < found.deadline else _("已截止，等待密钥持有人开启") if done is None or done.opened_at is None else _("已开启")
        return [{"key": _("报价截止"), "value": f"{found.deadline.astimezone(BEIJING):%Y-%m-%d %H:%M}"}, {"key": _("进展"), "value": state}, *(
            [{"key": _("轮次"), "value": _("第 %(n)s 次征求（上一次有报价因平台或者密钥持有人的原因未能开启）", n=len(begun))}] if len(begun) > 1 else [])]
    if room.terms.after_ceiling is After.QUALITY:
        state = _("已记录，等待监督人员确认") if quality.waiting(lot.id) else _("等待出让人记录评定结果") if is_tied(room) else _("已确认")
        return [{"key": _("进展"), "value": state}]
    return []


def _decided(event: dict[str, Any]) -> dict[str, Any]:
    return {"winner": event["winner"], "price": yuan(event["price_fen"]), "at": rooms.moment(event["at_ms"]),
            "offers": [{"paddle": paddle, "price": yuan(fen)} for paddle, fen in event.get("offers", [])], "is_first": event.get("offers") == []}


def decisions(lot: Lot) -> list[dict[str, Any]]:
    """What the seller recorded and what became of it, the newest first."""
    states = {"confirmed": ("ok", _("已确认")), "refused": ("warn", _("已退回")), "waiting": ("todo", _("待确认"))}
    rows = []
    for item in reversed(quality.decisions(lot.id)):
        kind, text = states["confirmed" if item.confirmed_at else "refused" if item.refused_at else "waiting"]
        rows.append({"item": item, "state": {"kind": kind, "text": text},
                     "people": [accounts.get(number).name for number in (item.asked_by, item.confirmed_by or item.refused_by) if number]})
    return rows

"""Values of the opening hall for bidders, host and observers. Before the close it shows nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from bidding.opening import envelopes, service
from bidding.opening.models import HallEvent, OpenedBid, Opening
from bidding.opening.rules import OUTCOMES
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.base.errors import NotFound
from trading.base.money import yuan
from trading.deposits import service as deposits
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure


def event_text(event: HallEvent) -> str:
    """One line of the hall's log in the reader's language."""
    # Where bids are not read out, no name is written down.
    facts = event.facts | ({"bidder": _("一家供应商")} if event.facts.get("bidder") == "" else {})
    texts = {
        "offers_asked": _("第 %(number)s 轮：请各供应商提交密封报价。", number=facts.get("number")),
        "offers_closed": _("本轮报价截止，等待密钥持有人释放份额。"),
        "offers_opened": _("本轮报价已向评审小组开启。"),
        "prices_asked": _("技术标评审结果已写入存证日志，等待密钥持有人释放 %(count)s 个报价信封的份额，其余不予开启。", count=facts.get("count")),
        "prices_opened": _("报价信封处理完毕，公布报价，有效解密 %(count)s 份。", count=facts.get("count")),
        "closed": _("投标截止，共收到 %(count)s 份投标，集合已经冻结。", count=facts.get("count")),
        "failed": _("密钥持有人未到齐，投标未解密，本标段流标。") if facts.get("reason") == "key_holders_absent" else _("投标人不足法定家数，依法不开标。"),
        "half_given": _("%(bidder)s 已交出解密份额（%(given)s / %(count)s）。", bidder=facts.get("bidder"), given=facts.get("given"), count=facts.get("count")),
        "holding": _("等待密钥持有人：%(missing)s。", missing=facts.get("missing")),
        "window_longer": _("平台中断的时间不计入解密时段，解密时段延长到 %(until)s。", until=_local(facts.get("until"))),
        "window_closed": _("解密时段结束，等待密钥持有人释放份额。"),
        "unsealed": _("%(bidder)s 的投标文件：%(outcome)s。", bidder=facts.get("bidder"), outcome=outcome_text(str(facts.get("outcome")))),
        "opened": _("全部处理完毕，公布唱标表，有效解密 %(count)s 份。", count=facts.get("count")),
        "opened_quietly": _("全部处理完毕，已向评审小组开启，有效解密 %(count)s 份。", count=facts.get("count")),
        "confirmed": _("%(bidder)s 已确认唱标内容。", bidder=facts.get("bidder"))}
    return texts.get(event.kind) or str(facts.get("text", event.kind))


def _local(moment: object) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(BEIJING):%H:%M:%S}" if isinstance(moment, str) else ""


def outcome_text(outcome: str) -> str:
    """What became of a bid, in words, with whose doing it was."""
    return {
        "opened": _("解密成功"), "half_missing": _("未在时段内解密（投标人原因，视为撤销）"),
        "wrap_damaged": _("密钥份额封装损坏（投标人原因，视为撤销）"),
        "shares_inconsistent": _("份额不一致，无法解密（投标人原因，视为撤销）"),
        "payload_unreadable": _("内容无法解密（投标人原因，视为撤销）"), "manifest_wrong": _("内容与清单不符（投标无效）"),
        "payload_damaged": _("平台存储损坏（非投标人原因，视为撤回）"), "shares_short": _("密钥持有人未到齐（视为撤回）")}.get(outcome, outcome)


def log_entries(lot_id: int, after: int = 0) -> list[dict[str, Any]]:
    """The hall's log, newest first, numbered per hall so that no number tells of another lot."""
    kinds = {"question": "question", "objection": "question", "host": "host", "half_given": "bidder", "confirmed": "bidder"}
    found = service.events(lot_id)
    rows = [{"seq": number, "at": event.at, "kind": kinds.get(event.kind, "system"), "who": event.facts.get("who") or (_("一家供应商") if event.facts.get("who") == "" else None),
             "text": event_text(event)} for number, event in enumerate(found, 1)]
    return [row for row in reversed(rows) if row["seq"] > after]


def table(lot: Lot, opening: Opening) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """The read-out table: names after the close, offers after the opening; neither where the
    procedure reads nothing out."""
    head = [{"text": _("序"), "num": True}, {"text": _("投标人")}, {"text": _("解密")}, {"text": _("报价（元）"), "num": True},
            {"text": _("工期（日）"), "num": True}, {"text": _("质量")}, {"text": _("保证金")}, {"text": _("封存指纹")}]
    if not procedure(lot.project.procedure).read_out:
        return [], []
    settled = {bid.digest: bid for bid in service.opened_bids(lot.id)}
    prices = service.prices_read_out(lot.id)
    halves = service.halves_given(lot.id)
    rows = []
    for number, row in enumerate(sealed.bids(opening.session), 1):
        bid = settled.get(row.digest or "")
        offer = (bid.offer or {}) | (prices.get(bid.organisation_id) or {}) if bid and opening.opened_at else {}
        deposit = bid.deposit_confirmed if bid else deposits.is_confirmed(lot, row.organisation_id or 0, at=opening.closed_at)
        rows.append([str(number), parties.get(row.organisation_id or 0).name, _state(row.digest or "", bid, halves),
                     yuan(offer["price_fen"]) if "price_fen" in offer else _("未开启") if prices else "—", str(offer.get("days", "—")), offer.get("quality", "—"),
                     ("✓ " + _("已到账")) if deposit else ("✕ " + _("未到账")), (row.digest or "")[:16]])
    return head, rows


def _state(digest: str, bid: OpenedBid | None, halves: set[str]) -> str:
    if bid is not None:
        return ("✓ " if OUTCOMES[bid.outcome].counts else "✕ ") + outcome_text(bid.outcome)
    return "◔ " + _("份额已交") if digest in halves else "○ " + _("待解密")


def steps(lot: Lot, opening: Opening | None) -> list[dict[str, Any]]:
    is_read = procedure(lot.project.procedure).read_out
    names = [_("签到"), _("截标与公布") if is_read else _("截标"), _("解密"), _("唱标") if is_read else _("向评审小组开启"), _("签署与归档")]
    if opening is None:
        at = 0
    elif opening.window_closed_at is None:
        at = 2
    elif opening.opened_at is None:
        at = 3
    else:
        at = 4 if lot.stage != Stage.ARCHIVED else 5
    if lot.stage == Stage.FAILED and opening and not opening.opened_at:
        at = 2
    return [{"text": name, "state": "done" if number < at else "current" if number == at else "todo", "note": ""}
            for number, name in enumerate(names)]


def hall(lot: Lot, at: datetime, bidder: Organisation | None, *, host: bool) -> dict[str, Any]:
    """The whole hall page for one viewer."""
    if lot.deadline is None:
        raise NotFound
    opening = service.opening_of(lot.id)
    head, rows = table(lot, opening) if opening else ([], [])
    entries = log_entries(lot.id)
    window = opening and not opening.window_closed_at and lot.stage == Stage.CLOSED
    attended = bool(bidder and service.attended(lot.id, bidder))
    return {
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": lot.code, "href": f"/p/{lot.project.code}"}, {"text": _("开标大厅")}],
        "hall": {"title": lot.label, "line": _("招标人 %(name)s", name=lot.project.tenderer.name),
                 "clock_label": _("解密剩余时间") if window else _("距投标截止"),
                 "deadline": service.window_ends(opening, at) if opening and window else lot.deadline,
                 "live_href": f"/api/v1/rooms/{lot.code}/events", "after": entries[0]["seq"] if entries else 0, "log_href": None,
                 "revealed": opening is not None,
                 "quiet": None if procedure(lot.project.procedure).read_out else
                 _("这种交易方式不公开唱标：响应文件只向评审小组开启，供应商和价格在结果公告时公布。"), "stage_text": _stage_text(lot, opening),
                 "caption": _("最高限价 %(limit)s 元", limit=yuan(lot.ceiling_fen)) if lot.ceiling_fen else _("单位：元")},
        "steps": steps(lot, opening), "head": head, "rows": rows,
        "own_sign": {"kind": "done", "text": _("您已签到")} if attended else None, "announced": "",
        "act": _act(lot, opening, bidder, attended, at),
        "scene": {"src": None, "alt": _("现场画面由所在交易中心接入"), "stream_href": None, "name": ""},
        "entries": entries, "halves": _halves(lot, opening, bidder), "host": host,
        "ask": {"action": f"/hall/{lot.code}/say", "note": _("开标异议须当场提出，当场答复并记录。")}
        if opening and (bidder or host) and lot.stage in (Stage.CLOSED, Stage.OPENED) else None}


def _stage_text(lot: Lot, opening: Opening | None) -> str:
    if opening is None:
        return _("等待截标")
    if lot.stage == Stage.FAILED and not opening.opened_at:
        return _("流标")
    if opening.opened_at:
        prices = service.opening_of(lot.id, envelopes.PRICE)
        if prices is not None and prices.opened_at is None:
            return _("报价待开启")
        return _("已公布") if procedure(lot.project.procedure).read_out else _("已开启")
    given = len(service.halves_given(lot.id))
    if opening.window_closed_at is None:
        return _("解密 %(given)s / %(count)s", given=given, count=service.halves_due(lot.id))
    session = trustees.get_session(opening.session)
    return _("密钥持有人 %(given)s / %(need)s", given=len(trustees.released_by(session)), need=session.document["k"])


def _halves(lot: Lot, opening: Opening | None, bidder: Organisation | None) -> list[dict[str, Any]]:
    """What the decryption script needs of each envelope whose half is still to come: its digest and where to send the half."""
    if not opening or not bidder or opening.window_closed_at or lot.stage != Stage.CLOSED:
        return []
    given, found = service.halves_given(lot.id), []
    titles = {"bid": _("解密我的投标文件"), "technical": _("解密我的技术标信封"), "price": _("交出我的报价信封的份额")}
    for sealing in trustees.sessions_of_bids(lot.id):
        row = next((row for row in sealed.bids(sealing.id) if row.organisation_id == bidder.id), None)
        if row is not None and row.header and row.header["policy"] != "T" and row.digest not in given:
            found.append({"digest": row.digest, "href": f"/api/v1/lots/{lot.code}/halves", "session": sealing.id, "title": titles[sealing.envelope],
                          "note": _("报价信封要等技术标评审写入存证日志之后才开启，但份额现在就要交：之后没有第二次。") if sealing.envelope == "price" else ""})
    return found


def _act(lot: Lot, opening: Opening | None, bidder: Organisation | None, attended: bool, at: datetime) -> dict[str, Any] | None:
    """Exactly one thing that the viewer can do now."""
    plain = {"method": "post", "seal": False, "deadline": None, "key": None, "confirm_id": None}
    if bidder is None:
        return None
    if opening is None:
        if attended or lot.stage != Stage.BIDDING:
            return None
        return plain | {"title": _("签到"), "text": _("签到在截标前对任何人保密。"), "button": _("签到"), "href": f"/hall/{lot.code}/attend"}
    own = service.own_read_out(lot.id, bidder.id)
    if opening.opened_at and own and own.offer and not own.confirmed_at and lot.stage in (Stage.OPENED,) \
            and procedure(lot.project.procedure).read_out:
        return plain | {"title": _("确认唱标内容"), "text": _check_this(own.offer),
                        "button": _("确认唱标内容"), "href": f"/hall/{lot.code}/confirm", "seal": True}
    return None


def _check_this(offer: dict[str, Any]) -> str:
    """What a bidder is asked to compare with its own bid, by what its envelope held."""
    if "days" not in offer:
        return _("请核对报价 %(price)s 元是否与您的报价信封一致。", price=yuan(offer["price_fen"]))
    if "price_fen" not in offer:
        return _("请核对工期 %(days)s 日是否与您的技术标信封一致。", days=offer["days"])
    return _("请核对报价 %(price)s 元、工期 %(days)s 日是否与您的投标文件一致。", price=yuan(offer["price_fen"]), days=offer["days"])


def halls(at: datetime) -> list[dict[str, Any]]:
    """Today's and coming openings, and those of the last days."""
    found = db.session.scalars(select(Lot).where(Lot.deadline.is_not(None)).order_by(Lot.deadline.desc()).limit(60))
    return [{"lot": lot, "href": f"/hall/{lot.code}", "at": lot.deadline.astimezone(BEIJING) if lot.deadline else None} for lot in found
            if lot.method.get("kind") != "live"]  # competed for live: nothing is opened at its deadline

"""Names of what happens in a room, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trading.base.language import language
from trading.sales.modes import MODES, After, Mode, Phase, Restart


def mode(mode_id: str) -> str:
    found = MODES.get(mode_id)
    return mode_id if found is None else found.en if language() == "en" else found.zh


def phase(name: str) -> str:
    """Where a lot stands."""
    return {Phase.WAITING: _("等待开始"), Phase.OFFERS: _("挂牌报价"), Phase.QUESTION: _("询问是否参加限时竞价"), Phase.FREE: _("自由竞价"),
            Phase.TIMED: _("限时竞价"), Phase.CALLS: _("现场竞价"), Phase.FALLING: _("降价竞价"), Phase.AGREEING: _("已达最高限价，等待其他人表示接受"),
            Phase.HOUSING: _("竞配建"), Phase.ROUND: _("密封报价"), Phase.OPENING: _("本轮截止，等待密钥持有人开启"), Phase.TIED: _("已达最高限价，按公告规定的方式决定"), Phase.ENDED: _("竞价结束")}[Phase(name)]


def rule(found: Mode) -> str:
    """What a valid bid does to the clock, in one sentence."""
    minutes = found.window_ms / 60_000
    count = f"{minutes:g}"
    if Phase.ROUND in found.phases:
        return _("每轮 %(count)s 分钟，开启后按竞买号公布全部报价，最高者领先；一轮中无人再加价即结束。", count=count)
    if Phase.TIMED not in found.phases:
        return ""
    if found.restart is Restart.RESET:
        return _("限时竞价中，每次有效报价后重新计时 %(count)s 分钟，计时结束无人报价即结束。", count=count)
    return _("限时竞价中，每次有效报价使结束时间顺延 %(count)s 分钟。", count=count)


def after(name: str) -> str:
    """What decides when several agree to the ceiling."""
    return {After.NOTHING: "", After.LOTTERY: _("摇号"), After.HOUSING: _("竞配建"), After.QUALITY: _("竞品质"), After.SINGLE: _("一次报价")}[After(name)]


def failed(reason: str) -> str:
    return {"no_bid": _("无有效报价"), "below_reserve": _("最高报价低于底价"), "reserve_missing": _("未封存底价"),
            "reserve_unreadable": _("底价无法开启")}.get(reason, reason)


def script() -> dict[str, Any]:
    """What the room's script says, by what it is about; {n} and the like are filled in there."""
    return {
        "phase": {str(item): phase(item) for item in Phase},
        "you": _("我"), "you_lead": _("您领先"), "outbid": _("已被超越"), "not_bid": _("您尚未报价"), "leads": _("领先"), "none": _("暂无报价"),
        "round": _("第 {n} 次报价"), "steps_left": _("距最高限价 {n} 档"), "premium": _("溢价率 {n}%"), "floor": _("楼面价 {n} 元/㎡"),
        "to_open": _("距开始"), "to_end": _("剩余时间"), "no_clock": _("由主持人报价结束"), "falls_in": _("距下次降价"), "paused": _("竞价暂停，计时停止"), "over": _("竞价结束"),
        "resumes": _("{at} 恢复计时"), "held_links": _("较多竞买人失去连接，竞价暂停；恢复时间另行公布。"), "held": _("平台中断，竞价暂停；恢复时间另行公布。"),
        "opening_now": _("本轮截止，等待密钥持有人开启"), "stale": _("正在重新连接，计时以服务器为准"), "link": _("连接正常 · 上次消息 {n} 秒前"), "link_lost": _("连接中断 {n} 秒"),
        "calls": _("第 {n} 次报价"), "joined": _("{n} 家确认参加限时竞价"), "agreed": _("{n} 家接受最高限价"), "resting": _("公告载明的停止时段，{at} 继续"),
        "event": {"bid": _("报价"), "joined": _("确认参加限时竞价"), "phase": _("进入：{phase}"), "ended": _("竞价结束"), "called": _("主持人第 {n} 次询问"),
                  "paused": _("暂停"), "resumed": _("恢复"), "held": _("技术中断，计时停止"), "resuming": _("公布恢复时间"), "released": _("恢复计时"), "settled": _("成交"), "failed": _("流拍"),
                  "tie_begun": _("最高限价并列，开始按公告决定"), "tie_decided": _("最高限价并列已决定"),
                  "round_begun": _("第 {n} 轮密封报价开始"), "round_closed": _("第 {n} 轮密封报价开启"), "round_again": _("第 {n} 轮有报价因平台或者密钥持有人的原因未能开启，重新报价")},
        "sealed_round": _("第 {n} 轮"), "no_offers": _("无有效报价"),
        "say_price": _("当前最高价 {price} 元，{who}"), "say_end": _("剩余 {n} 秒"),
        "plus": _("+{n} 档"), "confirm": _("确认报价 {price} 元"), "increase": _("比当前价高 {n} 元（{steps} 档）"), "type_again": _("加价超过 10 档，请再次输入报价金额"),
        "differs": _("两次输入的金额不同"), "no_amount": _("请填写报价，精确到分"), "sending": _("正在提交……"), "retry": _("没有收到回复，正在用同一请求再次询问……"),
        "accepted": _("报价已记录：第 {n} 次，{price} 元，存证第 {e} 号"), "lost": _("连不上平台，请求没有被确认。请看右侧记录，或稍后再试。"),
        "joined_ok": _("已确认参加限时竞价"), "wrong_answer": _("平台的答复签名不对，请保存页面并联系监督部门"),
        "proxy_on": _("自动出价已开启，上限 {price} 元，只保存在本机"), "proxy_off": _("自动出价已关闭"), "proxy_reached": _("已达自动出价上限"),
        "no_key": _("本机没有这个标段的竞价密钥，请在“我的竞买”中更换竞价密钥。"), "replay": _("重放：第 {n} 条 / 共 {m} 条")}

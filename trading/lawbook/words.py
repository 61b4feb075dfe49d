"""What figures, units, families and states of the rule table are called in the reader's language."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from flask_babel import gettext as _

from trading.base.language import day, language, once_per_language
from trading.base.money import yuan
from trading.law.procedures import Below
from trading.law.regions import Atlas
from trading.law.rule import Rule, Sense, Status, Unit
from trading.projects import words


def label(rule: Rule) -> str:
    return rule.en if language() == "en" else rule.zh


@once_per_language
def figure(rule: Rule) -> str:
    """The figure with its sense and unit, such as 不少于 20 日."""
    value = {
        Unit.MINUTE: _("%(n)s 分钟", n=rule.value), Unit.HOUR: _("%(n)s 小时", n=rule.value), Unit.DAY: _("%(n)s 日", n=rule.value),
        Unit.WORKING_DAY: _("%(n)s 个工作日", n=rule.value), Unit.MONTH: _("%(n)s 个月", n=rule.value),
        Unit.FLAG: _("是") if rule.value else _("否"),
        # Several choices in one row; without the blank a table cannot break the line.
        Unit.TEXT: str(rule.value).replace(",", ", ")}.get(rule.unit, str(rule.value))
    if rule.unit is Unit.FEN:
        value = _("%(n)s 元", n=yuan(int(rule.value)))
    elif rule.unit is Unit.RATIO:
        value = _share(Fraction(rule.value), rule.multiple)
    senses = {Sense.AT_LEAST: _("不少于 %(n)s", n=value), Sense.AT_MOST: _("不超过 %(n)s", n=value),
              Sense.MORE_THAN: _("超过 %(n)s", n=value), Sense.LESS_THAN: _("不足 %(n)s", n=value)}
    return senses[rule.sense] if rule.sense else value


def _share(share: Fraction, multiple: bool) -> str:
    shown = share if multiple else share * 100
    # A third has no end as a decimal; it is written as the law writes it.
    if 10_000 % shown.denominator:
        return str(share)
    text = f"{float(shown):.4f}".rstrip("0").rstrip(".")
    return _("%(n)s 倍", n=text) if multiple else f"{text}%"


def region(code: str, atlas: Atlas) -> str:
    found = atlas.regions.get(code)
    return code if found is None else found.en if language() == "en" else found.zh


def force(start: date | None, end: date | None) -> str:
    """The days of force, in one line."""
    if start is None and end is None:
        return _("一直有效")
    if end is None and start is not None:
        return _("%(day)s 起", day=day(start))
    if end is not None and start is None:
        return _("至 %(day)s", day=day(end))
    assert start is not None and end is not None
    return f"{day(start)} — {day(end)}"


def status(name: str) -> dict[str, str]:
    """How far a figure is confirmed, as status() takes it."""
    names = {Status.VERIFIED: ("ok", _("已核对原文")), Status.SECONDARY: ("warn", _("据二手来源，待核")),
             Status.MEMORY: ("warn", _("凭记忆，待核"))}
    kind, text = names[Status(name)]
    return {"kind": kind, "text": text}


def family(name: str) -> str:
    names = {
        "works": _("工程建设"), "procurement": _("政府采购"), "land": _("土地使用权"), "property": _("国有产权"), "mining": _("矿业权"),
        "deposits": _("保证金"), "committee": _("评标委员会"), "opening": _("开标"), "evaluation": _("评标"), "objections": _("异议与投诉"),
        "collusion": _("串通与弄虚作假"), "archive": _("档案"), "auctioneers": _("拍卖人"), "identifiers": _("编码"), "time": _("期间计算"),
        "replay": _("回放")}
    return names.get(name, name)


def event(name: str) -> str:
    names = {"notice": _("公告发布"), "document": _("文件发出"), "opening": _("开标"), "evaluation": _("评标"), "award": _("定标"),
             "contract": _("签订合同"), "request": _("提出申请"), "archive": _("归档")}
    return names.get(name, name)


def procedures(names: tuple[str, ...], asked: int) -> str:
    """The procedures a row holds for; many are counted, because nobody reads fifteen names in a table."""
    if "*" in names or len(names) == asked and asked > 1:
        return _("全部")
    said = [words.procedure(name) for name in names]
    if len(said) > 3:
        return _("%(first)s等 %(count)s 种", first=said[0], count=len(said))
    return _("、").join(said)


def below(what: str) -> str:
    return {Below.FAIL: _("不开标，流标"), Below.STOP: _("不评审，流标"), Below.MAY_REJECT: _("由评标委员会决定是否否决")}[Below(what)]


def gate(name: str) -> str:
    return {"bidders": _("投标人数"), "qualified": _("资格合格人数"), "valid": _("有效投标数")}.get(name, name)


def period(name: str) -> str:
    names = {"documents": _("文件提供"), "bids": _("等标期"), "clarify": _("澄清"), "contract": _("签订合同"), "report": _("书面报告"),
             "notice": _("公告"), "decide": _("确定结果"), "publish_result": _("公布结果"), "publish_contract": _("公布合同"),
             "file_contract": _("合同备案"), "result": _("公布结果"), "pay": _("付款")}
    return names.get(name, name)


def rounds(name: str) -> str:
    return {"one": _("一次报价"), "several": _("多轮报价，最后报价密封"), "negotiated": _("协商价格"), "live": _("现场竞价"),
            "fixed": _("价格固定"), "none": _("不报价")}.get(name, name)


def call(name: str) -> str:
    return {"open": _("公开邀请"), "invited": _("选定邀请"), "drawn": _("随机抽取邀请"), "direct": _("单一供应商")}.get(name, name)


def remedy(name: str) -> str:
    return {"objection": _("异议"), "question": _("质疑"), "none": _("法律未指明")}.get(name, name)


def change_state(name: str) -> dict[str, str]:
    """Where a proposal stands, as status() takes it."""
    names = {"waiting": ("todo", _("等待批准")), "approved": ("done", _("已批准")), "refused": ("failed", _("未获批准")),
             "withdrawn": ("retry", _("已撤回"))}
    kind, text = names[name]
    return {"kind": kind, "text": text}


def subjects(kind: str, names: list[str]) -> str:
    if kind == "calendar":
        return _("%(year)s 年放假调休安排", year=names[0])
    if kind == "repeal":
        return _("废止 %(key)s", key=names[0])
    return _("、").join(names)

"""What uses, modes, ceilings and the facts of a parcel are called, in the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from trading.base.language import day, language, once_per_language
from trading.base.money import yuan
from trading.sales.modes import MINUTE, MODES, After, Mode, Phase
from trading.sales.parcels import Parcel, Per, Range, Use

Row = dict[str, str]


@once_per_language
def use(name: str) -> str:
    """A use of land, as the law divides them (暂行条例 12)."""
    return {Use.RESIDENTIAL: _("居住用地"), Use.INDUSTRIAL: _("工业用地"), Use.PUBLIC: _("教育、科技、文化、卫生、体育用地"),
            Use.COMMERCIAL: _("商业、旅游、娱乐用地"), Use.MIXED: _("综合或者其他用地")}[Use(name)]


@once_per_language
def mode(name: str) -> str:
    row = MODES.get(name)
    return name if row is None else row.en if language() == "en" else row.zh


@once_per_language
def after(name: str) -> str:
    """What follows when several agree to the ceiling."""
    return {After.NOTHING: _("没有最高限价"), After.LOTTERY: _("公开摇号"), After.HOUSING: _("竞配建面积"), After.QUALITY: _("竞品质"),
            After.SINGLE: _("一次书面报价")}[After(name)]


@once_per_language
def reserve(name: str) -> str:
    return {"sealed": _("设底价，由密钥持有人封存，竞价结束前保密"), "none": _("不设底价")}[name]


@once_per_language
def single_rule(name: str) -> str:
    return {"nearest_mean": _("最接近平均价者得"), "nearest_mean_from_below": _("不高于平均价且最接近者得"), "highest": _("价高者得")}[name]


@once_per_language
def per(name: str) -> str:
    return {Per.SQUARE_METRE: _("每平方米土地"), Per.WHOLE: _("整宗土地")}[Per(name)]


def how(row: Mode) -> str:
    """How a mode runs, in a sentence."""
    minutes = {"window": row.window_ms // MINUTE, "confirm": row.confirm_ms // MINUTE, "free": row.free_ms // MINUTE, "fall": row.fall_ms // MINUTE}
    if Phase.FALLING in row.phases:
        return _("从起始价开始，每 %(fall)s 分钟降一个降价幅度，第一个应价者得", **minutes)
    if Phase.ROUND in row.phases:
        return _("每轮 %(window)s 分钟，竞买人各封存一次报价，截止前任何人打不开；开启后最高价进入下一轮，无人再加价即成交", **minutes)
    if Phase.CALLS in row.phases:
        return _("现场报价，主持人三次报价后无人再应价即成交")
    if Phase.FREE in row.phases:
        return _("自由竞价 %(free)s 分钟，之后限时竞价，%(window)s 分钟内没有新报价即成交", **minutes)
    if Phase.TIMED in row.phases:
        return _("挂牌期内报价；截止时询问是否参加限时竞价（%(confirm)s 分钟），之后每 %(window)s 分钟内没有新报价即成交", **minutes)
    return _("挂牌期内报价，截止时价高者得")


# --- the facts of a parcel --------------------------------------------------------------------------


def parcel(found: Parcel) -> list[Row]:
    """A parcel's facts as label and value, in the order of a grant notice."""
    english = language() == "en"
    terms = ("; " if english else "；").join(_("%(use)s %(years)s 年", use=use(term.use), years=term.years) for term in found.terms)
    rows = [
        (_("宗地编号"), found.number), (_("宗地坐落"), found.site), (_("出让面积"), _("%(area)s 平方米", area=number(found.area_m2))),
        (_("规划用途"), found.use), (_("出让年限"), terms), (_("容积率"), span(found.ratio)), (_("建筑密度"), span(found.density, "%")),
        (_("建筑高度"), span(found.height, " " + _("米"))), (_("绿地率"), span(found.green, "%")),
        (_("最大建筑面积"), _("%(area)s 平方米", area=number(found.buildable_m2)) if found.buildable_m2 is not None else ""),
        (_("出让最低价"), money(found.floor_fen)),
        (_("基准地价"), " · ".join([money(found.benchmark_fen), per(found.benchmark_per), found.benchmark_grade])),
        (_("评估价"), " · ".join([money(found.valuation_fen), found.valuer, found.valuation_report, day(found.valuation_on)])),
        (_("出让方案批准"), numbered(found.plan_number, found.plan_on)),
        (_("集体决策"), _("%(minutes)s，%(members)s 人参加", minutes=numbered(found.decision_minutes, found.decision_on), members=found.decision_members)),
        (_("出让条件"), found.conditions), (_("附图"), (", " if english else "、").join(found.drawings)),
        (_("地图位置"), _("东经 %(lon)s°，北纬 %(lat)s°", lon=found.position[0], lat=found.position[1]) if found.position else "")]
    return [{"key": key, "value": value} for key, value in rows if value]


def numbered(name: str, on: date) -> str:
    return f"{name} · {day(on)}"


def number(value: Decimal) -> str:
    """A decimal with separators and without noughts at its end."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(fen: int) -> str:
    return f"¥{yuan(fen)}"


def span(found: Range, unit: str = "") -> str:
    """A planning figure from low to high, either open."""
    low, high = (None if end is None else f"{number(end)}{unit}" for end in (found.low, found.high))
    if low and high:
        return low if low == high else _("%(low)s 至 %(high)s", low=low, high=high)
    return _("不低于 %(low)s", low=low) if low else _("不高于 %(high)s", high=high) if high else ""


# --- the terms of a sale ----------------------------------------------------------------------------


def sale(method: dict[str, Any], start_fen: int, ceiling_fen: int | None, deposit_fen: int) -> list[Row]:
    """On what terms a lot is competed for, as label and value."""
    terms = method.get("sale", {})
    row = MODES.get(terms.get("mode", ""))
    falls = row is not None and Phase.FALLING in row.phases
    follows = terms.get("after_ceiling", "")
    ceiling = _("%(price)s，达到后%(what)s", price=money(ceiling_fen), what=after(follows)) if ceiling_fen and follows else ""
    if follows == After.HOUSING:
        ceiling = _("%(ceiling)s，每次增加 %(step)s 平方米", ceiling=ceiling, step=terms.get("housing_step", 100))
    if follows == After.SINGLE:
        ceiling = _("%(ceiling)s，%(rule)s；无人有效报价的，最先报出最高限价者得", ceiling=ceiling, rule=single_rule(terms.get("single_rule", "nearest_mean")))
    rows = [
        (_("竞价方式"), mode(terms.get("mode", ""))), (_("竞价规则"), how(row) if row else ""), (_("起始价"), money(start_fen)),
        (_("降价幅度") if falls else _("增价幅度"), money(terms.get("step_fen") or 0)),
        (_("最低价"), money(terms.get("floor_fen") or 0) if falls else ""),
        (_("竞买保证金"), money(deposit_fen) if deposit_fen else _("不收取")), (_("最高限价"), ceiling),
        (_("底价"), reserve("sealed" if terms.get("reserve") == "sealed" else "none"))]
    return [{"key": key, "value": value} for key, value in rows if value]


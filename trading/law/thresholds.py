"""From which amount a way of trading is prescribed; amounts in whole fen, the figure included."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from trading.base.errors import Refused
from trading.law.limits import Category
from trading.law.rules import NATION, Rule, find


@dataclass(frozen=True)
class Threshold:
    """Whether an amount reaches a line, with the rules and the amount compared."""

    reached: bool
    rules: tuple[Rule, ...]
    fen: int


_MUST = {
    Category.CONSTRUCTION: "ct.must_construction",
    Category.GOODS: "ct.must_goods",
    Category.DESIGN: "ct.must_service",
    Category.SERVICE: "ct.must_service",
}


def must_tender(
    category: Category | str, estimates_fen: Collection[int], *, on: date, region: str = NATION
) -> Threshold:
    """Must these contracts of one project be tendered (必须招标的工程项目规定 5)?

    Contracts that could be one are added up, so that splitting them does not help. Services
    are survey, design and supervision.
    """
    _positive(*estimates_fen)
    line = find(_MUST[Category(category)], on=on, region=region)
    together = find("ct.must_sum", on=on, region=region)
    total = sum(estimates_fen) if together.value else max(estimates_fen, default=0)
    return Threshold(total >= int(line.value), (line, together), total)


def state_funded(
    budget_fen: int, investment_fen: int, *, on: date, region: str = NATION
) -> Threshold:
    """Do budget funds make a project state-funded: both the amount and the share (16号令 2)?"""
    _positive(budget_fen, investment_fen)
    amount = find("ct.state_fund_amount", on=on, region=region)
    share = find("ct.state_fund_share", on=on, region=region)
    large = budget_fen >= int(amount.value)
    reached = large and budget_fen >= Fraction(share.value) * investment_fen
    return Threshold(reached, (amount, share), budget_fen)


def open_tender(budget_fen: int, *, on: date, region: str = NATION) -> Threshold:
    """Does a procurement of goods or services reach the open-tender line of its region?"""
    _positive(budget_fen)
    rule = find("gp.open_threshold", on=on, region=region)
    return Threshold(budget_fen >= int(rule.value), (rule,), budget_fen)


def asset_disclosure(base_fen: int, *, on: date, region: str = NATION) -> Rule | None:
    """The period an asset transfer is disclosed for, by its base price (32号令 50).

    Up to and with 1,000,000 yuan none is set; from 10,000,000 on the longer one holds.
    """
    _positive(base_fen)
    if base_fen >= int(find("pr.asset_large_from", on=on, region=region).value):
        return find("pr.asset_large", on=on, region=region)
    if base_fen > int(find("pr.asset_from", on=on, region=region).value):
        return find("pr.asset", on=on, region=region)
    return None


def _positive(*amounts: int) -> None:
    for fen in amounts:
        if fen < 0:
            raise Refused("law.amount_below_zero", fen=fen)

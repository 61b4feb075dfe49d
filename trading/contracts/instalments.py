"""When the price of a sale is paid: the plan that the law allows, and how far it is kept. Pure.

Land is paid by half within a month of the contract and whole within a year (国土资发〔2010〕34号); property in one sum,
or by instalments whose rest is secured (企业国有资产交易监督管理办法 28). The winner's deposit counts as its first payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from trading.base.errors import Refused
from trading.base.money import LARGEST_FEN
from trading.contracts.rules import Signed
from trading.law.findings import Finding, finding
from trading.law.limits import least
from trading.law.periods import Period, due
from trading.law.procedures import key
from trading.law.rules import find

MOST_INSTALMENTS = 12
#: How long before its last day a payment is called for; a courtesy of the platform, not a figure of law.
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Instalment:
    """A part of the price and its last day."""

    due_on: date
    fen: int


@dataclass(frozen=True)
class Payment:
    """Money that came in."""

    paid_on: date
    fen: int


@dataclass(frozen=True)
class Standing:
    """How far one instalment is paid: what of it is there, and since when all of it."""

    number: int
    due_on: date
    fen: int
    paid_fen: int
    settled_on: date | None

    def light(self, today: date) -> str:
        """``done`` in time, ``late`` paid too late, ``alarm`` overdue, ``warn`` soon, ``ok`` later."""
        if self.settled_on is not None:
            return "done" if self.settled_on <= self.due_on else "late"
        return "alarm" if today > self.due_on else "warn" if self.due_on - today <= SOON else "ok"


def is_planned(contract: Signed) -> bool:
    """Whether the law says when the price of a contract of this kind is paid."""
    return _is_land(contract) or contract.seek("pr.pay", contract.on) is not None


def deposit_counts(contract: Signed) -> bool:
    """Whether the winner's deposit becomes part of the price (定金): where a sale gives back the losers' alone."""
    return is_planned(contract) and contract.seek(key(contract.procedure, "refund"), contract.on) is not None


def proposed(contract: Signed) -> list[Instalment]:
    """The latest plan that the law allows; none where the published calendar does not reach its days."""
    try:
        if not _is_land(contract):
            return [Instalment(_due(contract, "pr.pay").date, contract.price_fen)]
        half = _share(contract, "ld.pay_half_share")
        plan = [Instalment(_due(contract, "ld.pay_half").date, half), Instalment(_due(contract, "ld.pay_all").date, contract.price_fen - half)]
    except Refused as refusal:
        if refusal.reason != "law.calendar_not_published":
            raise
        return []
    return [one for one in plan if one.fen]


def check(contract: Signed, plan: Sequence[Instalment], security: str) -> list[Finding]:
    """Refuse a plan that is none (``contract.plan_*``), and say what the law says about one that is."""
    if not is_planned(contract):
        raise Refused("contract.no_plan")
    if not 0 < len(plan) <= MOST_INSTALMENTS:
        raise Refused("contract.plan_count", most=MOST_INSTALMENTS)
    for number, one in enumerate(plan, 1):
        if not 0 < one.fen <= LARGEST_FEN:
            raise Refused("contract.plan_amount", number=number)
        before = plan[number - 2].due_on if number > 1 else contract.on
        if one.due_on < before or number > 1 and one.due_on == before:
            raise Refused("contract.plan_order", number=number)
    if sum(one.fen for one in plan) != contract.price_fen:
        raise Refused("contract.plan_sum", sum_fen=sum(one.fen for one in plan), price_fen=contract.price_fen)
    return _land(contract, plan) if _is_land(contract) else _property(contract, plan, security)


def _land(contract: Signed, plan: Sequence[Instalment]) -> list[Finding]:
    first, last = _due(contract, "ld.pay_half"), _due(contract, "ld.pay_all")
    share = _rule(contract, "ld.pay_half_share")
    early, half = sum(one.fen for one in plan if one.due_on <= first.date), _share(contract, "ld.pay_half_share")
    return [finding(early >= half, share, "contract.plan_half_kept", "contract.plan_half_short", paid_fen=early, least_fen=half, due=first.date),
            finding(plan[-1].due_on <= last.date, last.rule, "contract.plan_whole_kept", "contract.plan_whole_late",
                    due_on=plan[-1].due_on, due=last.date)]


def _property(contract: Signed, plan: Sequence[Instalment], security: str) -> list[Finding]:
    at_once = _due(contract, "pr.pay")
    found = [finding(plan[0].due_on <= at_once.date, at_once.rule, "contract.plan_first_kept", "contract.plan_first_late",
                     due_on=plan[0].due_on, due=at_once.date)]
    if len(plan) == 1:
        return found
    least_fen, last = _share(contract, "pr.pay_first"), _due(contract, "pr.pay_rest")
    return [*found,
            finding(plan[0].fen >= least_fen, _rule(contract, "pr.pay_first"), "contract.plan_share_kept", "contract.plan_share_short",
                    fen=plan[0].fen, least_fen=least_fen),
            finding(plan[-1].due_on <= last.date, last.rule, "contract.plan_whole_kept", "contract.plan_whole_late",
                    due_on=plan[-1].due_on, due=last.date),
            finding(bool(security.strip()), _rule(contract, "pr.pay_secured"), "contract.plan_secured", "contract.plan_unsecured")]


def standings(plan: Sequence[Instalment], earnest: Payment | None, payments: Sequence[Payment]) -> list[Standing]:
    """What of each instalment is paid: money goes to the earliest that is open, the deposit before all of it."""
    money = [*([earnest] if earnest else []), *sorted(payments, key=lambda one: one.paid_on)]
    left, found = [one.fen for one in money], []
    for number, part in enumerate(plan, 1):
        open_fen, settled = part.fen, None
        for index, one in enumerate(money):
            used = min(open_fen, left[index])
            left[index] -= used
            open_fen -= used
            if used and not open_fen:
                settled = one.paid_on
        found.append(Standing(number, part.due_on, part.fen, part.fen - open_fen, settled))
    return found


def _is_land(contract: Signed) -> bool:
    return contract.seek("ld.pay_half", contract.on) is not None


def _where(contract: Signed) -> dict[str, Any]:
    return {"on": contract.on, "region": contract.region, "procedure": contract.procedure}


def _rule(contract: Signed, name: str) -> Any:
    return find(name, **_where(contract))


def _share(contract: Signed, name: str) -> int:
    return least(name, contract.price_fen, **_where(contract)).fen


def _due(contract: Signed, name: str) -> Period:
    # A last day in a year whose days off are not published can only move later: as it stands it is lawful.
    return due(name, contract.on, region=contract.region, procedure=contract.procedure, tentative=True)

"""What a document may say about prices: weight, policy deductions, lines for low prices.

Rates are exact fractions. Asked when a document is entered, so that an unlawful rate never
reaches an evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from trading.base.errors import Refused
from trading.law.findings import Finding, finding, require
from trading.law.reading import LOW_RATE_MAX, LOW_RATES
from trading.law.rules import NATION, Rule, find, seek


def check_weight(
    procedure: str, kind: str, weight: Fraction, *, on: date, region: str = NATION
) -> list[Finding]:
    """Hold the weight of the price against its floor and, in consultation, its ceiling.

    ``kind`` is goods or services (87号令 55, 磋商 24).
    """
    where = {"on": on, "region": region, "procedure": procedure}
    low = find(f"ev.price_weight_min_{kind}", **where)
    high = seek(f"ev.price_weight_max_{kind}", **where)
    kept = "evaluation.price_weight_kept"
    found = [finding(weight >= Fraction(low.value), low, kept, "evaluation.price_weight_low", weight=str(weight))]
    if high is not None:
        found.append(finding(weight <= Fraction(high.value), high, kept, "evaluation.price_weight_high", weight=str(weight)))
    return found


class Policy(StrEnum):
    """Reasons for a price deduction; the middle of the rules' keys."""

    SMALL = "sme"
    SMALL_WORKS = "sme_works"
    JOINT = "sme_joint"
    JOINT_WORKS = "sme_joint_works"
    DOMESTIC = "domestic"


def check_deduction(
    procedure: str, policy: Policy | str, rate: Fraction, *, on: date, region: str = NATION
) -> list[Finding]:
    """Hold a deduction that a document grants against the law's range for it.

    Small firms have a range (财库〔2022〕19号, 〔2020〕46号); the domestic product has one rate
    (国办发〔2025〕34号). Raises Refused ``law.no_rule`` before the policy was in force.
    """
    where = {"on": on, "region": region, "procedure": procedure}
    if Policy(policy) is Policy.DOMESTIC:
        rule = find("ev.domestic", **where)
        return [
            finding(
                rate == Fraction(rule.value), rule, "law.within_limit", "law.figure_differs",
                figure=str(rate),
            )
        ]  # fmt: skip
    low = find(f"ev.{Policy(policy)}_min", **where)
    high = find(f"ev.{Policy(policy)}_max", **where)
    return _between(rate, low, high)


@dataclass(frozen=True)
class PolicyPrice:
    """The price that is evaluated; the contract stays at the bid price."""

    fen: Fraction
    rates: tuple[Fraction, ...]
    rule: Rule


def evaluated_price(
    procedure: str,
    price_fen: int,
    deductions: Mapping[Policy | str, Fraction],
    *,
    reserved: bool = False,
    on: date,
    region: str = NATION,
) -> PolicyPrice:
    """The price after policy deductions, each taken from the original bid: P(1 - a - b).

    Not rounded. A package reserved for small firms gets no deduction for them (财库〔2020〕46号).
    Raises Refused when a rate is unlawful, and ``law.deductions_exceed_price``.
    """
    rule = find("ev.stacking", on=on, region=region, procedure=procedure)
    taken = []
    for policy, rate in deductions.items():
        if reserved and Policy(policy) is not Policy.DOMESTIC:
            continue
        require(check_deduction(procedure, policy, rate, on=on, region=region))
        taken.append(rate)
    if sum(taken) >= 1:
        raise Refused("law.deductions_exceed_price", rates=", ".join(map(str, taken)))
    return PolicyPrice(price_fen * (1 - sum(taken, Fraction(0))), tuple(taken), rule)


def check_low_rates(
    procedure: str, rates: Mapping[str, Fraction], *, on: date, region: str = NATION
) -> list[Finding]:
    """May a document set these rates for the review of low prices, by rule key?

    It may raise those of the law up to the ceiling, never lower them (财库〔2026〕2号). Before
    2026-02-01 there is no such rate: Refused ``law.no_rule``; for another key ``law.not_a_low_rate``.
    """
    where = {"on": on, "region": region, "procedure": procedure}
    found = []
    for key, rate in rates.items():
        if key not in LOW_RATES:
            raise Refused("law.not_a_low_rate", key=key)
        found += _between(rate, find(key, **where), find(LOW_RATE_MAX, **where))
    return found


def _between(figure: Fraction, low: Rule, high: Rule | None) -> list[Finding]:
    found = [
        finding(
            figure >= Fraction(low.value), low, "law.within_limit", "law.below_limit", figure=str(figure)
        )
    ]
    if high is not None:
        found.append(
            finding(
                figure <= Fraction(high.value), high, "law.within_limit", "law.above_limit",
                figure=str(figure),
            )
        )  # fmt: skip
    return found

"""Abnormally low prices in procurement: which bids must explain themselves (财库〔2026〕2号)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from trading.base.errors import Refused
from trading.law.rules import NATION, Rule, find, seek


@dataclass(frozen=True)
class Trigger:
    """One test that a price fell under: a reason to ask, never a reason to reject by itself."""

    bid: str
    key: str
    article: str
    price_fen: int
    line_fen: Fraction


def low_prices(
    prices: Mapping[str, int],
    ceiling_fen: int,
    *,
    procedure: str,
    on: date,
    region: str = NATION,
    rates: Mapping[str, Fraction] | None = None,
) -> tuple[Trigger, ...]:
    """Find the bids strictly below a line: of the mean, of the second lowest, of the ceiling.

    ``prices`` are original bid prices, not adjusted for policy, of all bids past the review of
    conformity; ``ceiling_fen`` is the budget where no maximum price is set. ``rates`` are
    those a document raised, by key; the law caps them. Before the rule was in force there is none.
    """
    found: list[Trigger] = []
    ordered = sorted(prices.items(), key=lambda item: (item[1], item[0]))
    for key in ("ev.low_mean", "ev.low_second", "ev.low_ceiling"):
        rule = seek(key, on=on, region=region, procedure=procedure)
        if rule is None or not ordered:
            continue
        rate = _rate(rule, (rates or {}).get(key), on, region, procedure)
        if key == "ev.low_mean":
            line, tested = rate * sum(prices.values()) / len(ordered), ordered
        elif key == "ev.low_second":
            if len(ordered) < 2:
                continue
            line, tested = rate * ordered[1][1], ordered[:1]
        else:
            line, tested = rate * ceiling_fen, ordered
        found += [
            Trigger(bid, key, rule.article, price, line) for bid, price in tested if price < line
        ]
    return tuple(found)


def _rate(
    rule: Rule, raised: Fraction | None, on: date, region: str, procedure: str
) -> Fraction:
    law = Fraction(rule.value)
    if raised is None:
        return law
    most = find("ev.low_rate_max", on=on, region=region, procedure=procedure)
    if not law <= raised <= Fraction(most.value):
        raise Refused(
            "evaluation.low_rate_out_of_range", key=rule.key, least=str(law), most=str(most.value)
        )
    return raised

"""How many bidders are enough, and which of them may not stand side by side.

The three gates (bids at the deadline, qualified, valid after review) are three questions; a
second round, a thin market or an emergency may lower the answer where the law says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from trading.law.findings import Finding, finding
from trading.law.procedures import Family, family, key
from trading.law.rules import NATION, Rule, find, seek


class Circumstance(StrEnum):
    """What may lower the least number of bidders; the last part of the rule's key."""

    AGAIN = "again"
    AFTER_FAILURE = "after_failure"
    THIN_MARKET = "thin_market"
    EMERGENCY = "emergency"


def least(
    procedure: str,
    gate: str,
    *,
    on: date,
    region: str = NATION,
    circumstance: Circumstance | str | None = None,
) -> Rule:
    """The row that sets the least number at one gate: bidders, qualified or valid.

    A circumstance that this region's law does not know changes nothing. In Chongqing a second
    round goes on with one bidder (重庆市招标投标条例 20); elsewhere it needs three again.
    """
    name = key(procedure, f"min_{gate}")
    where = {"on": on, "region": region, "procedure": procedure}
    if circumstance is not None:
        special = seek(f"{name}_{Circumstance(circumstance)}", **where)
        if special is not None:
            return special
    return find(name, **where)


def check_number(
    procedure: str,
    gate: str,
    count: int,
    *,
    on: date,
    region: str = NATION,
    circumstance: Circumstance | str | None = None,
) -> Finding:
    """Hold a head count against its gate (招标投标法 28, 政府采购法 36)."""
    rule = least(procedure, gate, on=on, region=region, circumstance=circumstance)
    return finding(
        count >= int(rule.value), rule, "law.enough_bidders", "law.too_few_bidders", count=count
    )


class Ground(StrEnum):
    """Why two bidders may not stand in one lot."""

    SAME_HEAD = "same_head"
    CONTROL = "control"


@dataclass(frozen=True)
class Bar:
    """Two bidders that exclude each other; all such bids are void in works."""

    bidders: tuple[str, str]
    ground: Ground
    key: str
    article: str


def related(
    procedure: str,
    heads: Mapping[str, str],
    control: Iterable[tuple[str, str]],
    *,
    on: date,
    region: str = NATION,
) -> tuple[Bar, ...]:
    """Name every pair of bidders with one head, or with control or management between them.

    ``heads`` gives each bidder's legal head, ``control`` pairs of (above, below) and may name
    firms that do not bid. Procurement bars direct ties only (条例 18); works law does not say
    direct, so a chain of control counts there (条例 34). Two daughters of one parent are no pair.
    """
    rule = seek(key(procedure, "related"), on=on, region=region, procedure=procedure)
    if rule is None or not rule.value:
        return ()
    below: dict[str, set[str]] = {}
    for upper, lower in control:
        below.setdefault(upper, set()).add(lower)
    chained = family(procedure) is Family.WORKS
    reach = {bidder: _below(bidder, below, chained) for bidder in heads}
    bars = []
    for one, other in combinations(sorted(heads), 2):
        if heads[one] and heads[one] == heads[other]:
            bars.append(Bar((one, other), Ground.SAME_HEAD, rule.key, rule.article))
        if other in reach[one] or one in reach[other]:
            bars.append(Bar((one, other), Ground.CONTROL, rule.key, rule.article))
    return tuple(bars)


def check_related(
    procedure: str,
    heads: Mapping[str, str],
    control: Iterable[tuple[str, str]],
    *,
    on: date,
    region: str = NATION,
) -> Finding | None:
    """Say no when any two bidders exclude each other; None where no such bar is in force."""
    rule = seek(key(procedure, "related"), on=on, region=region, procedure=procedure)
    if rule is None:
        return None
    bars = related(procedure, heads, control, on=on, region=region)
    pairs = "; ".join(" / ".join(bar.bidders) for bar in bars)
    return finding(
        not bars, rule, "law.bidders_unrelated", "law.bidders_related",
        count=len(bars), pairs=pairs,
    )  # fmt: skip


def _below(top: str, below: Mapping[str, set[str]], chained: bool) -> set[str]:
    found: set[str] = set()
    steps = [top]
    while steps:
        for lower in below.get(steps.pop(), set()) - found:
            found.add(lower)
            if chained:
                steps.append(lower)
    return found - {top}

"""Is an evaluation committee lawfully made up: size, oddness and share of experts."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import ceil

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.rules import NATION, Rule, find, seek


def size_rule(
    procedure: str,
    budget_fen: int,
    on: date,
    region: str = NATION,
    *,
    demanding: bool = False,
) -> Rule:
    """The row that sets the smallest committee.

    Open procurement of a large budget, or one technically complex or of high social impact
    (``demanding``), needs more members (87号令 47).
    """
    large = seek("cm.size_min_large", on=on, region=region, procedure=procedure)
    if large is not None:
        budget = find("cm.large_budget", on=on, region=region, procedure=procedure)
        if demanding or budget_fen >= int(budget.value):
            return large
    return find("cm.size_min", on=on, region=region, procedure=procedure)


def experts_needed(procedure: str, size: int, on: date, region: str = NATION) -> int:
    """The fewest experts in a committee of that size: two thirds, never rounded down."""
    share = find("cm.expert_share", on=on, region=region, procedure=procedure)
    return ceil(Fraction(share.value) * size)


def check_committee(
    procedure: str,
    size: int,
    experts: int,
    budget_fen: int,
    on: date,
    region: str = NATION,
    *,
    demanding: bool = False,
) -> list[Finding]:
    """Hold a committee against the law on its size and members (招标投标法 37, 87号令 47)."""
    if not 0 <= experts <= size:
        raise Refused("committee.more_experts_than_members", size=size, experts=experts)
    least = size_rule(procedure, budget_fen, on, region, demanding=demanding)
    odd = find("cm.odd", on=on, region=region, procedure=procedure)
    share = find("cm.expert_share", on=on, region=region, procedure=procedure)
    needed = experts_needed(procedure, size, on, region)
    return [
        finding(
            size >= int(least.value), least, "committee.large_enough", "committee.too_small",
            size=size, least=least.value,
        ),
        finding(
            size % 2 == 1 or not odd.value, odd, "committee.odd", "committee.even", size=size
        ),
        finding(
            experts >= needed, share,
            "committee.enough_experts", "committee.too_few_experts",
            size=size, experts=experts, needed=needed,
        ),
    ]  # fmt: skip

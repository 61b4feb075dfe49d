"""Is an evaluation committee lawfully made up: size, oddness, experts, representatives, ages."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import ceil

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.periods import add_months
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
    (``demanding``), needs more members (87号令 47); so does a negotiation or inquiry from the
    open-tender threshold of the region on (74号令 7).
    """
    large = seek("cm.size_min_large", on=on, region=region, procedure=procedure)
    if large is not None:
        budget = find("cm.large_budget", on=on, region=region, procedure=procedure)
        if demanding or budget_fen >= int(budget.value):
            return large
    group = seek("cm.size_min_threshold", on=on, region=region, procedure=procedure)
    if group is not None:
        line = find("gp.open_threshold", on=on, region=region, procedure=procedure)
        if budget_fen >= int(line.value):
            return group
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


def check_seats(
    procedure: str,
    size: int,
    representatives: int,
    on: date,
    region: str = NATION,
    *,
    chaired_by_purchaser: bool = False,
) -> list[Finding]:
    """Hold the tenderer's own seats against the law.

    Nationally only a purchaser's representative in the chair is barred (87号令 45); a region may
    cap the seats by share and by number (重庆市招标投标条例 30).
    """
    if not 0 <= representatives <= size:
        raise Refused(
            "committee.more_representatives_than_members", size=size, representatives=representatives
        )
    where = {"on": on, "region": region, "procedure": procedure}
    share, number = seek("cm.reps_share", **where), seek("cm.reps_max", **where)
    chair = seek("cm.chair_not_purchaser", **where)
    found = []
    if share is not None:
        found.append(
            finding(
                representatives <= Fraction(share.value) * size, share,
                "committee.representatives_within_share", "committee.representatives_above_share",
                size=size, representatives=representatives,
            )
        )  # fmt: skip
    if number is not None:
        found.append(
            finding(
                representatives <= int(number.value), number,
                "committee.few_representatives", "committee.too_many_representatives",
                representatives=representatives,
            )
        )  # fmt: skip
    if chair is not None:
        found.append(
            finding(
                not (chaired_by_purchaser and chair.value), chair,
                "committee.chair_independent", "committee.chaired_by_purchaser",
            )
        )  # fmt: skip
    return found


def check_age(
    procedure: str, born: date, sits_on: date, on: date, region: str = NATION
) -> Finding | None:
    """Is an expert young enough on the day of the session? None where no age is set.

    Full years of life are counted; who was born on 29 February turns older on 28 February.
    """
    rule = seek("cm.age_out", on=on, region=region, procedure=procedure)
    if rule is None:
        return None
    out_from = add_months(born, 12 * int(rule.value))
    return finding(
        sits_on < out_from, rule, "committee.young_enough", "committee.past_age",
        out_from=out_from, sits_on=sits_on,
    )  # fmt: skip

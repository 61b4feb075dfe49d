"""Who may be awarded, and when the next in rank may be taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.procedures import Family, family
from trading.law.rules import NATION, find, seek


class Loss(StrEnum):
    """Why a candidate is no longer available (条例 55)."""

    GAVE_UP = "gave_up"
    FORCE_MAJEURE = "force_majeure"
    NO_PERFORMANCE_BOND = "no_performance_bond"
    VIOLATION = "violation"


def check_award(
    procedure: str,
    rank: int,
    lost: Mapping[int, Loss | str],
    *,
    state_funded: bool,
    on: date,
    region: str = NATION,
) -> Finding | None:
    """May the candidate of this rank win? ``lost`` says which ranks fell away and why.

    State-funded works take the first, and the next only after each before it fell away for a
    ground of law (条例 55), which does not bind other tenderers. Procurement goes by rank
    (采购条例 43). A rank that fell away never wins. Where no article sets the order (land,
    property, a single source) the first still standing wins, and the answer is None.

    Raises Refused ``result.not_first`` there, Refused ``law.rank_below_one`` and ``law.loss_unknown``.
    """
    if rank < 1:
        raise Refused("law.rank_below_one", rank=rank)
    where = {"on": on, "region": region, "procedure": procedure}
    works = family(procedure) is Family.WORKS
    rule = seek("ct.award_first" if works else "gp.award_order", **where)
    for reason in lost.values():
        if reason not in set(Loss):
            raise Refused("law.loss_unknown", loss=reason)
    bound = state_funded and bool(rule and rule.value) if works else True
    standing = [before for before in range(1, rank) if before not in lost] if bound else []
    ok = rank not in lost and not standing
    if rule is None:
        if not ok:
            raise Refused("result.not_first", rank=rank, first=_first(rank, lost))
        return None
    return finding(
        ok, rule, "law.award_in_order", "law.award_out_of_order",
        rank=rank, first=_first(rank, lost),
    )  # fmt: skip


def check_candidates(count: int, *, procedure: str, on: date, region: str = NATION) -> Finding:
    """Does a report name no more candidates than the law allows (条例 53)?"""
    rule = find("ct.eval_report", on=on, region=region, procedure=procedure)
    return finding(
        1 <= count <= int(rule.value), rule, "law.candidates_kept", "law.candidates_too_many",
        count=count,
    )  # fmt: skip


def admitted(valid: int, *, by_quality: bool, procedure: str, on: date, region: str = NATION) -> int:
    """How many suppliers a closed framework may admit of so many valid ones (110号令).

    A share of them, rounded up, and at least one are left out; by quality the larger share.
    """
    where = {"on": on, "region": region, "procedure": procedure}
    share = find("gp.fw_out_quality" if by_quality else "gp.fw_out_price", **where)
    fewest = find("gp.fw_out_least", **where)
    return max(valid - max(ceil(Fraction(share.value) * valid), int(fewest.value)), 0)


def next_rank(candidates: int, lost: Mapping[int, Loss | str]) -> int | None:
    """The first rank still standing, or None when all fell away and a new tender must follow."""
    return next((rank for rank in range(1, candidates + 1) if rank not in lost), None)


def _first(rank: int, lost: Mapping[int, Loss | str]) -> int:
    return next(place for place in range(1, rank + len(lost) + 2) if place not in lost)

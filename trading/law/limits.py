"""How much money may be asked, added or kept back, in whole fen.

A ceiling ("not more than") rounds down to the fen, a floor ("not less than") rounds up, so that
no rounding ever carries an amount across the line of the law.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.rules import NATION, Rule, Unit, find, seek


class Category(StrEnum):
    """What is bought; the fixed ceiling of a works bid bond differs by it."""

    CONSTRUCTION = "construction"
    GOODS = "goods"
    DESIGN = "design"
    SERVICE = "service"


@dataclass(frozen=True)
class Cap:
    """The most or least that may be asked, the rules behind it, and the one that decided."""

    fen: int
    rules: tuple[Rule, ...]
    decisive: Rule


def bond_cap(
    procedure: str, category: Category | str, estimate_fen: int, on: date, region: str = NATION
) -> Cap:
    """The highest lawful bid bond: a share of the estimate or budget, under any fixed ceiling.

    Works tendering has a ceiling by category (30号令 37); procurement has the share alone.
    """
    share = find("dp.bond_cap", on=on, region=region, procedure=procedure)
    cap = Cap(_share(share, estimate_fen), (share,), share)
    ceiling = seek(
        f"dp.bond_limit_{Category(category)}", on=on, region=region, procedure=procedure
    )
    if ceiling is None:
        return cap
    rules = (share, ceiling)
    if int(ceiling.value) < cap.fen:
        return Cap(int(ceiling.value), rules, ceiling)
    return Cap(cap.fen, rules, share)


def performance_cap(procedure: str, contract_fen: int, on: date, region: str = NATION) -> Cap:
    """The highest lawful performance bond (条例 58, 政府采购法实施条例 48)."""
    rule = find("dp.performance_cap", on=on, region=region, procedure=procedure)
    return Cap(_share(rule, contract_fen), (rule,), rule)


def check_bond(
    procedure: str,
    category: Category | str,
    estimate_fen: int,
    bond_fen: int,
    on: date,
    region: str = NATION,
) -> Finding:
    """Hold the bond that a notice asks for against its cap."""
    cap = bond_cap(procedure, category, estimate_fen, on, region)
    return _within(cap, bond_fen, "law.bond_within_cap", "law.bond_above_cap")


def check_deposit(
    procedure: str,
    category: Category | str,
    estimate_fen: int,
    deposit_fen: int,
    on: date,
    region: str = NATION,
) -> Finding | None:
    """Hold the deposit of a notice against what its body of law says, if anything.

    A works or procurement bond has a cap; a land deposit has a floor, a share of the grant
    floor (国土资发〔2010〕34号), so that ``estimate_fen`` is the grant floor (出让最低价) there where
    one is stated; a deposit in a property sale has a cap on the base price.
    """
    where = {"on": on, "region": region, "procedure": procedure}
    if seek("dp.bond_cap", **where):
        return check_bond(procedure, category, estimate_fen, deposit_fen, on, region)
    if seek("ld.deposit", **where):
        floor = least("ld.deposit", estimate_fen, **where)
        return finding(
            deposit_fen >= floor.fen, floor.decisive, "law.deposit_above_floor", "law.deposit_below_floor",
            asked_fen=deposit_fen, floor_fen=floor.fen,
        )  # fmt: skip
    if seek("pr.deposit", **where):
        cap = most("pr.deposit", estimate_fen, **where)
        return _within(cap, deposit_fen, "law.bond_within_cap", "law.bond_above_cap")
    return None


def check_performance_bond(
    procedure: str, contract_fen: int, bond_fen: int, on: date, region: str = NATION
) -> Finding:
    """Hold the performance bond that a contract asks for against its cap."""
    cap = performance_cap(procedure, contract_fen, on, region)
    return _within(
        cap, bond_fen, "law.performance_bond_within_cap", "law.performance_bond_above_cap"
    )


def supplement_cap(
    procedure: str, original_fen: int, on: date, region: str = NATION, *, emergency: bool = False
) -> Cap:
    """The most that all supplementary contracts may come to together (政府采购法 49).

    An emergency procurement may add more from 2026-10-01 on (财库〔2026〕12号); before that day
    an emergency changes nothing.
    """
    where = {"on": on, "region": region, "procedure": procedure}
    rule = seek("gp.addition_emergency", **where) if emergency else None
    rule = rule or find("gp.addition", **where)
    return Cap(_share(rule, original_fen), (rule,), rule)


def check_supplement(
    procedure: str,
    original_fen: int,
    earlier_fen: int,
    asked_fen: int,
    on: date,
    region: str = NATION,
    *,
    emergency: bool = False,
) -> Finding:
    """Hold one more supplement, together with the earlier ones, against the cap."""
    cap = supplement_cap(procedure, original_fen, on, region, emergency=emergency)
    if earlier_fen < 0 or asked_fen < 0:
        raise Refused("law.amount_below_zero", fen=min(earlier_fen, asked_fen))
    return _within(
        cap, earlier_fen + asked_fen, "law.supplement_within_cap", "law.supplement_above_cap"
    )


def most(
    key: str, base_fen: int, *, on: date, region: str = NATION, procedure: str | None = None
) -> Cap:
    """The highest lawful amount as a share of a base, rounded down to the fen."""
    rule = find(key, on=on, region=region, procedure=procedure)
    return Cap(_share(rule, base_fen), (rule,), rule)


def least(
    key: str, base_fen: int | Fraction, *, on: date, region: str = NATION, procedure: str | None = None
) -> Cap:
    """The lowest lawful amount as a share of a base, rounded up to the fen.

    A land deposit is a share of the grant floor, not of the start price (国土资发〔2010〕34号).
    """
    rule = find(key, on=on, region=region, procedure=procedure)
    return Cap(ceil(_exact_share(rule, base_fen)), (rule,), rule)


def _within(cap: Cap, asked: int, kept: str, broken: str) -> Finding:
    if asked < 0:
        raise Refused("law.amount_below_zero", fen=asked)
    return finding(asked <= cap.fen, cap.decisive, kept, broken, asked_fen=asked, cap_fen=cap.fen)


def _share(rule: Rule, base_fen: int) -> int:
    # A cap is "not more than", so a part of a fen is dropped, never rounded up.
    return int(_exact_share(rule, base_fen))


def _exact_share(rule: Rule, base_fen: int | Fraction) -> Fraction:
    if rule.unit is not Unit.RATIO:
        raise Refused("law.rule_of_other_kind", key=rule.key, kind=rule.unit.value)
    if base_fen < 0:
        raise Refused("law.amount_below_zero", fen=base_fen)
    return Fraction(rule.value) * base_fen

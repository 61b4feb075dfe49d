"""One check for each field of a tender document that a rule speaks of.

Each answer carries the rule's key, its article and the figures compared; what is held against the
registration itself carries both sides. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from trading.base.errors import Refused
from trading.base.money import yuan
from trading.drafting.filling import SERVICES, Case, Slot, Values
from trading.law import access, checks, clauses, limits, prices
from trading.law.findings import Finding, finding
from trading.law.prices import Policy
from trading.law.procedures import Family, family, key
from trading.law.rules import Rule, Unit, seek
from trading.projects import rules as project_rules

#: Wordings that no qualification and no scored factor may hold (条例 32, 采购条例 20, 87号令 17).
FORBIDDEN = frozenset({"size", "local", "brand", "ownership"})
#: Rules behind them, in a procedure's own family.
BANS = ("size_ban", "no_bias")
FACTOR = re.compile(r"(.*[^ :])[ :]{1,3}(\d{1,3}(?:\.\d{1,2})?) ?分?")
LOW = {"low_mean": "ev.low_mean", "low_second": "ev.low_second", "low_ceiling": "ev.low_ceiling"}


def factors(lines: Iterable[str]) -> list[tuple[str, Fraction]]:
    """Factors and points as lines say them. Raises Refused ``document.factor``."""
    found = []
    for line in lines:
        match = FACTOR.fullmatch(" ".join(unicodedata.normalize("NFKC", line).split()))
        if match is None or not match.group(2).isascii():
            raise Refused("document.factor", line=line[:60])
        found.append((match.group(1).strip(), Fraction(match.group(2))))
    return found


@dataclass(frozen=True)
class Law:
    """The rules of a case on the day that counts."""

    case: Case
    on: date

    @property
    def where(self) -> dict[str, Any]:
        return {"on": self.on, "region": self.case.region}

    @property
    def kind(self) -> str:
        return "services" if self.case.category in SERVICES else "goods"

    def rule(self, name: str) -> Rule | None:
        return seek(name, procedure=self.case.procedure, **self.where)

    def own(self, name: str) -> Rule | None:
        return self.rule(key(self.case.procedure, name))


def of_field(law: Law, slot: Slot, values: Values) -> list[Finding]:
    """Dispatch: one function for each field that a rule speaks of."""
    ask = _ASKED.get(slot.field.id)
    return ask(law, slot, values.get(slot.name), values) if ask else []


def differs(ours: Any, theirs: Any) -> Finding:
    return Finding(False, "", "", "document.differs", {"ours": ours, "theirs": theirs})


# --- what bidders must meet and are scored by --------------------------------------------------------


def _items(law: Law, lines: Iterable[str]) -> list[Finding]:
    """Refuse a forbidden item; otherwise say under which rules it was looked at."""
    plain = "\n".join(_plain(line) for line in lines)
    found = [finding(False, clue.rule, "", "document.item_forbidden", found=clue.found, sentence=clue.sentence)
             for clue in clauses.clues(plain, law.case.procedure, on=law.on, region=law.case.region) if clue.clause.id in FORBIDDEN]
    broken = {each.key for each in found}
    return found + [finding(True, rule, "document.items_lawful", "") for name in BANS
                    if (rule := law.own(name)) and rule.value and rule.key not in broken]


def _plain(line: str) -> str:
    """A line without what hides a word from a search: width, spaces, unseen characters."""
    return "".join(c for c in unicodedata.normalize("NFKC", line) if not c.isspace() and unicodedata.category(c) != "Cf")


def _qualification(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    return _items(law, value) if value else []


def _factors(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    assert slot.lot
    if not value:
        return []
    named = factors(value)
    found = _items(law, [name for name, _points in named])
    points = values.get(f"lot{slot.lot.number}_price_points")
    if points and sum((each for _name, each in named), Fraction(points)) != 100:
        found.append(Finding(False, "", "", "evaluation.weights_not_full"))
    if named != factors(slot.lot.factors):
        found.append(differs("、".join(value), "、".join(slot.lot.factors)))
    return found


def _price_points(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    assert slot.lot
    if not value:
        return []
    kind, found = law.kind, []
    if law.rule(f"ev.price_weight_min_{kind}"):
        found = prices.check_weight(law.case.procedure, kind, Fraction(value) / 100, **law.where)
    said = slot.lot.method["price_points"]
    return found + ([differs(value, said)] if Fraction(value) != Fraction(str(said)) else [])


# --- before the document ---------------------------------------------------------------------------


def _conditions(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    gate = key(law.case.procedure, "no_signup")
    return [each for each in access.check_download(law.case.procedure, value or [], **law.where) if each.key == gate]


def _fee(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    fee = key(law.case.procedure, "fee")
    return [each for each in access.check_download(law.case.procedure, [], fee_fen=value or 0, **law.where) if each.key == fee]


# --- prices and money --------------------------------------------------------------------------------


def _ceiling_rule(law: Law) -> Rule | None:
    return law.own("budget_public" if family(law.case.procedure) is Family.PROCUREMENT else "ceiling")


def _ceiling(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    assert slot.lot
    rule, found = _ceiling_rule(law), []
    wanted = slot.lot.ceiling_fen is not None or family(law.case.procedure) is Family.PROCUREMENT
    if rule and rule.value:
        found.append(finding(value is not None or not wanted, rule, "document.ceiling_stated", "document.ceiling_missing"))
    if value != slot.lot.ceiling_fen and not (value is None and found and not found[0].ok):
        found.append(differs(_money(value), _money(slot.lot.ceiling_fen)))
    return found


def _floor(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    rule = _ceiling_rule(law)
    if rule and rule.value:
        return [finding(value is None, rule, "document.no_floor", "document.floor_forbidden", asked_fen=value or 0)]
    return []


def _bond(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    lot = slot.lot
    assert lot
    base_fen = project_rules.deposit_base_fen(lot.method, lot.estimate_fen)
    held = limits.check_deposit(law.case.procedure, law.case.category, base_fen, value or 0, **law.where) if value else None
    found = [held] if held else []
    return found + ([differs(_money(value or 0), _money(lot.deposit_fen))] if (value or 0) != lot.deposit_fen else [])


def _money(fen: int | None) -> str:
    return "—" if fen is None else f"{yuan(fen)} 元"


def _bond_forms(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    if not any(values.get(f"lot{lot.number}_bond") for lot in law.case.lots):
        return []
    found, chosen = [], value or []
    guarantee, form = law.rule("dp.guarantee_accepted"), law.rule("dp.form")
    if guarantee and guarantee.value:
        found.append(finding("guarantee" in chosen, guarantee, "document.guarantee_accepted", "document.guarantee_refused"))
    if form and form.value == "non_cash":
        found.append(finding("cash" not in chosen, form, "document.bond_form_lawful", "document.cash_asked"))
    return found or [Finding(bool(chosen), "", "", "document.bond_form_lawful" if chosen else "document.bond_form_missing")]


def _bond_days(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    rule, days = law.own("validity"), values.get("validity_days")
    if not rule or not any(values.get(f"lot{lot.number}_bond") for lot in law.case.lots):
        return []
    return [finding(value == days, rule, "document.bond_as_long", "document.bond_not_as_long", days=value or 0, validity=days or 0)]


def _validity(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    rule = law.own("validity")
    return [finding(value is not None, rule, "document.validity_stated", "document.validity_missing", days=value or 0)] if rule else []


def _performance(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    if not value or not law.rule("dp.performance_cap"):
        return []
    return [checks.check_figure("dp.performance_cap", Fraction(value) / 100, procedure=law.case.procedure, **law.where)]


def _contract_days(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    rule = law.own("contract")
    if value is None or rule is None or rule.unit is not Unit.DAY:
        return []
    return [finding(value <= int(rule.value), rule, "law.within_limit", "law.above_limit", figure=value)]


def _eliminated(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    return [checks.check_figure(slot.field.needs, Fraction(value) / 100, procedure=law.case.procedure, **law.where)] if value else []


def _agreement(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    rule = law.rule(f"gp.fw_term_{law.kind}")
    return [finding(value <= int(rule.value), rule, "law.within_limit", "law.above_limit", figure=value)] if value and rule else []


def _second_stage(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    return [checks.check_choice(slot.field.needs, each, procedure=law.case.procedure, **law.where) for each in value or []]


def _low(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    return prices.check_low_rates(law.case.procedure, {LOW[slot.field.id]: Fraction(value) / 100}, **law.where) if value else []


def _small_firms(law: Law, slot: Slot, value: Any, values: Values) -> list[Finding]:
    return prices.check_deduction(law.case.procedure, Policy.SMALL, Fraction(value) / 100, **law.where) if value else []


_ASKED: dict[str, Callable[[Law, Slot, Any, Values], list[Finding]]] = {
    "qualification": _qualification, "factors": _factors, "price_points": _price_points, "conditions": _conditions, "doc_fee": _fee,
    "ceiling": _ceiling, "floor": _floor, "bond": _bond, "bond_forms": _bond_forms, "bond_days": _bond_days,
    "validity_days": _validity, "performance": _performance, "contract_days": _contract_days, "small_firms": _small_firms,
    "eliminated": _eliminated, "agreement_months": _agreement, "second_stage": _second_stage, "low_mean": _low, "low_second": _low, "low_ceiling": _low}

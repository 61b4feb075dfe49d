"""What a document of one case asks for, and what its fields begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from trading.announcements import rules as notice_rules
from trading.drafting.outlines import Field, Kind, Outline
from trading.law.periods import day_of
from trading.law.procedures import key
from trading.law.rules import Unit, seek

Values = Mapping[str, Any]
#: Categories that the law of procurement treats as services; all others as goods.
SERVICES = ("service", "design")
DATES = ("doc_from", "doc_to", "deadline")


@dataclass(frozen=True)
class LotFacts:
    """A lot as it was registered: what bids will be held against."""

    number: int
    name: str
    estimate_fen: int
    ceiling_fen: int | None
    deposit_fen: int
    qualifications: str
    method: Mapping[str, Any]

    @property
    def is_scored(self) -> bool:
        return "price_points" in self.method

    @property
    def factors(self) -> list[str]:
        return [f"{factor.get('name', factor['id'])} {factor['most']}" for factor in self.method.get("factors", ())]


@dataclass(frozen=True)
class Case:
    """A case as the document finds it; ``dates`` are those of a drafted notice, if there is one."""

    procedure: str
    category: str
    region: str
    title: str
    scope: str
    lots: tuple[LotFacts, ...]
    dates: Mapping[str, str]


@dataclass(frozen=True)
class Slot:
    """A field of the whole document, or of one lot."""

    field: Field
    lot: LotFacts | None = None

    @property
    def name(self) -> str:
        return f"lot{self.lot.number}_{self.field.id}" if self.lot else self.field.id

    @property
    def names(self) -> tuple[str, str]:
        """What it is called, in Chinese and in English."""
        if self.lot is None:
            return self.field.zh, self.field.en
        return f"标段 {self.lot.number} {self.field.zh}", f"Lot {self.lot.number}: {self.field.en}"


def issued(values: Values, at: datetime) -> datetime:
    """When the document is first handed out: the day by which the law is asked."""
    first = values.get("doc_from")
    return max(at, notice_rules.moment(first)) if first else at


def slots(outline: Outline, case: Case, on: date) -> list[Slot]:
    """The fields that this case fills, in the order of the document."""
    found = []
    for field in outline.fields:
        if field.needs and not seek(field.needs, on=on, region=case.region, procedure=case.procedure):
            continue
        lots = [lot for lot in case.lots if lot.is_scored or not field.scored] if field.each_lot else [None]
        found += [Slot(field, lot) for lot in lots]
    return found


def missing(asked: list[Slot], values: Values) -> list[Slot]:
    """Fields that must be filled and are not, all of them."""
    return [slot for slot in asked if slot.field.required and values.get(slot.name) in (None, "", [])]


def begins(asked: list[Slot], case: Case, at: datetime) -> dict[str, Any]:
    """What the fields hold before anybody has typed: from the case, the law, or the template."""
    suggested = notice_rules.suggested(case.procedure, case.region, at)
    dates = {name: moment.isoformat() for name, moment in suggested.items()} | dict(case.dates)
    whole = {"title": case.title, "scope": case.scope, **dates, **_lawful(case, day_of(at))}
    found = {}
    for slot in asked:
        if slot.lot:
            found[slot.name] = _of_lot(slot.field.id, slot.lot)
        else:
            found[slot.name] = whole.get(slot.field.id, _typed(slot.field))
    return found


def _typed(field: Field) -> Any:
    if field.kind is Kind.COUNT:
        return int(field.begins) if field.begins else None
    if field.kind in (Kind.CHOICES, Kind.ITEMS):
        return field.begins.split(",") if field.begins else []
    return None if field.kind in (Kind.AMOUNT, Kind.MOMENT) else field.begins


def _of_lot(name: str, lot: LotFacts) -> Any:
    return {"ceiling": lot.ceiling_fen, "bond": lot.deposit_fen or None, "price_points": str(lot.method.get("price_points", "")),
            "factors": lot.factors, "qualification": [line.strip() for line in lot.qualifications.split("\n") if line.strip()]}.get(name)


def _lawful(case: Case, on: date) -> dict[str, Any]:
    """Figures that the law sets where a document is silent."""
    found: dict[str, Any] = {}
    for name, rule_key in (("low_mean", "ev.low_mean"), ("low_second", "ev.low_second"), ("low_ceiling", "ev.low_ceiling"),
                           ("small_firms", "ev.sme_min"), ("eliminated", "gp.fw_out_price")):
        if rule := seek(rule_key, on=on, region=case.region, procedure=case.procedure):
            found[name] = percent(Fraction(rule.value))
    contract = seek(key(case.procedure, "contract"), on=on, region=case.region, procedure=case.procedure)
    if contract and contract.unit is Unit.DAY:
        found["contract_days"] = int(contract.value)
    term = seek(f"gp.fw_term_{'services' if case.category in SERVICES else 'goods'}", on=on, region=case.region, procedure=case.procedure)
    if term:
        found["agreement_months"] = int(term.value)
    return found


def percent(rate: Fraction) -> str:
    """An exact rate as people write it: 1/2 is 50, 33/400 is 8.25."""
    hundredths = rate * 10_000
    return f"{float(hundredths) / 100:g}" if hundredths.denominator == 1 else str(rate * 100)

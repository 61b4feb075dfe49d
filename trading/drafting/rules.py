"""What the law says of a tender document, field by field, when it is entered.

Each answer is a finding with its rule's key, article and the figures compared. What bidders must
meet or are scored by is held to the law strictly; wordings elsewhere are clues for a person to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from trading.announcements import rules as notice_rules
from trading.base.errors import Refused
from trading.drafting.clause_checks import FORBIDDEN, Law, differs, of_field
from trading.drafting.filling import DATES, Case, Slot, Values, issued
from trading.drafting.outlines import Kind
from trading.law import clauses
from trading.law.findings import Finding
from trading.law.periods import day_of

PROSE = (Kind.LINE, Kind.TEXT)


@dataclass(frozen=True)
class Remark:
    """What one rule says of one field."""

    field: str
    finding: Finding


@dataclass(frozen=True)
class Hint:
    """A wording that may break a rule; ``mark`` names it for the reason that a person gives."""

    field: str
    mark: str
    clue: clauses.Clue


def check(case: Case, asked: list[Slot], values: Values, at: datetime) -> list[Remark]:
    """All that the law and the registration say of a document that is handed out from then on."""
    when = issued(values, at)
    law = Law(case, day_of(when))
    found = _dates(case, values, when)
    for slot in asked:
        found += [Remark(slot.name, each) for each in _held(lambda slot=slot: of_field(law, slot, values))]  # type: ignore[misc]
    return found


def clues(case: Case, asked: list[Slot], values: Values, at: datetime) -> list[Hint]:
    """Wordings in running text that often break a rule; never a reason to refuse by themselves."""
    on = day_of(issued(values, at))
    found: dict[str, Hint] = {}
    for slot in asked:
        if slot.field.kind in PROSE or slot.field.kind is Kind.ITEMS:
            said = values.get(slot.name) or ""
            for clue in clauses.clues("\n".join(said) if isinstance(said, list) else said, case.procedure, on=on, region=case.region):
                if slot.field.kind is Kind.ITEMS and clue.clause.id in FORBIDDEN:
                    continue  # refused already
                mark = sha256(f"{slot.name}/{clue.clause.id}/{clue.sentence}".encode()).hexdigest()[:12]
                found[mark] = Hint(slot.name, mark, clue)
    return list(found.values())


def _held(ask: Callable[[], list[Finding]]) -> list[Finding]:
    """What cannot be decided (a year without a calendar, an amount out of range) is a no with its reason."""
    try:
        return ask()
    except Refused as refusal:
        return [Finding(False, "", "", refusal.reason, refusal.facts)]


def _dates(case: Case, values: Values, when: datetime) -> list[Remark]:
    if not all(values.get(name) for name in DATES):
        return []
    schedule = {name: values[name] for name in DATES}
    found = [Remark(_date_field(each.reason), each)
             for each in _held(lambda: notice_rules.findings(case.procedure, case.region, when, schedule))]
    moments = [(name, notice_rules.moment(values[name]), notice_rules.moment(said)) for name, said in case.dates.items()]
    return found + [Remark(name, differs(ours, theirs)) for name, ours, theirs in moments if ours != theirs]


def _date_field(reason: str) -> str:
    if reason.startswith("schedule.document"):
        return "doc_from" if reason.endswith(("before_notice", "after_notice")) else "doc_to"
    return "deadline"

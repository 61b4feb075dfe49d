"""What may follow a signed contract: how much may be added, which terms stay, what may be held as security.

Procurement caps what all supplements add (法 49) and keeps every other term; works keep the material
terms of tender and bid (条例 57). Which of these holds is read from the rule table, never from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trading.base import texts
from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.limits import Cap, check_performance_bond, check_supplement, supplement_cap
from trading.law.procedures import Family, family
from trading.law.rules import Rule, seek

LONGEST_TEXT = 2000
LONGEST_LINE = 200
LONGEST_NUMBER = 80
LONGEST_REFERENCE = 120
MOST_MEMBERS = 30


class Term(StrEnum):
    """The material terms of a contract (实质性内容) that a supplement may not touch."""

    SUBJECT = "subject"
    QUALITY = "quality"
    PRICE = "price"
    PERIOD = "period"


class BondForm(StrEnum):
    TRANSFER = "transfer"
    CHEQUE = "cheque"
    GUARANTEE = "guarantee"
    INSURANCE = "insurance"
    CASH = "cash"


#: Forms that lapse by themselves, so that their last day must be known.
LAPSING = (BondForm.GUARANTEE, BondForm.INSURANCE)


class Outcome(StrEnum):
    """What an acceptance found."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Signed:
    """The original contract as rules need it. ``ended``: the day of its final acceptance, if there was one."""

    procedure: str
    region: str
    price_fen: int
    on: date
    ended: date | None = None

    def seek(self, key: str, on: date) -> Rule | None:
        return seek(key, on=on, region=self.region, procedure=self.procedure)


def cap_of(contract: Signed, on: date, *, emergency: bool = False) -> Cap | None:
    """The most that all supplements may add by the law of a day, or None where it sets no share."""
    if contract.seek("gp.addition", on) is None:
        return None
    return supplement_cap(contract.procedure, contract.price_fen, on, contract.region, emergency=emergency)


def supplement(contract: Signed, earlier_fen: int, asked_fen: int, on: date, *, changed: Collection[Term] = (),
               emergency: bool = False) -> list[Finding]:
    """All that the law says about one more supplement signed on a day; the day is its legal event."""
    found = []
    rule = contract.seek("ct.contract_matches_bid", on)
    if rule is not None:
        found.append(finding(not (rule.value and changed), rule, "contract.terms_kept", "contract.terms_changed"))
    rule = contract.seek("gp.addition", on)
    if rule is not None:
        # The same article: during the performance, with every other term unchanged.
        found.append(finding(not changed, rule, "contract.terms_kept", "contract.terms_changed"))
        running = contract.ended is None or on <= contract.ended
        found.append(finding(running, rule, "contract.performing", "contract.performance_over", ended=contract.ended or "—"))
        found.append(check_supplement(contract.procedure, contract.price_fen, earlier_fen, asked_fen, on, contract.region,
                                      emergency=emergency))
    return found


def bond(contract: Signed, held_fen: int, asked_fen: int, form: BondForm) -> list[Finding]:
    """All that the law says about a performance bond beside those held already; by the day of the contract."""
    rule, found = contract.seek("dp.performance_form", contract.on), []
    if rule is not None:
        found.append(finding(form is not BondForm.CASH or rule.value != "non_cash", rule, "contract.bond_form", "contract.bond_in_cash"))
    found.append(check_performance_bond(contract.procedure, contract.price_fen, held_fen + asked_fen, contract.on, contract.region))
    return found


def lapses(form: BondForm, received_on: date, valid_until: date | None) -> None:
    """Refuse a guarantee without its last day, and one that lapsed before it came (``contract.valid_until``)."""
    if valid_until is None and form in LAPSING or valid_until is not None and valid_until < received_on:
        raise Refused("contract.valid_until", field="valid_until")


def is_accepted_here(procedure: str) -> bool:
    """Acceptance by the purchaser belongs to procurement (法 41); works have an acceptance of their own authority."""
    return family(procedure) is Family.PROCUREMENT


def acceptance(contract: Signed, outcome: Outcome, *, is_final: bool) -> None:
    """Refuse an acceptance that contradicts what was found before, or itself."""
    if not is_accepted_here(contract.procedure):
        raise Refused("contract.no_acceptance")
    if contract.ended is not None:
        raise Refused("contract.accepted", on=contract.ended)
    if is_final and outcome is Outcome.FAILED:
        raise Refused("contract.failed_not_final")


def within(day: date, first: date, last: date, field: str) -> None:
    """Refuse a day outside the time in which the act can have happened (``contract.day``)."""
    if not first <= day <= last:
        raise Refused("contract.day", day=day, first=first, last=last, field=field)


def filled(text: str, field: str, most: int) -> str:
    """A text that somebody must have written. Raises Refused ``contract.text``."""
    return texts.filled(text, "contract.text", most, field=field)


def names(lines: Iterable[str]) -> list[str]:
    """Who took part in an acceptance, each once. Raises Refused ``contract.members``."""
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not found or len(found) > MOST_MEMBERS or any(len(name) > LONGEST_LINE for name in found):
        raise Refused("contract.members", most=MOST_MEMBERS)
    return found


#: By which rule a copy of a contract is filed; regions may have works file too.
FILED_BY = ("gp.contract_file", "ct.contract_file")


def filing_rule(contract: Signed, on: date) -> Rule | None:
    return next((rule for key in FILED_BY if (rule := contract.seek(key, on)) is not None), None)

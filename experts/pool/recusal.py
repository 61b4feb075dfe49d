"""Who may not sit for a lot, and why: the hard filter before a pool is frozen.

It works on declared and registered facts only; an expert's own declaration after seeing the
list of bidders comes later and leads to the next ticket, not to a new draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trading.law.periods import latest
from trading.law.rules import NATION, seek


class Tie(StrEnum):
    """How an expert is bound to an organisation (政府采购法实施条例 9)."""

    EMPLOYMENT = "employment"
    BOARD = "board"
    OWNERSHIP = "ownership"
    KIN = "kin"
    INTEREST = "interest"


@dataclass(frozen=True)
class Bond:
    """A declared or registered tie to an organisation; no end means that it still holds."""

    org: str
    tie: Tie
    until: date | None = None


@dataclass(frozen=True)
class Candidate:
    """What recusal looks at in one expert; organisations are named by their credit code."""

    expert_id: str
    employer: str
    bonds: tuple[Bond, ...] = ()


@dataclass(frozen=True)
class Parties:
    """Who has a side in one lot on the day of the evaluation."""

    procedure: str
    on: date
    tenderers: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()
    bidders: frozenset[str] = frozenset()
    supervisors: frozenset[str] = frozenset()
    region: str = NATION


class Reason(StrEnum):
    """Codes that go on record with an exclusion; translated like refusals."""

    EMPLOYER_TENDERER = "recusal.employer_is_tenderer"
    EMPLOYER_AGENCY = "recusal.employer_is_agency"
    EMPLOYER_BIDDER = "recusal.employer_is_bidder"
    EMPLOYER_SUPERVISOR = "recusal.employer_is_supervisor"
    DECLARED_CONFLICT = "recusal.declared_conflict"
    PAST_TIE = "recusal.past_tie"


@dataclass(frozen=True)
class Exclusion:
    """One expert left out for one reason, with the organisation and the article behind it."""

    expert_id: str
    reason: Reason
    org: str
    article: str


def exclusions(experts: Iterable[Candidate], parties: Parties) -> tuple[Exclusion, ...]:
    """Name every expert who may not sit for the lot, with every reason."""
    law = _Law(parties)
    return tuple(exclusion for expert in experts for exclusion in law.against(expert))


def eligible(experts: Iterable[Candidate], parties: Parties) -> tuple[Candidate, ...]:
    """The experts against whom nothing speaks."""
    experts = list(experts)
    out = {exclusion.expert_id for exclusion in exclusions(experts, parties)}
    return tuple(expert for expert in experts if expert.expert_id not in out)


class _Law:
    """The articles and the look-back that hold for one lot, found once for all experts."""

    def __init__(self, parties: Parties) -> None:
        self.parties = parties
        where = {"region": parties.region, "procedure": parties.procedure}
        self.interest = self.article("cm.recusal_interest")
        self.buyer = self.article("cm.recusal_buyer")
        self.supervisor = self.article("cm.recusal_supervisor")
        self.window = self.article("cm.recusal_window")
        # Works law sets no number of years, so there only a present tie bars by itself.
        self.since = (
            latest("cm.recusal_window", parties.on, **where).date if self.window else None
        )

    def article(self, key: str) -> str:
        rule = seek(
            key,
            on=self.parties.on,
            region=self.parties.region,
            procedure=self.parties.procedure,
        )
        return rule.article if rule else ""

    def against(self, expert: Candidate) -> Iterator[Exclusion]:
        parties, name, job = self.parties, expert.expert_id, expert.employer
        for orgs, reason, article in (
            (parties.tenderers, Reason.EMPLOYER_TENDERER, self.buyer),
            (parties.agencies, Reason.EMPLOYER_AGENCY, self.buyer),
            (parties.bidders, Reason.EMPLOYER_BIDDER, self.interest),
            (parties.supervisors, Reason.EMPLOYER_SUPERVISOR, self.supervisor),
        ):
            if job in orgs:
                yield Exclusion(name, reason, job, article)
        for bond in expert.bonds:
            if bond.until is None or bond.until >= parties.on:
                if bond.org in parties.bidders | parties.tenderers | parties.agencies:
                    yield Exclusion(name, Reason.DECLARED_CONFLICT, bond.org, self.interest)
            elif (
                bond.org in parties.bidders
                and self.since is not None
                and bond.until >= self.since
            ):
                yield Exclusion(name, Reason.PAST_TIE, bond.org, self.window)

"""Preliminary review: which bids go on to scoring, by the votes of the members."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trading.base.errors import Refused


@dataclass(frozen=True)
class Verdict:
    """One member's answer on one criterion of one bid; a no carries its reason."""

    bid: str
    member: str
    criterion: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Failure:
    """A criterion that more than half of the members found unmet, with their reasons."""

    criterion: str
    votes: int
    members: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """What the committee decided on one bid."""

    bid: str
    failures: tuple[Failure, ...]

    @property
    def accepted(self) -> bool:
        return not self.failures


def review(
    verdicts: Iterable[Verdict],
    bids: Collection[str],
    members: Collection[str],
    criteria: Collection[str],
) -> list[Review]:
    """Decide on every bid: rejected when more than half of the members fail it on a criterion.

    Every member judges every criterion of every bid; a gap is refused, not read as a pass.
    """
    votes: dict[tuple[str, str], dict[str, Verdict]] = {
        (bid, criterion): {} for bid in bids for criterion in criteria
    }
    if not members:
        raise Refused("evaluation.no_members")
    for verdict in verdicts:
        cell = votes.get((verdict.bid, verdict.criterion))
        if cell is None or verdict.member not in members:
            raise Refused(
                "evaluation.verdict_unknown",
                bid=verdict.bid,
                member=verdict.member,
                criterion=verdict.criterion,
            )
        if verdict.member in cell:
            raise Refused(
                "evaluation.verdict_twice",
                bid=verdict.bid,
                member=verdict.member,
                criterion=verdict.criterion,
            )
        if not verdict.passed and not verdict.reason.strip():
            raise Refused(
                "evaluation.reason_missing", bid=verdict.bid, criterion=verdict.criterion
            )
        cell[verdict.member] = verdict
    for (bid, criterion), cell in votes.items():
        if len(cell) != len(members):
            raise Refused("evaluation.verdict_missing", bid=bid, criterion=criterion)
    return [Review(bid, _failures(bid, criteria, votes)) for bid in bids]


def _failures(
    bid: str, criteria: Collection[str], votes: dict[tuple[str, str], dict[str, Verdict]]
) -> tuple[Failure, ...]:
    found = []
    for criterion in criteria:
        cell = votes[bid, criterion]
        against = [verdict for _, verdict in sorted(cell.items()) if not verdict.passed]
        if 2 * len(against) > len(cell):
            reasons = tuple(verdict.reason for verdict in against)
            found.append(Failure(criterion, len(against), len(cell), reasons))
    return tuple(found)

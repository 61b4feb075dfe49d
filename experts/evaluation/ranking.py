"""Ranking: from scores or evaluated prices to places, ties and candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

from trading.base.errors import Refused


@dataclass(frozen=True)
class Entry:
    """A bid to be ranked: its price in fen, and its score or evaluated price."""

    bid: str
    price: int
    score: Decimal | Fraction | None = None
    evaluated: Fraction | None = None
    parts: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What ranks bids, in order of weight.

    ``by`` and ``then`` give different ranks. ``settle`` only decides who goes first among
    bids that share a rank, as the document says or by lot ("draw"). A criterion is "score",
    "price" or "evaluated", or the name of a part of the score, where more is better.
    """

    by: str
    then: tuple[str, ...] = ()
    settle: tuple[str, ...] = ()


#: 87号令 57: score, then the lower bid price, else tied; 68: the document's rule, else by lot.
PROCUREMENT_SCORE = Order("score", ("price",), ("draw",))
#: 87号令 56, 68: the lowest evaluation price wins; equal ones are tied, settled likewise.
PROCUREMENT_PRICE = Order("evaluated", (), ("draw",))
#: Works law has no rule for ties: a document adds its own to ``then``.
WORKS_SCORE = Order("score")
WORKS_PRICE = Order("evaluated")


@dataclass(frozen=True)
class Placing:
    """One bid's place; equal bids share a rank, and name what put them in this order."""

    rank: int
    bid: str
    score: Decimal | Fraction | None
    price: int
    tied_with: tuple[str, ...]
    settled_by: str


def rank(
    entries: Iterable[Entry], order: Order = PROCUREMENT_SCORE, *, seed: bytes | None = None
) -> list[Placing]:
    """Put bids in order, the same whatever order they come in.

    ``seed`` is that of a verifiable draw; without it a tie that only the lot can settle stays
    unsettled, and taking a winner out of it is refused.
    """
    entries = sorted(entries, key=lambda entry: entry.bid)
    if len({entry.bid for entry in entries}) != len(entries):
        raise Refused("evaluation.bid_twice")
    for entry in entries:
        if type(entry.price) is not int or entry.price <= 0:
            raise Refused("evaluation.price_not_positive", bid=entry.bid)
    ranking = [_criterion(name) for name in (order.by, *order.then)]
    placings: list[Placing] = []

    def place(entry: Entry) -> list[Any]:
        return [criterion(entry) for criterion in ranking]

    for _, group in groupby(sorted(entries, key=place), place):
        tied = list(group)
        position = len(placings) + 1
        for entry, reason in _settle(tied, order.settle, seed, ""):
            others = tuple(other.bid for other in tied if other is not entry)
            placings.append(
                Placing(position, entry.bid, entry.score, entry.price, others, reason)
            )
    return placings


def candidates(placings: Sequence[Placing], most: int) -> list[Placing]:
    """The first few, in order; refused while an unsettled tie could change who they are."""
    chosen = list(placings[:most])
    for placing in chosen:
        if placing.tied_with and not placing.settled_by:
            raise Refused(
                "evaluation.tie_unsettled",
                rank=placing.rank,
                bids=", ".join((placing.bid, *placing.tied_with)),
            )
    return chosen


def _settle(
    tied: list[Entry], criteria: Sequence[str], seed: bytes | None, reason: str
) -> list[tuple[Entry, str]]:
    if len(tied) == 1:
        return [(tied[0], reason)]
    if not criteria:
        return [(entry, "") for entry in tied]
    first, rest = criteria[0], criteria[1:]
    if first == "draw" and seed is None:
        return _settle(tied, rest, seed, reason)
    measure = _lot(seed) if first == "draw" and seed is not None else _criterion(first)
    settled: list[tuple[Entry, str]] = []
    for _, group in groupby(sorted(tied, key=measure), measure):
        settled += _settle(list(group), rest, seed, first)
    return settled


def _lot(seed: bytes) -> Callable[[Entry], Any]:
    """H("tie", seed || length of bid || bid): each tied bid's ticket, lowest first."""

    def ticket(entry: Entry) -> bytes:
        name = entry.bid.encode()
        data = seed + len(name).to_bytes(8, "big") + name
        return hashlib.sha256(b"mingtang/v1/tie\x00" + data).digest()

    return ticket


def _criterion(name: str) -> Callable[[Entry], Any]:
    """A measure whose smallest value is best."""

    def measure(entry: Entry) -> Fraction:
        if name == "price":
            return Fraction(entry.price)
        if name == "evaluated" and entry.evaluated is not None:
            return entry.evaluated
        value = entry.score if name == "score" else entry.parts.get(name)
        if value is None:
            raise Refused("evaluation.criterion_missing", bid=entry.bid, criterion=name)
        return -Fraction(value)

    return measure

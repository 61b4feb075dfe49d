"""Filling the seats of a committee from the order of tickets, and replacing who declines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from experts.draw.tickets import Row, digest, order, pool_root
from trading.base.errors import Refused


@dataclass(frozen=True)
class Stratum:
    """Seats of one kind: how many, and from which regions and specialities.

    An empty list asks for nothing; otherwise one common entry is enough. Matching is by the
    exact code, so that nobody need know how codes nest to check it.
    """

    id: str
    count: int
    regions: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()

    def admits(self, row: Row) -> bool:
        return (not self.regions or not set(self.regions).isdisjoint(row.regions)) and (
            not self.specs or not set(self.specs).isdisjoint(row.specs)
        )


class SkipReason(StrEnum):
    """Why a ticket was passed over."""

    USED = "used"
    EMPLOYER_CAP = "employer_cap"


@dataclass(frozen=True)
class Skip:
    """A ticket passed over, on record."""

    stratum: str
    eid: str
    reason: SkipReason


@dataclass(frozen=True)
class Decline:
    """A drawn expert who cannot come, in the order of the log."""

    stratum: str
    eid: str
    reason: str


@dataclass(frozen=True)
class Seating:
    """Who sits for one stratum, and who would be asked next."""

    stratum: str
    members: tuple[str, ...]
    substitutes: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """The whole draw: seats in the published order of strata and every skip as it happened."""

    seatings: tuple[Seating, ...]
    skips: tuple[Skip, ...]

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(eid for seating in self.seatings for eid in seating.members)


@dataclass
class _Bench:
    # One stratum while it is being filled: its queue of rows and how far it has been read.
    stratum: Stratum
    queue: list[Row]
    seated: list[Row]
    read: int = 0


def fill(
    strata: Sequence[Stratum],
    pool: Iterable[Row],
    seed: bytes,
    *,
    employer_cap: int = 0,
    reserve: int = 10,
    declines: Sequence[Decline] = (),
) -> Outcome:
    """Seat the lowest eligible tickets, stratum by stratum, then replace declines in log order.

    A skipped ticket is not looked at again, even if a colleague from the same employer later
    declines: otherwise one could step back to let another in. ``employer_cap`` 0 sets no cap;
    ``reserve`` is how many substitutes are listed for each stratum.
    """
    draw = _Draw(strata, pool, seed, employer_cap)
    for bench in draw.benches:
        while len(bench.seated) < bench.stratum.count:
            draw.seat(bench)
    for decline in declines:
        draw.replace(decline)
    return draw.outcome(reserve)


class _Draw:
    def __init__(
        self, strata: Sequence[Stratum], pool: Iterable[Row], seed: bytes, employer_cap: int
    ) -> None:
        _refuse_unsound(strata, employer_cap)
        rows = {row.eid: row for row in pool}
        queue = [rows[ticket.eid] for ticket in order(seed, rows.values())]
        self.benches = [
            _Bench(stratum, [row for row in queue if stratum.admits(row)], [])
            for stratum in strata
        ]
        self.cap = employer_cap
        self.used: set[str] = set()
        self.employers: Counter[str] = Counter()
        self.skips: list[Skip] = []

    def seat(self, bench: _Bench) -> None:
        while bench.read < len(bench.queue):
            row = bench.queue[bench.read]
            bench.read += 1
            if row.eid in self.used:
                self.skip(bench, row, SkipReason.USED)
            elif self.cap and self.employers[row.employer] >= self.cap:
                self.skip(bench, row, SkipReason.EMPLOYER_CAP)
            else:
                self.used.add(row.eid)
                self.employers[row.employer] += 1
                bench.seated.append(row)
                return
        raise Refused(
            "draw.stratum_exhausted", stratum=bench.stratum.id, count=bench.stratum.count
        )

    def skip(self, bench: _Bench, row: Row, reason: SkipReason) -> None:
        self.skips.append(Skip(bench.stratum.id, row.eid, reason))

    def replace(self, decline: Decline) -> None:
        for bench in self.benches:
            for row in bench.seated:
                if (bench.stratum.id, row.eid) == (decline.stratum, decline.eid):
                    bench.seated.remove(row)
                    # The place of the employer is free again; the expert stays used.
                    self.employers[row.employer] -= 1
                    self.seat(bench)
                    return
        raise Refused("draw.decline_of_no_member", stratum=decline.stratum, eid=decline.eid)

    def outcome(self, reserve: int) -> Outcome:
        return Outcome(
            tuple(
                Seating(
                    bench.stratum.id,
                    tuple(row.eid for row in bench.seated),
                    # The cap is judged when a substitute is called, so it is not applied here.
                    tuple(
                        row.eid for row in bench.queue[bench.read :] if row.eid not in self.used
                    )[:reserve],
                )
                for bench in self.benches
            ),
            tuple(self.skips),
        )


def _refuse_unsound(strata: Sequence[Stratum], employer_cap: int) -> None:
    if len({stratum.id for stratum in strata}) != len(strata) or not strata:
        raise Refused("draw.strata_not_distinct")
    for stratum in strata:
        if stratum.count < 1:
            raise Refused("draw.stratum_without_seats", stratum=stratum.id)
    if employer_cap < 0:
        raise Refused("draw.cap_below_zero")


def thin(strata: Sequence[Stratum], pool: Iterable[Row], times: int = 3) -> tuple[str, ...]:
    """Strata with fewer than ``times`` as many experts as seats: they need a logged approval,
    for a stratum cut to fit would choose its experts before the draw does."""
    rows = list(pool)
    return tuple(
        stratum.id
        for stratum in strata
        if sum(map(stratum.admits, rows)) < times * stratum.count
    )


def simulated_inclusion(
    strata: Sequence[Stratum], pool: Iterable[Row], *, employer_cap: int = 0, runs: int = 1000
) -> dict[str, Fraction]:
    """How often each expert was drawn over many trial seeds: published before the seed exists,
    so that a pool or strata made to favour somebody show up in time."""
    rows = list(pool)
    if runs < 1:
        raise Refused("draw.no_runs")
    root = pool_root(rows)
    drawn: Counter[str] = Counter()
    for run in range(runs):
        # Trial seeds have a tag of their own and can never equal a real one.
        trial = digest("simulation", root + run.to_bytes(8, "big"))
        drawn.update(fill(strata, rows, trial, employer_cap=employer_cap, reserve=0).members)
    return {row.eid: Fraction(drawn[row.eid], runs) for row in rows}

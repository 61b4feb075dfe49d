"""All statutory clocks of many running cases, beside the bare cost of counting working days.

``python bench/clocks.py [--cases 10000] [--runs 3]``. Cases of the types that run, in three
regions, stand at different stages. Measured is ``trading.law.clocks.of_case`` with the light
of every clock; the reference counts the same number of periods of five working days with
the calendar's own function, and nothing else.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from trading.law import calendar, clocks  # noqa: E402
from trading.law.procedures import PROCEDURES  # noqa: E402

TODAY = date(2026, 6, 15)
WAY = ("lot.evaluated", "lot.publicised", "lot.awarded", "lot.contracted")


def cases(count: int) -> list[tuple[str, str, dict[str, datetime]]]:
    """Procedure, region and the acts so far."""
    dice = random.Random(7)
    types = [row.id for row in PROCEDURES.values() if row.runs]
    found = []
    for _ in range(count):
        at = datetime(2026, 3, 2, 2, tzinfo=UTC) + timedelta(days=dice.randrange(80))
        facts = {}
        for act in WAY[:dice.randrange(1, len(WAY) + 1)]:
            facts[act] = at
            at += timedelta(days=dice.randrange(1, 9))
        found.append((dice.choice(types), dice.choice(("CN-51", "CN-50", "CN-44")), facts))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    stock = cases(chosen.cases)
    clocks.of_case(*stock[0])
    ours, bare, counted = [], [], 0
    for _ in range(chosen.runs):
        start, counted = time.perf_counter(), 0
        for procedure, region, facts in stock:
            for clock in clocks.of_case(procedure, region, facts):
                clock.light(TODAY)
                counted += 1
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        for number in range(counted):
            calendar.working_days_after(date(2026, 3, 2) + timedelta(days=number % 80), 5)
        bare.append(time.perf_counter() - start)
    mine, theirs = median(ours), median(bare)
    print(f"{chosen.cases} cases, {counted} clocks, median of {chosen.runs} runs: {chosen.cases / mine:,.0f} cases/s "
          f"({counted / mine:,.0f} clocks/s)")
    print(f"bare working-day function: {counted / theirs:,.0f} periods/s; ratio {theirs / mine:.2f}")


if __name__ == "__main__":
    main()

"""How fast recorded tenders are replayed, and whether a case becomes dearer as the log grows.

``python bench/replay.py [FILE] [--limit 40]``. FILE holds OCDS releases, one a line, plain
or gzipped; without it the releases are invented. Each case runs from registration to the
verified archive pack in one fresh installation. The reference of the last tenth of the
cases is the first tenth of the same run, per bid, because cases differ in size: a ratio
of 1 means that the cost of a case does not depend on how many came before. Read it from
the processor time: the wall clock also shows what else the machine does.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402
from trading.demonstration import replay  # noqa: E402


def invented(count: int) -> list[dict[str, Any]]:
    """Releases like the recorded ones: a dozen firms, four bids a case, the lowest wins."""
    dice, found = random.Random(1), []
    for number in range(count):
        prices = {f"firm-{firm:02d}": dice.randrange(8_000_000, 10_000_000) for firm in dice.sample(range(12), 4)}
        winner = min(prices, key=lambda firm: prices[firm])
        found.append({
            "id": f"invented-{number:04d}", "tender": {"title": f"道路工程第{number}号", "value": {"amount": 10_000_000}},
            "bids": {"details": [{"id": f"{number}-{firm}", "status": "valid", "value": {"amount": price},
                                  "tenderers": [{"id": firm, "name": f"{firm}有限公司"}]} for firm, price in prices.items()]},
            "awards": [{"status": "active", "relatedBid": f"{number}-{winner}"}]})
    return found


def growth(label: str, costs: list[float]) -> None:
    """Print the median cost in the first and in the last tenth, and how many times dearer the last is."""
    size = max(1, len(costs) // 10)
    first, last = median(costs[:size]), median(costs[-size:])
    print(f"{label:26} first tenth {first * 1000:7.1f} ms   last tenth {last * 1000:7.1f} ms   ratio {last / first:.2f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("file", type=Path, nargs="?", help="OCDS releases, one JSON document a line; none: invented ones")
    options.add_argument("--limit", type=int, default=40, help="only the first N releases (0: all)")
    options.add_argument("--warm", type=int, default=3, help="cases that are run first and not counted")
    chosen = options.parse_args()
    if chosen.file:
        releases = list(replay.releases(chosen.file, chosen.limit or None))
    else:
        releases = invented(chosen.limit or 40)
    if chosen.warm:
        replay._share(releases[:chosen.warm], create_app)
    marks = [time.process_time()]
    began = time.perf_counter()
    tally = replay._share(releases, create_app, lambda _done, _of: marks.append(time.process_time()))
    wall, cpu = time.perf_counter() - began, marks[-1] - marks[0]
    bids = [max(1, len(release["bids"]["details"])) for release in releases]
    # The first mark is older than the installation: its making is taken off by the first case's own seconds.
    marks[0] = max(marks[0], marks[1] - tally.seconds[0])
    busy = [after - before for before, after in pairwise(marks)]
    print(f"{tally.cases} cases, {tally.bids} bids, {wall:.1f} s ({cpu:.1f} s of processor), one process: "
          f"{tally.cases / wall:.2f} cases/s, {tally.bids / wall:.2f} bids/s; a case {median(tally.seconds):.3f} s (median)")
    growth("a case, wall clock", tally.seconds)
    growth("a case, processor", busy)
    growth("for each bid, wall clock", [cost / count for cost, count in zip(tally.seconds, bids, strict=True)])
    growth("for each bid, processor", [cost / count for cost, count in zip(busy, bids, strict=True)])
    print(f"winners that differ from the record: {len(tally.differences)}; packs that fail verification: {len(tally.invalid)}")


if __name__ == "__main__":
    main()

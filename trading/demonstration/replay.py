"""Replay recorded tenders (OCDS releases) through the platform and compare the winners.

Each release goes through registration, notice, deposits, sealing, deadline, opening,
evaluation, publicity, award, contract, archive and offline verification, on a clock that
is handed to the services. A tenderer who bid twice in one record takes part as two, because
here a second bid replaces the first.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trading.base import installation
from trading.base.clock import ticks
from trading.base.database import db
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.demonstration.cast import Cast, Company
from trading.demonstration.laboratory import MakeApp, installation_in
from trading.demonstration.watchers import QUORUM
from trading.evidence import service as evidence
from trading.evidence.verify import Pack, Verifier

#: The profile whose rows mirror how these records were handled (trading/law/rows/regions).
REGION = "JP-08203"
START = datetime(2026, 3, 2, 1, tzinfo=UTC)


@dataclass
class Tally:
    """What a replay found."""

    cases: int = 0
    bids: int = 0
    unrecorded: int = 0
    twice: int = 0
    differences: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.cases += other.cases
        self.bids += other.bids
        self.unrecorded += other.unrecorded
        self.twice += other.twice
        self.differences += other.differences
        self.invalid += other.invalid
        self.seconds += other.seconds


def releases(path: Path, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Compiled releases, one JSON document a line, plain or gzipped."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if limit is not None and number >= limit:
                return
            yield json.loads(line)


def run(path: Path, make_app: MakeApp, *, limit: int | None = None, jobs: int = 1,
        progress: Any = None) -> tuple[Tally, float]:
    """Replay all releases; with several jobs each runs its share in an installation of its own."""
    began = ticks()
    everything = list(releases(path, limit))
    tally = Tally()
    if jobs == 1:
        tally.add(_share(everything, make_app, progress))
    else:
        shares = [everything[number::jobs] for number in range(jobs)]
        with ProcessPoolExecutor(jobs) as pool:
            for part in pool.map(_share, shares, [make_app] * jobs):
                tally.add(part)
    return tally, ticks() - began


def _share(share: list[dict[str, Any]], make_app: MakeApp, progress: Any = None) -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="mingtang-replay-") as folder, \
            installation_in(Path(folder), make_app, region=REGION) as (_, watchers):
        cast = Cast(START, watchers, region=REGION)
        companies: dict[str, Company] = {}
        for number, release in enumerate(share):
            began = ticks()
            _one(release, cast, companies, START + timedelta(minutes=number), tally)
            tally.seconds.append(ticks() - began)
            db.session.remove()
            if progress:
                progress(number + 1, len(share))
    return tally


def _one(release: dict[str, Any], cast: Cast, companies: dict[str, Company], at: datetime, tally: Tally) -> None:
    offers, names = [], {}
    for bid in release["bids"]["details"]:
        tenderer = bid["tenderers"][0]
        name = tenderer["id"]
        while name in names:
            name += "+"
        tally.twice += name != tenderer["id"]
        if name not in companies:
            companies[name] = cast.company(f"{tenderer['name']} {name}", at)
        names[name] = bid["id"]
        price = round(bid["value"]["amount"]) * 100 if "value" in bid else 0
        rejected = "" if bid["status"] == "valid" else "记录中标注为不合格投标"
        offers.append((bid["id"], Offer(companies[name], price, rejected)))
    winner = next((award["relatedBid"] for award in release.get("awards", ()) if award["status"] == "active"), None)
    highest = max((offer.price_fen for _, offer in offers), default=0)
    reserve = round(release["tender"].get("value", {}).get("amount", 0)) * 100
    estimate = max(reserve, highest, 100)
    run = CaseRun(cast, Plan(
        f"{release['tender']['title']} ({release['id']})", "lot 1", estimate, None, [offer for _, offer in offers], REGION,
        deposit_fen=min(10_000, estimate // 20), award=winner is not None), at)
    ended = run.run()
    tally.cases += 1
    tally.bids += len(offers)
    by_code = {offer.company.code: ident for ident, offer in offers}
    if winner is None:
        tally.unrecorded += 1
    elif winner not in {by_code[code] for code in ended.tied} or ended.winner not in ended.tied:
        tally.differences.append(f"{release['id']}: recorded {winner}, found {[by_code[c] for c in ended.tied]}")
    pack = run.seal_archive()
    checks = Verifier(Pack(installation.files().path(pack.stored)), evidence.log_verifier_key(),
                      cast.watchers.keys, QUORUM).run()
    if not checks["ok"]:
        tally.invalid.append(f"{release['id']}: " + "; ".join(c["detail"] for c in checks["checks"] if not c["ok"]))

"""How many sealed bids are committed in a second, beside bare commits of SQLite.

``python bench/filing.py [--bids 200] [--runs 5] [--folder PLACE]``. Bids of different
companies are sealed and uploaded before the clock starts; measured is ``file_bid``, from
the signed header to the receipt with its proof, one after the other, each durable
(``synchronous=FULL``) before its receipt. The reference commits one row as large as a
stored bid with the library's own SQLite, same settings, same disk. Ours and the
reference's take turns within each run, because a disk's speed changes from second to
second. The aim is a ratio of at least 0.5.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import os
import pstats
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import event, func, select  # noqa: E402

from app import create_app  # noqa: E402
from bidding.envelope import documents, sealing  # noqa: E402
from bidding.sealed import service as sealed  # noqa: E402
from bidding.sealed.models import SealedBid  # noqa: E402
from trading.base.clock import stopped  # noqa: E402
from trading.base.database import db, transaction  # noqa: E402
from trading.demonstration.case import CaseRun, Memo, Plan  # noqa: E402
from trading.demonstration.cast import Cast, Company  # noqa: E402
from trading.demonstration.laboratory import installation_in  # noqa: E402
from trading.evidence import service as evidence  # noqa: E402

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TURN = 10  # commits of one kind before the other's turn

#: Where the time goes: (line of the split, file, functions whose whole time counts).
PARTS = [
    ("read and check the header", "bidding/envelope/documents.py", {"decode", "check_header", "bid_digest"}),
    ("check the signature", "bidding/envelope/keys.py", {"is_signed"}),
    ("look for earlier versions", "bidding/sealed/service.py", {"versions"}),
    ("take over the parts", "bidding/sealed/service.py", {"_take_parts"}),
    ("box the bid", "bidding/sealed/service.py", {"_close_box"}),
    ("evidence: sealed entry", "trading/evidence/service.py", {"record_sealed"}),
    ("evidence: signed checkpoint", "trading/evidence/service.py", {"checkpoint"}),
    ("receipt with its proof", "bidding/sealed/service.py", {"_receipt"}),
    ("lock the lot", "trading/projects/service.py", {"locked_lot"}),
    ("flush of the row", "orm/session.py", {"_flush"}),
]


@dataclass(frozen=True)
class Ready:
    """A bid that has only to be committed."""

    company: Company
    header: bytes
    signature: bytes
    upload: str


def prepare(case: CaseRun, company: Company) -> Ready:
    out = io.BytesIO()
    offer = {"price_fen": 88_000_000, "days": 60, "quality": "合格", "statement": ""}
    bid = sealing.seal(case.session.document, company.code, offer, [Memo("投标函.txt", b"letter")], out)
    upload = sealed.begin_upload(case.session.id, bidder=company.organisation, at=case.at)
    for number, digest in enumerate(bid.header["payload"]["parts"]):
        part = out.getvalue()[number * documents.PART_BYTES:(number + 1) * documents.PART_BYTES]
        sealed.put_part(upload.id, number, [part], digest, session_name=case.session.id, bidder=company.organisation)
    return Ready(company, documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)), upload.id)


def filing(case: CaseRun, session_name: str) -> Callable[[Ready], None]:
    clock = stopped(case.at)

    def file(ready: Ready) -> None:
        sealed.file_bid(session_name, ready.header, ready.signature, ready.upload, bidder_id=ready.company.id, clock=clock)
        db.session.remove()  # as at the end of every request
    return file


def recording(at: datetime) -> Callable[[Any], None]:
    def record(_: Any) -> None:
        with transaction():
            evidence.record_sealed("bench", actor="bench", at=at)
        db.session.remove()
    return record


def bare(folder: Path, size: int) -> Callable[[Any], None]:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE row (id TEXT PRIMARY KEY, box BLOB)")

    def commit(_: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row VALUES (?, ?)", (secrets.token_hex(16), os.urandom(size)))
        connection.execute("COMMIT")
    return commit


def timed(work: Callable[[Any], None], items: list[Any]) -> tuple[float, float]:
    """Seconds by the wall clock, and of the processor."""
    start, used = time.perf_counter(), time.process_time()
    for item in items:
        work(item)
    return time.perf_counter() - start, time.process_time() - used


def split(work: Callable[[Ready], None], items: list[Ready]) -> None:
    """Print where the time of a commit goes. The profiler slows Python down, so read shares, not times."""
    statements = [0]

    def count(*_: Any) -> None:
        statements[0] += 1

    event.listen(db.engine, "before_cursor_execute", count)
    profile = cProfile.Profile()
    profile.enable()
    for item in items:
        work(item)
    profile.disable()
    event.remove(db.engine, "before_cursor_execute", count)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in stats.values())

    def share(wanted: Callable[[str, str], bool], *, own: bool = False) -> float:
        return sum(row[2] if own else row[3] for (file, _, name), row in stats.items() if wanted(file, name)) / whole

    print(f"\nwhere the time of a bid goes (profiled; {statements[0] / len(items):.0f} SQL statements a bid):")
    for label, place, names in PARTS:
        print(f"  {label:34} {share(lambda file, name: file.endswith(place) and name in names):6.1%}")
    print("  of all these, by who does the work:")
    commits = share(lambda _, name: name == "<method 'commit' of 'sqlite3.Connection' objects>", own=True)
    executes = share(lambda _, name: "of 'sqlite3.Cursor' objects" in name, own=True)
    orm = share(lambda file, _: "sqlalchemy" in file, own=True)
    boxes = share(lambda file, _: file.endswith("trading/base/boxes.py"))
    print(f"  {'SQLite: commit (writes, fsync)':34} {commits:6.1%}\n  {'SQLite: other statements':34} {executes:6.1%}")
    print(f"  {'SQLAlchemy, its own Python':34} {orm:6.1%}\n  {'boxes (AES-GCM, JSON, tags)':34} {boxes:6.1%}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--bids", type=int, default=200, help="bids of one run's clock in total, over all runs")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--folder", default=None, help="where to work; must be on the disk that is to be measured")
    chosen = options.parse_args()
    each = max(1, chosen.bids // chosen.runs)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, \
            installation_in(Path(name), create_app, region="CN-51") as (_, witness):
        cast = Cast(START, witness, experts=0)
        plan = Plan("青石路改造工程", "一标段", 100_000_000, 95_000_000, [], "CN-51")
        case = CaseRun(cast, plan, START)
        case.register()
        case.announce()
        session_name = case.session.id
        bids = [prepare(case, cast.company(f"第{number}建设有限公司", START)) for number in range(each * chosen.runs + 40)]
        db.session.remove()
        file = filing(case, session_name)
        for ready in bids[:5]:
            file(ready)
        size = db.session.scalar(select(func.length(SealedBid.box)).limit(1))
        assert isinstance(size, int)
        db.session.remove()
        works = {"file_bid": file, "evidence alone": recording(case.at), "bare SQLite": bare(Path(name), size)}
        rates: dict[str, list[float]] = {kind: [] for kind in works}
        busy: dict[str, list[float]] = {kind: [] for kind in works}
        for run in range(chosen.runs):
            batch = bids[5 + run * each:5 + (run + 1) * each]
            spent = {kind: [0.0, 0.0] for kind in works}
            for first in range(0, len(batch), TURN):
                for kind, work in works.items():
                    wall, used = timed(work, batch[first:first + TURN])
                    spent[kind][0] += wall
                    spent[kind][1] += used
            for kind, (wall, used) in spent.items():
                rates[kind].append(len(batch) / wall)
                busy[kind].append(used / len(batch) * 1000)
        print(f"durable commits, one after the other, median of {chosen.runs} runs of {each}; a stored bid has {size:,} bytes")
        reference = median(rates["bare SQLite"])
        for kind in works:
            rate = median(rates[kind])
            ratios = [ours / theirs for ours, theirs in zip(rates[kind], rates["bare SQLite"], strict=True)]
            print(f"{kind:15} {rate:7.0f}/s   {1000 / rate:6.2f} ms each ({median(busy[kind]):.2f} ms of processor)   "
                  f"ratio {median(ratios):.2f}" + ("" if kind == "bare SQLite" else f" of {reference:.0f}/s"))
        split(file, bids[5 + chosen.runs * each:])


if __name__ == "__main__":
    main()

"""How many sealed bids are committed in a second, beside bare commits of SQLite.

``python bench/filing.py [--bids 200] [--runs 5] [--folder PLACE]``. Bids of different
companies are sealed and uploaded before the clock starts; measured is ``file_bid``, from
the signed header to the receipt with its proof, each durable (``synchronous=FULL``)
before its receipt: one after the other, and from ``--clients`` threads at once, as at a
closing minute, when waiting bids share a commit. The reference commits one row as large
as a stored bid with the library's own SQLite, same settings, same disk. Ours and the
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flask import Flask  # noqa: E402
from sqlalchemy import event, func, select  # noqa: E402

from app import create_app  # noqa: E402
from bidding.envelope import documents, sealing  # noqa: E402
from bidding.sealed import filing  # noqa: E402
from bidding.sealed import service as sealed  # noqa: E402
from bidding.sealed.models import SealedBid  # noqa: E402
from trading.base.clock import stopped  # noqa: E402
from trading.base.database import db, transaction  # noqa: E402
from trading.demonstration.case import CaseRun, Memo, Plan  # noqa: E402
from trading.demonstration.cast import Cast, Company  # noqa: E402
from trading.demonstration.laboratory import installation_in  # noqa: E402
from trading.evidence import service as evidence  # noqa: E402

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TURN = 96  # commits of one kind before the other's turn

#: Where the time goes: (line of the split, file, functions whose whole time counts).
PARTS = [
    ("read and check the header", "bidding/envelope/documents.py", {"decode", "check_header"}),
    ("check the signature", "bidding/envelope/keys.py", {"is_signed"}),
    ("who files, with which keys", "trading/parties/service.py", {"standings"}),
    ("look for earlier versions", "bidding/sealed/filing.py", {"_with_earlier"}),
    ("take over the parts", "bidding/sealed/filing.py", {"take", "clear", "_Arrived"}),
    ("box the bid", "bidding/sealed/boxes.py", {"close"}),
    ("evidence: sealed entry", "trading/evidence/service.py", {"record_all_sealed"}),
    ("evidence: signed checkpoint", "trading/evidence/service.py", {"checkpoint"}),
    ("receipt with its proof", "trading/evidence/service.py", {"prove_all"}),
    ("lock the lot", "trading/projects/service.py", {"locked_lot"}),
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


def filer(case: CaseRun, session_name: str) -> Callable[[Ready], None]:
    clock = stopped(case.at)

    def file(ready: Ready) -> None:
        filing.file_bid(session_name, ready.header, ready.signature, ready.upload, bidder_id=ready.company.id, clock=clock)
        db.session.remove()  # as at the end of every request
    return file


def together(app: Flask, file: Callable[[Ready], None], clients: int) -> Callable[[list[Ready]], None]:
    """Files a batch from several threads, each with its own database session."""
    pool = ThreadPoolExecutor(clients)

    def one(ready: Ready) -> None:
        with app.app_context():
            file(ready)

    def work(batch: list[Ready]) -> None:
        list(pool.map(one, batch))
    return work


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


def timed(work: Callable[[list[Ready]], None], batch: list[Ready]) -> tuple[float, float]:
    """Seconds by the wall clock, and of the processor."""
    start, used = time.perf_counter(), time.process_time()
    work(batch)
    return time.perf_counter() - start, time.process_time() - used


def one_by_one(work: Callable[[Any], None]) -> Callable[[list[Ready]], None]:
    def all_of(batch: list[Ready]) -> None:
        for item in batch:
            work(item)
    return all_of


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
    options.add_argument("--bids", type=int, default=480, help="bids of one kind in total, over all runs")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--folder", default=None, help="where to work; must be on the disk that is to be measured")
    chosen = options.parse_args()
    each = max(1, chosen.bids // chosen.runs)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, \
            installation_in(Path(name), create_app, region="CN-51") as (app, watchers):
        cast = Cast(START, watchers, experts=0)
        plan = Plan("青石路改造工程", "一标段", 100_000_000, 95_000_000, [], "CN-51")
        case = CaseRun(cast, plan, START)
        case.register()
        case.announce()
        session_name = case.session.id
        bids = [prepare(case, cast.company(f"第{number}建设有限公司", START)) for number in range(2 * each * chosen.runs + 40)]
        db.session.remove()
        file = filer(case, session_name)
        for ready in bids[:5]:
            file(ready)
        size = db.session.scalar(select(func.length(SealedBid.box)).limit(1))
        assert isinstance(size, int)
        db.session.remove()
        works = {"one by one": one_by_one(file), f"{chosen.clients} at once": together(app, file, chosen.clients),
                 "evidence alone": one_by_one(recording(case.at)), "bare SQLite": one_by_one(bare(Path(name), size))}
        rates: dict[str, list[float]] = {kind: [] for kind in works}
        busy: dict[str, list[float]] = {kind: [] for kind in works}
        ready = iter(bids[5:])
        for _ in range(chosen.runs):
            spent = {kind: [0.0, 0.0] for kind in works}
            for first in range(0, each, TURN):
                count = min(TURN, each - first)
                for kind, work in works.items():
                    batch = [next(ready) if kind in list(works)[:2] else bids[0] for _ in range(count)]
                    wall, used = timed(work, batch)
                    spent[kind][0] += wall
                    spent[kind][1] += used
            for kind, (wall, used) in spent.items():
                rates[kind].append(each / wall)
                busy[kind].append(used / each * 1000)
        print(f"durable commits, median of {chosen.runs} runs of {each}; a stored bid has {size:,} bytes")
        reference = median(rates["bare SQLite"])
        for kind in works:
            rate = median(rates[kind])
            ratios = [ours / theirs for ours, theirs in zip(rates[kind], rates["bare SQLite"], strict=True)]
            print(f"{kind:15} {rate:7.0f}/s   {1000 / rate:6.2f} ms each ({median(busy[kind]):.2f} ms of processor)   "
                  f"ratio {median(ratios):.2f}" + ("" if kind == "bare SQLite" else f" of {reference:.0f}/s"))
        split(file, list(ready)[:30])


if __name__ == "__main__":
    main()

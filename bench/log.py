"""How fast the evidence log takes acts, signs, proves, and whether its size matters.

``python bench/log.py [--seconds 3] [--entries 10000000]``. Durable appends are beside bare commits of a row of the
same size into the same kind of database file on the same disk, with the same settings; proofs beside nothing
(their cost is stated); each figure of the large log beside the same figure of one of 10,000 entries, in turn.
The large log is filled by the same tree code, without the acts' texts, some minutes for ten million.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import text  # noqa: E402

from app import create_app  # noqa: E402
from trading.base.database import db, transaction  # noqa: E402
from trading.demonstration.laboratory import installation_in  # noqa: E402
from trading.evidence import service, tiles, tree, verify  # noqa: E402

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
SMALL = 10_000
BATCH = 50_000


def rate(work: Callable[[], Any], seconds: float) -> float:
    """How often a second some work can be done."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - start)


def append() -> None:
    with transaction():
        service.record("bench.happened", actor="bench", at=AT, number=1)


def sign() -> None:
    with transaction():
        service.record("bench.happened", actor="bench", at=AT, number=1)
        service.checkpoint(AT)


def bare(folder: Path) -> Callable[[], None]:
    """Commits of one row of an entry's size, as plainly as the library allows."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE row (id INTEGER PRIMARY KEY, data BLOB)")
    data = os.urandom(400)

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row (data) VALUES (?)", (data,))
        connection.execute("COMMIT")

    return commit


def fill(database: Path, entries: int) -> None:
    """Bring the log to so many entries: leaves and nodes by the tree code, written in bulk."""
    db.session.remove()
    db.engine.dispose()
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    size, joined = connection.execute("SELECT size, peaks FROM evidence_head").fetchone()
    peaks = [joined[at:at + 32] for at in range(0, len(joined), 32)]
    while size < entries:
        rows, nodes = [], []
        for number in range(size, min(size + BATCH, entries)):
            data = verify.sha256(number.to_bytes(8, "big")).digest()
            peaks, new = tree.append(number, peaks, data)
            rows.append((number, data))
            nodes += new
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO evidence_entry (seq, data, kind) VALUES (?, ?, 'bench')", rows)
        connection.executemany("INSERT INTO evidence_node (level, i, hash) VALUES (?, ?, ?)", nodes)
        size += len(rows)
        connection.execute("UPDATE evidence_head SET size = ?, peaks = ?", (size, b"".join(peaks)))
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def figures(seconds: float) -> dict[str, float]:
    """Rates of a log as large as it is: append, proof made, proof checked, page read."""
    sign()
    size = service.size()
    found = service.first_checkpoint_after(size - 1)
    place = iter(range(10**9))

    def prove() -> service.Proof:
        return service.prove(next(place) * 7919 % size, found)

    proof = prove()
    data = bytes(db.session.execute(text("SELECT data FROM evidence_entry WHERE seq = :i"), {"i": proof.index}).scalar())
    _, _, root = verify.parse_checkpoint(verify.split_note(found.note)[0])
    assert verify.verify_inclusion(proof.index, size, verify.leaf_hash(data), proof.path, root)
    return {"append": rate(append, seconds), "proof made": rate(prove, seconds),
            "proof checked": rate(lambda: verify.verify_inclusion(proof.index, size, verify.leaf_hash(data), proof.path, root), seconds / 3),
            "tile read": rate(lambda: tiles.hashes(0, next(place) * 31 % (size // 256), 256, size), seconds)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    options.add_argument("--entries", type=int, default=1_000_000, help="size of the large log")
    options.add_argument("--folder", default=None, help="where to work")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        small, large = folder / "small", folder / "large"
        for place in (small, large):
            place.mkdir()
        with installation_in(small, create_app):
            append()
            turns = [(rate(append, chosen.seconds / 3), rate(bare(folder := Path(tempfile.mkdtemp(dir=name))), chosen.seconds / 3)) for _ in range(3)]
            ours, theirs = (median(pair[number] for pair in turns) for number in (0, 1))
            print(f"durable appends {ours:8.0f}/s   bare commits {theirs:8.0f}/s   ratio {ours / theirs:.2f}")
            print(f"acts with a checkpoint each {rate(sign, chosen.seconds):8.0f}/s")
            fill(small / "mingtang.db", SMALL)
            few = figures(chosen.seconds)
            db.session.remove()
        with installation_in(large, create_app):
            append()
            start = time.perf_counter()
            fill(large / "mingtang.db", chosen.entries)
            print(f"filled with {chosen.entries:,} entries in {time.perf_counter() - start:.0f} s", flush=True)
            many = figures(chosen.seconds)
            db.session.remove()
    for what in few:
        print(f"{what:14} {many[what]:10.0f}/s at {chosen.entries:,}   {few[what]:10.0f}/s at {SMALL:,}   ratio {many[what] / few[what]:.2f}")


if __name__ == "__main__":
    main()

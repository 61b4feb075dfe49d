"""How long an opening takes, beside decrypting the same ciphertexts and nothing else.

``python bench/opening.py [--bids 200] [--mib 1] [--holders 3] [--runs 3]``. Bids are filed, the lot is
closed, the halves are given and the window is ended before the clock starts; measured is
all that follows: the bundle, the checks and shares of the key holders (here in the same
process, one after the other), unsealing and recording every bid, the read-out table and
the files for the archive. The reference unwraps every share that the holders unwrap (HPKE) and decrypts
the stored ciphertexts with their payload keys (Cobblestone-256), on one core, and throws the plain bytes away.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.cobblestone import Cobblestone256Decryptor  # noqa: E402

from app import create_app  # noqa: E402
from bidding.envelope import documents, keys, sealing, suites  # noqa: E402
from bidding.opening import service as opening  # noqa: E402
from bidding.sealed import filing  # noqa: E402
from bidding.sealed import service as sealed  # noqa: E402
from bidding.trustees import service as trustees  # noqa: E402
from trading.base import installation  # noqa: E402
from trading.base.clock import stopped, unix  # noqa: E402
from trading.base.database import db  # noqa: E402
from trading.demonstration.case import CaseRun, Memo, Plan  # noqa: E402
from trading.demonstration.cast import Cast, Company  # noqa: E402
from trading.demonstration.laboratory import installation_in  # noqa: E402

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
Seconds = dict[str, tuple[float, float]]


def file_one(session_name: str, document: dict[str, Any], company: Company, data: bytes, at: datetime) -> tuple[str, bytes]:
    """File one bid; returns its digest and the bidder's half."""
    out = io.BytesIO()
    offer = {"price_fen": 88_000_000 + company.id, "days": 60, "quality": "合格", "statement": ""}
    bid = sealing.seal(document, company.code, offer, [Memo("投标文件.bin", data)], out)
    upload = sealed.begin_upload(session_name, bidder=company.organisation, at=at).id
    for number, digest in enumerate(bid.header["payload"]["parts"]):
        part = out.getvalue()[number * documents.PART_BYTES:(number + 1) * documents.PART_BYTES]
        sealed.put_part(upload, number, [part], digest, session_name=session_name, bidder=company.organisation)
    filing.file_bid(session_name, documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)), upload,
                    bidder_id=company.id, clock=stopped(at))
    db.session.remove()
    return bid.digest, bid.kb


def a_closed_window(cast: Cast, bids: int, size: int) -> tuple[CaseRun, str]:
    """A lot with many bids whose window has just ended, and the name of its session."""
    case = CaseRun(cast, Plan("青石路改造工程", "一标段", 100_000_000, None, [], "CN-51"), START)
    case.register()
    case.announce()
    # Plain values: the session's row is left behind with each request.
    name, document, data = case.session.id, dict(case.session.document), os.urandom(size)
    halves = dict(file_one(name, document, cast.company(f"第{number}建设有限公司", START), data, case.at) for number in range(bids))
    case.session = trustees.get_session(name)
    case.close()
    for digest, bidder in [(row.digest or "", row.organisation_id or 0) for row in sealed.bids(name)]:
        opening.give_half(case.lot_id, digest, halves[digest], bidder_id=bidder, clock=stopped(case.at))
    if not opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=5))):
        raise SystemExit("the window did not end")
    cast.cosign(trustees.get_session(name).release_checkpoint or 0, case.at)
    db.session.remove()
    return case, name


@contextmanager
def measured(seconds: Seconds, name: str) -> Iterator[None]:
    start, used = time.perf_counter(), time.process_time()
    yield
    seconds[name] = time.perf_counter() - start, time.process_time() - used


def open_once(case: CaseRun, session_name: str) -> Seconds:
    """Open the lot; returns (wall, processor) seconds of every step and of the whole."""
    seconds: Seconds = {}
    at = case.wait(seconds=1)
    with measured(seconds, "whole"):
        with measured(seconds, "releases of the key holders"):
            for holder in case.cast.holders:
                bundle = opening.bundle_for(session_name, seen=holder.memory.size)
                given = holder.trustee.release(bundle, holder.memory, case.cast.pins, at=unix(at))
                trustees.take_release(given, at=at)
                db.session.remove()
        with measured(seconds, "unseal and record the bids"):
            opening.unseal_due(case.lot_id, clock=stopped(at))
            db.session.remove()
        with measured(seconds, "read-out table, archive"):
            if not opening.finish(case.lot_id, clock=stopped(at)):
                raise SystemExit("the opening did not finish")
    outcomes = {bid.outcome for bid in opening.opened_bids(case.lot_id)}
    if outcomes != {"opened"}:
        raise SystemExit(f"not every bid was opened: {outcomes}")
    db.session.remove()
    return seconds


def ciphertexts(session_name: str) -> list[tuple[bytes, bytes, list[Path]]]:
    """(payload key, associated data, files) of every bid."""
    shares = trustees.releases(trustees.get_session(session_name))
    found = []
    for row in sealed.bids(session_name):
        assert row.header is not None and row.digest is not None
        half = db.session.get(opening.Half, row.digest)
        assert half is not None
        kb = bytes.fromhex(installation.boxes().open(half.box, f"half/{row.digest}"))
        key, _ = sealing.recover(row.header, shares[row.digest], kb)
        found.append((key, documents.context_hash(row.header["ctx"]),
                      [installation.files().path(name) for name in row.parts or []]))
    db.session.remove()
    return found


def unwrap(case: CaseRun, session_name: str) -> None:
    """What the holders must do at least: open every wrap with HPKE."""
    headers = [row.header or {} for row in sealed.bids(session_name)]
    document = trustees.get_session(session_name).document
    for holder in case.cast.holders:
        ours = next(t for t in document["trustees"] if t["org"] == holder.trustee.organisation)
        seed = keys.pre_key_seed(holder.trustee._root, ours["pre_key"])
        for header in headers:
            wrapped = next(share["wrap"] for share in header["shares"] if share["i"] == ours["i"])
            keys.unwrap(seed, suites.share_info(documents.context_hash(header["ctx"]), ours["i"]), b64decode(wrapped))
    db.session.remove()


def decrypt(bids: list[tuple[bytes, bytes, list[Path]]]) -> None:
    for key, data, files in bids:
        decryptor = Cobblestone256Decryptor(key, data)
        for path in files:
            with path.open("rb") as source:
                while slab := source.read(sealing.SLAB):
                    decryptor.update(slab)
        decryptor.finalize()


def put_back(database: Path, kept: Path) -> None:
    """Bring the database back to the end of the window, for the next run."""
    db.engine.dispose()
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    shutil.copyfile(kept, database)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--bids", type=int, default=200)
    options.add_argument("--mib", type=float, default=1.0, help="size of a bid's file")
    options.add_argument("--holders", type=int, default=3, choices=range(1, 6))
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--folder", default=None, help="where to work")
    chosen = options.parse_args()
    runs: list[Seconds] = []
    references: list[tuple[float, float]] = []
    unwraps: list[float] = []
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, \
            installation_in(Path(name), create_app, region="CN-51") as (_, watchers):
        began = time.perf_counter()
        case, session_name = a_closed_window(Cast(START, watchers, experts=0, holders=chosen.holders), chosen.bids, int(chosen.mib * 2**20))
        db.engine.dispose()  # the last connection moves the log into the database file
        database, kept = Path(name) / "mingtang.db", Path(name) / "kept.db"
        shutil.copyfile(database, kept)
        print(f"{chosen.bids} bids of {chosen.mib:g} MiB, filed and closed in {time.perf_counter() - began:.1f} s", flush=True)
        for number in range(chosen.runs):
            if number:
                put_back(database, kept)
            runs.append(open_once(case, session_name))
            opened, seconds = ciphertexts(session_name), Seconds()
            with measured(seconds, "unwrap"):
                unwrap(case, session_name)
            with measured(seconds, "decrypt"):
                decrypt(opened)
            references.append(tuple(map(sum, zip(seconds["unwrap"], seconds["decrypt"], strict=True))))  # type: ignore[arg-type]
            unwraps.append(seconds["unwrap"][0])
    theirs, their_cpu = (median(pair[place] for pair in references) for place in (0, 1))
    for step in sorted(runs[0], key="whole".__eq__):
        ours, cpu = (median(run[step][place] for run in runs) for place in (0, 1))
        print(f"{step:28} {ours:7.2f} s  ({ours / chosen.bids * 1000:6.1f} ms a bid; processor {cpu:.2f} s)"
              + (f"  reference {theirs:.2f} s  ratio {theirs / ours:.3f} (processor {their_cpu / cpu:.3f})" if step == "whole" else ""))
    released = chosen.bids * chosen.holders
    print(f"median of {chosen.runs}; shares released {released / median(run['releases of the key holders'][0] for run in runs):.0f}/s, "
          f"bare unwrapping {released / median(unwraps):.0f}/s")


if __name__ == "__main__":
    main()

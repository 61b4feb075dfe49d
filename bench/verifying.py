"""How long the verifier takes over a pack, beside decrypting and hashing the same bytes and nothing else.

``python bench/verifying.py [--bids 200] [--mib 1] [--runs 3]``. The reference hashes every file of the pack with SHA-256
and SHA-512, as the bag's manifests ask, and decrypts every ciphertext, on one core.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zipfile
from hashlib import sha256, sha512
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.cobblestone import Cobblestone256Decryptor  # noqa: E402

from app import create_app  # noqa: E402
from bench.opening import START, a_closed_window, ciphertexts, open_once  # noqa: E402
from trading.archive import packing  # noqa: E402
from trading.base import installation  # noqa: E402
from trading.base.database import db, transaction  # noqa: E402
from trading.demonstration.cast import Cast  # noqa: E402
from trading.demonstration.laboratory import installation_in  # noqa: E402
from trading.evidence import service as evidence  # noqa: E402
from trading.evidence.verify import Pack, Verifier  # noqa: E402
from trading.projects import service as projects  # noqa: E402
from trading.projects.rules import Step  # noqa: E402


def bare(path: Path, opened: list[tuple[bytes, bytes, list[Path]]]) -> float:
    start = time.perf_counter()
    with zipfile.ZipFile(path) as pack:
        for entry in pack.infolist():
            one, two = sha256(), sha512()
            with pack.open(entry) as source:
                while slab := source.read(1 << 20):
                    one.update(slab)
                    two.update(slab)
    for key, data, files in opened:
        decryptor = Cobblestone256Decryptor(key, data)
        for file in files:
            with file.open("rb") as source:
                while slab := source.read(1 << 20):
                    decryptor.update(slab)
        decryptor.finalize()
    return time.perf_counter() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--bids", type=int, default=200)
    options.add_argument("--mib", type=float, default=1.0)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--folder", default=None)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, installation_in(Path(name), create_app, region="CN-51") as (_, watchers):
        case, session_name = a_closed_window(Cast(START, watchers, experts=0), chosen.bids, int(chosen.mib * 2**20))
        open_once(case, session_name)
        with transaction():
            # The evaluation is not measured here: the lot ends after its opening.
            projects.advance(projects.locked_lot(case.lot_id), Step.TERMINATE, actor="bench", at=case.at, reason="bench")
        pack = packing.seal(case.lot_id, actor="bench", at=case.at)
        path, opened = installation.files().path(pack.stored), ciphertexts(session_name)
        keys, log = watchers.keys, evidence.log_verifier_key()
        db.session.remove()
        ours, theirs = [], []
        for _ in range(chosen.runs):
            start = time.perf_counter()
            report = Verifier(Pack(path), log, keys, 2).run()
            ours.append(time.perf_counter() - start)
            if not report["ok"]:
                raise SystemExit(str([check for check in report["checks"] if not check["ok"]]))
            theirs.append(bare(path, opened))
        size = path.stat().st_size / 2**20
        print(f"{chosen.bids} bids, pack of {size:.0f} MiB: verified in {median(ours):.2f} s, bare hashing and decrypting {median(theirs):.2f} s, "
              f"ratio {median(theirs) / median(ours):.2f} (median of {chosen.runs})")


if __name__ == "__main__":
    main()

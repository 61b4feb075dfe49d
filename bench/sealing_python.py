"""How fast the Python half seals and unseals, beside plain AES-256-GCM and SHA-256.

``python bench/sealing_python.py [--gib 1] [--runs 5]``. The reference encrypts (or decrypts)
the same bytes with AES-256-GCM in slabs of 1 MiB and hashes them with SHA-256, one after the
other on one core, reading from the same kind of file and writing to the same kind of file.
The aim is a ratio of at least 0.8.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

from bidding.envelope import sealing  # noqa: E402
from tests.browser import desk as counter  # noqa: E402

SLAB = 1 << 20
OFFER = {"price_fen": 1, "days": 1, "quality": "", "statement": ""}


class OnDisk:
    """A file to be sealed."""

    def __init__(self, path: Path) -> None:
        self.name, self.size, self.path = path.name, path.stat().st_size, path

    def open(self) -> io.BufferedReader:
        return self.path.open("rb")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the wall clock, and of processor time in all threads."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - used


def slabs(path: Path, size: int) -> list[bytes] | object:
    source = path.open("rb")
    return iter(lambda: source.read(size), b"")


def plain_seal(source: Path, target: Path) -> None:
    """AES-256-GCM and SHA-256 of the same bytes, one core."""
    cipher, digest = AESGCM(bytes(32)), sha256()
    with target.open("wb") as out:
        for number, slab in enumerate(slabs(source, SLAB)):
            sealed = cipher.encrypt(number.to_bytes(12, "big"), slab, None)
            digest.update(sealed)
            out.write(sealed)


def plain_unseal(source: Path, target: Path) -> None:
    cipher, digest = AESGCM(bytes(32)), sha256()
    with target.open("wb") as out:
        for number, slab in enumerate(slabs(source, SLAB + 16)):
            digest.update(slab)
            out.write(cipher.decrypt(number.to_bytes(12, "big"), slab, None))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--gib", type=float, default=1.0)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--folder", default=None, help="where to work (a folder in memory takes the disk out of the comparison)")
    chosen = options.parse_args()
    session, _ = counter.a_session(max_bytes=2**40)
    seeds = counter.seeds(session)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ("seal", "plain seal", "unseal", "plain unseal")}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        base = Path(folder)
        source, sealed, opened, plain = (base / name for name in ("offer.bin", "sealed", "opened", "plain"))
        with source.open("wb") as out:
            for _ in range(int(chosen.gib * 1024)):
                out.write(os.urandom(SLAB))
        for _ in range(chosen.runs):
            box: list[sealing.Sealed] = []
            with sealed.open("wb") as out:
                seconds["seal"].append(timed(lambda: box.append(sealing.seal(session, counter.BIDDER, OFFER, [OnDisk(source)], out))))
            seconds["plain seal"].append(timed(lambda: plain_seal(source, plain)))
            header = box[0].header
            releases = [sealing.open_wrap(seed, header, i) for i, seed in enumerate(seeds[:3], 1)]

            def unseal() -> None:
                key, _ = sealing.recover(header, releases, box[0].kb)
                with opened.open("wb") as out:
                    sealing.unseal(header, key, slabs(sealed, SLAB), out)

            seconds["unseal"].append(timed(unseal))
            seconds["plain unseal"].append(timed(lambda: plain_unseal(plain, opened)))
    for ours in ("seal", "unseal"):
        mine, theirs = (median(wall for wall, _ in seconds[name]) for name in (ours, f"plain {ours}"))
        cpu = median(used for _, used in seconds[f"plain {ours}"]) / median(used for _, used in seconds[ours])
        rate = chosen.gib * 1024
        print(f"{ours:7} {rate / mine:6.0f} MiB/s  reference {rate / theirs:6.0f} MiB/s  ratio {theirs / mine:.2f}"
              f"  ({mine:.2f} s, {theirs:.2f} s, median of {chosen.runs}; processor time {cpu:.2f})")


if __name__ == "__main__":
    main()

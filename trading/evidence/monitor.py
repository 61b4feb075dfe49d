"""Watch a log from outside: keep every leaf seen, and cry out when the log is not what it was.

Needs no account and nothing of the platform's database: it reads checkpoints and tiles over HTTP
(c2sp.org/tlog-tiles) and keeps them in a folder of the watcher's own.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trading.evidence import tree, verify
from trading.evidence.tile_names import WIDTH, name

LARGEST = 64 * 1024
Fetch = Callable[[str], bytes]


class Alarm(Exception):
    """The log contradicts itself, or what was seen before; the text says how."""


@dataclass
class Kept:
    """What a watcher has seen of one log: its size, the peaks of its tree, the last checkpoint."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What one look found."""

    size: int
    before: int
    root: str
    witnessed: int
    pinned: bool
    #: What the log says of itself where it went on under another name since the look before.
    continued: tuple[str, ...] = ()


def over_http(root: str) -> Fetch:
    """Read from a platform at an address."""
    def fetch(path: str) -> bytes:
        request = urllib.request.Request(root.rstrip("/") + path, headers={"User-Agent": "mingtang-monitor"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            data: bytes = answer.read(LARGEST)
            return data
    return fetch


class Monitor:
    """One watched log. ``log_key`` and ``witness_keys`` come from outside the platform."""

    def __init__(self, folder: Path, fetch: Fetch, log_key: str = "", witness_keys: Sequence[str] = (), quorum: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._fetch, self._quorum = folder, fetch, quorum
        self._log_key, self._witness_keys = log_key, list(witness_keys)
        self.kept = self._read()

    def look(self) -> Report:
        """Fetch the newest checkpoint and all leaves up to it, check and keep them.

        Raises Alarm when a signature is wrong, the log shrank, two roots stand for one size, the
        leaves do not give the root, or too few witnesses signed.
        """
        key = self._log_key or json.loads(self._fetch("/api/v1/log/keys"))["log"]
        note = self._fetch("/log/checkpoint").decode()
        continued = self._follow(note, key)
        try:
            _origin, size, root = verify.parse_checkpoint(verify.check_log_note(note, key))
            times = [at for at in (verify.cosignature_time(note, witness) for witness in self._witness_keys) if at is not None]
        except (verify.Invalid, UnicodeDecodeError) as error:
            raise Alarm(f"the checkpoint is not signed as it should be: {error}") from None
        before = self.kept.size
        if size < before:
            raise Alarm(f"the log shrank from {before} to {size} leaves: it was restored or cut")
        leaves = self._leaves(before, size)
        peaks = list(self.kept.peaks)
        for number, leaf in enumerate(leaves, before):
            peaks, _nodes = tree.append_leaf(number, peaks, leaf)
        if tree.root_of(peaks) != root:
            raise Alarm(f"the log of {size} leaves does not follow from the {before} leaves that were seen: it was rewritten or forked")
        if len(times) < self._quorum:
            raise Alarm(f"{len(times)} of {self._quorum} witnesses have signed the checkpoint of {size} leaves")
        self._keep(Kept(size, peaks, note), leaves)
        return Report(size, before, root.hex(), len(times), bool(self._log_key), continued)

    def _follow(self, note: str, key: str) -> tuple[str, ...]:
        """Where the log goes on under another name: check that it owns up to all that was seen, and begin a memory of its own for it."""
        now, before = (verify.split_origin(text.partition("\n")[0])[1] for text in (note, self.kept.note or note))
        if now == before:
            return ()
        try:
            if now != before + 1:
                raise verify.Invalid(f"it went from its name {before} to {now}; what lies between was not seen")
            document = verify.loose_json(self._fetch("/log/continuation.json"))
            found = verify.check_continuation(document, key, self._witness_keys, self._quorum)
        except verify.Invalid as error:
            raise Alarm(f"the log goes on under another name without a reason that holds: {error}") from None
        if found.number != now:
            raise Alarm("the log goes on under another name than it announces")
        _origin, size, root = verify.parse_checkpoint(verify.split_note(self.kept.note)[0])
        seen = dict(found.seen)
        if size > max(seen) or seen.get(size, root) != root or found.restored[0] == size and found.restored[1] != root:
            raise Alarm(f"the log goes on under another name and hides entries: {size} were seen here")
        folder = self._folder / f"before-{now}"
        folder.mkdir(exist_ok=True)
        for name in ("leaves.bin", "checkpoints.txt", "state.json"):
            if (self._folder / name).exists():
                (self._folder / name).replace(folder / name)
        # Its first leaf is what was announced: from here on the new tree is held to it.
        leaf = verify.leaf_hash(verify.tagged("leaf", verify.unhex(document["nonce"]) + verify.canonical(document["event"])))
        self.kept = Kept()
        self._keep(Kept(1, [leaf], document["note"]), [leaf])
        return (found.told(),)

    def _leaves(self, first: int, end: int) -> list[bytes]:
        """Hashes of the leaves from ``first`` to before ``end``, checked against nothing yet."""
        found: list[bytes] = []
        for tile in range(first // WIDTH, -(-end // WIDTH)):
            width = min(WIDTH, end - tile * WIDTH)
            data = self._fetch(f"/log/tile/0/{name(tile, width)}")
            if len(data) != 32 * width:
                raise Alarm(f"tile {tile} has {len(data)} bytes where {32 * width} were signed for")
            start = max(first - tile * WIDTH, 0)
            found += [data[32 * i:32 * i + 32] for i in range(start, width)]
        return found

    # --- what is kept ------------------------------------------------------------------------------

    def _read(self) -> Kept:
        path = self._folder / "state.json"
        if not path.exists():
            return Kept()
        state = json.loads(path.read_text("utf-8"))
        return Kept(state["size"], [bytes.fromhex(peak) for peak in state["peaks"]], state["note"])

    def _keep(self, kept: Kept, leaves: list[bytes]) -> None:
        """Leaves first, then the state that counts them: a crash in between loses no leaf twice."""
        with (self._folder / "leaves.bin").open("r+b" if (self._folder / "leaves.bin").exists() else "w+b") as out:
            out.truncate(32 * self.kept.size)
            out.seek(32 * self.kept.size)
            out.write(b"".join(leaves))
            out.flush()
            os.fsync(out.fileno())
        if kept.note != self.kept.note:
            with (self._folder / "checkpoints.txt").open("a", encoding="utf-8") as history:
                history.write(kept.note + "\n")
        state = {"size": kept.size, "peaks": [peak.hex() for peak in kept.peaks], "note": kept.note}
        temporary = self._folder / "state.new"
        with temporary.open("w", encoding="utf-8") as out_state:
            json.dump(state, out_state)
            out_state.flush()
            os.fsync(out_state.fileno())
        temporary.replace(self._folder / "state.json")
        self.kept = kept


def watch(monitor: Monitor, say: Callable[[dict[str, Any]], None], *, every: float) -> None:
    """Look again and again until an Alarm; an address that does not answer is asked again."""
    while True:
        try:
            found = monitor.look()
            say({"ok": True, "size": found.size, "new": found.size - found.before, "root": found.root, "witnessed": found.witnessed,
                 "continued": found.continued})
        except (OSError, urllib.error.URLError, ValueError) as error:
            say({"ok": None, "unreachable": type(error).__name__})
        time.sleep(every)

"""What anybody may take home, each file with its hash: the verifiers, and the tools that seal and release without a network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from bidding.trustees import tools as built
from trading.archive.verifier import PAGE, html_verifier
from trading.evidence import verify

PROGRAM = "verify.py"


@dataclass(frozen=True)
class HandedOut:
    """One file as it is handed out."""

    name: str
    data: bytes

    @property
    def kilobytes(self) -> int:
        return round(len(self.data) / 1024)

    @cached_property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def verifiers() -> dict[str, HandedOut]:
    """The verifiers that this installation can hand out, by name; the page is missing where the assets were not built."""
    page = html_verifier()
    found = [HandedOut(PAGE, page)] if page is not None else []
    found.append(HandedOut(PROGRAM, Path(verify.__file__).read_bytes()))
    return {item.name: item for item in found}


def tools() -> dict[str, HandedOut]:
    """The tools that were built, by name."""
    found = {name: built.built(name) for name in (built.SEAL, built.TRUSTEE)}
    return {name: HandedOut(name, data) for name, data in found.items() if data is not None}


def published() -> datetime | None:
    """Since when the log names these very hashes; None before the first session that was opened with them.

    Not under which number: while bids are filed, the log's growth would let them be counted.
    """
    entry = built.last_published()
    return entry.at if entry is not None and entry.event is not None and entry.event["sha256"] == built.hashes() else None

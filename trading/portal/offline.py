"""The verifiers that anybody may take home: a page for the browser and a program for Python, each with its hash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from trading.archive.verifier import PAGE, html_verifier
from trading.evidence import verify

PROGRAM = "verify.py"


@dataclass(frozen=True)
class Verifier:
    """One file as it is handed out."""

    name: str
    data: bytes

    @property
    def kilobytes(self) -> int:
        return round(len(self.data) / 1024)

    @cached_property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def verifiers() -> dict[str, Verifier]:
    """Those that this installation can hand out, by name; the page is missing where the assets were not built."""
    page = html_verifier()
    found = [Verifier(PAGE, page)] if page is not None else []
    found.append(Verifier(PROGRAM, Path(verify.__file__).read_bytes()))
    return {item.name: item for item in found}

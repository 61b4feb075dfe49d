"""Files under random names in one folder, written so that a crash leaves all or nothing.

A name says nothing about what is inside or whose it is. Readers get a stream; nothing is
held in memory whole.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from trading.base.errors import Refused

CHUNK = 1 << 20
LONGEST_NAME = 180
_FORBIDDEN = frozenset("/\\") | {chr(code) for code in (*range(32), 127, 0x200E, 0x200F, *range(0x202A, 0x202F),
                                                        *range(0x2066, 0x206A))}


def file_name(name: str) -> str:
    """The name of an uploaded file as it may be kept. Raises Refused ``form.file_name``.

    No path, no control or direction-changing character, at most 180 bytes: such names
    deceive people or leave the folder that they are saved to.
    """
    if not name or name.startswith(".") or set(name) & _FORBIDDEN or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
        raise Refused("form.file_name", name="".join(c for c in name if c.isprintable())[:60])
    return name


class Files:
    """The file store of one installation (a local folder)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        if not name.isalnum() or len(name) != 40:
            raise ValueError("not a name of this store")
        return self.root / name[:2] / name

    def put(self, chunks: Iterable[bytes]) -> tuple[str, int, str]:
        """Store the chunks durably; returns (name, bytes, SHA-256 in hex)."""
        name = secrets.token_hex(20)
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size, temporary = sha256(), 0, path.with_suffix(".part")
        try:
            with temporary.open("wb") as out:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            temporary.rename(path)
            _sync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return name, size, digest.hexdigest()

    def put_bytes(self, data: bytes) -> tuple[str, int, str]:
        return self.put([data])

    def open(self, name: str) -> BinaryIO:
        return self.path(name).open("rb")

    def read(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def chunks(self, name: str) -> Iterator[bytes]:
        with self.open(name) as source:
            while chunk := source.read(CHUNK):
                yield chunk

    def size(self, name: str) -> int:
        return self.path(name).stat().st_size

    def discard(self, name: str) -> None:
        """Remove a file; harmless when it is gone already."""
        self.path(name).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Files under random names in one folder, written so that a crash leaves all or nothing.

A name says nothing about what is inside or whose it is. Readers get a stream; nothing is
held in memory whole.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from hashlib import file_digest, sha256
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
    """The file store of one installation: a local folder and, where there is one, a second folder on another disk.

    The second is written with the first, and only read when a file of the first is missing or
    not what its hash says. Where the second cannot be written, the first goes on alone, and
    ``on_trouble`` hears of it: a bid is not turned away because a spare disk is full.
    """

    def __init__(self, root: Path, replica: Path | None = None, on_trouble: Callable[[OSError], None] = lambda _error: None) -> None:
        self.root, self.replica = root, replica
        self._on_trouble = on_trouble

    def path(self, name: str) -> Path:
        return _place(self.root, name)

    def put(self, chunks: Iterable[bytes]) -> tuple[str, int, str]:
        """Store the chunks durably; returns (name, bytes, SHA-256 in hex)."""
        name, digest, size = secrets.token_hex(20), sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        _write(self.path(name), counted())
        if self.replica is not None:
            try:
                _write(_place(self.replica, name), self.chunks(name))
            except OSError as error:
                self._on_trouble(error)
        return name, size, digest.hexdigest()

    def is_stored(self, name: str, digest: str) -> bool:
        """Whether a file is there and is what ``digest`` (SHA-256 in hex) says."""
        return _is(self.path(name), digest)

    def mend(self, name: str, digest: str) -> bool:
        """Put a file back from the second folder if the first lacks it or holds something else.

        Returns whether it had to be and could be; the copy is believed only if it is what ``digest``
        (SHA-256 in hex) says.
        """
        if self.replica is None or _is(self.path(name), digest) or not _is(_place(self.replica, name), digest):
            return False
        with _place(self.replica, name).open("rb") as source:
            _write(self.path(name), iter(lambda: source.read(CHUNK), b""))
        return True

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
        if self.replica is not None:
            try:
                _place(self.replica, name).unlink(missing_ok=True)
            except OSError as error:
                self._on_trouble(error)

    def free_bytes(self) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free


def _place(root: Path, name: str) -> Path:
    if not name.isalnum() or len(name) != 40:
        raise ValueError("not a name of this store")
    return root / name[:2] / name


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    try:
        with temporary.open("wb") as out:
            for chunk in chunks:
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        temporary.rename(path)
        _sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _is(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as source:
            return file_digest(source, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

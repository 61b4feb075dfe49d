"""Boxes: values that the database must not show, encrypted with a key kept beside it.

AES-256-GCM with a random nonce and the place of the value as associated data, so that a
box cannot be moved to another row. ``tag`` gives a keyed fingerprint for finding equal
values without showing them. The key is a file, never in the database or its backups.
"""

from __future__ import annotations

import hmac
import json
import secrets
from hashlib import blake2b, sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand


class BoxDamaged(Exception):
    """The box was altered, moved, or made with another key."""


class Boxes:
    """Closes and opens boxes of one installation."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(HKDFExpand(SHA256(), 32, b"mingtang/v1/box").derive(key))
        self._tag = HKDFExpand(SHA256(), 32, b"mingtang/v1/tag").derive(key)
        self._row = HKDFExpand(SHA256(), 32, b"mingtang/v1/row").derive(key)

    def close(self, value: Any, place: str, *, pad: int = 0, step: int = 1) -> bytes:
        """Box a JSON value for one place; its length is hidden up to ``pad`` bytes, or up to
        the next multiple of ``step``."""
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        plain += b" " * max(0, pad - len(plain), -len(plain) % step)
        nonce = secrets.token_bytes(12)
        return nonce + self._aead.encrypt(nonce, plain, place.encode())

    def open(self, box: bytes, place: str) -> Any:
        try:
            return json.loads(self._aead.decrypt(box[:12], box[12:], place.encode()))
        except (InvalidTag, ValueError) as error:
            raise BoxDamaged(place) from error

    def tag(self, *values: str) -> str:
        """A keyed fingerprint of the values, equal for equal values, 32 hex digits."""
        joined = b"".join(len(v.encode()).to_bytes(4, "big") + v.encode() for v in values)
        return hmac.new(self._tag, joined, sha256).hexdigest()[:32]

    def fingerprint(self, data: bytes, size: int) -> bytes:
        """A keyed fingerprint of bytes (BLAKE2b, RFC 7693), ``size`` bytes long: who lacks the key cannot make it."""
        return blake2b(data, key=self._row, digest_size=size).digest()

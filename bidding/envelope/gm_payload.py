"""The payload under SM4: Cobblestone's framing with the national algorithms.

16 KiB chunks of AEAD_SM4_GCM (RFC 8998) behind a salt and a key commitment, keys by
HKDF-Expand-SM3. The classes answer as ``cryptography.cobblestone`` does: nothing that
``update`` gave may be used before ``finalize`` returned.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from bidding.envelope import gm

CHUNK, TAG, SALT, HEAD = 16 * 1024, 16, 24, 24 + 32
NAME = b"mingtang/v1/chunked-encryption+HKDF_SM3+AEAD_SM4_GCM\0"


class _Chunks:
    """Keys of one message and the number of the next chunk."""

    def __init__(self, key: bytes, context: bytes, salt: bytes) -> None:
        if len(key) != 32:
            raise ValueError("a payload key is 32 bytes long")
        made = gm.expand(key, NAME + salt + context, 16 + 12 + 32)
        self._sm4, self._base, self.commitment = SM4(made[:16]), int.from_bytes(made[16:28], "big"), made[28:]
        self._number = 0

    def _nonce(self) -> bytes:
        nonce = (self._base ^ self._number).to_bytes(12, "big")
        self._number += 1
        return nonce

    def encrypt(self, plain: bytes) -> bytes:
        cipher = Cipher(self._sm4, GCM(self._nonce())).encryptor()
        return cipher.update(plain) + cipher.finalize() + cipher.tag

    def decrypt(self, sealed: bytes) -> bytes:
        if len(sealed) < TAG:
            raise InvalidTag
        cipher = Cipher(self._sm4, GCM(self._nonce(), sealed[-TAG:])).decryptor()
        return cipher.update(sealed[:-TAG]) + cipher.finalize()


class Sm4Encryptor:
    """Encrypts a stream. ``salt`` is given by vectors only."""

    def __init__(self, key: bytes, context: bytes, salt: bytes | None = None) -> None:
        salt = salt or secrets.token_bytes(SALT)
        self._chunks = _Chunks(key, context, salt)
        self._head, self._waiting = salt + self._chunks.commitment, b""

    def update(self, data: bytes) -> bytes:
        waiting, made = self._waiting + data, [self._head]
        whole = len(waiting) // CHUNK * CHUNK
        made += [self._chunks.encrypt(waiting[at:at + CHUNK]) for at in range(0, whole, CHUNK)]
        self._head, self._waiting = b"", waiting[whole:]
        return b"".join(made)

    def finalize(self) -> bytes:
        """The last chunk, which is always shorter than the others and may be empty."""
        return self._head + self._chunks.encrypt(self._waiting)


class Sm4Decryptor:
    """Decrypts a stream. Raises InvalidTag for a message altered, cut, or of another key or context."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._key, self._context = key, context
        self._chunks: _Chunks | None = None
        self._waiting = b""

    def update(self, data: bytes) -> bytes:
        self._waiting += data
        if self._chunks is None:
            if len(self._waiting) < HEAD:
                return b""
            self._chunks = _Chunks(self._key, self._context, self._waiting[:SALT])
            if not compare_digest(self._chunks.commitment, self._waiting[SALT:HEAD]):
                raise InvalidTag
            self._waiting = self._waiting[HEAD:]
        waiting, size = self._waiting, CHUNK + TAG
        whole = len(waiting) // size * size
        made = [self._chunks.decrypt(waiting[at:at + size]) for at in range(0, whole, size)]
        self._waiting = waiting[whole:]
        return b"".join(made)

    def finalize(self) -> bytes:
        if self._chunks is None:
            raise InvalidTag
        return self._chunks.decrypt(self._waiting)

"""Keys of the sealing protocol: hashes, derivation, threshold shares, wrapping, signatures.

Bytes in, bytes out. docs/protocol.md sections 1 and 2 describe each format; the browser
half is ``bidding/sealed/static/seal.js``, held to the same vectors in tests/vectors.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256, shake_256

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.hpke import (
    AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trading.base.errors import Refused

PUBLIC_KEY_BYTES = 1184 + 32
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 under a tag, so that a hash made for one purpose is useless for another."""
    return sha256(b"mingtang/v1/" + tag.encode() + b"\0" + data).digest()


def derive(material: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-512 without salt, info prefixed by the protocol's name (RFC 5869)."""
    return HKDF(SHA512(), length, None, b"mingtang/v1/" + info).derive(material)


# --- a trustee's keys --------------------------------------------------------------------


def pre_key_seed(root: bytes, number: int) -> bytes:
    """Seed of a trustee's pre-key ``number``; giving it away opens that one session only."""
    return derive(root, b"trustee\0" + number.to_bytes(4, "big"), 32)


def private_key(seed: bytes) -> MLKEM768X25519PrivateKey:
    """The X-Wing key of a seed (draft-connolly-cfrg-xwing-kem, key expansion by SHAKE256)."""
    expanded = shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:]))


def public_key(seed: bytes) -> bytes:
    """1,216 bytes: ML-KEM-768 key, then X25519 key."""
    expanded = shake_256(seed).digest(96)
    kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return kem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()


def wrap(recipient: bytes, info: bytes, plain: bytes) -> bytes:
    """HPKE base mode, single shot: encapsulated key followed by ciphertext (RFC 9180)."""
    if len(recipient) != PUBLIC_KEY_BYTES:
        raise Refused("seal.key_length")
    key = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(recipient[:1184]), X25519PublicKey.from_public_bytes(recipient[1184:]))
    return _SUITE.encrypt(plain, key, info)


def unwrap(seed: bytes, info: bytes, wrapped: bytes) -> bytes:
    """Open a wrap made for the key of ``seed``. Raises Refused ``seal.wrap_damaged``."""
    try:
        return _SUITE.decrypt(wrapped, private_key(seed), info)
    except (InvalidTag, ValueError):
        raise Refused("seal.wrap_damaged") from None


# --- threshold shares: Shamir over GF(256), field polynomial 0x11b ------------------------

_EXP = [0] * 510
_LOG = [0] * 256
_value = 1
for _power in range(255):
    _EXP[_power] = _EXP[_power + 255] = _value
    _LOG[_value] = _power
    _value ^= (_value << 1) ^ (0x11B if _value & 0x80 else 0)


def _weight(x: int, others: Sequence[int], at: int) -> int:
    top = bottom = 0
    for other in others:
        if other == at:
            return 0
        top += _LOG[other ^ at]
        bottom += _LOG[other ^ x]
    return _EXP[(top - bottom) % 255]


def interpolate(points: Mapping[int, bytes], at: int) -> bytes:
    """Value at ``at`` of the lowest polynomial through the points, byte by byte."""
    if at in points:
        return points[at]
    result = bytearray(len(next(iter(points.values()))))
    for x, value in points.items():
        weight = _weight(x, [other for other in points if other != x], at)
        for position, byte in enumerate(value):
            if byte and weight:
                result[position] ^= _EXP[_LOG[byte] + _LOG[weight]]
    return bytes(result)


def split(secret: bytes, k: int, n: int) -> dict[int, bytes]:
    """Deal ``n`` shares of which any ``k`` give the secret and fewer say nothing about it."""
    if not 1 <= k <= n <= 255:
        raise ValueError("impossible threshold")
    points = {0: secret} | {x: secrets.token_bytes(len(secret)) for x in range(1, k)}
    return {x: interpolate(points, x) for x in range(1, n + 1)}


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The secret behind at least k shares."""
    return interpolate(shares, 0)


# --- signatures ---------------------------------------------------------------------------


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def withdrawal(session: str, digest: str) -> bytes:
    """What a bidder signs to withdraw one bid from one session (docs/protocol.md, 2.5): nobody else can take it out."""
    return b"mingtang/v1/withdraw\0" + bytes.fromhex(session) + bytes.fromhex(digest)


def message(kind: str, data: bytes) -> bytes:
    """What is signed of a document of one kind: the kind goes before it, so that no signature serves for another."""
    return b"mingtang/v1/" + kind.encode() + b"\0" + data

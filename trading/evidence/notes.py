"""Checkpoints of the evidence log as C2SP signed notes, with witness cosignatures.

A note is text, an empty line, and signature lines. Our log signs with Ed25519 (type
0x01, c2sp.org/signed-note); log and witnesses cosign with a time, by Ed25519 (type 0x04) and by
ML-DSA-44 (type 0x06), which a quantum computer does not break (c2sp.org/tlog-cosignature, FIPS 204).
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from trading.evidence.verify import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    cosigned_message,
    cosigned_message_pq,
    key_hash,
    raw_public_key,
)


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The three lines that a log signs (c2sp.org/tlog-checkpoint)."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


@lru_cache(maxsize=32)
def signer(seed: bytes, purpose: str) -> Ed25519PrivateKey:
    """The Ed25519 key for one purpose, derived from an installation key of 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(sha256(b"mingtang/v1/" + purpose.encode() + b"\0" + seed).digest())


def signer_pq(seed: bytes, purpose: str) -> MLDSA44PrivateKey:
    """The ML-DSA-44 key for one purpose, derived from the same installation key."""
    return MLDSA44PrivateKey.from_seed_bytes(sha256(b"mingtang/v1/" + purpose.encode() + b"-ml-dsa-44\0" + seed).digest())


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The whole note: text, empty line, our signature line."""
    return text + "\n" + _line(name, key_hash(name, ED25519, raw_public_key(key)), key.sign(text.encode()))


def cosign(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """A witness's signature line over a checkpoint it found consistent at ``seconds`` UTC."""
    signature = seconds.to_bytes(8, "big") + key.sign(cosigned_message(text, seconds))
    return _line(name, key_hash(name, COSIGNATURE, raw_public_key(key)), signature)


def cosign_pq(text: str, name: str, key: MLDSA44PrivateKey, seconds: int) -> str:
    """The same by ML-DSA-44; the signed message names the signer too."""
    public = key.public_key().public_bytes_raw()
    signature = seconds.to_bytes(8, "big") + key.sign(cosigned_message_pq(name, text, seconds))
    return _line(name, key_hash(name, ML_DSA_44, public), signature)


def verifier_key(name: str, kind: int, public: bytes) -> str:
    """How a key is handed to those who check: name+hash+base64 (c2sp.org/signed-note)."""
    return f"{name}+{key_hash(name, kind, public).hex()}+{b64encode(bytes([kind]) + public).decode()}"


def _line(name: str, keyhash: bytes, signature: bytes) -> str:
    return f"— {name} {b64encode(keyhash + signature).decode()}\n"

"""Which algorithms seal a bid: the suite that its session fixes, and nobody negotiates.

A suite says how the seal itself is made: its hash and derivation, its wraps, its payload.
Names (of sessions, amendments, bids), hashes of parts and files, and the signatures of the
centre, the key holders and the bidders are those of docs/protocol.md section 1 in every
suite, because the log, the receipt and the archive must be read without knowing it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from bidding.envelope import gm, keys
from bidding.envelope.gm_payload import Sm4Decryptor, Sm4Encryptor
from trading.base.errors import Refused, Said

INTL_1, GM_1, GM_HYBRID = "intl-1", "gm-1", "gm-hybrid"
NAMES = (INTL_1, GM_1, GM_HYBRID)
#: What a page says beside a suite of the national algorithms while the shipped provider computes it.
NOT_CERTIFIED = Said("非商密认证", "not certified as commercial cryptography")

RELEASE_BYTES = 66
# An HPKE wrap of 66 bytes: encapsulated key, then text and tag.
_HPKE_BYTES = 1120 + RELEASE_BYTES + 16


class Cipher(Protocol):
    """One direction of a payload."""

    def update(self, data: bytes) -> bytes: ...

    def finalize(self) -> bytes: ...


@dataclass(frozen=True)
class Suite:
    """The algorithms of one suite. ``ch`` is the hash of the bid's context."""

    name: str
    #: (tag, data): a hash for one purpose.
    hash: Callable[[str, bytes], bytes]
    #: (material, info, length): key derivation.
    derive: Callable[[bytes, bytes, int], bytes]
    #: (key, ch): the two directions of the payload.
    encryptor: Callable[[bytes, bytes], Cipher]
    decryptor: Callable[[bytes, bytes], Cipher]
    #: Of the seed of a pre-key.
    public_key: Callable[[bytes], bytes]
    #: Raises Refused ``seal.key_length`` or ``seal.key_point``.
    check_public_key: Callable[[bytes], None]
    #: (recipient, ch, i, release)
    wrap: Callable[[bytes, bytes, int, bytes], bytes]
    #: (seed, ch, i, wrapped). Raises Refused ``seal.wrap_damaged``.
    unwrap: Callable[[bytes, bytes, int, bytes], bytes]


def of(name: str, provider: gm.GmProvider = gm.OPENSSL) -> Suite:
    """The suite of this name, its SM2 by ``provider``. Raises Refused ``seal.suite``."""
    if name == INTL_1:
        return Suite(name, keys.tagged_hash, keys.derive, Cobblestone256Encryptor, Cobblestone256Decryptor,
                     keys.public_key, _check_x_wing, _wrap_x_wing, _unwrap_x_wing)
    if name == GM_1:
        sm2 = _Sm2(provider)
        return Suite(name, gm.tagged_hash, gm.derive, Sm4Encryptor, Sm4Decryptor,
                     sm2.public_key, sm2.check_public_key, sm2.wrap, sm2.unwrap)
    if name == GM_HYBRID:
        both = _Both(_Sm2(provider))
        return Suite(name, gm.tagged_hash, gm.derive, Sm4Encryptor, Sm4Decryptor,
                     both.public_key, both.check_public_key, both.wrap, both.unwrap)
    raise Refused("seal.suite", suite=name[:20])


def is_uncertified(name: str) -> bool:
    """Whether a page must say ``NOT_CERTIFIED`` beside this suite."""
    return name != INTL_1


# --- intl-1: X-Wing -----------------------------------------------------------------------


def share_info(ctx_hash: bytes, i: int) -> bytes:
    return b"mingtang/v1/share\0" + ctx_hash + bytes([i])


def _check_x_wing(public: bytes) -> None:
    if len(public) != keys.PUBLIC_KEY_BYTES:
        raise Refused("seal.key_length")


def _wrap_x_wing(recipient: bytes, ctx_hash: bytes, i: int, release: bytes) -> bytes:
    return keys.wrap(recipient, share_info(ctx_hash, i), release)


def _unwrap_x_wing(seed: bytes, ctx_hash: bytes, i: int, wrapped: bytes) -> bytes:
    return keys.unwrap(seed, share_info(ctx_hash, i), wrapped)


# --- gm-1: SM2 ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sm2:
    """SM2 takes no associated data, so the context's hash is wrapped along and compared at unwrapping."""

    provider: gm.GmProvider

    def public_key(self, seed: bytes) -> bytes:
        return self.provider.public_key(gm.private_key(seed))

    def check_public_key(self, public: bytes) -> None:
        if len(public) != gm.PUBLIC_KEY_BYTES:
            raise Refused("seal.key_length")
        if not gm.is_public_key(public):
            raise Refused("seal.key_point")

    def wrap(self, recipient: bytes, ctx_hash: bytes, i: int, release: bytes) -> bytes:
        self.check_public_key(recipient)
        return self.provider.wrap(recipient, ctx_hash + release)

    def unwrap(self, seed: bytes, ctx_hash: bytes, i: int, wrapped: bytes) -> bytes:
        gm.check_cipher(wrapped, len(ctx_hash) + RELEASE_BYTES)
        plain = self.provider.decrypt(gm.private_key(seed), wrapped)
        if len(plain) != len(ctx_hash) + RELEASE_BYTES or plain[:len(ctx_hash)] != ctx_hash:
            raise Refused("seal.wrap_damaged")
        return plain[len(ctx_hash):]


# --- gm-hybrid: both ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Both:
    """A release in two pads: X-Wing carries one, SM2 the other, and either alone is chance."""

    sm2: _Sm2

    def public_key(self, seed: bytes) -> bytes:
        return keys.public_key(seed) + self.sm2.public_key(seed)

    def check_public_key(self, public: bytes) -> None:
        _check_x_wing(public[:keys.PUBLIC_KEY_BYTES])
        self.sm2.check_public_key(public[keys.PUBLIC_KEY_BYTES:])

    def wrap(self, recipient: bytes, ctx_hash: bytes, i: int, release: bytes) -> bytes:
        a = secrets.token_bytes(len(release))
        b = _xor(a, release)
        x_wing, sm2 = recipient[:keys.PUBLIC_KEY_BYTES], recipient[keys.PUBLIC_KEY_BYTES:]
        return _wrap_x_wing(x_wing, ctx_hash, i, b) + self.sm2.wrap(sm2, ctx_hash, i, a)

    def unwrap(self, seed: bytes, ctx_hash: bytes, i: int, wrapped: bytes) -> bytes:
        a = self.sm2.unwrap(seed, ctx_hash, i, wrapped[_HPKE_BYTES:])
        b = _unwrap_x_wing(seed, ctx_hash, i, wrapped[:_HPKE_BYTES])
        return _xor(a, b)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(one, other, strict=True))

"""The national algorithms (国密): SM3, and SM2 through whoever is trusted to compute it.

SM3 (GB/T 32905) is the ``cryptography`` package's. SM2 (GB/T 32918) is in no maintained
Python package, so the provider that is shipped asks the OpenSSL command, 3.0 or newer. It
is not certified as commercial cryptography; a certified module (密码机, UKey) takes its
place by fulfilling ``GmProvider``. The browser half is ``bidding/sealed/static/gm.js``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from trading.base.errors import Refused

PUBLIC_KEY_BYTES = 65
#: The identity that GM/T 0009 section 10 gives to a signer who has none of its own.
SIGNER_ID = "1234567812345678"

# The recommended curve (GB/T 32918.5): y² = x³ - 3x + b modulo p, n points.
_P = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
_B = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
_N = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123

# Key files around the bare numbers: SubjectPublicKeyInfo (RFC 5480) and ECPrivateKey (RFC 5915)
# with the curve's name 1.2.156.10197.1.301 and no public key, which OpenSSL works out itself.
_CURVE = bytes.fromhex("06082a811ccf5501822d")
_PUBLIC = bytes.fromhex("3059301306072a8648ce3d0201") + _CURVE + bytes.fromhex("034200")
_PRIVATE, _PRIVATE_END = bytes.fromhex("30310201010420"), bytes.fromhex("a00a") + _CURVE


class GmProvider(Protocol):
    """Who computes SM2. Private keys are 32 bytes, or what the module knows its keys by."""

    def public_key(self, private: bytes) -> bytes:
        """65 bytes: 04, x, y."""

    def wrap(self, public: bytes, plain: bytes) -> bytes:
        """Encrypt to a key (GB/T 32918.4), written as SM2Cipher of GM/T 0009: C1, C3, C2."""

    def decrypt(self, private: bytes, wrapped: bytes) -> bytes:
        """Raises Refused ``seal.wrap_damaged``; a module that cannot answer ``suite.gm_unavailable``."""

    def sign(self, private: bytes, message: bytes) -> bytes:
        """SM2 with SM3 (GB/T 32918.2), written as SM2Signature of GM/T 0009."""

    def verify(self, public: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the key signed the message."""


# --- SM3 ----------------------------------------------------------------------------------


def sm3(data: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def tagged_hash(tag: str, data: bytes) -> bytes:
    """What ``keys.tagged_hash`` is, with SM3."""
    return sm3(b"mingtang/v1/" + tag.encode() + b"\0" + data)


def derive(material: bytes, info: bytes, length: int) -> bytes:
    """What ``keys.derive`` is, with HKDF-SM3 (RFC 5869 over GB/T 32905)."""
    return HKDF(SM3(), length, None, b"mingtang/v1/" + info).derive(material)


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand-SM3 alone, for a key that is uniform already."""
    return HKDFExpand(SM3(), length, info).derive(key)


# --- keys ---------------------------------------------------------------------------------


def private_key(seed: bytes) -> bytes:
    """The SM2 private key of a pre-key's seed, by rejection: the first candidate in 1 … n-2.

    About one candidate in 2**32 is thrown away, so nothing is reduced and nothing is biased.
    """
    return first_scalar(derive(seed, b"sm2\0" + bytes([attempt]), 32) for attempt in range(256))


def first_scalar(candidates: Iterable[bytes]) -> bytes:
    """The first that may be a private key (GB/T 32918.1, 6.1)."""
    return next(one for one in candidates if 1 <= int.from_bytes(one, "big") <= _N - 2)


def is_public_key(data: bytes) -> bool:
    """Whether these are the 65 bytes of a point of the curve (GB/T 32918.1, 6.2.1).

    Only public numbers are looked at, and only the curve's equation; whatever touches a
    private key is the provider's.
    """
    if len(data) != PUBLIC_KEY_BYTES or data[0] != 4:
        return False
    return _is_point(int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big"))


def _is_point(x: int, y: int) -> bool:
    return 0 <= x < _P and 0 <= y < _P and (y * y - x**3 + 3 * x - _B) % _P == 0


@asn1.sequence
class Sm2Cipher:
    """SM2Cipher of GM/T 0009: the point C1, the hash C3, the text C2."""

    x: int
    y: int
    c3: bytes
    c2: bytes


def check_cipher(wrapped: bytes, plain_bytes: int) -> None:
    """Require the one spelling of a ciphertext of so many bytes. Raises Refused ``seal.wrap_damaged``.

    OpenSSL reads other spellings too, and whoever could spell a wrap twice would have two
    headers for one bid.
    """
    try:
        found = asn1.decode_der(Sm2Cipher, wrapped)
    except ValueError:
        raise Refused("seal.wrap_damaged") from None
    # The reader is strict today, but its makers do not promise that it stays as it is.
    if asn1.encode_der(found) != wrapped or not _is_point(found.x, found.y) \
            or (len(found.c3), len(found.c2)) != (32, plain_bytes):
        raise Refused("seal.wrap_damaged")


# --- SM2 by the OpenSSL command --------------------------------------------------------------

# Annex of GB/T 32918.5: a private key, and "encryption standard" encrypted to it.
_KNOWN_KEY = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
_KNOWN_PLAIN = b"encryption standard"
_KNOWN_CIPHER = bytes.fromhex(
    "307c022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
    "042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766041321886ca989ca9c7d58087307ca93092d651efa")


@dataclass(frozen=True)
class OpenSsl:
    """SM2 by ``openssl`` 3.0 or newer. Not certified as commercial cryptography (非商密认证).

    Keys and texts go through pipes only: arguments are open to every process of the machine,
    and a file outlives a crash.
    """

    command: str = "openssl"

    def public_key(self, private: bytes) -> bytes:
        _once_tested(self)
        found = self._ask(["pkey", "-inform", "DER", "-pubout", "-outform", "DER", "-in"], _private_file(private))
        point = (found or b"").removeprefix(_PUBLIC)
        if not is_public_key(point):
            raise Refused("suite.gm_unavailable")
        return point

    def wrap(self, public: bytes, plain: bytes) -> bytes:
        if not is_public_key(public):
            raise Refused("seal.key_point")
        _once_tested(self)
        made = self._ask(["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey"], _PUBLIC + public, plain)
        if made is None:
            raise Refused("suite.gm_unavailable")
        check_cipher(made, len(plain))
        return made

    def decrypt(self, private: bytes, wrapped: bytes) -> bytes:
        _once_tested(self)
        plain = self._decrypt(private, wrapped)
        if plain is None:
            # The command says no in the same way to a bad ciphertext and when it is itself in
            # trouble, and only the former is the bidder's doing.
            _self_test(self)
            raise Refused("seal.wrap_damaged")
        return plain

    def sign(self, private: bytes, message: bytes) -> bytes:
        _once_tested(self)
        made = self._ask(["pkeyutl", "-sign", *_AS_SM3, "-keyform", "DER", "-inkey"], _private_file(private), message)
        if made is None:
            raise Refused("suite.gm_unavailable")
        return made

    def verify(self, public: bytes, signature: bytes, message: bytes) -> bool:
        if not is_public_key(public):
            return False
        _once_tested(self)
        command = ["pkeyutl", "-verify", *_AS_SM3, "-pubin", "-keyform", "DER"]
        if self._ask([*command, "-inkey"], _PUBLIC + public, message, signature) is not None:
            return True
        _self_test(self)
        return False

    def _decrypt(self, private: bytes, wrapped: bytes) -> bytes | None:
        return self._ask(["pkeyutl", "-decrypt", "-keyform", "DER", "-inkey"], _private_file(private), wrapped)

    def _ask(self, arguments: list[str], key: bytes, data: bytes = b"", signature: bytes = b"") -> bytes | None:
        """What the command answers, or None if it refuses. ``arguments`` end where the key's file is named."""
        pipes = [_filled_pipe(key), _filled_pipe(signature)]
        try:
            command = [self.command, *arguments, f"/dev/fd/{pipes[0]}"]
            if signature:
                command += ["-sigfile", f"/dev/fd/{pipes[1]}"]
            done = subprocess.run(command, input=data, capture_output=True, pass_fds=pipes, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            raise Refused("suite.gm_unavailable") from None
        finally:
            for pipe in pipes:
                os.close(pipe)
        return done.stdout if done.returncode == 0 else None


_AS_SM3 = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{SIGNER_ID}")


def _private_file(private: bytes) -> bytes:
    if len(private) != 32:
        raise Refused("seal.key_length")
    return _PRIVATE + private + _PRIVATE_END


def _filled_pipe(data: bytes) -> int:
    """The reading end of a pipe that holds ``data`` (at most some hundred bytes, which any pipe takes)."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as out:
        out.write(data)
    return reader


def _self_test(provider: OpenSsl) -> None:
    """The example of the standard, so that a command without SM2 is found out before a bid meets it."""
    if provider._decrypt(_KNOWN_KEY, _KNOWN_CIPHER) != _KNOWN_PLAIN:
        raise Refused("suite.gm_unavailable")


@lru_cache
def _once_tested(provider: OpenSsl) -> None:
    _self_test(provider)


OPENSSL = OpenSsl()

"""The recovery file: a bidder's half KB under a passphrase, to be kept apart from the device.

The browser half is ``bidding/sealed/static/recovery.js``; docs/protocol.md has the format.
"""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from bidding.envelope import documents
from trading.base.errors import Refused

TYPE = "mingtang-recovery"
KDF_NAME = "PBKDF2-HMAC-SHA-256"
ITERATIONS = 600_000
# More would let a forged file keep a machine busy for minutes.
MOST_ITERATIONS = 10_000_000
SHORTEST_PASSPHRASE = 12

RECOVERY = {"v": documents.INT, "type": documents.TEXT, "session": documents.HEX32, "bid_digest": documents.HEX32,
            "kdf": documents.DICT, "nonce": documents.B64, "box": documents.B64}
KDF = {"name": documents.TEXT, "iterations": documents.INT, "salt": documents.B64}


@dataclass(frozen=True)
class Recovered:
    """The half that a recovery file holds, and which bid of which session it belongs to."""

    session: str
    digest: str
    kb: bytes


def make(passphrase: str, session: str, digest: str, kb: bytes, *, salt: bytes | None = None,
         nonce: bytes | None = None) -> bytes:
    """The recovery file of one bid. ``salt`` and ``nonce`` are given by vectors only.

    Raises Refused ``recovery.passphrase_short`` or ``seal.half_wrong``.
    """
    if len(unicodedata.normalize("NFC", passphrase)) < SHORTEST_PASSPHRASE:
        raise Refused("recovery.passphrase_short", least=SHORTEST_PASSPHRASE)
    if len(kb) != 32:
        raise Refused("seal.half_wrong")
    salt, nonce = salt or secrets.token_bytes(16), nonce or secrets.token_bytes(12)
    document = {"v": documents.VERSION, "type": TYPE, "session": session, "bid_digest": digest,
                "nonce": b64encode(nonce).decode(),
                "kdf": {"name": KDF_NAME, "iterations": ITERATIONS, "salt": b64encode(salt).decode()}}
    box = AESGCM(_key(passphrase, salt, ITERATIONS)).encrypt(nonce, kb, documents.encode(document))
    return documents.encode(document | {"box": b64encode(box).decode()})


def read(passphrase: str, data: bytes) -> Recovered:
    """Open a recovery file. A wrong passphrase and a damaged file look alike.

    Raises Refused ``seal.document`` or ``recovery.not_opened``.
    """
    document = documents.shaped(documents.decode(data), RECOVERY, "recovery")
    kdf = documents.shaped(document["kdf"], KDF, "recovery.kdf")
    salt, nonce, box = (documents.binary(text, "recovery") for text in (kdf["salt"], document["nonce"], document["box"]))
    if (document["v"], document["type"], kdf["name"]) != (documents.VERSION, TYPE, KDF_NAME) \
            or not ITERATIONS <= kdf["iterations"] <= MOST_ITERATIONS \
            or (len(salt), len(nonce), len(box)) != (16, 12, 48):
        raise Refused("seal.document", place="recovery")
    bound: dict[str, Any] = {name: value for name, value in document.items() if name != "box"}
    try:
        kb = AESGCM(_key(passphrase, salt, kdf["iterations"])).decrypt(nonce, box, documents.encode(bound))
    except InvalidTag:
        raise Refused("recovery.not_opened") from None
    return Recovered(document["session"], document["bid_digest"], kb)


def _key(passphrase: str, salt: bytes, iterations: int) -> bytes:
    material = unicodedata.normalize("NFC", passphrase).encode()
    return PBKDF2HMAC(SHA256(), 32, salt, iterations).derive(material)

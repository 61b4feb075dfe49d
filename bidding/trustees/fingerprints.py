"""A public key as eight words that people can compare by ear or on paper. Pure.

80 bits of a hash, ten for each word of SLIP-39's list of 1,024: enough that nobody finds a second key
with the same words, short enough to be printed in a notice.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from shamir_mnemonic.wordlist import WORDLIST

from trading.evidence.verify import tagged


def words(public: bytes) -> str:
    """The eight words of a key."""
    number = int.from_bytes(tagged("fingerprint", public)[:10], "big")
    return " ".join(WORDLIST[number >> 10 * place & 1023] for place in range(7, -1, -1))


def of_session(document: dict[str, Any], centre_key: str) -> list[tuple[str, str]]:
    """The centre's words (its name left empty) and those of each key holder of a session, to be compared with the notice."""
    return [("", words(bytes.fromhex(centre_key))), *((t["org"], words(b64decode(t["sig_key"]))) for t in document["trustees"])]

"""The unified social credit code (统一社会信用代码), GB 32100-2015."""

from __future__ import annotations

import unicodedata

from trading.base.errors import Refused

# The 31 characters of GB 32100 (no I, O, S, V, Z) and the weights 3**i mod 31.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_character(first17: str) -> str:
    """The eighteenth character, C18 = 31 - (sum of Ci*Wi mod 31), 31 read as 0."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(first17, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def credit_code(text: str) -> str:
    """Read a code as people type it and return its 18 characters. Raises Refused ``party.code``."""
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if len(code) != 18 or any(c not in ALPHABET for c in code) or not code[2:8].isdigit() \
            or check_character(code[:17]) != code[17]:
        raise Refused("party.code", code=code[:20])
    return code

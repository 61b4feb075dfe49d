"""Open one sealed bid from what was released, and say what became of it. Pure but for a folder to work in.

The outcomes are those of docs/protocol.md, section 2.8; whose fault each is stands in rules.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bidding.envelope import sealing
from bidding.opening import rules
from trading.base.errors import Refused


@dataclass(frozen=True)
class Unsealed:
    """What became of one bid: its outcome, its contents if it opened, holders to whom a share was dealt wrongly."""

    outcome: str
    contents: sealing.Contents | None = None
    wrong: tuple[int, ...] = ()


def unseal(header: dict[str, Any], shares: Sequence[bytes], kb: bytes | None, payload: Iterable[bytes], plain: Path) -> Unsealed:
    """Open one bid to ``plain``, which may be used only when the outcome is ``opened``.

    ``shares`` are the released 66 bytes, ``kb`` the bidder's half or None when it was not given,
    ``payload`` the stored ciphertext, whose file may be missing. ``shares_short`` means: too few fit so far.
    """
    if header["policy"] != "T" and kb is None:
        return Unsealed("half_missing")
    wrong: list[int] = []
    try:
        key, wrong = sealing.recover(header, shares, kb or b"")
        with plain.open("wb") as out:
            sealing.unseal(header, key, payload, out)
        return Unsealed("opened", sealing.read_contents(plain, header), tuple(wrong))
    except FileNotFoundError:
        return Unsealed("payload_damaged", wrong=tuple(wrong))
    except Refused as refusal:
        return Unsealed(rules.OF_REFUSAL[refusal.reason], wrong=tuple(wrong))

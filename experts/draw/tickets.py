"""Tickets of the expert draw: from sealed contributions to one fixed order of all experts.

Nobody who knows fewer than all contributions can tell the seed, and anyone who knows the
published values can work out every ticket again. Integers and SHA-256 only: no floats, no
remainders, so no bias. Eids, roots, seeds and contributions are standard Base64 in documents.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from trading.base.errors import Refused

#: Fewer independent organisations would leave too few whose honesty is enough.
FEWEST_CONTRIBUTORS = 3
BYTES = 32


@dataclass(frozen=True)
class Row:
    """One expert in the frozen pool: no name, only what the strata and caps look at."""

    eid: str
    w: int
    regions: tuple[str, ...]
    specs: tuple[str, ...]
    employer: str

    def __post_init__(self) -> None:
        unbase(self.eid)
        if type(self.w) is not int or not 0 < self.w < 2**53:
            raise Refused("draw.weight_not_positive", eid=self.eid)

    def document(self) -> dict[str, Any]:
        """The row as it is hashed and published."""
        return {
            "eid": self.eid,
            "w": self.w,
            "regions": list(self.regions),
            "specs": list(self.specs),
            "employer": self.employer,
        }


@dataclass(frozen=True)
class Ticket:
    """An expert's place in the order: the lower, the earlier."""

    number: bytes
    eid: str


def digest(tag: str, data: bytes) -> bytes:
    """H(tag, x): one hash function per purpose, so that no value serves two of them."""
    return hashlib.sha256(b"mingtang/v1/" + tag.encode() + b"\x00" + data).digest()


def lp(data: bytes) -> bytes:
    """Data behind its length, so that joined values cannot be cut in another place."""
    return len(data).to_bytes(8, "big") + data


def base(data: bytes) -> str:
    """Bytes as documents write them."""
    return base64.b64encode(data).decode("ascii")


def unbase(text: str) -> bytes:
    """Read 32 bytes of canonical Base64; a second spelling of one value is refused."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Refused("draw.not_base64", text=str(text)[:50]) from None
    if len(data) != BYTES or base(data) != text:
        raise Refused("draw.not_base64", text=text[:50])
    return data


def eid(pool_salt: bytes, expert_id: str) -> str:
    """An expert's pseudonym in one draw; only the holder of the salt can lead it back."""
    if len(pool_salt) < BYTES:
        raise Refused("draw.salt_too_short", least=BYTES)
    return base(hmac.digest(pool_salt, expert_id.encode(), "sha256"))


def pool_root(rows: Iterable[Row]) -> bytes:
    """Merkle root of the frozen pool (RFC 6962), rows in the order of their eids."""
    rows = list(rows)
    leaves = {row.eid: rfc8785.dumps(row.document()) for row in rows}
    if len(leaves) != len(rows):
        raise Refused("draw.expert_twice")
    return merkle_root([leaves[name] for name in sorted(leaves, key=unbase)])


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1 over any leaves, level by level."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        # Pairing neighbours and carrying an odd last one up gives the same tree as the RFC's
        # split at the largest power of two.
        pairs = [
            hashlib.sha256(b"\x01" + level[n] + level[n + 1]).digest()
            for n in range(0, len(level) - 1, 2)
        ]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def seed(
    draw_params_hash: bytes,
    pool_root: bytes,
    contributions: Mapping[str, bytes],
    beacon: bytes | None = None,
) -> bytes:
    """Mix everybody's contribution into the seed (step 4).

    Values are hashed with their contributors' names and never XORed, for with XOR the last to
    choose could cancel the others.
    """
    if len(contributions) < FEWEST_CONTRIBUTORS:
        raise Refused(
            "draw.too_few_contributions", count=len(contributions), least=FEWEST_CONTRIBUTORS
        )
    if len(draw_params_hash) != BYTES or len(pool_root) != BYTES:
        raise Refused("draw.not_32_bytes", what="hash")
    parts = [draw_params_hash, pool_root]
    for name in sorted(contributions, key=str.encode):
        if len(contributions[name]) != BYTES:
            raise Refused("draw.not_32_bytes", what=name)
        parts += [lp(name.encode()), lp(contributions[name])]
    if beacon is not None:
        parts.append(lp(beacon))
    return digest("seed", b"".join(parts))


def ticket(seed: bytes, eid: str, weight: int = 1) -> bytes:
    """The lowest of ``weight`` numbers, so that the chance to be first is w over the sum of w.

    Each number is H("ticket", seed || eid || j) with j as eight bytes, big-endian.
    """
    if weight < 1:
        raise Refused("draw.weight_not_positive", eid=eid)
    # The common beginning is hashed once: a hundred thousand experts stay under a second.
    start = hashlib.sha256(b"mingtang/v1/ticket\x00" + seed + unbase(eid))
    best = b"\xff" * BYTES
    for j in range(weight):
        number = start.copy()
        number.update(j.to_bytes(8, "big"))
        best = min(best, number.digest())
    return best


def order(seed: bytes, rows: Iterable[Row]) -> list[Ticket]:
    """All experts by ascending ticket: the order in which they are asked."""
    tickets = [Ticket(ticket(seed, row.eid, row.w), row.eid) for row in rows]
    tickets.sort(key=lambda one: (one.number, one.eid))
    return tickets

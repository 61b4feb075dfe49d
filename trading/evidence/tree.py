"""The tree of the evidence log: RFC 6962 hashing, appended one leaf at a time.

Only hashes of complete subtrees are kept, addressed (level, index); every root and every
proof is computed from those. Pure: storage comes in as a ``get`` function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trading.evidence.verify import leaf_hash, node_hash, verify_consistency, verify_inclusion

__all__ = ["EMPTY_ROOT", "append", "append_leaf", "consistency_path", "inclusion_path", "leaf_hash", "root_of",
           "verify_consistency", "verify_inclusion"]

EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

Node = tuple[int, int, bytes]
Get = Callable[[int, int], bytes]


def append(size: int, peaks: Sequence[bytes], data: bytes) -> tuple[list[bytes], list[Node]]:
    """Add one leaf to a tree of ``size`` leaves with the given peaks (largest first).

    Returns the new peaks and every subtree that this leaf completes.
    """
    return append_leaf(size, peaks, leaf_hash(data))


def append_leaf(size: int, peaks: Sequence[bytes], digest: bytes) -> tuple[list[bytes], list[Node]]:
    """The same for who has only the leaf's hash."""
    peaks = list(peaks)
    level, index = 0, size
    nodes: list[Node] = [(level, index, digest)]
    while index & 1:
        digest = node_hash(peaks.pop(), digest)
        level, index = level + 1, index >> 1
        nodes.append((level, index, digest))
    peaks.append(digest)
    return peaks, nodes


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root over the peaks, folded from the smallest subtree upwards."""
    if not peaks:
        return EMPTY_ROOT
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = node_hash(peak, digest)
    return digest


def _subtree(low: int, high: int, get: Get) -> bytes:
    width = high - low
    level = width.bit_length() - 1
    if width == 1 << level and low % width == 0:
        return get(level, low >> level)
    split = 1 << ((width - 1).bit_length() - 1)
    return node_hash(_subtree(low, low + split, get), _subtree(low + split, high, get))


def inclusion_path(index: int, size: int, get: Get) -> list[bytes]:
    """Audit path of leaf ``index`` in the tree of ``size`` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("the leaf lies outside the tree")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        split = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < split:
            path.append(_subtree(split, high, get))
            high = split
        else:
            path.append(_subtree(low, split, get))
            low = split
    return path[::-1]


def consistency_path(old: int, size: int, get: Get) -> list[bytes]:
    """Proof that the tree of ``size`` leaves only added to that of ``old`` (RFC 6962, 2.1.2)."""
    if not 0 <= old <= size:
        raise ValueError("the older tree is larger than the newer one")
    if old in (0, size):
        return []
    path: list[bytes] = []
    low, high, whole = 0, size, True
    while old != high:
        split = low + (1 << ((high - low - 1).bit_length() - 1))
        if old <= split:
            path.append(_subtree(split, high, get))
            high = split
        else:
            path.append(_subtree(low, split, get))
            low, whole = split, False
    if not whole:
        path.append(_subtree(low, high, get))
    return path[::-1]

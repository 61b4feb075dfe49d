"""Addresses of the tiles of the log (c2sp.org/tlog-tiles). Pure: who serves them and who reads them agree here."""

from __future__ import annotations

import re

from trading.base.errors import NotFound

#: Hashes in a full tile.
WIDTH = 256


def number(path: str) -> tuple[int, int]:
    """(tile, how many hashes) of the address after the level: ``x001/x234/067`` or ``x001/234.p/17``.

    Raises NotFound for anything that is not written in exactly this way.
    """
    match = re.fullmatch(r"((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?", path, re.ASCII)
    if match is None or len(path) > 40:
        raise NotFound
    digits = match[1].replace("x", "").replace("/", "") + match[2]
    width = int(match[3]) if match[3] else WIDTH
    if width > WIDTH or (match[3] and width == WIDTH) or (match[1] and digits.startswith("000")):
        raise NotFound
    return int(digits), width


def name(tile: int, width: int = WIDTH) -> str:
    """The address of a tile, the other way round."""
    groups = [f"{tile % 1000:03d}"]
    while tile := tile // 1000:
        groups.append(f"x{tile % 1000:03d}")
    return "/".join(reversed(groups)) + (f".p/{width}" if width < WIDTH else "")

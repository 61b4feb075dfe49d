"""The second verifier of packs: one HTML file, written from docs/protocol.md and not from ``evidence/verify.py``.

Its sources stand in this folder; ``mingtang assets install`` builds them into ``frontend/dist/verify.html``.
"""

from __future__ import annotations

from pathlib import Path

from trading.base import assets

ROOT = Path(__file__).resolve().parents[3]
PAGE = "verify.html"


def html_verifier() -> bytes | None:
    """The page as it was built, to be put into packs and served; None where the assets were not built."""
    built = assets.dist(ROOT) / PAGE
    return built.read_bytes() if built.is_file() else None

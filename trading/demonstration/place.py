"""Where the demonstration lies, for commands that must start quickly: imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

from trading.base.config import Settings

WITNESS_PORT = 8009


def demo_folder(settings: Settings) -> Path:
    """Keys and memories of the demonstration's key holders and witness."""
    return settings.instance / "demo"


def is_ready(settings: Settings) -> bool:
    """Whether the demonstration was made to its end."""
    return (demo_folder(settings) / "ready").exists()

"""Where the demonstration lies, for commands that must start quickly: imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

from trading.base.config import ROOT, Settings

#: The watchers of a demonstration answer here: three witnesses, then two time-stamping authorities.
WITNESS_PORT = 8009
AUTHORITY_PORT = 8019


def demo_folder(settings: Settings) -> Path:
    """Keys and memories of the demonstration's key holders and witness."""
    return settings.instance / "demo"


def newest_schema() -> str:
    """The newest revision of the tables that this version of the platform comes with."""
    return max(path.name for path in (ROOT / "migrations/versions").glob("*.py"))


def is_current(settings: Settings) -> bool:
    """Whether the demonstration's tables are those of this version."""
    stamp = demo_folder(settings) / "schema"
    return stamp.exists() and stamp.read_text("utf-8") == newest_schema()


def is_ready(settings: Settings) -> bool:
    """Whether the demonstration was made to its end."""
    return (demo_folder(settings) / "ready").exists()

"""What the running installation has at hand: settings, boxes, files.

Set once by app.py on the Flask application and read through here, so that services need
not be handed three objects each.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from typing import cast

from flask import current_app

from trading.base.boxes import Boxes
from trading.base.config import Settings
from trading.base.files import Files


def settings() -> Settings:
    return cast(Settings, current_app.extensions["mingtang"]["settings"])


def boxes() -> Boxes:
    return cast(Boxes, current_app.extensions["mingtang"]["boxes"])


def files() -> Files:
    return cast(Files, current_app.extensions["mingtang"]["files"])


#: After which time a workplace that is still there was left behind by a process that died.
LEFT_BEHIND_S = 3600


def workplace() -> tempfile.TemporaryDirectory[str]:
    """A folder of one's own for files that are wanted only while something is done, gone with the ``with``."""
    folder = settings().instance / "work"
    folder.mkdir(mode=0o700, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=folder)


def clear_workplaces(at: datetime) -> int:
    """Remove workplaces left behind by processes that died in the middle: opened bids may lie in them. Returns how many."""
    folder = settings().instance / "work"
    old = [place for place in folder.iterdir() if place.stat().st_mtime < at.timestamp() - LEFT_BEHIND_S] if folder.is_dir() else []
    for place in old:
        shutil.rmtree(place, ignore_errors=True)
    return len(old)


def key(name: str) -> bytes:
    return cast(bytes, current_app.extensions["mingtang"]["keys"][name])

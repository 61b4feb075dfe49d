"""What the running installation has at hand: settings, boxes, files.

Set once by app.py on the Flask application and read through here, so that services need
not be handed three objects each.
"""

from __future__ import annotations

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


def key(name: str) -> bytes:
    return cast(bytes, current_app.extensions["mingtang"]["keys"][name])

"""Puts the platform together: settings, database, pages, refusals, timetable, commands.

Imports everything and is imported by nothing but the servers.
"""

from __future__ import annotations

from flask import Flask

from trading.base.boxes import Boxes
from trading.base.config import Settings, load
from trading.base.database import db
from trading.base.files import Files

# Every table must be known before the database is used.
import bidding.opening.models  # noqa: F401
import bidding.sealed.models  # noqa: F401
import bidding.trustees.models  # noqa: F401
import experts.draw.models  # noqa: F401
import experts.evaluation.models  # noqa: F401
import experts.pool.models  # noqa: F401
import trading.accounts.models  # noqa: F401
import trading.announcements.models  # noqa: F401
import trading.archive.models  # noqa: F401
import trading.deposits.models  # noqa: F401
import trading.evidence.models  # noqa: F401
import trading.messages.models  # noqa: F401
import trading.parties.models  # noqa: F401
import trading.projects.models  # noqa: F401


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application for one installation."""
    settings = settings or load()
    app = Flask(__name__, static_folder=None)
    app.config.update(SQLALCHEMY_DATABASE_URI=settings.url, SECRET_KEY=settings.key("session"))
    app.extensions["mingtang"] = {
        "settings": settings, "boxes": Boxes(settings.key("field")), "files": Files(settings.files),
        "keys": {name: settings.key(name) for name in ("log",)}}
    db.init_app(app)
    return app

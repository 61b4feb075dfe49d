"""The tables' migrations. Loaded only by commands that change tables: the library costs a
quarter of a second that every other process would wait for."""

from __future__ import annotations

from typing import Any

import flask_migrate
from flask import Flask

from trading.base.config import ROOT
from trading.base.database import db


def is_model(_thing: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """The full-text indexes are made by hand in the migrations, one kind for each database."""
    return not (kind in ("table", "index") and any(index in (name or "") for index in ("notice_index", "archive_index")))


def prepare(app: Flask) -> Flask:
    """Let the migrations find this application's database."""
    flask_migrate.Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True, include_object=is_model)
    return app


def upgrade(app: Flask) -> None:
    """Bring the tables to the newest revision."""
    with prepare(app).app_context():
        flask_migrate.upgrade()

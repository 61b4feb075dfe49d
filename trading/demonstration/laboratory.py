"""A private installation in a folder of its own, for replays, walkthroughs and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from trading.announcements import search
from trading.archive import search as archive_search
from trading.base.config import Settings, create_keys
from trading.base.database import db, transaction
from trading.demonstration import watchers

MakeApp = Callable[[Settings], Flask]


@contextmanager
def installation_in(folder: Path, make_app: MakeApp, **settings: Any) -> Iterator[tuple[Flask, watchers.Watchers]]:
    """Make the keys and tables of a new installation in ``folder`` and enter it."""
    create_keys(folder)
    plain = Settings(instance=folder, demo=True, https=False, platform_code="1510822000", cover_bids=2,
                     log_origin="replay.example/log2026", **settings)
    made = watchers.make(plain)
    app = make_app(watchers.watched(plain, made))
    with app.app_context():
        create_tables()
        yield app, made
        db.session.remove()
        db.engine.dispose()


def create_tables() -> None:
    """Tables and search index straight from the models (kept equal to the migrations by a test)."""
    db.create_all()
    with transaction() as session:
        for statement in (*search.CREATE[db.engine.dialect.name], *archive_search.INDEX.create[db.engine.dialect.name]):
            session.execute(text(statement))

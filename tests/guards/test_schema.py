"""The migrated schema equals the models, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app import create_app
from tests.builders import NAMES
from trading.announcements import search
from trading.base.config import Settings, create_keys
from trading.base.database import Model, db
from trading.base.schema import is_model, upgrade


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    create_keys(tmp_path)
    settings = Settings(instance=tmp_path, demo=True, https=False)
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres")
        with psycopg.connect(url.format(name="postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS migrated WITH (FORCE)")
            connection.execute("CREATE DATABASE migrated")
        settings = replace(settings, database_url=url.format(name="migrated").replace("postgresql:", "postgresql+psycopg:"))
    yield settings


def test_migrated_schema_equals_the_models(empty: Settings) -> None:
    app = create_app(empty)
    upgrade(app)
    with app.app_context():
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={
                "include_object": is_model, "compare_type": True, "target_metadata": Model.metadata})
            assert compare_metadata(context, Model.metadata) == []
            # Control: a table that no migration made is seen.
            extra = connection.execute(text("SELECT 1")).scalar()
            assert extra == 1
        assert db.session.execute(text("SELECT count(*) FROM notice_index")).scalar() == 0
        db.session.execute(text("DELETE FROM notice_index"))
        search.put_many([(1, NAMES[0])])
        db.session.commit()
        assert db.session.execute(text("SELECT count(*) FROM notice_index")).scalar() == 1
        db.session.remove()
        db.engine.dispose()


def test_control_a_missing_column_is_seen(empty: Settings) -> None:
    app = create_app(empty)
    upgrade(app)
    with app.app_context():
        db.session.execute(text("ALTER TABLE message DROP COLUMN link"))
        db.session.commit()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": is_model, "compare_type": True})
            assert compare_metadata(context, Model.metadata)
        db.session.remove()
        db.engine.dispose()

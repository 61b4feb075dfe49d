"""Fixtures: a centre on a copy of a prepared database, SQLite and PostgreSQL."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app import create_app
from tests import builders, sharing
from tests.postgres import private_server
from tests.shelf import Place, Shelf, copy_cast
from trading.base.config import Settings, create_keys
from trading.base.database import db
from trading.demonstration import watchers
from trading.demonstration.cast import Cast, Company
from trading.demonstration.laboratory import create_tables
from trading.supervision import audits

ORIGIN = "test.example/log2026"
#: The database on which a test on PostgreSQL runs; each makes it anew.
COPY = "copied"

sharing.share()


def pytest_configure(config: pytest.Config) -> None:
    # What is thrown away need not reach a disk: everything the tests write goes to memory where that is possible.
    if "TMPDIR" not in os.environ and (place := sharing.fast_place()):
        os.environ["TMPDIR"] = tempfile.tempdir = str(place)
    # Programs that tests start find what an earlier one compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # The workers take files in the order below, not by their number of tests, which says little about their time.
    config.option.loadscopereorder = False
    # A million objects live as long as the run: looking through them for garbage all the time finds nothing.
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@dataclass
class Prepared:
    """A filled installation to be copied."""

    folder: Path
    settings: Settings
    cast: Cast
    companies: list[Company]
    shelf: Shelf


def _prepare(folder: Path, **changes: Any) -> Prepared:
    create_keys(folder)
    settings = Settings(instance=folder, demo=True, https=False, platform_code="1510822000", cover_bids=2,
                        log_origin=ORIGIN, region="CN-51", **changes)
    made = watchers.make(settings)
    settings = watchers.watched(settings, made)
    app = create_app(settings)
    with app.app_context():
        create_tables()
        cast, companies = builders.build(app, made)
        db.session.remove()
        db.engine.dispose()
    return Prepared(folder, settings, cast, companies, Shelf(folder.with_name(folder.name + "-kept")))


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    found = _prepare(tmp_path_factory.mktemp("sqlite"))
    with sqlite3.connect(found.folder / "mingtang.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with private_server() as url:
        yield url


@pytest.fixture(scope="session")
def prepared_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Prepared:
    def copy(source: str, name: str) -> None:
        with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy".encode())

    copy("template1", "prepared")
    found = _prepare(tmp_path_factory.mktemp("postgres"), database_url=_url(postgres, "prepared"))
    found.shelf.copy_database = copy
    return found


def _url(postgres: str, name: str) -> str:
    return postgres.format(name=name).replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[builders.Centre]:
    """A centre on its own copy of the database, once on each kind."""
    yield from _centre(request, tmp_path, request.param)


@pytest.fixture
def sqlite_centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[builders.Centre]:
    """A centre on SQLite only, for pages and for what does not touch the database."""
    yield from _centre(request, tmp_path, "sqlite")


def _centre(request: pytest.FixtureRequest, folder: Path, kind: str) -> Iterator[builders.Centre]:
    prepared: Prepared = request.getfixturevalue("prepared_sqlite" if kind == "sqlite" else "prepared_postgres")
    settings = replace(prepared.settings, instance=folder / "instance")
    shutil.copytree(prepared.folder, settings.instance)
    if prepared.shelf.copy_database:
        prepared.shelf.copy_database("prepared", COPY)
        settings = replace(settings, database_url=_url(request.getfixturevalue("postgres"), COPY))
    app = create_app(settings)
    cast = copy_cast(prepared.cast)
    with app.app_context():
        # Who replaces parts of the program wants to see what its own case makes of them.
        place = None if "monkeypatch" in request.fixturenames else Place(prepared.shelf, cast, COPY)
        yield builders.Centre(app, cast, prepared.companies, place)
        db.session.remove()
        # Whole cases leave a database in which everything fits; MINGTANG_AUDIT_ALL=1 asks it of every test, attacks apart.
        if "journeys" in str(request.node.path) or os.environ.get("MINGTANG_AUDIT_ALL"):
            assert audits.look().found == []
        db.engine.dispose()


#: Files that take longest begin first, so that no worker is left alone with one of them at the end.
LONG = ("tests/journeys", "tests/browser", "tests/rules/test_formal", "tests/web/test_price_hunt", "tests/web/test_secrecy", "tests/services",
        "tests/web", "tests/guards")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        return next((number for number, place in enumerate(LONG) if item.nodeid.startswith(place)), len(LONG))

    items.sort(key=turn)

"""The migrated schema equals the models, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask_migrate
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
from trading.base.schema import is_model, prepare, upgrade


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


def test_an_installation_with_cases_moves_up_and_down(empty: Settings) -> None:
    """Rows that point to each other stay through every step from the tables of an older version and back."""
    app = create_app(empty)
    with prepare(app).app_context():
        flask_migrate.upgrade(revision="0008")
        for statement in OLD_ROWS:
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()
        flask_migrate.upgrade()
        assert db.session.execute(text("SELECT envelope, count, record_signature FROM opening")).one() == ("bid", 1, "sig")
        assert db.session.execute(text("SELECT purpose FROM expert_draw")).scalar() == "experts"
        assert db.session.execute(text("SELECT draw_id FROM draw_contribution")).scalar() == 1
        assert db.session.execute(text("SELECT envelope FROM opened_bid")).scalar() == "bid"
        # What the older tables cannot hold: a later round, a draw among companies.
        for statement in NEW_ROWS:
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()
        flask_migrate.downgrade(revision="0008")
        assert db.session.execute(text("SELECT lot_id, session FROM opening")).all() == [(1, "s" * 64)]
        assert db.session.execute(text("SELECT digest FROM opened_bid")).all() == [("d" * 64,)]
        assert db.session.execute(text("SELECT count(*) FROM expert_draw")).scalar() == 1
        db.session.remove()
        flask_migrate.upgrade()
        assert db.session.execute(text("SELECT count(*) FROM opening WHERE envelope = 'bid'")).scalar() == 1
        db.session.remove()
        db.engine.dispose()


S, D = "s" * 64, "d" * 64
OLD_ROWS = (
    "INSERT INTO organisation (id, code, name, region, address, contact, phone, registered_at) VALUES (1, '91110000000000000X', 'x', '', '', '', '', 1)",
    "INSERT INTO project (id, name, procedure, category, region, funding, approval, estimate_fen, summary, tenderer_id, created_at, returned_note) "
    "VALUES (1, 'x', 'works-open', 'construction', 'CN-51', '', '', 1, '', 1, 1, '')",
    "INSERT INTO lot (id, project_id, number, code, name, estimate_fen, deposit_fen, qualifications, method, stage, failed_reason) "
    "VALUES (1, 1, 1, 'c', 'x', 1, 0, '', '{}', 'opened', '')",
    *(f"INSERT INTO sealing_session (id, lot_id, envelope, document, amendments, opened_seq, deadline, opens_at) "
      f"VALUES ('{name}', 1, '{envelope}', '{{}}', '[]', {number}, 1, 1)" for number, (name, envelope) in enumerate(((S, "bid"), ("t" * 64, "draw")))),
    f"INSERT INTO opening (lot_id, session, closed_at, window_ends, count, record_signature) VALUES (1, '{S}', 1, 1, 1, 'sig')",
    f"INSERT INTO opened_bid (digest, lot_id, organisation_id, outcome, plain, deposit_confirmed, wrong_shares, settled_at) "
    f"VALUES ('{D}', 1, 1, 'opened', '', false, '[]', 1)",
    f"INSERT INTO expert_draw (id, lot_id, session, params, pool, salt_box, representatives, thin, reason, excluded, frozen_at, closes_at) "
    f"VALUES (1, 1, '{'t' * 64}', '{{}}', '[]', 'x', '[]', '[]', '', 0, 1, 1)",
    f"INSERT INTO draw_contribution (draw_id, contributor, digest, header, signature, payload, at, fault) VALUES (1, 'x', '{D}', '{{}}', '', 'x', 1, '')",
)
NEW_ROWS = (
    *(f"INSERT INTO sealing_session (id, lot_id, envelope, document, amendments, opened_seq, deadline, opens_at) "
      f"VALUES ('{name}', 1, '{envelope}', '{{}}', '[]', {number}, 1, 1)" for number, (name, envelope) in enumerate(
          (("u" * 64, "offer-1"), ("v" * 64, "draw-winner")), 5)),
    f"INSERT INTO opening (session, lot_id, envelope, closed_at, window_ends, count, record_signature) VALUES ('{'u' * 64}', 1, 'offer-1', 1, 1, 1, '')",
    f"INSERT INTO opened_bid (digest, lot_id, envelope, organisation_id, outcome, plain, deposit_confirmed, wrong_shares, settled_at) "
    f"VALUES ('{'e' * 64}', 1, 'offer-1', 1, 'opened', '', false, '[]', 1)",
    f"INSERT INTO expert_draw (id, lot_id, purpose, session, params, pool, salt_box, representatives, thin, reason, excluded, frozen_at, closes_at) "
    f"VALUES (2, 1, 'winner', '{'v' * 64}', '{{}}', '[]', 'x', '[]', '[]', '', 0, 1, 1)",
    f"INSERT INTO draw_contribution (draw_id, contributor, digest, header, signature, payload, at, fault) "
    f"VALUES (2, 'x', '{'f' * 64}', '{{}}', '', 'x', 1, '')",
)


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

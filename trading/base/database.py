"""One database, SQLite or PostgreSQL, and one way to change it: ``transaction()``.

SQLite runs in WAL with synchronous=FULL, so that what was acknowledged is on the disk.
Writers of one process queue on a lock before BEGIN IMMEDIATE, because SQLite's own
busy-wait sleeps and starves under load.
"""

from __future__ import annotations

import threading
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, ClauseElement, Connection, Dialect, Engine, Integer, MetaData, Select, event, text
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment, kept as whole microseconds: exact and comparable everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone must not be stored")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


_metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Model(DeclarativeBase):
    """Base of every table: whole numbers are 64 bits wide, moments are aware and UTC."""

    # SQLite numbers rows by itself only in a column that is exactly INTEGER.
    registry = registry(metadata=_metadata, type_annotation_map={
        datetime: Moment, int: BigInteger().with_variant(Integer(), "sqlite")})
    metadata = _metadata


db = SQLAlchemy(model_class=Model, disable_autonaming=True, session_options={"expire_on_commit": False})

_writers = threading.RLock()

#: Done in every transaction after its last statement and before its commit (row seals).
last_steps: list[Callable[[Session], None]] = []


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None  # we say BEGIN ourselves, see _begin
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        # A reader that later wrote would fail with SQLITE_BUSY whatever the timeout, hence
        # the write lock is taken at the start of every transaction that will write.
        writes = connection.get_execution_options().get("writes")
        _hand_over(connection, connection.connection.cursor(), "BEGIN IMMEDIATE" if writes else "BEGIN", (), False)


def _hand_over(here: Connection, cursor: Any, text: str, values: Any, many: bool) -> None:
    """Give a statement to the driver itself; whoever listens to statements hears it too."""
    dialect = here.dialect
    for listener in here.dispatch.before_cursor_execute:
        listener(here, cursor, text, values, None, many)
    try:
        (cursor.executemany if many else cursor.execute)(text, values)
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, here.connection.dbapi_connection, cursor):  # type: ignore[arg-type]
            # The server went away, and with it all connections that wait for their next use.
            here.invalidate(error)
            here.engine.dispose()
        raise
    for listener in here.dispatch.after_cursor_execute:
        listener(here, cursor, text, values, None, many)


@contextmanager
def transaction() -> Iterator[Session]:
    """Do one use case wholly or not at all; an inner use joins the outer one.

    Any read transaction of the same session ends first, so that what is read inside is
    the newest state and stays locked (SQLite) or lockable (PostgreSQL) until the commit.
    """
    session: Session = db.session()
    if session.info.get("writing"):
        yield session
        return
    locked = db.engine.dialect.name == "sqlite"
    if locked:
        _writers.acquire()
    try:
        session.rollback()
        session.expire_all()
        session.info["connection"] = session.connection(execution_options={"writes": True})
        session.info["writing"] = True
        try:
            yield session
            session.flush()
            for step in last_steps:
                step(session)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"] = False
            session.info.pop("connection", None)
    finally:
        if locked:
            _writers.release()


def connection() -> Connection:
    """The session's own connection, for plain statements where the unit of work would cost too much."""
    session = db.session()
    # Inside of a transaction it stays the same, unless that was rolled back; to ask the session anew costs more than a statement.
    here: Connection | None = session.info.get("connection")
    return session.connection() if here is None or here.closed else here


class Plain:
    """A statement that runs with every act: compiled once for each kind of database and handed to the driver itself.

    It runs on the transaction's own connection; what the library adds to each run costs more than these do.
    """

    def __init__(self, statement: ClauseElement, *columns: str) -> None:
        self._statement, self._columns = statement, list(columns) or None
        self._made: dict[str, tuple[str, list[tuple[str, Callable[[Any], Any] | None]]]] = {}
        self._readers: dict[str, tuple[type[Any], list[tuple[int, Callable[[Any], Any]]]]] = {}

    def read(self, here: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run a SELECT; gives its rows under the names of their columns, as the types of these say."""
        row, changed = self._readers.get(here.dialect.name) or self._reader(here.dialect)
        found = []
        for plain in self.run(here, values).fetchall():
            if changed:
                plain = list(plain)
                for place, convert in changed:
                    plain[place] = convert(plain[place])
            found.append(row._make(plain))
        return found

    def _reader(self, dialect: Dialect) -> tuple[type[Any], list[tuple[int, Callable[[Any], Any]]]]:
        columns = list(cast(Select[Any], self._statement).selected_columns)
        # No type of ours asks the driver for the column's own type.
        converts = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers[dialect.name] = (namedtuple("Row", [column.key for column in columns]),  # type: ignore[misc]
                                       [(place, convert) for place, convert in enumerate(converts) if convert is not None])
        return self._readers[dialect.name]

    def run(self, here: Connection, *rows: Mapping[str, Any]) -> Any:
        """Run for one row of values, or for several; gives the driver's cursor."""
        dialect = here.dialect
        text, binds = self._made.get(dialect.name) or self._compiled(dialect)
        given: list[Any] = [{name: row[name] if convert is None else convert(row[name]) for name, convert in binds} for row in rows]
        if dialect.positional:
            given = [tuple(values[name] for name, _ in binds) for values in given]
        cursor, many = here.connection.cursor(), len(given) > 1
        values = given if many else given[0] if given else ()
        _hand_over(here, cursor, text, values, many)
        return cursor

    def _compiled(self, dialect: Dialect) -> tuple[str, list[tuple[str, Callable[[Any], Any] | None]]]:
        made = self._statement.compile(dialect=dialect, column_keys=self._columns)
        names = cast(SQLCompiler, made).positiontup if dialect.positional else list(made.params)
        binds = [(name, cast(SQLCompiler, made).binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names or []]
        self._made[dialect.name] = str(made), binds
        return self._made[dialect.name]


def in_transaction() -> bool:
    return bool(db.session().info.get("writing"))


def serialise(name: int) -> None:
    """Let only one transaction at a time pass this point (PostgreSQL; SQLite does so anyway)."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": name})


def lock_row(model: type[Any], key: Any) -> Any:
    """Read one row again under a lock that lasts until the end of the transaction."""
    return db.session.get(model, key, with_for_update={"of": model}, populate_existing=True)

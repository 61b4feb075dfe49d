"""Row seals (行封签): whoever changes the database by hand, leaves a row without its seal.

Every row that a use case writes gets a seal in the same transaction: for each column a keyed
fingerprint over table, key, column and value (BLAKE2b, RFC 7693; the key lies in the
installation, never in the database). Each table has a total over its seals, so that a row taken
away or put back to what it once was, seal and all, is missed as well. ``changed_rows`` finds what
does not fit and names table, row and column; trading/supervision/audits.py runs it.

Tables that are written while bids come in, at the closing minute or live, carry their seals in a column
of their own, which costs no statement; that none of their rows is missing, the log itself shows.

The log's entries, nodes and head carry no seals: they are checked against the tree itself. Nor do
uploads: how often they changed would count the bids, and what is uploaded is held to the signed
header when it is filed. Nor does the note when a live bidder's page was last heard of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from json.encoder import encode_basestring
from typing import Any, cast

from sqlalchemy import JSON, Connection, LargeBinary, Select, String, Table, bindparam, delete, event, insert, select, tuple_, update
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session, mapped_column, object_session

from trading.base import database, installation
from trading.base.database import EPOCH, MICROSECOND, Model, db

#: Tables that answer for themselves: the evidence log's tree, uploads under way, and the seals.
SELF_PROVING = {"evidence_entry", "evidence_node", "evidence_head", "upload", "upload_part", "row_seal", "row_shape", "row_total", "auction_link"}
#: Tables whose rows carry their own seal.
INLINE = {"evidence_checkpoint", "sealed_bid", "auction", "auction_bid", "auction_event", "auction_answer"}
MARK_BYTES = 8
SPACE = 1 << 256
AT_ONCE = 200


class RowSeal(Model):
    """The seal of one row: one fingerprint a column, in the order of its shape."""

    __tablename__ = "row_seal"
    table: Mapped[str] = mapped_column("table_name", String(40), primary_key=True)
    key: Mapped[str] = mapped_column("row_key", String(300), primary_key=True)
    shape: Mapped[int]
    marks: Mapped[bytes] = mapped_column(LargeBinary)


class RowShape(Model):
    """Which columns a table had when rows were sealed; an upgrade adds another shape."""

    __tablename__ = "row_shape"
    id: Mapped[int] = mapped_column(primary_key=True)
    table: Mapped[str] = mapped_column("table_name", String(40))
    columns: Mapped[list[str]] = mapped_column("column_names", JSON)


class RowTotal(Model):
    """What all seals of one table add up to, how many there are, and how often that changed."""

    __tablename__ = "row_total"
    table: Mapped[str] = mapped_column("table_name", String(40), primary_key=True)
    rows: Mapped[int] = mapped_column("row_count")
    changes: Mapped[int]
    total: Mapped[bytes] = mapped_column(LargeBinary(32))
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True)
class Found:
    """One place of the database that is not as the platform left it.

    ``problem``: ``changed`` (a column), ``added`` (a row without a seal), ``removed`` (a seal
    without its row), ``seal`` (the seal itself), ``put_back`` (rows and seals are an older state).
    """

    table: str
    key: str
    column: str
    problem: str


def is_sealed(name: str) -> bool:
    return name in Model.metadata.tables and name not in SELF_PROVING


# --- while a use case runs: which rows it wrote ---------------------------------------------------

Keys = dict[str, set[tuple[Any, ...]]]


def touch(table: str, keys: Iterable[tuple[Any, ...]]) -> None:
    """Say that rows were written by plain statements; the unit of work says so by itself."""
    _touched(db.session()).setdefault(table, set()).update(keys)


def _touched(session: Session) -> Keys:
    return cast(Keys, session.info.setdefault("touched_rows", {}))


def _note_row(mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    # Heard of each row, not of the flush: a row that goes because its owner let it go is in no list of the flush.
    session, name = object_session(row), cast(Table, mapper.local_table).name
    if session is not None and name not in SELF_PROVING:
        _touched(session).setdefault(name, set()).add(tuple(mapper.primary_key_from_instance(row)))


for _act in ("after_insert", "after_update", "after_delete"):
    event.listen(Model, _act, _note_row, propagate=True)


@event.listens_for(Session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    """Rows that one statement changes or removes are looked up before it does."""
    if state.is_update or state.is_delete:
        statement = cast(Any, state.statement)
        table: Table = statement.table
        if is_sealed(table.name):
            wanted = select(*table.primary_key.columns)
            if statement.whereclause is not None:
                wanted = wanted.where(statement.whereclause)
            touched = _touched(state.session).setdefault(table.name, set())
            touched.update(tuple(row) for row in state.session.connection().execute(wanted))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("touched_rows", None)


def seal_written(session: Session) -> None:
    """Seal all rows that this transaction wrote, as they stand now: its last step before the commit."""
    touched: Keys = session.info.pop("touched_rows", {})
    if not touched:
        return
    here = session.connection()
    # In one order, and last of all locks: two transactions never wait for each other here.
    for name in sorted(touched):
        if touched[name]:
            _seal(here, Model.metadata.tables[name], touched[name])


database.last_steps.append(seal_written)


# --- sealing ----------------------------------------------------------------------------------------

def key_text(key: Iterable[Any]) -> str:
    """A primary key as the seals write it."""
    return _json([_plain(part) for part in key])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"moment": (value - EPOCH) // MICROSECOND}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": bytes(value).hex()}
    return value


# Made once: an encoder for each column of each row would cost more than what it encodes.
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _said(value: Any) -> str:
    """One value as ``_json`` writes it; most are texts and whole numbers, for which a whole encoder costs more than they do."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is int:
        return str(value)
    return "null" if value is None else _json(_plain(value))


@cache
def _named(column: str) -> str:
    return f"{_json(column)},"


def _mark(table: str, key: str, column: str, value: Any) -> bytes:
    return _marks(table, key, (column,), {column: value})


def _marks(table: str, key: str, columns: Iterable[str], row: Any) -> bytes:
    """For each column the fingerprint of ``[table, key, column, value]``."""
    fingerprint, begins = installation.boxes().fingerprint, f"[{_json(table)},{encode_basestring(key)},"
    return b"".join([fingerprint(f"{begins}{_named(column)}{_said(row[column])}]".encode(), MARK_BYTES) for column in columns])


def _weight(table: str, key: str, shape: int, marks: bytes) -> int:
    """A seal's part of its table's total; it cannot be found without the key, hence neither can a set of equal weight."""
    return int.from_bytes(installation.boxes().fingerprint(_json(["seal", table, key, shape, marks.hex()]).encode(), 32))


def _total_mark(table: str, rows: int, changes: int, total: bytes) -> bytes:
    return installation.boxes().fingerprint(_json(["total", table, rows, changes, total.hex()]).encode(), 32)


def own_marks(name: str, row: Mapping[str, Any]) -> bytes:
    """The seal that goes into a row of an ``INLINE`` table together with it; columns not given are empty."""
    table = Model.metadata.tables[name]
    columns = _columns(table)
    return _marks(name, _key_of(table, row), columns, {column: row.get(column) for column in columns})


def moved_marks(name: str, before: bytes, row: Mapping[str, Any]) -> bytes:
    """The seal of a row of an ``INLINE`` table after the columns given have changed; ``row`` holds its key too.

    The others keep their part of the seal: what somebody changed there by hand is not sealed along.
    """
    table = Model.metadata.tables[name]
    columns = _columns(table)
    if len(before) != MARK_BYTES * len(columns):
        return before
    changed = [column for column in columns if column in row]
    made = _marks(name, _key_of(table, row), changed, row)
    parts = [before[start:start + MARK_BYTES] for start in range(0, len(before), MARK_BYTES)]
    for number, column in enumerate(changed):
        parts[columns.index(column)] = made[number * MARK_BYTES:(number + 1) * MARK_BYTES]
    return b"".join(parts)


def _key_of(table: Table, row: Mapping[str, Any]) -> str:
    return key_text(row[name] for name in _key_columns(table))


@cache
def _key_columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


def _seal_inline(here: Connection, table: Table, keys: set[tuple[Any, ...]]) -> None:
    own = list(table.primary_key.columns)
    statement = update(table).where(*(column == bindparam(f"which_{column.name}") for column in own))
    for start in range(0, len(keys), AT_ONCE):
        rows = here.execute(_read_rows(table), {"keys": _bound(list(keys)[start:start + AT_ONCE])}).mappings().all()
        if rows:
            here.execute(statement, [{f"which_{column.name}": row[column.name] for column in own} | {"marks": own_marks(table.name, row)} for row in rows])


def _seal(here: Connection, table: Table, keys: set[tuple[Any, ...]]) -> None:
    if table.name in INLINE:
        _seal_inline(here, table, keys)
        return
    # The total first: it is the lock under which the seals of a table change.
    before = here.execute(_LOCK_TOTAL, {"name": table.name}).first()
    if before is None:
        database.serialise(_ROWS_LOCK)
        before = here.execute(_LOCK_TOTAL, {"name": table.name}).first()
    rows, changes, total = (before.row_count, before.changes, int.from_bytes(before.total)) if before else (0, 0, 0)
    shape = _shape(here, table)
    new, changed, gone = [], [], []
    wanted = list(keys)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start:start + AT_ONCE]
        texts = [key_text(key) for key in part]
        old = {row.row_key: row for row in here.execute(_READ_SEALS, {"name": table.name, "keys": texts})}
        present = {key_text(row[: len(table.primary_key.columns)]): row._mapping for row in here.execute(_read_rows(table), {"keys": _bound(part)})}
        for text in texts:
            if text in old:
                total -= _weight(table.name, text, old[text].shape, old[text].marks)
                rows -= 1
            if text in present:
                marks = _marks(table.name, text, _columns(table), present[text])
                total += _weight(table.name, text, shape, marks)
                rows += 1
                (changed if text in old else new).append({"name": table.name, "key": text, "shape": shape, "marks": marks})
            elif text in old:
                gone.append({"name": table.name, "key": text})
    for statement, values in ((_ADD_SEAL, new), (_CHANGE_SEAL, changed), (_DROP_SEAL, gone)):
        if values:
            here.execute(statement, values)
    joined = (total % SPACE).to_bytes(32)
    here.execute(_CHANGE_TOTAL if before else _ADD_TOTAL, {
        "name": table.name, "rows": rows, "changes": changes + 1, "total": joined, "mark": _total_mark(table.name, rows, changes + 1, joined)})


def _bound(keys: list[tuple[Any, ...]]) -> list[Any]:
    return [key[0] for key in keys] if len(keys[0]) == 1 else keys


@cache
def _columns(table: Table) -> tuple[str, ...]:
    return tuple(sorted(column.name for column in table.columns if (table.name, column.name) not in _SEAL_COLUMNS))


@cache
def _read_rows(table: Table) -> Select[Any]:
    """The rows of some keys, the key's columns first."""
    own = list(table.primary_key.columns)
    where: Any = own[0] if len(own) == 1 else tuple_(*own)
    return select(*own, *(column for column in table.columns if not column.primary_key)).where(
        where.in_(bindparam("keys", expanding=True)))


def _shape(here: Connection, table: Table) -> int:
    found = _shapes(here, table.name)
    wanted = list(_columns(table))
    for number, columns in found.items():
        if columns == wanted:
            return number
    made = here.execute(insert(_SHAPE).values(table_name=table.name, column_names=wanted))
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def _shapes(here: Connection, name: str) -> dict[int, list[str]]:
    return {row.id: row.column_names for row in here.execute(_READ_SHAPES, {"name": name})}


# --- looking for what was changed -------------------------------------------------------------------

def changed_rows(here: Connection, table: Table) -> Iterator[Found]:
    """Compare a table with its seals; ``here`` must show one moment throughout (a snapshot)."""
    if table.name in INLINE:
        yield from _changed_inline(here, table)
        return
    shapes, name = _shapes(here, table.name), table.name
    own = list(table.primary_key.columns)
    total, count = 0, 0
    met: set[str] = set()
    rows = here.execute(select(*own, *(column for column in table.columns if not column.primary_key)).order_by(*own), execution_options=_IN_PARTS)
    sound = True
    for part in rows.partitions(AT_ONCE):
        by_key = {key_text(row[: len(own)]): row._mapping for row in part}
        seals = {row.row_key: row for row in here.execute(_READ_SEALS, {"name": name, "keys": list(by_key)})}
        for key, row in by_key.items():
            met.add(key)
            seal = seals.get(key)
            if seal is None:
                sound = False
                yield Found(name, key, "", "added")
                continue
            total, count = total + _weight(name, key, seal.shape, seal.marks), count + 1
            for found in _compare(name, key, row, seal, shapes):
                sound = False
                yield found
    # A plain read: what is missing is rare, the count says whether there is any.
    for key in here.execute(_SEAL_KEYS, {"name": name}).scalars():
        if key not in met:
            sound = False
            yield Found(name, key, "", "removed")
    yield from _compare_total(here, name, count, total, sound)


def _changed_inline(here: Connection, table: Table) -> Iterator[Found]:
    own, columns = list(table.primary_key.columns), list(_columns(table))
    for row in here.execute(select(*own, *(column for column in table.columns if not column.primary_key)), execution_options=_IN_PARTS):
        key = key_text(row[: len(own)])
        if not row.marks:
            yield Found(table.name, key, "", "added")
        else:
            yield from _compare(table.name, key, row._mapping, _Own(0, bytes(row.marks)), {0: columns})


@dataclass(frozen=True)
class _Own:
    shape: int
    marks: bytes


def _compare(name: str, key: str, row: Any, seal: Any, shapes: dict[int, list[str]]) -> Iterator[Found]:
    columns = shapes.get(seal.shape)
    if columns is None or len(seal.marks) != MARK_BYTES * len(columns):
        yield Found(name, key, "", "seal")
        return
    wrong = [column for number, column in enumerate(columns) if column in row
             and seal.marks[number * MARK_BYTES:(number + 1) * MARK_BYTES] != _mark(name, key, column, row[column])]
    if len(wrong) == len(columns) > 1:
        yield Found(name, key, "", "seal")
        return
    for column in wrong:
        yield Found(name, key, column, "changed")


def _compare_total(here: Connection, name: str, count: int, total: int, sound: bool) -> Iterator[Found]:
    kept = here.execute(_READ_TOTAL, {"name": name}).first()
    if kept is None:
        if count:
            yield Found("row_total", key_text([name]), "", "removed")
        return
    if kept.mark != _total_mark(name, kept.row_count, kept.changes, kept.total):
        yield Found("row_total", key_text([name]), "", "changed")
    elif sound and (kept.row_count, kept.total) != (count, (total % SPACE).to_bytes(32)):
        # Every row fits its seal, and yet they are not the rows that were there last.
        yield Found(name, "", "", "put_back")


def strange_shapes(here: Connection) -> Iterator[Found]:
    """Shapes, seals and totals of tables or columns that there are not."""
    kept: dict[tuple[str, tuple[str, ...]], int] = {}
    for row in here.execute(select(_SHAPE).order_by(_SHAPE.c.id)):
        same = kept.setdefault((row.table_name, tuple(row.column_names)), row.id)
        if row.table_name not in Model.metadata.tables or list(row.column_names) != sorted(row.column_names) or same != row.id:
            yield Found("row_shape", str(row.id), "", "changed")
    for model in (_SEAL, _TOTAL):
        for name in here.execute(select(model.c.table_name).distinct()).scalars():
            if not is_sealed(name):
                yield Found(model.name, name, "", "added")


def totals(here: Connection) -> dict[str, tuple[int, str]]:
    """Of each sealed table how often it changed and its total, to be kept where the database cannot reach."""
    return {row.table_name: (row.changes, row.total.hex()) for row in here.execute(select(_TOTAL).order_by(_TOTAL.c.table_name))}


def unsealed(here: Connection, table: Table) -> list[tuple[Any, ...]]:
    """Keys of rows that have no seal of the table's present shape."""
    if table.name in INLINE:
        return [tuple(row) for row in here.execute(select(*table.primary_key.columns).where(table.c.marks == b""))]
    shape = _shape(here, table)
    current = set(here.execute(_KEYS_OF_SHAPE, {"name": table.name, "shape": shape}).scalars())
    own = list(table.primary_key.columns)
    return [tuple(row) for row in here.execute(select(*own)) if key_text(row) not in current]


_SEAL, _TOTAL, _SHAPE = (cast(Table, model.__table__) for model in (RowSeal, RowTotal, RowShape))
_SEAL_COLUMNS = {(name, "marks") for name in INLINE}
# Of the statement, not of the connection: there it would hold for all that follow.
_IN_PARTS: Any = {"yield_per": AT_ONCE}
_ROWS_LOCK = 7_264_001
_MINE = (_SEAL.c.table_name == bindparam("name"), _SEAL.c.row_key == bindparam("key"))
_READ_SEALS = select(_SEAL.c.row_key, _SEAL.c.shape, _SEAL.c.marks).where(
    _SEAL.c.table_name == bindparam("name"), _SEAL.c.row_key.in_(bindparam("keys", expanding=True)))
_SEAL_KEYS = select(_SEAL.c.row_key).where(_SEAL.c.table_name == bindparam("name"))
_KEYS_OF_SHAPE = _SEAL_KEYS.where(_SEAL.c.shape == bindparam("shape"))
_ADD_SEAL = insert(_SEAL).values(table_name=bindparam("name"), row_key=bindparam("key"), shape=bindparam("shape"), marks=bindparam("marks"))
_CHANGE_SEAL = update(_SEAL).where(*_MINE).values(shape=bindparam("shape"), marks=bindparam("marks"))
_DROP_SEAL = delete(_SEAL).where(*_MINE)
_READ_SHAPES = select(_SHAPE.c.id, _SHAPE.c.column_names).where(_SHAPE.c.table_name == bindparam("name"))
_READ_TOTAL = select(_TOTAL).where(_TOTAL.c.table_name == bindparam("name"))
_LOCK_TOTAL = _READ_TOTAL.with_for_update()
_SET_TOTAL = {"row_count": bindparam("rows"), "changes": bindparam("changes"), "total": bindparam("total"), "mark": bindparam("mark")}
_ADD_TOTAL = insert(_TOTAL).values(table_name=bindparam("name"), **_SET_TOTAL)
_CHANGE_TOTAL = update(_TOTAL).where(_TOTAL.c.table_name == bindparam("name")).values(**_SET_TOTAL)

"""Whoever changes the database past the platform is found, with table, row and column."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Connection, LargeBinary, Table, bindparam, insert, select, text, update

from bidding.sealed.models import SealedBid
from bidding.trustees import service as trustees
from tests.builders import T0, Centre
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.base import installation, row_seals
from trading.base.clock import stopped
from trading.base.database import EPOCH, Model, db, transaction
from trading.base.row_seals import Found
from trading.deposits.models import Posting
from trading.demonstration.case import CaseRun
from trading.evidence import alarms
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.projects.models import Award, Lot
from trading.supervision import alarming, audits

LATER = T0 + timedelta(days=200)
#: What may change unseen: of an upload under way whose and since when it is. Its parts are held to the signed header when the
#: bid is filed, and until then it says nothing (trading/base/row_seals.py says why it has no seal). And when a live bidder's page was
#: last heard of: it decides nothing but whether the clock is held, which is a line of the room.
UNSEEN = {("upload", "id"), ("upload", "tag"), ("upload", "started_at"), ("upload_part", "upload_id"), ("upload_part", "number"),
          ("auction_link", "paddle_id"), ("auction_link", "lot_id"), ("auction_link", "heard_at")}


@contextmanager
def by_hand() -> Iterator[Connection]:
    """The database as somebody with its password has it: no platform, no seals, no constraints."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Said to the driver: within a transaction it would have no effect.
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield connection
        if connection.dialect.name == "sqlite":
            driver.execute("PRAGMA foreign_keys=ON")
    db.session.remove()


def finished(centre: Centre) -> CaseRun:
    case = CaseRun(centre.cast, centre.plan(3, deposit_fen=1_000_000), T0)
    case.run()
    case.seal_archive()
    return case


def fill() -> None:
    """Give every table a row, so that every column can be changed; what the case did not write is made up here."""
    made: dict[str, list[tuple[Any, ...]]] = {}
    with by_hand() as here:
        for name, table in sorted(Model.metadata.tables.items()):
            if here.execute(select(table).limit(1)).first():
                continue
            row = {column.name: made_up(column) for column in table.columns}
            if name == "upload_part":
                stored, size, digest = installation.files().put_bytes(b"a part")
                row |= {"stored": stored, "bytes": size, "sha256": digest}
            here.execute(insert(table).values({table.c[key]: value for key, value in row.items()}))
            made[name] = [tuple(row[column.name] for column in table.primary_key.columns)]
    with transaction():
        for name, keys in made.items():
            if row_seals.is_sealed(name):
                row_seals.touch(name, keys)


def made_up(column: Any) -> Any:
    kind = column.type.python_type if not isinstance(column.type, JSON) else dict
    if kind is dict:
        return {"made": "up"}
    if column.type.__class__.__name__ == "Moment":
        return T0
    return {int: 7, str: "x", bytes: b"x", bool: False, date: T0.date(), datetime: T0, float: 1.5}[kind]


def another(column: Any, value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(column.type, JSON):
        return {"another": json.dumps(value, default=str)[:50]}
    if column.type.__class__.__name__ == "Moment":
        return (value or EPOCH) + timedelta(seconds=1)
    if isinstance(column.type, LargeBinary):
        return bytes([(value or b"\0")[0] ^ 1]) + (value or b"\0")[1:]
    if isinstance(value, bool):
        return not value
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, int | float):
        return value + 100_000
    if isinstance(value, str):
        return ("y" if value[:1] != "y" else "z") + value[1:]
    return made_up(column)  # it was empty


#: Changed by themselves: a seal and the row it speaks of, a node and its entry would hide each other.
ALONE = ("row_seal", "row_shape", "row_total", "evidence_node")


def tamper(kinds: tuple[bool, ...], only: tuple[str, ...] = (), step: int = 1) -> tuple[int, list[tuple[str, str, str]]]:
    """Change (``False``) or empty (``True``) every column of every table, one of each table at a time; of ``only`` some tables,
    or every so many columns with ``step``.

    Gives how many, and which were not found.
    """
    tables = Model.metadata.tables
    together = [list(only)] if only else [[name for name in sorted(tables) if name not in ALONE], *([name] for name in ALONE)]
    tried, missed = 0, []
    for names in together:
        for number in range(0, max(len(tables[name].columns) for name in names), step):
            for emptied in kinds:
                done = []
                with by_hand() as here:
                    for name in names:
                        columns = list(tables[name].columns)
                        if number < len(columns) and (name, columns[number].name) not in UNSEEN:
                            done += change(here, tables[name], columns[number], emptied)
                if done:
                    found = audits.compare().found
                    tried += len(done)
                    missed += [(name, column.name, str(before)) for name, table, column, key, before, after in done
                               if not is_named(found, name, column.name, key)]
                    with by_hand() as here:
                        for name, table, column, key, before, after in done:
                            put_back(here, table, column, key, before, after)
    return tried, missed


Done = tuple[str, Table, Any, dict[str, Any], Any, Any]


def change(here: Connection, table: Table, column: Any, emptied: bool) -> list[Done]:
    row = here.execute(select(table).order_by(*table.primary_key.columns).limit(1)).mappings().first()
    if row is None or emptied and (not column.nullable or row[column.name] is None):
        return []
    key = {own.name: row[own.name] for own in table.primary_key.columns}
    before, after = row[column.name], None if emptied else another(column, row[column.name])
    write(here, table, column, key, after)
    return [(table.name, table, column, key, before, after)]


def put_back(here: Connection, table: Table, column: Any, key: dict[str, Any], before: Any, after: Any) -> None:
    write(here, table, column, key | ({column.name: after} if column.primary_key else {}), before)


def write(here: Connection, table: Table, column: Any, key: dict[str, Any], value: Any) -> None:
    where = [table.c[name] == value_of for name, value_of in key.items()]
    if value is None and isinstance(column.type, JSON):
        here.execute(update(table).where(*where).values({column: text("NULL")}))
    else:
        here.execute(update(table).where(*where).values({column: bindparam("new_value", value, type_=column.type)}))


def is_named(found: list[Found], table: str, column: str, key: dict[str, Any]) -> bool:
    """A change is named by its column; of a key, of a seal and of the log's head by its row."""
    own = row_seals.key_text(key.values())
    plain = ",".join(str(part) for part in key.values())
    if table == "row_seal":
        # The seal speaks of another table's row.
        return any(place.table == key["table_name"] and place.key == key["row_key"] or place.table == table for place in found)
    if table == "row_shape":
        return any(place.table == "row_shape" or place.problem == "seal" for place in found)
    if column in key:
        return any(place.table == table for place in found)
    if column == "marks" or table == "row_total":
        return any(place.table == table and place.key == own for place in found)
    return any(place.table == table and place.key in (own, plain, *map(str, key.values())) and place.column in (column, "stored") for place in found)


def test_a_whole_case_leaves_nothing_that_does_not_fit(centre: Centre) -> None:
    finished(centre)
    audits.anchor(LATER)
    seen = audits.look()
    assert seen.found == [] and seen.rows > 500


def test_every_column_of_every_table_changed_in_turn_is_found_and_named(centre: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    finished(centre)
    fill()
    audits.anchor(LATER)
    # A file outside the database and the store is nobody's complaint, nor is what was made up above.
    (installation.settings().instance / "notes.txt").write_text("not the platform's", "utf-8")
    made_up_files = {place for place in audits.look().found}
    assert {place.problem for place in made_up_files} <= {"file_missing"}, made_up_files
    # PostgreSQL reads and writes the same rows by the same code: a third of the columns, MINGTANG_AUDIT_ALL=1 all of them.
    is_sqlite = db.engine.dialect.name == "sqlite"
    tried, missed = tamper((False, True) if is_sqlite else (False,), step=1 if is_sqlite or os.environ.get("MINGTANG_AUDIT_ALL") else 3)
    with capsys.disabled():
        print(f"\n{db.engine.dialect.name}: {tried} columns changed or emptied, {tried - len(missed)} found and named; stated exceptions: {len(UNSEEN)}")
    assert not missed, missed
    assert tried > (500 if is_sqlite else 150)
    assert set(audits.look().found) == made_up_files, "all was put back as it was"


def test_a_column_that_the_seals_forget_is_missed(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the run above would tell."""
    columns = row_seals._columns.__wrapped__
    monkeypatch.setattr(row_seals, "_columns", lambda table: tuple(c for c in columns(table) if (table.name, c) != ("award", "price_fen")))
    finished(sqlite_centre)
    assert ("award", "price_fen") in {(name, column) for name, column, _ in tamper((False,), only=("award", "lot"))[1]}


@pytest.fixture
def done(centre: Centre) -> CaseRun:
    return finished(centre)


def problems() -> set[tuple[str, str]]:
    return {(place.table, place.problem) for place in audits.look().found}


@pytest.mark.parametrize("value", [
    "", "a", 'quote " and \\ and \x00\x1f\x7f', "汉字 😀 \u2028", 0, -1, 2**62, True, False, None, 1.5, b"", b"\xff\x00", T0, T0.date(), [1, "二"], {"b": 1, "a": None}, Role.BIDDER])
def test_a_value_is_sealed_as_its_plain_form_says(value: Any) -> None:
    """The short way to write a value is the long one's; seals made by either fit."""
    assert row_seals._said(value) == row_seals._json(row_seals._plain(value))


def test_a_row_put_in_or_taken_away_is_found(done: CaseRun) -> None:
    with by_hand() as here:
        here.execute(text("DELETE FROM share_release WHERE trustee = (SELECT max(trustee) FROM share_release)"))
        here.execute(insert(Posting.__table__).values(id=900_000, transfer_id=1, account_id=1, fen=5))
    assert problems() == {("share_release", "removed"), ("ledger_posting", "added")}


def test_a_row_taken_away_with_its_seal_is_missed_by_the_total(done: CaseRun) -> None:
    with by_hand() as here:
        here.execute(text("DELETE FROM award"))
        here.execute(text("DELETE FROM row_seal WHERE table_name = 'award'"))
    assert problems() == {("award", "put_back")}


def test_a_seal_of_one_row_does_not_fit_another(done: CaseRun) -> None:
    with by_hand() as here:
        rows = here.execute(text("SELECT row_key, marks FROM row_seal WHERE table_name = 'organisation' ORDER BY row_key LIMIT 2")).all()
        for row, other in ((rows[0], rows[1]), (rows[1], rows[0])):
            here.execute(text("UPDATE row_seal SET marks = :marks WHERE table_name = 'organisation' AND row_key = :key"), {"marks": other.marks, "key": row.row_key})
    assert problems() == {("organisation", "seal")}


def test_an_older_state_put_back_seals_and_all_is_told_by_the_log(done: CaseRun) -> None:
    tables = ("lot", "award", "row_seal", "row_total")
    with by_hand() as here:
        old = {name: here.execute(select(Model.metadata.tables[name])).mappings().all() for name in tables}
    with transaction() as session:
        session.get_one(Award, done.lot.id).price_fen += 1
    audits.anchor(LATER)
    assert problems() == set()
    with by_hand() as here:
        for name in reversed(tables):
            here.execute(Model.metadata.tables[name].delete())
        for name in tables:
            here.execute(insert(Model.metadata.tables[name]), [dict(row) for row in old[name]])
    assert ("award", "put_back") in problems()


def test_a_bid_put_back_to_what_it_was_before_it_was_replaced_is_told_by_the_log(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(3), T0)
    case.register()
    case.announce()
    case.file_bids()
    with by_hand() as here:
        before = here.execute(select(SealedBid.__table__)).mappings().all()
    session, document = before[0]["session"], trustees.policy(before[0]["session"]).document
    case.file_envelope(session, document, case.plan.offers[0], 1_000_000)
    assert problems() == set()
    with by_hand() as here:
        for row in before:
            here.execute(update(SealedBid.__table__).where(SealedBid.__table__.c.id == row["id"]).values(box=row["box"], marks=row["marks"]))
    # Its parts were shredded when it was replaced, which is seen as well.
    assert problems() == {("sealed_bid", "put_back"), ("sealed_bid", "file_changed")}
    with by_hand() as here:
        here.execute(text("DELETE FROM sealed_bid"))
    assert problems() == {("sealed_bid", "removed")}


def test_a_log_rewritten_with_its_whole_tree_does_not_fit_its_checkpoints(done: CaseRun) -> None:
    """Leaf, nodes and head recomputed by somebody without the log's key."""
    from trading.evidence import tree
    with by_hand() as here:
        row = here.execute(select(Entry.__table__).where(Entry.kind == "lot.awarded")).mappings().first()
        assert row is not None
        event = row["event"] | {"price_fen": 1}
        here.execute(update(Entry.__table__).where(Entry.seq == row["seq"]).values(event=event, data=evidence.leaf_data(row["nonce"], event)))
        peaks: list[bytes] = []
        for size, data in enumerate(here.execute(select(Entry.data).order_by(Entry.seq)).scalars().all()):
            peaks, nodes = tree.append(size, peaks, data)
            for level, i, digest in nodes:
                here.execute(text("UPDATE evidence_node SET hash = :h WHERE level = :level AND i = :i"), {"h": digest, "level": level, "i": i})
        here.execute(text("UPDATE evidence_head SET peaks = :peaks"), {"peaks": b"".join(peaks)})
    assert problems() == {("evidence_checkpoint", "changed")}


def test_a_changed_or_missing_file_is_found(done: CaseRun) -> None:
    files = installation.files()
    names = list(db.session.execute(text("SELECT stored FROM archive_piece ORDER BY id LIMIT 2")).scalars())
    files.path(names[0]).write_bytes(b"something else")
    files.path(names[1]).unlink()
    assert {("archive_piece", "file_changed"), ("archive_piece", "file_missing")} <= problems()


def test_a_file_that_goes_with_its_row_while_an_audit_runs_is_no_finding(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bid is replaced between the database's moment and the look at its files."""
    case = CaseRun(centre.cast, centre.plan(3), T0)
    case.register()
    case.announce()
    case.file_bids()
    name, document = case.session.id, case.session.document
    seen, compare = [], audits.compare

    def raced() -> audits.Audit:
        if not seen:
            stored = [row.id for row in db.session.scalars(select(SealedBid))]
            is_stored = installation.files().is_stored

            def gone(file: str, digest: str) -> bool:
                if not seen:
                    seen.append(stored)
                    for offer in case.plan.offers:
                        case.file_envelope(name, document, offer, 1_000_000)
                return is_stored(file, digest)

            monkeypatch.setattr(installation.files(), "is_stored", gone)
        return compare()

    monkeypatch.setattr(audits, "compare", raced)
    first = raced()
    assert {(place.table, place.problem) for place in first.found} == {("sealed_bid", "file_changed")}, "control: one look alone is misled"
    seen.clear()
    assert audits.look().found == []


def test_a_finding_is_an_alarm_told_once_and_ends_when_it_fits_again(sqlite_centre: Centre) -> None:
    done = finished(sqlite_centre)
    asked = audits.ask(account_id=None, at=LATER)
    assert audits.ask(account_id=None, at=LATER).id == asked.id
    assert audits.make_due(stopped(LATER)) and not audits.make_due(stopped(LATER + timedelta(hours=1)))
    assert alarms.standing() == []
    with by_hand() as here:
        here.execute(text("UPDATE lot SET estimate_fen = estimate_fen + 1 WHERE id = :id"), {"id": done.lot.id})
    assert audits.make_due(stopped(LATER + timedelta(hours=7)))
    kept = audits.newest(1)[0]
    assert kept.found == 1 and kept.places == [{"table": "lot", "key": f"[{done.lot.id}]", "column": "estimate_fen", "problem": "changed"}]
    assert [alarm.kind for alarm in alarms.standing()] == ["database.changed"] and alarms.stop_filings() == ""
    assert alarming.tell(LATER) == 1
    with by_hand() as here:
        here.execute(text("UPDATE lot SET estimate_fen = estimate_fen - 1 WHERE id = :id"), {"id": done.lot.id})
    assert audits.make_due(stopped(LATER + timedelta(hours=14)))
    assert alarms.standing() == []


def test_rows_from_before_the_seals_are_adopted_once_and_the_log_says_so(centre: Centre) -> None:
    done = finished(centre)
    with by_hand() as here:
        for name in ("row_seal", "row_total", "row_shape"):
            here.execute(text(f"DELETE FROM {name}"))
        here.execute(text("UPDATE sealed_bid SET marks = :none"), {"none": b""})
    assert ("lot", "added") in problems() and ("sealed_bid", "added") in problems()
    counted = audits.adopt("upgrade", at=LATER)
    assert counted["lot"] == 1 and counted["sealed_bid"] == 3
    assert problems() == set()
    event = db.session.scalar(select(Entry.event).where(Entry.kind == "database.adopted"))
    assert event is not None and event["rows"] == counted and event["reason"] == "upgrade"
    with by_hand() as here:
        here.execute(text("UPDATE lot SET estimate_fen = estimate_fen + 1 WHERE id = :id"), {"id": done.lot.id})
    audits.adopt("again", at=LATER)
    assert problems() == {("lot", "changed")}, "what contradicts its seal is not adopted"


def test_an_upgrade_that_adds_a_column_keeps_the_old_seals_good(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = row_seals._columns.__wrapped__
    with monkeypatch.context() as before:
        before.setattr(row_seals, "_columns", lambda table: tuple(c for c in columns(table) if (table.name, c) != ("award", "reason")))
        done = finished(sqlite_centre)
    assert problems() == set()
    assert audits.adopt("a column more", at=LATER)["award"] == 1
    with by_hand() as here:
        here.execute(text("UPDATE award SET reason = 'bought'"))
    assert {(place.table, place.column) for place in audits.look().found} == {("award", "reason")}
    assert done.lot.id


def test_bulk_statements_are_sealed_too(centre: Centre) -> None:
    finished(centre)
    with transaction() as session:
        session.execute(update(Lot).where(Lot.estimate_fen > 0).values(estimate_fen=Lot.estimate_fen + 1))
        session.execute(update(Lot).values(name="renamed"))
    assert problems() == set()


def test_a_row_let_go_by_its_owner_takes_its_seal_along(centre: Centre) -> None:
    account = accounts.create("wang", "王", "a long password 42", {Role.BIDDER}, actor="test", at=T0)
    accounts.set_roles(account.id, {Role.TENDERER}, actor="admin", at=T0)
    assert problems() == set()


def test_a_transaction_that_fails_leaves_no_seal_behind(centre: Centre) -> None:
    done = finished(centre)
    with pytest.raises(RuntimeError), transaction() as session:
        session.get_one(Lot, done.lot.id).name = "half done"
        session.flush()
        raise RuntimeError
    assert problems() == set()

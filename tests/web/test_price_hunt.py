"""Fifty distinctive prices are sealed; before the deadline nothing that an insider can copy holds one of them.

Database, its journal, temporary files, uploads, logs at the finest level, a backup, and the answer of every
page to every kind of eye are searched as text, UTF-16, hex, Base64 and inside whatever is compressed.
"""

from __future__ import annotations

import gzip
import logging
import os
import re
import sqlite3
import tempfile
import time
import zlib
from base64 import b64encode, standard_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from bidding.envelope import sealing
from tests.builders import Centre
from tests.services.test_filing import file, upload
from tests.web.test_secrecy import WATCHERS, everything
from trading.accounts.permissions import Role
from trading.base import installation
from trading.base.database import db
from trading.base.money import yuan
from trading.demonstration.cast import Company

COUNT = 50


#: All prices begin with the same nine figures, which stand nowhere by chance: one search finds any of them.
STEM = 617_283_945


def prices() -> list[int]:
    """Fifty prices in fen."""
    return [STEM * 100 + number for number in range(11, 11 + COUNT)]


def spellings() -> list[bytes]:
    """Every way in which the beginning of a price could stand somewhere, uncompressed."""
    found: list[bytes] = []
    for plain in (str(STEM), yuan(STEM * 100)[:-2]):
        raw = plain.encode()
        wide = [plain.encode("utf-16-le"), plain.encode("utf-16-be")]
        found += [raw, *wide, raw.hex().encode(), raw.hex().upper().encode()]
        for whole in (raw, *wide):
            for before in range(3):
                # Inside a longer text Base64 may begin at any of three places; the edges hold neighbours' bits.
                coded = standard_b64encode(b"\0" * before + whole)
                found.append(coded[-(-before * 8 // 6):len(coded) // 4 * 4 - 4])
    return [item for item in set(found) if len(item) >= 8]


def unpacked(blob: bytes, depth: int = 2) -> Iterator[bytes]:
    """A blob and whatever in it is deflated: zlib, gzip and the entries of ZIP files."""
    yield blob
    if not depth:
        return
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04", blob):
        start = match.start()
        kind = blob[start:start + 2]
        try:
            if kind == b"PK":
                method = int.from_bytes(blob[start + 8:start + 10], "little")
                at = start + 30 + int.from_bytes(blob[start + 26:start + 28], "little") + int.from_bytes(blob[start + 28:start + 30], "little")
                if method != 8:
                    continue
                inner = zlib.decompressobj(-15).decompress(blob[at:])
            else:
                inner = zlib.decompressobj(31 if kind == b"\x1f\x8b" else 15).decompress(blob[start:])
        except zlib.error:
            continue
        if len(inner) > 8:
            yield from unpacked(inner, depth - 1)


def hits(places: Iterable[tuple[str, bytes]]) -> list[str]:
    """The places in which a price stands, however it is written."""
    sought = spellings()
    return [name for name, blob in places if any(item in piece for piece in unpacked(blob) for item in sought)]


def files_below(folder: Path, since: float = 0) -> Iterator[tuple[str, bytes]]:
    """Every file in a folder, or every one written since a moment."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_mtime >= since:
            yield str(path), path.read_bytes()


def database(since: float) -> Iterator[tuple[str, bytes]]:
    """What a thief of the database gets: SQLite's file, journal and a backup; PostgreSQL's folder with its WAL."""
    if db.engine.dialect.name == "sqlite":
        source = str(db.engine.url.database)
        backup = Path(tempfile.gettempdir()) / "backup.db"
        with sqlite3.connect(source) as live, sqlite3.connect(backup) as copy:
            live.backup(copy)
        yield from ((name, Path(name).read_bytes()) for name in (source, f"{source}-wal", str(backup)) if Path(name).exists())
        return
    db.session.execute(text("SELECT pg_switch_wal()"))
    folder = Path(str(db.session.execute(text("SHOW data_directory")).scalar()))
    own = str(db.session.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar())
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    yield from files_below(folder / "base" / own)
    yield from files_below(folder / "pg_wal", since)


def offer(price: int) -> dict[str, object]:
    return {"price_fen": price, "days": 90, "quality": "合格", "statement": f"报价 {yuan(price)} 元"}


class Letter:
    """A priced letter inside the envelope."""

    def __init__(self, price: int) -> None:
        self.name, self._data = "投标函.txt", f"总价 {yuan(price)} 元，即 {price} 分".encode()
        self.size = len(self._data)

    def open(self) -> BytesIO:
        return BytesIO(self._data)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every log line at the finest level: ours, the libraries', the database's statements with their values."""
    lines: list[str] = []
    kept, root, before = structlog.get_config(), logging.getLogger(), logging.getLogger().level

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.args}")

    handler = Keep(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
                        processors=[lambda _logger, _method, event: lines.append(str(event)) or event, structlog.processors.JSONRenderer()])
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
    db.engine.echo = True
    try:
        yield lines
    finally:
        db.engine.echo = False
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
        root.removeHandler(handler)
        root.setLevel(before)
        structlog.configure(**kept)


def test_no_price_can_be_found_before_the_deadline(centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, began = tmp_path / "tmp", time.time() - 1
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    case = centre.a_bidding_case()
    session = case.session.document
    with listening() as lines:
        for number, price in enumerate(prices()):
            company: Company = centre.cast.company(f"投标单位{number:02d}", case.at)
            out = BytesIO()
            bid = sealing.seal(session, company.code, offer(price), [Letter(price)], out)
            assert file(case, company, bid, upload(case, company, bid, out.getvalue())).document()["index"] > 0
            if number % 10 == 0:
                # Others replace theirs: what is replaced must leave nothing behind either.
                again = BytesIO()
                bid = sealing.seal(session, company.code, offer(price), [Letter(price)], again)
                file(case, company, bid, upload(case, company, bid, again.getvalue()))
        db.session.commit()
        roles = WATCHERS if db.engine.dialect.name == "sqlite" else [None, Role.BIDDER, Role.SUPERVISOR]
        pages = [(f"{role} {path}", body.encode()) for role in roles for path, body in everything(centre, case, role).items()]
    assert any("'request'" in line for line in lines) and any("INSERT INTO sealed_bid" in line for line in lines), "both were listened to"
    places = [*files_below(installation.settings().instance), *database(began), *files_below(temporary),
              ("log", "\n".join(lines).encode()), *pages, ("environment", str(dict(os.environ)).encode())]
    assert len(places) > 200 and sum(len(blob) for _, blob in places) > 5_000_000
    assert hits(places) == []
    # The control: each way of writing one price, put into a copy of one of the places, is found.
    price, host = prices()[17], places[0][1]
    planted = {"text": str(price).encode(), "yuan": yuan(price).encode(), "UTF-16": str(price).encode("utf-16-le"),
               "hex": str(price).encode().hex().encode(), "Base64": b64encode(f"x{price}yz".encode()), "Base64, later": b64encode(f"ab{price}yz".encode()),
               "zlib": zlib.compress(f"price {price}".encode()), "gzip": gzip.compress(f"price {price} ".encode() * 3),
               "gzip in zlib": zlib.compress(gzip.compress(f"p {price} ".encode() * 3))}
    for name, way in planted.items():
        assert hits([(name, host[:1000] + way + host[1000:2000])]) == [name]
    found = hits([("a file", (temporary / "planted").write_bytes(str(price).encode()) and (temporary / "planted").read_bytes())])
    assert found == ["a file"]

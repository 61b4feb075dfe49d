"""Live bids: how many are accepted in a second on one lot over HTTP, beside the same compare-and-set bare on the same database.

``python bench/live_bids.py [--seconds 5] [--runs 3] [--clients 6] [--folder PLACE] [--postgres] [--growth 10000] [--rooms 200]``.
A real web process (Waitress) serves the platform's own address for bids: cookie, token, Idempotency-Key, the paddle's
signature, the lot's lock, evidence, one durable commit (``synchronous=FULL``; PostgreSQL with fsync on). Each client
keeps one connection and waits for its answer before it bids again; all are driven by one thread over plain sockets,
because they share the machine with what is measured. What an answer costs the web process is printed beside. The
reference sets one row by compare-and-set, durably, with the database's own driver in one process, in turns with ours.
``--growth`` compares the cost of a bid near number 10 with one near that number, in one process. ``--rooms`` runs that
many sales at once with web and jobs as processes and prints how long acceptances took and how late the closes came.
The aims: ratio at least 0.5; growth within a tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import selectors
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from contextlib import ExitStack, contextmanager
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["MINGTANG_LOG_LEVEL"] = "error"

import psycopg  # noqa: E402

from app import create_app  # noqa: E402
from bidding.auction import applying, placing, rooms  # noqa: E402
from bidding.auction.models import Auction, LiveBid  # noqa: E402
from tests.builders import Centre  # noqa: E402
from tests.conftest import _prepare  # noqa: E402
from tests.requirements import postgres_folder  # noqa: E402
from tests.services.live_processes import PASSWORD, Bidder, Processes, free_port, write_config  # noqa: E402
from tests.services.test_live_sales import START, STEP, a_sale  # noqa: E402
from trading.accounts import service as accounts  # noqa: E402
from trading.accounts.permissions import Role  # noqa: E402
from trading.base import clock  # noqa: E402
from trading.base.config import Settings  # noqa: E402
from trading.base.database import db  # noqa: E402
from trading.demonstration.sale import SaleRun  # noqa: E402


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server whose commits reach the disk."""
    programs = postgres_folder()
    assert programs is not None, "PostgreSQL is not installed"
    user, data = ("postgres" if os.geteuid() == 0 else None), folder / "pg"
    folder.chmod(0o755)
    data.mkdir()
    how: dict[str, Any] = {"user": user, "cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} if user else {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if user:
        shutil.chown(data, user)
    subprocess.run([programs / "initdb", "-D", data, "-U", "mingtang", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], check=True, **how)
    server = subprocess.Popen([programs / "postgres", "-D", data, "-k", data, "-c", "listen_addresses=", "-c", "fsync=on", "-c", "max_connections=300"], **how)
    while subprocess.run([programs / "pg_isready", "-h", data, "-U", "mingtang"], capture_output=True).returncode:
        time.sleep(0.1)
    with psycopg.connect(f"postgresql://mingtang@/postgres?host={data}", autocommit=True) as connection:
        connection.execute("CREATE DATABASE live")
    try:
        yield f"postgresql+psycopg://mingtang@/live?host={data}"
    finally:
        server.terminate()
        server.wait(20)


def make_sale(settings: Settings, prepared: Any, mode: str, seconds: float) -> tuple[SaleRun, str]:
    """A listing that is open now, with six bidders who can sign in."""
    app = create_app(settings)
    with app.app_context():
        centre = Centre(app, prepared.cast, prepared.companies)
        sale = a_sale(centre, mode, bidders=6)
        sale.at = clock.now() - timedelta(days=36)
        sale.moments = {"opens_at": clock.now() - timedelta(days=12), "listing_ends_at": clock.now() + timedelta(seconds=seconds), "deadline": clock.now() - timedelta(days=1)}
        sale.take_part()
        for number, buyer in enumerate(sale.buyers):
            accounts.create(f"buyer{number}", "buyer", PASSWORD, {Role.BIDDER}, actor="t", at=clock.now(), organisation_id=buyer.company.id)
        code = sale.lot.code or ""
        db.session.remove()
        db.engine.dispose()
    return sale, code


class Line:
    """One bidder's connection, kept open: what is sent on it waits for its answer before the next."""

    def __init__(self, port: int, bidder: Bidder) -> None:
        self.bidder, self.socket, self.kept, self.sent_at = bidder, socket.create_connection(("127.0.0.1", port), timeout=30), b"", 0.0
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cookie = "; ".join(f"{c.name}={c.value}" for handler in bidder.opener.handlers for c in getattr(handler, "cookiejar", ()))
        self.head = (f"POST /api/v1/auctions/{bidder.room}/acts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
                     f"X-CSRFToken: {bidder.token}\r\nAccept: application/json\r\nCookie: {cookie}\r\n")

    def send(self, fen: int) -> None:
        buyer, key = self.bidder.buyer, f"{self.bidder.buyer.number}-{time.monotonic_ns()}"
        signature = b64encode(buyer.key.sign(placing.message(placing.document(self.bidder.room, buyer.number, "bid", fen, key)))).decode()
        body = json.dumps({"paddle": buyer.number, "act": "bid", "fen": fen, "signature": signature})
        self.sent_at = time.perf_counter()
        self.socket.sendall(f"{self.head}Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    def receive(self) -> tuple[int, float] | None:
        """Status and wait of the answer, once all of it is here."""
        more = self.socket.recv(65536)
        assert more, "the server closed a line"
        self.kept += more
        head, end, body = self.kept.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not end or length is None or len(body) < int(length[1]):
            return None
        self.kept = b""
        return int(head[9:12]), time.perf_counter() - self.sent_at


def bid_for(seconds: float, lines: list[Line], fen: int) -> tuple[list[tuple[int, float]], int]:
    """Let every line bid as often as it is answered; gives what came back, and the next amount.

    Amounts rise in the order in which they are sent, so that most of what is sent at once can count.
    """
    found: list[tuple[int, float]] = []
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line.socket, selectors.EVENT_READ, line)
            line.send(fen)
            fen += STEP // 1000 * 1000
        until, waiting = time.monotonic() + seconds, len(lines)
        while waiting:
            for key, _ in ready.select(30):
                answer = key.data.receive()
                if answer is None:
                    continue
                # What is answered after the end is waited for and not counted.
                if time.monotonic() < until:
                    found.append(answer)
                    key.data.send(fen)
                    fen += STEP // 1000 * 1000
                else:
                    waiting -= 1
    return found, fen


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare(settings: Settings, seconds: float) -> float:
    """Durable compare-and-sets of one row a second, by the database's own driver."""
    done, price = 0, 0
    if settings.database_url:
        with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as server:
            server.execute("CREATE TABLE IF NOT EXISTS bare (id int primary key, price bigint, number bigint)")
            server.execute("INSERT INTO bare VALUES (1, 0, 0) ON CONFLICT (id) DO UPDATE SET price = 0, number = 0")
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                price += 1
                changed = server.execute("UPDATE bare SET price = %s, number = number + 1 WHERE id = 1 AND price < %s", (price, price))
                assert changed.rowcount == 1
                done += 1
    else:
        with sqlite3.connect(settings.instance / "mingtang.db", isolation_level=None, timeout=20) as file:
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                file.execute(f"PRAGMA {pragma}")
            file.execute("CREATE TABLE IF NOT EXISTS bare (id integer primary key, price integer, number integer)")
            file.execute("INSERT OR REPLACE INTO bare VALUES (1, 0, 0)")
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                price += 1
                file.execute("BEGIN IMMEDIATE")
                assert file.execute("UPDATE bare SET price = ?, number = number + 1 WHERE id = 1 AND price < ?", (price, price)).rowcount == 1
                file.execute("COMMIT")
                done += 1
    return done / seconds


def over_http(folder: Path, arguments: argparse.Namespace, url: str) -> None:
    prepared = _prepare(folder / "instance", database_url=url)
    settings = replace(prepared.settings, port=free_port(), events_port=free_port(), witness_urls="", tsa_urls="", threads=16)
    write_config(settings)
    sale, code = make_sale(settings, prepared, "listing-only", 3600)
    processes = Processes(settings)
    try:
        processes.start_all()
        bidders = [Bidder(f"http://127.0.0.1:{settings.port}", f"buyer{number % 6}", sale.buyers[number % 6], code) for number in range(arguments.clients)]
        lines = [Line(settings.port, bidder) for bidder in bidders]
        fen, ours, reference, waits, used = START, [], [], list[float](), list[tuple[float, float]]()
        web = processes.running["web"].pid
        for _ in range(arguments.runs):
            before = cpu_seconds(web), time.process_time()
            found, fen = bid_for(arguments.seconds, lines, fen)
            used.append(((cpu_seconds(web) - before[0]) / len(found) * 1000, (time.process_time() - before[1]) / len(found) * 1000))
            ours.append(sum(status == 201 for status, _ in found) / arguments.seconds)
            waits += [wait for status, wait in found if status == 201]
            reference.append(bare(settings, min(arguments.seconds, 2)))
            refused = sum(status == 422 for status, _ in found)
            print(f"  run: {ours[-1]:7.0f}/s accepted, {refused / arguments.seconds:5.0f}/s refused, bare {reference[-1]:7.0f}/s; CPU of an answer: web {used[-1][0]:.2f} ms, client {used[-1][1]:.2f} ms")
        waits.sort()
        name = "PostgreSQL, fsync on" if url else "SQLite, synchronous=FULL"
        print(f"{name}: {median(ours):.0f}/s accepted over HTTP by {arguments.clients} clients, bare compare-and-set {median(reference):.0f}/s, ratio "
              f"{median(ours) / median(reference):.2f} (aim 0.5); acceptance p50 {waits[len(waits) // 2] * 1000:.1f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.1f} ms; "
              f"CPU of an answer: web {median(web for web, _ in used):.2f} ms")
    finally:
        processes.stop()


def growth(folder: Path, count: int) -> None:
    """The cost of one bid near number 10 and near ``count``, in turns of two lots in one process."""
    prepared = _prepare(folder / "instance")
    app = create_app(prepared.settings)
    with app.app_context():
        centre = Centre(app, prepared.cast, prepared.companies)
        sales = []
        for _ in range(2):
            sale = a_sale(centre, "listing-only", bidders=2)
            sale.take_part()
            sale.begin()
            sales.append(sale)
        young, old = sales

        def bid(sale: SaleRun, number: int) -> float:
            asked = sale.asked(sale.buyers[number % 2], START + number * STEP)
            at = sale.wait(milliseconds=1)
            began = time.perf_counter()
            placing.place(asked, sale.buyers[number % 2].public, clock=lambda: at)
            return time.perf_counter() - began

        for number in range(count):
            bid(old, number)
        for number in range(10):
            bid(young, number)
        few, many = [], []
        for number in range(400):
            few.append(bid(young, 10 + number))
            many.append(bid(old, count + number))
        assert db.session.query(LiveBid).count() == count + 810
        print(f"cost of a bid near 10: {median(few) * 1e6:.0f} us, near {count:,}: {median(many) * 1e6:.0f} us, ratio {median(many) / median(few):.3f} (aim within a tenth)")
        db.session.remove()
        db.engine.dispose()


def many_rooms(folder: Path, count: int, seconds: int) -> None:
    """Many sales at once: property listings of one notice, each with bids now and then, closing one after the other."""
    prepared = _prepare(folder / "instance")
    settings = replace(prepared.settings, port=free_port(), events_port=free_port(), witness_urls="", tsa_urls="")
    write_config(settings)
    app = create_app(settings)
    with app.app_context():
        centre = Centre(app, prepared.cast, prepared.companies)
        sale = a_sale(centre, "listing-only", bidders=2)
        sale.at = clock.now() - timedelta(days=36)
        sale.moments = {"opens_at": clock.now() - timedelta(days=12), "listing_ends_at": clock.now() + timedelta(hours=3), "deadline": clock.now() - timedelta(days=1)}
        sale.take_part()
        first = db.session.get(Auction, sale.lot_id)
        assert first is not None
        for number, buyer in enumerate(sale.buyers):
            accounts.create(f"buyer{number}", "buyer", PASSWORD, {Role.BIDDER}, actor="t", at=clock.now(), organisation_id=buyer.company.id)
        print(f"making {count} rooms ...")
        made = _more_rooms(sale, count, seconds)
        db.session.remove()
        db.engine.dispose()
    processes, waits = Processes(settings), list[float]()
    try:
        processes.start_all()
        bidders = [Bidder(f"http://127.0.0.1:{settings.port}", f"buyer{number}", sale.buyers[number], sale_code) for number, sale_code in enumerate([made[-1][1]] * 2)]  # the last to close still has a form
        gate = threading.Lock()
        until = time.monotonic() + seconds + count / 25

        def bid(number: int) -> None:
            chance, tops, own = random.Random(number), {code: START for _, code in made}, bidders[number % 2]
            while time.monotonic() < until:
                _, code = chance.choice(made)
                own_copy = _in_room(own, code)
                began = time.perf_counter()
                status, _answer = own_copy.act(tops[code], f"{number}-{time.monotonic_ns()}")
                with gate:
                    if status == 201:
                        waits.append(time.perf_counter() - began)
                tops[code] += STEP
                time.sleep(0.15)

        threads = [threading.Thread(target=bid, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(10)
    finally:
        processes.stop()
    with app.app_context():
        late = sorted((row.ended_at - rooms.moment(row.terms["listing_ends_at"])).total_seconds() for row in db.session.query(Auction) if row.ended_at)
        waits.sort()
        print(f"{count} sales in {seconds} s: {len(waits)} accepted, p50 {waits[len(waits) // 2] * 1000:.0f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms; "
              f"{len(late)} closed, lateness p50 {late[len(late) // 2]:.2f} s, p99 {late[len(late) * 99 // 100]:.2f} s, worst {late[-1]:.2f} s")
        db.session.remove()
        db.engine.dispose()


def _in_room(bidder: Bidder, code: str) -> Bidder:
    copy = object.__new__(Bidder)
    copy.__dict__ = {**bidder.__dict__, "room": code}
    return copy


def _more_rooms(sale: SaleRun, count: int, seconds: int) -> list[tuple[int, str]]:
    """Further lots like the first, with the same paddles, closing evenly over the time."""
    from trading.base.database import transaction
    from trading.projects.models import Lot
    from bidding.auction.models import Paddle

    first, made = sale.lot, []
    first_terms = sale.room.terms
    opens = rooms.moment(first_terms.opens_at)
    # Making the rooms and starting the processes takes its time; no room may close before.
    begin = clock.now() + timedelta(seconds=15 + count / 25)
    for number in range(count):
        with transaction() as session:
            code = f"{first.project.code}{number + 2:03d}"
            lot = Lot(project_id=first.project_id, number=number + 2, code=code, name=f"{number + 2}", estimate_fen=first.estimate_fen, deposit_fen=first.deposit_fen,
                      method=first.method, stage=first.stage, deadline=first.deadline, stage_at=first.stage_at)
            session.add(lot)
            session.flush()
            ends = begin + timedelta(seconds=seconds * (number + 1) / count)
            terms = replace(first_terms, listing_ends_at=rooms.unix_ms(ends))
            rooms.create(lot.id, code, terms, at=opens)
            for buyer in sale.buyers:
                own = applying.by_number(sale.lot_id, buyer.number)
                tag = applying.owner_tag(lot.id, buyer.company.id)
                session.add(Paddle(lot_id=lot.id, number=buyer.number, public=own.public, owner_tag=tag, box=applying._close(tag, applying.content(own) | {"seqs": []})))
            made.append((lot.id, code))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    parser.add_argument("--growth", type=int, default=0, metavar="N", help="only: cost of a bid near 10 and near N")
    parser.add_argument("--rooms", type=int, default=0, metavar="N", help="only: N sales at once, for --seconds")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        # Not in memory: what is measured has to reach a disk.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder or ROOT / "instance", prefix="bench-")))
        if arguments.growth:
            growth(folder, arguments.growth)
        elif arguments.rooms:
            many_rooms(folder, arguments.rooms, int(arguments.seconds))
        else:
            over_http(folder, arguments, stack.enter_context(postgres(folder)) if arguments.postgres else "")


if __name__ == "__main__":
    main()

"""Real events processes, real writers and real watchers, for tests of live events."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

ROOM = "B1510822000000001001001"
#: Writes events as an act of an auction does, from a process of its own: URL ROOM FIRST LAST PAUSE PAD.
WRITER = """
import json, sqlite3, sys, time
url, room, first, last, pause, pad = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
if url.startswith("sqlite:///"):
    db, mark = sqlite3.connect(url[10:], isolation_level=None, timeout=20), "?"
    db.execute("PRAGMA synchronous=FULL")
    begin, tell = "BEGIN IMMEDIATE", None
else:
    import psycopg
    db, mark = psycopg.connect(url, autocommit=True), "%s"
    begin, tell = "BEGIN", "SELECT pg_notify('mingtang_auction', %s)"
for seq in range(first, last + 1):
    body = json.dumps({"seq": seq, "kind": "bid", "who": "竞买人 7 号", "fen": 100 * seq, "pad": "x" * pad}, ensure_ascii=False)
    db.execute(begin)
    db.execute(f"INSERT INTO auction_event (room, seq, body, marks) VALUES ({mark}, {mark}, {mark}, {mark})", (room, seq, body, b""))
    if tell:
        db.execute(tell, (room,))
    db.execute("COMMIT")
    time.sleep(pause)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as here:
        return int(here.getsockname()[1])


@dataclass
class Server:
    """An events process on a port of its own, which can be killed and started again."""

    instance: Path
    url: str
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        changes = {f"MINGTANG_{name.upper()}": value for name, value in self.settings.items()}
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "mingtang", "events"], start_new_session=True,
            env=os.environ | changes | {"MINGTANG_INSTANCE": str(self.instance), "MINGTANG_EVENTS_PORT": str(self.port),
                                        "MINGTANG_DEMO": "1", "MINGTANG_HTTPS": "0", "DATABASE_URL": self.url})
        for _ in range(400):
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1):
                    return
            except OSError:
                assert self.process.poll() is None, "the events process ended"
                time.sleep(0.05)
        raise AssertionError("the events process does not answer")

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def memory(self) -> int:
        """Resident bytes of the worker."""
        assert self.process is not None
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True).stdout.split()
        sizes = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") for pid in found]
        return max(sizes)


@contextmanager
def serving(instance: Path, url: str, **settings: str) -> Iterator[Server]:
    server = Server(instance, url, settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def write(url: str, first: int, last: int, *, pause: float = 0.0, pad: int = 20, room: str = ROOM) -> subprocess.Popen[bytes]:
    """Start writing events in another process."""
    return subprocess.Popen([sys.executable, "-c", WRITER, url, room, str(first), str(last), str(pause), str(pad)])


@dataclass
class Watcher:
    """One reader of a stream; ``got`` holds what it was sent, as (number, data)."""

    port: int
    path: str = f"/events/auctions/{ROOM}"
    got: list[tuple[int, bytes]] = field(default_factory=list)
    beats: list[tuple[float, dict[str, object]]] = field(default_factory=list)
    arrived: dict[int, float] = field(default_factory=dict)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    async def watch(self, until: int, *, last_id: int | str | None = None, extra: str = "", reading: asyncio.Event | None = None,
                    reconnect: bool = False) -> None:
        """Read until an event has the number ``until``; with ``reconnect`` come back after every break, as browsers do."""
        while True:
            try:
                await self._once(until, last_id, extra, reading)
                return
            except (OSError, asyncio.IncompleteReadError, ValueError):
                if not reconnect:
                    raise
                if self.got:
                    last_id = self.got[-1][0]
                await asyncio.sleep(0.05)

    async def _once(self, until: int, last_id: int | str | None, extra: str, reading: asyncio.Event | None) -> None:
        line = socket.socket()
        if reading is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=line, limit=2**16 if reading is None else 4096)
        try:
            said = "" if last_id is None else f"Last-Event-ID: {last_id}\r\n"
            writer.write(f"GET {self.path} HTTP/1.1\r\nHost: test\r\n{said}{extra}\r\n".encode())
            top = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            self.status = int(top[0].split()[1])
            self.headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in top[1:] if row)}
            if self.status != 200:
                return
            if reading is not None:
                await reading.wait()
            rest = b""
            chunked = "chunked" in self.headers.get("transfer-encoding", "")
            while not self.got or self.got[-1][0] < until:
                if chunked:
                    size = int(await reader.readline(), 16)
                    rest += (await reader.readexactly(size + 2))[:-2]
                else:
                    more = await reader.read(65536)
                    if not more:
                        raise ConnectionResetError
                    rest += more
                *whole, rest = rest.split(b"\n\n")
                for part in whole:
                    self._take(part)
        finally:
            writer.close()

    def _take(self, part: bytes) -> None:
        fields = dict(row.split(b": ", 1) for row in part.split(b"\n") if b": " in row)
        if fields.get(b"event") == b"beat":
            self.beats.append((time.monotonic(), json.loads(fields[b"data"])))
        elif b"data" in fields:
            seq = json.loads(fields[b"data"])["seq"]
            self.got.append((seq, fields[b"data"]))
            self.arrived[seq] = time.monotonic()
            if fields.get(b"id", b"").isdigit():
                assert int(fields[b"id"]) == seq


async def watching(count: int, server: Server, room: str = ROOM) -> None:
    """Wait until so many connections of ours stand."""
    for _ in range(400):
        rows = Path("/proc/net/tcp").read_text().split("\n")[1:]
        if sum(row.split()[1].endswith(f":{server.port:04X}") and row.split()[3] == "01" for row in rows if row) >= count:
            return
        await asyncio.sleep(0.02)


def wrong_in(got: list[tuple[int, bytes]], stored: dict[int, bytes], after: int = 0) -> str:
    """What is wrong with a stream: it must be every later event once, in order, byte by byte."""
    numbers, expected = [seq for seq, _ in got], sorted(seq for seq in stored if seq > after)
    if numbers != expected:
        missing, more = sorted(set(expected) - set(numbers)), len(numbers) - len(set(numbers))
        return f"{len(missing)} missing ({missing[:5]}), {more} twice, in order: {numbers == sorted(numbers)}"
    return next((f"event {seq} has other bytes" for seq, data in got if stored[seq] != data), "")

"""How long an auction's event takes to its last watcher, how many are lost, and what a watcher costs in memory.

``python bench/fanout.py [--watchers 1000 5000] [--events 30]``. Ours: a row committed by this process, found by the
events process (Granian) and read by watchers in a third process on the same machine; from before the commit to the
last watcher, beats once a second going on beside it. Reference, in the same run with the same reader: a bare loop
over as many plain TCP connections that writes the same bytes, from before its first write. Goal: ratio at most 2.5,
nothing lost, less than 32 KiB for each watcher.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ROOM = "B1510822000000001001001"
PAUSE_S = 0.27  # not a part of a second, so that beats fall everywhere
NUMBER = re.compile(rb"^id: (\d+)$", re.MULTILINE)


def many_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def event(seq: int) -> str:
    return json.dumps({"seq": seq, "at": "2026-03-02T01:00:00.000+00:00", "kind": "bid", "paddle": "07", "amount": {"amount": "48263180.00", "currency": "CNY"},
                       "standing": {"price": "48263180.00", "leader": "07", "phase": "free", "closes_at": "2026-03-02T01:05:00.000+00:00"},
                       "receipt": "9f" * 32}, ensure_ascii=False)


def frame(seq: int) -> bytes:
    return f"id: {seq}\ndata: {event(seq)}\n\n".encode()


# --- the reader: one process, one epoll ---------------------------------------------------------


def read(port: int, count: int, path: str) -> None:
    """Open the connections, say so, read until a line comes in; then say when each event reached its last watcher."""
    many_files()
    lines: dict[int, socket.socket] = {}
    waiting = select.epoll()
    for _ in range(count):
        line = socket.create_connection(("127.0.0.1", port), timeout=20)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if path:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        line.setblocking(False)
        waiting.register(line.fileno(), select.EPOLLIN)
        lines[line.fileno()] = line
    print("ready", flush=True)
    waiting.register(sys.stdin.fileno(), select.EPOLLIN)
    last: dict[int, float] = {}
    got: dict[int, list[int]] = {number: [] for number in lines}
    while True:
        for number, _ in waiting.poll():
            if number == sys.stdin.fileno():
                seen = Counter(seq for found in got.values() for seq in found)
                wrong = sum(found != sorted(set(found)) for found in got.values())
                print(json.dumps({"last": last, "seen": seen, "wrong": wrong}), flush=True)
                return
            data = lines[number].recv(65536)
            if not data:
                waiting.unregister(number)
            for found in NUMBER.findall(data):
                last[int(found)] = time.perf_counter()
                got[number].append(int(found))


# --- the bare loop -------------------------------------------------------------------------------


def bare(count: int) -> None:
    """Accept, then write each event to everybody as plainly as possible whenever a line comes in."""
    many_files()
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as here:
        print(here.getsockname()[1], flush=True)
        lines = [here.accept()[0] for _ in range(count)]
    for line in lines:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setblocking(False)
    for number in sys.stdin:
        data = frame(int(number))
        for line in lines:
            line.send(data)


# --- measuring -----------------------------------------------------------------------------------


def measure(port: int, count: int, path: str, events: int, fire: Callable[[int], None], memory: Callable[[], float] = lambda: 0.0) -> tuple[list[float], int, float]:
    """Milliseconds from each event to its last watcher, how many did not arrive in order, KiB for each watcher."""
    before = memory()
    reader = subprocess.Popen([sys.executable, __file__, "--read", str(port), str(count), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdin is not None and reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    time.sleep(2.5)
    each = (memory() - before) / count
    began = {}
    for seq in range(1, events + 1):
        began[seq] = time.perf_counter()
        fire(seq)
        time.sleep(PAUSE_S)
    time.sleep(1)
    each = max(each, (memory() - before) / count)
    found = json.loads(reader.communicate("end\n", timeout=60)[0])
    lost = sum(count - found["seen"].get(str(seq), 0) for seq in began) + found["wrong"]
    return [(found["last"][str(seq)] - began[seq]) * 1000 for seq in began if str(seq) in found["last"]], lost, each


def of_bare(count: int, events: int) -> list[float]:
    loop = subprocess.Popen([sys.executable, __file__, "--bare", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert loop.stdin is not None and loop.stdout is not None

    def fire(seq: int) -> None:
        print(seq, file=loop.stdin, flush=True)

    try:
        times, lost, _ = measure(int(loop.stdout.readline()), count, "", events, fire)
        assert lost == 0, "the bare loop lost events"
        return times
    finally:
        loop.kill()


def of_ours(folder: Path, count: int, events: int) -> tuple[list[float], int, float]:
    path = folder / f"{count}"
    path.mkdir()
    writer = sqlite3.connect(path / "mingtang.db", isolation_level=None)
    writer.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE auction (room VARCHAR(23), ended_at BIGINT); "
                         "CREATE TABLE auction_event (room VARCHAR(23), seq BIGINT, body TEXT, marks BLOB, PRIMARY KEY (room, seq))")
    writer.execute("INSERT INTO auction VALUES (?, NULL)", (ROOM,))
    with socket.create_server(("127.0.0.1", 0)) as here:
        port = here.getsockname()[1]
    server = subprocess.Popen([Path(sys.executable).parent / "mingtang", "events"], start_new_session=True,
                              env=os.environ | {"MINGTANG_INSTANCE": str(path), "MINGTANG_EVENTS_PORT": str(port), "MINGTANG_HTTPS": "0",
                                                "MINGTANG_EVENTS_WATCHERS": str(count + 10), "DATABASE_URL": ""})

    def resident() -> float:
        workers = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True).stdout.split()
        return max(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in workers) * resource.getpagesize() / 1024

    def fire(seq: int) -> None:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO auction_event VALUES (?, ?, ?, x'')", (ROOM, seq, event(seq)))
        writer.execute("COMMIT")

    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        return measure(port, count, f"/events/auctions/{ROOM}", events, fire, resident)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        writer.close()


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the events process does not answer")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--watchers", type=int, nargs="+", default=[1000, 5000])
    options.add_argument("--events", type=int, default=30)
    options.add_argument("--read", nargs=3, help=argparse.SUPPRESS)
    options.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.read:
        return read(int(chosen.read[0]), int(chosen.read[1]), chosen.read[2])
    if chosen.bare:
        return bare(chosen.bare)
    many_files()
    with tempfile.TemporaryDirectory() as name:
        for count in chosen.watchers:
            # The bare loop before and after ours: the machine may be busier at one time than at another.
            half = max(1, chosen.events // 2)
            reference = of_bare(count, half)
            ours, lost, each = of_ours(Path(name), count, chosen.events)
            reference += of_bare(count, half)
            mine, theirs = median(ours), median(reference)
            print(f"{count:6} watchers   event to last watcher {mine:6.1f} ms (slowest {max(ours):.0f})   bare loop {theirs:6.1f} ms (slowest {max(reference):.0f})   "
                  f"ratio {mine / theirs:.2f}   lost {lost} of {count * chosen.events}   {each:.1f} KiB a watcher", flush=True)


if __name__ == "__main__":
    main()

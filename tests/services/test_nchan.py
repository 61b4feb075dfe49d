"""deploy/nginx-nchan.conf as it stands, with other ports: nginx with nchan holds the watchers, the platform publishes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine

import app  # noqa: F401  (all tables)
from tests.streams import ROOM, Watcher, free_port, serving, write, wrong_in
from trading.base.config import create_keys
from trading.base.database import Model

ROOT = Path(__file__).resolve().parents[2]
MODULES = [Path(place) / "ngx_nchan_module.so" for place in ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")]
MODULE = next((path for path in MODULES if path.exists()), None)
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None or MODULE is None, reason="nginx or its nchan module is not installed (Debian: nginx libnginx-mod-nchan)")
STREAM = "Accept: text/event-stream\r\n"  # nchan answers nobody else


class Nginx:
    """nginx in a folder of its own, with our file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.inside = folder, free_port(), free_port()
        text = (ROOT / "deploy/nginx-nchan.conf").read_text("utf-8")
        for old, new in (("listen 80 ", f"listen 127.0.0.1:{self.port} "), ("127.0.0.1:8002;", f"127.0.0.1:{self.inside};"),
                         ("127.0.0.1:8000", f"127.0.0.1:{free_port()}"), ("127.0.0.1:8001", f"127.0.0.1:{free_port()}")):
            assert old in text
            text = text.replace(old, new)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"load_module {MODULE}; {user} daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log warn;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{ access_log off;\n{text}\n}}\n", "utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert NGINX
        self.process = subprocess.Popen([NGINX, "-c", self.folder / "nginx.conf", "-p", self.folder, "-e", self.folder / "error.log"], start_new_session=True)
        time.sleep(0.5)
        assert self.process.poll() is None, (self.folder / "error.log").read_text()

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None


@contextmanager
def publishing(folder: Path, url: str, to: str) -> Iterator[None]:
    process = subprocess.Popen([Path(sys.executable).parent / "mingtang", "events", "--publish", to],
                               env=os.environ | {"MINGTANG_INSTANCE": str(folder), "DATABASE_URL": url})
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def url(tmp_path: Path) -> str:
    create_keys(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'mingtang.db'}")
    Model.metadata.create_all(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "mingtang.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("INSERT INTO auction (lot_id, room, terms, standing, seq, marks) VALUES (1, ?, '{}', '{}', 0, '')", (ROOM,))
    return f"sqlite:///{tmp_path / 'mingtang.db'}"


def stored(url: str) -> dict[int, bytes]:
    with sqlite3.connect(url[10:]) as connection:
        return {seq: body.encode() for seq, body in connection.execute("SELECT seq, body FROM auction_event WHERE room = ?", (ROOM,))}


class Page(Watcher):
    """What the page does (frontend/js/live.js): drops what it has, and fetches from the platform what it lacks."""

    platform = 0
    last_message = ""
    fetched = 0
    lacking = 0

    def _take(self, part: bytes) -> None:
        before = len(self.got)
        super()._take(part)
        for line in part.split(b"\n"):
            if line.startswith(b"id: "):
                self.last_message = line[4:].decode()
        have = self.got[before - 1][0] if before else 0
        if len(self.got) > before and self.got[-1][0] != have + 1:
            seq, _ = self.got.pop()
            self.lacking = max(self.lacking, seq if seq > have else 0)
        elif part.startswith(b"event: beat") and int(str(self.beats[-1][1]["seq"])) > have:
            self.lacking = int(str(self.beats[-1][1]["seq"]))

    async def stay(self, until: int) -> None:
        """Follow the stream, come back after every break, ask the platform where something is lacking."""
        while not self.got or self.got[-1][0] < until:
            reading = asyncio.ensure_future(self._once(until, self.last_message or None, STREAM, None))
            while not reading.done():
                if self.lacking > (self.got[-1][0] if self.got else 0):
                    after = self.got[-1][0] if self.got else 0
                    rest = Watcher(self.platform, f"/events/auctions/{ROOM}?after={after}")
                    await rest.watch(self.lacking)
                    self.fetched += len(rest.got)
                    have = self.got[-1][0] if self.got else 0
                    self.got += [row for row in rest.got if row[0] > have]
                await asyncio.sleep(0.02)
            await asyncio.gather(reading, return_exceptions=True)
            await asyncio.sleep(0.1)


def test_nchan_resumes_and_pages_fill_what_it_lost(url: str, tmp_path: Path) -> None:
    """Watchers hear everything once; one comes back with nchan's id; nginx is killed and has forgotten everything."""
    nginx = Nginx(tmp_path)
    nginx.start()
    write(url, 1, 5).wait()
    pages: list[Page] = []
    try:
        with serving(tmp_path, url) as platform, publishing(tmp_path, url, f"http://127.0.0.1:{nginx.inside}/publish"):
            pages = [Page(nginx.port) for _ in range(10)]
            for page in pages:
                page.platform = platform.port

            async def run() -> None:
                async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                    for page in pages:
                        group.create_task(page.stay(400))
                    while not all(page.got and page.got[-1][0] >= 5 for page in pages):
                        await asyncio.sleep(0.05)
                    writing = write(url, 6, 400, pause=0.01)
                    await asyncio.sleep(1.2)
                    await asyncio.to_thread(nginx.kill)
                    await asyncio.sleep(0.3)
                    await asyncio.to_thread(nginx.start)
                    assert await asyncio.to_thread(writing.wait, 60) == 0

            asyncio.run(run())
    finally:
        nginx.kill()
    rows = stored(url)
    assert len(rows) == 400
    assert {wrong_in(page.got, rows) for page in pages} == {""}
    assert all(page.beats for page in pages)


def test_nchan_goes_on_after_its_own_id(url: str, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path)
    nginx.start()
    try:
        with publishing(tmp_path, url, f"http://127.0.0.1:{nginx.inside}/publish"):
            first, second, stranger = Page(nginx.port), Page(nginx.port), Watcher(nginx.port, "/events/auctions/B1510822000000009001001")

            async def come(page: Watcher, until: int, last: str | None) -> None:
                for _ in range(100):
                    await page.watch(until, last_id=last, extra=STREAM) if page.status != 403 else None
                    if page.status == 200:
                        return
                    page.status = 0
                    await asyncio.sleep(0.1)

            async def run() -> None:
                async with asyncio.timeout(40):
                    following = asyncio.ensure_future(come(first, 20, None))
                    while not first.beats:  # now it is on the channel
                        await asyncio.sleep(0.05)
                    write(url, 1, 20).wait()
                    await following
                    assert first.last_message
                    write(url, 21, 60).wait()
                    second.got = [(20, b"")]
                    await come(second, 60, first.last_message)
                    await stranger.watch(1, extra=STREAM)

            asyncio.run(run())
    finally:
        nginx.kill()
    rows = stored(url)
    assert wrong_in(first.got, {seq: data for seq, data in rows.items() if seq <= 20}) == ""
    assert wrong_in(second.got[1:], rows, 20) == "" and second.fetched == 0
    assert stranger.status == 403

"""frontend/js/live.js in a real Chromium, on a page of another port than the events process."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine

import app  # noqa: F401  (all tables)
from tests.streams import ROOM, free_port, serving, write
from trading.base.config import create_keys
from trading.base.database import Model

ROOT = Path(__file__).resolve().parents[2]
PAGE = """<!DOCTYPE html><html lang="zh-CN"><title>t</title><div id="room" data-live="/poll" data-every="5000" data-sse="{sse}"></div>
<script type="module">import {{ startLive }} from './js/live.js'
window.got = []; window.beats = []
const room = document.getElementById('room')
room.addEventListener('live:event', e => window.got.push(e.detail.seq))
room.addEventListener('live:beat', e => window.beats.push(e.detail.seq))
startLive()
</script></html>"""


class Web(BaseHTTPRequestHandler):
    """A page, its modules, the polled address, and a relay that forgot the middle."""

    database = ""
    sse = ""
    polls = 0

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/page":
            self.reply("text/html; charset=utf-8", PAGE.format(sse=self.sse).encode())
        elif path.path.startswith("/js/"):
            self.reply("text/javascript", (ROOT / "frontend/js" / Path(path.path).name).read_bytes())
        elif path.path == "/poll":
            type(self).polls += 1
            with sqlite3.connect(self.database) as connection:
                rows = connection.execute("SELECT body FROM auction_event WHERE seq > ? ORDER BY seq", (int(parse_qs(path.query)["after"][0]),)).fetchall()
            self.reply("application/json", json.dumps({"events": [json.loads(row[0]) for row in rows]}).encode())
        elif path.path == "/forgot":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for seq in (1, 2, 9):
                self.wfile.write(f'id: 17:{seq}\ndata: {{"seq":{seq}}}\n\n'.encode())
            self.wfile.write(b'event: beat\nid: 17:10\ndata: {"server_now":"2026-03-02T01:00:00.000+00:00","seq":12}\n\n')
            self.wfile.flush()
            time.sleep(20)
        else:
            self.send_error(404)

    def reply(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", f"default-src 'none'; script-src 'self' 'unsafe-inline'; connect-src 'self' {type(self).sse.partition('/events')[0] or ''}")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    create_keys(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'mingtang.db'}")
    Model.metadata.create_all(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "mingtang.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    Web.database, Web.polls = str(tmp_path / "mingtang.db"), 0
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def until(page: Page, last: int) -> list[int]:
    comes(page, "got", last)
    return page.evaluate("window.got")  # type: ignore[no-any-return]


def comes(page: Page, name: str, last: int) -> None:
    """Wait until the newest of what the page noted is this."""
    for _ in range(300):
        if page.evaluate(f"(window.{name} || []).at(-1)") == last:
            return
        page.wait_for_timeout(100)
    raise AssertionError(page.evaluate(f"window.{name}"))


@pytest.mark.browser
def test_a_page_of_another_port_follows_and_goes_on_after_a_break(web: str, page: Page, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mingtang.db'}"
    write(url, 1, 10).wait()
    with serving(tmp_path, url, site_origins=web) as server:
        Web.sse = f"http://127.0.0.1:{server.port}/events/auctions/{ROOM}"
        page.goto(f"{web}/page")
        assert until(page, 10) == list(range(1, 11))
        write(url, 11, 30).wait()
        assert until(page, 30) == list(range(1, 31))
        comes(page, "beats", 30)
        assert Web.polls == 0  # what streams is not asked for as well
        server.kill()
        write(url, 31, 40).wait()
        server.start()
        assert until(page, 40) == list(range(1, 41))


@pytest.mark.browser
def test_numbers_that_skip_are_asked_for(web: str, page: Page, tmp_path: Path) -> None:
    write(f"sqlite:///{tmp_path / 'mingtang.db'}", 1, 12).wait()
    Web.sse = "/forgot"
    page.goto(f"{web}/page")
    assert until(page, 12) == list(range(1, 13)) and Web.polls >= 1
    # The relay holds the line and says nothing more: the page asks instead.
    write(f"sqlite:///{tmp_path / 'mingtang.db'}", 13, 14).wait()
    assert until(page, 14) == list(range(1, 15))

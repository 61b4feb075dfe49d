"""Web, jobs and events as processes of their own over one installation; bidders and watchers over HTTP."""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bidding.auction import placing
from trading.base.config import Settings
from trading.demonstration.sale import Buyer

PASSWORD = "correct horse battery staple"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def write_config(settings: Settings) -> None:
    """The installation's settings as its processes read them."""
    lines = []
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if item.name != "instance" and value != item.default:
            lines.append(f"{item.name} = {json.dumps(value)}")
    (settings.instance / "config.toml").write_text("\n".join(lines) + "\n", "utf-8")


@dataclass
class Processes:
    """The platform's processes by name; any of them can be killed and comes back at once."""

    settings: Settings
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)

    def start(self, name: str) -> None:
        log = (self.settings.instance.parent / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [sys.executable, str(Path(sys.executable).parent / "mingtang"), name], stdout=log, stderr=log, start_new_session=True,
            cwd=Path(__file__).resolve().parents[2], env={**os.environ, "MINGTANG_INSTANCE": str(self.settings.instance), "PYTHONPATH": str(Path(__file__).resolve().parents[2])})

    def start_all(self) -> None:
        for name in ("web", "jobs", "events"):
            self.start(name)
        for port in (self.settings.port, self.settings.events_port):
            wait_for(port)

    def kill(self, name: str) -> None:
        """kill -9, the whole group, and start again."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.killed[name] = self.killed.get(name, 0) + 1
        self.start(name)

    def stop(self) -> None:
        for process in self.running.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {port}")


class Bidder:
    """One bidder's browser, as far as bidding goes: cookies, the token, one key for one wish."""

    def __init__(self, site: str, username: str, buyer: Buyer, room: str) -> None:
        self.site, self.buyer, self.room = site, buyer, room
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        token = self._token("/login")
        self.opener.open(f"{site}/login", urlencode({"csrf_token": token, "username": username, "password": PASSWORD}).encode(), timeout=20).close()
        self.token = self._token("/auctions/" + room)
        self.retried = 0

    def _token(self, path: str) -> str:
        html = self.opener.open(self.site + path, timeout=20).read().decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
        assert found is not None, f"{path} has no form"
        return found[1]

    def act(self, fen: int, key: str, act: str = "bid") -> tuple[int, dict[str, Any]]:
        """Send one wish until it is answered: (status, body). A lost answer is asked for again with the same key."""
        document = placing.document(self.room, self.buyer.number, act, fen, key)
        body = json.dumps({"paddle": self.buyer.number, "act": act, "fen": fen, "signature": b64encode(
            self.buyer.key.sign(placing.message(document))).decode()}).encode()
        while True:
            request = urllib.request.Request(f"{self.site}/api/v1/auctions/{self.room}/acts", body, {
                "Content-Type": "application/json", "X-CSRFToken": self.token, "Idempotency-Key": key, "Accept": "application/json"})
            try:
                with self.opener.open(request, timeout=20) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                try:
                    return error.code, json.loads(error.read() or b"{}")
                except (OSError, http.client.HTTPException):
                    pass  # cut off in the middle of its answer
            except (OSError, http.client.HTTPException):
                pass
            self.retried += 1
            time.sleep(0.2)


class Watching(threading.Thread):
    """One watcher of the stream, which comes back by its last number whenever it is cut off."""

    def __init__(self, port: int, room: str) -> None:
        super().__init__(daemon=True)
        self.port, self.room, self.seen, self.returned, self.stopped = port, room, list[int](), 0, False
        self.bodies: dict[int, str] = {}

    def run(self) -> None:
        while not self.stopped:
            try:
                line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                line.request("GET", f"/events/auctions/{self.room}", headers={"Last-Event-ID": str(self.seen[-1] if self.seen else 0)})
                answer = line.getresponse()
                if answer.status == 200:
                    self._follow(answer)
            except (OSError, http.client.HTTPException, ValueError):
                pass
            self.returned += 1
            time.sleep(0.1)

    def _follow(self, answer: http.client.HTTPResponse) -> None:
        number, is_beat = None, False
        while not self.stopped:
            line = answer.readline()
            if not line:
                return
            text = line.decode().rstrip("\n")
            if text.startswith("id:"):
                number = int(text[3:])
            elif text.startswith("event:"):
                is_beat = True
            elif text.startswith("data:") and not is_beat and number is not None:
                self.seen.append(number)
                self.bodies[number] = text[5:].lstrip()
            elif not text:
                number, is_beat = None, False

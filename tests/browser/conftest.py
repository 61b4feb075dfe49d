"""Fixtures of the browser tests: a live centre, Chromium, and pages that are watched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app import create_app
from experts.draw import service as draws
from tests import builders
from tests.browser.live import PASSWORD, Live, MovedClock
from tests.conftest import Prepared
from tests.services.live_processes import free_port
from tests.requirements import chromium
from tests.shelf import copy_cast
from trading.base.database import db

# A busy machine seals and signs more slowly; only what never comes waits so long.
expect.set_options(timeout=20_000)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


@dataclass
class Visitor:
    """One person at one browser: its own cookies and its own storage."""

    live: Live
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        answer = self.page.goto(self.live.address + path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"
        return self.page

    def sign_in(self, username: str, path: str = "/me") -> Page:
        """Sign in as people do, second factor included, and go to ``path``."""
        page = self.page
        page.goto(f"{self.live.address}/login?next={path}")
        page.locator("#username").fill(username)
        page.locator("#password").fill(PASSWORD)
        page.locator("main button[type=submit], main input[type=submit]").last.click()
        if username in self.live.secrets:
            page.locator("#code").fill(self.live.code(username))
            page.locator("main button[type=submit], main input[type=submit]").last.click()
        page.wait_for_url(f"{self.live.address}{path}")
        return page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


def watch(context: BrowserContext, complaints: list[str]) -> None:
    """Keep what a page complains about: policy violations, console errors, uncaught exceptions."""
    def told(message: Any) -> None:
        # The live stream is a process of its own, which most modules do not start: pages ask instead.
        if "ERR_CONNECTION_REFUSED" in message.text and "/events/auctions/" in str(message.location):
            return
        if message.type == "error" or "Content Security Policy" in message.text:
            complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    context.on("console", told)
    context.on("weberror", lambda error: complaints.append(f"{error.page.url if error.page else ''}: {error.error}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def live(prepared_sqlite: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running centre on the day after the prepared one; draws take contributions for seconds only."""
    folder = tmp_path_factory.mktemp("live") / "instance"
    shutil.copytree(prepared_sqlite.folder, folder)
    settings = replace(prepared_sqlite.settings, instance=folder, events_port=free_port())
    made = Live(create_app(settings), copy_cast(prepared_sqlite.cast), MovedClock(builders.T0 + timedelta(days=1)))
    usual = draws.freeze.__kwdefaults__["contribute_for"]
    draws.freeze.__kwdefaults__["contribute_for"] = timedelta(seconds=6)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        draws.freeze.__kwdefaults__["contribute_for"] = usual
        with made.app.app_context():
            db.session.remove()
            db.engine.dispose()


@dataclass
class Visitors:
    """Everybody who came to the centre in one test module, each kept by name."""

    live: Live
    browser: Browser
    known: dict[str, Visitor] = field(default_factory=dict)

    def __call__(self, name: str, **options: Any) -> Visitor:
        if name not in self.known:
            context = self.browser.new_context(locale="zh-CN", **({"viewport": {"width": 1280, "height": 900}} | options))
            context.set_default_timeout(15_000)
            visitor = self.known[name] = Visitor(self.live, context, context.new_page())
            watch(context, visitor.complaints)
        return self.known[name]

    def complaints(self) -> list[str]:
        """All that was complained about since the last time this was asked."""
        found = [line for visitor in self.known.values() for line in visitor.complaints]
        for visitor in self.known.values():
            visitor.complaints.clear()
        return found


@pytest.fixture(scope="module")
def visitors(live: Live, browser: Browser) -> Iterator[Visitors]:
    found = Visitors(live, browser)
    yield found
    for visitor in found.known.values():
        visitor.context.close()


@pytest.fixture(autouse=True)
def watched(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test whose pages broke the policy, wrote an error to the console or threw is a failed test."""
    yield
    if "visitors" in request.fixturenames:
        complaints = request.getfixturevalue("visitors").complaints()
        assert not complaints, complaints

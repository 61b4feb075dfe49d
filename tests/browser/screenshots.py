"""Photograph the main pages of a fresh demonstration, for the README.

``python tests/browser/screenshots.py [DIR]`` makes a demonstration in a temporary folder, serves
it inside this program and writes ``<page>-<width>.png``, by default to docs/screenshots.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pyotp  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from sqlalchemy import select  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

from app import create_app  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.browser.live import Quiet  # noqa: E402
from tests.requirements import chromium  # noqa: E402
from trading.base.clock import now  # noqa: E402
from trading.base.config import load  # noqa: E402
from trading.base.database import db  # noqa: E402
from trading.demonstration.place import demo_folder  # noqa: E402
from trading.projects.models import Lot  # noqa: E402
from trading.projects.rules import Stage  # noqa: E402

#: Page, who looks, at the case of which stage, where; and what is filled in before.
PAGES = [
    ("home", "", None, "/"), ("project", "", Stage.PUBLICISED, "/p/{project}"), ("hall", "", Stage.OPENED, "/hall/{lot}"),
    ("draw", "", Stage.OPENED, "/draws/{lot}"), ("wizard", "bidder1", Stage.BIDDING, "/me/lots/{lot}/seal"),
    ("timeline", "supervisor", Stage.ARCHIVED, "/supervise/{lot}"), ("clocks", "supervisor", None, "/me/clocks"),
    ("law", "", None, "/law?family=works")]
SIZES = {1440: 900, 390: 844}


def make_demonstration(folder: Path) -> None:
    """As a visitor makes it; nothing is printed, the password is read from its file."""
    program = Path(sys.executable).parent / "mingtang"
    subprocess.run([program, "demo"], env=os.environ | {"MINGTANG_INSTANCE": str(folder)}, check=True, cwd=ROOT,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def photograph(instance: Path, out: Path) -> list[Path]:
    settings = load(instance)
    app, demo = create_app(settings), demo_folder(settings)
    password = json.loads((demo / "robots.json").read_text("utf-8"))["password"]
    codes = json.loads((demo / "totp.json").read_text("utf-8"))
    with app.app_context():
        cases = {lot.stage: {"lot": lot.code, "project": lot.project.code}
                 for lot in db.session.scalars(select(Lot).where(Lot.code.is_not(None)).order_by(Lot.deadline))}
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        contexts = {}
        for name, who, stage, path in PAGES:
            if who not in contexts:
                contexts[who] = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce")
                if who:
                    sign_in(contexts[who].new_page(), address, who, password, codes.get(who))
            for width, height in SIZES.items():
                page = contexts[who].new_page()
                page.set_viewport_size({"width": width, "height": height})
                page.goto(address + path.format(**cases.get(stage, {})))
                if width < 500 and name != "home":
                    page.locator(".page-head").evaluate("head => window.scrollTo(0, head.getBoundingClientRect().top - 12)")
                page.wait_for_timeout(400)
                made.append(out / f"{name}-{width}.png")
                page.screenshot(path=str(made[-1]))
                page.close()
        browser.close()
    server.shutdown()
    return made


def sign_in(page: Page, address: str, username: str, password: str, secret: str | None) -> None:
    page.goto(f"{address}/login")
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("main form button[type=submit]").last.click()
    if secret:
        page.locator("#code").fill(pyotp.TOTP(secret).at(now()))
        page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(f"{address}/me")
    page.close()


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/screenshots"
    out.mkdir(parents=True, exist_ok=True)
    if instance := os.environ.get("MINGTANG_INSTANCE"):
        made = photograph(Path(instance), out)
    else:
        with tempfile.TemporaryDirectory(prefix="mingtang-shots-") as folder:
            make_demonstration(Path(folder))
            made = photograph(Path(folder), out)
    for path in made:
        print(f"{path.name:<20}{path.stat().st_size // 1024:>5} kB")


if __name__ == "__main__":
    main()

"""Anybody may take the tools home; their hashes are in the log before a session names one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from bidding.trustees import tools
from tests.builders import Centre
from tests.web.conftest import Site
from trading.base import assets
from trading.base.database import db
from trading.evidence.models import Entry


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_the_page_names_the_hash_of_what_it_hands_out(site: Site, tongue: str) -> None:
    public = site.client()
    page = public.get("/tools", query_string={"lang": tongue}).text
    assert page.count("<h1") == 1 and all(command in page for command in ("Get-FileHash", "certutil -hashfile", "shasum -a 256", "sha256sum"))
    for name in (tools.SEAL, tools.TRUSTEE):
        answer = public.get(f"/tools/{name}")
        assert answer.status_code == 200 and answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert hashlib.sha256(answer.data).hexdigest() == tools.hashes()[name] and tools.hashes()[name] in page
    assert 'href="/tools"' in public.get("/sitemap").text
    assert public.get("/tools/verify.html").status_code == 404 and public.get("/tools/..%2fseal.html").status_code == 404


def published() -> list[dict[str, str]]:
    entries = db.session.scalars(select(Entry).where(Entry.kind == tools.PUBLISHED).order_by(Entry.seq))
    return [entry.event["sha256"] for entry in entries if entry.event is not None]


def test_each_build_is_logged_once_and_named_by_its_sessions(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    public = sqlite_centre.app.test_client()
    assert published() == [] and "下一个封存会话" in public.get("/tools").text
    sessions = [sqlite_centre.a_bidding_case().session for _ in range(2)]
    assert {session.document["seal_tool_sha256"] for session in sessions} == {tools.hashes()[tools.SEAL]}
    assert published() == [tools.hashes()]
    assert "已于" in public.get("/tools").text
    entry = tools.last_published()
    assert entry is not None and entry.seq < min(session.opened_seq for session in sessions), "in the log before the session that names it"
    (tmp_path / tools.SEAL).write_bytes(b"another build")
    monkeypatch.setattr(assets, "dist", lambda root: tmp_path)
    assert "下一个封存会话" in public.get("/tools").text, "what is handed out now is not what the log names"
    assert sqlite_centre.a_bidding_case().session.document["seal_tool_sha256"] == hashlib.sha256(b"another build").hexdigest()
    assert published()[1:] == [{tools.SEAL: hashlib.sha256(b"another build").hexdigest()}]


def test_a_site_without_its_assets_names_none(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "dist", lambda root: tmp_path)
    assert sqlite_centre.a_bidding_case().session.document["seal_tool_sha256"] == "" and published() == []
    public = sqlite_centre.app.test_client()
    assert "还没有生成" in public.get("/tools").text and public.get("/tools/seal.html").status_code == 404

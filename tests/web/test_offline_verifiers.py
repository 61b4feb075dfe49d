"""Anybody may take the verifiers home, with their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.web.conftest import Site
from trading.archive import verifier
from trading.evidence import verify


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_the_page_names_the_hash_of_what_it_hands_out(site: Site, tongue: str) -> None:
    public = site.client()
    page = public.get("/verify/offline", query_string={"lang": tongue}).text
    assert page.count("<h1") == 1 and "Get-FileHash" in page and "shasum -a 256" in page and "sha256sum" in page
    for name in ("verify.html", "verify.py"):
        answer = public.get(f"/verify/offline/{name}")
        assert answer.status_code == 200 and answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert hashlib.sha256(answer.data).hexdigest() in page
    assert 'href="/verify/offline"' in public.get("/verify").text


def test_a_site_without_its_assets_hands_out_the_program_alone(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(verifier.assets, "dist", lambda root: tmp_path)
    public = site.client()
    assert public.get("/verify/offline/verify.html").status_code == 404 and "还没有生成" in public.get("/verify/offline").text
    assert public.get("/verify/offline/verify.py").data == Path(verify.__file__).read_bytes()


@pytest.mark.parametrize("name", ["SHA256SUMS", "..%2fverify.py", "verify.HTML", "x"])
def test_nothing_else_is_handed_out(site: Site, name: str) -> None:
    assert site.client().get(f"/verify/offline/{name}").status_code == 404

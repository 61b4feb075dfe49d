"""Where pages may fetch live events from, and whose pages may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.conftest import Site
from trading.base.config import Settings, UnsafeSettings, load


def test_pages_name_the_address_of_live_events(site: Site) -> None:
    policy = site.client().get("/").headers["Content-Security-Policy"]
    assert "connect-src 'self' http://127.0.0.1:8001;" in policy
    extensions = site.app.extensions["mingtang"]
    extensions["settings"] = replace(extensions["settings"], https=True)
    assert "connect-src 'self';" in site.client().get("/").headers["Content-Security-Policy"]


def test_whose_pages_may_read_them(tmp_path: Path) -> None:
    here = Settings(instance=tmp_path, https=False)
    assert here.events_base == "http://127.0.0.1:8001" and here.origins == {"http://127.0.0.1:8000", "http://localhost:8000"}
    behind_nginx = Settings(instance=tmp_path)
    assert behind_nginx.events_base == "" and behind_nginx.origins == set()
    apart = Settings(instance=tmp_path, events_url="https://live.trade.example/", site_origins="https://trade.example, https://www.trade.example")
    assert apart.events_base == "https://live.trade.example" and apart.origins == {"https://trade.example", "https://www.trade.example"}


@pytest.mark.parametrize("address", ["https://live.example; script-src *", "https://live.example/path", "live.example", "javascript:x"])
def test_an_address_that_would_break_the_header_stops_the_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(UnsafeSettings):
        load(tmp_path, events_url=address)

"""The page on which two persons let a restored log go on: who may see it, ask, approve and refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import T0
from tests.services.test_evidence import grow
from tests.services.test_watchers import backed_up, restore, served
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.clock import stopped, unix
from trading.evidence import alarms, service, witnessing

WHY = "机房断电，恢复了当日 9 时的备份"
PLACE = "/log/continuation"


@pytest.fixture
def restored(site: Site, tmp_path: Path) -> Iterator[Site]:
    """A centre whose database was put back, seen by its three witnesses."""
    site.is_plain = False
    for role in (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.REGISTRAR):
        site.someone(role)
    site.someone(Role.SUPERVISOR, name="second")
    with site.inside() as centre:
        witnesses = centre.cast.watchers.witnesses
    with served(witnesses[0], lambda: unix(T0)) as a, served(witnesses[1], lambda: unix(T0)) as b, served(witnesses[2], lambda: unix(T0)) as c:
        own = site.app.extensions["mingtang"]
        own["settings"] = replace(own["settings"], witness_urls=",".join((a, b, c)))
        with site.inside():
            grow(3)
            witnessing.cosign_due({}, stopped(T0))
            backup = backed_up(tmp_path)
            grow(5)
            witnessing.cosign_due({}, stopped(T0))
            assert alarms.standing() == [], "control: an honest log raises none"
            restore(backup)
            grow(2)
            witnessing.cosign_due({}, stopped(T0))
            assert alarms.stop_filings() == alarms.RESTORED
        yield site


def test_two_persons_let_the_log_go_on(restored: Site) -> None:
    asks, approves = restored.someone(Role.ADMINISTRATOR), restored.someone(Role.SUPERVISOR)
    assert restored.someone(Role.REGISTRAR).get(PLACE).status_code == 404
    assert restored.client().get(PLACE).status_code in (302, 401)
    for days in ("", "0", "-1", "1e3", "９", "99999"):
        assert asks.post(PLACE, data={"reason": WHY, "days": days}).status_code == 422, days
    assert asks.post(PLACE, data={"reason": " ", "days": "7"}).status_code == 422
    assert asks.post(PLACE, data={"reason": WHY, "days": "7", "notes": "not a note"}).status_code in (409, 422)
    assert approves.post(PLACE, data={"reason": WHY, "days": "7"}).status_code in (403, 404), "who approves does not ask"
    assert asks.post(PLACE, data={"reason": WHY, "days": "7"}).status_code == 302
    assert WHY in approves.get(PLACE).text
    assert asks.post(f"{PLACE}/1/approve").status_code in (403, 404), "who asked does not approve"
    assert approves.post(f"{PLACE}/1/approve").status_code == 302
    with restored.app.app_context():
        assert service.origin().endswith("-e1")
    assert approves.post(f"{PLACE}/1/approve").status_code in (409, 404), "once"
    said = restored.client().get("/log").text
    assert "-e1" in said and WHY in said
    assert restored.client().get(f"{PLACE}.json").status_code == 200


def test_a_request_is_refused_with_a_reason_or_taken_back(restored: Site) -> None:
    asks, approves = restored.someone(Role.ADMINISTRATOR), restored.someone(Role.SUPERVISOR)
    asks.post(PLACE, data={"reason": WHY, "days": "7"})
    assert approves.post(f"{PLACE}/1/refuse", data={"reason": ""}).status_code == 422
    assert approves.post(f"{PLACE}/1/refuse", data={"reason": "先查明原因"}).status_code == 302
    assert "先查明原因" in asks.get(PLACE).text
    asks.post(PLACE, data={"reason": WHY, "days": "7"})
    assert asks.post(f"{PLACE}/2/refuse").status_code == 302
    with restored.app.app_context():
        assert not service.origin().endswith("-e1")

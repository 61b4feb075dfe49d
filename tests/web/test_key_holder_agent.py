"""A key holder's own process against the platform's addresses: pre-keys, rehearsal, release, dispute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bidding.opening import service as opening
from bidding.sealed import service as sealed
from bidding.trustees import agent as agents
from bidding.trustees import canaries, disputes
from bidding.trustees import service as trustees
from bidding.trustees.agent import Agent
from tests.builders import Centre
from tests.services.test_key_holders import closed_window, with_garbage
from trading.base.clock import stopped, unix
from trading.base.errors import Refused
from trading.evidence import service as evidence


class OverTheClient(Agent):
    """The same process; its requests go through the application without a network."""

    client: Any

    def _get(self, path: str, **headers: str) -> Any:
        return self._answer(self.client.get(path, headers=headers))

    def _post(self, path: str, document: Any) -> Any:
        return self._answer(self.client.post(path, json=document))

    @staticmethod
    def _answer(answer: Any) -> Any:
        if answer.status_code >= 400:
            raise OSError(f"{answer.status_code}: {answer.get_data(as_text=True)[:300]}")
        return answer.get_json()


def agent_of(centre: Centre, number: int, folder: Path) -> OverTheClient:
    holder, pins = centre.cast.holders[number], centre.cast.pins
    folder.mkdir()
    (folder / "root.key").write_bytes(holder.trustee._root)
    (folder / "trustee.json").write_text(json.dumps({
        "organisation": holder.trustee.organisation, "public": holder.trustee.public.hex(), "url": "http://platform", "log_key": pins.log_key,
        "centre_key": pins.centre_key, "witness_keys": list(pins.witness_keys), "quorum": pins.quorum}), "utf-8")
    made = OverTheClient(folder, lambda line: None)
    made.client = centre.app.test_client()
    return made


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the clocks of platform and agents."""
    def put(moment: Any) -> None:
        from bidding.opening import api, views as opening_views
        from bidding.trustees import views

        for module in (api, views, opening_views):
            monkeypatch.setattr(module, "now", stopped(moment))
        monkeypatch.setattr(agents.time, "time", lambda: float(unix(moment)))
    return put


def test_it_brings_keys_is_rehearsed_and_releases(sqlite_centre: Centre, tmp_path: Path, at: Any) -> None:
    case = sqlite_centre.a_bidding_case()
    at(case.at)
    workers = [agent_of(sqlite_centre, number, tmp_path / f"holder-{number}") for number in range(3)]
    assert all(worker.work() for worker in workers)
    assert len(canaries.answers(case.session.id)) == 3 and not any(answer.fault for answer in canaries.answers(case.session.id))
    assert sum(worker.work() for worker in workers) == 0, "asked once"
    case.pay_deposits()
    case.file_bids()
    case.close()
    for row in sealed.bids(case.session.id):
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=1)))
    case.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    at(case.wait(seconds=2))
    assert [worker.work() for worker in workers] == [1, 1, 1]
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 3
    with pytest.raises(Refused, match="trustee.nothing_waits"):
        workers[0].release(case.session.id)


def test_a_wrap_that_is_garbage_is_shown_by_itself(sqlite_centre: Centre, tmp_path: Path, at: Any) -> None:
    """With policy TB nobody has to be called: the holders' processes disclose, the opening goes on at once."""
    case = with_garbage(sqlite_centre, (0, 1))
    case.close()
    for row in sealed.bids(case.session.id):
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=1)))
    case.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    at(case.wait(seconds=2))
    for number in range(3):
        agent_of(sqlite_centre, number, tmp_path / f"holder-{number}").work()
    assert {item.fault for item in disputes.of_session(case.session.id)} == {"bidder"}
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 3
    assert {bid.outcome for bid in opening.opened_bids(case.lot_id)} == {"wrap_damaged"}


@pytest.mark.parametrize(("path", "document"), [
    ("/api/v1/sessions/{name}/canaries", {}), ("/api/v1/sessions/{name}/canaries", {"body": {}, "sig": ""}),
    ("/api/v1/sessions/{name}/canaries", {"body": {"session": "{name}"}, "sig": "x"}), ("/api/v1/sessions/{name}/disputes", {"body": [], "sig": ""}),
    ("/api/v1/sessions/{name}/disputes", {"body": {"session": "{name}", "trustee": -1, "pre_key": 1, "seed": "0" * 64, "at": 0}, "sig": "x"}),
    ("/api/v1/sessions/{name}/disputes", {"body": {"session": "{name}", "trustee": 1, "pre_key": 1, "seed": "0" * 64, "at": 0}, "sig": "A" * 86 + "=="}),
    ("/api/v1/sessions/{name}/releases", {"body": {"session": "{name}", "trustee": 1, "released_at": 0, "releases": [7]}, "sig": "A" * 86 + "=="}),
    ("/api/v1/trustees/{key}/pre-keys", {"batch": [{}], "suite": "intl-1"}), ("/api/v1/trustees/{key}/pre-keys", {"batch": [], "suite": "x"}),
    ("/api/v1/trustees/{key}/pre-keys", {"batch": [{"number": 9_000, "kem_pk": "AA==", "sig": "AA=="}], "suite": "intl-9"}),
    ("/api/v1/trustees/{key}/pre-keys", {"batch": [{"number": 2**70, "kem_pk": "AA==", "sig": "AA=="}], "suite": "intl-1"})])
def test_bad_input_is_refused_in_words(sqlite_centre: Centre, path: str, document: Any) -> None:
    case = closed_window(sqlite_centre)
    key = sqlite_centre.cast.holders[0].trustee.public.hex()
    sent = json.loads(json.dumps(document).replace("{name}", case.session.id))
    answer = sqlite_centre.app.test_client().post(path.format(name=case.session.id, key=key), json=sent)
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert "reason" in answer.get_json() or "type" in answer.get_json()


@pytest.mark.parametrize("path", ["/api/v1/sessions/x/document", "/api/v1/sessions/{name}/canaries/99", "/api/v1/sessions/{name}/canaries/99999999999999999999",
                                  "/api/v1/sessions/x/canaries/1", "/api/v1/trustees/00"])
def test_what_is_not_there_is_404(sqlite_centre: Centre, path: str) -> None:
    case = sqlite_centre.a_bidding_case()
    assert sqlite_centre.app.test_client().get(path.format(name=case.session.id)).status_code == 404


def test_only_a_key_holder_sees_how_far_the_log_is(sqlite_centre: Centre, tmp_path: Path, at: Any) -> None:
    """An opened tender's bundle stays as it was: its growth would let the bids of the next tender be counted."""
    case = closed_window(sqlite_centre)
    at(case.at)
    path, client = f"/api/v1/openings/{case.session.id}/bundle", sqlite_centre.app.test_client()
    before = client.get(path).get_json()
    worker = agent_of(sqlite_centre, 0, tmp_path / "holder")
    other = sqlite_centre.a_filed_case()
    case.cast.cosign(evidence.checkpoint(other.at).size, other.at)
    assert client.get(path).get_json() == before and before["leaves"] == ""
    shown = worker._get(path, Authorization=worker.trustee.ask(case.session.id, unix(case.at)))
    assert shown["checkpoint"] != before["checkpoint"] and shown["leaves"]

"""The first forty recorded tenders give every recorded winner; `make nightly` replays all."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import create_app
from trading.demonstration import replay

DATA = Path(__file__).resolve().parents[3] / "shared/data/tsuchiura/tsuchiura-ocds.jsonl.gz"


@pytest.mark.skipif(not DATA.exists(), reason="the recorded tenders lie outside the project")
@pytest.mark.parametrize("half", [0, 1])
def test_recorded_winners(half: int) -> None:
    everything = list(replay.releases(DATA, 40))[half::2]
    tally = replay._share(everything, create_app)
    assert tally.cases == 20 and tally.bids > 50
    assert tally.differences == [] and tally.invalid == []


@pytest.mark.skipif(not DATA.exists(), reason="the recorded tenders lie outside the project")
def test_control_a_wrong_record_is_noticed() -> None:
    release = next(replay.releases(DATA, 1))
    award = release["awards"][0]
    award["relatedBid"] = next(bid["id"] for bid in release["bids"]["details"] if bid["id"] != award["relatedBid"])
    assert len(replay._share([release], create_app).differences) == 1

"""Recorded tenders give every recorded winner; MINGTANG_REPLAYS=40 takes more of them, `make nightly` all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from trading.demonstration import replay

DATA = Path(__file__).resolve().parents[3] / "shared/data/tsuchiura/tsuchiura-ocds.jsonl.gz"
COUNT = int(os.environ.get("MINGTANG_REPLAYS", "10"))


def chosen() -> list[dict[str, Any]]:
    """The first ten, and of the first forty those in which a bid was invalid or hardly anybody bid."""
    def is_odd(release: dict[str, Any]) -> bool:
        bids = release["bids"]["details"]
        return len(bids) < 3 or any(bid["status"] != "valid" for bid in bids)

    return [release for number, release in enumerate(replay.releases(DATA, max(COUNT, 40))) if number < COUNT or is_odd(release)]


@pytest.mark.skipif(not DATA.exists(), reason="the recorded tenders lie outside the project")
@pytest.mark.parametrize("half", [0, 1])
def test_recorded_winners(half: int) -> None:
    everything = chosen()[half::2]
    tally = replay._share(everything, create_app)
    assert tally.cases == len(everything) > 5 and tally.bids > 2 * tally.cases
    assert tally.differences == [] and tally.invalid == []


@pytest.mark.skipif(not DATA.exists(), reason="the recorded tenders lie outside the project")
def test_control_a_wrong_record_is_noticed() -> None:
    release = next(replay.releases(DATA, 1))
    award = release["awards"][0]
    award["relatedBid"] = next(bid["id"] for bid in release["bids"]["details"] if bid["id"] != award["relatedBid"])
    assert len(replay._share([release], create_app).differences) == 1

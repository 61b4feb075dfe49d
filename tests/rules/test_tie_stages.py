"""A later offer belongs to one stage of its lot: under the committee, in a framework, or at the tie of a live sale; every cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bidding.opening.rules import LATER, stages_during
from bidding.sealed.rules import may_offer
from trading.base.errors import Refused
from trading.projects.rules import Stage

AT = datetime(2026, 4, 1, tzinfo=UTC)


def why(stage: Stage, at: datetime = AT, *, closed: bool = False, asked: bool = True, is_live: bool = False) -> str:
    try:
        may_offer(stage, AT + timedelta(minutes=1), closed, asked, at, is_live=is_live)
    except Refused as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize("stage", Stage)
def test_offers_are_taken_where_they_are_opened_and_nowhere_else(stage: Stage) -> None:
    for is_live in (False, True):
        assert (why(stage, is_live=is_live) == "") == (stage in stages_during("offer-1", is_live=is_live))
        assert why(stage, asked=False, is_live=is_live) == "offers.not_asked"
    assert not set(stages_during("offer-1")) & set(stages_during("offer-1", is_live=True))


@pytest.mark.parametrize(("is_live", "stage"), [(False, Stage.OPENED), (False, Stage.CONTRACTED), (True, Stage.BIDDING)])
def test_the_deadline_itself_is_too_late(is_live: bool, stage: Stage) -> None:
    ends = AT + timedelta(minutes=1)
    step = timedelta(microseconds=1)
    assert [why(stage, at, is_live=is_live) for at in (ends - step, ends, ends + step)] == ["", "bid.too_late", "bid.too_late"]
    assert why(stage, closed=True, is_live=is_live) == "bid.too_late"


def test_a_live_sale_moves_no_other_envelope() -> None:
    for envelope in ("bid", "technical", "reserve"):
        assert stages_during(envelope) == stages_during(envelope, is_live=True) == (Stage.CLOSED,)
    assert stages_during("price") == stages_during("price", is_live=True) == stages_during("offer-7") == LATER

"""The six scenarios that Prozorro.Sale publishes for its land-lease auctions, by our rules: the same winner in each.

Stages of three minutes, the price of each one step above what was last bid; a bidder agrees to that
price or goes above it; a stage in which nobody acts ends the auction (prozorro-sale/tor.ea, SGC: scenario, bids, duration).
"""

from __future__ import annotations

import pytest

from bidding.auction import outcomes, rules
from bidding.auction.standing import Standing
from trading.sales.modes import MINUTE, Mode, Phase
from trading.sales.terms import Terms

STAGES = Mode("stages", "分阶段加价", "Stages", (Phase.TIMED,), window_ms=3 * MINUTE, multiples=True)
VALUE, STEP, OPENS = 1_000_000_00, 10_000_00, 1_788_000_000_000


@pytest.mark.parametrize(("stages", "winner", "steps"), [
    # Scenario I: somebody goes above the price of the first stage.
    ([("X", "increase")], "X", 3),
    ([("X", "increase"), ("Y", "agree")], "Y", 4),
    ([("X", "increase"), ("X", "agree")], "X", 4),
    # Scenario II: somebody agrees to the price of the first stage.
    ([("X", "agree")], "X", 1),
    ([("Y", "agree"), ("X", "agree")], "X", 2),
    ([("X", "agree"), ("X", "agree")], "X", 2)])
def test_the_published_tables_have_the_same_winner(stages: list[tuple[str, str]], winner: str, steps: int) -> None:
    # The first stage asks for the value and one step.
    lot, at = Standing(Terms(STAGES, VALUE + STEP, STEP, OPENS)), OPENS
    for who, act in stages:
        at += 2 * MINUTE
        asked = rules.least(rules.advance(lot, at))
        lot = rules.accept(lot, who, asked + (2 * STEP if act == "increase" else 0), at)
        assert lot.ends_at == at + 3 * MINUTE, "an act ends the stage, the next lasts three minutes"
    assert rules.advance(lot, at + 3 * MINUTE - 1).phase is Phase.TIMED
    ended = rules.advance(lot, at + 3 * MINUTE)
    assert outcomes.outcome(ended, None) == outcomes.Outcome(winner, VALUE + steps * STEP)


def test_a_stage_without_an_act_ends_it_without_a_deal() -> None:
    assert outcomes.outcome(rules.advance(Standing(Terms(STAGES, VALUE + STEP, STEP, OPENS)), OPENS + 3 * MINUTE), None).failed == "no_bid"

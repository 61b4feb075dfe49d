"""Every mode of live bidding: before, at and after, in time and in amount; what must hold whatever anybody does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bidding.auction import outcomes, rules
from bidding.auction.outcomes import Outcome, Single
from bidding.auction.standing import Bid, Standing
from trading.base.errors import Refused
from trading.sales import terms as sale_terms
from trading.sales.modes import MINUTE, MODES, After, Phase
from trading.sales.terms import Terms

OPENS = 1_788_000_000_000
DAY = 24 * 60 * MINUTE
START, STEP = 100_000_00, 5_000_00


def terms(mode: str, **changes: object) -> Terms:
    made = Terms(MODES[mode], START, STEP, OPENS, **{"listing_ends_at": OPENS + 10 * DAY if Phase.OFFERS in MODES[mode].phases else 0, **changes})
    sale_terms.check(made)
    return made


def begun(mode: str, **changes: object) -> Standing:
    return Standing(terms(mode, **changes))


def why(act: object, *given: object, **named: object) -> str:
    try:
        act(*given, **named)  # type: ignore[operator]
    except Refused as refusal:
        return refusal.reason
    return ""


# --- before, at and after --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [name for name in MODES if name not in ("falling", "rounds")])
def test_the_opening_instant_belongs_to_the_auction(mode: str) -> None:
    lot = begun(mode)
    assert why(rules.accept, lot, "B1", START, OPENS - 1) == "auction.not_open"
    assert rules.accept(lot, "B1", START, OPENS).price_fen == START


@pytest.mark.parametrize(("fen", "reason"), [
    (START - 1, "auction.too_low"), (START, ""), (START + 1, ""), (0, "auction.amount"), (-1, "auction.amount"), (2**53, "auction.amount"),
    (2**63, "auction.amount"), (True, "auction.amount"), (1e9, "auction.amount"), ("100", "auction.amount")])
def test_the_first_bid_may_equal_the_start(fen: object, reason: str) -> None:
    assert why(rules.accept, begun("auction"), "B1", fen, OPENS) == reason


@pytest.mark.parametrize(("fen", "reason"), [(START, "auction.too_low"), (START + STEP - 1, "auction.too_low"), (START + STEP, ""), (START + STEP + 1, "")])
def test_the_next_bid_is_one_increment_above(fen: int, reason: str) -> None:
    lot = rules.accept(begun("auction"), "B1", START, OPENS)
    assert why(rules.accept, lot, "B2", fen, OPENS + 1) == reason


@pytest.mark.parametrize(("fen", "reason"), [(START, ""), (START + 1, "auction.off_step"), (START + STEP, ""), (START + 3 * STEP, "")])
def test_whole_multiples_only_where_the_notice_says_so(fen: int, reason: str) -> None:
    assert why(rules.accept, begun("auction-extend"), "B1", fen, OPENS) == reason


def listed() -> Standing:
    lot = rules.accept(begun("listing"), "B1", START, OPENS + 1)
    return rules.accept(lot, "B2", START + STEP, OPENS + 2)


def test_a_listing_from_its_offers_to_the_last_window() -> None:
    lot, close = listed(), OPENS + 10 * DAY
    assert rules.advance(lot, close - 1).phase is Phase.OFFERS and rules.accept(lot, "B3", START + 2 * STEP, close - 1).leader == "B3"
    assert why(rules.accept, lot, "B3", START + 2 * STEP, close) == "auction.no_bids_now", "an offer at the close comes too late"
    asked = rules.advance(lot, close)
    assert (asked.phase, asked.ends_at) == (Phase.QUESTION, close + 5 * MINUTE)
    assert why(rules.join, lot, "B3", close) == "auction.no_offer" and why(rules.join, lot, "B1", close - 1) == "auction.no_question"
    joined = rules.join(lot, "B1", close + 1)
    assert why(rules.join, lot, "B1", close + 5 * MINUTE) == "auction.over", "nobody had joined"
    timed = rules.advance(joined, close + 5 * MINUTE)
    assert (timed.phase, timed.ends_at, timed.leader) == (Phase.TIMED, close + 10 * MINUTE, "B2")
    assert why(rules.accept, joined, "B2", START + 3 * STEP, close + 6 * MINUTE) == "auction.not_joined"
    last = close + 10 * MINUTE - 1
    raised = rules.accept(joined, "B1", START + 2 * STEP, last)
    assert raised.ends_at == last + 5 * MINUTE
    assert why(rules.accept, joined, "B1", START + 2 * STEP, last + 1) == "auction.over"
    assert outcomes.outcome(rules.advance(raised, last + 5 * MINUTE), None) == Outcome("B1", START + 2 * STEP)


def test_a_listing_where_nobody_goes_on_is_the_highest_ones() -> None:
    close = OPENS + 10 * DAY
    alone = rules.join(listed(), "B2", close + 1)
    for lot in (listed(), alone):
        assert outcomes.outcome(rules.advance(lot, close + 5 * MINUTE), None) == Outcome("B2", START + STEP)


def test_equal_offers_the_earlier_counts() -> None:
    lot = rules.accept(begun("listing-open"), "B1", START, OPENS)
    assert why(rules.accept, lot, "B2", START, OPENS) == "auction.too_low"
    timed = rules.join(lot, "B2", OPENS + 10 * DAY)
    at = OPENS + 10 * DAY + 6 * MINUTE
    assert why(rules.accept, timed, "B2", START, at) == "auction.too_low"
    assert rules.accept(timed, "B2", START + 1, at).leader == "B2", "above the highest, where the notice asks for no whole increment"
    assert why(rules.accept, rules.accept(timed, "B2", START + 1, at), "B2", START + 2, at) == "auction.too_low"


def test_free_bidding_moves_no_clock_and_windows_do() -> None:
    lot = rules.accept(begun("auction"), "B1", START, OPENS + 59 * MINUTE)
    assert lot.ends_at == OPENS + 60 * MINUTE
    timed = rules.accept(lot, "B2", START + STEP, OPENS + 60 * MINUTE)
    assert (timed.phase, timed.ends_at) == (Phase.TIMED, OPENS + 65 * MINUTE)
    assert rules.accept(timed, "B1", START + 2 * STEP, OPENS + 63 * MINUTE).ends_at == OPENS + 68 * MINUTE


def test_time_added_to_the_end() -> None:
    lot = rules.accept(begun("auction-extend"), "B1", START, OPENS)
    end = OPENS + 32 * MINUTE
    assert rules.accept(lot, "B2", START + STEP, OPENS + 31 * MINUTE).ends_at == end + 2 * MINUTE


def test_three_calls_and_a_bid_in_between() -> None:
    lot = rules.accept(begun("on-site"), "B1", START, OPENS)
    twice = rules.call(rules.call(lot, OPENS + 1), OPENS + 2)
    again = rules.accept(twice, "B2", START + STEP, OPENS + 3)
    assert again.calls == 0 and again.phase is Phase.CALLS
    ended = rules.call(rules.call(rules.call(again, OPENS + 4), OPENS + 5), OPENS + 6)
    assert ended.phase is Phase.ENDED and why(rules.accept, ended, "B1", START + 2 * STEP, OPENS + 7) == "auction.over"
    assert why(rules.call, ended, OPENS + 8) == "auction.over" and why(rules.call, begun("auction"), OPENS) == "auction.no_calls"


def test_a_falling_price_is_taken_as_it_stands() -> None:
    lot = begun("falling", floor_fen=START - 3 * STEP)
    assert why(rules.accept, lot, "B1", START, OPENS - 1) == "auction.not_open"
    assert why(rules.accept, lot, "B1", START, OPENS + MINUTE) == "auction.price_fell", "an old price takes nothing"
    assert why(rules.accept, lot, "B1", START - STEP, OPENS + MINUTE - 1) == "auction.price_fell"
    taken = rules.accept(lot, "B1", START - STEP, OPENS + MINUTE)
    assert outcomes.outcome(taken, None) == Outcome("B1", START - STEP)
    assert why(rules.accept, taken, "B2", START - STEP, OPENS + MINUTE) == "auction.over"
    assert rules.accept(lot, "B1", START - 3 * STEP, OPENS + 4 * MINUTE - 1).leader == "B1"
    assert outcomes.outcome(rules.advance(lot, OPENS + 4 * MINUTE), None).failed == "no_bid"


# --- ceilings ---------------------------------------------------------------------------------------------

CEILING = START + 10 * STEP + 1


def at_ceiling(after: After, *others: str, mode: str = "auction") -> Standing:
    lot = rules.accept(begun(mode, ceiling_fen=CEILING, after_ceiling=after), "B1", CEILING, OPENS)
    for number, other in enumerate(others, 1):
        lot = rules.accept(lot, other, CEILING, OPENS + number)
    return lot


def test_the_ceiling_counts_even_where_less_than_an_increment_is_left() -> None:
    lot = rules.accept(begun("auction", ceiling_fen=CEILING, after_ceiling=After.LOTTERY), "B1", CEILING - 1, OPENS)
    assert why(rules.accept, lot, "B2", CEILING + 1, OPENS) == "auction.above_ceiling"
    agreed = rules.accept(lot, "B2", CEILING, OPENS + 1)
    assert (agreed.phase, agreed.agreed, agreed.ends_at) == (Phase.AGREEING, ("B2",), OPENS + 1 + 5 * MINUTE)
    assert why(rules.accept, agreed, "B1", CEILING - 1, OPENS + 2) == "auction.only_ceiling"
    assert why(rules.accept, agreed, "B2", CEILING, OPENS + 2) == "auction.agreed_already"
    assert rules.accept(agreed, "B1", CEILING, OPENS + 2).ends_at == agreed.ends_at, "who agrees moves no clock"
    assert outcomes.outcome(rules.advance(agreed, OPENS + 1 + 5 * MINUTE), None) == Outcome("B2", CEILING)


def test_in_a_listing_the_ceiling_stays_open_until_its_close() -> None:
    lot = at_ceiling(After.LOTTERY, mode="listing")
    assert lot.ends_at == OPENS + 10 * DAY
    assert rules.accept(lot, "B2", CEILING, OPENS + 10 * DAY - 1).agreed == ("B1", "B2")


@pytest.mark.parametrize("after", [After.LOTTERY, After.QUALITY])
def test_a_tie_is_decided_by_something_else(after: After) -> None:
    tied = rules.advance(at_ceiling(after, "B2", "B3"), OPENS + 5 * MINUTE)
    assert tied.phase is Phase.TIED and why(outcomes.outcome, tied, None) == "auction.tied"
    assert why(rules.accept, tied, "B2", CEILING, OPENS + 6 * MINUTE) == "auction.no_bids_now"
    assert why(outcomes.settle, tied, "B9") == "auction.not_agreed" and why(outcomes.settle, begun("auction"), "B1") == "auction.no_tie"
    assert outcomes.outcome(outcomes.settle(tied, "B3"), None) == Outcome("B3", CEILING)


def test_who_supplies_more_housing_wins_at_the_ceiling() -> None:
    lot = rules.advance(at_ceiling(After.HOUSING, "B2"), OPENS + 5 * MINUTE)
    assert lot.phase is Phase.HOUSING
    at = OPENS + 6 * MINUTE
    assert why(rules.accept, lot, "B9", 100, at) == "auction.not_agreed" and why(rules.accept, lot, "B2", 99, at) == "auction.too_little_housing"
    more = rules.accept(rules.accept(lot, "B2", 100, at), "B1", 300, at + 1)
    assert why(rules.accept, more, "B2", 350, at + 2) == "auction.too_little_housing"
    assert outcomes.outcome(rules.advance(more, at + 1 + 5 * MINUTE), None) == Outcome("B1", CEILING, housing=300)


@pytest.mark.parametrize(("amounts", "rule", "winner"), [
    ((0, 10, 20), Single.NEAREST_MEAN, 1), ((0, 30, 30), Single.NEAREST_MEAN, 1), ((5, 15), Single.NEAREST_MEAN, 0),
    ((0, 9, 10), Single.NEAREST_MEAN_FROM_BELOW, 0), ((0, 9, 21), Single.NEAREST_MEAN_FROM_BELOW, 1), ((7, 3, 7), Single.HIGHEST, 0)])
def test_one_sealed_offer_each_at_the_ceiling(amounts: tuple[int, ...], rule: Single, winner: int) -> None:
    names = [f"B{number}" for number in range(1, len(amounts) + 1)]
    tied = rules.advance(at_ceiling(After.SINGLE, *names[1:]), OPENS + 5 * MINUTE)
    offers = [(name, CEILING + amount) for name, amount in zip(names, amounts, strict=True)]
    found = outcomes.outcome(outcomes.settle_single(tied, offers, rule), None)
    assert found == Outcome(names[winner], CEILING + amounts[winner])
    assert why(outcomes.settle_single, tied, [*offers, offers[0]], rule) == "auction.not_agreed"
    assert why(outcomes.settle_single, tied, [("B1", CEILING - 1)], rule) == "auction.too_low"
    assert why(outcomes.settle_single, tied, [], rule) == "auction.no_offer"
    # Nobody's offer counts: the first to reach the ceiling has it, and only in such a tie.
    assert outcomes.outcome(outcomes.settle_first(tied), None) == Outcome("B1", CEILING)
    assert why(outcomes.settle_first, begun("auction")) == why(
        outcomes.settle_first, rules.advance(at_ceiling(After.LOTTERY, "B2"), OPENS + 5 * MINUTE)) == "auction.no_tie"


# --- outcomes, rounds, terms ---------------------------------------------------------------------------------


def test_below_the_reserve_or_without_a_bid_it_fails() -> None:
    end = OPENS + DAY
    assert outcomes.outcome(rules.advance(begun("auction"), end), None).failed == "no_bid"
    lot = rules.advance(rules.accept(begun("auction"), "B1", START, OPENS), end)
    assert outcomes.outcome(lot, START + 1).failed == "below_reserve" and outcomes.outcome(lot, START) == Outcome("B1", START)
    assert why(outcomes.outcome, begun("auction"), None) == "auction.not_over"


def test_rounds_of_sealed_offers_go_on_until_nobody_goes_higher() -> None:
    lot, close = rules.advance(begun("rounds"), OPENS), OPENS + 30 * MINUTE
    assert (lot.phase, lot.round, lot.ends_at, rules.least(lot)) == (Phase.ROUND, 1, close, START)
    for act, *facts in ((rules.accept, "B1", START, close - 1), (rules.join, "B1", close - 1), (rules.call, close - 1)):
        assert why(act, lot, *facts).startswith("auction.no_"), "only sealed offers count here"
    assert rules.advance(lot, close - 1) == lot and why(rules.close_round, lot, [], close - 1) == "auction.no_round"
    opening = rules.advance(lot, close)
    assert (opening.phase, opening.ends_at, rules.advance(opening, close + DAY)) == (Phase.OPENING, None, opening)
    at = close + 7 * MINUTE + 1
    # Below the start price does not count; of equal ones the earlier leads; the next round ends on a whole minute.
    second = rules.close_round(opening, [("B3", START - 1), ("B2", START + STEP), ("B1", START + STEP)], at)
    assert (second.leader, second.price_fen, second.number, second.round, second.phase) == ("B2", START + STEP, 2, 2, Phase.ROUND)
    assert second.ends_at == close + 38 * MINUTE and rules.least(second) == START + 2 * STEP
    third = rules.close_round(rules.advance(second, second.ends_at), [("B1", START + 2 * STEP)], second.ends_at)
    assert (third.leader, third.price_fen, third.round) == ("B1", START + 2 * STEP, 3)
    last = rules.advance(third, third.ends_at or 0)
    for offers in ([], [("B2", START + 3 * STEP - 1)], [("B1", START + 2 * STEP)]):
        ended = rules.close_round(last, offers, at + DAY)
        assert (ended.phase, ended.ends_at) == (Phase.ENDED, at + DAY) and outcomes.outcome(ended, None) == Outcome("B1", START + 2 * STEP)
    assert outcomes.outcome(rules.close_round(opening, [("B1", START - 1)], at), None).failed == "no_bid"


def test_a_round_that_could_not_be_opened_is_held_once_more_and_a_pause_keeps_its_clock() -> None:
    lot = rules.advance(begun("rounds"), OPENS)
    again = rules.repeat_round(rules.advance(lot, OPENS + 30 * MINUTE), OPENS + DAY)
    assert (again.phase, again.round, again.price_fen, again.ends_at) == (Phase.ROUND, 2, None, OPENS + DAY + 30 * MINUTE)
    held = rules.pause(lot, OPENS + 10 * MINUTE + 1)
    assert held.left_ms == 20 * MINUTE - 1 and rules.advance(held, OPENS + DAY) == held
    assert rules.resume(held, OPENS + DAY + 3).ends_at == OPENS + DAY + 20 * MINUTE + 1000, "sessions end on whole seconds"
    opening = rules.pause(rules.advance(lot, OPENS + 30 * MINUTE), OPENS + DAY)
    assert {why(rules.close_round, opening, [], OPENS + DAY), why(rules.repeat_round, opening, OPENS + DAY)} == {"auction.paused"}
    assert why(rules.repeat_round, lot, OPENS) == why(rules.close_round, begun("auction"), [], OPENS) == "auction.no_round"


def test_how_far_a_deal_lies_above_the_start() -> None:
    assert outcomes.premium_percent(START + START // 4, START) == 25


@pytest.mark.parametrize(("mode", "changes", "place"), [
    ("auction", {"step_fen": 0}, "step"), ("auction", {"start_fen": 0}, "start"), ("listing", {"listing_ends_at": OPENS}, "listing_ends"),
    ("auction", {"ceiling_fen": START, "after_ceiling": After.LOTTERY}, "ceiling"), ("auction", {"ceiling_fen": START + 1}, "after_ceiling"),
    ("auction-extend", {"ceiling_fen": START + 1, "after_ceiling": After.LOTTERY}, "ceiling"), ("falling", {"floor_fen": START + 1}, "floor"),
    ("rounds", {"ceiling_fen": START + STEP, "after_ceiling": After.LOTTERY}, "ceiling"),
    ("auction", {"breaks": ((5, 5),)}, "breaks"), ("auction", {"breaks": ((5, 9), (7, 12))}, "breaks"), ("auction", {"housing_step": 0}, "housing_step")])
def test_terms_that_cannot_hold_are_refused_at_entry(mode: str, changes: dict, place: str) -> None:
    made = Terms(MODES[mode], START, STEP, OPENS, listing_ends_at=OPENS + DAY)
    with pytest.raises(Refused) as refusal:
        sale_terms.check(replace(made, **changes))
    assert refusal.value.facts["place"] == place


# --- standing still --------------------------------------------------------------------------------------


def test_a_pause_keeps_what_was_left() -> None:
    lot = rules.accept(begun("auction"), "B1", START, OPENS + 61 * MINUTE)
    paused = rules.pause(lot, OPENS + 62 * MINUTE)
    assert why(rules.accept, paused, "B2", START + STEP, OPENS + 63 * MINUTE) == "auction.paused"
    assert rules.advance(paused, OPENS + 10 * DAY) == paused and why(rules.pause, paused, OPENS + 63 * MINUTE) == "auction.paused"
    again = rules.resume(paused, OPENS + 90 * MINUTE)
    assert again.ends_at == OPENS + 94 * MINUTE
    assert why(rules.resume, again, OPENS + 91 * MINUTE) == "auction.not_paused"


def test_a_falling_price_stands_where_it_was_paused() -> None:
    lot = begun("falling", floor_fen=START - 9 * STEP)
    paused = rules.pause(lot, OPENS + 2 * MINUTE + 1)
    again = rules.resume(paused, OPENS + 50 * MINUTE)
    assert rules.asking_price(again, OPENS + 50 * MINUTE) == START - 2 * STEP
    assert rules.accept(again, "B1", START - 3 * STEP, OPENS + 51 * MINUTE - 1).leader == "B1"


def test_a_hard_stop_is_continued_the_next_day() -> None:
    night = (OPENS + 62 * MINUTE, OPENS + 20 * 60 * MINUTE)
    lot = rules.accept(begun("auction", breaks=(night,)), "B1", START, OPENS)
    timed = rules.advance(lot, OPENS + 60 * MINUTE)
    assert timed.ends_at == night[1] + 3 * MINUTE
    assert why(rules.accept, lot, "B2", START + STEP, night[0]) == "auction.resting"
    assert why(rules.accept, lot, "B2", START + STEP, night[1] - 1) == "auction.resting"
    assert rules.accept(lot, "B2", START + STEP, night[0] - 1).ends_at == night[1] + 5 * MINUTE - 1
    assert rules.accept(lot, "B2", START + STEP, night[1]).ends_at == night[1] + 5 * MINUTE
    assert rules.left_running(night[0] - MINUTE, night[1] + 3 * MINUTE, (night,)) == 4 * MINUTE


# --- whatever anybody does -------------------------------------------------------------------------------


def acts(rng: random.Random, ceiling: bool) -> tuple[Terms, list[tuple]]:
    mode = rng.choice([name for name in MODES if name != "falling"])
    changes: dict = {}
    if ceiling and mode != "rounds":
        changes = {"ceiling_fen": START + rng.randrange(2, 12) * STEP, "after_ceiling": rng.choice(list(After)[1:])}
    if rng.random() < 0.3:
        changes["breaks"] = ((OPENS + 61 * MINUTE, OPENS + 400 * MINUTE),)
    made = terms(mode, **changes)
    at, done = OPENS - 2 * MINUTE, []
    for _ in range(60):
        at += rng.choice([0, 0, 1, 500, MINUTE, 4 * MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * DAY])
        kind = rng.choices(["bid", "join", "call", "pause", "resume", "wait", "open"], [12, 3, 2, 1, 2, 1, 12 if mode == "rounds" else 0])[0]
        done.append((kind, rng.choice(["B1", "B2", "B3"]), rng.choice([0, 100, 300, START - 1, START + rng.randrange(0, 14) * STEP, START + rng.randrange(0, 50)]), at))
    return made, done


def apply(standing: Standing, act: tuple) -> Standing:
    kind, paddle, fen, at = act
    if kind == "bid":
        return rules.accept(standing, paddle, fen, at)
    if kind == "join":
        return rules.join(standing, paddle, at)
    if kind == "open":
        return rules.close_round(rules.advance(standing, at), [(paddle, fen), ("B1", START + 4 * STEP)], at)
    return {"call": rules.call, "pause": rules.pause, "resume": rules.resume, "wait": rules.advance}[kind](standing, at)


@pytest.mark.parametrize("seed", range(400))
def test_what_holds_whatever_anybody_does(seed: int) -> None:
    hold(seed)


@pytest.mark.parametrize(("name", "planted"), [
    ("_require_amount", lambda now, fen: None), ("_moved_end", lambda now, at: at + 1),
    ("_with_bid", lambda now, paddle, fen, at: replace(now, last=Bid(now.number, paddle, fen, at, now.phase)))])
def test_a_planted_fault_is_found(monkeypatch: pytest.MonkeyPatch, name: str, planted: object) -> None:
    """Control: the same acts find rules that take any amount, move an end back, or give a number twice."""
    monkeypatch.setattr(rules, name, planted)
    with pytest.raises(AssertionError):
        for seed in range(400):
            hold(seed)


def hold(seed: int) -> None:
    made, wanted = acts(random.Random(seed), ceiling=seed % 2 == 0)
    standing, taken, bids = Standing(made), [], list[Bid]()
    for act in wanted:
        before = standing
        try:
            standing = apply(standing, act)
        except Refused:
            assert standing is before, "a refused act changes nothing"
            continue
        taken.append(act)
        same_phase = standing.phase is before.phase and not before.is_paused and not standing.is_paused
        assert not same_phase or before.ends_at is None or standing.ends_at is not None and standing.ends_at >= before.ends_at, "the end never moves back"
        assert act[0] == "bid" or standing.last == before.last
        if act[0] == "bid":
            assert standing.last is not None and standing.last.number == len(bids) + 1, "numbers are unique and in order"
            assert not bids or standing.last.at >= bids[-1].at
            bids.append(standing.last)
    prices = [bid.fen for bid in bids if bid.phase not in (Phase.AGREEING, Phase.HOUSING)]
    assert prices == sorted(set(prices)), "the price strictly rises"
    # The log of what was taken gives the same standing again, with time passing in any steps between.
    again = Standing(made)
    for act in taken:
        for part in (0.3, 0.8):
            if not again.is_paused and act[0] != "resume" and again.last:
                again = rules.advance(again, again.last.at + int((act[3] - again.last.at) * part))
        again = apply(again, act)
    assert again == standing

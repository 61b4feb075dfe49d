"""Places, ties and candidates."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.evaluation.ranking import (
    PROCUREMENT_PRICE,
    PROCUREMENT_SCORE,
    WORKS_PRICE,
    WORKS_SCORE,
    Entry,
    candidates,
    rank,
)
from trading.base.errors import Refused

SEED = b"\x05" * 32


def entry(bid: str, score: str, price: int = 100, tech: int = 0) -> Entry:
    return Entry(bid, price, Decimal(score), Fraction(price), {"tech": Fraction(tech)})


def places(placings) -> list[tuple[int, str]]:
    return [(placing.rank, placing.bid) for placing in placings]


def test_score_first_then_the_lower_price() -> None:
    found = rank([entry("A", "90.00", 200), entry("B", "95.00", 300), entry("C", "90.00", 100)])
    assert places(found) == [(1, "B"), (2, "C"), (3, "A")]
    assert all(not placing.tied_with for placing in found)


def test_equal_score_and_price_share_a_rank_and_the_next_is_left_out() -> None:
    bids = [entry("A", "90.00"), entry("B", "90.00"), entry("C", "80.00")]
    found = rank(bids)
    assert places(found) == [(1, "A"), (1, "B"), (3, "C")]
    assert found[0].tied_with == ("B",) and found[0].settled_by == ""


def test_scores_tie_as_the_document_rounds_them() -> None:
    assert rank([entry("A", "90.00", 101), entry("B", "90.0", 100)])[0].bid == "B"


def test_an_unsettled_tie_gives_no_winner() -> None:
    bids = [entry("A", "90.00"), entry("B", "90.00")]
    with pytest.raises(Refused, match="evaluation.tie_unsettled"):
        candidates(rank(bids), 3)
    assert len(candidates(rank(bids, seed=SEED), 3)) == 2


def test_an_unsettled_tie_behind_the_candidates_does_no_harm() -> None:
    bids = [entry("A", "95"), entry("B", "94"), entry("C", "93"), entry("D", "1"), entry("E", "1")]
    assert [one.bid for one in candidates(rank(bids), 3)] == ["A", "B", "C"]
    bids[2] = entry("C", "1")
    with pytest.raises(Refused, match="evaluation.tie_unsettled"):
        candidates(rank(bids), 3)


def test_the_document_settles_before_the_lot_does() -> None:
    order = replace(PROCUREMENT_SCORE, settle=("tech", "draw"))
    bids = [entry("A", "90", tech=1), entry("B", "90", tech=3), entry("C", "90", tech=3)]
    found = rank(bids, order, seed=SEED)
    assert {found[0].bid, found[1].bid} == {"B", "C"} and found[2].bid == "A"
    assert [placing.settled_by for placing in found] == ["draw", "draw", "tech"]
    assert [placing.rank for placing in found] == [1, 1, 1]


def test_the_lot_depends_on_the_seed_alone_and_favours_nobody() -> None:
    bids = [entry(name, "90") for name in "ABCD"]
    firsts = {name: 0 for name in "ABCD"}
    for n in range(400):
        firsts[rank(bids, seed=n.to_bytes(32, "big"))[0].bid] += 1
    assert all(60 < count < 140 for count in firsts.values())


def test_lowest_evaluated_price() -> None:
    bids = [
        Entry("A", 1000, evaluated=Fraction(1000)),
        Entry("B", 1100, evaluated=Fraction(880)),
        Entry("C", 1000, evaluated=Fraction(1000)),
    ]
    for order in (PROCUREMENT_PRICE, WORKS_PRICE):
        assert places(rank(bids, order)) == [(1, "B"), (2, "A"), (2, "C")]
    assert rank(bids, PROCUREMENT_PRICE)[0].price == 1100  # the contract is at the bid price


def test_works_ties_are_the_documents_business() -> None:
    bids = [entry("A", "90", 200), entry("B", "90", 100)]
    assert places(rank(bids, WORKS_SCORE)) == [(1, "A"), (1, "B")]
    by_price = replace(WORKS_SCORE, then=("price",))
    assert places(rank(bids, by_price)) == [(1, "B"), (2, "A")]


@pytest.mark.parametrize(
    ("bids", "reason"),
    [
        ([entry("A", "1"), entry("A", "2")], "evaluation.bid_twice"),
        ([Entry("A", 100)], "evaluation.criterion_missing"),
        ([entry("A", "1", price=0)], "evaluation.price_not_positive"),
    ],
)
def test_what_cannot_be_ranked_is_refused(bids, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        rank(bids)
    assert refusal.value.reason == reason


def test_nobody_to_rank() -> None:
    assert rank([]) == [] and candidates([], 3) == []


bids = st.lists(
    st.tuples(st.integers(80, 84), st.integers(1, 4)), min_size=1, max_size=8
).map(lambda rows: [entry(f"B{n}", str(s), p) for n, (s, p) in enumerate(rows)])


@given(bids, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(found: list[Entry], shuffler) -> None:
    first = rank(found, seed=SEED)
    shuffler.shuffle(found)
    assert rank(found, seed=SEED) == first


@given(bids)
def test_ranks_are_as_the_law_counts_them(found: list[Entry]) -> None:
    for placing in rank(found):
        mine = next(one for one in found if one.bid == placing.bid)
        better = [
            one
            for one in found
            if one.score > mine.score or (one.score == mine.score and one.price < mine.price)
        ]
        equal = [one for one in found if (one.score, one.price) == (mine.score, mine.price)]
        assert placing.rank == len(better) + 1
        assert len(placing.tied_with) == len(equal) - 1

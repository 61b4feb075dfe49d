"""Filling seats, replacing declines, and working a published draw out again."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experts.draw.strata import Decline, SkipReason, Stratum, fill, simulated_inclusion, thin
from experts.draw.tickets import Row, base, digest, eid, order
from experts.draw.transcript import params, params_hash, recompute, transcript
from trading.base.errors import Refused

SALT, SEED = bytes(32), b"\x07" * 32


def expert(number: int, spec: str = "A", region: str = "CN-51", employer: str = "") -> Row:
    return Row(eid(SALT, f"E{number}"), 1, (region,), (spec,), employer or f"org{number}")


POOL = [expert(n, "AB"[n % 2]) for n in range(20)]
STRATA = [Stratum("tech", 3, specs=("A",)), Stratum("econ", 2, specs=("B",))]


def test_the_lowest_tickets_of_each_stratum_sit() -> None:
    outcome = fill(STRATA, POOL, SEED)
    names = [one.eid for one in order(SEED, POOL)]
    specs = {row.eid: row.specs[0] for row in POOL}
    tech = [name for name in names if specs[name] == "A"]
    econ = [name for name in names if specs[name] == "B"]
    assert outcome.seatings[0].members == tuple(tech[:3])
    assert outcome.seatings[1].members == tuple(econ[:2])
    assert outcome.seatings[0].substitutes == tuple(tech[3:])
    assert outcome.skips == ()


def test_who_sits_in_one_stratum_is_skipped_in_the_next() -> None:
    both = [Stratum("one", 2), Stratum("two", 2)]
    outcome = fill(both, POOL, SEED)
    names = [one.eid for one in order(SEED, POOL)]
    assert outcome.members == tuple(names[:4])
    assert [(skip.stratum, skip.eid, skip.reason) for skip in outcome.skips] == [
        ("two", names[0], SkipReason.USED),
        ("two", names[1], SkipReason.USED),
    ]


def test_an_employer_sends_no_more_than_its_cap() -> None:
    pool = [expert(n, employer="X" if n < 15 else "") for n in range(20)]
    employers = {row.eid: row.employer for row in pool}
    outcome = fill([Stratum("all", 5)], pool, SEED, employer_cap=1)
    seated = [employers[name] for name in outcome.members]
    assert len(set(seated)) == 5
    assert all(skip.reason is SkipReason.EMPLOYER_CAP for skip in outcome.skips)
    assert {employers[skip.eid] for skip in outcome.skips} == {"X"}


def test_a_substitute_is_the_next_ticket() -> None:
    first = fill(STRATA, POOL, SEED)
    gone, coming = first.seatings[0].members[1], first.seatings[0].substitutes[0]
    after = fill(STRATA, POOL, SEED, declines=[Decline("tech", gone, "ill")])
    kept = tuple(name for name in first.seatings[0].members if name != gone)
    assert after.seatings[0].members == (*kept, coming)
    assert after.seatings[1] == first.seatings[1]


def test_a_skipped_colleague_does_not_come_in_when_one_steps_back() -> None:
    pool = [expert(n, employer="X" if n < 10 else "") for n in range(20)]
    strata = [Stratum("all", 4)]
    first = fill(strata, pool, SEED, employer_cap=1)
    employers = {row.eid: row.employer for row in pool}
    gone = next(name for name in first.members if employers[name] == "X")
    after = fill(strata, pool, SEED, employer_cap=1, declines=[Decline("all", gone, "away")])
    assert set(after.members).isdisjoint(skip.eid for skip in first.skips)


def test_who_declined_is_not_drawn_again_and_must_have_sat() -> None:
    gone = fill(STRATA, POOL, SEED).members[0]
    twice = [Decline("tech", gone, "ill"), Decline("tech", gone, "ill")]
    with pytest.raises(Refused, match="draw.decline_of_no_member"):
        fill(STRATA, POOL, SEED, declines=twice)


@pytest.mark.parametrize("seats", [9, 10, 11])
def test_a_stratum_may_run_out(seats: int) -> None:
    strata = [Stratum("tech", seats, specs=("A",))]
    if seats <= 10:
        assert len(fill(strata, POOL, SEED).members) == seats
    else:
        with pytest.raises(Refused, match="draw.stratum_exhausted"):
            fill(strata, POOL, SEED)


def test_unsound_strata_are_refused() -> None:
    for strata, cap in (
        ([], 0), ([Stratum("a", 1), Stratum("a", 1)], 0), ([Stratum("a", 0)], 0),
        ([Stratum("a", 1)], -1),
    ):  # fmt: skip
        with pytest.raises(Refused):
            fill(strata, POOL, SEED, employer_cap=cap)


@pytest.mark.parametrize(("seats", "is_thin"), [(3, False), (4, True)])
def test_a_stratum_cut_to_fit_is_named(seats: int, is_thin: bool) -> None:
    assert (thin([Stratum("tech", seats, specs=("A",))], POOL) == ("tech",)) is is_thin


def test_simulation_gives_everyone_alike_about_the_same_chance() -> None:
    chances = simulated_inclusion([Stratum("all", 5)], POOL, runs=400)
    assert sum(chances.values()) == 5
    assert all(Fraction(12, 100) < chance < Fraction(40, 100) for chance in chances.values())


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2), st.data())
def test_whatever_the_seed_seats_are_filled_once_and_lawfully(chance, cap, data) -> None:
    pool = [expert(n, "AB"[n % 2], employer=f"org{n % 8}") for n in range(30)]
    outcome = fill(STRATA, pool, chance, employer_cap=cap)
    gone = data.draw(st.sampled_from(outcome.seatings[0].members))
    declines = [Decline("tech", gone, "x")]
    outcome = fill(STRATA, pool, chance, employer_cap=cap, declines=declines)
    rows = {row.eid: row for row in pool}
    assert len(set(outcome.members)) == 5 and gone not in outcome.members
    for stratum, seating in zip(STRATA, outcome.seatings, strict=True):
        assert len(seating.members) == stratum.count
        assert all(stratum.admits(rows[name]) for name in seating.members)
    employers = [rows[name].employer for name in outcome.members]
    assert not cap or max(map(employers.count, employers)) <= cap


TERMS = params(
    "D-1", "L-1", STRATA, employer_cap=1, reserve=3, frozen_at=1_795_000_000, seal_tool_sha256=""
)
GIVEN = {name: digest("t", name.encode()) for name in ("supervisor", "purchaser", "notary")}


def a_document():
    return json.loads(json.dumps(transcript(TERMS, POOL, GIVEN, beacon=b"\xab\xcd")))


def test_a_published_draw_can_be_worked_out_again() -> None:
    document = a_document()
    found = recompute(document)
    assert found.params_hash == params_hash(TERMS)
    assert base(found.seed) == document["seed"]
    assert list(found.outcome.seatings[0].members) == document["result"]["strata"][0]["members"]
    assert found.thin == ()


def test_a_draw_with_declines_too() -> None:
    gone = recompute(a_document()).outcome.members[0]
    document = transcript(TERMS, POOL, GIVEN, declines=[Decline("tech", gone, "no answer")])
    assert gone not in recompute(document).outcome.members


def swap(document, *path, value):
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("extra",), 1, "draw.malformed"),
        (("params", "extra"), 1, "draw.malformed"),
        (("pool", 0, "name"), "Li", "draw.malformed"),
        (("params", "employer_cap"), True, "draw.malformed"),
        (("params", "employer_cap"), 1.0, "draw.malformed"),
        (("params", "frozen_at"), 2**53, "draw.malformed"),
        (("pool", 0, "specs"), [1], "draw.malformed"),
        (("beacon",), "ABCD", "draw.malformed"),
        (("beacon",), "xy", "draw.malformed"),
        (("v",), 2, "draw.version_unknown"),
        (("params", "substitute_rule"), "friend", "draw.substitute_rule_unknown"),
        (("pool", 0, "w"), 2, "draw.pool_root_differs"),
        (("pool", 0, "employer"), "other", "draw.pool_root_differs"),
        (("params", "lot"), "L-2", "draw.seed_differs"),
        (("params", "strata", 0, "count"), 2, "draw.seed_differs"),
        (("beacon",), "abce", "draw.seed_differs"),
        (("contributions", 0, "id"), "somebody", "draw.seed_differs"),
        (("contributions", 0, "id"), "purchaser", "draw.contributor_twice"),
        (("contributions", 0, "value"), base(bytes(32)), "draw.seed_differs"),
        (("result", "strata", 0, "members", 0), "me", "draw.result_differs"),
        (("result", "skips"), ["?"], "draw.result_differs"),
    ],
)
def test_a_changed_document_is_refused(path, value, reason) -> None:
    with pytest.raises(Refused) as refusal:
        recompute(swap(a_document(), *path, value=value))
    assert refusal.value.reason == reason


def test_a_field_left_out_is_refused() -> None:
    document = a_document()
    del document["beacon"]
    with pytest.raises(Refused, match="draw.malformed"):
        recompute(document)

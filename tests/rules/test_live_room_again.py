"""The verifier's own reading of a sale against the platform's rules: the same lines, moment by moment, for every mode."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from bidding.auction import rooms, rules
from bidding.auction.rooms import Room
from bidding.auction.standing import Standing, kept_terms
from trading.base.clock import unix_ms
from trading.base.errors import Refused
from trading.evidence import verify
from trading.projects.rules import Stage
from trading.sales.modes import MINUTE, MODES, After, Phase
from trading.sales.terms import Terms

OPENS, START, STEP = 1_774_314_000_000, 80_000, 1_000
PADDLES = ("101", "102", "103")


def terms_of(mode: str, chance: random.Random) -> Terms:
    ceiling = START + 6 * STEP if mode not in ("falling", "rounds") and chance.random() < 0.5 else None
    after = chance.choice([After.HOUSING, After.LOTTERY]) if ceiling else After.NOTHING
    listing = OPENS + 20 * MINUTE if Phase.OFFERS in MODES[mode].phases else 0
    breaks = ((OPENS + 7 * MINUTE, OPENS + 9 * MINUTE), (OPENS + 26 * MINUTE, OPENS + 40 * MINUTE)) if chance.random() < 0.5 else ()
    return Terms(MODES[mode], START, STEP, OPENS, listing, ceiling, after, START - 5 * STEP if mode == "falling" else 0, 100, breaks)


def act(room: Room, at: int, chance: random.Random) -> None:
    """Somebody tries something, as placing, running and lapses do it."""
    room.pass_time(at)
    now, paddle, when = room.standing, chance.choice(PADDLES), rooms.moment(at)
    what = chance.choice(["bid", "bid", "bid", "bid", "join", "call", "pause", "hold"])
    with suppress(Refused):
        if now.is_paused:
            if room.held is None:
                room.standing = rules.resume(now, at)
                room.add("auction.resumed", "clock", when, ends_at=room.standing.ends_at)
            elif room.held["resume_at"] is None:
                room.held["resume_at"] = at + MINUTE
                room.add("auction.resuming", "timetable", when, resume_at=at + MINUTE)
        elif now.phase is Phase.OPENING:
            least = rules.least(now)
            offers = [[one, least + chance.choice([-1, 0, 0, STEP, 2 * STEP])] for one in PADDLES if chance.random() < 0.5]
            again = chance.random() < 0.2
            room.standing = rules.repeat_round(now, at) if again else rules.close_round(now, [(one, fen) for one, fen in offers], at)
            room.add("auction.round_closed", "clock", when, number=now.round, offers=offers, again=again)
        elif now.phase is Phase.ROUND and f"s{now.round}" not in [thing.facts.get("session") for thing in room.happened]:
            room.add("auction.round_begun", "clock", when, number=now.round, session=f"s{now.round}", deadline=now.ends_at)
        elif what == "join":
            room.standing = rules.join(now, paddle, at)
            room.add("auction.joined", paddle, when, logged={"key": "k", "signature": "s"}, paddle=paddle)
        elif what == "call":
            room.standing = rules.call(now, at)
            room.add("auction.called", "host", when, told={"calls": room.standing.calls}, calls=room.standing.calls)
        elif what == "bid":
            least = {Phase.FALLING: rules.asking_price(now, at) if now.phase is Phase.FALLING else 0, Phase.AGREEING: now.terms.ceiling_fen,
                     Phase.HOUSING: now.housing + 100}.get(now.phase, rules.least(now))
            room.standing = after = rules.accept(now, paddle, chance.choice([least or 0, (least or 0) + STEP, now.terms.ceiling_fen or START]), at)
            assert after.last is not None
            room.add("auction.bid", paddle, when, bid=after.last, logged={"key": "k", "signature": "s"}, paddle=paddle, number=after.number,
                     fen=after.last.fen, phase=str(after.last.phase))
        elif chance.random() < 0.2 and what == "pause":
            room.standing = rules.pause(now, at)
            room.add("auction.paused", "clock", when, left_ms=room.standing.left_ms)
        elif chance.random() < 0.2:
            room.standing = rules.pause(now, at)
            room.held = {"cause": "links", "since": at, "resume_at": None}
            room.add("auction.held", "timetable", when, cause="links", left_ms=room.standing.left_ms)
    if room.standing.phase is Phase.ENDED and room.happened[-1].kind != "auction.ended":
        room.add("auction.ended", paddle, when, phase="ended", ends_at=room.standing.ends_at)


def a_sale(mode: str, seed: int) -> tuple[Terms, list[tuple[dict[str, Any], dict[str, Any]]], Standing]:
    """Terms, each line as the log has it with what the room showed, and the end."""
    chance = random.Random(f"{mode} {seed}")
    terms = terms_of(mode, chance)
    room = Room(1, "lot", "project", terms, Standing(terms), 0, OPENS - MINUTE, Stage.BIDDING, None, None)
    at = OPENS - 1_000
    for _ in range(60):
        if room.standing.phase in (Phase.ENDED, Phase.TIED):
            break
        at += chance.choice([1, 500, 20_000, 90_000, 3 * MINUTE])
        act(room, at, chance)
    lines = [({"type": thing.kind, "actor": thing.actor, "at_ms": unix_ms(thing.at), "seq": thing.seq, **thing.facts}, thing.shown["now"]) for thing in room.happened]
    return terms, lines, room.standing


@pytest.mark.parametrize("mode", MODES)
def test_the_verifier_reads_each_sale_as_the_rules_did(mode: str) -> None:
    seen, ended = set[str](), 0
    for seed in range(150):
        terms, lines, end = a_sale(mode, seed)
        again = verify.LiveRoom(verify.strict_json(verify.canonical(kept_terms(terms))))
        for event, now in lines:
            assert again.step(event) == now, (seed, event)
            seen.add(event["type"])
        assert (again.leader, again.price, again.housing, again.over) == (end.leader, end.price_fen, end.housing, end.phase is Phase.ENDED)
        ended += again.over
    assert ended > 20 and {"auction.round_closed" if mode == "rounds" else "auction.bid", "auction.held", "auction.released", "auction.paused", "auction.resumed"} <= seen


@pytest.mark.parametrize("mode", MODES)
def test_a_line_that_does_not_follow_is_refused(mode: str) -> None:
    """Each bid, a fen lower, before the opening, or left out, is noticed at that line or after it."""
    for seed in range(30):
        terms, lines, _ = a_sale(mode, seed)
        kept = verify.strict_json(verify.canonical(kept_terms(terms)))
        bids = [at for at, (event, _) in enumerate(lines[:-1]) if event["type"] == "auction.bid"]
        for at in bids:
            event, now = lines[at]
            cheaper = [*lines[:at], (event | {"fen": event["fen"] - 1}, now), *lines[at + 1:]]
            early = [*lines[:at], (event | {"at_ms": OPENS - 1}, now), *lines[at + 1:]]
            for changed in (cheaper, early, lines[:at] + lines[at + 1:]):
                assert not _holds(kept, changed), (seed, at)
        assert _holds(kept, lines), "control"


def _holds(kept: dict[str, Any], lines: list[tuple[dict[str, Any], dict[str, Any]]]) -> bool:
    room = verify.LiveRoom(kept)
    try:
        return all(room.step(event) == now for event, now in lines)
    except verify.Invalid:
        return False


def test_the_modes_are_those_of_the_platform() -> None:
    assert set(verify.MODES) == set(MODES)
    for name, mode in MODES.items():
        own = verify.MODES[name]
        assert own.phases == tuple(map(str, mode.phases)) and own.is_extended == (mode.restart == "extend")
        assert all(getattr(own, field) == getattr(mode, field) for field in
                   ("confirm_ms", "free_ms", "window_ms", "full_step_first", "multiples", "needs_offer", "fall_ms"))

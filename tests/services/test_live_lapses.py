"""Interruptions and lost links: the clock stands still, goes on by announcement, and no late bid slips in."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bidding.auction import applying, lapses, pages, placing, rooms, running
from tests.builders import Centre
from tests.services.test_filing import refused
from tests.services.test_live_sales import START, STEP, a_running_sale
from trading.base.clock import stopped, unix_ms
from trading.demonstration.sale import SaleRun
from trading.projects.rules import Stage
from trading.sales.modes import MINUTE, Phase
from trading.supervision import service as pauses


def timed(centre: Centre) -> SaleRun:
    """An auction in its countdown, watched every second."""
    sale = a_running_sale(centre, "auction")
    sale.bid(sale.buyers[0], START)
    sale.at = rooms.moment(sale.room.terms.opens_at + 60 * MINUTE)
    running.advance(sale.lot_id, clock=stopped(sale.at))
    assert sale.room.standing.phase is Phase.TIMED
    lapses.watch(stopped(sale.at))
    return sale


def watched(sale: SaleRun, seconds: int) -> None:
    """Let time pass while the timetable is there."""
    for _ in range(seconds // 5):
        lapses.watch(stopped(sale.wait(seconds=5)))


def kinds(sale: SaleRun) -> list[str]:
    return [json.loads(line)["kind"] for line in pages.events(sale.lot.code or "", 0)]


def test_a_silence_stops_the_clock_at_the_last_sign_of_life(centre: Centre) -> None:
    sale = timed(centre)
    watched(sale, 60)
    alive = sale.at
    sale.wait(seconds=290)  # away over the end of the countdown
    with refused("auction.interrupted"):
        sale.bid(sale.buyers[1], START + STEP, at=sale.at)
    assert not running.advance(sale.lot_id, clock=stopped(sale.at)), "the end is not taken for one while nobody was there"
    assert lapses.watch(stopped(sale.at)) == 1
    room = sale.room
    assert room.standing.left_ms == 4 * MINUTE and room.held is not None and room.held["since"] == unix_ms(alive)
    goes_on = sale.at + timedelta(minutes=2)
    assert room.held["resume_at"] == unix_ms(goes_on)
    with refused("auction.paused"):
        sale.bid(sale.buyers[1], START + STEP, at=goes_on - timedelta(milliseconds=1))
    lapses.watch(stopped(goes_on - timedelta(seconds=1)))
    answer = placing.place(sale.asked(sale.buyers[1], START + STEP), sale.buyers[1].public, clock=stopped(goes_on))
    assert answer["ends_at"] == unix_ms(goes_on) + 5 * MINUTE
    assert [kind for kind in kinds(sale) if kind in ("held", "resuming", "released")] == ["held", "resuming", "released"]


def test_what_was_left_is_left_again(centre: Centre) -> None:
    sale = timed(centre)
    watched(sale, 30)
    lapses.watch(stopped(sale.wait(seconds=20)))
    goes_on = rooms.moment(sale.room.held["resume_at"])  # type: ignore[index]
    running.advance(sale.lot_id, clock=stopped(goes_on))
    assert sale.room.standing.ends_at == unix_ms(goes_on) + 4 * MINUTE + 30_000
    sale.until_end()
    assert sale.room.standing.leader == sale.buyers[0].number


@pytest.mark.parametrize("seconds", [1, 5])
def test_a_short_silence_changes_nothing(sqlite_centre: Centre, seconds: int) -> None:
    sale = timed(sqlite_centre)
    before = sale.room.standing
    lapses.watch(stopped(sale.wait(seconds=seconds)))
    assert sale.room.standing == before and sale.room.held is None


def test_who_bids_shows_that_the_platform_is_there(sqlite_centre: Centre) -> None:
    sale = timed(sqlite_centre)
    sale.bid(sale.buyers[1], START + STEP, at=sale.wait(seconds=8))
    lapses.watch(stopped(sale.wait(seconds=4)))
    assert sale.room.held is None


def test_lost_links_stop_the_clock_and_their_return_lets_it_go_on(centre: Centre) -> None:
    sale = timed(centre)
    paddles = [applying.paddle_of(sale.lot_id, buyer.company.id) for buyer in sale.buyers]
    for paddle in paddles:
        assert paddle is not None
        lapses.heard(paddle, leaving=False, at=sale.at)
    for _ in range(4):
        lapses.heard(paddles[0], leaving=False, at=sale.wait(seconds=4))  # type: ignore[arg-type]
        lapses.watch(stopped(sale.at))
    room = sale.room
    assert room.held is not None and room.held["cause"] == "links" and room.held["resume_at"] is None, "two of three are gone"
    lapses.watch(stopped(sale.wait(seconds=3)))
    assert sale.room.held["resume_at"] is None  # type: ignore[index]
    for paddle in paddles[:2]:
        lapses.heard(paddle, leaving=False, at=sale.wait(seconds=1))  # type: ignore[arg-type]
    lapses.watch(stopped(sale.at))
    assert sale.room.held["resume_at"] == unix_ms(sale.at) + MINUTE  # type: ignore[index]


def test_who_closes_the_page_is_not_lost(sqlite_centre: Centre) -> None:
    sale = timed(sqlite_centre)
    paddles = [applying.paddle_of(sale.lot_id, buyer.company.id) for buyer in sale.buyers]
    for paddle in paddles:
        lapses.heard(paddle, leaving=False, at=sale.at)  # type: ignore[arg-type]
    for paddle in paddles[1:]:
        lapses.heard(paddle, leaving=True, at=sale.at)  # type: ignore[arg-type]
    for _ in range(5):
        lapses.heard(paddles[0], leaving=False, at=sale.wait(seconds=4))  # type: ignore[arg-type]
        lapses.watch(stopped(sale.at))
    assert sale.room.held is None


def test_two_people_pause_and_the_time_left_is_kept(centre: Centre) -> None:
    sale = timed(centre)
    begun = sale.wait(seconds=70)
    pause = pauses.ask_pause(sale.lot_id, "现场核对", account_id=1, actor="host", at=begun)
    with refused("pause.second_person"):
        pauses.confirm_pause(pause.id, account_id=1, actor="host", at=begun)
    pauses.confirm_pause(pause.id, account_id=2, actor="supervisor", at=begun)
    assert sale.lot.stage == Stage.PAUSED
    with refused("auction.paused"):
        sale.bid(sale.buyers[1], START + STEP, at=begun + timedelta(hours=1))
    pauses.ask_lift(pause.id, "继续", account_id=1, actor="host", at=begun + timedelta(hours=2))
    goes_on = begun + timedelta(hours=2, minutes=1)
    pauses.confirm_lift(pause.id, account_id=2, actor="supervisor", at=goes_on)
    running.advance(sale.lot_id, clock=stopped(goes_on + timedelta(seconds=1)))
    assert sale.room.standing.ends_at == unix_ms(goes_on) + 5 * MINUTE - 70_000


def test_the_watch_locks_no_room_where_nothing_is_amiss(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of rooms locked every second would keep the watch from its own next sign of life, which then passes for a silence."""
    sale, looked = timed(sqlite_centre), list[int]()
    own = lapses._look
    monkeypatch.setattr(lapses, "_look", lambda lot_id, *rest: looked.append(lot_id) or own(lot_id, *rest))
    watched(sale, 60)
    assert looked == []
    # Control: after a silence, and as long as the clock is held, it is looked at.
    sale.wait(seconds=6)
    assert lapses.watch(stopped(sale.at)) == 1 and lapses.watch(stopped(sale.wait(seconds=1))) == 0
    assert looked == [sale.lot_id, sale.lot_id]

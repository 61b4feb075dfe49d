"""Four faults that open auction engines were seen to have, forced here by interleaving; each with a control that has it.

A bid that was accepted and lost to a stale write; an answer that says yes to a bid that is never counted;
a bid that is crowned long after the end; an error for a bid that counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bidding.auction import placing, rooms
from bidding.auction.models import LiveBid
from tests.builders import Centre
from tests.services.test_filing import refused
from tests.services.test_live_sales import START, STEP, a_running_sale
from trading.base.clock import stopped
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.sale import SaleRun
from trading.sales.modes import MINUTE, Phase
from trading.supervision import service as pauses


def counted(sale: SaleRun) -> list[tuple[int, int]]:
    db.session.rollback()
    return [(bid.number, bid.fen) for bid in db.session.scalars(db.select(LiveBid).where(LiveBid.lot_id == sale.lot_id).order_by(LiveBid.number))]


def apart(centre: Centre, act: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Do something in another thread with a session and a queue of its own, as another process would."""
    found: list[Any] = []

    def run() -> None:
        with centre.app.app_context():
            try:
                found.append(act())
            except Exception as error:
                found.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def own_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request commits by itself, as if each came to another process."""
    monkeypatch.setattr(placing, "_queue", placing._Queue)


def stale_write(centre: Centre, sale: SaleRun, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let one bid be decided, hold its write until another has begun; gives what the two were answered."""
    own_queues(monkeypatch)
    decided, second_began = threading.Event(), threading.Event()
    write = rooms.write

    def held(found: Any) -> None:
        if threading.current_thread().name == "first":
            decided.set()
            second_began.wait(5)
            threading.Event().wait(0.3)  # time for the other to read what is about to change
        write(found)

    monkeypatch.setattr(rooms, "write", held)
    one, two, _ = sale.buyers
    at = sale.wait(seconds=1)
    asks = [sale.asked(one, START + STEP), sale.asked(two, START + STEP)]
    thread, answer = apart(centre, lambda: (setattr(threading.current_thread(), "name", "first"),
                                            placing.place(asks[0], one.public, clock=stopped(at)))[1])
    assert decided.wait(5)
    other, second = apart(centre, lambda: (second_began.set(), placing.place(asks[1], two.public, clock=stopped(at)))[1])
    thread.join(20)
    other.join(20)
    assert not thread.is_alive() and not other.is_alive()
    return [answer[0], second[0]]


def test_no_accepted_bid_is_lost_to_a_stale_write(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = a_running_sale(centre, "auction")
    sale.bid(sale.buyers[2], START)
    answers = stale_write(centre, sale, monkeypatch)
    accepted = [answer for answer in answers if isinstance(answer, dict)]
    assert counted(sale) == [(1, START), (2, START + STEP)]
    assert len(accepted) == 1 and accepted[0]["number"] == 2
    (other,) = [answer for answer in answers if not isinstance(answer, dict)]
    assert isinstance(other, Refused) and (other.reason, other.facts["least_fen"]) == ("auction.too_low", START + 2 * STEP)


def test_control_without_the_lock_the_stale_write_is_seen(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same interleaving over a row that is read before the lock: the second bid meets the old price."""
    sale = a_running_sale(centre, "auction")
    sale.bid(sale.buyers[2], START)
    stale = rooms.read(sale.lot_id)
    locked = rooms.locked_all

    def unlocked(lots: Any) -> Any:
        found = locked(lots)
        for room in found.values():
            room.standing, room.seq = stale.standing, stale.seq
        return found

    monkeypatch.setattr(rooms, "locked_all", unlocked)
    answers = stale_write(centre, sale, monkeypatch)
    # The tables themselves refuse a second bid of the same number: an error, and no silent loss.
    assert any(isinstance(answer, Exception) and not isinstance(answer, Refused) for answer in answers)
    assert counted(sale) == [(1, START), (2, START + STEP)]


def test_no_answer_says_yes_to_a_bid_that_is_not_counted(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit fails: nobody is told that the bid counts, nothing of it is kept, and asked again it counts once."""
    sale = a_running_sale(centre, "auction")
    one = sale.buyers[0]
    commit, failures = Session.commit, [True, True]

    def failing(self: Session) -> None:
        if self.info.get("writing") and failures:
            failures.pop()
            self.rollback()
            raise OperationalError("commit", {}, Exception("the disk is full"))
        commit(self)

    monkeypatch.setattr(Session, "commit", failing)
    asked = sale.asked(one, START)
    with pytest.raises(OperationalError):
        placing.place(asked, one.public, clock=stopped(sale.wait(seconds=1)))
    assert counted(sale) == [] and sale.room.standing.price_fen is None
    answer = placing.place(asked, one.public, clock=stopped(sale.wait(seconds=1)))
    assert answer["number"] == 1 and counted(sale) == [(1, START)]


def test_no_error_for_a_bid_that_counted(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is kept and its answer lost, as when a database fails over: the platform finds the bid by its key."""
    sale = a_running_sale(centre, "auction")
    one = sale.buyers[0]
    commit, losses = Session.commit, [True]

    def losing(self: Session) -> None:
        writes = self.info.get("writing")
        commit(self)
        if writes and losses:
            losses.pop()
            raise OperationalError("commit", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(Session, "commit", losing)
    answer = placing.place(sale.asked(one, START), one.public, clock=stopped(sale.wait(seconds=1)))
    assert not losses and answer["number"] == 1 and counted(sale) == [(1, START)]


def late_bid(centre: Centre, sale: SaleRun, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bid sent in time that waits for the lot's lock until ninety seconds after the end; gives what it was answered."""
    own_queues(monkeypatch)
    times = {"now": rooms.moment(sale.room.terms.opens_at + 65 * MINUTE) - timedelta(seconds=1)}
    locked, waits, go = rooms.locked_all, threading.Event(), threading.Event()

    def slow(lots: Any) -> Any:
        waits.set()
        go.wait(10)
        return locked(lots)

    monkeypatch.setattr(rooms, "locked_all", slow)
    two = sale.buyers[1]
    asked = sale.asked(two, START + STEP)
    thread, answer = apart(centre, lambda: placing.place(asked, two.public, clock=lambda: times["now"]))
    assert waits.wait(5)
    times["now"] += timedelta(seconds=91)
    go.set()
    thread.join(20)
    monkeypatch.setattr(rooms, "locked_all", locked)
    return answer[0]


def test_no_bid_is_crowned_after_the_end(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = a_running_sale(centre, "auction")
    one = sale.buyers[0]
    sale.bid(one, START)
    answer = late_bid(centre, sale, monkeypatch)
    assert isinstance(answer, Refused) and answer.reason == "auction.over"
    assert counted(sale) == [(1, START)]
    assert (sale.room.standing.phase, sale.room.standing.leader) == (Phase.ENDED, one.number)


def test_control_a_clock_read_before_the_lock_crowns_it(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: the moment is read when the request comes, so the same interleaving makes the late bid count."""
    sale = a_running_sale(sqlite_centre, "auction")
    sale.bid(sale.buyers[0], START)
    place = placing.place

    def early(asked: Any, public: bytes, *, clock: Any) -> Any:
        return place(asked, public, clock=stopped(clock()))

    monkeypatch.setattr(placing, "place", early)
    answer = late_bid(sqlite_centre, sale, monkeypatch)
    assert isinstance(answer, dict) and sale.room.standing.leader == sale.buyers[1].number


def test_it_is_refused_before_it_opens_and_while_it_is_paused(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "auction")
    opens = rooms.moment(sale.room.terms.opens_at)
    with refused("auction.paused"):
        pause = pauses.ask_pause(sale.lot_id, "核对", account_id=1, actor="a", at=opens + timedelta(minutes=1))
        pauses.confirm_pause(pause.id, account_id=2, actor="b", at=opens + timedelta(minutes=2))
        sale.bid(sale.buyers[0], START, at=opens + timedelta(minutes=3))

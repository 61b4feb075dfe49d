"""Many processes bid on one lot at once: nothing accepted is lost, late or equal, and every history is linearisable.

Here for seconds; ``MINGTANG_LIVE_SECONDS=60 MINGTANG_LIVE_PROCESSES=64`` runs it for as long as the guarantee is stated.
"""

from __future__ import annotations

import os
import pickle
import random
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bidding.auction import placing, rooms, running
from bidding.auction.models import LiveBid
from tests.builders import Centre
from tests.services import linear
from tests.services.linear import Op
from tests.services.test_live_sales import START, STEP, a_sale
from trading.base import clock
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.sale import SaleRun
from trading.evidence.models import Entry
from trading.sales import modes
from trading.sales.modes import Mode, Phase

SECONDS = float(os.environ.get("MINGTANG_LIVE_SECONDS", "3"))


def short_sale(centre: Centre, monkeypatch: pytest.MonkeyPatch, bidders: int = 8, seconds: float = SECONDS) -> tuple[SaleRun, timedelta]:
    """A sale with one hard end some seconds from now; gives it and how far its clock is from the machine's."""
    mode = Mode("auction-burst", "测试", "burst", (Phase.FREE,), free_ms=int(seconds * 1000))
    monkeypatch.setitem(modes.MODES, mode.id, mode)
    sale = a_sale(centre, mode.id, bidders=bidders)
    sale.take_part()
    opens = rooms.moment(sale.room.terms.opens_at)
    return sale, opens - clock.now()


def bidder(sale: SaleRun, number: int, offset: timedelta, seconds: float, place: Any = placing.place) -> list[Op]:
    """Bid as fast as answers come, from a price seen before, until half a second after the end."""
    chance, own, history = random.Random(number), sale.buyers[number % len(sale.buyers)], []
    here, room = 0, sale.lot.code or ""
    until = time.monotonic_ns() + int((seconds + 0.4) * 1e9)
    seen = START
    while time.monotonic_ns() < until:
        here += 1
        fen = seen + chance.choice((0, 0, 0, 1, 2)) * STEP
        key = f"process-{number}-{here:06d}"
        asked = placing.Asked(sale.lot_id, room, own.number, "bid", fen, key, own.key.sign(
            placing.message(placing.document(room, own.number, "bid", fen, key))))
        call = time.monotonic_ns()
        try:
            answer = place(asked, own.public, clock=lambda: clock.now() + offset)
        except Refused as refusal:
            ret = time.monotonic_ns()
            history.append(Op(call, ret, own.number, fen, least=refusal.facts.get("least_fen"), reason=refusal.reason))
            seen = refusal.facts.get("least_fen", seen)
            if refusal.reason == "auction.over":
                time.sleep(0.05)
        else:
            history.append(Op(call, time.monotonic_ns(), own.number, fen, number=answer["number"]))
            seen = fen + STEP
    return history


def run_processes(centre: Centre, sale: SaleRun, offset: timedelta, count: int, folder: Path) -> list[Op]:
    """Fork that many processes, each with connections of its own, and gather what they saw."""
    db.session.remove()
    db.engine.dispose()
    begin = folder / "begin"
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                db.engine.dispose(close=False)
                while not begin.exists():
                    time.sleep(0.005)
                with centre.app.app_context():
                    found = bidder(sale, number, offset, SECONDS)
                    (folder / f"{number}.history").write_bytes(pickle.dumps(found))
                    status = 0
            finally:
                os._exit(status)
        children.append(child)
    begin.write_text("")
    ended = [os.waitpid(child, 0)[1] for child in children]
    assert not any(ended), "a bidding process died"
    return [op for path in sorted(folder.glob("*.history")) for op in pickle.loads(path.read_bytes())]


def test_many_processes_on_one_lot(centre: Centre, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_sqlite = db.engine.dialect.name == "sqlite"
    count = 8 if on_sqlite else int(os.environ.get("MINGTANG_LIVE_PROCESSES", "24"))
    sale, _ = short_sale(centre, monkeypatch)
    offset = rooms.moment(sale.room.terms.opens_at) - clock.now() - timedelta(seconds=0.3)
    history = run_processes(centre, sale, offset, count, tmp_path)
    ends = sale.room.terms.opens_at + int(SECONDS * 1000)
    running.advance(sale.lot_id, clock=lambda: clock.now() + offset)
    bids = list(db.session.scalars(db.select(LiveBid).where(LiveBid.lot_id == sale.lot_id).order_by(LiveBid.number)))
    acknowledged = {op.number: op for op in history if op.number is not None}
    share = linear.contended(history)
    print(f"\n{db.engine.dialect.name}: {count} processes, {len(history)} attempts, {len(bids)} accepted, {share:.0%} contended")
    assert linear.check(history, START, STEP) == []
    assert {bid.number for bid in bids} >= set(acknowledged) and len(acknowledged) == len(bids), "nothing acknowledged is lost, nothing counted unanswered"
    for bid in bids:
        assert (acknowledged[bid.number].fen, acknowledged[bid.number].paddle) == (bid.fen, bid.paddle)
        assert rooms.unix_ms(bid.at) < ends, "no bid at the end or after it"
        entry = db.session.get(Entry, bid.evidence)
        assert entry is not None and entry.event is not None and entry.event["number"] == bid.number
    over = [op for op in history if op.reason == "auction.over"]
    assert over and sale.room.standing.leader == bids[-1].paddle and len({bid.fen for bid in bids}) == len(bids)
    assert {op.reason for op in history} <= {"", "auction.too_low", "auction.over", "auction.not_open"}
    assert share >= 0.3, f"only {share:.0%} contended"


def test_control_a_racy_double_is_caught() -> None:
    """The same checker finds a lot that reads, thinks and writes without a lock."""
    class Racy:
        price, number = START - STEP, 0

        def place(self, fen: int) -> tuple[int | None, int | None]:
            least = self.price + STEP
            time.sleep(0.0005)
            if fen < least:
                return None, least
            self.number += 1
            number = self.number
            time.sleep(0.0005)
            self.price = fen
            return number, None

    lot, history = Racy(), list[Op]()

    def bid(name: int) -> None:
        for _ in range(60):
            fen, call = lot.price + STEP, time.monotonic_ns()
            number, least = lot.place(fen)
            history.append(Op(call, time.monotonic_ns(), str(name), fen, number, least))

    threads = [threading.Thread(target=bid, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert linear.check(history, START, STEP)


@pytest.mark.parametrize(("history", "word"), [
    ([Op(1, 2, "a", START, 1), Op(3, 4, "b", START, 2)], "does not rise"),
    ([Op(1, 2, "a", START, 1), Op(3, 4, "b", START + STEP, 1)], "not unique"),
    ([Op(5, 6, "a", START, 1), Op(1, 2, "b", START + STEP, 2)], "answered before"),
    ([Op(1, 2, "a", START, 1), Op(3, 4, "b", START, least=START)], "high enough"),
    ([Op(1, 2, "a", START, 1), Op(3, 4, "b", START + STEP - 1, least=START + 2 * STEP)], "never was"),
    ([Op(5, 6, "a", START, 1), Op(1, 2, "b", START + STEP - 1, least=START + STEP)], "before it was sent")])
def test_control_each_kind_of_wrong_history_is_caught(history: list[Op], word: str) -> None:
    assert any(word in line for line in linear.check(history, START, STEP))


def test_a_history_that_one_at_a_time_could_give_is_not_complained_about() -> None:
    fine = [Op(1, 9, "a", START, 1), Op(2, 5, "b", START + STEP, 2), Op(3, 4, "c", START, least=START + STEP), Op(1, 2, "d", START - 1, least=START)]
    assert linear.check(fine, START, STEP) == []

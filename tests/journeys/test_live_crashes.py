"""Web, jobs and events are killed again and again while people bid: nothing acknowledged is missing, one end, watchers without a gap.

Here for some seconds; ``MINGTANG_CRASH_SECONDS=600`` runs the ten minutes of which the guarantee speaks.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app import create_app
from bidding.auction import rooms
from bidding.auction.models import AuctionEvent, LiveBid
from tests.builders import Centre
from tests.conftest import Prepared
from tests.services.live_processes import PASSWORD, Bidder, Processes, Watching, free_port, write_config
from tests.services.test_live_sales import START, STEP, a_sale
from tests.shelf import copy_cast
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.base import clock
from trading.base.database import db
from trading.evidence.models import Entry
from trading.supervision import audits

SECONDS = int(os.environ.get("MINGTANG_CRASH_SECONDS", "15"))
EVERY = (2.5, 5.0)


def test_killed_again_and_again(prepared_sqlite: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    shutil.copytree(prepared_sqlite.folder, folder)
    settings = replace(prepared_sqlite.settings, instance=folder, port=free_port(), events_port=free_port(), witness_urls="", tsa_urls="")
    write_config(settings)
    app = create_app(settings)
    with app.app_context():
        centre = Centre(app, copy_cast(prepared_sqlite.cast), prepared_sqlite.companies)
        # Published five weeks ago; the listing closes some seconds after the processes are up.
        sale = a_sale(centre, "listing-only", bidders=4)
        sale.at = clock.now() - timedelta(days=36)
        ends = clock.now() + timedelta(seconds=SECONDS + 20)
        sale.moments = {"opens_at": clock.now() - timedelta(days=12), "listing_ends_at": ends, "deadline": clock.now() - timedelta(days=1)}
        sale.take_part()
        for number, buyer in enumerate(sale.buyers):
            accounts.create(f"buyer{number}", "buyer", PASSWORD, {Role.BIDDER}, actor="t", at=clock.now(), organisation_id=buyer.company.id)
        code, lot_id = sale.lot.code or "", sale.lot_id
        db.session.remove()
        db.engine.dispose()
    processes = Processes(settings)
    watchers = [Watching(settings.events_port, code) for _ in range(4)]
    acknowledged: dict[int, tuple[str, int]] = {}
    statuses, tries, gate = set[int](), [0], threading.Lock()
    try:
        processes.start_all()
        for watcher in watchers:
            watcher.start()
        bidders = [Bidder(f"http://127.0.0.1:{settings.port}", f"buyer{number}", buyer, code) for number, buyer in enumerate(sale.buyers)]

        def bid(number: int) -> None:
            chance, own, seen, count = random.Random(number), bidders[number], START, 0
            while clock.now() < ends + timedelta(seconds=1):
                count += 1
                fen = seen + chance.choice((0, 0, 1)) * STEP
                status, body = own.act(fen, f"wish-{number}-{count:06d}")
                with gate:
                    statuses.add(status)
                    tries[0] += 1
                    if status == 201:
                        assert body["number"] not in acknowledged, "two answers for one number"
                        acknowledged[body["number"]] = (body["paddle"], body["fen"])
                if status == 201:
                    seen = fen + STEP
                else:
                    top = max((price for _, price in acknowledged.values()), default=START - STEP)
                    seen = max(seen, top + STEP)
                time.sleep(chance.random() * 0.2)

        threads = [threading.Thread(target=bid, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        chance = random.Random(11)
        while clock.now() < ends:
            time.sleep(chance.uniform(*EVERY))
            processes.kill(chance.choice(("web", "jobs", "events")))
        for thread in threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in threads)
        # Where the platform was away for more than five seconds the clock was held, and goes on two minutes later.
        end = time.monotonic() + 400
        while time.monotonic() < end:
            with sqlite3.connect(f"file:{folder / 'mingtang.db'}?mode=ro", uri=True) as found:
                if found.execute("SELECT stage FROM lot WHERE id = ?", (lot_id,)).fetchone()[0] == "awarded":
                    break
            time.sleep(0.5)
        last = _last_seq(folder, code)
        while time.monotonic() < end and any(not watcher.seen or watcher.seen[-1] < last for watcher in watchers):
            time.sleep(0.2)
    finally:
        for watcher in watchers:
            watcher.stopped = True
        processes.stop()
    with app.app_context():
        bids = list(db.session.scalars(db.select(LiveBid).where(LiveBid.lot_id == lot_id).order_by(LiveBid.number)))
        print(f"\n{tries[0]} wishes, {len(bids)} bids, killed {processes.killed}, asked again {sum(b.retried for b in bidders)}, watchers came back {[w.returned for w in watchers]}")
        assert set(processes.killed) and sum(processes.killed.values()) >= SECONDS // 6
        assert {bid.number: (bid.paddle, bid.fen) for bid in bids} == acknowledged, "every bid was acknowledged and every acknowledged bid is there"
        assert [bid.number for bid in bids] == list(range(1, len(bids) + 1))
        assert all(before.fen + STEP <= after.fen for before, after in zip(bids, bids[1:], strict=False))
        entries = list(db.session.scalars(db.select(Entry).where(Entry.lot == code, Entry.kind.in_(("auction.ended", "auction.held")))))
        ended, held = [e.event["at_ms"] for e in entries if e.kind == "auction.ended"], sum(e.kind == "auction.held" for e in entries)
        assert len(ended) == 1 and (held or ended[0] == rooms.unix_ms(ends)) and ended[0] >= rooms.unix_ms(ends)
        assert all(rooms.unix_ms(bid.at) < ended[0] for bid in bids), "no bid at the one end or after it"
        print(f"held {held} times")
        assert statuses <= {201, 422, 503}, statuses
        lines = {event.seq: event.body for event in db.session.scalars(db.select(AuctionEvent).where(AuctionEvent.room == code))}
        assert sorted(lines) == list(range(1, len(lines) + 1))
        kinds = [entry.kind for entry in db.session.scalars(db.select(Entry).where(Entry.lot == code, Entry.kind.in_(("auction.ended", "lot.closed", "lot.awarded"))))]
        assert sorted(kinds) == ["auction.ended", "lot.awarded", "lot.closed"], "one end, one close, one deal"
        for watcher in watchers:
            assert watcher.seen == list(range(1, len(lines) + 1)), "without a gap, each once, in order"
            assert watcher.bodies == lines
        assert audits.look().found == []
        db.session.remove()
        db.engine.dispose()


def _last_seq(folder: Path, code: str) -> int:
    with sqlite3.connect(f"file:{folder / 'mingtang.db'}?mode=ro", uri=True) as found:
        return int(found.execute("SELECT max(seq) FROM auction_event WHERE room = ?", (code,)).fetchone()[0])

"""What the platform's own outages cost: nobody's window, on record."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bidding.opening import service as opening
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from tests.builders import T0, Centre
from trading.base import installation
from trading.base.clock import stopped
from trading.base.database import db
from trading.demonstration.case import CaseRun
from trading.evidence import alarms
from trading.evidence.models import Entry
from trading.supervision import outages, rules
from trading.supervision.models import Outage

MINUTE = timedelta(minutes=1)


def closed(centre: Centre) -> CaseRun:
    case = CaseRun(centre.cast, centre.plan(3), T0)
    case.register()
    case.announce()
    case.file_bids()
    lot = case.lot
    assert lot.deadline is not None
    case.at = lot.deadline
    assert opening.close(case.lot_id, clock=stopped(case.at))
    return case


def span(first: int, last: int) -> tuple[datetime, datetime]:
    return T0 + first * MINUTE, T0 + last * MINUTE


@pytest.mark.parametrize(("spans", "minutes"), [
    ([], 30), ([span(5, 10)], 35), ([span(-10, 5)], 35), ([span(5, 10), span(8, 12)], 37), ([span(29, 40)], 41),
    ([span(29, 40), span(40, 45)], 46), ([span(30, 60)], 30), ([span(29, 40), span(41, 44)], 41), ([span(29, 40), span(40, 44), span(42, 43)], 45),
    ([span(-10, -5)], 30)])
def test_a_time_is_longer_by_what_falls_into_it(spans: list[tuple[datetime, datetime]], minutes: int) -> None:
    assert rules.prolonged(spans, T0, T0 + 30 * MINUTE) == T0 + minutes * MINUTE


def test_an_outage_in_the_window_makes_it_longer_for_everybody(centre: Centre) -> None:
    case = closed(centre)
    began = opening.opening_of(case.lot_id)
    assert began is not None
    promised = began.window_ends
    # Twelve minutes before the window's end everything stops, and is back five minutes after it.
    away = promised - 12 * MINUTE
    outages.beat(outages.TIMETABLE, away)
    back = promised + 5 * MINUTE
    # Nobody who comes first after the outage ends the window, not even before the timetable has beaten.
    assert not opening.close_window(case.lot_id, clock=stopped(back))
    row = sealed.bids(case.session.id)[0]
    opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(back))
    outages.beat(outages.TIMETABLE, back)
    assert db.session.scalars(select(Outage)).all()[-1].ended_at == back
    until = promised + (back - away)
    assert opening.window_ends(opening.opening_of(case.lot_id), back) == until
    moment = back
    while moment < until:
        outages.beat(outages.TIMETABLE, moment)
        assert not opening.close_window(case.lot_id, clock=stopped(moment))
        moment += timedelta(seconds=50)
    told = [event for event in opening.events(case.lot_id) if event.kind == "window_longer"]
    assert len(told) == 1 and told[0].facts["until"] == until.isoformat()
    assert opening.close_window(case.lot_id, clock=stopped(until))
    entry = db.session.scalar(select(Entry).where(Entry.kind == "platform.outage"))
    assert entry is not None and entry.event["part"] == "timetable"
    assert trustees.get_session(case.session.id).release_checkpoint


def test_without_an_outage_the_window_ends_as_promised(sqlite_centre: Centre) -> None:
    """The control: beating without a gap changes nothing."""
    case = closed(sqlite_centre)
    began = opening.opening_of(case.lot_id)
    assert began is not None
    moment = case.at
    while moment < began.window_ends:
        assert outages.beat(outages.TIMETABLE, moment) is None
        moment += timedelta(seconds=50)
    assert opening.close_window(case.lot_id, clock=stopped(began.window_ends))


def test_a_wrong_clock_that_stops_filings_counts_as_an_outage(sqlite_centre: Centre) -> None:
    case = closed(sqlite_centre)
    promised = opening.opening_of(case.lot_id).window_ends
    alarms.raise_alarm(alarms.CLOCK, "witness", at=promised - 10 * MINUTE, stops=True, seconds=5)
    assert not opening.close_window(case.lot_id, clock=stopped(promised + 3 * MINUTE))
    alarms.end((alarms.CLOCK,), "witness", at=promised + 4 * MINUTE)
    assert not opening.close_window(case.lot_id, clock=stopped(promised + 13 * MINUTE))
    assert opening.close_window(case.lot_id, clock=stopped(promised + 14 * MINUTE))


def test_pages_that_do_not_answer_are_an_outage_of_their_own(sqlite_centre: Centre) -> None:
    at, up = [T0], [True]

    def after(seconds: int) -> Callable[[], datetime]:
        at[0] += timedelta(seconds=seconds)
        return stopped(at[0])

    for _ in range(3):
        assert outages.probe(after(10), lambda: up[0])
    up[0] = False
    for _ in range(12):
        assert not outages.probe(after(10), lambda: up[0])
    assert outages.spans(T0, at[0]) == [(T0 + timedelta(seconds=30), at[0])]
    up[0] = True
    assert outages.probe(after(10), lambda: up[0])
    assert [(o.part, o.ended_at - o.began_at) for o in outages.newest()] == [("pages", timedelta(seconds=130))]
    assert sum(entry.kind == "platform.outage" for entry in db.session.scalars(select(Entry))) == 1


def test_the_probe_asks_the_address_of_the_settings(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 503)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        settings = installation.settings()
        object.__setattr__(settings, "probe_url", f"http://127.0.0.1:{server.server_port}/healthz")
        assert outages.probe(stopped(T0))
        object.__setattr__(settings, "probe_url", f"http://127.0.0.1:{server.server_port}/away")
        assert not outages.probe(stopped(T0))
    finally:
        server.shutdown()
    server.server_close()
    assert not outages.probe(stopped(T0)), "nobody is there"

"""Sealed offers in rounds (多轮密封报价): who leads is told by number, who is behind it by nobody before the deal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.auction import applying, jobs, lapses, rooms, running, sealed_rounds
from bidding.auction.models import AuctionEvent, Paddle
from bidding.opening import service as opening
from bidding.opening.models import OpenedBid
from bidding.sealed.models import SealedBid
from bidding.trustees import service as trustees
from tests.builders import Centre
from tests.services.test_filing import refused
from tests.services.test_live_sales import START, STEP, a_running_sale, a_sale
from tests.services.test_live_ties import SELLER, SUPERVISOR, events, won_by
from trading.archive.models import Piece
from trading.base.clock import stopped
from trading.base.database import db
from trading.demonstration.case import Offer
from trading.demonstration.sale import Buyer
from trading.evidence import verify
from trading.evidence.models import Entry
from trading.projects.rules import Stage
from trading.sales.modes import MINUTE, Phase
from trading.supervision import service as pauses


def test_three_rounds_to_the_deal(centre: Centre) -> None:
    sale = a_running_sale(centre, "rounds")
    one, two, three = sale.buyers
    assert (sale.room.standing.phase, sale.room.standing.round) == (Phase.ROUND, 1)
    sale.rounds([START, START + STEP, START - 1], [START + 3 * STEP, START + 2 * STEP])
    assert [(item["number"], item["again"]) for item in events(sale, "auction.round_closed")] == [(1, False), (2, False), (3, False)]
    assert events(sale, "auction.round_closed")[0]["offers"] == [[one.number, START], [two.number, START + STEP], [three.number, START - 1]]
    begun = events(sale, "auction.round_begun")
    assert [item["number"] for item in begun] == [1, 2, 3] and len({item["session"] for item in begun}) == 3
    won_by(sale, one.number, START + 3 * STEP)
    assert sale.room.standing.number == 4, "the offer below the start price does not count"


def test_the_reserve_price_is_opened_after_the_last_round(sqlite_centre: Centre) -> None:
    sale = a_sale(sqlite_centre, "rounds", reserve="sealed")
    sale.take_part()
    sale.seal_reserve(START + 5 * STEP)
    sale.close_reserve()
    sale.begin()
    sale.rounds([START + STEP])
    sale.open_reserve()
    sale.settle()
    assert sale.lot.stage == Stage.FAILED and sale.room.outcome == {"failed": "below_reserve", "reserve_fen": START + 5 * STEP}


def test_a_round_without_an_offer_fails_the_lot(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "rounds")
    sale.rounds()
    sale.settle()
    assert sale.lot.stage == Stage.FAILED and sale.room.outcome == {"failed": "no_bid"}


def test_before_at_and_after_the_end_of_a_round(centre: Centre) -> None:
    sale = a_running_sale(centre, "rounds")
    one, two, _ = sale.buyers
    found = sale.begin_round()
    ends = rooms.moment(sale.room.standing.ends_at or 0)
    assert found.deadline == ends
    with refused("auction.no_bids_now"):
        sale.bid(one, START)
    assert sealed_rounds.follow(sale.lot_id, clock=stopped(ends - timedelta(microseconds=1))) is False
    sale.at = ends - timedelta(minutes=1, microseconds=1)  # filing takes the minute
    sale.seal_in_round(one, START)
    sale.at = ends - timedelta(minutes=1)
    with refused("bid.too_late"):
        sale.seal_in_round(two, START + STEP)
    closed = sale.close_round()
    assert closed.close_seq is not None and sale.room.standing.phase is Phase.OPENING
    with refused("bid.too_late"):
        sale.seal_in_round(two, START + STEP)
    sale.open_round()
    assert sale.room.standing.leader == one.number and sale.room.standing.round == 2


def test_nobody_knows_whose_an_offer_was_before_the_deal(centre: Centre) -> None:
    sale = a_running_sale(centre, "rounds")
    one, two, _ = sale.buyers
    sale.begin_round()
    sale.seal_in_round(one, START)
    sale.seal_in_round(two, START + STEP)
    sale.open_round()
    rows = list(db.session.scalars(db.select(SealedBid).where(SealedBid.digest.is_not(None))))
    assert {row.header["ctx"]["bidder"] for row in rows} == {one.number, two.number} and all(row.organisation_id is None for row in rows)
    opened = list(db.session.scalars(db.select(OpenedBid).where(OpenedBid.lot_id == sale.lot_id)))
    assert len(opened) == 2 and all(bid.organisation_id is None for bid in opened)
    texts = [str(entry.event) for entry in db.session.scalars(db.select(Entry).where(Entry.lot == sale.lot.code)) if entry.event]
    texts += list(db.session.scalars(db.select(AuctionEvent.body))) + [str(item.facts) for item in opening.events(sale.lot_id)]
    texts += [str(opening.opening_of(sale.lot_id, "offer-1").record)]
    assert not any(who in text for text in texts for buyer in (one, two) for who in (buyer.company.code, buyer.company.name))
    # Control: the same search finds a name that is there, once the deal is made.
    sale.rounds()
    won_by(sale, two.number, START + STEP)
    db.session.expire_all()
    assert {bid.organisation_id for bid in opened} == {row.organisation_id for row in rows} == {one.company.id, two.company.id}
    assert any(two.company.name in body for body in db.session.scalars(db.select(AuctionEvent.body)))


def test_a_stranger_another_paddle_and_another_key_file_nothing(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "rounds")
    one, two, three = sale.buyers
    found = sale.begin_round()

    def file(buyer: Buyer, **changes: Any) -> None:
        sale.file_envelope(found.id, found.document, Offer(buyer.company, START), START, **({"paddle": buyer.number, "key": buyer.key} | changes))

    with refused("bid.not_yours"):
        file(one, paddle=two.number)
    with refused("bid.not_yours"):
        file(one, paddle=one.company.code)
    with refused("bid.signature"):
        file(one, key=two.key)
    with refused("bid.signature"):
        file(one, key=one.company.key)
    stranger = sqlite_centre.companies[5]
    with refused("offers.not_asked"):
        sale.file_envelope(found.id, found.document, Offer(stranger, START), START, paddle=one.number, key=one.key)
    file(three)
    sale.open_round()
    assert sale.room.standing.leader == three.number


def test_another_device_files_from_now_on(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "rounds")
    one = sale.buyers[0]
    sale.begin_round()
    sale.seal_in_round(one, START)
    old, one.key = one.key, Ed25519PrivateKey.generate()
    document = applying.content(applying.paddle_of(sale.lot_id, one.company.id))["application"] | {"public": one.public.hex()}
    applying.renew_key(sale.lot_id, one.public, one.company.key.sign(applying.application_message(document)), bidder_id=one.company.id,
                       clock=stopped(sale.wait(seconds=1)))
    sale.seal_in_round(one, START + STEP)
    new, one.key = one.key, old
    with refused("bid.signature"):
        sale.seal_in_round(one, START + 2 * STEP)
    one.key = new
    sale.open_round()
    assert (sale.room.standing.leader, sale.room.standing.price_fen) == (one.number, START + STEP)
    paddle = db.session.scalar(db.select(Paddle).where(Paddle.number == one.number))
    assert paddle is not None and paddle.public == verify.raw_public_key(new).hex()


def test_a_pause_moves_the_end_of_room_and_session_together(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "rounds")
    one, two, _ = sale.buyers
    found = sale.begin_round()
    first = found.deadline
    pause = pauses.ask_pause(sale.lot_id, "核查", account_id=SELLER, actor="supervisor", at=sale.wait(seconds=1))
    pauses.confirm_pause(pause.id, account_id=SUPERVISOR, actor="supervisor", at=sale.wait(seconds=1))
    running.advance(sale.lot_id, clock=stopped(sale.at))
    with refused("bid.not_open"):
        sale.seal_in_round(one, START)
    sale.at = first + timedelta(hours=1, milliseconds=300)
    assert sealed_rounds.follow(sale.lot_id, clock=stopped(sale.at)) is False
    pauses.ask_lift(pause.id, "核查完毕", account_id=SELLER, actor="supervisor", at=sale.at)
    pauses.confirm_lift(pause.id, account_id=SUPERVISOR, actor="supervisor", at=sale.at)
    running.advance(sale.lot_id, clock=stopped(sale.at))
    assert sealed_rounds.follow(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    ends = rooms.moment(sale.room.standing.ends_at or 0)
    assert trustees.get_session(found.id).deadline == ends > first + timedelta(hours=1)
    sale.seal_in_round(two, START)
    sale.open_round()
    assert sale.room.standing.leader == two.number


def test_a_round_that_the_key_holders_leave_sealed_is_held_again(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "rounds")
    one, two, _ = sale.buyers
    sale.begin_round()
    sale.seal_in_round(one, START)
    sale.close_round()
    sale.wait(hours=25)
    assert opening.look_for_holders(sale.lot_id, "offer-1", clock=stopped(sale.at))
    opening.finish(sale.lot_id, "offer-1", clock=stopped(sale.wait(seconds=1)))
    assert sealed_rounds.follow(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    (told,) = events(sale, "auction.round_closed")
    assert (told["again"], told["offers"], sale.room.standing.round, sale.room.standing.price_fen) == (True, [], 2, None)
    sale.rounds([START, START + STEP])
    won_by(sale, two.number, START + STEP)


def test_the_timetable_takes_a_round_from_its_beginning_to_the_next(sqlite_centre: Centre) -> None:
    sale = a_running_sale(sqlite_centre, "rounds")
    for holder in sale.cast.holders:
        holder.top_up(sale.at)
    assert (jobs.follow_rounds(stopped(sale.wait(seconds=1))), jobs.follow_rounds(stopped(sale.wait(seconds=1)))) == (1, 0)
    sale.seal_in_round(sale.buyers[0], START)
    sale.at = rooms.moment(sale.room.standing.ends_at or 0)
    assert jobs.follow_rounds(stopped(sale.at)) == 0, "time does its own work first"
    assert (jobs.advance_due(stopped(sale.at)), jobs.follow_rounds(stopped(sale.at)), jobs.follow_rounds(stopped(sale.at))) == (1, 1, 0)
    sale.open_round()
    assert sale.room.standing.round == 2 and sale.room.standing.ends_at is not None and sale.room.standing.ends_at % MINUTE == 0
    assert db.session.scalar(db.select(db.func.count()).select_from(Piece).where(Piece.lot_id == sale.lot_id, Piece.path == "15-opening/record-offer-1.json")) == 1


@pytest.mark.parametrize("away", [4, 60])
def test_a_silence_at_the_end_of_a_round_prolongs_it(sqlite_centre: Centre, away: int) -> None:
    """Nobody may lose the last seconds of a round to a platform that was not there."""
    sale = a_running_sale(sqlite_centre, "rounds")
    sale.begin_round()
    first = rooms.moment(sale.room.standing.ends_at or 0)
    sale.at = first - timedelta(seconds=2)
    lapses.watch(stopped(sale.at))
    sale.wait(seconds=away)
    lapses.watch(stopped(sale.at))
    running.advance(sale.lot_id, clock=stopped(sale.at))
    is_held = away > 5
    assert (sale.room.held is not None) == is_held and (sale.room.standing.phase is Phase.OPENING) != is_held
    if not is_held:
        return
    sale.wait(minutes=2, seconds=1)
    running.advance(sale.lot_id, clock=stopped(sale.at))
    assert sealed_rounds.follow(sale.lot_id, clock=stopped(sale.at))
    found = sealed_rounds.session(sale.lot_id, 1)
    assert found is not None and found.deadline == rooms.moment(sale.room.standing.ends_at or 0) > first

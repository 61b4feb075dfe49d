"""Ties at the ceiling, each way from the ceiling to the deal: by lot, by one sealed offer each, by the seller's committee."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bidding.auction import jobs, quality, running, ties
from bidding.auction.models import AuctionEvent, Paddle
from bidding.opening import service as opening
from bidding.sealed.models import SealedBid, SecretGuest, SessionGuest
from bidding.trustees import service as trustees
from experts.draw import lottery
from experts.draw import service as draws
from experts.draw import ties as draw_ties
from tests.builders import Centre
from tests.services.test_filing import refused
from tests.services.test_live_sales import START, STEP, a_sale
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.archive.models import Piece
from trading.base.clock import stopped
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.sale import SaleRun
from trading.evidence.models import Entry
from trading.messages.models import Message
from trading.projects import service as projects
from trading.projects.rules import Stage
from trading.sales.modes import After, Phase
from trading.supervision import service as pauses

CEILING = START + 10 * STEP
SELLER, SUPERVISOR, OTHER = 1, 2, 3


def at_the_ceiling(centre: Centre, after: str, agree: int = 3, bidders: int = 4, **sale: object) -> SaleRun:
    """A sale in which some of the bidders agreed to the ceiling."""
    made = a_sale(centre, "auction", bidders=bidders, ceiling_fen=CEILING, after_ceiling=after, **sale)
    made.take_part()
    made.begin()
    made.tie(made.buyers[:agree])
    return made


def events(sale: SaleRun, kind: str) -> list[dict]:
    return [entry.event for entry in db.session.scalars(db.select(Entry).where(Entry.lot == sale.lot.code, Entry.kind == kind).order_by(Entry.seq)) if entry.event]


def won_by(sale: SaleRun, number: str, fen: int) -> None:
    """The sale ends as any other: closed, settled, awarded to whoever is behind the number."""
    assert (sale.lot.stage, sale.room.standing.phase) == (Stage.CLOSED, Phase.ENDED)
    sale.settle()
    award = projects.award_of(sale.lot_id)
    buyer = next(buyer for buyer in sale.buyers if buyer.number == number)
    assert award is not None and (award.organisation_id, award.price_fen) == (buyer.company.id, fen)
    assert sale.room.outcome is not None and sale.room.outcome["winner"] == number
    lines = list(db.session.scalars(db.select(AuctionEvent.seq).where(AuctionEvent.room == sale.lot.code).order_by(AuctionEvent.seq)))
    assert lines == list(range(1, len(lines) + 1))


# --- by lot ------------------------------------------------------------------------------------------------------


def test_the_draw_decides_among_the_paddles_that_agreed(centre: Centre) -> None:
    sale = at_the_ceiling(centre, "lottery")
    assert sale.room.standing.phase is Phase.TIED
    agreed = sorted(buyer.number for buyer in sale.buyers[:3])
    sale.draw_winner()
    draw = draws.of_lot(sale.lot_id, lottery.WINNER)
    assert draw is not None and sorted(lottery.among(draw)) == agreed and draw.revealed_at is not None
    (winner,), _ = lottery.drawn(draw)
    (begun,), (decided,) = events(sale, "auction.tie_begun"), events(sale, "auction.tie_decided")
    assert (begun["how"], begun["draw"]) == ("lottery", draw.params["draw"])
    assert (decided["winner"], decided["how"], decided["draw"], decided["price_fen"]) == (winner, "lottery", draw.params["draw"], CEILING)
    won_by(sale, winner, CEILING)


def test_the_draw_is_frozen_once_and_decides_once(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "lottery")
    for _ in range(3):
        draw_ties.follow_due(stopped(sale.wait(seconds=1)))
    assert len(events(sale, "draw.frozen")) == len(events(sale, "auction.tie_begun")) == 1
    sale.draw_winner()
    with refused("auction.no_tie"):
        draw_ties.follow(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    assert len(events(sale, "auction.tie_decided")) == 1


def test_a_pause_holds_the_draw(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "lottery")
    pause = pauses.ask_pause(sale.lot_id, "核查", account_id=SELLER, actor="supervisor", at=sale.wait(seconds=1))
    pauses.confirm_pause(pause.id, account_id=SUPERVISOR, actor="supervisor", at=sale.wait(seconds=1))
    assert draw_ties.follow_due(stopped(sale.wait(seconds=1))) == 0
    with refused("auction.paused"):
        ties.decide(sale.lot_id, sale.buyers[0].number, After.LOTTERY, actor="x", clock=stopped(sale.wait(seconds=1)))
    pauses.ask_lift(pause.id, "核查完毕", account_id=SELLER, actor="supervisor", at=sale.wait(seconds=1))
    pauses.confirm_lift(pause.id, account_id=SUPERVISOR, actor="supervisor", at=sale.wait(seconds=1))
    sale.draw_winner()
    assert sale.lot.stage == Stage.CLOSED


# --- what no way may do --------------------------------------------------------------------------------------------


def test_who_did_not_agree_never_wins(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "lottery")
    before = sale.room.standing
    for stranger in (sale.buyers[3].number, "", "000"):
        with refused("auction.not_agreed"):
            ties.decide(sale.lot_id, stranger, After.LOTTERY, actor="x", clock=stopped(sale.wait(seconds=1)))
    for other in (After.QUALITY, After.SINGLE, After.HOUSING):
        with refused("auction.no_tie"):
            ties.decide(sale.lot_id, sale.buyers[0].number, other, actor="x", clock=stopped(sale.wait(seconds=1)))
    assert sale.room.standing == before


@pytest.mark.parametrize("after", ["lottery", "single", "quality"])
def test_before_the_tie_nothing_is_decided(sqlite_centre: Centre, after: str) -> None:
    sale = a_sale(sqlite_centre, "auction", bidders=3, ceiling_fen=CEILING, after_ceiling=after)
    sale.take_part()
    sale.begin()
    sale.bid(sale.buyers[0], CEILING)
    clock = stopped(sale.wait(seconds=1))
    assert sale.room.standing.phase is Phase.AGREEING
    assert (draw_ties.follow_due(clock), jobs.decide_ties(clock)) == (0, 0)
    with refused("auction.no_tie"):
        ties.decide(sale.lot_id, sale.buyers[0].number, After(after), actor="x", clock=clock)
    with refused("auction.no_tie"):
        quality.record(sale.lot_id, sale.buyers[0].number, "设计最优", b"minutes", "pdf", account_id=SELLER, actor="t", clock=clock)
    with refused("auction.no_tie"):
        ties.ask_offers(sale.lot_id, clock=clock)


@pytest.mark.parametrize("after", ["lottery", "single", "quality"])
def test_one_who_agreed_alone_needs_nothing(sqlite_centre: Centre, after: str) -> None:
    sale = at_the_ceiling(sqlite_centre, after, agree=1)
    running.advance(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    assert (draw_ties.follow_due(stopped(sale.at)), jobs.decide_ties(stopped(sale.at))) == (0, 0)
    won_by(sale, sale.buyers[0].number, CEILING)


# --- one sealed offer each -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "winner"), [("highest", 2), ("nearest_mean", 1), ("nearest_mean_from_below", 0)])
def test_single_offers_decide_by_the_rule_of_the_notice(centre: Centre, rule: str, winner: int) -> None:
    sale = at_the_ceiling(centre, "single", single_rule=rule)
    sale.ask_offers()
    # Their mean is 4.33 increments above the ceiling.
    offers = [CEILING + 3 * STEP, CEILING + 5 * STEP - STEP // 2, CEILING + 5 * STEP + STEP // 2]
    for buyer, fen in zip(sale.buyers[:3], offers, strict=True):
        sale.offer(buyer, fen)
    sale.open_offers()
    (decided,) = events(sale, "auction.tie_decided")
    assert decided["rule"] == rule and decided["offers"] == [[buyer.number, fen] for buyer, fen in zip(sale.buyers[:3], offers, strict=True)]
    won_by(sale, sale.buyers[winner].number, offers[winner])


def test_only_who_agreed_may_seal_an_offer_and_nobody_late(centre: Centre) -> None:
    sale = at_the_ceiling(centre, "single")
    found = sale.ask_offers()
    with refused("offers.not_asked"):
        sale.offer(sale.buyers[3], CEILING)
    sale.offer(sale.buyers[1], CEILING + STEP)
    assert ties.close_offers(sale.lot_id, clock=stopped(found.deadline - timedelta(microseconds=1))) is False
    sale.at = found.deadline - timedelta(minutes=1)  # filing takes the minute
    with refused("bid.too_late"):
        sale.offer(sale.buyers[0], CEILING + 2 * STEP)
    sale.open_offers()
    with refused("bid.not_open"):
        sale.offer(sale.buyers[0], CEILING + 2 * STEP)
    won_by(sale, sale.buyers[1].number, CEILING + STEP)


def test_an_offer_below_the_ceiling_does_not_count(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "single", single_rule="nearest_mean")
    sale.ask_offers()
    sale.offer(sale.buyers[0], CEILING - 1)
    sale.offer(sale.buyers[2], CEILING)
    sale.open_offers()
    assert events(sale, "auction.tie_decided")[0]["offers"] == [[sale.buyers[2].number, CEILING]]
    won_by(sale, sale.buyers[2].number, CEILING)


@pytest.mark.parametrize("low", [False, True])
def test_without_an_offer_that_counts_the_first_to_reach_the_ceiling_has_it(centre: Centre, low: bool) -> None:
    sale = at_the_ceiling(centre, "single")
    sale.ask_offers()
    if low:
        sale.offer(sale.buyers[2], CEILING - STEP)
    sale.open_offers()
    assert events(sale, "auction.tie_decided")[0]["offers"] == []
    won_by(sale, sale.buyers[0].number, CEILING)


def test_of_equal_offers_the_earlier_wins_and_a_replaced_one_counts_by_its_last(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "single", single_rule="highest")
    sale.ask_offers()
    one, two, _, _ = sale.buyers
    sale.offer(one, CEILING + 2 * STEP)
    sale.offer(two, CEILING + 2 * STEP)
    sale.offer(one, CEILING + 2 * STEP)
    sale.open_offers()
    won_by(sale, two.number, CEILING + 2 * STEP)


def test_offers_that_the_key_holders_leave_sealed_are_asked_for_again(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "single")
    found = sale.ask_offers()
    sale.offer(sale.buyers[1], CEILING + STEP)
    sale.at = found.deadline
    assert ties.close_offers(sale.lot_id, clock=stopped(sale.at))
    sale.wait(hours=25)
    assert opening.look_for_holders(sale.lot_id, "offer-1", clock=stopped(sale.at))
    opening.finish(sale.lot_id, "offer-1", clock=stopped(sale.wait(seconds=1)))
    for holder in sale.cast.holders:
        holder.top_up(sale.at)
    assert ties.settle_offers(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    again = ties.session(sale.lot_id)
    assert again is not None and again.envelope == "offer-2" and [item["number"] for item in events(sale, "auction.tie_begun")] == [1, 2]
    sale.offer(sale.buyers[2], CEILING + STEP)
    sale.open_offers()
    won_by(sale, sale.buyers[2].number, CEILING + STEP)


def test_a_pause_moves_the_end_of_the_offers(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "single")
    found = sale.ask_offers()
    first = found.deadline
    pause = pauses.ask_pause(sale.lot_id, "核查", account_id=SELLER, actor="supervisor", at=sale.wait(seconds=1))
    pauses.confirm_pause(pause.id, account_id=SUPERVISOR, actor="supervisor", at=sale.wait(seconds=1))
    with refused("bid.not_open"):
        sale.offer(sale.buyers[1], CEILING + STEP)
    sale.at = first + timedelta(hours=1)
    assert ties.close_offers(sale.lot_id, clock=stopped(sale.at)) is False
    pauses.ask_lift(pause.id, "核查完毕", account_id=SELLER, actor="supervisor", at=sale.at)
    pauses.confirm_lift(pause.id, account_id=SUPERVISOR, actor="supervisor", at=sale.at)
    assert ties.close_offers(sale.lot_id, clock=stopped(sale.wait(seconds=1))) is False
    sale.offer(sale.buyers[1], CEILING + STEP)
    moved = trustees.get_session(found.id).deadline
    assert moved > first + timedelta(hours=1) - timedelta(minutes=1)
    sale.open_offers()
    won_by(sale, sale.buyers[1].number, CEILING + STEP)


def test_the_database_does_not_say_who_was_asked_or_who_agreed(centre: Centre) -> None:
    sale = at_the_ceiling(centre, "single", agree=2)
    found = sale.ask_offers()
    sale.offer(sale.buyers[1], CEILING + STEP)
    assert list(db.session.scalars(db.select(SessionGuest).where(SessionGuest.session == found.id))) == []
    tags = list(db.session.scalars(db.select(SecretGuest.tag).where(SecretGuest.session == found.id)))
    assert len(tags) == 2 and not any(str(buyer.company.id) in tags or buyer.company.code in tags for buyer in sale.buyers)
    assert all(row.organisation_id is None for row in db.session.scalars(db.select(SealedBid).where(SealedBid.session == found.id)))
    assert all(row.organisation_id is None for row in db.session.scalars(db.select(Paddle).where(Paddle.lot_id == sale.lot_id)))
    told = set(db.session.scalars(db.select(Message.organisation_id).where(Message.kind.like("auction.%"))))
    assert not told & {buyer.company.id for buyer in sale.buyers}, "a message would name who bids"
    text = " ".join(db.session.scalars(db.select(AuctionEvent.body).where(AuctionEvent.room == sale.lot.code)))
    assert not any(buyer.company.name in text or buyer.company.code in text for buyer in sale.buyers)


def test_the_timetable_takes_the_offers_from_the_tie_to_the_end(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "single")
    for holder in sale.cast.holders:
        holder.top_up(sale.at)
    assert jobs.decide_ties(stopped(sale.wait(seconds=1))) == 1
    assert jobs.decide_ties(stopped(sale.wait(seconds=1))) == 0
    sale.offer(sale.buyers[2], CEILING + STEP)
    found = ties.session(sale.lot_id)
    assert found is not None
    sale.at = found.deadline
    assert jobs.decide_ties(stopped(sale.at)) == 1
    sale.open_offers()
    won_by(sale, sale.buyers[2].number, CEILING + STEP)


# --- the committee ---------------------------------------------------------------------------------------------------


def a_person(sale: SaleRun, name: str) -> int:
    return accounts.create(name, name, "correct horse battery staple", {Role.SUPERVISOR}, actor="test", at=sale.at).id


def test_the_committee_decides_and_a_supervisor_confirms(centre: Centre) -> None:
    sale = at_the_ceiling(centre, "quality")
    seller, supervisor = a_person(sale, "seller"), a_person(sale, "supervisor")
    assert jobs.decide_ties(stopped(sale.wait(seconds=1))) == 1 and jobs.decide_ties(stopped(sale.wait(seconds=1))) == 0
    clock, two = stopped(sale.wait(minutes=5)), sale.buyers[1]
    with refused("auction.not_agreed"):
        quality.record(sale.lot_id, sale.buyers[3].number, "设计最优", b"%PDF minutes", "pdf", account_id=seller, actor="t", clock=clock)
    for reason, minutes, ending, wrong in (("", b"x", "pdf", "tie.reason"), ("好", b"", "pdf", "tie.minutes"), ("好", b"x", "exe", "tie.minutes")):
        with refused(wrong):
            quality.record(sale.lot_id, two.number, reason, minutes, ending, account_id=seller, actor="t", clock=clock)
    first = quality.record(sale.lot_id, sale.buyers[0].number, "设计最优", b"%PDF one", "pdf", account_id=seller, actor="t", clock=clock)
    with refused("tie.recorded"):
        quality.record(sale.lot_id, two.number, "设计最优", b"%PDF two", "pdf", account_id=seller, actor="t", clock=clock)
    with refused("tie.second_person"):
        quality.confirm(first.id, account_id=seller, actor="t", clock=clock)
    quality.send_back(first.id, "纪要缺少评分", account_id=supervisor, actor="s", clock=clock)
    with refused("tie.settled"):
        quality.confirm(first.id, account_id=supervisor, actor="s", clock=clock)
    second = quality.record(sale.lot_id, two.number, "设计最优", b"%PDF two", "PDF", account_id=seller, actor="t", clock=clock)
    quality.confirm(second.id, account_id=supervisor, actor="s", clock=stopped(sale.wait(minutes=1)))
    with refused("tie.settled"):
        quality.confirm(second.id, account_id=supervisor, actor="s", clock=stopped(sale.wait(minutes=1)))
    (decided,) = events(sale, "auction.tie_decided")
    assert (decided["winner"], decided["minutes"], decided["how"]) == (two.number, second.minutes, "quality")
    told = [(message.kind, message.account_id or message.organisation_id) for message in db.session.scalars(
        db.select(Message).where(Message.kind.startswith("auction.tie_", autoescape=True)).order_by(Message.id))]
    overseers = [("auction.tie_recorded", number) for number in (seller, supervisor)]
    assert told == [("auction.tie_asked", sale.cast.tenderer.id), *overseers, ("auction.tie_sent_back", sale.cast.tenderer.id), *overseers]
    filed = {piece.path: piece.sha256 for piece in db.session.scalars(db.select(Piece).where(Piece.lot_id == sale.lot_id, Piece.path.like("20-auction/tie-%")))}
    assert filed == {f"20-auction/tie-minutes-{item.id}.pdf": item.minutes for item in (first, second)}
    running.advance(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    won_by(sale, two.number, CEILING)


def test_bids_and_agreements_after_the_tie_are_refused(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "quality")
    for buyer in sale.buyers:
        with refused("auction.no_bids_now"):
            sale.bid(buyer, CEILING)
    assert sale.room.standing.phase is Phase.TIED


def test_of_two_decisions_at_once_one_counts(centre: Centre) -> None:
    """Whoever comes second finds no tie, on whichever winner it insists."""
    sale = at_the_ceiling(centre, "lottery")
    at, numbers = sale.wait(seconds=1), [buyer.number for buyer in sale.buyers[:3]]
    db.session.remove()

    def insist(number: str) -> str:
        with centre.app.app_context():
            try:
                ties.decide(sale.lot_id, number, After.LOTTERY, actor="x", clock=stopped(at))
                return "decided"
            except Refused as refusal:
                return refusal.reason
            finally:
                db.session.remove()

    with ThreadPoolExecutor(3) as pool:
        came = list(pool.map(insist, numbers))
    assert sorted(came) == ["auction.no_tie", "auction.no_tie", "decided"]
    assert sale.room.standing.leader == numbers[came.index("decided")] and len(events(sale, "auction.tie_decided")) == 1

"""Packs of live sales for both verifiers: good ones of several ways of bidding, and forgeries by who holds all keys of the platform."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from bidding.auction import applying, deal, jobs, lapses, placing, quality, rooms, running, sealed_rounds
from bidding.auction.applying import Partner
from bidding.opening import service as opening
from tests.browser import forger, sale_forger
from tests.browser.sale_forger import FORGERIES, ForgedSale
from tests.browser.test_html_verifier import Made, agreed, both, built, page, same  # noqa: F401 (fixtures are found by their names)
from tests.builders import Centre
from tests.rules.test_live_room_again import a_sale as a_played_sale
from tests.services.test_live_sales import START, STEP, a_sale
from tests.services.test_live_ties import CEILING, a_person, at_the_ceiling
from trading.announcements import service as announcements
from trading.base import installation
from trading.base.clock import BEIJING, stopped
from trading.contracts import payments
from trading.demonstration.sale import Buyer, SaleRun
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.sales.modes import MODES
from trading.supervision import service as pauses

pytestmark = pytest.mark.browser


def listing(centre: Centre) -> SaleRun:
    """A sealed reserve price, a joint bid, a key that was renewed, and a countdown."""
    sale = a_sale(centre, "listing", reserve="sealed")
    one, two, three = sale.buyers
    partner = centre.companies[4]
    one.partners = [Partner(partner.code, 3_000)]
    sale.register()
    sale.announce()
    sale.apply()
    paddle = applying.paddle_of(sale.lot_id, one.company.id)
    assert paddle is not None
    document = applying.content(paddle)["application"]
    applying.consent(sale.lot_id, partner.key.sign(applying.consent_message(document, partner.code)), partner_id=partner.id,
                     clock=stopped(sale.wait(minutes=1)))
    sale.pay_deposits()
    sale.admit()
    sale.seal_reserve(START)
    sale.close_reserve()
    sale.begin()
    sale.bid(two, START)
    sale.bid(three, START + STEP)
    sale.bid(one, START + 3 * STEP)
    two.key = Buyer(two.company).key
    renewed = applying.application(sale.lot, two.public, two.company.code, [])
    applying.renew_key(sale.lot_id, two.public, two.company.key.sign(applying.application_message(renewed)), bidder_id=two.company.id,
                       clock=stopped(sale.wait(minutes=1)))
    sale.at = rooms.moment(sale.room.terms.listing_ends_at)
    running.advance(sale.lot_id, clock=stopped(sale.at))
    sale.join(two)
    sale.join(one)
    sale.at = rooms.moment(sale.room.standing.ends_at or 0)
    sale.bid(two, START + 4 * STEP)
    sale.bid(one, START + 5 * STEP)
    sale.until_end()
    return sale


def on_site(centre: Centre) -> SaleRun:
    """Three calls; one bid is called out in the room and entered by the host."""
    sale = a_sale(centre, "on-site")
    sale.take_part()
    sale.begin()
    one, two, _ = sale.buyers
    sale.bid(two, START)
    room = sale.lot.code or ""
    asked = placing.Asked(sale.lot_id, room, one.number, placing.BID, START + 2 * STEP, "called-out-0001", b"")
    placing.place_for_room(asked, host="host", clock=stopped(sale.wait(seconds=9)))
    for _ in range(3):
        running.call(sale.lot_id, actor="host", clock=stopped(sale.wait(seconds=20)))
    running.advance(sale.lot_id, clock=stopped(sale.wait(milliseconds=1)))
    return sale


def falling(centre: Centre) -> SaleRun:
    sale = a_sale(centre, "falling", reserve="sealed", floor_fen=START - 10 * STEP)
    sale.take_part()
    sale.seal_reserve(START - 5 * STEP)
    sale.close_reserve()
    sale.begin()
    sale.bid(sale.buyers[0], START - 2 * STEP, at=sale.at + rooms.timedelta(minutes=2))
    running.advance(sale.lot_id, clock=stopped(sale.wait(milliseconds=1)))
    return sale


def failed(centre: Centre) -> SaleRun:
    """Whoever bid did not reach the reserve price."""
    sale = a_sale(centre, "auction", reserve="sealed")
    sale.take_part()
    sale.seal_reserve(START + 9 * STEP)
    sale.close_reserve()
    sale.begin()
    sale.bid(sale.buyers[0], START)
    sale.until_end()
    return sale


def without_a_bid(centre: Centre) -> SaleRun:
    sale = a_sale(centre, "auction", reserve="sealed")
    sale.take_part()
    sale.seal_reserve(START)
    sale.close_reserve()
    sale.begin()
    sale.until_end()
    return sale


def held(centre: Centre) -> SaleRun:
    """The platform is away for half a minute, two people pause the lot, and the ceiling ends it."""
    sale = a_sale(centre, "auction", ceiling_fen=START + 3 * STEP, after_ceiling="lottery")
    sale.take_part()
    sale.begin()
    one, two, _ = sale.buyers
    lapses.watch(stopped(sale.wait(seconds=1)))
    sale.bid(two, START)
    for seconds in (1, 30, 1, 121):
        lapses.watch(stopped(sale.wait(seconds=seconds)))
    sale.bid(two, START + STEP)
    pause = pauses.ask_pause(sale.lot_id, "现场核对", account_id=1, actor="host", at=sale.wait(seconds=1))
    pauses.confirm_pause(pause.id, account_id=2, actor="supervisor", at=sale.at)
    running.advance(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    pauses.ask_lift(pause.id, "继续", account_id=1, actor="host", at=sale.wait(minutes=9))
    pauses.confirm_lift(pause.id, account_id=2, actor="supervisor", at=sale.wait(minutes=1))
    lapses.watch(stopped(sale.wait(seconds=1)))
    sale.bid(one, START + 3 * STEP)
    sale.until_end()
    return sale


def terminated(centre: Centre) -> SaleRun:
    """Ended by a notice while the bidding ran: nothing came of it, and who bid stays unknown."""
    sale = a_sale(centre, "auction", reserve="sealed")
    sale.take_part()
    sale.seal_reserve(START)
    sale.close_reserve()
    sale.begin()
    sale.bid(sale.buyers[0], START)
    announcements.terminate(sale.project_id, "规划调整", actor="t", at=sale.wait(minutes=1))
    return sale


def drawn(centre: Centre) -> SaleRun:
    """Three agreed to the ceiling, and a draw decided."""
    sale = at_the_ceiling(centre, "lottery")
    sale.draw_winner()
    return sale


def offered_once(centre: Centre) -> SaleRun:
    """Three agreed to the ceiling, and one sealed offer of each decided; the third was below the ceiling."""
    sale = at_the_ceiling(centre, "single", single_rule="nearest_mean_from_below")
    sale.ask_offers()
    for buyer, fen in zip(sale.buyers[:3], (CEILING + STEP, CEILING + 4 * STEP, CEILING - STEP), strict=True):
        sale.offer(buyer, fen)
    sale.open_offers()
    return sale


def in_rounds(centre: Centre) -> SaleRun:
    """Sealed offers in rounds: one of three offers, one that two raised, and the last."""
    sale = a_sale(centre, "rounds", reserve="sealed")
    sale.take_part()
    sale.seal_reserve(START)
    sale.close_reserve()
    sale.begin()
    sale.rounds([START, START + STEP, START - 1], [START + 3 * STEP, START + 2 * STEP])
    return sale


def left_sealed(centre: Centre) -> SaleRun:
    """The first round was left sealed by the key holders and held again; a pause; a bidder's new key."""
    sale = a_sale(centre, "rounds")
    sale.take_part()
    sale.begin()
    one, two, _ = sale.buyers
    sale.begin_round()
    sale.seal_in_round(one, START)
    centre.cast.cosign(sale.close_round().close_checkpoint or 0, sale.at)
    sale.wait(hours=25)
    opening.look_for_holders(sale.lot_id, "offer-1", clock=stopped(sale.at))
    opening.finish(sale.lot_id, "offer-1", clock=stopped(sale.wait(seconds=1)))
    sealed_rounds.follow(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    sale.begin_round()
    pause = pauses.ask_pause(sale.lot_id, "现场核对", account_id=1, actor="host", at=sale.wait(seconds=1))
    pauses.confirm_pause(pause.id, account_id=2, actor="supervisor", at=sale.at)
    running.advance(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    pauses.ask_lift(pause.id, "继续", account_id=1, actor="host", at=sale.wait(minutes=9))
    pauses.confirm_lift(pause.id, account_id=2, actor="supervisor", at=sale.wait(minutes=1))
    running.advance(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    sealed_rounds.follow(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    one.key = Buyer(one.company).key
    renewed = applying.application(sale.lot, one.public, one.company.code, [])
    applying.renew_key(sale.lot_id, one.public, one.company.key.sign(applying.application_message(renewed)), bidder_id=one.company.id,
                       clock=stopped(sale.wait(seconds=1)))
    sale.seal_in_round(one, START)
    sale.open_round()
    sale.rounds()
    return sale


def judged(centre: Centre) -> SaleRun:
    """Three agreed to the ceiling, and the seller's committee decided."""
    sale = at_the_ceiling(centre, "quality")
    seller, supervisor = a_person(sale, "seller"), a_person(sale, "supervisor")
    jobs.decide_ties(stopped(sale.wait(seconds=1)))
    for number, decide in ((1, quality.send_back), (0, quality.confirm)):
        found = quality.record(sale.lot_id, sale.buyers[number].number, "设计最优", b"%PDF minutes", "pdf", account_id=seller, actor="t",
                               clock=stopped(sale.wait(seconds=1)))
        decide(found.id, *(["缺评分"] if number else []), account_id=supervisor, actor="s", clock=stopped(sale.wait(minutes=1)))
    running.advance(sale.lot_id, clock=stopped(sale.wait(seconds=1)))
    return sale


KINDS: dict[str, Callable[[Centre], SaleRun]] = {
    "listing": listing, "on-site": on_site, "falling": falling, "failed": failed, "without a bid": without_a_bid, "held": held, "drawn": drawn, "offers": offered_once,
    "rounds": in_rounds, "left sealed": left_sealed, "judged": judged, "terminated": terminated}
_made: dict[str, Made] = {}
_buyers: dict[str, list[Buyer]] = {}


def made(request: pytest.FixtureRequest, kind: str) -> Made:
    """A pack of this kind; its sale is run once."""
    if kind not in _made:
        centre: Centre = request.getfixturevalue("sqlite_centre")
        sale = KINDS[kind](centre)
        if kind in ("listing", "falling", "failed", "rounds"):
            sale.open_reserve()
        if kind != "terminated":
            sale.settle()
        outcome = sale.room.outcome or {}
        if "winner" in outcome:
            document, winner = deal.confirmation(sale.lot), sale.buyers[0].company
            assert kind == "drawn" or outcome["winner"] == sale.buyers[0].number
            for key, organisation in ((winner.key, winner.id), (sale.cast.tenderer_key, sale.cast.tenderer.id)):
                if kind in ("listing", "falling", "rounds"):  # the others are signed by the centre alone so far
                    deal.sign(sale.lot_id, key.sign(deal.message(document)), organisation_id=organisation, clock=stopped(sale.wait(minutes=5)))
            sale.wait(days=3)
            payments.record(sale.lot_id, "HT-1", outcome["price_fen"], sale.at.astimezone(BEIJING).date(), actor="t", at=sale.at)
        data = installation.files().path(sale.seal_archive().stored).read_bytes()
        watchers = centre.cast.watchers
        _made[kind] = Made(data, f"{evidence.log_verifier_key()},{evidence.log_verifier_key_pq()}", watchers.keys, watchers.authorities)
        _buyers[kind] = sale.buyers
    return _made[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_both_accept_the_pack_of_a_sale(request: pytest.FixtureRequest, page: Page, tmp_path: Path, kind: str) -> None:  # noqa: F811
    pack, path = made(request, kind), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    assert agreed(page, path, pack.log_key, pack.witness_keys) == set()
    if kind == "held":
        with zipfile.ZipFile(path) as archive:
            lines = [json.loads(line) for line in archive.read("data/20-auction/room.jsonl").splitlines()]
        assert {"held", "resuming", "released", "paused", "resumed"} <= {line["kind"] for line in lines}
        assert "agreeing" in {line["now"]["phase"] for line in lines}
    if kind == "terminated":
        return  # there is no record to be forged
    forger.forge(path, pack.authorities, lambda forged: None, ForgedSale)
    assert agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS) == set(), "control: new signatures alone change nothing"
    forger.forge(path, pack.authorities, ForgedSale.follow, ForgedSale)
    assert agreed(page, path, forger.LOG_KEY, forger.WITNESS_KEYS) == set(), "control: what the forger works out of the room is what was there"


def found_in(request: pytest.FixtureRequest, page: Page, path: Path, kind: str, change: Callable[[Any], Any]) -> tuple[set[str], str]:  # noqa: F811
    """The checks that failed, the same for both, and what verify.py says of them."""
    pack = made(request, kind)
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, change, ForgedSale)
    one, two = both(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)
    assert same(one, two), (one["failed"], two["failed"], one["report"], two["report"])
    named = [problem["place"] for check in two["report"]["checks"] for problem in check["problems"]]
    assert all(named), "the page names the place of everything that it found"
    return set(one["failed"]), str([check["detail"] for check in one["report"]["checks"] if not check["ok"]])


@pytest.mark.parametrize("forgery", FORGERIES)
def test_both_find_who_forges_a_sale(request: pytest.FixtureRequest, page: Page, tmp_path: Path, forgery: str) -> None:  # noqa: F811
    change, caught, said = FORGERIES[forgery]
    checks, told = found_in(request, page, tmp_path / "pack.zip", "listing", change)
    assert caught in checks and said in told, (checks, told)


def test_both_find_a_bid_added_after_the_end_by_a_bidder_who_helps(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:  # noqa: F811
    made(request, "listing")
    checks, told = found_in(request, page, tmp_path / "pack.zip", "listing", lambda forged: sale_forger.late(forged, _buyers["listing"][1]))
    assert "award" in checks and "nothing could be done at that moment" in told, (checks, told)


@pytest.mark.parametrize(("kind", "place"), [("drawn", "20-draw-winner/candidates.json"), ("offers", "20-auction/bids.json")])
def test_both_find_a_tie_decided_for_another(request: pytest.FixtureRequest, page: Page, tmp_path: Path, kind: str, place: str) -> None:  # noqa: F811
    pack, path = made(request, kind), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    forger.forge(path, pack.authorities, sale_forger.to_another_of_the_tie, ForgedSale)
    one, two = both(page, path, forger.LOG_KEY, forger.WITNESS_KEYS)
    assert set(one["failed"]) == set(two["failed"]) == {"award"}, (one["failed"], two["failed"], one["report"], two["report"])
    assert {problem["place"] for check in two["report"]["checks"] for problem in check["problems"]} == {place}


@pytest.mark.parametrize("forgery", sale_forger.ROUND_FORGERIES)
def test_both_find_who_forges_a_round(request: pytest.FixtureRequest, page: Page, tmp_path: Path, forgery: str) -> None:  # noqa: F811
    change, said = sale_forger.ROUND_FORGERIES[forgery]
    checks, told = found_in(request, page, tmp_path / "pack.zip", "rounds", change)
    assert "award" in checks and said in told, (checks, told)


def test_both_find_other_minutes_of_the_committee(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:  # noqa: F811
    checks, told = found_in(request, page, tmp_path / "pack.zip", "judged", sale_forger.other_minutes)
    assert checks == {"award"} and "the minutes of the committee are not those of the log" in told, (checks, told)


def test_both_find_a_sale_that_failed_for_no_reason(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:  # noqa: F811
    def change(forged: ForgedSale) -> None:
        for place in (forged.sale["outcome"],):
            place["failed"] = "no_bid"
        for place in (forged.events("auction.failed")[0], forged.lines[-1], forged.sale["acts"][-1]):
            place["reason"] = "no_bid"

    checks, told = found_in(request, page, tmp_path / "pack.zip", "failed", change)
    assert "award" in checks and "another reason" in told


def test_a_price_that_was_taken_before_it_fell_so_far_is_found(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:  # noqa: F811
    """The moment of a bid is no part of what is signed, but in a falling sale it follows from the price."""
    def change(forged: ForgedSale) -> None:
        for place in [*forged.said(1), forged.entry("auction.ended")["event"], *forged.lines[1:], *forged.sale["acts"]]:
            for name in ("at", "at_ms", "ends_at"):
                if name in place and place.get("type") != "auction.phase" and place.get("kind") != "settled" and place.get("type") != "auction.settled":
                    place[name] -= 70_000

    checks, _told = found_in(request, page, tmp_path / "pack.zip", "falling", change)
    assert "award" in checks


def test_both_find_a_flipped_byte_of_every_class_of_a_sale(request: pytest.FixtureRequest, page: Page, tmp_path: Path) -> None:  # noqa: F811
    pack, path = made(request, "listing"), tmp_path / "pack.zip"
    path.write_bytes(pack.data)
    with zipfile.ZipFile(path) as archive:
        here = {entry.filename.partition("-0")[0]: entry for entry in archive.infolist()
                if entry.filename.startswith(("data/00-policy", "data/05-registration/reg", "data/10-notices", "data/15", "data/20", "data/40"))}
    assert len(here) >= 10
    for name, entry in here.items():
        data = bytearray(pack.data)
        data[entry.header_offset + 30 + len(entry.filename.encode()) + entry.file_size // 2] ^= 1
        path.write_bytes(bytes(data))
        assert "bag" in agreed(page, path, pack.log_key, pack.witness_keys), name


PLAY = """async text => {
  const { room: { Room, Amiss }, canonical: C } = window.mingtang
  const bad = []
  for (const { terms, lines, wrong } of JSON.parse(text)) {
    const room = new Room(terms)
    try {
      for (const [event, now] of lines) if (C.canonicalText(room.step(event)) !== C.canonicalText(now)) throw new Amiss('shows something else')
      if (wrong) bad.push([terms.mode, 'was not noticed'])
    } catch (error) {
      if (!(error instanceof Amiss) || !wrong) bad.push([terms.mode, error.message])
    }
  }
  return bad
}"""


@pytest.mark.parametrize("mode", MODES)
def test_the_page_reads_each_sale_as_the_rules_did(page: Page, mode: str) -> None:  # noqa: F811
    given = []
    for seed in range(60):
        terms, lines, _ = a_played_sale(mode, seed)
        kept = verify.strict_json(verify.canonical(rooms.kept_terms(terms)))
        given.append({"terms": kept, "lines": lines, "wrong": False})
        bids = [at for at, (event, _) in enumerate(lines[:-1]) if event["type"] in ("auction.bid", "auction.round_closed")]
        given += [{"terms": kept, "lines": lines[:at] + lines[at + 1:], "wrong": True} for at in bids[:3]]
    assert page.evaluate(PLAY, json.dumps(given)) == []

"""Pages and addresses of live sales: what anybody sees, what bidders send, and that nobody is named before the deal."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bidding.auction import placing, reserve, rooms
from tests.services.test_live_sales import START, STEP, a_sale
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.database import EPOCH, MICROSECOND, db
from trading.demonstration.sale import SaleRun


@pytest.fixture
def sale(site: Site) -> Iterator[SaleRun]:
    """An auction in its free hour with one bid."""
    with site.inside() as centre:
        made = a_sale(centre, "auction")
        made.take_part()
        made.begin()
        made.bid(made.buyers[0], START)
        made.code = made.lot.code  # type: ignore[attr-defined]
    site.at = made.at + timedelta(seconds=5)
    yield made


def body(sale: SaleRun, number: int, fen: Any, key: str, **changes: Any) -> dict[str, Any]:
    buyer = sale.buyers[number]
    whole = fen if isinstance(fen, int) and abs(fen) < 2**53 else START
    signature = buyer.key.sign(placing.message(placing.document(sale.code, buyer.number, "bid", whole, key)))  # type: ignore[attr-defined]
    return {"paddle": buyer.number, "act": "bid", "fen": fen, "signature": b64encode(signature).decode()} | changes


def send(site: Site, sale: SaleRun, number: int, data: Any, key: str = "key-00000001") -> Any:
    raw = data if isinstance(data, str | bytes) else json.dumps(data)
    headers = {"Accept": "application/json"} | ({"Idempotency-Key": key} if key else {})
    return site.bidder(number).post(f"/api/v1/auctions/{sale.code}/acts", data=raw, content_type="application/json", headers=headers)  # type: ignore[attr-defined]


def standing(site: Site, sale: SaleRun) -> Any:
    with site.app.app_context():
        try:
            found = rooms.read(sale.lot_id)
            return found.standing, found.seq
        finally:
            db.session.remove()


def test_a_bid_over_http_is_answered_with_everything(site: Site, sale: SaleRun) -> None:
    answer = send(site, sale, 1, body(sale, 1, START + STEP, "key-00000001"))
    assert answer.status_code == 201
    assert set(answer.json) == {"v", "room", "paddle", "act", "fen", "key", "seq", "number", "at", "phase", "price_fen", "ends_at", "rank", "evidence", "signature"}
    assert (answer.json["price_fen"], answer.json["rank"], answer.json["number"]) == (START + STEP, 1, 2)
    assert send(site, sale, 1, body(sale, 1, START + STEP, "key-00000001")).json == answer.json, "asked again it is the same answer"


@pytest.mark.parametrize(("data", "status"), [
    (lambda sale: body(sale, 1, START - 1, "key-00000001"), 422), (lambda sale: body(sale, 1, START, "key-00000001"), 422),
    (lambda sale: body(sale, 1, START + STEP - 1, "key-00000001"), 422), (lambda sale: body(sale, 1, 0, "key-00000001"), 422),
    (lambda sale: body(sale, 1, -1, "key-00000001"), 400), (lambda sale: body(sale, 1, 2**53, "key-00000001"), 400), (lambda sale: body(sale, 1, 2**63, "key-00000001"), 400),
    (lambda sale: body(sale, 1, True, "key-00000001"), 400), (lambda sale: body(sale, 1, "８１００００００００", "key-00000001"), 400),
    (lambda sale: json.dumps(body(sale, 1, START, "key-00000001")).replace(str(START), "1e9"), 400),
    (lambda sale: json.dumps(body(sale, 1, START, "key-00000001")).replace(str(START), "8100000000.0"), 400),
    (lambda sale: json.dumps(body(sale, 1, START + STEP, "key-00000001"))[:-1] + f', "fen": {START + 2 * STEP}}}', 400),
    (lambda sale: body(sale, 1, START + STEP, "key-00000001", paddle=sale.buyers[0].number), 403),
    (lambda sale: body(sale, 1, START + STEP, "key-00000001", signature=body(sale, 0, START + STEP, "key-00000001")["signature"]), 403),
    (lambda sale: body(sale, 1, START + STEP, "another-key"), 403), (lambda sale: body(sale, 1, START + STEP, "key-00000001", act="sell"), 403),
    (lambda sale: {**body(sale, 1, START + STEP, "key-00000001"), "more": 1}, 400), (lambda sale: "", 400), (lambda sale: "[]", 400), (lambda sale: "{", 400),
    (lambda sale: b"\xff\xfe", 400), (lambda sale: " " * 5000, 400)])
def test_bad_input_is_refused_and_moves_nothing(site: Site, sale: SaleRun, data: Any, status: int) -> None:
    before = standing(site, sale)
    answer = send(site, sale, 1, data(sale))
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.json["type"].startswith("/problems/")
    assert standing(site, sale) == before


AWAY = [
    ("UPDATE sign_in SET ended_at = :at", 401), ("UPDATE sign_in SET seen_at = :idle", 401), ("UPDATE sign_in SET started_at = :old", 401),
    ("UPDATE account SET frozen_at = :at", 401), ("UPDATE sign_in SET token_hash = 'x' || id", 401),
    ("DELETE FROM account_role", 403), ("UPDATE account_role SET role = 'tenderer'", 403), ("UPDATE account SET organisation_id = NULL", 403),
    ("UPDATE account SET totp_box = 'x', organisation_id = organisation_id", 201), ("UPDATE sign_in SET second_factor_at = NULL", 201),
    ("UPDATE account SET totp_box = 'x'; UPDATE sign_in SET second_factor_at = NULL", 302)]


@pytest.mark.parametrize(("change", "status"), AWAY)
def test_whoever_may_not_act_any_more_is_refused_at_the_very_next_act(site: Site, sale: SaleRun, change: str, status: int) -> None:
    """Who is signed in, as what and for whom is read anew with every act, whoever changed it and in whatever way."""
    assert send(site, sale, 1, body(sale, 1, START + STEP, "key-00000001")).status_code == 201
    before = standing(site, sale)
    moments = {"at": site.at, "idle": site.at - timedelta(minutes=30), "old": site.at - timedelta(hours=12)}
    with site.app.app_context():
        with db.engine.begin() as other:
            for statement in change.split(";"):
                used = {name: (moment - EPOCH) // MICROSECOND for name, moment in moments.items() if f":{name}" in statement}
                other.execute(text(statement), used)
    answer = send(site, sale, 1, body(sale, 1, START + 2 * STEP, "key-00000002"), key="key-00000002")
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert (standing(site, sale) == before) == (status != 201)


def test_without_a_key_or_a_paddle_or_a_room(site: Site, sale: SaleRun) -> None:
    assert send(site, sale, 1, body(sale, 1, START + STEP, "key-00000001"), key="").status_code == 400
    assert send(site, sale, 1, body(sale, 1, START + STEP, "x"), key="x").status_code == 400
    assert send(site, sale, 5, body(sale, 1, START + STEP, "key-00000001")).status_code == 403, "a company that did not apply"
    assert site.bidder(1).post("/api/v1/auctions/B99/acts", json=body(sale, 1, START, "key-00000001"), headers={"Idempotency-Key": "key-00000001"}).status_code == 404
    assert site.client().post(f"/api/v1/auctions/{sale.code}/acts", json={}, headers={"Accept": "application/json"}).status_code == 401  # type: ignore[attr-defined]
    assert site.tenderer.post(f"/api/v1/auctions/{sale.code}/acts", json={}).status_code == 403  # type: ignore[attr-defined]


def test_the_log_is_asked_for_by_number(site: Site, sale: SaleRun) -> None:
    client, place = site.client(), f"/api/v1/auctions/{sale.code}/events"  # type: ignore[attr-defined]
    first = client.get(f"{place}?after=0")
    assert [line["seq"] for line in first.json["events"]] == list(range(1, first.json["next_after"] + 1))
    assert client.get(f"{place}?after=0", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    newest = client.get(f"{place}?after={first.json['next_after']}")
    assert newest.json["events"] == []
    for wrong in ("-1", "x", "1e3", "99999", "9" * 30):
        assert client.get(f"{place}?after={wrong}").status_code == 422


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_a_running_sale(site: Site, sale: SaleRun, lang: str) -> None:
    code = sale.code  # type: ignore[attr-defined]
    for client in (site.client(), site.bidder(0), site.bidder(5), site.someone(Role.HOST), site.someone(Role.SUPERVISOR), site.tenderer):
        for path in ("/auctions", f"/auctions/{code}", f"/auctions/{code}/wall", f"/api/v1/auctions/{code}"):
            assert client.get(f"{path}?lang={lang}").status_code == 200, path
    assert site.client().get(f"/auctions/{code}/replay").status_code == 422, "nothing to be replayed before the end"
    for path in ("/me/sales", f"/me/sales/{code}", f"/me/sales/{code}/letter"):
        assert site.bidder(0).get(f"{path}?lang={lang}").status_code == 200, path
    assert site.bidder(5).get(f"/me/sales/{code}/letter").status_code == 404
    # Nothing of it is sealed or opened at its deadline, so that no other hall or list has it.
    assert site.bidder(0).get(f"/me/lots/{code}").status_code == 404
    assert code not in site.bidder(0).get("/me/lots").get_data(as_text=True) and f"/hall/{code}" not in site.client().get("/hall").get_data(as_text=True)
    for client in (site.bidder(0), site.someone(Role.HOST), site.tenderer):
        assert client.get("/me").status_code == 200
    assert site.tenderer.get(f"/projects/lots/{code}/sale").status_code == 200
    assert site.bidder(0).get(f"/projects/lots/{code}/sale").status_code == 403


def test_nobody_is_named_before_the_deal(site: Site, sale: SaleRun) -> None:
    """Neither page nor address nor table says who bids, to anybody on this side; a bidder sees itself alone."""
    code = sale.code  # type: ignore[attr-defined]
    names = [word for buyer in sale.buyers for word in (buyer.company.name, buyer.company.code)]
    eyes = {role: site.someone(role) for role in (Role.HOST, Role.SUPERVISOR, Role.FINANCE, Role.REGISTRAR, Role.ARCHIVIST, Role.ADMINISTRATOR)}
    for client in (site.client(), site.tenderer, *eyes.values()):
        for path in ("/auctions", f"/auctions/{code}", f"/auctions/{code}/wall", f"/api/v1/auctions/{code}", f"/api/v1/auctions/{code}/events?after=0", f"/supervise/{code}",
                     "/deposits", "/me/clocks", f"/p/{code[:20]}"):
            found = client.get(path).get_data(as_text=True)
            assert not [name for name in names if name in found], path
    own = site.bidder(0).get(f"/auctions/{code}").get_data(as_text=True)
    assert not [name for name in names[2:] if name in own]
    with site.app.app_context():
        told = []
        for table in ("auction", "auction_paddle", "auction_consent", "auction_bid", "auction_event", "auction_answer", "auction_link"):
            for row in db.session.execute(text(f"SELECT * FROM {table}")):
                told += [name for name in names if name.encode() in repr(tuple(row)).encode() or name in str(tuple(row))]
        assert told == []
        told = db.session.execute(text("SELECT kind FROM message WHERE link LIKE :code OR kind LIKE 'auction.%'"), {"code": f"%{code}%"}).scalars().all()
        assert set(told) <= {"auction.reserve_asked"}, "a message would name who bids"
        numbers = [buyer.number for buyer in sale.buyers]
        entries = db.session.execute(text("SELECT actor, event FROM evidence_entry WHERE lot = :lot"), {"lot": code}).all()
        assert any(row.actor in numbers for row in entries)
        assert not [row for row in entries if any(name in str(row.event) + str(row.actor) for name in names)]
        db.session.remove()


def test_control_after_the_deal_the_winner_is_named(site: Site, sale: SaleRun) -> None:
    with site.inside():
        sale.until_end()
        sale.settle()
    site.at = sale.at + timedelta(minutes=1)
    found = site.client().get(f"/auctions/{sale.code}").get_data(as_text=True)  # type: ignore[attr-defined]
    assert sale.buyers[0].company.name in found and sale.buyers[1].company.name not in found
    assert site.client().get(f"/auctions/{sale.code}/replay").status_code == 200  # type: ignore[attr-defined]
    for number in (0, 1):
        assert site.bidder(number).get(f"/me/sales/{sale.code}").status_code == 200  # type: ignore[attr-defined]


def test_the_seller_seals_its_reserve_price_and_nothing_else(site: Site) -> None:
    with site.inside() as centre:
        made = a_sale(centre, "auction", reserve="sealed")
        made.take_part()
        code, found = made.lot.code, reserve.session(made.lot_id)
        assert found is not None
        name = found.id
        other = centre.a_case("register", "announce", at=made.at)
        ordinary = other.session.id
    site.at = made.at + timedelta(minutes=1)
    assert site.tenderer.get(f"/projects/lots/{code}/reserve").status_code == 200
    assert site.tenderer.get(f"/api/v1/sessions/{name}").status_code == 200
    assert site.tenderer.post(f"/api/v1/sessions/{name}/uploads").status_code == 201
    assert site.tenderer.get(f"/api/v1/sessions/{ordinary}").status_code == 404 and site.tenderer.post(f"/api/v1/sessions/{ordinary}/uploads").status_code == 404
    assert site.bidder(0).get(f"/projects/lots/{code}/reserve").status_code in (403, 404)
    assert site.bidder(0).post(f"/api/v1/sessions/{name}/uploads").status_code == 403, "a bidder has nothing to seal there"


def test_the_host_calls_and_enters_bids_from_the_floor(site: Site) -> None:
    with site.inside() as centre:
        made = a_sale(centre, "on-site")
        made.take_part()
        made.begin()
        code, number = made.lot.code, made.buyers[1].number
    site.at = made.at + timedelta(seconds=5)
    host = site.someone(Role.HOST)
    assert host.get(f"/auctions/{code}").status_code == 200
    form = {"paddle": number, "amount": "８０００万", "idempotency_key": "floor-000001"}
    assert host.post(f"/auctions/{code}/floor-bids", data=form).status_code == 302
    assert host.post(f"/auctions/{code}/floor-bids", data=form).status_code == 302, "sent twice it counts once"
    for wrong in ({"paddle": "1"}, {"amount": "1e9", "idempotency_key": "floor-000002"}, {"amount": "", "idempotency_key": "floor-000003"}, {"amount": "80000000", "idempotency_key": "floor-000004"}):
        assert host.post(f"/auctions/{code}/floor-bids", data=form | wrong).status_code in (403, 422)
    assert site.bidder(0).post(f"/auctions/{code}/calls").status_code == 403
    for _ in range(3):
        assert host.post(f"/auctions/{code}/calls").status_code == 302
    assert host.post(f"/auctions/{code}/calls").status_code == 422
    assert host.post(f"/auctions/{code}/pauses", data={"reason": ""}).status_code == 422

"""Filing sealed bids: in time or out, once, one's own, whole; and what the database shows before the close."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import inspect, select, text

from bidding.envelope import documents, keys, sealing
from bidding.sealed import boxes, filing, receipts
from bidding.sealed import service as sealed
from bidding.sealed.models import SealedBid
from tests.builders import Centre
from trading.base import installation
from trading.base.clock import stopped
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.demonstration.case import CaseRun, Memo
from trading.demonstration.cast import Company
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.models import Entry
from trading.parties import service as parties

OFFER = {"price_fen": 88_000_000, "days": 60, "quality": "合格", "statement": ""}


def seal(case: CaseRun, company: Company, session: dict | None = None) -> tuple[sealing.Sealed, bytes]:
    out = io.BytesIO()
    bid = sealing.seal(session or case.session.document, company.code, OFFER, [Memo("投标函.txt", b"letter")], out)
    return bid, out.getvalue()


def upload(case: CaseRun, company: Company, bid: sealing.Sealed, payload: bytes) -> str:
    begun = sealed.begin_upload(case.session.id, bidder=company.organisation, at=case.at)
    for number, digest in enumerate(bid.header["payload"]["parts"]):
        part = payload[number * documents.PART_BYTES:(number + 1) * documents.PART_BYTES]
        sealed.put_part(begun.id, number, [part], digest, session_name=case.session.id, bidder=company.organisation)
    return begun.id


def file(case: CaseRun, company: Company, bid: sealing.Sealed, upload_id: str, at=None, header: bytes | None = None) -> receipts.Receipt:
    return filing.file_bid(case.session.id, header or documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)),
                           upload_id, bidder_id=company.id, clock=stopped(at or case.at))


def refused(reason: str):
    return pytest.raises(Refused, check=lambda error: error.reason == reason)


def test_receipt_proves_the_filing(centre: Centre) -> None:
    case, company = centre.a_bidding_case(), centre.companies[0]
    bid, payload = seal(case, company)
    receipt = file(case, company, bid, upload(case, company, bid, payload)).document()
    found = verify.check_receipt(json.loads(json.dumps(receipt)), evidence.log_verifier_key())
    assert found["event"]["bid_digest"] == bid.digest
    for place in ("nonce", "proof"):
        damaged = dict(receipt)
        middle = len(damaged[place]) // 2
        damaged[place] = damaged[place][:middle] + ("0" if damaged[place][middle] != "0" else "1") + damaged[place][middle + 1:]
        with pytest.raises(verify.Invalid):
            verify.check_receipt(damaged, evidence.log_verifier_key())


@pytest.mark.parametrize(("late", "accepted"), [
    (timedelta(microseconds=-1), True), (timedelta(0), False), (timedelta(microseconds=1), False), (timedelta(hours=1), False)])
def test_the_deadline_is_one_moment(centre: Centre, late: timedelta, accepted: bool) -> None:
    case, company = centre.a_bidding_case(), centre.companies[0]
    bid, payload = seal(case, company)
    begun = upload(case, company, bid, payload)
    at = case.lot.deadline + late
    if accepted:
        assert file(case, company, bid, begun, at).event["server_ms"] < int(case.lot.deadline.timestamp() * 1000)
    else:
        before = evidence.size()
        with refused("bid.too_late"):
            file(case, company, bid, begun, at)
        assert evidence.size() == before


def test_the_same_request_twice_gives_the_same_receipt(centre: Centre) -> None:
    case, company = centre.a_bidding_case(), centre.companies[0]
    bid, payload = seal(case, company)
    begun = upload(case, company, bid, payload)
    first = file(case, company, bid, begun)
    size = evidence.size()
    assert file(case, company, bid, begun).document() == first.document()
    assert evidence.size() == size
    # Also after the deadline: what was received stays received.
    assert file(case, company, bid, begun, case.lot.deadline + timedelta(days=1)).document() == first.document()


def test_a_copied_bid_is_nobodys(centre: Centre) -> None:
    case = centre.a_bidding_case()
    owner, thief = centre.companies[:2]
    bid, payload = seal(case, owner)
    begun = upload(case, thief, bid, payload)
    with refused("bid.not_yours"):
        file(case, thief, bid, begun)
    renamed = json.loads(documents.encode(bid.header))
    renamed["ctx"]["bidder"] = thief.code
    copied = sealing.Sealed(renamed, documents.bid_digest(renamed), b"")
    receipt = file(case, thief, copied, begun)
    assert receipt.event["bidder"] == thief.code
    # It is filed, but no key holder can open a share of it: the seal is bound to its maker.
    holder = centre.cast.holders[0].trustee
    ours = next(t for t in case.session.document["trustees"] if t["org"] == holder.organisation)
    with refused("seal.wrap_damaged"):
        sealing.open_wrap(keys.pre_key_seed(holder._root, ours["pre_key"]), renamed, ours["i"])


def test_a_bid_for_another_lot_is_refused(centre: Centre) -> None:
    first, second, company = centre.a_bidding_case(), centre.a_bidding_case(), centre.companies[0]
    bid, payload = seal(first, company)
    begun = upload(second, company, bid, payload)
    with refused("seal.other_session"):
        filing.file_bid(second.session.id, documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)),
                        begun, bidder_id=company.id, clock=stopped(second.at))


def _changed(header: dict, **changes: object) -> bytes:
    return documents.encode(json.loads(documents.encode(header)) | changes)


@pytest.mark.parametrize(("change", "reason"), [
    (lambda h: _changed(h, extra=1), "seal.document"), (lambda h: _changed(h, v=2), "seal.suite"),
    (lambda h: _changed(h, ctx=h["ctx"] | {"suite": "gm-1"}), "seal.suite"), (lambda h: _changed(h, policy="T"), "seal.policy"),
    (lambda h: _changed(h, k=1), "seal.policy"), (lambda h: _changed(h, shares=h["shares"][:-1]), "seal.shares"),
    (lambda h: _changed(h, kt_commit="0"), "seal.document"), (lambda h: _changed(h, payload={"len": 0, "parts": []}), "seal.too_large"),
    (lambda h: _changed(h, payload=h["payload"] | {"len": 2**52}), "seal.too_large"),
    (lambda h: _changed(h, payload=h["payload"] | {"parts": []}), "seal.parts"),
    (lambda h: documents.encode(h).replace(b'{"ctx"', b'{"v":1,"ctx"', 1), "seal.document"),
    (lambda h: documents.encode(h) + b" ", "seal.document"), (lambda h: b"[" * 100_000, "seal.document"),
    (lambda h: b"\xff\xfe", "seal.document"), (lambda h: b"NaN", "seal.document")])
def test_a_header_out_of_shape_is_refused(sqlite_centre: Centre, change, reason: str) -> None:
    case, company = sqlite_centre.a_bidding_case(), sqlite_centre.companies[0]
    bid, payload = seal(case, company)
    begun = upload(case, company, bid, payload)
    with refused(reason):
        file(case, company, bid, begun, header=change(bid.header))
    assert file(case, company, bid, begun).index > 0


def test_parts_missing_swapped_or_long(sqlite_centre: Centre) -> None:
    case, company = sqlite_centre.a_bidding_case(), sqlite_centre.companies[0]
    bid, payload = seal(case, company)
    bidder = company.organisation
    empty = sealed.begin_upload(case.session.id, bidder=bidder, at=case.at)
    with refused("seal.parts_missing"):
        file(case, company, bid, empty.id)
    with refused("seal.part_damaged"):
        sealed.put_part(empty.id, 0, [payload[:-1] + b"x"], bid.header["payload"]["parts"][0], session_name=case.session.id, bidder=bidder)
    with refused("seal.part_long"):
        sealed.put_part(empty.id, 0, [bytes(documents.PART_BYTES), b"1"], "0" * 64, session_name=case.session.id, bidder=bidder)
    other = sha256(b"another part").hexdigest()
    sealed.put_part(empty.id, 0, [b"another part"], other, session_name=case.session.id, bidder=bidder)
    with refused("seal.parts_differ"):
        file(case, company, bid, empty.id)
    with pytest.raises(NotFound):
        sealed.put_part(empty.id, 1, [b""], other, session_name=case.session.id, bidder=sqlite_centre.companies[1].organisation)


def test_a_foreign_signature_is_refused(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    owner, other = sqlite_centre.companies[:2]
    bid, payload = seal(case, owner)
    begun = upload(case, owner, bid, payload)
    with refused("bid.signature"):
        filing.file_bid(case.session.id, documents.encode(bid.header), other.key.sign(bytes.fromhex(bid.digest)), begun,
                        bidder_id=owner.id, clock=stopped(case.at))


def test_replaced_and_withdrawn_payloads_are_shredded(centre: Centre) -> None:
    case, company = centre.a_bidding_case(), centre.companies[0]
    first, payload = seal(case, company)
    file(case, company, first, upload(case, company, first, payload))
    (_, old), = boxes.versions(case.session.id, company.code)
    second, payload = seal(case, company)
    receipt = file(case, company, second, upload(case, company, second, payload))
    assert receipt.event["replaces"] == first.digest
    assert not installation.files().path(old["parts"][0]).exists()
    signed = company.key.sign(keys.withdrawal(case.session.id, second.digest))
    foreign = centre.companies[1].key.sign(keys.withdrawal(case.session.id, second.digest))
    for digest, signature, reason in ((second.digest, foreign, "bid.signature"), (second.digest, b"", "bid.signature"),
                                      (second.digest, company.key.sign(bytes.fromhex(second.digest)), "bid.signature"),
                                      (first.digest, company.key.sign(keys.withdrawal(case.session.id, first.digest)), "bid.none")):
        with refused(reason):
            sealed.withdraw(case.session.id, digest, signature, bidder_id=company.id, clock=stopped(case.at))
    sealed.withdraw(case.session.id, second.digest, signed, bidder_id=company.id, clock=stopped(case.at))
    states = [content["state"] for _, content in boxes.versions(case.session.id, company.code)]
    assert states == ["superseded", "withdrawn"]
    with refused("bid.none"):
        sealed.withdraw(case.session.id, second.digest, signed, bidder_id=company.id, clock=stopped(case.at))
    with refused("bid.too_late"):
        sealed.withdraw(case.session.id, second.digest, signed, bidder_id=company.id, clock=stopped(case.lot.deadline))


def every_value() -> str:
    """Everything that the database holds in the clear, as one text."""
    found = []
    for table in inspect(db.engine).get_table_names():
        if table.startswith("notice_index"):
            continue
        for row in db.session.execute(text(f'SELECT * FROM "{table}"')):
            found.append(f"{table}: " + " | ".join(bytes(v).hex() if isinstance(v, (bytes, memoryview)) else str(v) for v in row))
    return "\n".join(found)


def test_before_the_close_no_column_shows_who_bids(centre: Centre) -> None:
    case = centre.a_bidding_case()
    company = centre.companies[0]
    known = every_value()
    bid, payload = seal(case, company)
    file(case, company, bid, upload(case, company, bid, payload))
    new = "\n".join(set(every_value().splitlines()) - set(known.splitlines()))
    for secret in (company.code, company.name, bid.digest, "bid.commit", bid.header["ctx"]["nonce"]):
        assert secret not in new, secret
    # Control: the same search does find what is not boxed.
    assert case.session.id in new
    rows = db.session.scalars(select(SealedBid)).all()
    assert {len(row.box) for row in rows} == {len(rows[0].box)}, "a real bid must not be told from a cover by its size"
    assert all((row.digest, row.organisation_id, row.filed_at, row.version) == (None,) * 4 for row in rows)
    sealed_entries = db.session.scalars(select(Entry).where(Entry.kind == "sealed")).all()
    assert len({len(entry.box or b"") for entry in sealed_entries}) == 1


# --- many at once ---------------------------------------------------------------------------------


def at_once(centre: Centre, case: CaseRun, ready: list[tuple[Company, sealing.Sealed, str]]) -> list:
    """Files from as many threads as there are bids; gives receipts and refusals in order."""
    start, name = threading.Barrier(len(ready)), ready[0][1].header["ctx"]["session"]

    def one(item: tuple[Company, sealing.Sealed, str]):
        company, bid, begun = item
        with centre.app.app_context():
            start.wait()
            try:
                return filing.file_bid(name, documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)), begun,
                                       bidder_id=company.id, clock=stopped(case.at))
            except Refused as refusal:
                return refusal.reason
            finally:
                db.session.remove()

    try:
        with ThreadPoolExecutor(len(ready)) as pool:
            return list(pool.map(one, ready))
    finally:
        db.session.rollback()  # to read what the threads wrote


def ready_bids(centre: Centre, case: CaseRun) -> list[tuple[Company, sealing.Sealed, str]]:
    found = []
    for company in centre.companies:
        bid, payload = seal(case, company)
        found.append((company, bid, upload(case, company, bid, payload)))
    return found


def test_filings_at_once_each_get_their_own_receipt(centre: Centre) -> None:
    case = centre.a_bidding_case()
    ready = ready_bids(centre, case)
    # The first bidder clicks twice and also sends a second bid over the first one's upload.
    (company, _, begun), other = ready[0], seal(case, ready[0][0])[0]
    got = at_once(centre, case, [*ready, ready[0], (company, other, begun)])
    receipts_, odd = got[:len(ready)], got[-1]
    for (_, bid, _), receipt in zip(ready, receipts_, strict=True):
        found = verify.check_receipt(json.loads(json.dumps(receipt.document())), evidence.log_verifier_key())
        assert found["event"]["bid_digest"] == bid.digest
    assert got[len(ready)].document()["event"] == receipts_[0].document()["event"]
    assert odd in ("seal.parts_missing", "seal.parts_differ")
    assert len({receipt.index for receipt in receipts_}) == len(ready)
    case.at = case.lot.deadline
    case.close()
    assert sorted(row.digest for row in sealed.bids(case.session.id)) == sorted(bid.digest for _, bid, _ in ready)


def test_a_refusal_in_a_commit_of_many_leaves_the_others(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    ready = ready_bids(sqlite_centre, case)
    with transaction():
        parties.get(ready[1][0].id).barred_until = case.at + timedelta(days=1)
    size = evidence.size()
    got = at_once(sqlite_centre, case, ready)
    assert got[1] == "eligibility.barred"
    assert all(isinstance(receipt, receipts.Receipt) for number, receipt in enumerate(got) if number != 1)
    assert evidence.size() == size + len(ready) - 1


def test_a_failure_in_a_commit_of_many_loses_nobody(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    case = sqlite_centre.a_bidding_case()
    ready = ready_bids(sqlite_centre, case)
    whole, sizes = filing._write, []

    def breaks(accepted):
        sizes.append(len(accepted))
        whole(accepted)
        if len(accepted) > 1 or accepted[0][0].bidder_id == ready[2][0].id:
            raise OSError("the disk is gone")

    monkeypatch.setattr(filing, "_write", breaks)
    size = evidence.size()
    got = []
    with pytest.raises(OSError):
        got = at_once(sqlite_centre, case, ready)
    assert not got and sum(sizes) >= len(ready)
    assert evidence.size() == size + len(ready) - 1, "all but the one that failed by itself are in"
    monkeypatch.setattr(filing, "_write", whole)
    again = at_once(sqlite_centre, case, ready)
    assert all(isinstance(receipt, receipts.Receipt) for receipt in again)
    assert evidence.size() == size + len(ready)


@pytest.mark.parametrize("upload_id", ["", "x", "\0" * 32, "A" * 32, "0" * 33])
def test_what_cannot_be_an_upload_never_reaches_the_others(centre: Centre, upload_id: str) -> None:
    case, company = centre.a_bidding_case(), centre.companies[0]
    bid, _payload = seal(case, company)
    with refused("seal.parts_missing"):
        file(case, company, bid, upload_id)

"""The purchaser signs sealing sessions beside the centre: its own, with its own key, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from bidding.sealed import service as sealed
from bidding.trustees import countersigning
from bidding.trustees import service as trustees
from tests.builders import T0, Centre
from tests.services.test_filing import file, refused, seal, upload
from trading.announcements import service as announcements
from trading.archive import service as archive
from trading.base.database import db
from trading.base.errors import NotFound
from trading.demonstration.case import CaseRun
from trading.evidence import verify
from trading.evidence.models import Entry
from trading.messages.models import Message
from trading.parties import service as parties


@pytest.fixture
def case(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> CaseRun:
    """A lot open for bids whose session the purchaser has not signed yet."""
    case = CaseRun(centre.cast, centre.plan(3), T0)
    monkeypatch.setattr(case, "countersign", lambda _session: None)
    case.register()
    case.announce()
    monkeypatch.undo()
    return case


def by(case: CaseRun, key: Ed25519PrivateKey, document: str, **changes: Any) -> Any:
    given = {"organisation_id": case.cast.tenderer.id, "signature": key.sign(countersigning.message(document))} | changes
    return countersigning.sign(case.session.id, document, verify.raw_public_key(key), given["signature"],
                               organisation_id=given["organisation_id"], actor="purchaser", at=case.at)


def test_the_purchaser_signs_the_session_and_every_amendment(case: CaseRun) -> None:
    key, sealing = case.cast.tenderer_key, case.session
    assert countersigning.unsigned(sealing) == [sealing.id]
    made = by(case, key, sealing.id)
    assert by(case, key, sealing.id).at == made.at, "twice counts once"
    assert verify.raw_public_key(key) in parties.signing_keys(case.cast.tenderer.id)
    announcements.clarify(case.project_id, "澄清", "工期改为 120 日。", actor=case.cast.tenderer.code, at=case.wait(days=18),
                          new_deadline=case.lot.deadline + timedelta(days=21))
    sealed.follow_deadline(case.lot_id, at=case.wait(minutes=1))
    sealing = trustees.get_session(case.session.id)
    amendment, = countersigning.unsigned(sealing)
    by(case, key, amendment)
    assert countersigning.unsigned(sealing) == []
    events = [entry.event for entry in db.session.scalars(select(Entry).where(Entry.kind == "session.countersigned").order_by(Entry.seq)) if entry.event]
    assert [event["document"] for event in events] == [sealing.id, amendment]
    assert [piece.path for piece in archive.pieces(case.lot_id) if "countersigned" in piece.path] == [
        "00-policy/countersigned-bid-00.json", "00-policy/countersigned-bid-01.json"]
    told = db.session.scalars(select(Message).where(Message.kind == "session.to_sign")).all()
    assert len(told) == 2 and {message.organisation_id for message in told} == {case.cast.tenderer.id}


def test_nobody_else_and_nothing_else_is_signed(case: CaseRun, centre: Centre) -> None:
    key, name = case.cast.tenderer_key, case.session.id
    with refused("session.not_purchaser"):
        by(case, centre.companies[0].key, name, organisation_id=centre.companies[0].id)
    for signature in (key.sign(bytes.fromhex(name)), key.sign(b"mingtang/v1/session\0" + bytes.fromhex(name)), b"", Ed25519PrivateKey.generate().sign(countersigning.message(name))):
        with refused("session.purchaser_signature"):
            by(case, key, name, signature=signature)
    with pytest.raises(NotFound):
        by(case, key, "11" * 32)
    with refused("party.key_known"):
        by(case, centre.companies[0].key, name)
    assert countersigning.unsigned(case.session) == [name]
    case.file_bids()
    case.close()
    with refused("session.closed"):
        by(case, key, name)


def test_a_centre_may_take_no_bid_before_the_purchaser_signed(case: CaseRun, centre: Centre) -> None:
    known = centre.app.extensions["mingtang"]
    company = centre.companies[0]
    bid, payload = seal(case, company)
    begun = upload(case, company, bid, payload)
    known["settings"] = replace(known["settings"], purchaser_signs=True)
    with refused("session.unsigned"):
        file(case, company, bid, begun)
    by(case, case.cast.tenderer_key, case.session.id)
    assert file(case, company, bid, begun).event["bid_digest"] == bid.digest

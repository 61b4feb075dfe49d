"""Settle whose fault a share is (份额争议): a key holder gives the session's seed away, anybody opens the wraps.

A bidder may wrap garbage and blame the key holder; a key holder may claim garbage. The seed of
the one pre-key decides, and opens nothing but that holder's shares of that session.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bidding.envelope import documents, sealing, suites
from bidding.trustees import service
from bidding.trustees import trustee as protocol
from bidding.trustees.models import ShareDispute, ShareRelease
from trading.archive import service as archive
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.evidence import service as evidence
from trading.projects.models import Lot
from trading.projects.rules import Stage

#: Stages in which an opening may still hang on a share.
WHILE = (Stage.CLOSED, Stage.OPENED, Stage.CONTRACTED)
SHAPE = {"session": "hex32", "trustee": "int", "pre_key": "int", "seed": "hex32", "at": "int"}


def finding(seed: bytes, header: dict[str, Any], i: int) -> tuple[str, bytes]:
    """(whose fault, the share): ``trustee`` when the wrap opens to what was committed, else ``bidder``."""
    try:
        return "trustee", sealing.open_wrap(seed, header, i)
    except Refused as refusal:
        if refusal.reason not in protocol.FAULTS_OF_A_WRAP:
            raise  # nobody's fault is settled by a program that is missing
        return "bidder", b""


def take(document: dict[str, Any], headers: dict[str, dict[str, Any]], *, at: datetime) -> dict[str, str]:
    """Take in a signed disclosure and settle every share of it that was not given.

    ``headers`` are the live bids' by digest. A share that opens well counts as released now. Returns
    the fault by digest. Raises Refused ``trustee.*``.
    """
    body = documents.shaped(document.get("body"), SHAPE, "dispute")
    with transaction() as session:
        found = service.signed_session(body, document.get("sig"), protocol.dispute_message(body))
        ours = next(t for t in found.document["trustees"] if t["i"] == body["trustee"])
        seed = bytes.fromhex(body["seed"])
        if body["pre_key"] != ours["pre_key"] or b64encode(suites.of(found.document["suite"]).public_key(seed)).decode() != ours["kem_pk"]:
            raise Refused("trustee.other_key")
        if ours["i"] not in service.released_by(found):
            raise Refused("trustee.not_released")
        lot = session.get(Lot, found.lot_id)
        assert lot is not None
        if known := [row for row in of_session(found.id) if row.trustee == ours["i"]]:
            return {row.digest: row.fault for row in known}
        if lot.stage not in WHILE:
            raise Refused("trustee.resting")
        result: dict[str, str] = {}
        recovered: dict[str, str] = {}
        for row in session.scalars(select(ShareRelease).where(
                ShareRelease.session == found.id, ShareRelease.trustee == ours["i"]).order_by(ShareRelease.digest)):
            header = headers.get(row.digest)
            if header is None or row.p and sealing.is_committed(header, documents.binary(row.p, "p")):
                continue
            if session.get(ShareDispute, (found.id, ours["i"], row.digest)):
                continue
            fault, share = finding(seed, header, ours["i"])
            result[row.digest] = fault
            if share:
                row.p, row.fault = b64encode(share).decode(), "trustee.disputed"
                recovered[row.digest] = row.p
            session.add(ShareDispute(session=found.id, trustee=ours["i"], digest=row.digest, fault=fault, at=at))
            evidence.record("share.disputed", actor=ours["org"], at=at, lot=lot.code, session=found.id, trustee=ours["i"],
                            bid_digest=row.digest, fault=fault)
        session.flush()
        archive.file_document(found.lot_id, f"10-bids/disputes/{found.envelope}-{ours['i']}.json", f"密钥份额争议（{ours['org']}）",
                              {**document, "findings": [{"digest": digest, "fault": fault, "p": recovered.get(digest, "")} for digest, fault in sorted(result.items())]}, at=at)
        return result


def of_session(session_name: str) -> list[ShareDispute]:
    """What disputes showed about a session's bids."""
    return list(db.session.scalars(select(ShareDispute).where(ShareDispute.session == session_name)
                                   .order_by(ShareDispute.digest, ShareDispute.trustee)))

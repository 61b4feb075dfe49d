"""The receipt of a filing: what the bidder keeps to prove that the platform had the bid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bidding.envelope import documents
from bidding.sealed import boxes
from trading.base.database import db
from trading.base.errors import NotFound
from trading.evidence import service as evidence
from trading.evidence.models import Checkpoint


@dataclass(frozen=True)
class Receipt:
    """The filing's event, the nonce that blinds its leaf, and its place in the signed log."""

    event: dict[str, Any]
    nonce: str
    index: int
    proof: str
    log_key: str

    def document(self) -> dict[str, Any]:
        return {"v": documents.VERSION, "type": "mingtang-receipt", "event": self.event, "nonce": self.nonce,
                "index": self.index, "proof": self.proof, "log_key": self.log_key}


def of_version(session_name: str, version: int, *, bidder_code: str) -> Receipt:
    """The receipt of one of the bidder's own submissions, again. Raises NotFound."""
    for _, content in boxes.versions(session_name, bidder_code):
        if content["version"] == version:
            return of_content(content)
    raise NotFound


def of_content(content: dict[str, Any]) -> Receipt:
    """The receipt of a filing from what its box holds."""
    checkpoint = db.session.scalar(select(Checkpoint).where(Checkpoint.size >= content["checkpoint"])
                                   .order_by(Checkpoint.size).limit(1))
    assert checkpoint is not None
    return of_proof(content, evidence.prove(content["seq"], checkpoint))


def of_proof(content: dict[str, Any], proof: evidence.Proof) -> Receipt:
    return Receipt(content["event"], content["nonce"], proof.index, proof.text(), evidence.log_verifier_key(content["seq"]))

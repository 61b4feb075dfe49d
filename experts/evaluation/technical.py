"""The technical evaluation of bids in two envelopes: fixed in the log before a price may be opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bidding.envelope import documents, keys
from bidding.opening import envelopes
from bidding.opening.models import OpenedBid
from trading.archive import service as archive
from trading.evidence import service as evidence
from trading.projects.models import Lot


def record(lot: Lot, report: dict[str, Any], accepted: Sequence[OpenedBid], *, at: datetime) -> None:
    """Log and file what the committee found without the prices, and which price envelopes may be opened for it.

    ``report`` is ``{v, lot, judged_at, members, rejected, verdicts, marks}``; marks and verdicts of the final
    report must be these. Price envelopes of bidders that were rejected, or whose technical envelope was
    not opened, stay shut.
    """
    passed, prices = {bid.organisation_id for bid in accepted}, envelopes.price_bids(lot.id)
    keep = sorted(digest for organisation_id, digest in prices.items() if organisation_id in passed)
    shut = sorted(set(prices.values()) - set(keep))
    session = envelopes.price_session(lot.id)
    assert session is not None
    report = report | {"session": session.id, "keep": keep, "shut": shut}
    evidence.record("evaluation.technical", actor="committee", at=at, lot=lot.code, session=session.id, keep=keep, shut=shut,
                    report=keys.tagged_hash("technical", documents.encode(report)).hex())
    archive.file_document(lot.id, "30-evaluation/technical.json", "技术标评审报告", report, at=at)

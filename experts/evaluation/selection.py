"""Choose without a committee: by the highest price, by lot among the qualified, by agreement.

Whoever sells or buys checks who is qualified, with reasons; the rest follows from the bids
themselves or from the draw. The report has the same shape as a committee's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bidding.envelope import documents, keys
from bidding.opening.models import OpenedBid
from bidding.rounds import service as rounds
from bidding.sealed import service as sealed
from experts.draw import lottery
from experts.draw import service as draws
from experts.evaluation import rules, service
from experts.evaluation.models import Evaluation
from trading.base import texts
from trading.base.database import lock_row, transaction
from trading.base.errors import Refused
from trading.evidence import service as evidence
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

REASON_LENGTH, RECORD_LENGTH, PROFESSIONALS_LENGTH = 500, 4000, 400


def _locked(lot_id: int) -> tuple[Lot, rules.Method, Evaluation | None]:
    lot = projects.locked_lot(lot_id)
    method = rules.read_method(lot.method)
    if method.is_judged:
        raise Refused("selection.judged_by_committee")
    if lot.stage != Stage.OPENED:
        raise Refused("evaluation.resting", stage=lot.stage)
    evaluation: Evaluation | None = lock_row(Evaluation, lot_id)
    if evaluation is not None and evaluation.finished_at:
        raise Refused("evaluation.finished")
    return lot, method, evaluation


def qualify(lot_id: int, verdicts: Mapping[str, tuple[bool, str]], *, actor: str, at: datetime) -> None:
    """Say of every opened bid whether its bidder is qualified; who is not gets a reason.

    By price the ranking follows at once; by lot the draw among the qualified begins.
    """
    with transaction() as session:
        lot, method, evaluation = _locked(lot_id)
        if evaluation is not None:
            raise Refused("evaluation.review_submitted")
        bids = service.bids_to_judge(lot_id)
        if set(verdicts) != {bid.digest for bid in bids}:
            raise Refused("selection.verdict_missing")
        evaluation = Evaluation(lot_id=lot_id, started_at=at, reviewed_at=at, rejected=_rejected(lot, method, bids, verdicts))
        session.add(evaluation)
        session.flush()
        evidence.record("evaluation.reviewed", actor=actor, at=at, lot=lot.code,
                        rejected=[item["digest"] for item in evaluation.rejected])
        accepted = service.accepted_bids(lot_id)
        if not accepted:
            _report(lot, evaluation, [], actor=actor, at=at)
        elif method.kind.endswith("highest"):
            _report(lot, evaluation, _by_price(accepted), actor=actor, at=at)
        elif method.kind == "lottery":
            lottery.cast(lot, lottery.WINNER, sorted(bid.organisation.code for bid in accepted), 1, actor=actor, at=at)


def _rejected(lot: Lot, method: rules.Method, bids: Sequence[OpenedBid],
              verdicts: Mapping[str, tuple[bool, str]]) -> list[dict[str, Any]]:
    found = []
    for bid in bids:
        passed, reason = verdicts[bid.digest]
        wrong = "" if passed else texts.filled(reason, "selection.reason_missing", REASON_LENGTH, bidder=bid.organisation.name)
        wrong = wrong or rules.off_terms(method, bid.price_fen or 0, floor_fen=lot.estimate_fen, fixed_fen=lot.ceiling_fen)
        if wrong:
            found.append({"digest": bid.digest, "failures": [{"criterion": "qualification", "votes": 1, "reasons": [wrong]}]})
    return found


def _by_price(bids: Sequence[OpenedBid]) -> list[tuple[OpenedBid, OpenedBid]]:
    filed = sealed.log_numbers(bid.digest for bid in bids)
    by_digest = {bid.digest: bid for bid in bids}
    order = rules.by_highest({bid.digest: (bid.price_fen or 0, filed[bid.digest]) for bid in bids})
    return [(by_digest[digest], by_digest[digest]) for digest in order]


def follow_draw(lot_id: int, *, at: datetime) -> bool:
    """Report the order of the tickets once the lot is cast. Returns whether this call did it."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        evaluation: Evaluation | None = lock_row(Evaluation, lot_id)
        draw = draws.of_lot(lot_id, lottery.WINNER)
        if draw is None or draw.transcript is None or evaluation is None or evaluation.finished_at or lot.stage != Stage.OPENED:
            return False
        first, others = lottery.drawn(draw)
        by_code = {bid.organisation.code: bid for bid in service.accepted_bids(lot_id)}
        lottery.publish(draw, at=at)
        _report(lot, evaluation, [(by_code[code], by_code[code]) for code in [*first, *others]], actor="timetable", at=at,
                seed=draw.transcript["seed"])
        return True


def agree(lot_id: int, text: str, professionals: str, *, actor: str, at: datetime) -> None:
    """Fix what was agreed with a single source: its last sealed offer, the record of the talks and
    who held them (74号令 41, 42). Raises Refused ``offers.*``, ``selection.*``."""
    with transaction() as session:
        lot, method, evaluation = _locked(lot_id)
        if method.kind != "negotiated":
            raise Refused("selection.nothing_to_agree")
        text = texts.filled(text, "selection.record_missing", RECORD_LENGTH)
        professionals = texts.filled(professionals, "selection.professionals_missing", PROFESSIONALS_LENGTH)
        bids = service.bids_to_judge(lot_id)
        if any(rounds.is_under_way(found) for found in rounds.rounds_of(lot_id)):
            raise Refused("offers.round_open")
        last = rounds.last_offers(lot_id)
        if not bids or bids[0].organisation_id not in last:
            raise Refused("selection.no_offer")
        offer = last[bids[0].organisation_id]
        if lot.ceiling_fen and (offer.price_fen or 0) > lot.ceiling_fen:
            raise Refused("selection.above_ceiling", price_fen=offer.price_fen or 0, ceiling_fen=lot.ceiling_fen)
        if evaluation is None:
            evaluation = Evaluation(lot_id=lot_id, started_at=at, reviewed_at=at, rejected=[])
            session.add(evaluation)
            session.flush()
        _report(lot, evaluation, [(bids[0], offer)], actor=actor, at=at, talks=text, professionals=professionals)


def _report(lot: Lot, evaluation: Evaluation, ranked: Sequence[tuple[OpenedBid, OpenedBid]], *, actor: str, at: datetime,
            **more: str) -> None:
    """Write the report of (bid, offer that counts) in order, log it and hand the candidates on."""
    evaluation.ranked_at = at
    evaluation.report = {
        "v": 1, "lot": lot.code, "method": lot.method, "members": 0, "ranked_at": at.isoformat(), **more,
        "rejected": evaluation.rejected, "verdicts": [], "marks": [],
        "ranking": [{"rank": rank, "digest": bid.digest, "offer": offer.digest, "bidder": bid.organisation.code,
                     "price_fen": offer.price_fen, "score": "", "tied_with": [], "settled_by": ""}
                    for rank, (bid, offer) in enumerate(ranked, 1)]}
    evidence.record("evaluation.ranked", actor=actor, at=at, lot=lot.code,
                    report=keys.tagged_hash("report", documents.encode(evaluation.report)).hex())
    service.finish(lot, evaluation, at)

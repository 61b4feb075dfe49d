"""Run an evaluation: seat the committee, declare, review, score alone, rank, sign, award."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from bidding.envelope import documents, keys
from bidding.opening import envelopes
from bidding.opening import service as opening
from bidding.opening.models import OpenedBid
from bidding.rounds import service as rounds
from bidding.trustees import service as trustees
from experts.draw import lottery
from experts.draw import service as draws
from experts.draw.tickets import unbase
from experts.evaluation import methods, review, rules, technical
from experts.evaluation.models import Evaluation, MarkRow, Member, VerdictRow
from experts.pool import service as pool
from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base import installation, texts
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law import awards, bidders
from trading.law import procedures as law_procedures
from trading.law.rules import seek as seek_rule
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Award, Lot
from trading.projects.rules import Stage, Step


REASON_LENGTH = 2000


def start(lot_id: int, *, actor: str, at: datetime) -> Evaluation:
    """Seat the drawn experts and the representatives once all seats are filled and the bids are open."""
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        found = session.get(Evaluation, lot_id)
        if found:
            return found
        draw = draws.of_lot(lot_id)
        if lot.stage != Stage.OPENED:
            raise Refused("evaluation.not_opened")
        if draw is None or draw.sealed_at is None:
            raise Refused("evaluation.seats_open")
        evaluation = Evaluation(lot_id=lot_id, started_at=at, rejected=[])
        session.add(evaluation)
        everyone = [("expert", account) for account in draws.members(draw)] + \
            [("representative", account) for account in draw.representatives]
        for number, (kind, account) in enumerate(everyone, 1):
            _add_member(lot_id, number, kind, account)
        session.flush()
        evidence.record("evaluation.started", actor=actor, at=at, lot=lot.code, members=len(everyone))
        return evaluation


def _add_member(lot_id: int, number: int, kind: str, account_id: int) -> None:
    boxes = installation.boxes()
    db.session.add(Member(lot_id=lot_id, number=number, kind=kind, tag=_tag(lot_id, account_id),
                          box=boxes.close(account_id, f"member/{lot_id}/{number}", pad=16)))


def _tag(lot_id: int, account_id: int) -> str:
    return installation.boxes().tag("member", str(lot_id), str(account_id))


def member_of(lot_id: int, account_id: int) -> Member:
    """The caller's own place in the committee. Raises NotFound for everybody else."""
    found = db.session.scalar(select(Member).where(Member.tag == _tag(lot_id, account_id)))
    if found is None:
        raise NotFound
    return found


def members(lot_id: int) -> list[Member]:
    return list(db.session.scalars(select(Member).where(Member.lot_id == lot_id).order_by(Member.number)))


def account_of(member: Member) -> int:
    return int(installation.boxes().open(member.box, f"member/{member.lot_id}/{member.number}"))


def evaluation_of(lot_id: int) -> Evaluation | None:
    return db.session.get(Evaluation, lot_id, populate_existing=True)


def _locked(lot_id: int, account_id: int) -> tuple[Lot, Evaluation, Member]:
    lot = projects.locked_lot(lot_id)
    evaluation: Evaluation | None = lock_row(Evaluation, lot_id)
    if evaluation is None:
        raise NotFound
    member = member_of(lot_id, account_id)
    if evaluation.finished_at:
        raise Refused("evaluation.finished")
    if lot.stage != Stage.OPENED:  # paused, failed or terminated meanwhile
        raise Refused("evaluation.resting", stage=lot.stage)
    return lot, evaluation, member


def declare(lot_id: int, account_id: int, *, conflict: str, at: datetime) -> None:
    """Declare, with the list of bidders in view, that there is no conflict, or which one.

    A member with a conflict leaves; the next ticket of the draw is called.
    """
    with transaction() as session:
        lot, evaluation, member = _locked(lot_id, account_id)
        if member.declared_at:
            return
        if conflict.strip():
            draw = draws.of_lot(lot_id)
            if draw is None or member.kind != "expert":
                raise Refused("evaluation.representative_conflict")
            draws.recuse(draw.id, account_id, conflict.strip(), at=at)
            session.delete(member)
            return
        member.declared_at = at
        evidence.record("evaluation.declared", actor=f"member {member.number}", at=at, lot=lot.code)
        if evaluation.chair_id is None and member.kind == "expert":
            # The first expert to declare leads until the members elect otherwise.
            evaluation.chair_id = member.id


def seat_substitutes(lot_id: int, *, at: datetime) -> None:
    """Seat whoever accepted after a member left."""
    with transaction():
        projects.locked_lot(lot_id)
        draw = draws.of_lot(lot_id)
        if draw is None or draw.sealed_at is None or evaluation_of(lot_id) is None:
            return
        present = members(lot_id)
        accounts = {account_of(member) for member in present}
        free = iter(sorted(set(range(1, len(present) + 20)) - {member.number for member in present}))
        for account in draws.members(draw):
            if account not in accounts:
                _add_member(lot_id, next(free), "expert", account)


def bids_to_judge(lot_id: int) -> list[OpenedBid]:
    """Bids that were opened and so come before the committee."""
    return [bid for bid in opening.opened_bids(lot_id) if bid.outcome == "opened"]


def submit_review(lot_id: int, account_id: int, verdicts: dict[tuple[str, str], tuple[bool, str]], *, at: datetime) -> None:
    """A member's preliminary review of all bids at once; the last member's closes the review."""
    with transaction() as session:
        lot, evaluation, member = _locked(lot_id, account_id)
        _require_all_declared(lot_id)
        if member.reviewed_at:
            raise Refused("evaluation.review_submitted")
        for (digest, criterion), (passed, reason) in verdicts.items():
            session.add(VerdictRow(member_id=member.id, digest=digest, criterion=criterion, passed=passed, reason=reason.strip()))
        session.flush()
        _review_one(lot, member)
        member.reviewed_at = at
        evidence.record("evaluation.review_submitted", actor=f"member {member.number}", at=at, lot=lot.code)
        if all(item.reviewed_at for item in members(lot_id)):
            _close_review(lot, evaluation, at)


def _require_all_declared(lot_id: int) -> None:
    draw = draws.of_lot(lot_id)
    if draw is None or draw.sealed_at is None or not all(member.declared_at for member in members(lot_id)):
        raise Refused("evaluation.declarations_missing")


def _verdicts(found: list[Member]) -> list[review.Verdict]:
    names = {member.id: str(member.number) for member in found}
    rows = db.session.scalars(select(VerdictRow).where(VerdictRow.member_id.in_(names)))
    return [review.Verdict(row.digest, names[row.member_id], row.criterion, row.passed, row.reason) for row in rows]


def _review_one(lot: Lot, member: Member) -> None:
    method = rules.read_method(lot.method)
    review.review(_verdicts([member]), [bid.digest for bid in bids_to_judge(lot.id)], [str(member.number)], method.criteria)


def _close_review(lot: Lot, evaluation: Evaluation, at: datetime) -> None:
    method = rules.read_method(lot.method)
    found = members(lot.id)
    decided = review.review(_verdicts(found), [bid.digest for bid in bids_to_judge(lot.id)],
                            [str(member.number) for member in found], method.criteria)
    evaluation.rejected = [{"digest": item.bid, "failures": [
        {"criterion": f.criterion, "votes": f.votes, "reasons": list(f.reasons)} for f in item.failures]}
        for item in decided if not item.accepted]
    if has_two_envelopes(lot):
        prices, out = envelopes.price_bids(lot.id), {item["digest"] for item in evaluation.rejected}
        evaluation.rejected = [*evaluation.rejected, *rules.without_price_envelope(
            bid.digest for bid in bids_to_judge(lot.id) if bid.organisation_id not in prices and bid.digest not in out)]
    evaluation.reviewed_at = at
    evidence.record("evaluation.reviewed", actor="committee", at=at, lot=lot.code, rejected=[
        item["digest"] for item in evaluation.rejected])
    if has_further_rounds(lot):
        _stop_if_too_few(lot, evaluation, at)
    elif not method.is_scored:
        _judged(lot, evaluation, at)


def _judged(lot: Lot, evaluation: Evaluation, at: datetime) -> None:
    """The committee has judged all that it may judge without a price that is still sealed."""
    if has_two_envelopes(lot):
        technical.record(lot, _technical_report(lot, evaluation, at), accepted_bids(lot.id), at=at)
    else:
        _rank(lot, evaluation, at)


def _technical_report(lot: Lot, evaluation: Evaluation, at: datetime) -> dict[str, Any]:
    found = members(lot.id)
    return {"v": 1, "lot": lot.code, "judged_at": at.isoformat(), "members": len(found), "rejected": evaluation.rejected,
            "verdicts": _verdict_rows(found), "marks": _mark_rows(found)}


def _stop_if_too_few(lot: Lot, evaluation: Evaluation, at: datetime) -> bool:
    """Fail a negotiation or consultation that has too few suppliers left; gives whether it did."""
    gate = bidders.check_number(lot.project.procedure, "bidders", len(accepted_bids(lot.id)), on=at.astimezone(BEIJING).date(),
                                region=lot.project.region, circumstance=projects.circumstance(lot))
    if not gate.ok:
        evaluation.finished_at = at
        _fail_for_too_few(lot, at)
    return not gate.ok


def has_further_rounds(lot: Lot) -> bool:
    """Whether the price that counts comes in a later round (谈判、磋商)."""
    return law_procedures.procedure(lot.project.procedure).rounds == "several"


def has_two_envelopes(lot: Lot) -> bool:
    """Whether prices came in envelopes of their own, which open when the committee has judged the rest."""
    return envelopes.price_session(lot.id) is not None


def is_judged(lot: Lot) -> bool:
    """Whether the technical evaluation stands in the log and the price envelopes are waited for."""
    return has_two_envelopes(lot) and envelopes.judged(lot) is not None


def accepted_bids(lot_id: int) -> list[OpenedBid]:
    """Bids that nothing speaks against so far: they passed the review and, once final offers were
    due, gave a good one."""
    evaluation = evaluation_of(lot_id)
    out = {item["digest"] for item in evaluation.rejected} if evaluation else set()
    return [bid for bid in bids_to_judge(lot_id) if bid.digest not in out]


def counted_offers(lot_id: int) -> dict[str, OpenedBid]:
    """The offer that counts for each accepted bid: its final one or its price envelope, else the bid itself."""
    final = _later_offers(lot_id) or {}
    return {bid.digest: final.get(bid.organisation_id, bid) for bid in accepted_bids(lot_id)}


def _later_offers(lot_id: int) -> dict[int, OpenedBid] | None:
    """What was opened after the bids and counts instead of their prices, by organisation; None before."""
    if envelopes.price_session(lot_id) is None:
        return rounds.final_offers(lot_id)
    found = opening.opening_of(lot_id, envelopes.PRICE)
    if found is None or found.opened_at is None:
        return None
    return {bid.organisation_id: bid for bid in opening.opened_bids(lot_id, envelopes.PRICE) if bid.outcome == "opened"}


def ask_for_offers(lot_id: int, account_id: int, closes: datetime, *, is_final: bool, changes: str = "", at: datetime) -> None:
    """The group asks every supplier that passed its review for an offer, all at once (政府采购法 38)."""
    with transaction():
        lot, evaluation, member = _locked(lot_id, account_id)
        if evaluation.reviewed_at is None or not has_further_rounds(lot):
            raise Refused("offers.one_price")
        rounds.ask(lot_id, [bid.organisation_id for bid in accepted_bids(lot_id)], closes, is_final=is_final, changes=changes,
                   actor=f"member {member.number}", at=at)


def record_talk(lot_id: int, account_id: int, organisation_id: int, text: str, *, at: datetime) -> None:
    """A member keeps what the group talked about with one supplier."""
    with transaction():
        lot, evaluation, member = _locked(lot_id, account_id)
        if evaluation.reviewed_at is None or not has_further_rounds(lot) \
                or organisation_id not in {bid.organisation_id for bid in accepted_bids(lot_id)}:
            raise Refused("offers.one_price")
        rounds.talk(lot_id, organisation_id, text, actor=f"member {member.number}", at=at)


def follow_offers(lot_id: int, *, at: datetime) -> bool:
    """Go on once the final offers or the price envelopes are opened: who gave none or too high a one is
    out, too few fail the talks, by price they are ranked, by score the members mark final offers next.

    Returns whether this call did it.
    """
    with transaction():
        lot = projects.locked_lot(lot_id)
        evaluation: Evaluation | None = lock_row(Evaluation, lot_id)
        final = _later_offers(lot_id)
        if evaluation is None or evaluation.offers_at or evaluation.finished_at or final is None or lot.stage != Stage.OPENED:
            return False
        evaluation.rejected = [*evaluation.rejected, *rules.without_final_offer(
            {bid.digest: final[bid.organisation_id].price_fen if bid.organisation_id in final else None
             for bid in accepted_bids(lot_id)}, lot.ceiling_fen, what="报价信封" if has_two_envelopes(lot) else "最后报价")]
        evaluation.offers_at = at
        accepted = accepted_bids(lot_id)
        evidence.record("evaluation.offers_opened", actor="timetable", at=at, lot=lot.code, count=len(accepted))
        if has_two_envelopes(lot):
            _rank(lot, evaluation, at)
        elif not _stop_if_too_few(lot, evaluation, at) and not rules.read_method(lot.method).is_scored:
            _rank(lot, evaluation, at)
        return True


def submit_scores(lot_id: int, account_id: int, marks: dict[tuple[str, str], tuple[str, str]], *, at: datetime) -> None:
    """A member's scores for all bids at once; nobody sees another's before all have submitted."""
    with transaction() as session:
        lot, evaluation, member = _locked(lot_id, account_id)
        method = rules.read_method(lot.method)
        if evaluation.reviewed_at is None or not method.is_scored:
            raise Refused("evaluation.not_scoring")
        if has_further_rounds(lot) and evaluation.offers_at is None:
            raise Refused("evaluation.offers_missing")
        if member.scored_at:
            raise Refused("evaluation.scores_submitted")
        for (digest, factor), (points, reason) in marks.items():
            session.add(MarkRow(member_id=member.id, digest=digest, factor=factor, points=rules.points(points), reason=reason))
        session.flush()
        methods.marked_points(_marks([member]), method.factors, [bid.digest for bid in accepted_bids(lot_id)],
                              [str(member.number)])
        member.scored_at = at
        evidence.record("evaluation.scores_submitted", actor=f"member {member.number}", at=at, lot=lot.code)
        if all(item.scored_at for item in members(lot_id)):
            _judged(lot, evaluation, at)


def _marks(found: list[Member]) -> list[methods.Mark]:
    names = {member.id: str(member.number) for member in found}
    rows = db.session.scalars(select(MarkRow).where(MarkRow.member_id.in_(names)))
    return [methods.Mark(row.digest, names[row.member_id], row.factor, row.points) for row in rows]


def _verdict_rows(found: list[Member]) -> list[list[Any]]:
    return sorted([v.member, v.bid, v.criterion, v.passed, v.reason] for v in _verdicts(found))


def _mark_rows(found: list[Member]) -> list[list[str]]:
    return sorted([m.member, m.bid, m.factor, str(m.points)] for m in _marks(found))


def _rank(lot: Lot, evaluation: Evaluation, at: datetime) -> None:
    """Work out the ranking and the report that the members will sign."""
    method = rules.read_method(lot.method)
    found = members(lot.id)
    accepted, offers = {bid.digest: bid for bid in accepted_bids(lot.id)}, counted_offers(lot.id)
    draw = draws.of_lot(lot.id)
    assert draw is not None and draw.transcript is not None
    placings = rules.place(method, {digest: offers[digest].price_fen or 0 for digest in accepted}, _marks(found),
                           [str(member.number) for member in found], ceiling_fen=lot.ceiling_fen,
                           seed=unbase(draw.transcript["seed"])) if accepted else []
    evaluation.ranked_at = at
    evaluation.report = {
        "v": 1, "lot": lot.code, "method": lot.method, "members": len(found), "ranked_at": at.isoformat(),
        "draw_seed": draw.transcript["seed"],
        "rejected": evaluation.rejected,
        "verdicts": _verdict_rows(found), "marks": _mark_rows(found),
        "ranking": [{"rank": p.rank, "digest": p.bid, "offer": offers[p.bid].digest, "bidder": accepted[p.bid].organisation.code, "price_fen": p.price,
                     "score": str(p.score) if p.score is not None else "", "tied_with": list(p.tied_with),
                     "settled_by": p.settled_by} for p in placings]}
    evidence.record("evaluation.ranked", actor="committee", at=at, lot=lot.code,
                    report=keys.tagged_hash("report", documents.encode(evaluation.report)).hex())


def sign(lot_id: int, account_id: int, *, dissent: str = "", at: datetime) -> bool:
    """Sign the report; who disagrees writes why, silence is agreement (条例 53). Returns whether
    this signature was the last one and finished the evaluation."""
    with transaction():
        lot, evaluation, member = _locked(lot_id, account_id)
        if evaluation.report is None:
            raise Refused("evaluation.no_report")
        if member.signed_at:
            return False
        member.signed_at, member.dissent = at, dissent.strip()
        evidence.record("evaluation.signed", actor=f"member {member.number}", at=at, lot=lot.code, dissent=bool(member.dissent))
        if not all(item.signed_at for item in members(lot_id)):
            return False
        finish(lot, evaluation, at)
        return True


def finish(lot: Lot, evaluation: Evaluation, at: datetime) -> None:
    """Seal a report and hand its first ranks on as candidates; runs in the caller's transaction."""
    assert evaluation.report is not None
    evaluation.finished_at = at
    evaluation.report_signature = trustees.sign_by_centre(b"mingtang/v1/report\0" + documents.encode(evaluation.report))
    archive.file_document(lot.id, "30-evaluation/report.json", "评标报告", {
        "report": evaluation.report, "sig": evaluation.report_signature, "dissents": [
            {"member": member.number, "text": member.dissent} for member in members(lot.id) if member.dissent]}, at=at)
    placings = evaluation.report["ranking"]
    day = at.astimezone(BEIJING).date()
    procedure = law_procedures.procedure(lot.project.procedure)
    most = _most_candidates(lot, procedure, len(placings), day)
    if not placings or not most or _stops_for_too_few(lot, procedure, len(placings), day):
        _fail_for_too_few(lot, at)
        return
    bids = {bid.digest: bid for bid in bids_to_judge(lot.id)}
    projects.record_candidates(lot, [
        (position, bids[p["digest"]].organisation_id, p["price_fen"], p["score"])
        for position, p in enumerate(placings[:most], 1)],
        {bids[place["digest"]].organisation_id: {name: _offered(place)[name] for name in ("days", "quality")} for place in placings},
        actor="committee", at=at)


def _offered(place: dict[str, Any]) -> dict[str, Any]:
    """What counts of a ranked bid: the bid, and over it what was opened later."""
    found = [db.session.get(OpenedBid, place[name]) for name in ("digest", "offer")]
    return {name: value for bid in found if bid and bid.offer for name, value in bid.offer.items()}


def _most_candidates(lot: Lot, procedure: law_procedures.Procedure, valid: int, on: date) -> int:
    """How many of the valid bids a report may name; where the law says nothing, the first alone."""
    if procedure.is_prequalification or (procedure.is_framework and lot.method.get("open")):
        return valid  # nobody who meets the conditions is left out for number
    if procedure.is_framework:
        return awards.admitted(valid, by_quality=lot.project.category == "goods" and rules.read_method(lot.method).is_scored,
                               procedure=procedure.id, on=on, region=lot.project.region)
    name = "ct.eval_report" if procedure.family == law_procedures.Family.WORKS else "gp.candidates"
    rule = seek_rule(name, on=on, region=lot.project.region, procedure=lot.project.procedure)
    return int(rule.value) if rule else 1


def _fail_for_too_few(lot: Lot, at: datetime) -> None:
    lot.failed_reason = "too_few_valid"
    projects.advance(lot, Step.FAIL, actor="committee", at=at, reason="too_few_valid")
    announcements.publish_plain(Kind.FAILURE, lot, f"{lot.label}流标公告", "经评审，有效投标不足，本标段流标。", {},
                                actor="committee", at=at)
    reveal_draws(lot.id, at=at)


def _stops_for_too_few(lot: Lot, procedure: law_procedures.Procedure, valid: int, on: date) -> bool:
    """Whether the law stops a lot with so few valid bids; in works the committee may go on (12号令 27)."""
    gate = procedure.gates.get("valid")
    if gate is None or gate.below is law_procedures.Below.MAY_REJECT:
        return False
    # The row names the rule: what one procedure calls valid another calls bidders.
    return not bidders.check_number(procedure.id, gate.rule.partition(".min_")[2], valid, on=on, region=lot.project.region,
                                    circumstance=projects.circumstance(lot)).ok


def award(lot_id: int, organisation_id: int, *, actor: str, at: datetime, items: str = "") -> Award:
    """Award, tell the winner and every other bidder at the same moment, then let the experts' names be known."""
    with transaction():
        made = announcements.award(lot_id, organisation_id, actor=actor, at=at, items=items, experts=_names(lot_id))
        lot = projects.get_lot(lot_id)
        evaluation = evaluation_of(lot_id)
        places = {p["bidder"]: p for p in (evaluation.report or {}).get("ranking", ())} if evaluation else {}
        for bid in opening.opened_bids(lot_id):
            own = places.get(bid.organisation.code, {})
            won = bid.organisation_id == organisation_id
            messages.notify("result.won" if won else "result.lost", at=at, organisation_id=bid.organisation_id,
                            lot=lot.label, rank=own.get("rank", ""), score=own.get("score", ""),
                            winner=made.organisation.name, price_fen=made.price_fen, link=f"/p/{lot.project.code}")
        reveal_draws(lot_id, at=at)
        return made


def reveal_draws(lot_id: int, *, at: datetime) -> None:
    """Publish what was drawn for a lot, now that its result is known."""
    draw = draws.of_lot(lot_id)
    if draw:
        draws.reveal(draw, at=at)
    winner = draws.of_lot(lot_id, lottery.WINNER)
    if winner:
        lottery.publish(winner, at=at)
    project = projects.get_lot(lot_id).project
    invited = draws.of_lot(project.lots[0].id, lottery.SUPPLIERS)
    # Who was invited stays secret while any lot of the project can still be bid for.
    if invited and all(Stage(lot.stage) not in BEFORE_OPENING and lot.paused_from not in BEFORE_OPENING for lot in project.lots):
        lottery.publish(invited, at=at)


BEFORE_OPENING = (Stage.REGISTERED, Stage.ANNOUNCED, Stage.BIDDING)


def _names(lot_id: int) -> list[str]:
    """Names of the experts who sat; they become public with the result, never before."""
    experts = (pool.of_account(account_of(member)) for member in members(lot_id) if member.kind == "expert")
    return [pool.name_of(expert) for expert in experts if expert]


def fail(lot_id: int, reason: str, *, actor: str, at: datetime) -> None:
    """The tenderer ends a lot without award, on a stated lawful ground."""
    reason = texts.filled(reason, "notice.reason_missing", REASON_LENGTH)
    with transaction():
        lot = projects.locked_lot(lot_id)
        lot.failed_reason = reason[:80]
        projects.advance(lot, Step.FAIL, actor=actor, at=at, reason=reason)
        announcements.publish_plain(Kind.FAILURE, lot, f"{lot.label}流标公告", reason, {}, actor=actor, at=at)
        reveal_draws(lot_id, at=at)

"""How the price of a sale is paid: record the contract with its plan, take note of payments, remind whoever pays.

The plan is fixed with the contract and never changed here; what is paid follows from the payments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from trading.base.database import lock_row, transaction
from trading.base.errors import Refused
from trading.base.money import LARGEST_FEN
from trading.contracts import instalments, queries, rules, service
from trading.contracts.instalments import Instalment, Payment, Standing
from trading.contracts.models import ContractInstalment, ContractPayment
from trading.contracts.rules import Signed
from trading.evidence import service as evidence
from trading.law import findings, periods
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Contract, Lot

#: What the winner paid as its deposit, by lot and organisation; put here by app.py, for deposits come after this folder.
DEPOSITS: list[Callable[[int, int], int]] = []


def record(lot_id: int, number: str, price_fen: int, signed_on: date, *, actor: str, at: datetime, plan: Sequence[Instalment] = (),
           security: str = "") -> Contract:
    """Record the signed contract; of a sale with its payment plan, by default the latest that the law allows."""
    with transaction() as session:
        contract = projects.record_contract(lot_id, number, price_fen, signed_on, actor=actor, at=at)
        lot = projects.locked_lot(lot_id)
        signed = queries.signed(lot)
        assert signed is not None, "it was recorded a moment ago"
        if plan or instalments.is_planned(signed):
            agreed = list(plan) or instalments.proposed(signed)
            if agreed:
                _agree(lot, signed, agreed, security, actor=actor, at=at)
        session.flush()
        return contract


def agree(lot_id: int, plan: Sequence[Instalment], security: str, *, actor: str, at: datetime) -> None:
    """Record the payment plan of a contract that has none yet. Raises Refused ``contract.plan_known``."""
    with transaction():
        lot = projects.locked_lot(lot_id)
        signed = queries.signed(lot)
        if signed is None or lot.stage not in service.SIGNED:
            raise Refused("contract.not_signed")
        if queries.instalments(lot_id):
            raise Refused("contract.plan_known")
        _agree(lot, signed, plan, security, actor=actor, at=at)


def _agree(lot: Lot, signed: Signed, plan: Sequence[Instalment], security: str, *, actor: str, at: datetime) -> None:
    security = rules.filled(security, "security", rules.LONGEST_LINE) if security.strip() else ""
    findings.require(instalments.check(signed, plan, security))
    with transaction() as session:
        for number, one in enumerate(plan, 1):
            session.add(ContractInstalment(lot_id=lot.id, number=number, due_on=one.due_on, fen=one.fen, security=security))
        session.flush()
        deposit = earnest(lot, signed)
        service.keep(lot, "payment_plan", "agreed", 1, {
            "price_fen": signed.price_fen, "count": len(plan), "deposit_fen": deposit.fen if deposit else 0, "security": security,
            "instalments": [{"due_on": one.due_on.isoformat(), "amount_fen": one.fen} for one in plan]}, "付款计划", actor=actor, at=at)
        _settle(lot, signed)


def earnest(lot: Lot, signed: Signed) -> Payment | None:
    """The winner's deposit as earnest money (定金): its first payment, from the day of the contract."""
    award = projects.award_of(lot.id)
    if award is None or not instalments.deposit_counts(signed):
        return None
    fen = min(sum(paid(lot.id, award.organisation_id) for paid in DEPOSITS), signed.price_fen)
    return Payment(signed.on, fen) if fen else None


def standings(lot: Lot, signed: Signed) -> list[Standing]:
    """What of each instalment is paid."""
    plan = [Instalment(row.due_on, row.fen) for row in queries.instalments(lot.id)]
    return instalments.standings(plan, earnest(lot, signed), [Payment(row.paid_on, row.fen) for row in queries.payments(lot.id)])


def _settle(lot: Lot, signed: Signed) -> None:
    """Note since when each instalment is paid, so that nobody is reminded of what is paid."""
    for row, one in zip(queries.instalments(lot.id), standings(lot, signed), strict=True):
        row.settled_on = one.settled_on


def pay(lot_id: int, fen: int, paid_on: date, reference: str, *, actor: str, at: datetime) -> ContractPayment:
    """Record a payment of the price; the same one sent again is recorded once."""
    reference = rules.filled(reference, "reference", rules.LONGEST_REFERENCE)
    if not 0 < fen <= LARGEST_FEN:
        raise Refused("contract.amount")
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        signed = queries.signed(lot)
        if signed is None or lot.stage not in service.SIGNED:
            raise Refused("contract.not_signed")
        if not queries.instalments(lot_id):
            raise Refused("contract.plan_missing")
        known = next((row for row in queries.payments(lot_id) if row.reference == reference), None)
        if known is not None:
            if (known.fen, known.paid_on) != (fen, paid_on):
                raise Refused("contract.number_known", number=reference)
            return known
        rules.within(paid_on, signed.on, periods.day_of(at), "paid_on")
        left = signed.price_fen - sum(one.paid_fen for one in standings(lot, signed))
        if fen > left:
            raise Refused("contract.overpaid", fen=fen, left_fen=left)
        made = ContractPayment(lot_id=lot_id, fen=fen, paid_on=paid_on, reference=reference, recorded_at=at)
        session.add(made)
        session.flush()
        _settle(lot, signed)
        service.keep(lot, "instalment", "paid", made.id, {"amount_fen": fen, "paid_on": paid_on.isoformat(), "reference": reference,
                                                          "left_fen": left - fen}, "付款", actor=actor, at=at)
        return made


def remind(lot_id: int, number: int, *, at: datetime) -> bool:
    """Tell the winner and the tenderer of one instalment, once before its day and once after it; whether anything was told."""
    with transaction():
        lot, today = projects.locked_lot(lot_id), periods.day_of(at)
        row, signed, award = lock_row(ContractInstalment, (lot_id, number)), queries.signed(lot), projects.award_of(lot_id)
        if row is None or signed is None or award is None:
            return False
        one = standings(lot, signed)[number - 1]
        light = one.light(today)
        if light == "alarm" and row.late_told_at is None:
            row.late_told_at, kind = at, "instalment.late"
        elif light == "warn" and row.soon_told_at is None:
            row.soon_told_at, kind = at, "instalment.soon"
        else:
            return False
        facts = {"lot": lot.label, "number": number, "due": row.due_on.isoformat(), "price_fen": one.fen - one.paid_fen}
        messages.notify(kind, at=at, organisation_id=award.organisation_id, link=f"/p/{lot.project.code}?lot={lot.number}", **facts)
        for organisation_id in sorted({lot.project.tenderer_id, lot.project.agency_id or lot.project.tenderer_id}):
            messages.notify(kind, at=at, organisation_id=organisation_id, link=f"/projects/{lot.project_id}/lots/{lot_id}/contract#payment", **facts)
        if kind == "instalment.late":
            evidence.record("instalment.late", actor="timetable", at=at, lot=lot.code, project=lot.project.code, number=number,
                            due_on=row.due_on.isoformat(), left_fen=one.fen - one.paid_fen)
        return True

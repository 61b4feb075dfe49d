"""Record what follows a signed contract: supplements, performance bonds, acceptances.

Each is held against the law under the lot's lock before it is recorded, published where the law
publishes contracts, and filed into the case. The same thing sent again is recorded once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.archive import service as archive
from trading.base.database import transaction
from trading.base.errors import Refused
from trading.base.money import LARGEST_FEN
from trading.contracts import queries, rules
from trading.contracts.models import Acceptance, PerformanceBond, Supplement
from trading.contracts.rules import BondForm, Outcome, Signed, Term
from trading.evidence import service as evidence
from trading.law import findings, periods
from trading.messages import service as messages
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage

#: A contract is performed for years, so what follows it may come after the case was archived.
SIGNED = (Stage.CONTRACTED, Stage.ARCHIVED)


def add_supplement(lot_id: int, number: str, fen: int, signed_on: date, matter: str, *, actor: str, at: datetime,
                   changed: Collection[Term] = (), emergency: str = "") -> Supplement:
    """Record a supplementary contract, and publish it where the law publishes contracts.

    Raises Refused ``law.supplement_above_cap`` with key, article and figures, and ``contract.*``.
    """
    number, matter = rules.filled(number, "number", rules.LONGEST_NUMBER), rules.filled(matter, "matter", rules.LONGEST_TEXT)
    emergency = rules.filled(emergency, "emergency", rules.LONGEST_LINE) if emergency.strip() else ""
    _amount(fen, least=0)
    with transaction() as session:
        lot, contract = _signed(lot_id)
        known = next((one for one in queries.supplements(lot_id) if one.number == number), None)
        if known is not None:
            if (known.fen, known.signed_on, known.matter, known.emergency) != (fen, signed_on, matter, emergency):
                raise Refused("contract.number_known", number=number)
            return known
        rules.within(signed_on, contract.on, periods.day_of(at), "signed_on")
        findings.require(rules.supplement(contract, queries.added_fen(lot_id), fen, signed_on, changed=changed, emergency=bool(emergency)))
        cap = rules.cap_of(contract, signed_on, emergency=bool(emergency))
        made = Supplement(lot_id=lot_id, number=number, fen=fen, matter=matter, emergency=emergency, signed_on=signed_on, recorded_at=at,
                          rule=cap.decisive.key if cap else "", cap_fen=cap.fen if cap else None)
        session.add(made)
        session.flush()
        made.notice_id = _publish_supplement(lot, contract, made, actor=actor, at=at)
        keep(lot, "supplement", "recorded", made.id, {
            "number": number, "price_fen": fen, "total_fen": queries.added_fen(lot_id), "matter": matter, "emergency": emergency,
            "signed_on": signed_on.isoformat(), "rule": made.rule, "cap_fen": made.cap_fen or 0, "notice": made.notice_id or 0},
            "补充合同", actor=actor, at=at)
        _tell_supplier(lot, "contract.supplemented", at=at, number=number)
        return made


def _publish_supplement(lot: Lot, contract: Signed, made: Supplement, *, actor: str, at: datetime) -> int | None:
    if contract.seek("gp.contract_pub", made.signed_on) is None:
        return None
    original = projects.contract_of(lot.id)
    assert original is not None, "the caller has read it"
    lines = [f"原合同编号：{original.number}", f"原合同金额：{announcements.price(original.price_fen)}", f"补充合同编号：{made.number}",
             f"补充合同金额：{announcements.price(made.fen)}", f"补充合同累计金额：{announcements.price(queries.added_fen(lot.id))}",
             f"签订日期：{made.signed_on.isoformat()}", *([f"紧急采购依据：{made.emergency}"] if made.emergency else []),
             f"补充内容：{made.matter}"]
    return announcements.publish_plain(Kind.CONTRACT, lot, f"{lot.label}补充合同公告", "\n".join(lines), {}, actor=actor, at=at).id


def publish(lot_id: int, items: str, performance: str, *, actor: str, at: datetime) -> None:
    """Publish the contract with its main contents, once (采购条例 50); ends the statutory clock for it."""
    items, performance = rules.filled(items, "items", rules.LONGEST_TEXT), rules.filled(performance, "performance", rules.LONGEST_TEXT)
    with transaction():
        lot, contract = _signed(lot_id)
        if contract.seek("gp.contract_pub", contract.on) is None:
            raise Refused("contract.not_published_by_law")
        if queries.is_published(lot):
            return
        original, award = projects.contract_of(lot_id), projects.award_of(lot_id)
        assert original is not None and award is not None, "a contract follows an award"
        announcements.publish_plain(Kind.CONTRACT, lot, f"{lot.label}合同公告", "\n".join([
            f"合同编号：{original.number}", f"采购人：{lot.project.tenderer.name}", f"供应商：{award.organisation.name}（{award.organisation.code}）",
            f"合同金额：{announcements.price(original.price_fen)}", f"签订日期：{original.signed_on.isoformat()}",
            f"主要标的（名称、规格、数量、单价）：{items}", f"履约期限、地点和方式：{performance}"]), {}, actor=actor, at=at)
        evidence.record(queries.PUBLISHED, actor=actor, at=at, lot=lot.code, project=lot.project.code, reference=original.number)


def file_supplement(lot_id: int, supplement_id: int, reference: str, *, actor: str, at: datetime) -> Supplement:
    """Note that a copy of a supplement was filed with the authority, with the reference of the receipt."""
    reference = rules.filled(reference, "reference", rules.LONGEST_LINE)
    with transaction():
        lot, contract = _signed(lot_id)
        found = queries.supplement(lot_id, supplement_id)
        if rules.filing_rule(contract, found.signed_on) is None:
            raise Refused("contract.not_filed_by_law")
        if found.filed_at is not None:
            return found
        found.filed_at, found.filed_reference = at, reference
        evidence.record("supplement.filed", actor=actor, at=at, lot=lot.code, project=lot.project.code, number=found.number,
                        reference=reference)
        return found


def take_bond(lot_id: int, form: BondForm, fen: int, reference: str, received_on: date, valid_until: date | None, *, actor: str,
              at: datetime) -> PerformanceBond:
    """Record a performance bond within its cap. Raises Refused ``law.performance_bond_above_cap`` or ``contract.*``."""
    reference = rules.filled(reference, "reference", rules.LONGEST_REFERENCE)
    _amount(fen, least=1)
    rules.lapses(form, received_on, valid_until)
    with transaction() as session:
        lot, contract = _signed(lot_id)
        known = next((one for one in queries.bonds(lot_id) if one.reference == reference), None)
        if known is not None:
            if (known.form, known.fen, known.received_on, known.valid_until) != (form, fen, received_on, valid_until):
                raise Refused("contract.number_known", number=reference)
            return known
        award = projects.award_of(lot_id)
        assert award is not None, "a contract follows an award"
        rules.within(received_on, periods.day_of(award.notified_at), periods.day_of(at), "received_on")
        findings.require(rules.bond(contract, queries.held_fen(lot_id), fen, form))
        made = PerformanceBond(lot_id=lot_id, form=form, fen=fen, reference=reference, received_on=received_on, valid_until=valid_until,
                               recorded_at=at)
        session.add(made)
        session.flush()
        keep(lot, "performance_bond", "received", made.id, {
            "form": form, "amount_fen": fen, "reference": reference, "received_on": received_on.isoformat(),
            "valid_until": valid_until.isoformat() if valid_until else ""}, "履约保证金", actor=actor, at=at)
        return made


def return_bond(lot_id: int, bond_id: int, returned_on: date, note: str, *, actor: str, at: datetime) -> PerformanceBond:
    """Record that a performance bond was given back, with the reference of the payment or the receipt."""
    note = rules.filled(note, "note", rules.LONGEST_LINE)
    with transaction():
        lot, _contract = _signed(lot_id)
        found = queries.bond(lot_id, bond_id)
        if found.returned_on is not None:
            if (found.returned_on, found.return_note) == (returned_on, note):
                return found
            raise Refused("contract.bond_returned", on=found.returned_on)
        rules.within(returned_on, found.received_on, periods.day_of(at), "returned_on")
        found.returned_on, found.return_note = returned_on, note
        keep(lot, "performance_bond", "returned", found.id, {
            "reference": found.reference, "amount_fen": found.fen, "returned_on": returned_on.isoformat(), "note": note}, "履约保证金退还",
            actor=actor, at=at)
        return found


def accept(lot_id: int, accepted_on: date, outcome: Outcome, members: Iterable[str], opinion: str, *, is_final: bool, actor: str,
           at: datetime) -> Acceptance:
    """Record what an acceptance found; the final one ends the performance."""
    names, opinion = rules.names(members), rules.filled(opinion, "opinion", rules.LONGEST_TEXT)
    with transaction() as session:
        lot, contract = _signed(lot_id)
        before = queries.acceptances(lot_id)
        last = before[-1] if before else None
        if last and (last.accepted_on, last.outcome, last.is_final, last.members, last.opinion) == (
                accepted_on, outcome, is_final, names, opinion):
            return last
        rules.acceptance(contract, outcome, is_final=is_final)
        rules.within(accepted_on, max([contract.on, *(one.accepted_on for one in before)]), periods.day_of(at), "accepted_on")
        made = Acceptance(lot_id=lot_id, number=len(before) + 1, accepted_on=accepted_on, outcome=outcome, is_final=is_final, members=names,
                          opinion=opinion, recorded_at=at)
        session.add(made)
        session.flush()
        keep(lot, "acceptance", "recorded", made.number, {
            "number": made.number, "accepted_on": accepted_on.isoformat(), "outcome": outcome, "final": is_final, "members": names,
            "opinion": opinion}, "验收书", actor=actor, at=at)
        _tell_supplier(lot, "contract.accepted", at=at)
        return made


# --- pieces of the acts ------------------------------------------------------------------------


def _signed(lot_id: int) -> tuple[Lot, Signed]:
    """The lot under its lock, with its contract. Raises Refused ``contract.not_signed``."""
    lot = projects.locked_lot(lot_id)
    found = queries.signed(lot)
    if found is None or lot.stage not in SIGNED:
        raise Refused("contract.not_signed")
    return lot, found


def _amount(fen: int, *, least: int) -> None:
    if not least <= fen <= LARGEST_FEN:
        raise Refused("contract.amount")


def keep(lot: Lot, noun: str, act: str, number: int, document: dict[str, Any], title: str, *, actor: str, at: datetime) -> None:
    """Write an act into evidence, and its document into the case's file."""
    evidence.record(f"{noun}.{act}", actor=actor, at=at, lot=lot.code, project=lot.project.code, **document)
    archive.file_document(lot.id, f"40-award/{noun}-{number:06d}-{act}.json", title, {"lot": lot.code, "at": at.isoformat(), **document}, at=at)


def _tell_supplier(lot: Lot, kind: str, *, at: datetime, **facts: Any) -> None:
    award = projects.award_of(lot.id)
    if award is not None:
        messages.notify(kind, at=at, organisation_id=award.organisation_id, link=f"/p/{lot.project.code}?lot={lot.number}", lot=lot.label, **facts)

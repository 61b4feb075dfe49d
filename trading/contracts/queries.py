"""What followed a contract, as it was recorded. Reads only."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from trading.base.database import db
from trading.base.errors import NotFound
from trading.contracts.models import Acceptance, ContractInstalment, ContractPayment, PerformanceBond, Supplement
from trading.contracts.rules import Outcome, Signed
from trading.evidence.models import Entry
from trading.projects import service as projects
from trading.projects.models import Contract, Lot

PUBLISHED = "duty.contract_published"


def supplements(lot_id: int) -> list[Supplement]:
    return list(db.session.scalars(select(Supplement).where(Supplement.lot_id == lot_id).order_by(Supplement.id)))


def added_fen(lot_id: int) -> int:
    """What all supplements together add to the original contract."""
    return int(db.session.scalar(select(func.coalesce(func.sum(Supplement.fen), 0)).where(Supplement.lot_id == lot_id)) or 0)


def bonds(lot_id: int) -> list[PerformanceBond]:
    return list(db.session.scalars(select(PerformanceBond).where(PerformanceBond.lot_id == lot_id).order_by(PerformanceBond.id)))


def held_fen(lot_id: int) -> int:
    """The performance bonds that were received and not given back."""
    return sum(bond.fen for bond in bonds(lot_id) if bond.returned_on is None)


def acceptances(lot_id: int) -> list[Acceptance]:
    return list(db.session.scalars(select(Acceptance).where(Acceptance.lot_id == lot_id).order_by(Acceptance.number)))


def instalments(lot_id: int) -> list[ContractInstalment]:
    return list(db.session.scalars(select(ContractInstalment).where(ContractInstalment.lot_id == lot_id).order_by(ContractInstalment.number)))


def payments(lot_id: int) -> list[ContractPayment]:
    return list(db.session.scalars(select(ContractPayment).where(ContractPayment.lot_id == lot_id).order_by(ContractPayment.id)))


_PLAN = (select(ContractInstalment.number, ContractInstalment.due_on, ContractInstalment.fen)
         .where(ContractInstalment.lot_id == bindparam("lot_id")).order_by(ContractInstalment.number))


def public_plan(lot_id: int) -> list[tuple[int, date, int]]:
    """Number, last day and amount of each instalment, for the public page."""
    return [(number, on, fen) for number, on, fen in db.session.connection().execute(_PLAN, {"lot_id": lot_id})]


def supplement(lot_id: int, supplement_id: int) -> Supplement:
    found = db.session.get(Supplement, supplement_id)
    if found is None or found.lot_id != lot_id:
        raise NotFound
    return found


def bond(lot_id: int, bond_id: int) -> PerformanceBond:
    found = db.session.get(PerformanceBond, bond_id)
    if found is None or found.lot_id != lot_id:
        raise NotFound
    return found


def signed(lot: Lot) -> Signed | None:
    """The original contract as the rules take it; None before there is one."""
    contract = projects.contract_of(lot.id)
    if contract is None:
        return None
    ended = next((one.accepted_on for one in acceptances(lot.id) if one.is_final), None)
    return Signed(lot.project.procedure, lot.project.region, contract.price_fen, contract.signed_on, ended)


def is_published(lot: Lot) -> bool:
    """Whether the contract itself was published, here or from the list of duties."""
    return db.session.scalar(select(Entry.seq).where(Entry.lot == lot.code, Entry.kind == PUBLISHED).limit(1)) is not None


class Step(NamedTuple):
    """One thing that followed a contract, as everybody may know it."""

    what: str
    number: str
    on: date
    fen: int | None
    notice_id: int | None


_PUBLIC_SUPPLEMENTS = (select(Supplement.number, Supplement.signed_on, Supplement.fen, Supplement.notice_id)
                       .where(Supplement.lot_id == bindparam("lot_id")).order_by(Supplement.id))
_PUBLIC_ACCEPTANCES = (select(Acceptance.number, Acceptance.accepted_on, Acceptance.outcome, Acceptance.is_final)
                       .where(Acceptance.lot_id == bindparam("lot_id")).order_by(Acceptance.number))
_PRICE = select(Contract.price_fen).where(Contract.lot_id == bindparam("lot_id"))


def public(lot_id: int) -> tuple[int, list[Step]]:
    """The original price and what followed, oldest first; plain columns, because the public page is asked for most."""
    run, where = db.session.connection().execute, {"lot_id": lot_id}
    steps = [Step("supplement", number, on, fen, notice) for number, on, fen, notice in run(_PUBLIC_SUPPLEMENTS, where)]
    steps += [Step("final" if is_final else "passed" if outcome == Outcome.PASSED else "failed", str(number), on, None, None)
              for number, on, outcome, is_final in run(_PUBLIC_ACCEPTANCES, where)]
    return int(run(_PRICE, where).scalar() or 0), sorted(steps, key=lambda step: step.on)

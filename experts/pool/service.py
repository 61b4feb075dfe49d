"""Admit experts, record their ties, suspend them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from experts.pool.recusal import Bond, Candidate, Tie
from experts.pool.models import Expert
from trading.base import installation
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.parties import rules as party_rules

SPECIALITIES = {"A01": "房屋建筑", "A02": "市政公用", "A03": "公路", "A04": "水利水电", "A05": "机电安装",
                "A06": "造价", "B01": "信息技术", "B02": "医疗设备", "B03": "通用货物", "C01": "物业服务"}


def admit(account_id: int, name: str, phone: str, employer: str, region: str, specialities: list[str], *,
          actor: str, at: datetime, bonds: list[dict[str, Any]] | None = None, weight: int = 1) -> Expert:
    """Enter an expert. Raises Refused for an unknown speciality or a wrong employer code."""
    unknown = sorted(set(specialities) - set(SPECIALITIES))
    if unknown or not specialities:
        raise Refused("expert.speciality_unknown", specialities=unknown)
    if weight < 1 or weight > 10:
        raise Refused("expert.weight", weight=weight)
    for bond in bonds or []:
        read_bond(bond)
    boxes = installation.boxes()
    with transaction() as session:
        expert = Expert(account_id=account_id, employer=party_rules.credit_code(employer), region=region,
                        specialities=sorted(specialities), weight=weight, bonds=bonds or [], admitted_at=at,
                        name_box=boxes.close(name, f"expert/{account_id}/name", pad=64),
                        phone_box=boxes.close(phone, f"expert/{account_id}/phone", pad=32))
        session.add(expert)
        session.flush()
        evidence.record("expert.admitted", actor=actor, at=at, expert=expert.id, specialities=expert.specialities)
        return expert


def read_bond(bond: dict[str, Any]) -> Bond:
    """A tie as plain values: who, what kind, until when."""
    try:
        until = date.fromisoformat(bond["until"]) if bond.get("until") else None
        return Bond(party_rules.credit_code(bond["org"]), Tie(bond["tie"]), until)
    except (KeyError, ValueError):
        raise Refused("expert.tie_unreadable") from None


def active() -> list[Expert]:
    return list(db.session.scalars(select(Expert).where(Expert.suspended_at.is_(None)).order_by(Expert.id)))


def as_candidate(expert: Expert) -> Candidate:
    """What recusal looks at in one expert."""
    return Candidate(str(expert.id), expert.employer, tuple(read_bond(bond) for bond in expert.bonds))


def name_of(expert: Expert) -> str:
    """The expert's name, for those who may know it."""
    return str(installation.boxes().open(expert.name_box, f"expert/{expert.account_id}/name"))


def get(expert_id: int) -> Expert:
    found = db.session.get(Expert, expert_id)
    if found is None:
        raise NotFound
    return found


def of_account(account_id: int) -> Expert | None:
    return db.session.scalar(select(Expert).where(Expert.account_id == account_id))


def suspend(expert_id: int, reason: str, *, actor: str, at: datetime) -> None:
    if not reason.strip():
        raise Refused("expert.reason_missing")
    with transaction():
        expert = get(expert_id)
        expert.suspended_at = at
        evidence.record("expert.suspended", actor=actor, at=at, expert=expert_id, reason=reason)

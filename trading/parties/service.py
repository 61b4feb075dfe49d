"""Enter organisations into the library and register their signing keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from trading.base.database import connection, db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import service as evidence
from trading.law.procedures import Family, family
from trading.parties import rules
from trading.parties.models import Organisation, SigningKey


def register(code: str, name: str, *, actor: str, at: datetime, region: str = "CN", address: str = "",
             contact: str = "", phone: str = "") -> Organisation:
    """Enter one organisation. Raises Refused for a wrong or known code, or an empty name."""
    code = rules.credit_code(code)
    if not name.strip():
        raise Refused("party.name_missing")
    with transaction() as session:
        if session.scalar(select(Organisation.id).where(Organisation.code == code)):
            raise Refused("party.known", code=code)
        organisation = Organisation(code=code, name=name.strip(), region=region, address=address,
                                    contact=contact, phone=phone, registered_at=at)
        session.add(organisation)
        session.flush()
        evidence.record("party.registered", actor=actor, at=at, code=code, name=organisation.name)
        return organisation


def get(organisation_id: int) -> Organisation:
    found = db.session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound
    return found


def by_code(code: str) -> Organisation:
    found = db.session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        raise NotFound
    return found


def register_key(organisation_id: int, public: bytes, *, actor: str, at: datetime) -> SigningKey:
    """Register the key that an organisation will sign its bids with; the same key once."""
    if len(public) != 32:
        raise Refused("party.key_length")
    with transaction() as session:
        known = session.scalar(select(SigningKey).where(SigningKey.public == public.hex()))
        if known:
            if known.organisation_id != organisation_id or known.revoked_at:
                raise Refused("party.key_known")
            return known
        key = SigningKey(organisation_id=organisation_id, public=public.hex(), registered_at=at)
        session.add(key)
        session.flush()
        evidence.record("party.key_registered", actor=actor, at=at, organisation=get(organisation_id).code,
                        public=public.hex())
        return key


@dataclass(frozen=True)
class Standing:
    """Who files: number, code, until when barred, and the signing keys that count now."""

    id: int
    code: str
    barred_until: datetime | None
    keys: tuple[bytes, ...]
    procurement_barred_until: datetime | None = None

    def barred_in(self, procedure: str) -> datetime | None:
        """Until when it is barred from a procedure: from all, or from those of government procurement."""
        ends = [self.barred_until, self.procurement_barred_until if family(procedure) is Family.PROCUREMENT else None]
        return max((end for end in ends if end), default=None)


def bar_from_procurement(organisation_id: int, until: datetime, article: str, *, actor: str, at: datetime) -> None:
    """Keep an organisation out of government procurement until a moment; never shortens what stands."""
    with transaction():
        organisation: Organisation | None = lock_row(Organisation, organisation_id)
        if organisation is None:
            raise NotFound
        standing = organisation.procurement_barred_until
        organisation.procurement_barred_until = max(until, standing) if standing else until
        evidence.record("party.barred", actor=actor, at=at, code=organisation.code, family=Family.PROCUREMENT.value,
                        until=until.isoformat(), article=article)


def standings(organisation_ids: list[int]) -> dict[int, Standing]:
    """What is needed of bidders at their filing, in one statement. Unknown numbers are left out."""
    found: dict[int, Standing] = {}
    for row in connection().execute(_STANDINGS, {"ids": organisation_ids}):
        known = found[row.id].keys if row.id in found else ()
        found[row.id] = Standing(row.id, row.code, row.barred_until, (*known, bytes.fromhex(row.public)) if row.public else known,
                                 row.procurement_barred_until)
    return found


_WHO, _KEY = Organisation.__table__, SigningKey.__table__
_STANDINGS = select(_WHO.c.id, _WHO.c.code, _WHO.c.barred_until, _WHO.c.procurement_barred_until, _KEY.c.public).outerjoin_from(
    _WHO, _KEY, (_KEY.c.organisation_id == _WHO.c.id) & _KEY.c.revoked_at.is_(None)).where(
    _WHO.c.id.in_(bindparam("ids", expanding=True)))


def signing_keys(organisation_id: int) -> list[bytes]:
    """Keys that count now."""
    found = db.session.scalars(select(SigningKey.public).where(
        SigningKey.organisation_id == organisation_id, SigningKey.revoked_at.is_(None)))
    return [bytes.fromhex(public) for public in found]

"""Keep published grants of land, find them again, and begin a parcel's form with one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import or_, select

from trading.base.database import db, transaction
from trading.evidence import service as evidence
from trading.sales import parcels, words
from trading.sales.models import LandGrant
from trading.sales.records import Grant

#: How many of them one search shows.
MOST = 20


def keep(grants: Iterable[Grant], *, actor: str, at: datetime) -> int:
    """Keep the grants that are not kept yet; how many they were."""
    with transaction() as session:
        known = set(session.scalars(select(LandGrant.number)))
        new = [grant for grant in grants if grant.number not in known]
        for grant in new:
            low, high = ("" if end is None else f"{end:f}" for end in grant.ratio)
            session.add(LandGrant(
                number=grant.number, procedure=grant.procedure, district=grant.district[:200], location=grant.location[:400], use=grant.use[:200],
                area_m2=words.number(grant.area_m2).replace(",", ""), price_fen=grant.price_fen, terms=[list(term) for term in grant.terms],
                ratio_low=low, ratio_high=high, holder=grant.holder[:400], signed_on=grant.signed_on, kept_at=at))
        if new:
            session.flush()
            evidence.record("grants.kept", actor=actor, at=at, count=len(new))
        return len(new)


def find(text: str) -> list[LandGrant]:
    """The newest grants whose number, place or use holds every word of the text."""
    query = select(LandGrant)
    for word in text.replace("\0", " ").split()[:5]:
        query = query.where(or_(*(column.contains(word[:80], autoescape=True) for column in (
            LandGrant.number, LandGrant.district, LandGrant.location, LandGrant.use))))
    return list(db.session.scalars(query.order_by(LandGrant.signed_on.desc(), LandGrant.number).limit(MOST)))


def get(number: str) -> LandGrant | None:
    return db.session.get(LandGrant, number) if number.isascii() and number.isalnum() and len(number) <= 20 else None


def per_m2(grant: LandGrant) -> Decimal:
    """What a square metre of it cost, yuan with two places, half up."""
    return parcels.rounded(Fraction(grant.price_fen, 100) / Fraction(grant.area_m2))


def begins(grant: LandGrant) -> dict[str, str]:
    """The fields of a parcel's form that a past grant answers: its place and its planning, never its prices."""
    return {"site": f"{grant.district}{grant.location}"[:parcels.LONGEST_LINE], "use": grant.use, "area_m2": grant.area_m2,
            "ratio_low": grant.ratio_low, "ratio_high": grant.ratio_high}

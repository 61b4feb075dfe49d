"""Keep a supplier out of government procurement for a complaint on invented facts (采购条例 73).

One supervisor proposes, another orders it. The law bars from procurement alone, so works stay open,
and it bars nobody for complaints that merely came to nothing, however many they were.
"""

from __future__ import annotations

from datetime import date, datetime

from trading.announcements import service as announcements
from trading.announcements.rules import Kind
from trading.base.database import lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.law.periods import Period, day_of
from trading.messages import service as messages
from trading.objections import clocks, queries, raisers, rules
from trading.objections.models import Ban, Complaint
from trading.objections.rules import Outcome
from trading.objections.service import keep
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects


def propose(complaint_id: int, months: int, text: str, *, account_id: int, actor: str, at: datetime) -> Ban:
    """One supervisor proposes a ban for a complaint that was dismissed because its facts were invented.

    Raises Refused ``ban.no_ground``, ``ban.name_secret``, ``ban.months`` with key, article and figures.
    """
    text = rules.written(text)
    with transaction() as session:
        found = _locked(complaint_id)
        raiser = _barred(found, at)
        _period(found, months, at)
        known = queries.ban_of(complaint_id)
        if known is not None:
            if (known.months, known.text, known.asked_by) == (months, text, account_id):
                return known
            raise Refused("ban.known")
        made = Ban(complaint=found, organisation_id=raiser.id, months=months, text=text, asked_at=at, asked_by=account_id)
        session.add(made)
        session.flush()
        keep(found, "complaint", "ban_proposed", {"months": months, "text": text}, actor=actor, at=at)
        return made


def order(ban_id: int, *, account_id: int, actor: str, at: datetime) -> Ban:
    """Another supervisor orders the ban: it begins now, is published, and bars at every filing."""
    with transaction():
        found = _locked_ban(ban_id)
        if found.ordered_at is not None:
            return found
        if found.asked_by == account_id:
            raise Refused("pause.second_person")
        complaint = found.complaint
        raiser, period = _barred(complaint, at), _period(complaint, found.months, at)
        found.ordered_at, found.ordered_by, found.until = at, account_id, period.date
        parties.bar_from_procurement(raiser.id, period.ends, period.rule.article, actor=actor, at=at)
        notice = announcements.publish_plain(
            Kind.COMPLAINT_DECISION, complaint.lot, f"{raiser.name}禁止参加政府采购活动决定公告", "\n".join([
                f"当事人：{raiser.name}（{raiser.code}）", f"禁止期：{day_of(at).isoformat()} 至 {period.date.isoformat()}",
                f"依据：{period.rule.article}", found.text]), {}, actor=actor, at=at)
        found.notice_id = notice.id
        keep(complaint, "complaint", "ban_ordered", {"months": found.months, "until": period.date.isoformat(), "text": found.text,
                                                     "notice": notice.id}, actor=actor, at=at)
        messages.notify("ban.ordered", at=at, organisation_id=raiser.id, link=f"/notices/{notice.id}", until=period.date.isoformat())
        return found


def drop(ban_id: int, *, actor: str, at: datetime) -> None:
    """A supervisor takes a proposed ban off the table; one that was ordered stays."""
    with transaction() as session:
        found = _locked_ban(ban_id)
        if found.ordered_at is not None:
            raise Refused("ban.ordered", until=found.until or "—")
        keep(found.complaint, "complaint", "ban_dropped", {"months": found.months}, actor=actor, at=at)
        session.delete(found)


def is_open(found: Complaint, on: date) -> bool:
    """Whether a complaint is a ground for a ban by the law of a day."""
    try:
        clocks.ban_span(on=on, **_where(found))
    except Refused:
        return False
    return bool(found.decided_at and found.fabricated and found.outcome == Outcome.DISMISSED)


def _barred(found: Complaint, at: datetime) -> Organisation:
    """Whom a ban would bar. Raises Refused where the complaint is no ground, or its name still a secret."""
    if not (found.decided_at and found.fabricated and found.outcome == Outcome.DISMISSED):
        raise Refused("ban.no_ground")
    raiser = raisers.named(found, at)
    if raiser is None:
        raise Refused("ban.name_secret")
    return raiser


def _period(found: Complaint, months: int, at: datetime) -> Period:
    return clocks.ban_ends(months, at, **_where(found))


def _where(found: Complaint) -> dict[str, str]:
    return {"region": found.lot.project.region, "procedure": found.lot.project.procedure}


def _locked(complaint_id: int) -> Complaint:
    projects.locked_lot(queries.complaint(complaint_id).lot_id)
    found: Complaint | None = lock_row(Complaint, complaint_id)
    if found is None:
        raise NotFound
    return found


def _locked_ban(ban_id: int) -> Ban:
    found = queries.ban(ban_id)
    _locked(found.complaint_id)
    fresh: Ban | None = lock_row(Ban, ban_id)
    if fresh is None:
        raise NotFound
    return fresh

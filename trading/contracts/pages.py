"""Values of a contract's pages: its supplements with their share and dates, its bonds, its acceptances."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from trading.base.language import day
from trading.base.money import yuan
from trading.contracts import instalments, payments, queries, rules, words
from trading.contracts.models import Supplement
from trading.contracts.rules import Outcome, Signed
from trading.law.limits import Cap, performance_cap
from trading.law.periods import ONE_DAY, day_of, due_or_none
from trading.projects import service as projects
from trading.projects.models import Lot

Values = dict[str, Any]


def values(lot: Lot, contract: Signed, at: datetime) -> Values:
    """Everything that a contract's page shows to whoever performs it, forms aside."""
    today, added, held = day_of(at), queries.added_fen(lot.id), queries.held_fen(lot.id)
    cap, award = rules.cap_of(contract, today), projects.award_of(lot.id)
    wider = rules.cap_of(contract, today, emergency=True)
    secured = contract.seek("dp.performance_cap", contract.on) is not None
    most = performance_cap(contract.procedure, contract.price_fen, contract.on, contract.region) if secured else None
    return {
        "contract": projects.contract_of(lot.id), "supplier": award.organisation.name if award else "", "added_fen": added,
        "cap": cap and _left(cap, added), "emergency_cap": _left(wider, added) if cap and wider and wider.fen != cap.fen else None,
        "must_publish": contract.seek("gp.contract_pub", contract.on), "is_published": queries.is_published(lot),
        "supplements": [_supplement(contract, one, at) for one in queries.supplements(lot.id)],
        "bond_cap": most and _left(most, held),
        "bonds": [{"bond": one, "form": words.bond_form(one.form), "lapsed": bool(
            one.valid_until and one.returned_on is None and one.valid_until < today)} for one in queries.bonds(lot.id)],
        "accepts": rules.is_accepted_here(contract.procedure), "ended": contract.ended,
        "payment": _payment(lot, contract, today),
        "acceptances": [{"one": one, "state": words.outcome(one.outcome, one.is_final)} for one in queries.acceptances(lot.id)]}


def _payment(lot: Lot, contract: Signed, today: date) -> Values | None:
    """The payment plan of a sale with its lights, the deposit that counts, and what came in; None where the law plans nothing."""
    if not instalments.is_planned(contract):
        return None
    rows, earnest, paid = payments.standings(lot, contract), payments.earnest(lot, contract), queries.payments(lot.id)
    return {"rows": [{"one": one, "left_fen": one.fen - one.paid_fen, "state": words.instalment(one.light(today))} for one in rows],
            "earnest": earnest, "payments": paid, "left_fen": sum(one.fen - one.paid_fen for one in rows),
            "security": next((row.security for row in queries.instalments(lot.id)), ""),
            "articles": sorted({rule.article for name in PLAN_RULES if (rule := contract.seek(name, contract.on))})}


#: By which rules the price of a sale is paid.
PLAN_RULES = ("ld.pay_half", "ld.pay_half_share", "ld.pay_all", "ld.deposit_becomes", "pr.pay", "pr.pay_first", "pr.pay_rest", "pr.pay_secured")


def _left(cap: Cap, used_fen: int) -> Values:
    """A cap, what is left of it, and its article."""
    return {"fen": cap.fen, "left_fen": max(cap.fen - used_fen, 0), "article": cap.decisive.article}


def _supplement(contract: Signed, one: Supplement, at: datetime) -> Values:
    """A supplement with the last days for its notice and its filing, and whether they were kept."""
    published = _clock(contract, "gp.contract_pub", one, day_of(one.recorded_at) if one.notice_id else None, at) if one.notice_id else None
    rule = rules.filing_rule(contract, one.signed_on)
    filed = _clock(contract, rule.key, one, day_of(one.filed_at) if one.filed_at else None, at) if rule else None
    return {"item": one, "published": published, "filing": filed}


def _clock(contract: Signed, key: str, one: Supplement, done: Any, at: datetime) -> Values | None:
    period = due_or_none(key, one.signed_on, region=contract.region, procedure=contract.procedure)
    if period is None:
        return None
    late = (done or day_of(at)) > period.date
    soon = done is None and period.date - day_of(at) <= ONE_DAY
    return {"due": day(period.date), "article": period.rule.article, "light": "alarm" if late else "warn" if soon else "ok"}


def public(lot_id: int, *, plan: bool = False) -> Values:
    """What everybody sees of a contract: its price and what followed; of land the agreed payments too, as grants are published."""
    price, steps = queries.public(lot_id)
    states = {"passed": words.outcome(Outcome.PASSED), "failed": words.outcome(Outcome.FAILED), "final": words.outcome(Outcome.PASSED, True)}
    total = sum(step.fen or 0 for step in steps)
    agreed = queries.public_plan(lot_id) if plan else []
    return {"price_fen": price, "total_fen": total, "plan": [
        {"key": _("第 %(number)s 期", number=number), "value": f"¥{yuan(fen)} · {day(on)}"} for number, on, fen in agreed], "steps": [
        {"name": _("补充合同") if step.what == "supplement" else _("验收"), "number": step.number, "on": step.on,
         "amount": yuan(step.fen) if step.fen is not None else "", "state": states.get(step.what),
         "href": f"/notices/{step.notice_id}" if step.notice_id else None} for step in steps]}

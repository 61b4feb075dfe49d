"""Are the dates of a notice lawful: document period, bid period, opening, clarifications."""

from __future__ import annotations

from datetime import date, datetime

from trading.law.findings import Finding, finding
from trading.law.periods import LEGAL_TIME, day_of, earliest, latest
from trading.law.procedures import Family, family, key
from trading.law.procedures import procedure as _row
from trading.law.rules import find, seek

#: Works documents are "on sale" (条例 16), procurement documents are "supplied" (87号令 18).
_SUPPLY = {Family.WORKS: "sale_min", Family.PROCUREMENT: "doc_supply"}


def check_schedule(
    procedure: str,
    region: str,
    issued: date | datetime,
    doc_from: date | datetime,
    doc_to: date | datetime,
    deadline: datetime,
    opening: datetime,
) -> list[Finding]:
    """Hold the dates of a notice against the law in force on the day it is issued."""
    on, first, last = day_of(issued), day_of(doc_from), day_of(doc_to)
    found = _supply(procedure, region, on, first, last, deadline)
    # Applications of works are counted from the end of the sale of their document (条例 17).
    counted = last if _row(procedure).periods.get("bids") == "ct.prequal_submit" else first
    found += _bid_period(procedure, region, on, counted, deadline)
    rule = seek(key(procedure, "open_at_deadline"), on=on, region=region, procedure=procedure)
    if rule is not None:
        found.append(
            finding(
                opening == deadline,
                rule,
                "schedule.opens_at_deadline",
                "schedule.opening_not_at_deadline",
                opening=opening,
                deadline=deadline,
            )
        )
    return found


def _supply(
    procedure: str, region: str, on: date, first: date, last: date, deadline: datetime
) -> list[Finding]:
    # Land and property have no such period; negotiation and inquiry have no figure for it.
    name = _SUPPLY.get(family(procedure))
    rule = name and seek(key(procedure, name), on=on, region=region, procedure=procedure)
    if not rule:
        return []
    # T1: the first day of supply is not counted.
    lawful = earliest(rule.key, first, region=region, procedure=procedure, on=on)
    return [
        finding(
            first >= on,
            rule,
            "schedule.documents_after_notice",
            "schedule.documents_before_notice",
            issued=on,
            doc_from=first,
        ),
        finding(
            last >= lawful.date,
            rule,
            "schedule.document_period_kept",
            "schedule.document_period_short",
            doc_from=first,
            doc_to=last,
            earliest=lawful.date,
        ),
        finding(
            last <= day_of(deadline),
            rule,
            "schedule.documents_until_deadline",
            "schedule.documents_after_deadline",
            doc_to=last,
            deadline=deadline,
        ),
    ]


def _bid_period(
    procedure: str, region: str, on: date, first: date, deadline: datetime
) -> list[Finding]:
    # Land that is granted by live bidding counts from the notice to the opening, and the listing from there to its end;
    # applications have no days of their own (trading/sales/rules.py asks about all three).
    if _row(procedure).rounds == "live":
        return []
    # Where no time is set for bidding, the notice itself must have stood for its time.
    periods = _row(procedure).periods
    name = periods.get("bids") or periods.get("notice")
    if name is None:
        return []
    full = find("t.full_days", on=on, region=region, procedure=procedure).value
    # The period runs from the day the document is first handed out, not from the notice.
    lawful = earliest(
        name,
        first,
        region=region,
        procedure=procedure,
        on=on,
        count_full_days=bool(full),
    )
    return [
        finding(
            day_of(deadline) >= lawful.date,
            lawful.rule,
            "schedule.bid_period_kept",
            "schedule.bid_period_short",
            doc_from=first,
            deadline=deadline,
            earliest=lawful.date,
            skipped=lawful.skipped,
        )
    ]


def clarification_needs_extension(
    procedure: str,
    region: str,
    clarified_on: date | datetime,
    deadline: datetime,
    *,
    issued: date | datetime | None = None,
) -> Finding | None:
    """Say whether a change that may affect bids moves the deadline, and to when at the earliest.

    Not ok means the deadline must move; ``facts["earliest"]`` is the first lawful day and
    ``facts["new_deadline"]`` the same hour on it (招标投标法 23, 87号令 27). ``issued`` is the
    day of the notice, which fixes the version of the law; without it the change itself does.
    None where the procedure sets no time for changes.
    """
    changed = day_of(clarified_on)
    on = changed if issued is None else day_of(issued)
    name = _row(procedure).periods.get("clarify", key(procedure, "clarify"))
    if seek(name, on=on, region=region, procedure=procedure) is None:
        return None
    last = latest(name, deadline, region=region, procedure=procedure, on=on)
    new = deadline
    if changed > last.date:
        moved = earliest(name, changed, region=region, procedure=procedure, on=on)
        hour = deadline.astimezone(LEGAL_TIME).timetz()
        new = datetime.combine(moved.date, hour).astimezone(deadline.tzinfo)
    return finding(
        changed <= last.date,
        last.rule,
        "schedule.clarified_in_time",
        "schedule.deadline_must_move",
        clarified_on=changed,
        deadline=deadline,
        latest=last.date,
        earliest=day_of(new),
        new_deadline=new,
    )

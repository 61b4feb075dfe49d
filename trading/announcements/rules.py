"""Kinds of notice, what identifies a version, and when dates may be set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trading.base.errors import Refused
from trading.evidence.verify import canonical, tagged
from trading.law import procedures, schedules
from trading.law.findings import Finding
from trading.law.periods import LEGAL_TIME


class Kind(StrEnum):
    TENDER = "tender"
    CLARIFICATION = "clarification"
    TERMINATION = "termination"
    OPENING_RECORD = "opening_record"
    CANDIDATES = "candidates"
    RESULT = "result"
    FAILURE = "failure"
    PAUSE = "pause"
    RESUMPTION = "resumption"
    COMPLAINT_DECISION = "complaint_decision"
    REVOCATION = "revocation"
    CONTRACT = "contract"
    CORRECTION = "correction"


#: Notices whose words may be corrected. A record, a decision or a pause is followed by another act instead.
MAY_CORRECT = frozenset({Kind.TENDER, Kind.CLARIFICATION, Kind.TERMINATION, Kind.CANDIDATES, Kind.RESULT, Kind.FAILURE, Kind.CONTRACT})


@dataclass(frozen=True)
class ResultNames:
    """What the result of a procedure is called in its own law."""

    notice: str
    letter: str


def result_names(procedure_id: str) -> ResultNames:
    """Tenders end in 中标, other ways of buying in 成交, sales in a confirmation of the deal."""
    row = procedures.procedure(procedure_id)
    if row.family is procedures.Family.LAND:
        return ResultNames("成交结果公示", "成交确认书")
    if row.family is procedures.Family.PROPERTY:
        return ResultNames("成交结果公告", "交易凭证")
    if row.family is procedures.Family.PROCUREMENT and row.begins_with not in ("tender", "invitation"):
        return ResultNames("成交结果公告", "成交通知书")
    return ResultNames("中标结果公告", "中标通知书")


def fingerprint(kind: str, title: str, body: str, schedule: dict[str, Any]) -> str:
    """Hash of a version as it is published; the page, the feed and evidence show the same."""
    return tagged("notice", canonical(
        {"kind": kind, "title": title, "body": body, "schedule": schedule})).hex()


def moment(text: str) -> datetime:
    """Read a moment of a schedule (RFC 3339 with offset)."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise Refused("form.naive_time", text=text[:40])
    return at


def findings(procedure: str, region: str, issued: datetime, schedule: dict[str, Any]) -> list[Finding]:
    """What the law says about a schedule published at ``issued``; each with its article."""
    deadline = moment(schedule["deadline"])
    return schedules.check_schedule(
        procedure, region, issued.astimezone(LEGAL_TIME), moment(schedule["doc_from"]), moment(schedule["doc_to"]),
        deadline, deadline)


def schedule_of(doc_from: datetime, doc_to: datetime, deadline: datetime) -> dict[str, str]:
    """Dates as a notice keeps them: RFC 3339 in Beijing time."""
    dates = {"doc_from": doc_from, "doc_to": doc_to, "deadline": deadline}
    return {name: at.astimezone(LEGAL_TIME).isoformat() for name, at in dates.items()}


def suggested(procedure: str, region: str, at: datetime) -> dict[str, datetime]:
    """The earliest lawful dates of a document that is handed out from ``at`` on.

    Only the first where the calendar of that year is not loaded: whoever drafts sets the others.
    """
    start = at.astimezone(LEGAL_TIME).replace(second=0, microsecond=0)
    dates = {"doc_from": start}
    try:
        found = findings(procedure, region, start, schedule_of(start, start, start + timedelta(days=1)))
        for name, keys, hour in (("doc_to", ("sale_min", "doc_supply"), 17), ("deadline", ("bid_period",), 10)):
            days = [finding.facts["earliest"] for finding in found
                    if finding.key.split(".")[-1] in keys and "earliest" in finding.facts]
            if days:
                day = max(days)
                dates[name] = datetime(day.year, day.month, day.day, hour, tzinfo=LEGAL_TIME)
    except Refused:
        pass
    return dates


def clarification(procedure: str, region: str, at: datetime, deadline: datetime, issued: datetime,
                  new_deadline: datetime | None) -> datetime:
    """The deadline after a clarification that may affect bids. Raises Refused when the law
    moves it and the new one is missing or too early, or when it would move earlier."""
    finding = schedules.clarification_needs_extension(procedure, region, at, deadline, issued=issued)
    if new_deadline is not None and new_deadline < deadline:
        raise Refused("notice.deadline_earlier", deadline=deadline, asked=new_deadline)
    if finding is None or finding.ok:
        return new_deadline or deadline
    lawful: datetime = finding.facts["new_deadline"]
    if new_deadline is None or new_deadline.astimezone(LEGAL_TIME).date() < lawful.astimezone(LEGAL_TIME).date():
        raise Refused("schedule.deadline_must_move", **finding.facts)
    return new_deadline


def bigrams(text: str) -> str:
    """Overlapping two-character tokens, made by us so that both databases find Chinese words.

    Letters and digits of other scripts stay whole words as well.
    """
    words: list[str] = []
    run = ""
    for character in text.lower() + " ":
        if character.isalnum():
            run += character
            continue
        if run:
            words += [run[i:i + 2] for i in range(len(run) - 1)] or [run]
            run = ""
    return " ".join(words)

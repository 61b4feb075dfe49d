"""Kinds of notice, what identifies a version, and when dates may be set."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from trading.base.errors import Refused
from trading.evidence.verify import canonical, tagged
from trading.law import schedules
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


def clarification(procedure: str, region: str, at: datetime, deadline: datetime, issued: datetime,
                  new_deadline: datetime | None) -> datetime:
    """The deadline after a clarification that may affect bids. Raises Refused when the law
    moves it and the new one is missing or too early, or when it would move earlier."""
    finding = schedules.clarification_needs_extension(procedure, region, at, deadline, issued=issued)
    if new_deadline is not None and new_deadline < deadline:
        raise Refused("notice.deadline_earlier", deadline=deadline, asked=new_deadline)
    if finding.ok:
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

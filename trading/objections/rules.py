"""What may be raised against a step of a case, by whom it is answered, and how a complaint goes on.

Works know the objection (异议, 条例 22, 44, 54), procurement the inquiry (询问) and the question
(质疑, 法 51, 52); both know the complaint (投诉) to the supervising body, which follows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from trading.base.errors import Refused
from trading.law.checks import check_choice
from trading.law.findings import Finding, finding
from trading.law.periods import day_of
from trading.law.procedures import Remedy, procedure
from trading.law.rules import Rule, find, seek
from trading.projects.rules import Stage

MOST_POINTS = 20
LONGEST_POINT = 300
LONGEST_TEXT = 4000


class Form(StrEnum):
    """The paths to whoever tenders."""

    OBJECTION = "objection"
    INQUIRY = "inquiry"
    QUESTION = "question"


class Subject(StrEnum):
    """The step of a case that is contested; the first four are the words of ob.objection_first."""

    PREQUALIFICATION = "prequalification"
    DOCUMENT = "document"
    OPENING = "opening"
    RESULT = "result"
    PROCEDURE = "procedure"


class Answer(StrEnum):
    """What whoever tenders makes of it."""

    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"
    EXPLAINED = "explained"


class Outcome(StrEnum):
    """How the supervising body decides a complaint."""

    DISMISSED = "dismissed"
    UPHELD = "upheld"


class Measure(StrEnum):
    """What follows where a complaint is upheld."""

    RETENDER = "amend_and_retender"
    REEVALUATE = "reevaluate"
    CANCEL_RESULT = "cancel_result"
    OTHER = "other"


S = Subject
FORMS: dict[Remedy, tuple[Form, ...]] = {
    Remedy.OBJECTION: (Form.OBJECTION,),
    Remedy.QUESTION: (Form.INQUIRY, Form.QUESTION),
    Remedy.NONE: ()}
#: What each path is open for (条例 22, 44, 54; 法 51, 52; 87号令 42 for what is asked at the opening).
RAISED: dict[Form, tuple[Subject, ...]] = {
    Form.OBJECTION: (S.PREQUALIFICATION, S.DOCUMENT, S.OPENING, S.RESULT),
    Form.INQUIRY: (S.DOCUMENT, S.OPENING, S.PROCEDURE, S.RESULT),
    Form.QUESTION: (S.DOCUMENT, S.PROCEDURE, S.RESULT)}
#: What may be complained of: in works any breach (条例 60), in procurement what was questioned (法 55).
COMPLAINED: dict[Remedy, tuple[Subject, ...]] = {
    Remedy.OBJECTION: tuple(Subject),
    Remedy.QUESTION: (S.DOCUMENT, S.PROCEDURE, S.RESULT),
    Remedy.NONE: ()}
ANSWERS: dict[Form, tuple[Answer, ...]] = {
    Form.OBJECTION: (Answer.UPHELD, Answer.PARTLY, Answer.REJECTED),
    Form.INQUIRY: (Answer.EXPLAINED,),
    Form.QUESTION: (Answer.UPHELD, Answer.PARTLY, Answer.REJECTED)}


def forms(procedure_id: str, *, on: date, region: str) -> tuple[Form, ...]:
    """The paths that the law opens for a procedure; none where it sets no time to reply."""
    if seek("ob.reply", on=on, region=region, procedure=procedure_id) is None:
        return ()
    return FORMS[procedure(procedure_id).remedy]


def require_form(procedure_id: str, form: Form, subject: Subject, *, on: date, region: str) -> None:
    """Refuse a path or a step that the law does not open (``objection.no_path``, ``objection.not_a_subject``)."""
    if form not in forms(procedure_id, on=on, region=region):
        raise Refused("objection.no_path", form=form)
    if subject not in RAISED[form]:
        raise Refused("objection.not_a_subject", subject=subject)


def require_answer(form: Form, answer: Answer) -> None:
    """Refuse an answer that does not fit the path: an inquiry is explained, not upheld."""
    if answer not in ANSWERS[form]:
        raise Refused("objection.answer_unfit", answer=answer)


def content(points: Iterable[str], text: str) -> tuple[list[str], str]:
    """The points and grounds as they are kept. Raises Refused ``objection.points`` or ``objection.text``."""
    kept = list(dict.fromkeys(point.strip() for point in points if point.strip()))
    if not kept or len(kept) > MOST_POINTS or any(len(point) > LONGEST_POINT for point in kept):
        raise Refused("objection.points", most=MOST_POINTS, longest=LONGEST_POINT)
    return kept, written(text)


def written(text: str) -> str:
    """A text that somebody must have written. Raises Refused ``objection.text``."""
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise Refused("objection.text", most=LONGEST_TEXT)
    return text


# --- secrecy ---------------------------------------------------------------------------------

_BEFORE_CLOSE = (Stage.REGISTERED, Stage.ANNOUNCED, Stage.BIDDING)


def is_secret(stage: Stage, paused_from: Stage | None, deadline: datetime | None, at: datetime) -> bool:
    """Whether a name would still tell who bids: until the bids are closed, not until the clock says so.

    A lot that stands still gets a later deadline when it goes on, so its old one proves nothing;
    one that was terminated is closed by its deadline.
    """
    reached = paused_from if stage == Stage.PAUSED and paused_from else stage
    if reached in (Stage.TERMINATED, Stage.RESTARTED):
        return deadline is not None and at < deadline
    return reached in _BEFORE_CLOSE


def refuse_names(texts: Iterable[str], names: Iterable[str]) -> None:
    """Refuse a text that names its own writer while the name is secret (``objection.names_raiser``)."""
    joined = "\n".join(texts).casefold()
    if any(name.casefold() in joined for name in names):
        raise Refused("objection.names_raiser")


# --- effects ---------------------------------------------------------------------------------

#: An opening is objected to and answered on the spot, so nothing rests meanwhile (条例 44).
_RESTS = (S.PREQUALIFICATION, S.DOCUMENT, S.RESULT)


def resting(procedure_id: str, form: Form, subject: Subject, *, timely: bool, on: date, region: str) -> Rule | None:
    """The rule by which a case rests until the reply (条例 22, 54), or None.

    Only what was raised in time has that force; a late objection is left to whoever tenders.
    """
    if form is not Form.OBJECTION or subject not in _RESTS or not timely:
        return None
    rule = seek("ob.reply_suspends", on=on, region=region, procedure=procedure_id)
    return rule if rule and rule.value else None


def signing_rests(procedure_id: str, form: Form, *, on: date, region: str) -> Rule:
    """The rule by which signing waits for a question that may affect the result (采购条例 54).

    Raises Refused ``objection.cannot_affect`` where the law knows no such effect.
    """
    rule = seek("ob.suspends_signing", on=on, region=region, procedure=procedure_id)
    if form is not Form.QUESTION or rule is None or not rule.value:
        raise Refused("objection.cannot_affect")
    return rule


def at_once(procedure_id: str, *, on: date, region: str) -> Rule | None:
    """The rule by which a document may ask for all questions on one step at once (94号令 10), or None."""
    rule = seek("ob.one_time", on=on, region=region, procedure=procedure_id)
    return rule if rule and rule.value else None


def same_step(subject: Subject, since: date | None, other: Subject, other_since: date | None) -> bool:
    """Whether two questions are about one step; steps of the procedure differ by the day on which they ended."""
    return subject is other and (subject is not Subject.PROCEDURE or since == other_since)


# --- what a complaint needs ------------------------------------------------------------------


@dataclass(frozen=True)
class Basis:
    """The objection or question that a complaint follows. ``last``: the last day to reply, if it can be told."""

    subject: Subject
    points: tuple[str, ...]
    filed: datetime
    last: date | None
    replied: datetime | None


def complaint_needs(procedure_id: str, subject: Subject, points: Sequence[str], basis: Basis | None, *,
                    at: datetime, region: str) -> list[Finding]:
    """What must be so before a complaint is taken: the objection first, its reply awaited, its scope kept.

    Works ask it for the matters that 条例 60 names, procurement for all (法 55, 采购条例 55).
    """
    on, remedy = day_of(at), procedure(procedure_id).remedy
    if subject not in COMPLAINED[remedy]:
        raise Refused("objection.not_a_subject", subject=subject)
    rule = find("ob.objection_first" if remedy is Remedy.OBJECTION else "ob.complaint", on=on, region=region, procedure=procedure_id)
    if remedy is Remedy.OBJECTION and subject not in str(rule.value).split(","):
        return []
    first = basis is not None and basis.subject == subject
    found = [finding(first, rule, "complaint.after_objection", "complaint.objection_first", subject=subject)]
    if basis is None or not first:
        return found
    over = basis.replied is not None or basis.last is not None and day_of(at) > basis.last
    found.append(finding(over, rule, "complaint.reply_over", "complaint.reply_awaited", last=basis.last or "—"))
    scope = seek("ob.scope", on=on, region=region, procedure=procedure_id)
    if scope is not None:
        beyond = [point for point in points if point not in basis.points]
        found.append(finding(not (scope.value and beyond), scope, "complaint.within_question", "complaint.beyond_question", beyond=beyond))
    return found


def refuse_unsound(outcome: Outcome, measure: Measure | None, *, fabricated: bool, procedure_id: str, on: date, region: str) -> None:
    """Hold a decision together: a measure where it is upheld, none where it is dismissed,
    and what rests on invented facts is dismissed (条例 61, 采购条例 57)."""
    if outcome is Outcome.UPHELD and measure is None:
        raise Refused("complaint.measure_missing")
    if outcome is Outcome.DISMISSED and measure is not None:
        raise Refused("complaint.measure_without_ground")
    if fabricated:
        answer = check_choice("ob.fabricated", outcome, on=on, region=region, procedure=procedure_id)
        if not answer.ok:
            raise Refused("complaint.fabricated_upheld", **answer.facts)


# --- lives -----------------------------------------------------------------------------------


class State(StrEnum):
    """Where an objection, inquiry or question stands."""

    FILED = "filed"
    REPLIED = "replied"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    REPLY = "reply"
    WITHDRAW = "withdraw"
    MARK = "mark"


LIFE: dict[tuple[State, Step], State] = {
    (State.FILED, Step.REPLY): State.REPLIED,
    (State.FILED, Step.WITHDRAW): State.WITHDRAWN,
    (State.FILED, Step.MARK): State.FILED}


def after(state: State, step: Step) -> State:
    """The state after a step. Raises Refused ``objection.step_not_allowed``."""
    try:
        return LIFE[state, step]
    except KeyError:
        raise Refused("objection.step_not_allowed", state=state, step=step) from None


class Phase(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    CORRECTING = "correcting"
    ACCEPTED = "accepted"
    EXAMINING = "examining"
    REFUSED = "refused"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What is done with a complaint."""

    ASK_CORRECTION = "ask_correction"
    CORRECT = "correct"
    ACCEPT = "accept"
    REFUSE = "refuse"
    BEGIN_STRETCH = "begin_stretch"
    END_STRETCH = "end_stretch"
    SUSPEND = "suspend"
    DECIDE = "decide"
    WITHDRAW = "withdraw"


P, A = Phase, Act
COURSE: dict[tuple[Phase, Act], Phase] = {
    (P.RECEIVED, A.ASK_CORRECTION): P.CORRECTING,
    (P.CORRECTING, A.CORRECT): P.RECEIVED,
    (P.RECEIVED, A.ACCEPT): P.ACCEPTED,
    **{(phase, A.REFUSE): P.REFUSED for phase in (P.RECEIVED, P.CORRECTING)},
    (P.ACCEPTED, A.BEGIN_STRETCH): P.EXAMINING,
    (P.EXAMINING, A.END_STRETCH): P.ACCEPTED,
    (P.ACCEPTED, A.SUSPEND): P.ACCEPTED,
    (P.EXAMINING, A.SUSPEND): P.EXAMINING,
    (P.ACCEPTED, A.DECIDE): P.DECIDED,
    **{(phase, A.WITHDRAW): P.WITHDRAWN for phase in (P.RECEIVED, P.CORRECTING, P.ACCEPTED, P.EXAMINING)}}


def then(phase: Phase, act: Act) -> Phase:
    """The phase of a complaint after an act. Raises Refused ``complaint.step_not_allowed``."""
    try:
        return COURSE[phase, act]
    except KeyError:
        raise Refused("complaint.step_not_allowed", state=phase, step=act) from None

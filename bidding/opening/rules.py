"""Outcomes of bids at an opening, each with its legal label and whose doing it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bidding.envelope.documents import FIRST, RESERVE
from trading.base.errors import Refused
from trading.projects.rules import Stage


@dataclass(frozen=True)
class Outcome:
    """A way that a bid can come out of the opening."""

    id: str
    counts: bool
    fault: str
    label: str


OUTCOMES = {
    row.id: row for row in (
        Outcome("opened", True, "", ""),
        # 20号令 31: not decrypted for the bidder's reason is a revocation, else a withdrawal.
        Outcome("half_missing", False, "bidder", "revoked"),
        Outcome("wrap_damaged", False, "bidder", "revoked"),
        Outcome("shares_inconsistent", False, "bidder", "revoked"),
        Outcome("payload_unreadable", False, "bidder", "revoked"),
        Outcome("manifest_wrong", False, "bidder", "invalid"),
        Outcome("payload_damaged", False, "platform", "withdrawn"),
        Outcome("shares_short", False, "organiser", "withdrawn"),
    )
}

#: How a refusal of the envelope maps to an outcome.
OF_REFUSAL = {"seal.half_wrong": "half_missing", "seal.shares_short": "shares_short", "seal.shares_inconsistent": "shares_inconsistent",
              "seal.payload_unreadable": "payload_unreadable", "seal.manifest": "manifest_wrong",
              "seal.document": "manifest_wrong", "seal.payload_damaged": "payload_damaged"}


#: How long key holders that do not come are waited for and called, before the tender fails (docs/protocol.md, 2.8).
HOLD = timedelta(hours=24)
#: After which time the absence of key holders is told to those who can call them.
CALL_AFTER = timedelta(minutes=10)


def settle(outcome: str, *, fits: int, garbage: int, n: int, k: int, over: bool) -> str:
    """What becomes of a bid that came out so: an outcome, or nothing while another holder may still change it.

    ``fits`` shares that fit their commitments have come, ``garbage`` wraps were shown by disclosure to hold
    something else, of ``n`` holders with ``k`` needed; ``over`` after ``HOLD``. Who has given nothing may still come,
    or be refuted. A bid that would have opened but for its garbage is lost by its bidder's doing, else by the organiser's.
    """
    if outcome not in ("shares_short", "shares_inconsistent"):
        return outcome
    is_final = over or fits + garbage == n
    if outcome == "shares_inconsistent":
        return outcome if is_final else ""
    if garbage > n - k:
        return "wrap_damaged"
    if not is_final:
        return ""
    return "wrap_damaged" if garbage and fits + garbage >= k else outcome


def stages_during(envelope: str, *, is_live: bool = False) -> tuple[Stage, ...]:
    """The stages a lot may be in while envelopes of this name are opened: the bids before the
    read-out, a sale's reserve price when the bidding has ended, prices in envelopes of their own and the
    offers of later rounds while the committee sits or a framework is in force; of a live sale, whose single
    offers decide a tie, while its bidding is not over."""
    if envelope in FIRST or envelope == RESERVE:
        return (Stage.CLOSED,)
    return (Stage.BIDDING,) if is_live and envelope.startswith("offer-") else LATER


#: Stages in which a later round of offers may run.
LATER = (Stage.OPENED, Stage.CONTRACTED)


def may_give_half(closed_at: datetime, window_ends: datetime, window_closed_at: datetime | None, at: datetime) -> None:
    """Raises Refused ``opening.not_closed_yet`` or ``opening.window_over``."""
    if at < closed_at:
        raise Refused("opening.not_closed_yet")
    if window_closed_at is not None or at >= window_ends:
        raise Refused("opening.window_over", ended=window_closed_at or window_ends)


def window_is_over(window_ends: datetime, halves: int, live: int, at: datetime) -> bool:
    """The window ends by the clock, or as soon as every live bid's half is in."""
    return at >= window_ends or halves >= live

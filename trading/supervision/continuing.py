"""Go on with the evidence log under another name after it was restored or forked, when two persons say so.

The centre asks and says why, a supervisor approves. The new name's first entry holds the last checkpoint that
the witnesses had cosigned of the log before, so that nobody can hide how many entries were lost
(docs/decisions/012-a-log-that-goes-on.md).
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from trading.accounts import service as accounts
from trading.accounts.permissions import Permission
from trading.base import installation, texts
from trading.base.database import db, lock_row, transaction
from trading.base.errors import NotFound, Refused
from trading.evidence import alarms, tree, verify, witnessing
from trading.evidence import service as evidence
from trading.evidence.models import Checkpoint, Entry, LogContinuation
from trading.messages import service as messages

MOST_REASON = 2000
MOST_PASTED = 100_000
DAYS = (1, 60)


def is_needed() -> bool:
    """Whether filings stand still because witnesses refuse the log."""
    return alarms.stop_filings() in (alarms.FORKED, alarms.RESTORED)


def history() -> list[LogContinuation]:
    """All requests to go on, newest first."""
    return list(db.session.scalars(select(LogContinuation).order_by(LogContinuation.id.desc())))


def continued() -> list[tuple[LogContinuation, verify.Continuation, Entry]]:
    """Every change of the log's name with its first entry, oldest first."""
    found = []
    for made in db.session.scalars(select(LogContinuation).where(LogContinuation.decision == "approved").order_by(LogContinuation.id)):
        entry = db.session.get(Entry, made.seq)
        assert entry is not None and entry.event is not None
        found.append((made, verify.read_continuation(entry.event, evidence.log_verifier_key()), entry))
    return found


def announcement() -> dict[str, Any]:
    """What witnesses, key holders and watchers check before they follow the log's present name. Raises NotFound."""
    found = continued()
    if not found:
        raise NotFound
    entry = found[-1][2]
    checkpoint = evidence.first_checkpoint_after(entry.seq)
    return {"v": 1, "type": "mingtang-continuation", "event": entry.event, "nonce": (entry.nonce or b"").hex(),
            "note": checkpoint.note + checkpoint.cosignatures}


def ask(pasted: str, reason: str, days: int, *, account_id: int, actor: str, at: datetime) -> LogContinuation:
    """Ask to go on. The witnesses are asked what they saw last; checkpoints that they gave otherwise may be pasted.

    Raises Refused ``continuation.*``.
    """
    reason = texts.filled(reason, "continuation.reason", MOST_REASON)
    if not DAYS[0] <= days <= DAYS[1]:
        raise Refused("continuation.days", least=DAYS[0], most=DAYS[1])
    seen = _gathered(witnessing.last_seen(evidence.origin()), _notes(pasted))
    with transaction() as session:
        _require_needed(seen)
        if any(item.decision == "" for item in history()):
            raise Refused("continuation.waiting_already")
        made = LogContinuation(seen=seen, reason=reason, reseal_days=days, asked_at=at, asked_by=account_id)
        session.add(made)
        session.flush()
        evidence.record("log.continuation_asked", actor=actor, at=at, continuation=made.id, reason=reason)
        for other in accounts.holders_of(Permission.PAUSE):
            messages.notify("continuation.asked", at=at, account_id=other, link="/log/continuation")
        return made


def approve(continuation_id: int, *, account_id: int, actor: str, at: datetime) -> LogContinuation:
    """The second person lets the log go on under its next name. Raises Refused ``continuation.*``."""
    newest = _gathered(witnessing.last_seen(evidence.origin()), [])
    with transaction() as session:
        made = _waiting(continuation_id)
        if made.asked_by == account_id:
            raise Refused("continuation.second_person")
        if not {_text(note) for note in newest} <= {_text(note) for note in made.seen}:
            raise Refused("continuation.older_than_seen", known=max(_size(note) for note in newest))
        _require_needed(made.seen)
        size = evidence.size()
        kept = _cosigned()
        made.decided_at, made.decided_by, made.decision = at, account_id, "approved"
        number = size // verify.SPAN + 1
        base = installation.settings().log_origin
        written = evidence.go_on(evidence.Act(verify.CONTINUED, actor=actor, at=at, facts={
            "asked_by": accounts.get(made.asked_by).username, "reason": made.reason, "origin": verify.origin_at(base, number),
            "previous": verify.origin_at(base, number - 1), "seen": made.seen, "kept": evidence.place(kept),
            "restored": {"size": evidence.place(size), "root": b64encode(tree.root_of(evidence.peaks_at(size))).decode()}}))
        made.seq = written.seq
        session.flush()
        return made


def refuse(continuation_id: int, note: str, *, account_id: int, actor: str, at: datetime) -> LogContinuation:
    """Another person turns it down and says why; whoever asked takes it back."""
    with transaction() as session:
        made = _waiting(continuation_id)
        own = made.asked_by == account_id
        made.note = "" if own else texts.filled(note, "continuation.reason", MOST_REASON)
        made.decided_at, made.decided_by, made.decision = at, account_id, "withdrawn" if own else "refused"
        session.flush()
        evidence.record("log.continuation_withdrawn" if own else "log.continuation_refused", actor=actor, at=at,
                        continuation=made.id, **({"reason": made.note} if made.note else {}))
        return made


def _waiting(continuation_id: int) -> LogContinuation:
    made: LogContinuation | None = lock_row(LogContinuation, continuation_id)
    if made is None:
        raise NotFound
    if made.decided_at is not None:
        raise Refused("continuation.decided")
    return made


def _cosigned() -> int:
    """The largest size of the log under its present name that a quorum cosigned and that is here."""
    size = evidence.size()
    start = size - evidence.place(size)
    return db.session.scalar(select(func.max(Checkpoint.size)).where(
        Checkpoint.size > start, Checkpoint.cosigners >= max(1, installation.settings().witness_quorum))) or start


def _require_needed(seen: list[str]) -> None:
    """The witnesses refuse, and what is named is all that they are known to have seen. Raises Refused ``continuation.*``."""
    if not is_needed():
        raise Refused("continuation.not_needed")
    if not seen or not _has_quorum(seen[0]):
        raise Refused("continuation.not_cosigned", quorum=installation.settings().witness_quorum)
    known = max([int(alarm.facts.get("known", 0)) for alarm in alarms.standing() if alarm.kind in (alarms.FORKED, alarms.RESTORED)]
                + [evidence.place(_cosigned())])
    if known > max(map(_size, seen)):
        raise Refused("continuation.older_than_seen", known=known)


# --- what the witnesses saw ------------------------------------------------------------------------


def _gathered(fetched: list[str], pasted: list[str]) -> list[str]:
    """Each checkpoint once, with the cosignatures that hold; first the largest that a quorum cosigned.

    Raises Refused ``continuation.note`` where one that was pasted is none of this log.
    """
    lines: dict[str, dict[tuple[str, bytes], str]] = {}
    origin, pinned = evidence.origin(), _pinned()
    for note in [*fetched, *pasted]:
        try:
            text = verify.check_log_note(note, evidence.log_verifier_key())
            if text.partition("\n")[0] != origin:
                raise verify.Invalid("of another name")
        except (verify.Invalid, ValueError):
            if note in pasted:
                raise Refused("continuation.note", log=origin) from None
            continue
        own = verify.parse_verifier_key(evidence.log_verifier_key())
        for line in note.rpartition("\n\n")[2].splitlines(keepends=True):
            name, blob = verify.split_note(f"{text}\n{line}")[1][0]
            is_logs = (name, blob[:4]) == (origin, verify.key_hash(*own))
            if is_logs or witnessing.time_of(f"{text}\n", line, pinned) is not None:
                lines.setdefault(text, {}).setdefault((name, blob[:4]), line)
    notes = ["".join([text, "\n", *found.values()]) for text, found in lines.items()]
    return sorted(notes, key=lambda note: (_has_quorum(note), _size(note)), reverse=True)


def _notes(pasted: str) -> list[str]:
    """The signed notes of a pasted text: each begins with the log's name."""
    if len(pasted) > MOST_PASTED:
        raise Refused("continuation.note", log=evidence.origin())
    found: list[str] = []
    for line in pasted.replace("\r", "").strip().splitlines():
        if found and (line.startswith("—") or "—" not in found[-1]):
            found[-1] += line + "\n"
        elif line:
            found.append(line + "\n")
    return found


def _pinned() -> list[str]:
    return [key for key in installation.settings().witness_keys.split(",") if key]


def _has_quorum(note: str) -> bool:
    return len(verify.witnessed(note, _pinned())) >= max(1, installation.settings().witness_quorum)


def _text(note: str) -> str:
    return verify.split_note(note)[0]


def _size(note: str) -> int:
    return verify.parse_checkpoint(_text(note))[1]

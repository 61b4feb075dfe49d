"""Bring checkpoints to the witnesses, keep the cosignatures that come back, hear what they refuse."""

from __future__ import annotations

import http.client
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import structlog
from sqlalchemy import func, or_, select

from trading.base import installation
from trading.base.clock import Clock, unix
from trading.base.database import db, lock_row, transaction
from trading.evidence import alarms, notes, service, verify
from trading.evidence.models import Checkpoint
from trading.evidence.witness import Answer

log = structlog.get_logger()

Ask = Callable[[str], Answer]
LARGEST_ANSWER = 16_384
#: Seconds by which the platform's clock may differ from the witnesses' (docs/protocol.md, 2.8).
CLOCK_TOLERANCE = 2
#: Checkpoints brought to one witness in one round.
AT_ONCE = 50


def over_http(url: str) -> Ask:
    """Ask a witness process at ``url``."""
    def ask(body: str) -> Answer:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=5)
        try:
            connection.request("POST", "/add-checkpoint", body.encode(), {"Content-Type": "text/plain; charset=utf-8"})
            response = connection.getresponse()
            return Answer(response.status, response.read(LARGEST_ANSWER).decode())
        finally:
            connection.close()
    return ask


@dataclass(frozen=True)
class Cosigned:
    """What became of one checkpoint at one witness: the size it knows now, what it refused, its clock."""

    size: int
    refused: str = ""
    seconds: int | None = None


def last_seen(origin: str) -> list[str]:
    """The last checkpoint of a log that each witness kept, with its cosignature; one that does not answer is left out."""
    found = []
    for url in (url for url in installation.settings().witness_urls.split(",") if url):
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=5)
        try:
            connection.request("GET", f"/last?{urlencode({'origin': origin})}")
            response = connection.getresponse()
            if response.status == 200:
                found.append(response.read(LARGEST_ANSWER).decode())
        except (OSError, http.client.HTTPException, UnicodeDecodeError):
            log.warning("a witness does not say what it saw last", url=url)
        finally:
            connection.close()
    return found


def cosign(checkpoint: Checkpoint, ask: Ask, seen: int) -> Cosigned:
    """Have one witness cosign one checkpoint; ``seen`` is the size we believe it saw last.

    Asks a second time when the belief was wrong.
    """
    sign_by_log(checkpoint)
    size, start = service.place(checkpoint.size), checkpoint.size - service.place(checkpoint.size)
    for _ in range(2):
        if seen > size:
            return Cosigned(seen)
        path = "".join(b64encode(item).decode() + "\n" for item in service.prove_consistency(start + seen, checkpoint.size))
        answer = ask(f"old {seen}\n{path}\n{checkpoint.note}")
        if answer.status == 409:
            if not re.fullmatch(r"[0-9]{1,15}\n?", answer.body, re.ASCII):
                return Cosigned(seen)
            seen = int(answer.body)
            if start + seen > service.size():
                # It has our signature over more leaves than we have: an older state was put back.
                return Cosigned(seen, alarms.RESTORED)
            continue
        if answer.status == 422:
            return Cosigned(seen, alarms.FORKED)
        if answer.status != 200:
            log.error("a witness refused a checkpoint", status=answer.status, size=checkpoint.size)
            return Cosigned(seen)
        seconds = _keep(checkpoint, answer.body)
        return Cosigned(size if seconds is not None else seen, seconds=seconds)
    return Cosigned(seen)


def sign_by_log(checkpoint: Checkpoint) -> None:
    """Add the log's own ML-DSA-44 signature, outside the act's transaction, which it would slow down."""
    text, _ = verify.split_note(checkpoint.note)
    origin = text.partition("\n")[0]
    if f"— {origin} " in checkpoint.cosignatures:
        return
    key = notes.signer_pq(installation.key("log"), "log")
    _keep(checkpoint, notes.cosign_pq(text, origin, key, unix(checkpoint.at)))


def _keep(checkpoint: Checkpoint, lines: str) -> int | None:
    """Add the signature lines that hold, by keys that are pinned; others are dropped, for a line that does not
    hold would make the checkpoint unreadable. Gives the second that the last of them states, or None.
    """
    pinned = [key for key in installation.settings().witness_keys.split(",") if key]
    known = [*pinned, service.log_verifier_key_pq(checkpoint.size)]
    good = [(line, seconds) for line in lines.splitlines(keepends=True)[:8] for seconds in [time_of(checkpoint.note, line, known)] if seconds is not None]
    with transaction():
        found = lock_row(Checkpoint, checkpoint.size)
        assert found is not None
        have = {(name, blob[:4]) for name, blob in verify.split_note(found.note + found.cosignatures)[1]}
        for line, _ in good:
            name, blob = verify.split_note(checkpoint.note + line)[1][-1]
            if (name, blob[:4]) not in have:
                found.cosignatures += line
        found.cosigners = len(verify.witnessed(found.note + found.cosignatures, pinned))
    return good[-1][1] if good else None


def time_of(note: str, line: str, known: list[str]) -> int | None:
    """The second of one signature line if it holds under one of the keys."""
    for key in known:
        try:
            seconds = verify.cosignature_time(note + line, key)
        except verify.Invalid:
            continue
        if seconds is not None:
            return seconds
    return None


def cosign_due(seen: dict[str, int], clock: Clock) -> int:
    """Bring checkpoints that lack cosignatures to every configured witness, oldest first.

    ``seen`` remembers between calls what each witness saw last. A witness that was away gets the
    closes, catalogues and the newest; the others need it only where the quorum is not reached.
    What a witness refuses, and clocks that differ, become alarms. Returns cosignatures gathered.
    """
    settings = installation.settings()
    urls = [url for url in settings.witness_urls.split(",") if url]
    done, offsets = 0, dict[str, int]()
    for url in urls:
        try:
            done += _bring(url, seen, offsets, len(urls), clock)
        except (OSError, http.client.HTTPException):
            log.warning("a witness does not answer", url=url)
        except Exception as error:
            # One witness that answers nonsense must not keep the others from signing.
            log.error("a witness answered badly", url=url, kind=type(error).__name__)
            db.session.rollback()
    _judge(urls, settings.witness_quorum, clock)
    _compare_clocks(offsets, settings.witness_quorum, clock)
    return done


def _bring(url: str, seen: dict[str, int], offsets: dict[str, int], witnesses: int, clock: Clock) -> int:
    # What we believe may be from before a backup was put back: then the witness is asked from the start.
    start, here = service.size() - service.place(service.size()), service.place(service.size())
    found, done = Cosigned(seen.get(url, 0) if seen.get(url, 0) <= here else 0), 0
    for checkpoint in _waiting(start, start + found.size, witnesses, installation.settings().witness_quorum):
        found = cosign(checkpoint, over_http(url), found.size)
        done += start + found.size == checkpoint.size
        if found.seconds is not None:
            offsets[url] = found.seconds - unix(clock())
        if found.refused or start + found.size < checkpoint.size:
            # Not passed over: what it signs next would shut out this one for ever.
            break
    seen[url] = 0 if found.refused else found.size
    if found.refused:
        if alarms.raise_alarm(found.refused, url, at=clock(), known=found.size, size=here):
            log.error("a witness says that the log is not what it was", alarm=found.refused, url=url)
    elif found.seconds is not None:
        alarms.end((alarms.FORKED, alarms.RESTORED), url, at=clock())
    return done


def _waiting(start: int, known: int, witnesses: int, quorum: int) -> list[Checkpoint]:
    # Only of the log's present name: what it was called before is closed.
    newest = select(func.max(Checkpoint.size)).scalar_subquery()
    return list(db.session.scalars(select(Checkpoint).where(
        Checkpoint.size > known, Checkpoint.size > start, Checkpoint.cosigners < witnesses,
        or_(Checkpoint.cosigners < quorum, Checkpoint.to_stamp.is_(True), Checkpoint.size == newest))
        .order_by(Checkpoint.size).limit(AT_ONCE)))


def _judge(urls: list[str], quorum: int, clock: Clock) -> None:
    """Filings stop while so many witnesses refuse that the quorum is out of reach, and only so long."""
    refusing = {alarm.place for alarm in alarms.standing() if alarm.kind in (alarms.FORKED, alarms.RESTORED)}
    for place in refusing - set(urls):
        alarms.end((alarms.FORKED, alarms.RESTORED), place, at=clock())
    stops = len(urls) - len(refusing & set(urls)) < quorum and bool(refusing & set(urls))
    alarms.set_stops((alarms.FORKED, alarms.RESTORED), stops)


def _compare_clocks(offsets: dict[str, int], quorum: int, clock: Clock) -> None:
    """The alarm about the platform's own clock: stands while as many witnesses as the quorum contradict it the same way."""
    if not offsets:
        return
    late = [offset for offset in offsets.values() if offset > CLOCK_TOLERANCE]
    early = [offset for offset in offsets.values() if offset < -CLOCK_TOLERANCE]
    off = max(late, early, key=len)
    if len(off) >= max(1, quorum):
        if alarms.raise_alarm(alarms.CLOCK, "clock", at=clock(), stops=True, seconds=min(off, key=abs)):
            log.error("the clock differs from the witnesses'", seconds=min(off, key=abs))
    else:
        alarms.end((alarms.CLOCK,), "clock", at=clock())

"""Bring checkpoints to the witnesses, keep the cosignatures that come back, hear what they refuse."""

from __future__ import annotations

import http.client
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

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


def cosign(checkpoint: Checkpoint, ask: Ask, seen: int) -> Cosigned:
    """Have one witness cosign one checkpoint; ``seen`` is the size we believe it saw last.

    Asks a second time when the belief was wrong.
    """
    sign_by_log(checkpoint)
    for _ in range(2):
        if seen > checkpoint.size:
            return Cosigned(seen)
        path = "".join(b64encode(item).decode() + "\n" for item in service.prove_consistency(seen, checkpoint.size))
        answer = ask(f"old {seen}\n{path}\n{checkpoint.note}")
        if answer.status == 409:
            seen = int(answer.body)
            if seen > service.size():
                # It has our signature over more leaves than we have: an older state was put back.
                return Cosigned(seen, alarms.RESTORED)
            continue
        if answer.status == 422:
            return Cosigned(seen, alarms.FORKED)
        if answer.status != 200:
            log.error("a witness refused a checkpoint", status=answer.status, size=checkpoint.size)
            return Cosigned(seen)
        _keep(checkpoint, answer.body)
        return Cosigned(checkpoint.size, seconds=_seconds(answer.body))
    return Cosigned(seen)


def sign_by_log(checkpoint: Checkpoint) -> None:
    """Add the log's own ML-DSA-44 signature, outside the act's transaction, which it would slow down."""
    origin = installation.settings().log_origin
    if f"— {origin} " in checkpoint.cosignatures:
        return
    key = notes.signer_pq(installation.key("log"), "log")
    text, _ = verify.split_note(checkpoint.note)
    _keep(checkpoint, notes.cosign_pq(text, origin, key, unix(checkpoint.at)))


def _keep(checkpoint: Checkpoint, lines: str) -> None:
    """Add signature lines to a checkpoint; one that stands there already is not added again."""
    _, offered = verify.split_note(checkpoint.note + lines)
    with transaction():
        found = lock_row(Checkpoint, checkpoint.size)
        assert found is not None
        _, there = verify.split_note(found.note + found.cosignatures)
        have = {(name, blob[:4]) for name, blob in there}
        for line, (name, blob) in zip(lines.splitlines(keepends=True), offered[-lines.count("\n"):], strict=True):
            if (name, blob[:4]) not in have:
                found.cosignatures += line
        origin = installation.settings().log_origin
        found.cosigners = len({name for name, _ in verify.split_note(found.note + found.cosignatures)[1]} - {origin})


def _seconds(lines: str) -> int:
    blob = verify.unbase64(lines.split("\n")[0].split(" ")[2])
    return int.from_bytes(blob[4:12], "big")


def cosign_due(seen: dict[str, int], clock: Clock) -> int:
    """Bring checkpoints that lack cosignatures to every configured witness, oldest first.

    ``seen`` remembers between calls what each witness saw last. A witness that was away gets the
    closes, catalogues and the newest; the others need it only where the quorum is not reached.
    What a witness refuses, and clocks that differ, become alarms. Returns cosignatures gathered.
    """
    settings = installation.settings()
    urls = [url for url in settings.witness_urls.split(",") if url]
    done, offsets = 0, []
    for url in urls:
        # What we believe may be from before a backup was put back: then the witness is asked from the start.
        found = Cosigned(seen.get(url, 0) if seen.get(url, 0) <= service.size() else 0)
        try:
            for checkpoint in _waiting(found.size, len(urls), settings.witness_quorum):
                found = cosign(checkpoint, over_http(url), found.size)
                done += found.size == checkpoint.size
                if found.seconds is not None:
                    offsets.append(found.seconds - unix(clock()))
                if found.refused or found.size < checkpoint.size:
                    # Not passed over: what it signs next would shut out this one for ever.
                    break
        except OSError:
            log.warning("a witness does not answer", url=url)
            continue
        seen[url] = 0 if found.refused else found.size
        _hear(url, found, len(urls), clock)
    _compare_clocks(offsets, clock)
    return done


def _waiting(known: int, witnesses: int, quorum: int) -> list[Checkpoint]:
    newest = select(func.max(Checkpoint.size)).scalar_subquery()
    return list(db.session.scalars(select(Checkpoint).where(
        Checkpoint.size > known, Checkpoint.cosigners < witnesses,
        or_(Checkpoint.cosigners < quorum, Checkpoint.to_stamp.is_(True), Checkpoint.size == newest))
        .order_by(Checkpoint.size).limit(AT_ONCE)))


def _hear(url: str, found: Cosigned, witnesses: int, clock: Clock) -> None:
    at = clock()
    if not found.refused:
        if found.seconds is not None:
            alarms.end((alarms.FORKED, alarms.RESTORED), url, at=at)
        return
    refusing = {alarm.place for alarm in alarms.standing() if alarm.kind in (alarms.FORKED, alarms.RESTORED)} | {url}
    stops = witnesses - len(refusing) < installation.settings().witness_quorum
    for place in refusing if stops else {url}:
        if alarms.raise_alarm(found.refused, place, at=at, stops=stops, known=found.size, size=service.size()):
            log.error("a witness says that the log is not what it was", alarm=found.refused, url=place)


def _compare_clocks(offsets: list[int], clock: Clock) -> None:
    """Raise or end the alarm about the platform's own clock, by what most witnesses' clocks show."""
    if not offsets:
        return
    middle = round(median(offsets))
    if abs(middle) > CLOCK_TOLERANCE:
        if alarms.raise_alarm(alarms.CLOCK, "clock", at=clock(), stops=True, seconds=middle):
            log.error("the clock differs from the witnesses'", seconds=middle)
    else:
        alarms.end((alarms.CLOCK,), "clock", at=clock())

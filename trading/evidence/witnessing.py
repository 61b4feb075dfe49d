"""Bring checkpoints to the witnesses and keep the cosignatures that come back."""

from __future__ import annotations

import http.client
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select

from trading.base import installation
from trading.base.database import db, lock_row, transaction
from trading.evidence import service, verify
from trading.evidence.models import Checkpoint
from trading.evidence.witness import Answer

log = structlog.get_logger()

Ask = Callable[[str], Answer]


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


LARGEST_ANSWER = 4096


def cosign(checkpoint: Checkpoint, ask: Ask, seen: int) -> int:
    """Have one witness cosign one checkpoint; ``seen`` is the size we believe it saw last.

    Returns the size it knows now. Asks a second time when the belief was wrong.
    """
    for _ in range(2):
        if seen > checkpoint.size:
            return seen
        path = "".join(b64encode(item).decode() + "\n" for item in service.prove_consistency(seen, checkpoint.size))
        answer = ask(f"old {seen}\n{path}\n{checkpoint.note}")
        if answer.status == 409:
            seen = int(answer.body)
            continue
        if answer.status != 200:
            log.error("a witness refused a checkpoint", status=answer.status, size=checkpoint.size)
            return seen
        _keep(checkpoint, answer.body)
        return checkpoint.size
    return seen


def _keep(checkpoint: Checkpoint, lines: str) -> None:
    verify.split_note(checkpoint.note + lines)
    with transaction():
        found = lock_row(Checkpoint, checkpoint.size)
        assert found is not None
        if lines not in found.cosignatures:
            found.cosignatures += lines


def cosign_due(seen: dict[str, int]) -> int:
    """Bring every checkpoint that lacks a cosignature to the configured witnesses, oldest first.

    ``seen`` remembers between calls what each witness saw last. Returns cosignatures gathered.
    """
    urls = [url for url in installation.settings().witness_urls.split(",") if url]
    waiting = db.session.scalars(select(Checkpoint).where(Checkpoint.cosignatures == "").order_by(Checkpoint.size)
                                 .limit(50)).all()
    done = 0
    for checkpoint in waiting:
        for url in urls:
            try:
                seen[url] = cosign(checkpoint, over_http(url), seen.get(url, 0))
                done += seen[url] == checkpoint.size
            except OSError:
                log.warning("a witness does not answer", url=url)
    return done

"""The pages that people take home to work without a network: what was built, and that its hashes are in the log."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from trading.archive.verifier import ROOT
from trading.base import assets
from trading.base.database import db
from trading.evidence import service as evidence
from trading.evidence.models import Entry

SEAL, TRUSTEE = "seal.html", "trustee.html"
PUBLISHED = "tools.published"


def built(name: str) -> bytes | None:
    """A page as it was built; None where the assets were not."""
    file = assets.dist(ROOT) / name
    return file.read_bytes() if file.is_file() else None


def hashes() -> dict[str, str]:
    """SHA-256 of every page of one file that this installation hands out."""
    found = {name: built(name) for name in assets.ONE_FILE_PAGES}
    return {name: sha256(data).hexdigest() for name, data in found.items() if data is not None}


def last_published() -> Entry | None:
    """The entry of the log that names the hashes of the newest build."""
    return db.session.scalars(select(Entry).where(Entry.kind == PUBLISHED).order_by(Entry.seq.desc()).limit(1)).first()


def publish(*, at: datetime) -> str:
    """Put the hashes into the log, once for each build, and give that of the sealing tool, or nothing.

    Within the caller's transaction. Two that begin a build's first session at once may both write it.
    """
    found, last = hashes(), last_published()
    if found and (last is None or last.event is None or last.event["sha256"] != found):
        evidence.record(PUBLISHED, actor="centre", at=at, sha256=found)
    return found.get(SEAL, "")

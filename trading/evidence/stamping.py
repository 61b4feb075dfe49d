"""Have outside authorities say when they saw a checkpoint (RFC 3161).

Closes and catalogues are stamped: whoever later moves the log's clock, or all witnesses' clocks, moves
not theirs. The authorities' root certificates are pinned in ``<instance>/tsa-roots.pem``.
"""

from __future__ import annotations

import secrets
import urllib.request
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from sqlalchemy import false, or_, select

from trading.base import installation
from trading.base.clock import Clock
from trading.base.database import db, transaction
from trading.evidence import authority, verify
from trading.evidence.models import Checkpoint, Stamp

log = structlog.get_logger()

Ask = Callable[[bytes], bytes]
LARGEST_ANSWER = 64 * 1024
AT_ONCE = 50


def over_http(url: str) -> Ask:
    """Ask the authority at ``url`` (RFC 3161, 3.4)."""
    def ask(body: bytes) -> bytes:
        request = urllib.request.Request(url, body, {"Content-Type": "application/timestamp-query"}, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            data: bytes = answer.read(LARGEST_ANSWER)
            return data
    return ask


def roots() -> list[x509.Certificate]:
    """Root certificates of the authorities that this installation trusts; none where it names none."""
    path = installation.settings().instance / "tsa-roots.pem"
    return _read(path, path.stat().st_mtime_ns) if path.exists() else []


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def names() -> list[str]:
    """The authorities as a session names them: common name, +, SHA-256 of the root certificate."""
    return [f"{_name(root)}+{fingerprint(root)}" for root in roots()]


def _name(root: x509.Certificate) -> str:
    found = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value).replace("+", " ") if found else "?"


def fingerprint(root: x509.Certificate) -> str:
    return root.fingerprint(SHA256()).hex()


def stamp(checkpoint: Checkpoint, ask: Ask, clock: Clock) -> str:
    """Have one authority stamp one checkpoint; gives the authority. Raises verify.Invalid for a bad answer."""
    text = verify.split_note(checkpoint.note)[0].encode()
    nonce = secrets.randbits(63)
    response = ask(authority.query(text, nonce))
    found = verify.check_stamp(response, text, roots(), nonce)
    with transaction() as session:
        if session.get(Stamp, (checkpoint.size, found.root)) is None:
            session.add(Stamp(size=checkpoint.size, authority=found.root, response=response, stated_at=found.at, at=clock()))
    return found.root


def stamp_due(clock: Clock) -> int:
    """Bring every checkpoint that is to be stamped to the authorities that have not stamped it. Returns stamps gathered."""
    urls = [url for url in installation.settings().tsa_urls.split(",") if url]
    if not urls:
        return 0
    done = 0
    for url in urls:
        for checkpoint in _waiting(_root_of.get(url)):
            try:
                _root_of[url] = stamp(checkpoint, over_http(url), clock)
                done += 1
            except verify.Invalid as error:
                log.error("a time-stamping authority answered badly", url=url, why=str(error))
            except Exception as error:
                # It is asked again in the next round; the other authorities are asked now.
                log.warning("a time-stamping authority does not answer", url=url, kind=type(error).__name__)
                db.session.rollback()
                break
    return done


#: Which root an address answered with last: what it has stamped already is not asked again.
_root_of: dict[str, str] = {}


def _waiting(known: str | None) -> list[Checkpoint]:
    """Checkpoints to be stamped that lack the stamp of an authority (of any, where it is not known which), newest first."""
    wanted = [known] if known else [fingerprint(root) for root in roots()]
    lacking = [~select(Stamp.size).where(Stamp.size == Checkpoint.size, Stamp.authority == name).exists() for name in wanted]
    return list(db.session.scalars(select(Checkpoint).where(Checkpoint.to_stamp.is_(True), or_(false(), *lacking))
                                   .order_by(Checkpoint.size.desc()).limit(AT_ONCE)))


def stamps_of(size: int) -> list[Stamp]:
    """What the authorities answered for one checkpoint."""
    return list(db.session.scalars(select(Stamp).where(Stamp.size == size).order_by(Stamp.authority)))

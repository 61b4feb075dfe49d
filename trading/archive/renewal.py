"""Renew the evidence of sealed packs (3.4 of the protocol's plan): new hashes over the old pack and the last renewal.

Signatures and hashes age. Once a year, or when an algorithm is given up, each pack is hashed anew with two hash
functions (SHA-512 and SM3) together with the renewal before it; that goes into the log, is witnessed and stamped. A pack
is then as old as its first renewal shows, whatever became of the algorithms since. RFC 4998 in its meaning, as JSON.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SM3, Hash
from sqlalchemy import func, select

from trading.archive.models import Pack, Renewal
from trading.base import installation
from trading.base.database import db, lock_row, transaction
from trading.evidence import service as evidence
from trading.evidence import stamping
from trading.evidence.models import Checkpoint, Entry
from trading.evidence.verify import canonical, tagged
from trading.projects import service as projects

log = structlog.get_logger()

#: How old the newest evidence of a pack may grow.
EVERY = timedelta(days=365)


def renew(lot_id: int, *, actor: str, at: datetime, unless_younger: timedelta | None = None) -> Renewal:
    """Renew one pack's evidence now. Raises AssertionError where there is no pack.

    ``unless_younger``: what another process renewed within that time meanwhile stays as it is, and is given.
    """
    pack = db.session.get(Pack, lot_id)
    assert pack is not None
    sha512, sm3 = hashes_of(pack)
    with transaction() as session:
        lock_row(Pack, lot_id)
        before = renewals(lot_id)
        if before and unless_younger is not None and before[-1].at > at - unless_younger:
            return before[-1]
        lot = projects.get_lot(lot_id)
        document = {"v": 1, "type": "mingtang-renewal", "lot": lot.code, "number": len(before) + 1, "at": int(at.timestamp()),
                    "previous": tagged("renewal", canonical(before[-1].document)).hex() if before else "",
                    "pack_sha512": sha512, "pack_sm3": sm3}
        written = evidence.record("archive.renewed", actor=actor, at=at, lot=lot.code, number=document["number"],
                                  renewal=tagged("renewal", canonical(document)).hex())
        made = Renewal(lot_id=lot_id, number=len(before) + 1, document=document, seq=written.seq,
                       checkpoint_size=evidence.checkpoint(at, stamp=True).size, at=at)
        session.add(made)
        session.flush()
        return made


def hashes_of(pack: Pack) -> tuple[str, str]:
    """SHA-512 and SM3 (GB/T 32905) of a pack's bytes, hex."""
    one, two = hashlib.sha512(), Hash(SM3())
    for chunk in installation.files().chunks(pack.stored):
        one.update(chunk)
        two.update(chunk)
    return one.hexdigest(), two.finalize().hex()


def renewals(lot_id: int) -> list[Renewal]:
    return list(db.session.scalars(select(Renewal).where(Renewal.lot_id == lot_id).order_by(Renewal.number)))


def renew_due(at: datetime) -> int:
    """Renew every pack whose newest evidence is a year old. Returns packs renewed."""
    newest = select(func.max(Renewal.at)).where(Renewal.lot_id == Pack.lot_id).scalar_subquery()
    due = db.session.scalars(select(Pack.lot_id).where(Pack.disposed_at.is_(None), func.coalesce(newest, Pack.sealed_at) <= at - EVERY).order_by(Pack.lot_id).limit(50)).all()
    done = 0
    for lot_id in due:
        try:
            renew(lot_id, actor="timetable", at=at, unless_younger=EVERY)
            done += 1
        except Exception:
            # A pack whose file is gone must not keep the others from being renewed.
            log.exception("a pack could not be renewed", lot=lot_id)
            db.session.rollback()
    return done


def export(lot_id: int) -> dict[str, Any]:
    """All renewals of a pack with their proofs and time stamps, as the verifier reads them (``--renewals``)."""
    found = []
    for item in renewals(lot_id):
        checkpoint = db.session.get(Checkpoint, item.checkpoint_size, populate_existing=True)
        entry = db.session.get(Entry, item.seq, populate_existing=True)
        assert checkpoint is not None and entry is not None
        proof = evidence.prove(item.seq, checkpoint)
        found.append({
            "document": item.document, "event": entry.event, "nonce": (entry.nonce or b"").hex(), "index": proof.index,
            "path": [b64encode(h).decode() for h in proof.path], "note": checkpoint.note + checkpoint.cosignatures,
            "stamps": [b64encode(stamp.response).decode() for stamp in stamping.stamps_of(checkpoint.size)]})
    roots = b"".join(root.public_bytes(serialization.Encoding.PEM) for root in stamping.roots()).decode()
    return {"v": 1, "type": "mingtang-renewals", "log": evidence.log_verifier_key(), "roots": roots, "renewals": found}

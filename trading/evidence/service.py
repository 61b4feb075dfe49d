"""Write acts into the evidence log, sign checkpoints, give proofs.

``record`` runs inside the transaction of the act itself: both are kept or neither.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import rfc8785
from sqlalchemy import insert, select, update

from trading.base import installation
from trading.base.clock import unix_ms
from trading.base.database import EPOCH, db, in_transaction, transaction
from trading.evidence import notes, tree
from trading.evidence.models import Checkpoint, Entry, Head, Node
from trading.evidence.verify import tagged

SEALED_PAD = 1024


@dataclass(frozen=True)
class Written:
    """Where an act stands in the log, and the nonce that blinds its leaf."""

    seq: int
    nonce: bytes
    event: dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """Leaf number, path and the signed checkpoint that contains it."""

    index: int
    path: list[bytes]
    note: str
    cosignatures: str

    def text(self) -> str:
        """As a ``.tlog-proof`` (c2sp.org/tlog-proof)."""
        lines = "".join(f"{b64encode(h).decode()}\n" for h in self.path)
        return f"c2sp.org/tlog-proof@v1\nindex {self.index}\n{lines}\n{self.note}{self.cosignatures}"


def leaf_data(nonce: bytes, event: dict[str, Any]) -> bytes:
    """The 32 bytes that stand for an act in the tree; without the nonce they say nothing."""
    return tagged("leaf", nonce + rfc8785.dumps(event))


def record(kind: str, /, *, actor: str, at: datetime, lot: str | None = None,
           project: str | None = None, **facts: Any) -> Written:
    """Write one act that may be known at once."""
    written, data = _prepare(kind, actor, at, lot, project, facts)
    _add(written, data, kind=kind, lot=lot, project=project, at=at, actor=actor,
         nonce=written.nonce, event=written.event, box=None)
    return written


def record_sealed(kind: str, /, *, actor: str, at: datetime, lot: str | None = None,
                  project: str | None = None, **facts: Any) -> Written:
    """Write one act whose very existence is secret until ``reveal``."""
    written, data = _prepare(kind, actor, at, lot, project, facts)
    box = installation.boxes().close(
        {"nonce": written.nonce.hex(), "event": written.event}, f"evidence/{data.hex()}", pad=SEALED_PAD)
    _add(written, data, kind="sealed", lot=None, project=None, at=None, actor=None, nonce=None,
         event=None, box=box)
    return written


def open_sealed(entry: Entry) -> tuple[bytes, dict[str, Any]]:
    """Read a sealed entry (only callers who may know ask)."""
    assert entry.box is not None
    content = installation.boxes().open(entry.box, f"evidence/{entry.data.hex()}")
    return bytes.fromhex(content["nonce"]), content["event"]


def reveal(seqs: list[int]) -> None:
    """Let sealed acts be known: their content moves from the box into the open."""
    assert in_transaction()
    for entry in db.session.scalars(select(Entry).where(Entry.seq.in_(seqs), Entry.box.is_not(None))):
        nonce, event = open_sealed(entry)
        db.session.execute(
            update(Entry).where(Entry.seq == entry.seq).values(
                kind=event["type"], lot=event.get("lot"), project=event.get("project"),
                at=_moment(event["at_ms"]), actor=event["actor"], nonce=nonce, event=event, box=None)
            .execution_options(synchronize_session=False))


def checkpoint(at: datetime) -> Checkpoint:
    """Sign the present size and root; the same size is signed once."""
    with transaction() as session:
        head = _locked_head()
        existing = session.get(Checkpoint, head.size)
        if existing is not None:
            return existing
        origin = installation.settings().log_origin
        text = notes.checkpoint_text(origin, head.size, tree.root_of(_peaks(head)))
        made = Checkpoint(size=head.size, at=at, cosignatures="",
                          note=notes.sign(text, origin, notes.signer(installation.key("log"), "log")))
        session.add(made)
        session.flush()
        return made


def size() -> int:
    head = db.session.get(Head, 1, populate_existing=True)
    return head.size if head else 0


def prove(index: int, at_checkpoint: Checkpoint | None = None) -> Proof:
    """Proof that a leaf is in the log, against one checkpoint or the newest that covers it."""
    found = at_checkpoint or first_checkpoint_after(index)
    return Proof(index, tree.inclusion_path(index, found.size, _get), found.note, found.cosignatures)


def first_checkpoint_after(index: int) -> Checkpoint:
    """The first signed checkpoint that covers a leaf."""
    found = db.session.scalars(select(Checkpoint).where(Checkpoint.size > index).order_by(Checkpoint.size).limit(1)).first()
    if found is None:
        raise ValueError("no checkpoint covers the entry yet")
    return found


def prove_consistency(old: int, new: int) -> list[bytes]:
    return tree.consistency_path(old, new, _get)


def log_verifier_key() -> str:
    """The log's public key, for those who check."""
    key = notes.signer(installation.key("log"), "log")
    return notes.verifier_key(installation.settings().log_origin, notes.ED25519, notes.raw_public_key(key))


def _prepare(kind: str, actor: str, at: datetime, lot: str | None, project: str | None,
             facts: dict[str, Any]) -> tuple[Written, bytes]:
    event: dict[str, Any] = {"type": kind, "actor": actor, "at_ms": unix_ms(at), **facts}
    if lot is not None:
        event["lot"] = lot
    if project is not None:
        event["project"] = project
    nonce = secrets.token_bytes(32)
    return Written(_locked_head().size, nonce, event), leaf_data(nonce, event)


def _add(written: Written, data: bytes, **columns: Any) -> None:
    head = _locked_head()
    peaks, nodes = tree.append(head.size, _peaks(head), data)
    session = db.session
    session.execute(insert(Entry).values(seq=head.size, data=data, **columns))
    session.execute(insert(Node), [{"level": level, "index": i, "hash": h} for level, i, h in nodes])
    session.execute(update(Head).where(Head.id == 1).values(size=head.size + 1, peaks=b"".join(peaks))
                    .execution_options(synchronize_session=False))
    session.expire(head)


def _locked_head() -> Head:
    assert in_transaction(), "evidence is written in the transaction of the act"
    head = db.session.get(Head, 1, with_for_update=True, populate_existing=True)
    if head is None:
        head = Head(id=1, size=0, peaks=b"")
        db.session.add(head)
        db.session.flush()
    return head


def _peaks(head: Head) -> list[bytes]:
    return [head.peaks[i:i + 32] for i in range(0, len(head.peaks), 32)]


def _get(level: int, index: int) -> bytes:
    node = db.session.get(Node, (level, index))
    assert node is not None
    return node.hash


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)

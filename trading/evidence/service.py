"""Write acts into the evidence log, sign checkpoints, give proofs.

``record`` runs inside the transaction of the act itself: both are kept or neither.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from trading.base import installation
from trading.base.clock import unix_ms
from trading.base.database import EPOCH, db, in_transaction, transaction
from trading.evidence import notes, tree
from trading.evidence.models import Checkpoint, Entry, Head, Node
from trading.evidence.verify import canonical, parse_checkpoint, split_note, tagged

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
    return tagged("leaf", nonce + canonical(event))


def record(kind: str, /, *, actor: str, at: datetime, lot: str | None = None,
           project: str | None = None, **facts: Any) -> Written:
    """Write one act that may be known at once."""
    written, data, peaks = _prepare(kind, actor, at, lot, project, facts)
    _add(written.seq, peaks, data, kind=kind, lot=lot, project=project, at=at, actor=actor,
         nonce=written.nonce, event=written.event, box=None)
    return written


def record_sealed(kind: str, /, *, actor: str, at: datetime, lot: str | None = None,
                  project: str | None = None, **facts: Any) -> Written:
    """Write one act whose very existence is secret until ``reveal``."""
    written, data, peaks = _prepare(kind, actor, at, lot, project, facts)
    box = installation.boxes().close(
        {"nonce": written.nonce.hex(), "event": written.event}, f"evidence/{data.hex()}", pad=SEALED_PAD)
    _add(written.seq, peaks, data, kind="sealed", lot=None, project=None, at=None, actor=None, nonce=None,
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
        size, peaks = _locked_head()
        existing = session.get(Checkpoint, size)
        if existing is not None:
            return existing
        origin = installation.settings().log_origin
        text = notes.checkpoint_text(origin, size, tree.root_of(_peaks(peaks)))
        made = Checkpoint(size=size, at=at, cosignatures="",
                          note=notes.sign(text, origin, notes.signer(installation.key("log"), "log")))
        session.add(made)
        session.flush()
        return made


def checkpoint_if_grown(at: datetime) -> bool:
    """Sign a new checkpoint when the log has grown since the last one."""
    newest = db.session.scalar(select(Checkpoint.size).order_by(Checkpoint.size.desc()).limit(1)) or 0
    if size() <= newest:
        return False
    checkpoint(at)
    return True


def size() -> int:
    return db.session.scalar(select(Head.size).where(Head.id == 1)) or 0


def prove(index: int, at_checkpoint: Checkpoint | None = None) -> Proof:
    """Proof that a leaf is in the log, against one checkpoint or the newest that covers it."""
    return prove_all([index], at_checkpoint or first_checkpoint_after(index))[0]


def prove_all(indexes: list[int], found: Checkpoint) -> list[Proof]:
    """Proofs of many leaves against one checkpoint, read from the database together."""
    paths = _from_nodes(lambda get: [tree.inclusion_path(index, found.size, get) for index in indexes])
    return [Proof(index, path, found.note, found.cosignatures) for index, path in zip(indexes, paths, strict=True)]


def is_included(index: int, data: bytes) -> bool:
    """Whether a leaf stands in the newest signed checkpoint that covers it."""
    found = db.session.scalar(select(Checkpoint).where(Checkpoint.size > index).order_by(Checkpoint.size.desc()).limit(1))
    if found is None:
        return False
    _, size, root = parse_checkpoint(split_note(found.note)[0])
    return tree.verify_inclusion(index, size, tree.leaf_hash(data), prove(index, found).path, root)


def first_checkpoint_after(index: int) -> Checkpoint:
    """The first signed checkpoint that covers a leaf."""
    found = db.session.scalars(select(Checkpoint).where(Checkpoint.size > index).order_by(Checkpoint.size).limit(1)).first()
    if found is None:
        raise ValueError("no checkpoint covers the entry yet")
    return found


def prove_consistency(old: int, new: int) -> list[bytes]:
    return _from_nodes(lambda get: tree.consistency_path(old, new, get))


def _from_nodes(work: Callable[[tree.Get], Any]) -> Any:
    """Do some work over tree nodes twice: once to learn which it needs, once with all of them read."""
    wanted: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return b""

    work(note)
    found: dict[tuple[int, int], bytes] = {}
    places = sorted(wanted)
    for start in range(0, len(places), 500):
        # Every wanted level with every wanted index, a few rows too many: for pairs SQLite reads the whole table.
        levels, indexes = (sorted(set(side)) for side in zip(*places[start:start + 500], strict=True))
        for level, index, value in db.session.execute(select(Node.level, Node.index, Node.hash).where(
                Node.level.in_(levels), Node.index.in_(indexes))):
            found[level, index] = value
    return work(lambda level, index: found[level, index])


def log_verifier_key() -> str:
    """The log's public key, for those who check."""
    key = notes.signer(installation.key("log"), "log")
    return notes.verifier_key(installation.settings().log_origin, notes.ED25519, notes.raw_public_key(key))


def _prepare(kind: str, actor: str, at: datetime, lot: str | None, project: str | None,
             facts: dict[str, Any]) -> tuple[Written, bytes, bytes]:
    event: dict[str, Any] = {"type": kind, "actor": actor, "at_ms": unix_ms(at), **facts}
    if lot is not None:
        event["lot"] = lot
    if project is not None:
        event["project"] = project
    nonce = secrets.token_bytes(32)
    size, peaks = _locked_head()
    return Written(size, nonce, event), leaf_data(nonce, event), peaks


def _add(size: int, old_peaks: bytes, data: bytes, **columns: Any) -> None:
    # Plain statements: this runs with every act, and the unit of work would triple its cost.
    peaks, nodes = tree.append(size, _peaks(old_peaks), data)
    session = db.session
    session.execute(insert(Entry), [{"seq": size, "data": data, **columns}])
    session.execute(insert(Node), [{"level": level, "index": i, "hash": h} for level, i, h in nodes])
    session.execute(update(Head).where(Head.id == 1).values(size=size + 1, peaks=b"".join(peaks))
                    .execution_options(synchronize_session=False))


def _locked_head() -> tuple[int, bytes]:
    """Size and peaks under a lock that lasts until the end of the transaction."""
    assert in_transaction(), "evidence is written in the transaction of the act"
    row = db.session.execute(select(Head.size, Head.peaks).where(Head.id == 1).with_for_update()).first()
    if row is None:
        db.session.execute(insert(Head), [{"id": 1, "size": 0, "peaks": b""}])
        return 0, b""
    return row.size, row.peaks


def _peaks(joined: bytes) -> list[bytes]:
    return [joined[i:i + 32] for i in range(0, len(joined), 32)]


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)

"""Write acts into the evidence log, sign checkpoints, give proofs.

``record`` runs inside the transaction of the act itself: both are kept or neither.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, insert, literal_column, select, text, update

from trading.base import installation, row_seals
from trading.base.clock import unix_ms
from trading.base.database import EPOCH, Plain, connection, db, in_transaction, transaction
from trading.evidence import notes, tree
from trading.evidence.models import Checkpoint, Entry, Head, Node
from trading.evidence.verify import SPAN, canonical, origin_at, parse_checkpoint, split_note, tagged

SEALED_PAD = 1024


@dataclass(frozen=True)
class Written:
    """Where an act stands in the log, and the nonce that blinds its leaf."""

    seq: int
    nonce: bytes
    event: dict[str, Any]


# --- names of the log ---------------------------------------------------------------------------
#
# After a log had to be restored it goes on under another name with a tree of its own (docs/decisions/012).
# Its entries, nodes and checkpoints stay in the same tables: numbers and sizes of the tree number e lie SPAN * e
# higher, so that order by number is order in time and no two trees share a node.


def place(number: int) -> int:
    """An entry's leaf number, or a checkpoint's size, in its own tree."""
    return number % SPAN


def origin(number: int | None = None) -> str:
    """The log's name, now or that under which an entry or checkpoint of this number stands."""
    return origin_at(installation.settings().log_origin, (size() if number is None else number) // SPAN)


def _same_tree(one: int, other: int) -> int:
    """Where the tree of two numbers begins."""
    if one // SPAN != other // SPAN:
        raise ValueError("two trees have no proof in common")
    return one - place(one)


def _above(get: tree.Get, start: int) -> tree.Get:
    """Nodes of the tree that begins at ``start``, as if it began at 0."""
    return lambda level, index: get(level, (start >> level) + index)


@dataclass(frozen=True)
class Proof:
    """Leaf number in its tree, path and the signed checkpoint that contains it."""

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


@dataclass(frozen=True)
class Act:
    """A past event as it will stand in the log: its kind, who, when, about what, with which facts."""

    kind: str
    actor: str
    at: datetime
    lot: str | None = None
    project: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = {"type": self.kind, "actor": self.actor, "at_ms": unix_ms(self.at), **self.facts}
        if self.lot is not None:
            event["lot"] = self.lot
        if self.project is not None:
            event["project"] = self.project
        return event


def record(kind: str, /, *, actor: str, at: datetime, lot: str | None = None,
           project: str | None = None, **facts: Any) -> Written:
    """Write one act that may be known at once."""
    return record_all([Act(kind, actor, at, lot, project, facts)])[0]


def record_all(acts: list[Act]) -> list[Written]:
    """Write several acts that may be known at once, one after the other, as cheaply as one."""
    written, rows = [], []
    for act in acts:
        nonce, event = secrets.token_bytes(32), act.event()
        rows.append({"data": leaf_data(nonce, event), "kind": act.kind, "lot": act.lot, "project": act.project, "at": act.at,
                     "actor": act.actor, "nonce": nonce, "event": event, "box": None})
        written.append((nonce, event))
    first = _append(rows)
    return [Written(first + number, nonce, event) for number, (nonce, event) in enumerate(written)]


def mark_close(session: str, *, at: datetime, lot: str | None) -> Written:
    """Write the open mark that goes before a session's closing entry (verify.close_marker)."""
    event = {"type": "session.closing", "actor": "", "at_ms": 0, "session": session}
    seq = _append([{"data": leaf_data(bytes(32), event), "kind": "session.closing", "lot": lot, "project": None, "at": at, "actor": "",
                    "nonce": bytes(32), "event": event, "box": None}])
    return Written(seq, bytes(32), event)


def leaves(first: int, size: int) -> bytes:
    """The leaves from ``first`` up to a size, 32 bytes each, in order."""
    rows = connection().execute(_READ_LEAVES, {"first": first, "size": size})
    return b"".join(row.data for row in rows)


def peaks_at(size: int) -> list[bytes]:
    """The complete subtrees that make up the first ``size`` leaves, largest first."""
    places, start = [], size - place(size)
    for level in range(place(size).bit_length() - 1, -1, -1):
        if size >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    found = _from_nodes(lambda get: [get(level, index) for level, index in places])
    return list(found)


def record_sealed(kind: str, /, *, actor: str, at: datetime, lot: str | None = None,
                  project: str | None = None, **facts: Any) -> Written:
    """Write one act whose very existence is secret until ``reveal``."""
    return record_all_sealed([Act(kind, actor, at, lot, project, facts)])[0]


def record_all_sealed(acts: list[Act]) -> list[Written]:
    """Write several secret acts one after the other, as cheaply as one."""
    written, rows = [], []
    for act in acts:
        nonce, event = secrets.token_bytes(32), act.event()
        data = leaf_data(nonce, event)
        box = installation.boxes().close({"nonce": nonce.hex(), "event": event}, f"evidence/{data.hex()}", pad=SEALED_PAD)
        rows.append({"data": data, "kind": "sealed", "lot": None, "project": None, "at": None, "actor": None, "nonce": None,
                     "event": None, "box": box})
        written.append((nonce, event))
    first = _append(rows)
    return [Written(first + number, nonce, event) for number, (nonce, event) in enumerate(written)]


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


def checkpoint(at: datetime, *, stamp: bool = False) -> Checkpoint:
    """Sign the present size and root; the same size is signed once.

    ``stamp`` asks for time stamps of outside authorities over it (trading/evidence/stamping.py).
    """
    with transaction():
        size, peaks = _locked_head(connection())
        existing = connection().execute(_READ_CHECKPOINT, {"size": size}).first()
        if existing is not None:
            if stamp:
                connection().execute(_ASK_STAMP, {"which": size})
                row_seals.touch("evidence_checkpoint", [(size,)])
            return Checkpoint(**existing._mapping)
        name = origin(size)
        text = notes.checkpoint_text(name, place(size), tree.root_of(_peaks(peaks)))
        made = Checkpoint(size=size, at=at, cosignatures="", to_stamp=stamp, cosigners=0,
                          note=notes.sign(text, name, notes.signer(installation.key("log"), "log")))
        row = {"size": size, "at": at, "note": made.note, "cosignatures": "", "cosigners": 0, "to_stamp": stamp}
        connection().execute(_INSERT_CHECKPOINT, row | {"marks": row_seals.own_marks("evidence_checkpoint", row)})
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
    starts = [_same_tree(index, found.size) for index in indexes]
    paths = _from_nodes(lambda get: [tree.inclusion_path(place(index), place(found.size), _above(get, start))
                                     for index, start in zip(indexes, starts, strict=True)])
    return [Proof(place(index), path, found.note, found.cosignatures) for index, path in zip(indexes, paths, strict=True)]


def is_included(index: int, data: bytes) -> bool:
    """Whether a leaf stands in the newest signed checkpoint that covers it."""
    found = db.session.scalar(select(Checkpoint).where(Checkpoint.size > index, Checkpoint.size < _end(index))
                              .order_by(Checkpoint.size.desc()).limit(1))
    if found is None:
        return False
    _, size, root = parse_checkpoint(split_note(found.note)[0])
    return tree.verify_inclusion(place(index), size, tree.leaf_hash(data), prove(index, found).path, root)


def _end(number: int) -> int:
    """Where the numbers of the next tree begin."""
    return number - place(number) + SPAN


def first_checkpoint_after(index: int) -> Checkpoint:
    """The first signed checkpoint that covers a leaf."""
    found = db.session.scalars(select(Checkpoint).where(Checkpoint.size > index, Checkpoint.size < _end(index))
                               .order_by(Checkpoint.size).limit(1)).first()
    if found is None:
        raise ValueError("no checkpoint covers the entry yet")
    return found


def prove_consistency(old: int, new: int) -> list[bytes]:
    start = _same_tree(old, new)
    return _from_nodes(lambda get: tree.consistency_path(place(old), place(new), _above(get, start)))


def go_on(act: Act) -> Written:
    """Begin the log's next name with this act as its first leaf; its tree holds nothing of the one before.

    The log as it stands is signed under its name first: to that size and root the act commits.
    """
    with transaction():
        at = act.at
        size, _ = _locked_head(connection())
        assert place(size) and checkpoint(at).size == size
        _MOVE_HEAD.run(connection(), {"size": _end(size), "peaks": b""})
        written = record(act.kind, actor=act.actor, at=at, **act.facts)
        assert place(written.seq) == 0
        checkpoint(at, stamp=True)
        return written


def _from_nodes(work: Callable[[tree.Get], Any]) -> Any:
    """Do some work over tree nodes twice: once to learn which it needs, once with all of them read."""
    wanted: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return b""

    work(note)
    found: dict[tuple[int, int], bytes] = {}
    places = sorted(wanted)
    here = connection()
    for start in range(0, len(places), 2000):
        # One statement whatever the number of places, each of which is one look into the primary key.
        part = places[start:start + 2000]
        if here.dialect.name == "postgresql":
            rows = here.execute(_READ_NODES_POSTGRES, {"levels": [level for level, _ in part], "indexes": [index for _, index in part]})
        else:
            rows = here.execute(_READ_NODES_SQLITE, {"places": json.dumps(part)})
        for level, index, value in rows:
            found[level, index] = value
    return work(lambda level, index: found[level, index])


def log_verifier_key(number: int | None = None) -> str:
    """The log's public key, for those who check: under its name now, or at an entry or checkpoint."""
    key = notes.signer(installation.key("log"), "log")
    return notes.verifier_key(origin(number), notes.ED25519, notes.raw_public_key(key))


def log_verifier_key_pq(number: int | None = None) -> str:
    """The log's second public key (ML-DSA-44), for the signature that outlives the first algorithm."""
    key = notes.signer_pq(installation.key("log"), "log")
    return notes.verifier_key(origin(number), notes.ML_DSA_44, key.public_key().public_bytes_raw())


def _append(rows: list[dict[str, Any]]) -> int:
    """Add entries to the log and the tree; gives the number of the first."""
    # Plain statements: this runs with every act, and the unit of work would triple its cost.
    here = connection()
    first, joined = _locked_head(here)
    assert place(first) + len(rows) < SPAN, "the log is full"
    peaks, nodes = _peaks(joined), []
    for number, row in enumerate(rows):
        row["seq"] = first + number
        peaks, new = tree.append(first + number, peaks, row["data"])
        nodes += new
    _INSERT_ENTRY.run(here, *rows)
    _INSERT_NODE.run(here, *[{"level": level, "i": i, "hash": h} for level, i, h in nodes])
    _MOVE_HEAD.run(here, {"size": first + len(rows), "peaks": b"".join(peaks)})
    return first


def _locked_head(here: Connection) -> tuple[int, bytes]:
    """Size and peaks under a lock that lasts until the end of the transaction."""
    assert in_transaction(), "evidence is written in the transaction of the act"
    row = _READ_HEAD.run(here).fetchone()
    if row is None:
        here.execute(insert(Head.__table__), {"id": 1, "size": 0, "peaks": b""})  # type: ignore[arg-type]
        return 0, b""
    return row[0], bytes(row[1])


_HEAD: Any = Head.__table__
_READ_HEAD = Plain(select(_HEAD.c.size, _HEAD.c.peaks).where(_HEAD.c.id == literal_column("1")).with_for_update())
_MOVE_HEAD = Plain(update(_HEAD).where(_HEAD.c.id == literal_column("1")), "size", "peaks")
_INSERT_ENTRY = Plain(insert(cast(Table, Entry.__table__)), "seq", "data", "kind", "lot", "project", "at", "actor", "nonce", "event", "box")
_ENTRY: Any = Entry.__table__
_READ_LEAVES = select(_ENTRY.c.data).where(_ENTRY.c.seq >= bindparam("first"), _ENTRY.c.seq < bindparam("size")).order_by(_ENTRY.c.seq)
# CROSS JOIN keeps the order of the two: for pairs in an IN list SQLite would read the whole table.
_READ_NODES_SQLITE = text(
    "SELECT node.level, node.i, node.hash FROM json_each(:places) AS place CROSS JOIN evidence_node AS node"
    " ON node.level = json_extract(place.value, '$[0]') AND node.i = json_extract(place.value, '$[1]')")
_READ_NODES_POSTGRES = text(
    "SELECT node.level, node.i, node.hash FROM unnest(CAST(:levels AS bigint[]), CAST(:indexes AS bigint[])) AS place(level, i)"
    " JOIN evidence_node AS node ON node.level = place.level AND node.i = place.i")
_CHECKPOINT: Any = Checkpoint.__table__
_READ_CHECKPOINT = select(_CHECKPOINT).where(_CHECKPOINT.c.size == bindparam("size"))
_INSERT_CHECKPOINT = insert(_CHECKPOINT)
_ASK_STAMP = update(_CHECKPOINT).where(_CHECKPOINT.c.size == bindparam("which")).values(to_stamp=True)
_INSERT_NODE = Plain(insert(cast(Table, Node.__table__)), "level", "i", "hash")


def _peaks(joined: bytes) -> list[bytes]:
    return [joined[i:i + 32] for i in range(0, len(joined), 32)]


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)

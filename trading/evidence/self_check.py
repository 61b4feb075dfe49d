"""Whether the log's tables are what the log says: every entry, every node of the tree, head and checkpoints.

Nothing is taken from the row seals (trading/base/row_seals.py): leaves are computed from what
the entries tell, nodes from the leaves, roots from the nodes, and those are held to the signed
checkpoints.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Generator, Iterator
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from trading.base import installation
from trading.base.boxes import BoxDamaged
from trading.base.clock import unix_ms
from trading.base.row_seals import Found
from trading.evidence import service, tree, verify
from trading.evidence.models import Checkpoint, Entry, Head, Node

AT_ONCE = 1000
_ENTRY: Any = Entry.__table__
_NODE: Any = Node.__table__
_CHECKPOINT: Any = Checkpoint.__table__


#: An entry that holds the totals of all tables, never revealed.
TOTALS = "database.totals"


def changed(here: Connection, totals: dict[str, list[Any]] | None = None) -> Iterator[Found]:
    """Every place of the log's tables that does not fit; ``here`` must show one moment throughout.

    ``totals`` is filled with the newest totals of all tables that the log holds.
    """
    head = here.execute(select(Head.__table__)).first()
    size, peaks = (head.size, head.peaks) if head else (0, b"")
    signed = {row.size: row.note for row in here.execute(select(_CHECKPOINT.c.size, _CHECKPOINT.c.note))}
    entries = _Entries(here)
    yield from entries.read(signed)
    if totals is not None:
        totals.update(entries.totals)
    if head is not None and head.id != 1:
        yield Found("evidence_head", str(head.id), "id", "changed")
    if size != entries.size:
        yield Found("evidence_head", "1", "size", "changed")
    if peaks != b"".join(entries.peaks):
        yield Found("evidence_head", "1", "peaks", "changed")
    for late in sorted(number for number in signed if number > entries.size):
        yield Found("evidence_entry", str(late - 1), "", "removed")
    counted = here.execute(select(func.count()).select_from(_NODE)).scalar_one()
    if counted > entries.nodes:
        yield from _extra_nodes(here, entries.size)


class _Entries:
    """One walk over all entries, in order, growing the tree anew."""

    def __init__(self, here: Connection) -> None:
        self._here = here
        self.size, self.nodes = 0, 0
        self.peaks: list[bytes] = []
        self.totals: dict[str, list[Any]] = {}

    def read(self, signed: dict[int, str]) -> Iterator[Found]:
        if 0 in signed:
            yield from _compare_note(signed[0], 0, [])
        while True:
            rows = self._here.execute(select(_ENTRY).where(_ENTRY.c.seq >= self.size).order_by(_ENTRY.c.seq).limit(AT_ONCE)).all()
            if not rows:
                return
            kept = self._kept(rows[0].seq, rows[-1].seq)
            for number, row in enumerate(rows):
                if row.seq != self.size and not (yield from self._goes_on(row, signed)):
                    yield Found("evidence_entry", str(self.size), "", "removed")
                    return
                yield from self._check(row, rows[number + 1] if number + 1 < len(rows) else self._after(row.seq), kept)
                if self.size in signed:
                    yield from _compare_note(signed[self.size], self.size, self.peaks)

    def _goes_on(self, row: Any, signed: dict[int, str]) -> Generator[Found, None, bool]:
        """Whether a row begins the log's next name, whose first entry says with which size and root the one before ended."""
        event, _ = _told(row)
        if service.place(row.seq) or row.seq // verify.SPAN != self.size // verify.SPAN + 1 or event is None or event["type"] != verify.CONTINUED:
            return False
        if event["restored"] != {"size": service.place(self.size), "root": b64encode(tree.root_of(self.peaks)).decode()}:
            yield Found("evidence_entry", str(self.size), "", "removed")
        for late in sorted(number for number in signed if self.size < number < row.seq):
            yield Found("evidence_entry", str(late - 1), "", "removed")
        self.size, self.peaks = row.seq, []
        return True

    def _after(self, seq: int) -> Any:
        return self._here.execute(select(_ENTRY).where(_ENTRY.c.seq == seq + 1)).first()

    def _kept(self, first: int, last: int) -> dict[tuple[int, int], bytes]:
        """The stored nodes that these leaves complete, and some more."""
        found = {}
        for level in range((last + 1).bit_length()):
            for row in self._here.execute(select(_NODE.c.i, _NODE.c.hash).where(
                    _NODE.c.level == level, _NODE.c.i >= first >> level, _NODE.c.i <= last >> level)):
                found[level, row.i] = row.hash
        return found

    def _check(self, row: Any, following: Any, kept: dict[tuple[int, int], bytes]) -> Iterator[Found]:
        # Where leaf and entry differ, the tree says which of them was changed.
        leaf = kept.get((0, row.seq))
        event, told = _told(row)
        wrong = _wrong_columns(row, event, told, following)
        data = row.data
        if row.box is not None and not wrong and event is not None and event["type"] == TOTALS:
            self.totals = event["totals"]
        if leaf is not None and tree.leaf_hash(data) != leaf:
            if told is not None and tree.leaf_hash(told) == leaf:
                wrong, data = ["data"], told
            elif wrong:
                wrong.append("data")
        for column in wrong:
            yield Found("evidence_entry", str(row.seq), column, "changed")
        self.peaks, made = tree.append(self.size, self.peaks, data)
        self.size, self.nodes = self.size + 1, self.nodes + len(made)
        for level, i, digest in made:
            if (level, i) not in kept:
                yield Found("evidence_node", f"{level},{i}", "", "removed")
            elif kept[level, i] != digest:
                yield Found("evidence_node", f"{level},{i}", "hash", "changed")


def _told(row: Any) -> tuple[dict[str, Any] | None, bytes | None]:
    """An entry's event and the leaf that it makes, or nothing where it cannot be read."""
    try:
        nonce, event = row.nonce, row.event
        if row.box is not None:
            content = installation.boxes().open(row.box, f"evidence/{row.data.hex()}")
            nonce, event = bytes.fromhex(content["nonce"]), content["event"]
        return event, service.leaf_data(nonce, event)
    except (BoxDamaged, KeyError, TypeError, ValueError, verify.Invalid):
        return None, None


def _wrong_columns(row: Any, event: dict[str, Any] | None, told: bytes | None, following: Any) -> list[str]:
    """Columns of an entry that its own content contradicts."""
    if row.box is not None:
        wrong = [] if told == row.data else ["box"]
        return wrong + [column for column in ("lot", "project", "at", "actor", "nonce", "event") if getattr(row, column) is not None] + (
            ["kind"] if row.kind != "sealed" else [])
    if event is None or told != row.data:
        return ["nonce", "event"]
    expected = {"kind": event["type"], "lot": event.get("lot"), "project": event.get("project"), "actor": event["actor"], "at": event["at_ms"]}
    if event["type"] == "session.closing" and following is not None and following.event is not None:
        # The mark before a close is the same bytes for everybody; lot and time stand in the close itself.
        expected |= {"lot": following.event.get("lot"), "at": following.event["at_ms"]}
    found = {"kind": row.kind, "lot": row.lot, "project": row.project, "actor": row.actor, "at": None if row.at is None else unix_ms(row.at)}
    return [column for column, value in found.items() if value != expected[column]]


def _compare_note(note: str, size: int, peaks: list[bytes]) -> Iterator[Found]:
    try:
        _, stated, root = verify.parse_checkpoint(verify.check_note(note, service.log_verifier_key(size)))
        fits = (stated, root) == (service.place(size), tree.root_of(peaks))
    except (verify.Invalid, ValueError):
        fits = False
    if not fits:
        yield Found("evidence_checkpoint", str(size), "note", "changed")


def _extra_nodes(here: Connection, size: int) -> Iterator[Found]:
    # Each tree ends at its last entry.
    which = _ENTRY.c.seq // literal_column(str(verify.SPAN))
    ends: dict[int, int] = {number: end for number, end in here.execute(select(which, func.max(_ENTRY.c.seq) + 1).group_by(which))}
    for level, i in here.execute(select(_NODE.c.level, _NODE.c.i).order_by(_NODE.c.level, _NODE.c.i)):
        if not 0 <= level < 40 or i < 0 or (i + 1) << level > ends.get((i << level) // verify.SPAN, 0):
            yield Found("evidence_node", f"{level},{i}", "", "added")

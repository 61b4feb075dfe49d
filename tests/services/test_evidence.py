"""The evidence log: proofs, checkpoints, and a witness that a forked or restored log cannot fool."""

from __future__ import annotations

import json
import shutil
import sqlite3
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.builders import T0, Centre
from trading.base.clock import unix
from trading.base.database import db, transaction
from trading.evidence import notes, service, tree, verify
from trading.evidence.models import Checkpoint
from trading.evidence.witness import Witness

SHARED = Path(__file__).resolve().parents[3] / "shared/data/vectors/merkle-inclusion.json"


def grow(count: int) -> Checkpoint:
    with transaction():
        for number in range(count):
            service.record("test.happened", actor="test", at=T0, number=number)
    return service.checkpoint(T0)


def request(checkpoint: Checkpoint, old: int) -> str:
    path = "".join(b64encode(item).decode() + "\n" for item in service.prove_consistency(old, checkpoint.size))
    return f"old {old}\n{path}\n{checkpoint.note}"


def test_every_entry_is_provable_against_every_later_checkpoint(centre: Centre) -> None:
    first = grow(7)
    second = grow(6)
    for checkpoint in (first, second):
        _, size, root = verify.parse_checkpoint(verify.check_note(checkpoint.note, service.log_verifier_key()))
        for proof in service.prove_all(list(range(size)), checkpoint):
            data = db.session.execute(text("SELECT data FROM evidence_entry WHERE seq = :i"), {"i": proof.index}).scalar()
            assert verify.verify_inclusion(proof.index, size, verify.leaf_hash(bytes(data)), proof.path, root)
            assert not verify.verify_inclusion(proof.index + 1, size, verify.leaf_hash(bytes(data)), proof.path, root)
    assert verify.verify_consistency(first.size, second.size, service.prove_consistency(first.size, second.size),
                                     *(verify.parse_checkpoint(verify.split_note(c.note)[0])[2] for c in (first, second)))


def test_a_rolled_back_act_leaves_no_entry(centre: Centre) -> None:
    size = service.size()
    with pytest.raises(RuntimeError), transaction():
        service.record("test.happened", actor="test", at=T0)
        raise RuntimeError
    assert service.size() == size


def test_evidence_outside_a_transaction_is_a_mistake(centre: Centre) -> None:
    with pytest.raises(AssertionError):
        service.record("test.happened", actor="test", at=T0)


def fresh_witness(centre: Centre, folder: Path) -> Witness:
    return Witness("w.example", b"w" * 32, {centre.cast.pins.log_key.partition("+")[0]: service.log_verifier_key()}, folder / "w.json")


def test_a_witness_cosigns_growth_and_remembers(sqlite_centre: Centre, tmp_path: Path) -> None:
    witness = fresh_witness(sqlite_centre, tmp_path)
    first = grow(3)
    answer = witness.add_checkpoint(request(first, 0), unix(T0))
    assert answer.status == 200
    assert verify.cosignature_time(first.note + answer.body, witness.verifier_key) == unix(T0)
    second = grow(3)
    assert witness.add_checkpoint(request(second, 0), unix(T0)).status == 409
    again = fresh_witness(sqlite_centre, tmp_path)  # restarted: it reads its memory
    assert again.add_checkpoint(request(second, first.size), unix(T0)).status == 200


def test_a_witness_refuses_a_restored_backup(sqlite_centre: Centre, tmp_path: Path) -> None:
    """The database is put back to an old state and grows differently: the witness sees it."""
    witness = fresh_witness(sqlite_centre, tmp_path)
    grow(5)
    database = Path(str(db.engine.url.database))
    db.session.remove()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(database, tmp_path / "backup.db")
    seen = grow(4)
    assert witness.add_checkpoint(request(seen, 0), unix(T0)).status == 200
    db.session.remove()
    db.engine.dispose()
    for name in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        name.unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", database)
    forked = grow(9)
    assert forked.size > seen.size
    assert witness.add_checkpoint(request(forked, seen.size), unix(T0)).status == 422
    short = service.checkpoint(T0)
    assert witness.add_checkpoint(f"old {short.size}\n\n{short.note}", unix(T0)).status == 409


@pytest.mark.parametrize(("change", "status"), [
    (lambda body: body.replace("old 0", "old x"), 400), (lambda body: "", 400), (lambda body: body.replace("old 0", "old 1"), 409),
    (lambda body: body.replace("test.example", "else.example"), 404), (lambda body: body[:-10] + "AAAAAAAA=\n", 403)])
def test_a_witness_answers_nonsense_clearly(sqlite_centre: Centre, tmp_path: Path, change, status: int) -> None:
    witness = fresh_witness(sqlite_centre, tmp_path)
    assert witness.add_checkpoint(change(request(grow(2), 0)), unix(T0)).status == status


def test_a_forged_signature_is_not_cosigned(sqlite_centre: Centre, tmp_path: Path) -> None:
    witness = fresh_witness(sqlite_centre, tmp_path)
    checkpoint = grow(2)
    text_, _ = verify.split_note(checkpoint.note)
    forged = notes.sign(text_, text_.partition("\n")[0], notes.signer(b"x" * 32, "log"))
    assert witness.add_checkpoint(f"old 0\n\n{forged}", unix(T0)).status in (400, 403)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40), st.data())
def test_tree_proofs_hold_for_any_leaves(leaves: list[bytes], data: st.DataObject) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    peaks: list[bytes] = []
    for size, leaf in enumerate(leaves):
        peaks, new = tree.append(size, peaks, leaf)
        nodes |= {(level, index): value for level, index, value in new}
    root = tree.root_of(peaks)
    assert root == verify.merkle_root(leaves)
    if leaves:
        index = data.draw(st.integers(0, len(leaves) - 1))
        path = tree.inclusion_path(index, len(leaves), lambda level, i: nodes[level, i])
        assert verify.verify_inclusion(index, len(leaves), verify.leaf_hash(leaves[index]), path, root)
        old = data.draw(st.integers(0, len(leaves)))
        proof = tree.consistency_path(old, len(leaves), lambda level, i: nodes[level, i])
        assert verify.verify_consistency(old, len(leaves), proof, verify.merkle_root(leaves[:old]), root)


@pytest.mark.skipif(not SHARED.exists(), reason="the published vectors lie outside the project")
def test_published_inclusion_vectors() -> None:
    cases = json.loads(SHARED.read_text("utf-8"))
    seen = {True: 0, False: 0}
    for case in cases.values():
        path = [b64decode(item) for item in case["proof"] or []]
        good = verify.verify_inclusion(case["leafIdx"], case["treeSize"], b64decode(case["leafHash"] or ""), path, b64decode(case["root"] or ""))
        assert good != case["wantErr"], case["desc"]
        seen[good] += 1
    assert len(cases) == 98 and seen[True] and seen[False]

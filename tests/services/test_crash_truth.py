"""Killed before and after any write while filing, closing or opening, and started again: one result.

A fault point stands before and after every statement that writes, every commit and every file that is
stored. A child process dies there without a word (no rollback, no clean-up, as with a power cut that the
disk survives); another process then goes on from what is left. A selection of the points runs with every
test run, all of them with ``MINGTANG_ALL_CRASHES=1``, those from 5 to 9 with ``MINGTANG_CRASHES_AT=5-9``. Pages of the disk that were never synced are not
dropped here: that needs a file system of its own.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app import create_app
from bidding.envelope import documents
from bidding.opening import jobs
from bidding.opening import service as opening
from bidding.opening.models import OpenedBid
from bidding.sealed import filing
from bidding.sealed import service as sealed
from bidding.trustees import service as trustees
from tests.builders import Centre
from tests.services.test_filing import seal, upload
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import stopped
from trading.base.config import Settings
from trading.base.database import db
from trading.base.files import Files
from trading.demonstration.case import CaseRun
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.models import Checkpoint, Entry, Head
from trading.projects import service as projects

ALL = os.environ.get("MINGTANG_ALL_CRASHES") == "1"
#: Points tried of one flow in an ordinary run.
SOME = 9
WRITES = ("INSERT", "UPDATE", "DELETE")


class Fuse:
    """Counts fault points and ends the process at one of them."""

    def __init__(self, at: int | None) -> None:
        self.at, self.passed = at, 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            os._exit(99)

    def lay(self) -> None:
        engine = db.engine

        def around(statement: str) -> None:
            if statement.lstrip()[:6].upper() in WRITES:
                self.point()

        event.listen(engine, "before_cursor_execute", lambda c, cur, statement, p, ctx, many: around(statement))
        event.listen(engine, "after_cursor_execute", lambda c, cur, statement, p, ctx, many: around(statement))
        commit = engine.dialect.do_commit

        def committing(connection: Any) -> None:
            self.point()
            commit(connection)
            self.point()

        engine.dialect.do_commit = committing  # type: ignore[method-assign]
        for name in ("put", "discard"):
            genuine = getattr(Files, name)

            def fused(*arguments: Any, genuine: Callable[..., Any] = genuine) -> Any:
                self.point()
                found = genuine(*arguments)
                self.point()
                return found

            setattr(Files, name, fused)


def in_child(app: Flask, work: Callable[[], Any], fuse: Fuse) -> tuple[int, Any]:
    """Run some work in a forked process with connections of its own; gives its exit status and what it returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with app.app_context():
                fuse.lay()
                answer = json.dumps([fuse.passed, work(), fuse.passed])
                with os.fdopen(writer, "w") as out:
                    out.write(answer)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - told to the parent, which judges
            os.write(writer, json.dumps([0, f"{type(error).__name__}: {error}", 0]).encode())
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as source:
        said = source.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), json.loads(said) if said else None


def copied(settings: Settings, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(settings.instance, folder)


def crash_everywhere(settings: Settings, folder: Path, work: Callable[[], Any], after: Callable[[], Any],
                     choose: Callable[[int], Iterable[int]]) -> list[str]:
    """Die at fault points of ``work``, go on with ``after``; gives what differed from the undisturbed result."""
    copied(settings, folder)
    # Made once, before any connection: every child opens its own to the files that lie there then.
    app = create_app(replace(settings, instance=folder))
    status, said = in_child(app, work, Fuse(None))
    assert status == 0, said
    points = said[2]
    assert points > 20
    status, said = in_child(app, after, Fuse(None))
    assert status == 0, said
    expected = said[1]
    wrong, chosen = [], list(range(1, points + 1) if ALL else choose(points))
    for point in chosen:
        copied(settings, folder)
        status, _ = in_child(app, work, Fuse(point))
        assert status == 99, f"point {point} of {points} was not reached"
        status, said = in_child(app, after, Fuse(None))
        if status or said[1] != expected:
            wrong.append(f"point {point} of {points}: {said}")
    print(f"{len(chosen)} of {points} points, {len(wrong)} differ", *wrong[:5], f"expected {expected}" if wrong else "", sep="\n")
    return wrong


def some(seed: int) -> Callable[[int], Iterable[int]]:
    if between := os.environ.get("MINGTANG_CRASHES_AT"):
        first, _, last = between.partition("-")
        return lambda points: range(int(first), min(int(last), points) + 1)
    return lambda points: sorted(random.Random(seed).sample(range(1, points + 1), min(SOME, points)))


def result(lot_id: int) -> dict[str, Any]:
    """What must be the same after any crash: acts, outcomes, the log, the files of the case."""
    lot = projects.get_lot(lot_id)
    # Whether the third holder's shares came before or after two had opened everything is chance, and makes no difference.
    kinds = dict(db.session.execute(select(Entry.kind, func.count()).where(
        Entry.lot == lot.code, Entry.kind != "shares.released").group_by(Entry.kind)).all())
    outcomes = {bid.digest: [bid.outcome, bid.price_fen] for bid in db.session.scalars(select(OpenedBid).where(OpenedBid.lot_id == lot_id))}
    pieces = {piece.path: sha256(installation.files().read(piece.stored)).hexdigest() == piece.sha256 for piece in archive.pieces(lot_id)
              if not piece.path.startswith("10-bids/releases/")}
    return {"kinds": kinds, "outcomes": outcomes, "pieces": pieces, "stage": lot.stage, "log": log_holds()}


def log_holds() -> bool:
    """Every checkpoint is the root of the leaves before it, and the head is the root of all."""
    leaves = list(db.session.scalars(select(Entry.data).order_by(Entry.seq)))
    if list(db.session.scalars(select(Entry.seq).order_by(Entry.seq))) != list(range(len(leaves))):
        return False
    if db.session.scalar(select(Head.size)) != len(leaves):
        return False
    for checkpoint in db.session.scalars(select(Checkpoint)):
        _, size, root = verify.parse_checkpoint(verify.check_note(checkpoint.note, evidence.log_verifier_key()))
        if verify.merkle_root(leaves[:size]) != root:
            return False
    return True


def settled() -> Settings:
    """The installation's settings, its journal written back, so that the folder can be copied."""
    settings = installation.settings()
    db.session.remove()
    db.engine.dispose()
    with sqlite3.connect(settings.instance / "mingtang.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return settings


def resumed(work: Callable[[], None], lot_id: int) -> Callable[[], Any]:
    """Start again: what was done is not done twice, what was not is done; then the result."""
    def again() -> dict[str, Any]:
        if opening.opening_of(lot_id) is None or opening.opening_of(lot_id).opened_at is None:
            work()
        return result(lot_id)

    return again


def resumable(case: CaseRun) -> Callable[[], None]:
    """Everything that the timetable, the bidders and the key holders do after the deadline, from wherever it stands."""
    lot_id, name, at, halves, cast = case.lot_id, case.session.id, case.at, dict(case.halves), case.cast

    def work() -> None:
        jobs.close_due(stopped(at))
        if opening.opening_of(lot_id).window_closed_at is None:
            for row in sealed.bids(name):
                opening.give_half(lot_id, row.digest, halves[row.digest], bidder_id=row.organisation_id, clock=stopped(at))
        jobs.advance_due(stopped(at))
        cast.watchers.seen = [0] * len(cast.watchers.witnesses)
        cast.cosign(trustees.get_session(name).release_checkpoint, at)
        if opening.opening_of(lot_id).opened_at is None:
            bundle = opening.bundle_for(name, seen=0)
            for holder in cast.holders:
                memory = replace(holder.memory, size=0, root="", used={}, closed={})
                trustees.take_release(holder.trustee.release(bundle, memory, cast.pins, at=int(at.timestamp()) + 5), at=at)
        jobs.advance_due(stopped(at))

    return work


def test_closing_and_opening_survive_any_crash(sqlite_centre: Centre, tmp_path: Path) -> None:
    case = sqlite_centre.a_filed_case()
    case.at = case.lot.deadline
    work = resumable(case)
    lot_id = case.lot_id
    settings = settled()
    assert crash_everywhere(settings, tmp_path / "twin", work, resumed(work, lot_id), some(20261122)) == []


def test_control_a_commit_in_the_middle_is_found(sqlite_centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: the record of the opening is committed before the lot has moved on."""
    case = sqlite_centre.a_filed_case()
    case.at = case.lot.deadline
    genuine = opening._record

    def hasty(*arguments: Any) -> None:
        genuine(*arguments)
        db.session.commit()

    monkeypatch.setattr(opening, "_record", hasty)
    work, lot_id = resumable(case), case.lot_id
    settings = settled()
    assert crash_everywhere(settings, tmp_path / "twin", work, resumed(work, lot_id), lambda points: range(points - 20, points, 4)) != []


@pytest.mark.parametrize("earlier", [False, True])
def test_a_filing_counts_wholly_or_not_at_all(sqlite_centre: Centre, tmp_path: Path, earlier: bool) -> None:
    """Killed while filing, or while replacing an older bid: sent again it is there once, with a proof."""
    case, company = sqlite_centre.a_bidding_case(), sqlite_centre.companies[0]
    sqlite_centre.app.extensions["mingtang"]["settings"] = replace(installation.settings(), cover_bids=1)
    if earlier:
        old, data = seal(case, company)
        filing.file_bid(case.session.id, documents.encode(old.header), company.key.sign(bytes.fromhex(old.digest)),
                        upload(case, company, old, data), bidder_id=company.id, clock=stopped(case.at))
    bid, payload = seal(case, company)
    name, lot_id, at = case.session.id, case.lot_id, case.at
    header, signature = documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest))
    organisation = company.organisation

    def send() -> dict[str, Any]:
        begun = sealed.begin_upload(name, bidder=organisation, at=at)
        for number, digest in enumerate(bid.header["payload"]["parts"]):
            part = payload[number * documents.PART_BYTES:(number + 1) * documents.PART_BYTES]
            sealed.put_part(begun.id, number, [io.BytesIO(part).read()], digest, session_name=name, bidder=organisation)
        receipt = filing.file_bid(name, header, signature, begun.id, bidder_id=company.id, clock=stopped(at))
        found = verify.check_receipt(json.loads(json.dumps(receipt.document())), evidence.log_verifier_key())
        return {"digest": found["event"]["bid_digest"], "version": found["event"]["version"], "replaces": found["event"]["replaces"]}

    def again() -> dict[str, Any]:
        receipt = send()
        opening.close(lot_id, clock=stopped(projects.get_lot(lot_id).deadline))
        rows = sealed.bids(name, None)
        live = [row for row in rows if row.state == "live"]
        whole = [b"".join(sealed.payload(row)) == payload for row in live]
        return {"receipt": receipt, "states": sorted([row.state, row.version] for row in rows), "whole": whole, "log": log_holds()}

    settings = settled()
    assert crash_everywhere(settings, tmp_path / "twin", send, again, some(7 + earlier)) == []

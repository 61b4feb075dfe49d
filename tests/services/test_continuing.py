"""A log that was restored goes on under another name: two persons, nothing hidden, and who had sealed seals again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from bidding.envelope import documents
from bidding.opening import jobs as opening_jobs
from bidding.opening import service as opening
from bidding.sealed import filing, resealing
from bidding.sealed import service as sealed
from bidding.sealed.receipts import Receipt
from bidding.trustees import agent
from bidding.trustees import service as trustees
from bidding.trustees import trustee as protocol
from tests.builders import T0, Centre
from tests.services.test_evidence import grow
from tests.services.test_filing import file, refused, seal, upload
from tests.services.test_keeping import people  # noqa: F401 (a fixture is found by its name)
from tests.services.test_log_reading import fetch_from
from tests.services.test_watchers import backed_up, places, restore  # noqa: F401
from trading.archive import packing
from trading.archive import service as archive
from trading.base import installation
from trading.base.clock import stopped, unix
from trading.base.database import db, transaction
from trading.demonstration.case import CaseRun
from trading.evidence import alarms, notes, service, tree, verify, witnessing
from trading.evidence import commands as evidence_commands
from trading.evidence.models import Checkpoint, Entry
from trading.evidence.monitor import Alarm, Monitor
from trading.projects import service as projects
from trading.projects.rules import Step
from trading.supervision import audits, continuing

WHY = "机房断电，恢复了当日 9 时的备份"


@dataclass
class Lost:
    """A centre whose database was put back: two bids were filed, the second after the backup."""

    centre: Centre
    case: CaseRun
    kept: Receipt
    lost: Receipt
    leaves: bytes
    old: str
    people: dict[str, Any]
    at: Any
    closed: CaseRun | None = None

    @property
    def witnesses(self) -> list[Any]:
        return self.centre.cast.watchers.witnesses

    def sync(self) -> None:
        witnessing.cosign_due({}, stopped(T0))

    def ask(self, pasted: str = "", days: int = 7) -> Any:
        return continuing.ask(pasted, WHY, days, **self.people["archivist"], at=self.at)

    def go_on(self) -> Any:
        return continuing.approve(self.ask().id, **self.people["one"], at=self.at)

    def announce(self) -> None:
        """What the operators of the witnesses do with the announcement."""
        document = json.loads(verify.canonical(continuing.announcement()))
        for witness in self.witnesses:
            key, note, found = witness.accept(document)
            # Not in place: other tests' witnesses have the same table of logs.
            witness._logs = witness._logs | {found.event["origin"]: key}
            witness._last[found.event["origin"]] = note

    def file(self, number: int) -> Receipt:
        company = self.centre.companies[number]
        session = trustees.session_of(self.case.lot_id, "bid")
        assert session is not None
        self.case.session = session
        bid, payload = seal(self.case, company, session.document)
        return file(self.case, company, bid, upload(self.case, company, bid, payload))

    def follow(self) -> None:
        """What the key holders and the witnesses do with the announcement; bidders and purchaser see the new session."""
        self.announce()
        grow(1)
        self.sync()
        cast = self.centre.cast
        pins = [protocol.follow_log(continuing.announcement(), holder.memory, cast.pins) for holder in cast.holders]
        cast.pins, cast.watchers.seen = pins[0], [0] * 3
        resealing.follow(self.at)

    def sealed_anew(self) -> bytes:
        """The pack of the case that began before and was sealed again."""
        session = trustees.session_of(self.case.lot_id, "bid")
        assert session is not None
        self.case.session, self.case.at = session, self.at
        self.case.countersign(session)
        self.case.file_bids()
        return packed(self.case, "close", "open")


@pytest.fixture
def centre(sqlite_centre: Centre) -> Centre:
    return sqlite_centre


def packed(case: CaseRun, *steps: str) -> bytes:
    """The pack of a case after these steps, ended there."""
    for step in steps:
        getattr(case, step)()
    with transaction():
        projects.advance(projects.locked_lot(case.lot_id), Step.TERMINATE, actor="test", at=case.at, reason="test")
    return installation.files().path(packing.seal(case.lot_id, actor="test", at=case.at).stored).read_bytes()


@pytest.fixture
def gone(sqlite_centre: Centre, places: list[str], people: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lost]:  # noqa: F811
    grow(3)
    closed = sqlite_centre.a_case("register", "announce", "file_bids", "close") if getattr(request, "param", "") == "closed" else None
    case = sqlite_centre.a_bidding_case()
    made = Lost(sqlite_centre, case, None, None, b"", service.origin(), people, case.at, closed)  # type: ignore[arg-type]
    made.kept = made.file(0)
    service.checkpoint(T0)
    made.sync()
    backup = backed_up(tmp_path)
    made.lost = made.file(1)
    grow(4)
    made.sync()
    made.leaves = service.leaves(0, service.size())
    assert alarms.standing() == [], "control: an honest log raises none"
    restore(backup)
    grow(2)
    made.sync()
    assert alarms.stop_filings() == alarms.RESTORED
    yield made


def test_a_restored_log_goes_on_and_owns_up(gone: Lost) -> None:
    with refused("bid.log_alarm"):
        gone.file(2)
    before = service.size()
    gone.go_on()
    assert service.origin() == f"{gone.old}-e1" and service.place(service.size()) == 1
    # Nobody signs the new name unless its operator was shown the announcement.
    gone.sync()
    assert alarms.stop_filings() == alarms.RESTORED
    gone.announce()
    grow(2)
    gone.sync()
    assert alarms.standing() == [] and db.session.scalars(
        select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).one().cosigners == 3
    # What was lost shows: the first leaf holds the checkpoint that the witnesses saw, and the lost bid is below it.
    _, found, entry = continuing.continued()[0]
    size, root = found.seen[0]
    peaks: list[bytes] = []
    for number in range(size):
        peaks, _ = tree.append(number, peaks, gone.leaves[32 * number:32 * number + 32])
    assert tree.root_of(peaks) == root and len(gone.leaves) == 32 * size
    receipt = gone.lost.document()
    leaf = verify.tagged("leaf", bytes.fromhex(receipt["nonce"]) + verify.canonical(receipt["event"]))
    assert gone.leaves[32 * receipt["index"]:][:32] == leaf and receipt["index"] < size
    assert verify.check_receipt(json.loads(json.dumps(receipt)), service.log_verifier_key())["origin"] == gone.old, "the new key names the old log too"
    assert found.lost == size - found.event["kept"] and 0 < found.lost <= size
    assert found.restored[0] == before + 1 and found.event["reason"] == WHY  # the request itself is the last entry
    # What was kept is provable as before.
    kept = gone.kept.document()
    assert service.is_included(kept["index"], verify.tagged("leaf", bytes.fromhex(kept["nonce"]) + verify.canonical(kept["event"])))
    assert audits.look().found == []


def test_who_had_sealed_seals_again(gone: Lost) -> None:
    old = gone.case.session = trustees.session_of(gone.case.lot_id, "bid")
    name, document = old.id, old.document
    gone.go_on()
    gone.announce()
    grow(1)
    gone.sync()
    with refused("bid.other_log"):
        company = gone.centre.companies[2]
        bid, _ = seal(gone.case, company, document)
        filing.file_bid(name, documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)), "0" * 32,
                        bidder_id=company.id, clock=stopped(gone.case.at))
    assert resealing.follow(gone.at) == 1 and resealing.follow(gone.at) == 0
    session = trustees.session_of(gone.case.lot_id, "bid")
    assert session is not None and session.id != name and session.document["log_origin"] == f"{gone.old}-e1"
    lot = projects.get_lot(gone.case.lot_id)
    assert lot.deadline == session.deadline >= (gone.at + timedelta(days=7)).replace(second=0, microsecond=0)
    assert {piece.path for piece in archive.pieces(lot.id) if "session-bid" in piece.path} == {
        "00-policy/session-bid.json", "00-policy/ended-1/session-bid.json"}
    receipt = gone.file(2).document()
    found = verify.check_receipt(json.loads(json.dumps(receipt)), service.log_verifier_key())
    assert found["origin"] == f"{gone.old}-e1" and receipt["index"] == service.place(service.size()) - 1
    assert gone.file(1).event["version"] == 1, "the lost bid is filed anew"
    assert audits.look().found == []


def test_a_close_waits_until_the_log_goes_on(gone: Lost) -> None:
    over = gone.case.lot.deadline + timedelta(minutes=1)
    assert opening_jobs.close_due(stopped(over)) == 0
    gone.go_on()
    gone.announce()
    grow(1)
    gone.sync()
    resealing.follow(over)
    assert opening_jobs.close_due(stopped(over)) == 0 and projects.get_lot(gone.case.lot_id).deadline > over


def test_one_person_alone_cannot(gone: Lost) -> None:
    made = gone.ask()
    with refused("continuation.second_person"):
        continuing.approve(made.id, **gone.people["archivist"], at=gone.at)
    with refused("continuation.waiting_already"):
        gone.ask()
    continuing.refuse(made.id, "先查明原因", **gone.people["two"], at=gone.at)
    with refused("continuation.decided"):
        continuing.approve(made.id, **gone.people["one"], at=gone.at)
    assert service.origin() == gone.old


@pytest.mark.parametrize(("days", "why", "reason"), [(0, WHY, "days"), (61, WHY, "days"), (7, " ", "reason"), (7, "x" * 2001, "reason")])
def test_what_must_be_said(gone: Lost, days: int, why: str, reason: str) -> None:
    with refused(f"continuation.{reason}"):
        continuing.ask("", why, days, **gone.people["archivist"], at=gone.at)


def test_a_log_that_nobody_refuses_stays(sqlite_centre: Centre, places: list[str], people: dict[str, Any]) -> None:  # noqa: F811
    grow(3)
    witnessing.cosign_due({}, stopped(T0))
    with refused("continuation.not_needed"):
        continuing.ask("", WHY, 7, **people["archivist"], at=T0)


def older(gone: Lost) -> str:
    """The last checkpoint that is here and that the witnesses had cosigned: older than what they saw."""
    found = db.session.scalars(select(Checkpoint).where(Checkpoint.cosigners >= 2).order_by(Checkpoint.size.desc()).limit(1)).one()
    return found.note + found.cosignatures


def test_an_older_checkpoint_than_the_witnesses_saw_is_refused(gone: Lost) -> None:
    own = gone.centre.app.extensions["mingtang"]
    urls = own["settings"].witness_urls
    own["settings"] = replace(own["settings"], witness_urls="")
    with refused("continuation.not_cosigned"):
        gone.ask()
    with refused("continuation.older_than_seen"):
        gone.ask(older(gone))
    with refused("continuation.note"):
        gone.ask(older(gone).replace(gone.old, "else.example/log"))
    with refused("continuation.note"):
        gone.ask("anything")
    # Pasted by people, because no witness answers: what they say fits, until one answers that it saw more.
    at = unix(T0)
    pasted = "\n".join(witness.last(gone.old, at).body for witness in gone.witnesses[:2])
    made = gone.ask(pasted)
    key = notes.signer(installation.key("log"), "log")
    gone.witnesses[2]._last[gone.old] = notes.sign(notes.checkpoint_text(gone.old, 10_000, b"x" * 32), gone.old, key)
    own["settings"] = replace(own["settings"], witness_urls=urls)
    with refused("continuation.older_than_seen"):
        continuing.approve(made.id, **gone.people["one"], at=gone.at)
    assert service.origin() == gone.old


def forged(gone: Lost, **changes: Any) -> dict[str, Any]:
    """A continuation that a platform writes past its own rules."""
    key = notes.signer(installation.key("log"), "log")
    event = {"type": verify.CONTINUED, "actor": "one", "asked_by": "two", "at_ms": 0, "reason": "x", "origin": f"{gone.old}-e1", "previous": gone.old,
             "seen": [older(gone)], "restored": {"size": 1, "root": notes.b64encode(b"r" * 32).decode()}, "kept": 0} | changes
    root = tree.leaf_hash(service.leaf_data(bytes(32), event))
    note = notes.sign(notes.checkpoint_text(event["origin"], 1, root), event["origin"], key)
    return {"v": 1, "type": "mingtang-continuation", "event": event, "nonce": "0" * 64, "note": note}


def test_nobody_follows_a_continuation_that_hides_what_was_seen(gone: Lost, tmp_path: Path) -> None:
    document = forged(gone)
    assert verify.check_continuation(document, service.log_verifier_key(), gone.centre.cast.watchers.keys, 2), "control: in itself it holds"
    for witness in gone.witnesses:
        with pytest.raises(verify.Invalid, match="last checkpoint that was seen"):
            witness.accept(document)
    pins, memory = gone.centre.cast.pins, protocol.Memory(size=len(gone.leaves) // 32, root="ab" * 32)
    with refused("trustee.continuation"):
        protocol.follow_log(document, memory, pins)
    assert protocol.follow_log(document, protocol.Memory(), pins).log_key.startswith(f"{gone.old}-e1+"), "control: who saw nothing misses nothing"


@pytest.mark.parametrize("changes", [
    {"asked_by": "one"}, {"reason": " "}, {"previous": "else.example/log"}, {"origin": "else.example/log-e1"}, {"seen": []}, {"kept": 10_000},
    {"more": 1}, {"at_ms": -1}, {"restored": {"size": 1, "root": ""}}])
def test_what_is_no_continuation(gone: Lost, changes: dict[str, Any]) -> None:
    with pytest.raises(verify.Invalid):
        verify.check_continuation(forged(gone, **changes), service.log_verifier_key(), gone.centre.cast.watchers.keys, 2)


def test_a_checkpoint_without_its_quorum_joins_nothing(gone: Lost) -> None:
    note = older(gone)
    document = forged(gone, seen=[note[:note.index("\n\n") + 2] + note.rpartition("\n\n")[2].split("\n")[0] + "\n"])
    assert verify.check_continuation(document, service.log_verifier_key())
    with pytest.raises(verify.Invalid, match="enough witnesses"):
        verify.check_continuation(document, service.log_verifier_key(), gone.centre.cast.watchers.keys, 2)


def test_watchers_hear_why_and_how_much(gone: Lost, tmp_path: Path) -> None:
    key, keys = service.log_verifier_key(), gone.centre.cast.watchers.keys
    watcher = Monitor(tmp_path / "kept", fetch_from(gone.centre), key, keys, 0)
    first = watcher.look()
    gone.go_on()
    gone.announce()
    grow(1)
    gone.sync()
    resealing.follow(gone.at)
    service.checkpoint(gone.at)
    found = watcher.look()
    assert len(found.continued) == 1 and WHY in found.continued[0] and f"{gone.old}-e1" in found.continued[0]
    assert (tmp_path / "kept/before-1/leaves.bin").stat().st_size == 32 * first.size
    assert Monitor(tmp_path / "kept", fetch_from(gone.centre), key, keys, 0).look().continued == ()
    page = gone.centre.app.test_client().get("/log").get_data(as_text=True)
    assert WHY in page and f"{gone.old}-e1" in page
    # The former log stays readable, to its end.
    fetch = fetch_from(gone.centre)
    _, size, root = verify.parse_checkpoint(verify.check_log_note(fetch("/log/0/checkpoint").decode(), key))
    leaves = fetch(f"/log/0/tile/entries/000.p/{size}") if size < 256 else b""
    peaks: list[bytes] = []
    for number in range(size):
        peaks, _ = tree.append(number, peaks, leaves[34 * number + 2:34 * number + 34])
    assert tree.root_of(peaks) == root == continuing.continued()[0][1].restored[1]
    # One that had seen more than is owned up to cries out.
    blind = Monitor(tmp_path / "more", fetch_from(gone.centre), key, keys, 0)
    seen_key = notes.signer(installation.key("log"), "log")
    blind.kept.note = notes.sign(notes.checkpoint_text(gone.old, 10_000, b"x" * 32), gone.old, seen_key)
    with pytest.raises(Alarm, match="hides entries"):
        blind.look()


def test_witnesses_and_holders_follow_by_command(gone: Lost, tmp_path: Path) -> None:
    gone.go_on()
    announcement = tmp_path / "continuation.json"
    announcement.write_bytes(gone.centre.app.test_client().get("/log/continuation.json").data)
    folder = tmp_path / "witness"
    run = CliRunner()
    key = service.log_verifier_key(0)
    assert run.invoke(evidence_commands.witness, ["init", str(folder), "--name", "w.example/x", "--log-key", key]).exit_code == 0
    (folder / "memory.json").write_text(json.dumps({gone.old: gone.witnesses[0]._last[gone.old]}))
    body = f"old 1\n\n{db.session.get(Checkpoint, service.size()).note}"
    assert evidence_commands.witness_in(folder).add_checkpoint(body, 1).status == 404
    answer = run.invoke(evidence_commands.witness, ["continue", str(folder), str(announcement)])
    assert answer.exit_code == 0 and WHY in answer.output, answer.output
    assert evidence_commands.witness_in(folder).add_checkpoint(body, 1).status == 200
    other = f"old 1\n\n{notes.sign(notes.checkpoint_text(service.origin(), 1, b'o' * 32), service.origin(), notes.signer(installation.key('log'), 'log'))}"
    assert evidence_commands.witness_in(folder).add_checkpoint(other, 1).status == 422, "its first leaf is the announced one"
    announcement.write_text(json.dumps(forged(gone)))
    assert run.invoke(evidence_commands.witness, ["continue", str(folder), str(announcement)]).exit_code == 1
    announcement.write_bytes(verify.canonical(continuing.announcement()))
    pins = gone.centre.cast.pins
    agent.init(tmp_path / "holder", "x", "http://x", pins.log_key, pins.centre_key, list(pins.witness_keys), pins.quorum)
    (tmp_path / "holder/memory.json").write_text(json.dumps({"size": 3, "root": "ab" * 32, "used": {"1": "s"}, "opens": {}, "closed": {}}))
    assert agent.follow_log(tmp_path / "holder", announcement) == service.log_verifier_key()
    found = agent.Agent(tmp_path / "holder", print)
    assert found.pins.earlier == (pins.log_key,) and found.memory.size == 1 and found.memory.used == {"1": "s"}


def test_no_tree_shares_a_node_with_another(gone: Lost) -> None:
    gone.go_on()
    for count in (1, 2, 5, 300):
        found = grow(count)
        size = service.place(found.size)
        for index in {0, 1, size // 2, size - 1}:
            proof = service.prove(found.size - size + index, found)
            _, stated, root = verify.parse_checkpoint(verify.split_note(found.note)[0])
            entry = db.session.get(Entry, found.size - size + index)
            assert stated == size and verify.verify_inclusion(index, size, verify.leaf_hash(entry.data), proof.path, root)
        if size > 3:
            path = service.prove_consistency(found.size - size + 2, found.size)
            assert verify.verify_consistency(2, size, path, tree.root_of(service.peaks_at(found.size - size + 2)), root)
    with pytest.raises(ValueError, match="no proof in common"):
        service.prove_consistency(3, found.size)
    assert audits.look().found == []


def test_twice(gone: Lost, tmp_path: Path) -> None:
    """The second restore is dealt with as the first one was."""
    gone.go_on()
    gone.announce()
    grow(3)
    gone.sync()
    resealing.follow(gone.at)
    service.checkpoint(T0)
    gone.sync()
    backup = backed_up(tmp_path)
    grow(5)
    gone.sync()
    restore(backup)
    grow(1)
    gone.sync()
    assert alarms.stop_filings() == alarms.RESTORED
    gone.go_on()
    assert service.origin() == f"{gone.old}-e2"
    gone.announce()
    grow(1)
    gone.sync()
    assert alarms.standing() == [] and len(continuing.continued()) == 2 and audits.look().found == []


# --- packs ---------------------------------------------------------------------------------------


def checked(data: bytes, gone: Lost, folder: Path, **others: Any) -> dict[str, Any]:
    path = folder / "pack.zip"
    path.write_bytes(data)
    return verify.verify_path(path, service.log_verifier_key(), gone.centre.cast.watchers.keys, quorum=2, **others)


def wrong(report: dict[str, Any]) -> list[str]:
    return [f"{item['name']}: {item['detail']}" for item in report["checks"] if not item["ok"]]


def test_a_case_that_was_sealed_again_is_packed_with_both_names(gone: Lost, tmp_path: Path) -> None:
    gone.go_on()
    gone.follow()
    report = checked(gone.sealed_anew(), gone, tmp_path)
    assert wrong(report) == [] and any(WHY in note for note in report["notes"])
    # The reader who knows the log by its first name reads the same.
    assert verify.verify_path(tmp_path / "pack.zip", service.log_verifier_key(0), gone.centre.cast.watchers.keys, quorum=2)["ok"]
    assert wrong(verify.verify_path(tmp_path / "pack.zip", notes.verifier_key(
        "else.example/log", verify.ED25519, notes.raw_public_key(notes.signer(installation.key("log"), "log"))), gone.centre.cast.watchers.keys))
    assert audits.look().found == []


def test_a_case_that_began_afterwards_says_it(gone: Lost, tmp_path: Path) -> None:
    gone.go_on()
    gone.follow()
    case = CaseRun(gone.centre.cast, gone.centre.plan(), gone.at)
    for step in ("register", "announce", "file_bids"):
        getattr(case, step)()
    report = checked(packed(case, "close", "open"), gone, tmp_path)
    assert wrong(report) == [] and any(WHY in note for note in report["notes"])


@pytest.mark.parametrize("gone", ["closed"], indirect=True)
def test_a_close_that_was_witnessed_is_opened_under_its_own_name(gone: Lost, tmp_path: Path) -> None:
    case = gone.closed
    assert case is not None
    gone.go_on()
    gone.follow()
    case.session = trustees.get_session(trustees.session_of(case.lot_id, "bid").id)
    case.at = max(case.at, gone.at)
    # That all halves are in, the log says under its new name: holders wait for the window's end by the clock.
    with refused("trustee.too_early"):
        case.open()
    case.wait(minutes=40)
    case.release_keys(lambda seen: opening.bundle_for(case.session.id, seen=seen), trustees.get_session(case.session.id).release_checkpoint)
    opening.unseal_due(case.lot_id, clock=stopped(case.wait(seconds=5)))
    opening.finish(case.lot_id, clock=stopped(case.wait(seconds=1)))
    assert trustees.get_session(case.session.id).document["log_origin"] == gone.old
    assert all(holder.memory.size == 1 for holder in gone.centre.cast.holders), "what is opened under the name before is no memory of the new one"
    report = checked(packed(case), gone, tmp_path)
    assert wrong(report) == [] and "3 opened again" in str(report["checks"])


def test_two_envelopes_are_sealed_anew_together(sqlite_centre: Centre, places: list[str], people: dict[str, Any], tmp_path: Path) -> None:  # noqa: F811
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(3, prices_after_h=2), T0)
    case.register()
    case.announce()
    made = Lost(sqlite_centre, case, None, None, b"", service.origin(), people, case.at)  # type: ignore[arg-type]
    before = [session.id for session in trustees.sessions_of_bids(case.lot_id)]
    service.checkpoint(T0)
    made.sync()
    backup = backed_up(tmp_path)
    grow(4)
    made.sync()
    restore(backup)
    grow(2)
    made.sync()
    assert alarms.stop_filings() == alarms.RESTORED
    made.go_on()
    made.follow()
    technical, price = trustees.sessions_of_bids(case.lot_id)
    assert (technical.envelope, price.envelope) == ("technical", "price") and not {technical.id, price.id} & set(before)
    assert technical.deadline == price.deadline == projects.get_lot(case.lot_id).deadline
    assert price.opens_at - price.deadline == timedelta(hours=2) and technical.opens_at == technical.deadline
    assert all(trustees.get_session(name).settled_at for name in before)

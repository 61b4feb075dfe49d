"""Openings: late, twice, in several processes, killed half-way; bad bids; key holders who are lied to."""

from __future__ import annotations

import copy
import multiprocessing
import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta

from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app import create_app
from bidding.envelope import documents
from bidding.opening import service as opening
from bidding.opening.models import OpenedBid
from bidding.sealed import jobs as sealed_jobs
from bidding.sealed import service as sealed
from bidding.sealed.models import SealedBid
from bidding.trustees import service as trustees
from bidding.trustees.trustee import Memory, Pins, session_message
from tests.builders import Centre
from tests.services.test_filing import refused
from trading.announcements import service as notices
from trading.base import installation
from trading.base.clock import stopped, unix
from trading.base.config import Settings
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.models import Checkpoint, Entry
from trading.projects.rules import Stage
from trading.supervision import service as pauses


def test_close_is_done_once_and_not_early(centre: Centre) -> None:
    case = centre.a_filed_case()
    deadline = case.lot.deadline
    assert not opening.close(case.lot_id, clock=stopped(deadline - timedelta(microseconds=1)))
    assert opening.close(case.lot_id, clock=stopped(deadline + timedelta(hours=3)))
    size = evidence.size()
    assert not opening.close(case.lot_id, clock=stopped(deadline + timedelta(hours=3)))
    assert evidence.size() == size
    assert case.lot.stage == Stage.CLOSED


def test_steps_twice_give_one_result(centre: Centre) -> None:
    case = centre.an_opened_case()
    size = evidence.size()
    at = stopped(case.at + timedelta(hours=1))
    assert not opening.close_window(case.lot_id, clock=at)
    assert opening.unseal_due(case.lot_id, clock=at) == 0
    assert not opening.finish(case.lot_id, clock=at)
    assert evidence.size() == size
    assert [bid.outcome for bid in opening.opened_bids(case.lot_id)] == ["opened"] * 3


def closed(centre: Centre, **changes: object) -> CaseRun:
    return centre.a_case("register", "announce", "pay_deposits", "file_bids", "close", **changes)


def test_a_missing_half_is_the_bidders_and_the_rest_open(centre: Centre) -> None:
    case = closed(centre)
    rows = sealed.bids(case.session.id)
    for row in rows[1:]:
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    with refused("seal.half_wrong"):
        opening.give_half(case.lot_id, rows[0].digest, bytes(32), bidder_id=rows[0].organisation_id, clock=stopped(case.at))
    assert not opening.close_window(case.lot_id, clock=stopped(case.at))
    ends = opening.opening_of(case.lot_id).window_ends
    with refused("opening.window_over"):
        opening.give_half(case.lot_id, rows[0].digest, case.halves[rows[0].digest], bidder_id=rows[0].organisation_id, clock=stopped(ends))
    case.at = ends
    finish(case)
    outcomes = {bid.digest: bid.outcome for bid in opening.opened_bids(case.lot_id)}
    assert outcomes[rows[0].digest] == "half_missing"
    assert sorted(outcomes.values()) == ["half_missing", "opened", "opened"]
    label = db.session.scalar(select(Entry).where(Entry.kind == "bid.not_opened")).event
    assert (label["fault"], label["label"]) == ("bidder", "revoked")


def give_all(case: CaseRun) -> None:
    for row in sealed.bids(case.session.id):
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))


def finish(case: CaseRun) -> None:
    opening.close_window(case.lot_id, clock=stopped(case.at))
    case.release_keys(lambda seen: opening.bundle_for(case.session.id, seen=seen), trustees.get_session(case.session.id).release_checkpoint)
    opening.unseal_due(case.lot_id, clock=stopped(case.at))
    assert opening.finish(case.lot_id, clock=stopped(case.at))


@pytest.mark.parametrize(("damage", "outcome", "fault"), [
    ("flip", "payload_damaged", "platform"), ("lose", "payload_damaged", "platform"), ("truncate", "payload_damaged", "platform")])
def test_damaged_storage_is_the_platforms_fault(sqlite_centre: Centre, damage: str, outcome: str, fault: str) -> None:
    case = closed(sqlite_centre)
    row = sealed.bids(case.session.id)[1]
    path = installation.files().path(row.parts[0])
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    elif damage == "truncate":
        del data[-1:]
    path.unlink() if damage == "lose" else path.write_bytes(data)
    give_all(case)
    finish(case)
    found = {bid.digest: bid.outcome for bid in opening.opened_bids(case.lot_id)}
    assert found.pop(row.digest) == outcome
    assert set(found.values()) == {"opened"}
    assert db.session.scalar(select(Entry).where(Entry.kind == "bid.not_opened")).event["fault"] == fault


@pytest.mark.parametrize("damage", ["flip", "lose"])
def test_damaged_storage_is_mended_from_the_second_store(sqlite_centre: Centre, tmp_path: Path, damage: str) -> None:
    """What the row of docs/protocol.md 2.8 says: restored from a copy, which is believed only by its hash."""
    files = installation.files()
    files.replica = tmp_path / "second"
    case = closed(sqlite_centre)
    good, beyond = sealed.bids(case.session.id)[:2]
    for row in (good, beyond):
        path = files.path(row.parts[0])
        if damage == "lose":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1] + b"!")
    copy = files.replica / beyond.parts[0][:2] / beyond.parts[0]
    copy.write_bytes(copy.read_bytes()[:-1] + b"?")
    give_all(case)
    finish(case)
    outcomes = {bid.digest: bid.outcome for bid in opening.opened_bids(case.lot_id)}
    assert outcomes.pop(beyond.digest) == "payload_damaged", "a copy that is not what the header says is not believed"
    assert outcomes.pop(good.digest) == "opened" and set(outcomes.values()) == {"opened"}
    assert files.path(good.parts[0]).exists()


def test_a_second_store_that_cannot_be_written_turns_nobody_away(sqlite_centre: Centre, tmp_path: Path) -> None:
    (tmp_path / "second").write_text("a file where a folder should be", "utf-8")
    files, heard = installation.files(), []
    files.replica, files._on_trouble = tmp_path / "second", heard.append
    case = closed(sqlite_centre)
    assert len(sealed.bids(case.session.id)) == 3 and heard


def test_what_a_process_that_died_left_open_is_removed(sqlite_centre: Centre) -> None:
    with sqlite_centre.app.app_context():
        kept = installation.workplace()
        left = Path(kept.name).parent / "tmpleft"
        left.mkdir()
        (left / "plain.zip").write_bytes(b"an opened bid")
        os.utime(left, (0, 0))
        assert left.parent.stat().st_mode & 0o077 == 0
        assert sealed_jobs.tidy(datetime.now(UTC)) >= 1
        assert not left.exists() and Path(kept.name).exists(), "one in use stays"
        kept.cleanup()


def test_one_key_holder_is_not_enough_and_any_two_are(sqlite_centre: Centre) -> None:
    case = closed(sqlite_centre)
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    sealing = trustees.get_session(case.session.id)
    sqlite_centre.cast.cosign(sealing.release_checkpoint, case.at)
    case.wait(seconds=1)
    for number, holder in enumerate(sqlite_centre.cast.holders[:2]):
        given = holder.trustee.release(opening.bundle_for(case.session.id, seen=0), Memory(), sqlite_centre.cast.pins, at=unix(case.at))
        trustees.take_release(given, at=case.at)
        assert trustees.take_release(given, at=case.at) == 0, "sent twice it counts once"
        assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == (3 if number else 0)


# --- a key holder is lied to -------------------------------------------------------------------


@pytest.fixture
def ready(sqlite_centre: Centre) -> tuple[Centre, CaseRun, dict]:
    case = closed(sqlite_centre)
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    sqlite_centre.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    return sqlite_centre, case, opening.bundle_for(case.session.id, seen=0)


def lie(name: str, bundle: dict, centre: Centre) -> None:
    event = bundle["events"][0]["event"]
    if name == "close count":
        bundle["close"]["event"]["count"] = 2
    elif name == "hidden bid":
        del bundle["events"][0]
    elif name == "hidden header":
        del bundle["headers"][0]
    elif name == "earlier time":
        bundle["session"]["open_not_before"] -= 86400
    elif name == "other trustee key":
        bundle["session"]["trustees"][0]["sig_key"] = bundle["session"]["trustees"][1]["sig_key"]
    elif name == "lower threshold":
        bundle["session"]["k"] = 1
    elif name == "event of another bidder":
        event["bidder"] = centre.companies[4].code
    elif name == "unsigned checkpoint":
        bundle["checkpoint"] = bundle["checkpoint"].replace("test.example/log2026\n", "test.example/log2027\n", 1)
    elif name == "no witness":
        bundle["checkpoint"] = "\n".join(line for line in bundle["checkpoint"].split("\n") if "witness" not in line)
    elif name == "wrong path":
        bundle["events"][0]["path"] = bundle["events"][1]["path"]
    elif name == "amendment earlier":
        bundle["amendments"] = [{"document": {"v": 1, "session": "0" * 64, "previous": "0" * 64, "deadline": 1, "open_not_before": 1}, "sig": ""}]


@pytest.mark.parametrize("name", ["close count", "hidden bid", "hidden header", "earlier time", "other trustee key", "lower threshold",
                                  "event of another bidder", "unsigned checkpoint", "no witness", "wrong path", "amendment earlier"])
def test_a_key_holder_refuses_a_changed_bundle(ready, name: str) -> None:
    centre, case, bundle = ready
    holder = centre.cast.holders[0].trustee
    at = unix(case.at) + 5
    assert holder.release(copy.deepcopy(bundle), Memory(), centre.cast.pins, at=at)["body"]["releases"], "the control opens"
    changed = copy.deepcopy(bundle)
    lie(name, changed, centre)
    with pytest.raises((Refused, verify.Invalid)):
        holder.release(changed, Memory(), centre.cast.pins, at=at)


@pytest.fixture
def extended(sqlite_centre: Centre) -> tuple[Centre, CaseRun, dict]:
    """An opening whose deadline a clarification moved."""
    case = sqlite_centre.a_bidding_case()
    before = case.lot.deadline
    notices.clarify(case.project_id, "澄清", "内容", actor="t", at=before - timedelta(days=5), new_deadline=before + timedelta(days=10))
    case.at = before - timedelta(days=5)
    assert sealed_jobs.follow_deadlines(case.at) == 1
    for step in ("pay_deposits", "file_bids", "close"):
        getattr(case, step)()
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    sqlite_centre.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    return sqlite_centre, case, opening.bundle_for(case.session.id, seen=0)


def hide_extension(name: str, bundle: dict) -> None:
    if name == "left out":
        bundle["amendments"] = []
    elif name == "left out, close changed":
        bundle["amendments"] = []
        bundle["close"]["event"]["in_force"] = documents.session_id(bundle["session"])
    elif name == "signature of another":
        bundle["amendments"][0]["sig"] = bundle["opened"]["event"]["sig"]
    elif name == "moved earlier":
        bundle["amendments"][0]["document"]["open_not_before"] = bundle["session"]["open_not_before"]
    elif name == "entry of another":
        bundle["amendments"][0]["entry"] = bundle["close"]
    elif name == "session unsigned":
        bundle["opened"]["event"]["sig"] = bundle["amendments"][0]["sig"]


@pytest.mark.parametrize("name", ["left out", "left out, close changed", "signature of another", "moved earlier",
                                  "entry of another", "session unsigned"])
def test_an_extension_cannot_be_kept_from_a_key_holder(extended, name: str) -> None:
    centre, case, bundle = extended
    holder, at = centre.cast.holders[0].trustee, unix(case.at) + 5
    assert holder.release(copy.deepcopy(bundle), Memory(), centre.cast.pins, at=at)["body"]["releases"], "the control opens"
    hide_extension(name, bundle)
    with pytest.raises((Refused, verify.Invalid)):
        holder.release(bundle, Memory(), centre.cast.pins, at=at)


def test_a_key_holder_that_was_told_of_an_extension_remembers_it(extended, sqlite_centre: Centre) -> None:
    centre, case, _ = extended
    holder, memory = centre.cast.holders[0].trustee, Memory()
    told = [(item.id, item.amendments) for item in trustees.amended_for(holder.public.hex())]
    assert [name for name, _ in told] == [case.session.id]
    assert holder.learn(*told[0], memory, centre.cast.pins) and not holder.learn(*told[0], memory, centre.cast.pins)
    # Another opening whose platform never logged the extension: whole in itself, and still refused.
    case = closed(sqlite_centre)
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    centre.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    bundle = opening.bundle_for(case.session.id, seen=0)
    opens = bundle["session"]["open_not_before"]
    at = unix(case.at) + 5
    assert holder.release(copy.deepcopy(bundle), Memory(opens={case.session.id: opens}), centre.cast.pins, at=at), "the control opens"
    with refused("trustee.amendment_hidden"):
        holder.release(bundle, Memory(opens={case.session.id: opens + 1}), centre.cast.pins, at=at)


def test_a_key_holder_answers_one_close_only(ready) -> None:
    centre, case, bundle = ready
    holder, memory, at = centre.cast.holders[0].trustee, Memory(), unix(case.at) + 5
    first = holder.release(copy.deepcopy(bundle), memory, centre.cast.pins, at=at)
    assert holder.release(copy.deepcopy(bundle), memory, centre.cast.pins, at=at) == first, "asked again it says the same"
    memory.closed = {name: "7 " + "00" * 32 for name in memory.closed}
    with refused("trustee.closed_before"):
        holder.release(bundle, memory, centre.cast.pins, at=at)


def test_an_extension_that_opens_before_its_own_deadline_is_none(extended) -> None:
    centre, case, bundle = extended
    change = copy.deepcopy(bundle["amendments"][0])
    change["document"]["deadline"] += 86400
    change["sig"] = trustees.sign_by_centre(session_message(documents.amendment_id(change["document"])))
    with refused("trustee.amendment"):
        centre.cast.holders[0].trustee.learn(case.session.id, [change], Memory(), centre.cast.pins)
    change["document"]["open_not_before"] += 86400
    change["sig"] = trustees.sign_by_centre(session_message(documents.amendment_id(change["document"])))
    assert centre.cast.holders[0].trustee.learn(case.session.id, [change], Memory(), centre.cast.pins), "the control is learnt"


@pytest.mark.parametrize("end", ["terminate", "pause"])
def test_no_share_is_asked_for_or_taken_of_a_lot_that_rests(ready, end: str) -> None:
    centre, case, bundle = ready
    holder = centre.cast.holders[0].trustee
    assert [item.id for item in trustees.waiting_for(holder.public.hex())] == [case.session.id], "the control waits"
    given = holder.release(bundle, Memory(), centre.cast.pins, at=unix(case.at) + 5)
    if end == "terminate":
        notices.terminate(case.project_id, "规划调整", actor="t", at=case.at)
    else:
        pauses.pause_by_law(case.lot_id, "objection", "条例 22", "x", actor="platform", at=case.at)
    assert trustees.waiting_for(holder.public.hex()) == []
    with refused("trustee.resting"):
        trustees.take_release(given, at=case.at)


def test_a_key_holder_learns_nothing_that_the_centre_did_not_sign(extended) -> None:
    centre, case, bundle = extended
    amendments = copy.deepcopy(bundle["amendments"])
    amendments[0]["document"]["open_not_before"] += 86400
    memory = Memory()
    with refused("trustee.amendment"):
        centre.cast.holders[0].trustee.learn(case.session.id, amendments, memory, centre.cast.pins)
    assert memory.opens == {}


def test_a_key_holder_refuses_before_the_time_by_its_own_clock(ready) -> None:
    centre, _case, bundle = ready
    with refused("trustee.too_early"):
        centre.cast.holders[0].trustee.release(bundle, Memory(), centre.cast.pins, at=bundle["session"]["open_not_before"] - 1)


def test_a_key_holder_refuses_a_log_that_forgot(ready) -> None:
    centre, case, bundle = ready
    seen = Memory(size=bundle["close"]["index"], root="00" * 32)
    with refused("trustee.log_forked"):
        centre.cast.holders[0].trustee.release(bundle, seen, centre.cast.pins, at=unix(case.at) + 5)


def test_a_key_holder_wants_its_quorum(ready) -> None:
    centre, case, bundle = ready
    strict = Pins(centre.cast.pins.log_key, centre.cast.pins.centre_key, centre.cast.pins.witness_keys, 4)
    with refused("trustee.not_witnessed"):
        centre.cast.holders[0].trustee.release(bundle, Memory(), strict, at=unix(case.at) + 5)


def test_a_release_of_a_stranger_is_refused(ready) -> None:
    centre, case, bundle = ready
    given = centre.cast.holders[0].trustee.release(bundle, Memory(), centre.cast.pins, at=unix(case.at) + 5)
    for change in ({"trustee": 2}, {"released_at": 0}, {"releases": []}):
        with refused("trustee.release_signature"):
            trustees.take_release({"body": given["body"] | change, "sig": given["sig"]}, at=case.at)


def test_a_pre_key_serves_one_session_only(ready) -> None:
    centre, case, bundle = ready
    holder = centre.cast.holders[0].trustee
    number = next(t["pre_key"] for t in bundle["session"]["trustees"] if t["org"] == holder.organisation)
    with refused("trustee.pre_key_used"):
        holder.release(bundle, Memory(used={str(number): "f" * 64}), centre.cast.pins, at=unix(case.at) + 5)


# --- many processes, and death at any moment --------------------------------------------------------


def _work(settings: Settings, lot_id: int, at, together, seconds: float) -> None:
    app = create_app(settings)
    random.seed(os.getpid())
    with app.app_context():
        together.wait(120)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for step in (opening.close, opening.close_window, opening.unseal_due, opening.finish):
                try:
                    step(lot_id, clock=stopped(at))
                except Exception as error:  # noqa: BLE001 - another process was first, or the row is not there yet
                    db.session.rollback()
                    if not isinstance(error, (Refused,)) and type(error).__name__ not in ("NotFound", "IntegrityError", "OperationalError"):
                        raise
            if opening.opening_of(lot_id) and opening.opening_of(lot_id).opened_at:
                return
            time.sleep(random.random() / 50)


def _one_result(case: CaseRun) -> None:
    kinds = dict(db.session.execute(select(Entry.kind, func.count()).where(Entry.lot == case.lot.code).group_by(Entry.kind)).all())
    assert kinds["session.close"] == kinds["window.closed"] == kinds["lot.opened"] == kinds["opening.recorded"] == 1
    assert kinds["bid.opened"] == 3
    assert db.session.scalar(select(func.count()).select_from(OpenedBid).where(OpenedBid.lot_id == case.lot_id)) == 3


def test_four_processes_give_one_result(centre: Centre) -> None:
    case = closed(centre)
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    case.release_keys(lambda seen: opening.bundle_for(case.session.id, seen=seen), trustees.get_session(case.session.id).release_checkpoint)
    settings = installation.settings()
    db.session.remove()
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(4)
    workers = [context.Process(target=_work, args=(settings, case.lot_id, case.at, together, 30)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(180)
        assert worker.exitcode == 0
    _one_result(case)


def test_killed_at_any_step_it_goes_on(sqlite_centre: Centre) -> None:
    case = closed(sqlite_centre)
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    case.release_keys(lambda seen: opening.bundle_for(case.session.id, seen=seen), trustees.get_session(case.session.id).release_checkpoint)
    settings = installation.settings()
    db.session.remove()
    context = multiprocessing.get_context("spawn")
    for pause in (0.0, 0.03):
        together = context.Barrier(2)
        worker = context.Process(target=_work, args=(settings, case.lot_id, case.at, together, 30))
        worker.start()
        together.wait(90)
        time.sleep(pause)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
    opening.unseal_due(case.lot_id, clock=stopped(case.at))
    opening.finish(case.lot_id, clock=stopped(case.at))
    _one_result(case)


def test_control_without_the_claim_a_bid_would_be_opened_twice(sqlite_centre: Centre) -> None:
    """The check above does see a doubled opening: plant one and count."""
    case = sqlite_centre.an_opened_case()
    with pytest.raises(AssertionError):
        db.session.execute(update(Entry).where(Entry.kind == "bid.half_given").values(kind="bid.opened"))
        _one_result(case)


def test_late_by_construction(sqlite_centre: Centre) -> None:
    """A bid slipped into the table after the close is outside the logged set, and key holders see it."""
    case = closed(sqlite_centre)
    give_all(case)
    opening.close_window(case.lot_id, clock=stopped(case.at))
    sqlite_centre.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    row = sealed.bids(case.session.id)[0]
    header = copy.deepcopy(row.header)
    header["ctx"]["nonce"] = "ab" * 32
    db.session.add(SealedBid(id="f" * 32, session=case.session.id, tag="f" * 32, box=b"", digest=documents.bid_digest(header),
                             organisation_id=row.organisation_id, version=9, state="live", header=header, parts=[], commit_seq=1))
    db.session.commit()
    with refused("trustee.headers_differ"):
        sqlite_centre.cast.holders[0].trustee.release(opening.bundle_for(case.session.id, seen=0), Memory(), sqlite_centre.cast.pins, at=unix(case.at) + 5)


def test_checkpoints_only_grow(centre: Centre) -> None:
    case = centre.an_opened_case()
    sizes = db.session.scalars(select(Checkpoint.size).order_by(Checkpoint.at, Checkpoint.size)).all()
    assert sizes == sorted(sizes)
    assert case.lot.stage == Stage.OPENED

"""Key holders before, at and after the opening: rehearsals, absence, early shares, disputes, backup cards."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bidding.envelope import documents, keys, sealing
from bidding.opening import jobs, rules
from bidding.opening import service as opening
from bidding.sealed import service as sealed
from bidding.trustees import agent, canaries, canary_rules, disputes
from bidding.trustees import service as trustees
from bidding.trustees.commands import trustee as command
from bidding.trustees.trustee import Memory, canary_message, release_message
from tests.builders import T0, Centre
from tests.services.test_filing import refused
from trading.base.clock import stopped, unix
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.evidence.models import Entry
from trading.evidence.verify import Pack, Verifier, close_marker
from trading.base import installation
from trading.evidence import service as evidence
from trading.messages.models import Message
from trading.projects.rules import Stage


def kinds(case: CaseRun, *wanted: str) -> list[dict]:
    return [entry.event for entry in db.session.scalars(select(Entry).where(Entry.lot == case.lot.code, Entry.kind.in_(wanted)).order_by(Entry.seq))]


def rehearse(case: CaseRun, holder: int, number: int = 1) -> bool:
    session = trustees.get_session(case.session.id)
    shown = canaries.shown(session, number, trustees.signature_of(session))
    who = case.cast.holders[holder]
    return trustees.take_canary(who.trustee.rehearse(shown, who.memory, case.cast.pins, at=unix(case.at)), at=case.at)


# --- rehearsals ------------------------------------------------------------------------------------

DAY = timedelta(days=1)


@pytest.mark.parametrize(("opened_before", "expected"), [
    (timedelta(days=20), [timedelta(hours=72), timedelta(hours=2)]),
    (timedelta(hours=72, minutes=15), [timedelta(hours=72), timedelta(hours=2)]),
    (timedelta(hours=72), [timedelta(hours=71, minutes=45), timedelta(hours=2)]),
    (timedelta(hours=5), [timedelta(hours=4, minutes=45), timedelta(hours=2)]),
    (timedelta(hours=2), [timedelta(hours=1, minutes=45)]),
    (timedelta(minutes=10), [timedelta(minutes=5)])])
def test_when_rehearsals_are_due(opened_before: timedelta, expected: list[timedelta]) -> None:
    deadline = T0 + 30 * DAY
    assert [deadline - due for due in canary_rules.rounds(deadline - opened_before, deadline)] == expected


def test_a_moved_deadline_is_rehearsed_again() -> None:
    deadline, later = T0 + 10 * DAY, T0 + 12 * DAY
    due = canary_rules.rounds(T0, deadline)
    assert canary_rules.moved(due, 0, later, T0) == canary_rules.rounds(T0, later)
    assert canary_rules.moved(due, 1, later, T0 + 8 * DAY) == [due[0], later - timedelta(hours=2)]
    assert canary_rules.moved(due, 2, later, deadline - timedelta(hours=1)) == [*due, later - timedelta(hours=2)]


@pytest.mark.parametrize(("k", "n", "needed"), [(2, 3, 3), (3, 5, 4), (2, 2, 2), (1, 1, 1)])
def test_one_more_than_the_opening_needs(k: int, n: int, needed: int) -> None:
    assert canary_rules.needed(k, n) == needed


def test_all_fit_and_nobody_is_alarmed(centre: Centre) -> None:
    case = centre.a_bidding_case()
    assert all([rehearse(case, number) for number in range(3)])
    assert rehearse(case, 0), "twice is once"
    assert len(canaries.answers(case.session.id)) == 3
    first = canaries.rounds(case.session.id)[0]
    assert canaries.check_due(first.due_at) == 1 and canaries.check_due(first.due_at) == 0
    assert [event["healthy"] for event in kinds(case, "canary.held")] == [3] and not kinds(case, "canary.alarm")


def test_a_lost_root_is_seen_before_the_deadline_and_mended(centre: Centre) -> None:
    case = centre.a_bidding_case()
    rehearse(case, 0)
    rehearse(case, 1)
    due = canaries.rounds(case.session.id)[0].due_at
    assert canaries.check_due(due) == 1
    alarm = kinds(case, "canary.alarm")[0]
    assert (alarm["healthy"], alarm["needed"], alarm["missing"]) == (2, 3, [case.cast.holders[2].trustee.organisation])
    told = db.session.scalars(select(Message).where(Message.kind == "canary.alarm")).all()
    assert {message.organisation_id for message in told} >= {case.lot.project.tenderer_id}
    rehearse(case, 2)
    assert kinds(case, "canary.recovered")


def test_garbage_is_a_fault_of_its_holder(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    holder = case.cast.holders[0]
    session = trustees.get_session(case.session.id)
    given = holder.trustee.rehearse(canaries.shown(session, 1, trustees.signature_of(session)), holder.memory, case.cast.pins, at=unix(case.at))
    forged = given["body"] | {"p": b64encode(b"\1" + bytes(65)).decode()}
    assert not trustees.take_canary({"body": forged, "sig": holder.trustee.sign(canary_message(forged))}, at=case.at)
    assert [answer.fault for answer in canaries.answers(session.id)] == ["canary.wrong_share"]
    with refused("trustee.release_signature"):
        trustees.take_canary({"body": given["body"] | {"trustee": 2}, "sig": given["sig"]}, at=case.at)
    with refused("canary.unknown"):
        other = given["body"] | {"number": 9}
        trustees.take_canary({"body": other, "sig": holder.trustee.sign(canary_message(other))}, at=case.at)


def test_a_real_bid_cannot_be_read_as_a_rehearsal(sqlite_centre: Centre) -> None:
    """A platform that shows a filed header as the dummy bid, as it is or under the dummy's name, gets nothing."""
    case = sqlite_centre.a_filed_case()
    holder, session = case.cast.holders[0], trustees.get_session(case.session.id)
    company = sqlite_centre.companies[0]
    victim = sealing.seal(session.document, company.code, {"price_fen": 1, "days": 1, "quality": "", "statement": ""}, [], open("/dev/null", "wb"))
    shown = canaries.shown(session, 1, trustees.signature_of(session))
    with refused("trustee.not_a_canary"):
        holder.trustee.rehearse(shown | {"header": victim.header}, Memory(), case.cast.pins, at=unix(case.at))
    renamed = json.loads(json.dumps(victim.header))
    renamed["ctx"]["bidder"] = canary_rules.CANARY
    answer = holder.trustee.rehearse(shown | {"header": renamed}, Memory(), case.cast.pins, at=unix(case.at))
    assert answer["body"]["p"] == "" and answer["body"]["fault"] == "seal.wrap_damaged"
    with refused("trustee.session_signature"):
        holder.trustee.rehearse(shown | {"sig": holder.trustee.sign(b"x")}, Memory(), case.cast.pins, at=unix(case.at))
    with refused("trustee.pre_key_used"):
        number = next(t["pre_key"] for t in session.document["trustees"] if t["org"] == holder.trustee.organisation)
        holder.trustee.rehearse(shown, Memory(used={str(number): "0" * 64}), case.cast.pins, at=unix(case.at))


# --- at the opening ---------------------------------------------------------------------------------


def closed_window(centre: Centre) -> CaseRun:
    case = centre.a_case("register", "announce", "pay_deposits", "file_bids", "close")
    for row in sealed.bids(case.session.id):
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    assert opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=1)))
    case.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    case.wait(seconds=1)
    return case


def given_by(case: CaseRun, holder: int) -> dict:
    who = case.cast.holders[holder]
    bundle = opening.bundle_for(case.session.id, seen=who.memory.size)
    return who.trustee.release(bundle, who.memory, case.cast.pins, at=unix(case.at))


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_any_two_of_three_open_it(sqlite_centre: Centre, absent: int) -> None:
    case = closed_window(sqlite_centre)
    for holder in {0, 1, 2} - {absent}:
        trustees.take_release(given_by(case, holder), at=case.at)
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 3 and opening.finish(case.lot_id, clock=stopped(case.at))
    assert [bid.outcome for bid in opening.opened_bids(case.lot_id)] == ["opened"] * 3


def test_too_few_holders_hold_the_opening_then_fail_the_lot(centre: Centre) -> None:
    case = closed_window(centre)
    trustees.take_release(given_by(case, 0), at=case.at)
    began = opening.opening_of(case.lot_id).window_closed_at
    for after in (timedelta(minutes=9), rules.CALL_AFTER, timedelta(hours=23, minutes=59)):
        jobs.advance_due(stopped(began + after))
        assert case.lot.stage == Stage.CLOSED
    assert len(kinds(case, "opening.holding")) == 1 and len(kinds(case, "opening.holding")[0]["missing"]) == 2
    jobs.advance_due(stopped(began + rules.HOLD))
    db.session.expire_all()
    assert (case.lot.stage, case.lot.failed_reason) == (Stage.FAILED, "key_holders_absent")
    ended = kinds(case, "opening.given_up")[0]
    assert (ended["fault"], ended["label"]) == ("organiser", "withdrawn")
    assert opening.opened_bids(case.lot_id) == [], "nothing was opened"
    with refused("trustee.resting"):
        trustees.take_release(given_by(case, 1), at=case.at)
    case.at = began + rules.HOLD + timedelta(hours=1)
    pack = case.seal_archive()
    report = Verifier(Pack(installation.files().path(pack.stored)), evidence.log_verifier_key(), case.cast.watchers.keys, 2).run()
    assert report["ok"], report["checks"]


def test_the_second_holder_may_come_late(sqlite_centre: Centre) -> None:
    case = closed_window(sqlite_centre)
    trustees.take_release(given_by(case, 0), at=case.at)
    jobs.advance_due(stopped(case.wait(hours=23)))
    trustees.take_release(given_by(case, 2), at=case.at)
    jobs.advance_due(stopped(case.at))
    db.session.expire_all()
    assert case.lot.stage == Stage.OPENED


def test_an_early_share_is_refused_and_proves_who_gave_it(centre: Centre) -> None:
    """A holder that ignores its own rules releases before the close: worth nothing, and on record for ever."""
    case = centre.a_filed_case()
    who = case.cast.holders[1].trustee
    body = {"session": case.session.id, "trustee": 2, "released_at": unix(case.at), "releases": []}
    document = {"body": body, "sig": who.sign(release_message(body))}
    for _ in range(3):
        with refused("trustee.too_early"):
            trustees.take_release(document, at=case.at)
    found = kinds(case, "shares.early")
    assert len(found) == 1 and found[0]["trustee"] == 2
    public = next(documents.binary(t["sig_key"], "k") for t in case.session.document["trustees"] if t["i"] == 2)
    assert keys.is_signed(public, documents.binary(found[0]["sig"], "sig"), release_message(body)), "its own signature says so"
    assert trustees.released_by(trustees.get_session(case.session.id)) == []


# --- one close, one set --------------------------------------------------------------------------------


def closed_again(case: CaseRun, *, marked: bool) -> None:
    """A dishonest platform closes a session a second time, by its own rights, and has the witnesses sign it."""
    session = trustees.get_session(case.session.id)
    with transaction():
        session = trustees.get_session(session.id)
        first = db.session.get(Entry, session.close_seq).event
        if marked:
            evidence.mark_close(session.id, at=case.at, lot=case.lot.code)
        again = evidence.record("session.close", actor="timetable", at=case.at, lot=case.lot.code,
                                **{name: first[name] for name in ("session", "count", "root", "in_force")})
        session.close_seq = again.seq
        trustees.close_window(session, 3, 3, at=case.at)
    case.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)


@pytest.mark.parametrize("marked", [True, False])
def test_two_holders_are_never_shown_two_closes(sqlite_centre: Centre, marked: bool) -> None:
    """One holder answers the first close; whoever read what it opened makes a second one for the others."""
    case = closed_window(sqlite_centre)
    assert given_by(case, 0)["body"]["releases"]
    closed_again(case, marked=marked)
    case.wait(seconds=1)
    for holder in (1, 2):
        with refused("trustee.closed_twice"):
            given_by(case, holder)


def test_leaves_that_do_not_make_the_root_are_refused(sqlite_centre: Centre) -> None:
    case = closed_window(sqlite_centre)
    bundle, who = opening.bundle_for(case.session.id, seen=0), case.cast.holders[0]
    data = bytearray(documents.long_binary(bundle["leaves"], "leaves"))
    mark = data.index(close_marker(case.session.id))
    hidden = bytes(data[:mark]) + bytes(32) + bytes(data[mark + 32:])
    for change in ({"leaves": b64encode(hidden).decode()}, {"leaves": b64encode(bytes(data[:-32])).decode()}, {"leaves": ""}, {"peaks": []},
                   {"leaves": 7}):
        with pytest.raises(Refused, check=lambda error: error.reason in ("trustee.leaves", "seal.document")):
            who.trustee.release(bundle | change, Memory(), case.cast.pins, at=unix(case.at))
    assert who.trustee.release(bundle, Memory(), case.cast.pins, at=unix(case.at)), "control: the true ones are accepted"


def test_a_withdrawal_of_somebody_elses_bid_stops_the_release(sqlite_centre: Centre) -> None:
    """A platform that withdraws a rival's bid in another's name, or lets one bid replace another's, opens nothing."""
    case = sqlite_centre.a_filed_case()
    victim = next(iter(case.halves))
    with transaction():
        evidence.record("bid.withdraw", actor="x", at=case.at, lot=case.lot.code, session=case.session.id, bid_digest=victim,
                        bidder=sqlite_centre.companies[4].code)
    case.close()
    for row in sealed.bids(case.session.id):
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=1)))
    case.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    case.wait(seconds=1)
    with refused("trustee.not_its_own"):
        given_by(case, 0)


def test_a_holder_that_answered_a_later_opening_answers_the_earlier_one(sqlite_centre: Centre) -> None:
    """Two lots with one deadline: whichever a holder asks for first, it takes no step back in the log."""
    first, second = closed_window(sqlite_centre), closed_window(sqlite_centre)
    who = first.cast.holders[0]
    for case in (second, first):
        bundle = opening.bundle_for(case.session.id, seen=who.memory.size)
        assert who.trustee.release(bundle, who.memory, case.cast.pins, at=unix(second.at))["body"]["releases"]


# --- disputes -----------------------------------------------------------------------------------------


def with_garbage(centre: Centre, holders: tuple[int, ...]) -> CaseRun:
    """A case whose bidders wrapped garbage for some holders, as only a bidder can."""
    case = centre.a_case("register", "announce", "pay_deposits")
    genuine, calls = keys.wrap, count()

    def garbage(recipient: bytes, info: bytes, release: bytes) -> bytes:
        return genuine(recipient, info, bytes(66) if next(calls) % 3 in holders else release)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing.keys, "wrap", garbage)
        case.file_bids()
    return case


def test_a_bidder_that_wrapped_garbage_is_named_by_the_seeds(sqlite_centre: Centre) -> None:
    case = with_garbage(sqlite_centre, (0, 1))
    case.close()
    for row in sealed.bids(case.session.id):
        opening.give_half(case.lot_id, row.digest, case.halves[row.digest], bidder_id=row.organisation_id, clock=stopped(case.wait(seconds=1)))
    opening.close_window(case.lot_id, clock=stopped(case.wait(seconds=1)))
    case.cast.cosign(trustees.get_session(case.session.id).release_checkpoint, case.at)
    case.wait(seconds=1)
    for holder in range(3):
        trustees.take_release(given_by(case, holder), at=case.at)
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 0, "undecided: nobody is blamed yet"
    session = trustees.get_session(case.session.id)
    headers = {row.digest: row.header for row in sealed.bids(session.id)}
    for number in (0, 1):
        who = case.cast.holders[number]
        found = disputes.take(who.trustee.disclose(session.document, who.memory, at=unix(case.at)), headers, at=case.at)
        assert set(found.values()) == {"bidder"} and len(found) == len(headers)
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == len(headers)
    assert {bid.outcome for bid in opening.opened_bids(case.lot_id)} == {"wrap_damaged"}
    label = kinds(case, "bid.not_opened")[0]
    assert (label["fault"], label["label"]) == ("bidder", "revoked")


def test_a_holder_that_claims_garbage_is_refuted_and_the_bid_opens(sqlite_centre: Centre) -> None:
    case = closed_window(sqlite_centre)
    liar = given_by(case, 0)
    body = liar["body"] | {"releases": [item | {"p": "", "fault": "seal.wrap_damaged"} for item in liar["body"]["releases"]]}
    who = case.cast.holders[0]
    trustees.take_release({"body": body, "sig": who.trustee.sign(release_message(body))}, at=case.at)
    trustees.take_release(given_by(case, 1), at=case.at)
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 0, "one good share of two: waits for the third, or the dispute"
    session = trustees.get_session(case.session.id)
    headers = {row.digest: row.header for row in sealed.bids(session.id)}
    disclosed = who.trustee.disclose(session.document, who.memory, at=unix(case.at))
    assert set(disputes.take(disclosed, headers, at=case.at).values()) == {"trustee"}
    assert disputes.take(disclosed, headers, at=case.wait(seconds=5)).values(), "sent again, it gives the same findings"
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 3
    assert {bid.outcome for bid in opening.opened_bids(case.lot_id)} == {"opened"}
    assert opening.finish(case.lot_id, clock=stopped(case.at))
    case.draw()
    case.evaluate()
    case.conclude()
    pack = case.seal_archive()
    report = Verifier(Pack(installation.files().path(pack.stored)), evidence.log_verifier_key(), case.cast.watchers.keys, 2).run()
    assert report["ok"], report["checks"]


def test_a_program_that_is_missing_is_nobodys_fault(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    case = closed_window(sqlite_centre)
    header = sealed.bids(case.session.id)[0].header

    def gone(*_: object) -> bytes:
        raise Refused("suite.gm_unavailable")

    monkeypatch.setattr(sealing, "open_wrap", gone)
    with refused("suite.gm_unavailable"):
        disputes.finding(bytes(32), header, 1)
    with refused("suite.gm_unavailable"):
        given_by(case, 0)
    monkeypatch.undo()
    assert given_by(case, 0)["body"]["releases"][0]["p"], "it releases once the program is there again"


def test_a_key_that_is_none_is_not_taken(sqlite_centre: Centre) -> None:
    """The right length, signed by its holder, and still no key: refused before anything is sealed to it."""
    from bidding.trustees.trustee import pre_key_message

    holder = sqlite_centre.cast.holders[0]
    number = trustees.last_pre_key(holder.record_id) + 1
    for public in (bytes(keys.PUBLIC_KEY_BYTES), b"\xff" * keys.PUBLIC_KEY_BYTES):
        batch = [{"number": number, "kem_pk": b64encode(public).decode(), "sig": holder.trustee.sign(pre_key_message(number, public))}]
        with refused("seal.key_point"):
            trustees.add_pre_keys(holder.record_id, batch, at=T0)


def test_a_disclosure_is_of_the_own_seed_and_after_the_release(sqlite_centre: Centre) -> None:
    case = closed_window(sqlite_centre)
    session, who = trustees.get_session(case.session.id), case.cast.holders[0]
    with refused("trustee.not_released"):
        who.trustee.disclose(session.document, who.memory, at=unix(case.at))
    trustees.take_release(given_by(case, 0), at=case.at)
    good = who.trustee.disclose(session.document, who.memory, at=unix(case.at))
    with refused("trustee.release_signature"):
        disputes.take({"body": good["body"] | {"seed": "0" * 64}, "sig": good["sig"]}, {}, at=case.at)
    other = case.cast.holders[1]
    with refused("trustee.not_released"):
        disputes.take(other.trustee.disclose(session.document, Memory(closed={session.id: "x"}), at=unix(case.at)), {}, at=case.at)


def test_a_seed_opens_one_session_only(sqlite_centre: Centre) -> None:
    """What a dispute gives away opens no wrap of another session of the same holder."""
    first, second = sqlite_centre.a_bidding_case(), sqlite_centre.a_bidding_case()
    who = sqlite_centre.cast.holders[0].trustee
    offer = {"price_fen": 1, "days": 1, "quality": "", "statement": ""}
    seeds, headers = [], []
    for case in (first, second):
        document = case.session.document
        ours = next(t for t in document["trustees"] if t["org"] == who.organisation)
        seeds.append(bytes.fromhex(who.disclose(document, Memory(closed={case.session.id: "x"}), at=0)["body"]["seed"]))
        headers.append((sealing.seal(document, sqlite_centre.companies[0].code, offer, [], open("/dev/null", "wb")).header, ours["i"]))
    for number, (header, i) in enumerate(headers):
        assert disputes.finding(seeds[number], header, i)[0] == "trustee", "control: its own seed opens it"
        assert disputes.finding(seeds[1 - number], header, i) == ("bidder", b"")


# --- the folder and its cards ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    agent.init(tmp_path / "holder", "公证处", "http://127.0.0.1:9", "key", "00" * 32, [], 0)
    return tmp_path / "holder"


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_two_cards_give_the_root_back(folder: Path, tmp_path: Path, pair: tuple[int, int], passphrase: str) -> None:
    words = agent.cards(folder, passphrase)
    assert [len(card.split()) for card in words] == [33] * 3
    made = agent.restore(tmp_path / "again", [words[number] for number in pair], passphrase, folder / "trustee.json")
    assert (tmp_path / "again/root.key").read_bytes() == (folder / "root.key").read_bytes()
    assert (tmp_path / "again/root.key").stat().st_mode & 0o777 == 0o600
    assert made.public.hex() == json.loads((folder / "trustee.json").read_text("utf-8"))["public"]


def test_cards_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    words, others = agent.cards(folder, "one"), agent.cards(folder, "one")
    swapped = words[0].split()
    swapped[5], swapped[6] = swapped[6], swapped[5]
    for bad, passphrase in ([words[0]], "one"), ([words[0], words[0]], "one"), ([words[0], others[1]], "one"), \
            ([words[0], words[1]], "two"), ([" ".join(swapped), words[1]], "one"), (["", ""], "one"), (["no such words", words[1]], "one"):
        with pytest.raises(Refused, match="trustee.cards"):
            agent.restore(tmp_path / "again", bad, passphrase, folder / "trustee.json")
    assert not (tmp_path / "again").exists(), "nothing is half-done"


def test_the_commands_of_a_key_holder(folder: Path, tmp_path: Path) -> None:
    run = CliRunner()
    printed = run.invoke(command, ["cards", str(folder), "--passphrase", ""])
    assert printed.exit_code == 0 and printed.output.count("2 needed") == 3
    lines = [line for line in printed.output.splitlines() if line and line.lstrip()[0].isdigit()]
    words = " ".join(word for line in lines for word in line.split() if not word.isdigit()).split()
    cards = [" ".join(words[first:first + 33]) for first in (0, 33, 66)]
    arguments = ["restore", str(tmp_path / "new"), "--settings", str(folder / "trustee.json"), "--passphrase", ""]
    done = run.invoke(command, [*arguments, "--card", cards[0], "--card", cards[2]])
    assert done.exit_code == 0, done.output
    again = run.invoke(command, [*arguments, "--card", cards[0], "--card", cards[2]])
    assert again.exit_code == 1 and "a root in that folder already" in again.output
    wrong = run.invoke(command, [*arguments[:1], str(tmp_path / "other"), *arguments[2:], "--card", cards[0]])
    assert wrong.exit_code == 1 and "trustee.cards" in wrong.output
    for act in ("release", "dispute"):
        told = run.invoke(command, [act, str(folder), "0" * 64, *(["--yes"] if act == "dispute" else [])])
        assert told.exit_code == 1 and "does not answer" in told.output, told.output

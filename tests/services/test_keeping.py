"""Sealed cases are numbered, kept, held, lent and disposed of as the records rules ask; each guarantee is attacked."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.builders import NAMES, T0, Centre
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.archive import catalogue, disposal, holds, keeping, loans, packing, printing, renewal, service
from trading.archive.lending import Borrower, LoanState
from trading.archive.models import CaseFile, Disposal, DisposalItem, Hold, Pack, RemovedFile
from trading.archive.terms import Retention
from trading.base import installation
from trading.base.database import db, transaction
from trading.base.errors import NotFound, Refused
from trading.demonstration.case import CaseRun
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.projects import service as projects
from trading.projects.models import ProjectFile

LATER = T0 + timedelta(days=16 * 366)
WHY = "保管期满，无继续保存价值"


def person(name: str, role: Role, organisation_id: int | None = None) -> dict[str, Any]:
    made = accounts.create(name, name, "a long enough password 1", {role}, actor="test", at=T0, organisation_id=organisation_id)
    return {"account_id": made.id, "actor": name}


@pytest.fixture
def people(centre: Centre) -> dict[str, dict[str, Any]]:
    return centre.once("people of the archive", lambda: {
        "archivist": person("archivist", Role.ARCHIVIST), "one": person("supervisor1", Role.SUPERVISOR), "two": person("supervisor2", Role.SUPERVISOR)})


def sealed(centre: Centre, **changes: Any) -> CaseRun:
    """The quickest sealed case: two bidders only, so that it failed."""
    def make() -> CaseRun:
        case = centre.a_case("register", "announce", "file_bids", "close", "seal_archive", bidders=2, **changes)
        keeping.take_in(case.lot_id, at=case.at)
        return case

    return centre.once(f"sealed {changes}", make)


def kinds(case: CaseRun, prefix: str) -> list[str]:
    return list(db.session.scalars(select(Entry.kind).where(Entry.lot == case.lot.code, Entry.kind.startswith(prefix)).order_by(Entry.seq)))


def stored_of(lot_id: int) -> list[str]:
    pack = service.pack_of(lot_id)
    assert pack is not None
    return [piece.stored for piece in service.pieces(lot_id)] + [pack.stored]


def there(names: list[str]) -> int:
    return sum(installation.files().path(name).exists() for name in names)


def listed(case: CaseRun, people: dict[str, Any], at: datetime) -> Disposal:
    made = disposal.propose([case.lot.code or ""], WHY, **people["archivist"], at=at)
    return disposal.approve(made.id, **people["one"], at=at)


# --- numbers and classes -------------------------------------------------------------------------


def test_numbers_are_given_once_and_never_again(centre: Centre) -> None:
    first, second = sealed(centre), sealed(centre, at=T0 + timedelta(minutes=5))
    one, two = keeping.case_file(first.lot_id), keeping.case_file(second.lot_id)
    assert one and two and (one.number, two.number) == ("1510822000-GC-2026-0001", "1510822000-GC-2026-0002")
    assert keeping.take_in(first.lot_id, at=LATER).number == one.number, "taken in twice it is one file"
    assert kinds(first, "archive.numbered") == ["archive.numbered"]
    pack = service.pack_of(first.lot_id)
    assert pack and one.retention == Retention.YEARS_15 and pack.keep_until.year == 2041


def test_what_was_sealed_before_is_taken_in_by_the_job(centre: Centre) -> None:
    case = centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    case.seal_archive()
    assert keeping.case_file(case.lot_id) is None
    assert keeping.take_in_due(case.at) == 1 and keeping.take_in_due(case.at) == 0
    found = keeping.case_file(case.lot_id)
    assert found and found.indexed_at


def test_raising_is_at_once_and_lowering_needs_another(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    with pytest.raises(Refused, match="retention.not_raised"):
        keeping.raise_class(case.lot_id, "years_15", "x", **people["archivist"], at=case.at)
    keeping.raise_class(case.lot_id, "permanent", "重大工程", **people["archivist"], at=case.at)
    pack = service.pack_of(case.lot_id)
    assert pack and pack.keep_until.year == 9999
    change = keeping.ask_lowering(case.lot_id, "years_30", "误提", **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="retention.waiting_already"):
        keeping.ask_lowering(case.lot_id, "years_15", "x", **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="retention.second_person"):
        keeping.lower(change.id, **people["archivist"], at=case.at)
    assert keeping.case_file(case.lot_id).retention == Retention.PERMANENT
    keeping.lower(change.id, **people["one"], at=case.at)
    assert keeping.case_file(case.lot_id).retention == Retention.YEARS_30 and service.pack_of(case.lot_id).keep_until.year == 2056
    with pytest.raises(Refused, match="retention.decided"):
        keeping.lower(change.id, **people["two"], at=case.at)
    refused = keeping.ask_lowering(case.lot_id, "years_15", "再试", **people["archivist"], at=case.at)
    keeping.refuse_lowering(refused.id, "不同意", **people["two"], at=case.at)
    assert kinds(case, "retention.") == ["retention.raised", "retention.lowering_asked", "retention.lowered", "retention.lowering_asked",
                                         "retention.lowering_refused"]


def test_nobody_goes_below_the_law_or_around_a_hold(centre: Centre, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    case = sealed(centre)
    keeping.raise_class(case.lot_id, "permanent", "重大工程", **people["archivist"], at=case.at)
    change = keeping.ask_lowering(case.lot_id, "years_15", "误提", **people["archivist"], at=case.at)
    # The law asks for more while the proposal waits.
    monkeypatch.setattr(keeping, "floor_months", lambda lot, at: 240)
    with pytest.raises(Refused, match="retention.below_law"):
        keeping.lower(change.id, **people["one"], at=case.at)
    monkeypatch.undo()
    held = holds.place(case.lot_id, "lawsuit", "（2026）川01行初1号", "行政诉讼", **people["one"], at=case.at)
    with pytest.raises(Refused, match="hold.held"):
        keeping.lower(change.id, **people["one"], at=case.at)
    holds.release(held.id, "撤诉", **people["two"], at=case.at)
    keeping.lower(change.id, **people["one"], at=case.at)
    assert keeping.case_file(case.lot_id).retention == Retention.YEARS_15


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001, "a\u202eb", "a\0b"])
def test_odd_reasons_are_refused(centre: Centre, people: dict[str, Any], reason: str) -> None:
    case = sealed(centre)
    for act in (lambda: keeping.raise_class(case.lot_id, "years_30", reason, **people["archivist"], at=case.at),
                lambda: holds.place(case.lot_id, "lawsuit", "1号", reason, **people["one"], at=case.at)):
        with pytest.raises(Refused, match="retention.reason|hold.ground"):
            act()


# --- holds ---------------------------------------------------------------------------------------


def test_a_hold_is_released_by_another_only(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    made = holds.place(case.lot_id, "investigation", "川纪立〔2026〕3号", "立案调查", **people["one"], at=case.at)
    with pytest.raises(Refused, match="hold.placed_already"):
        holds.place(case.lot_id, "investigation", "川纪立〔2026〕3号", "again", **people["two"], at=case.at)
    with pytest.raises(Refused, match="hold.second_person"):
        holds.release(made.id, "x", **people["one"], at=case.at)
    holds.release(made.id, "调查终结", **people["two"], at=case.at)
    with pytest.raises(Refused, match="hold.released"):
        holds.release(made.id, "x", **people["two"], at=case.at)
    assert kinds(case, "hold.") == ["hold.placed", "hold.released"] and holds.in_force(case.lot_id) == []


@pytest.mark.parametrize(("filed", "settled"), [("objection.filed", "objection.replied"), ("complaint.filed", "complaint.decided")])
def test_an_open_matter_holds_by_itself(centre: Centre, people: dict[str, Any], filed: str, settled: str) -> None:
    case = sealed(centre)
    noun = filed.split(".")[0]
    with transaction():
        evidence.record(filed, actor="x", at=case.at, lot=case.lot.code, **{noun: 7})
    with pytest.raises(Refused, match="hold.matter_open"):
        disposal.propose([case.lot.code], WHY, **people["archivist"], at=LATER)
    assert [why for _lot, _pack, why in disposal.candidates(LATER)] == ["hold.matter_open"]
    with transaction():
        evidence.record(settled, actor="x", at=case.at, lot=case.lot.code, **{noun: 7})
    assert disposal.propose([case.lot.code], WHY, **people["archivist"], at=LATER).items


# --- loans ---------------------------------------------------------------------------------------


def test_a_loan_from_asking_to_its_end(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    me = people["one"]
    loan = loans.ask(case.lot_id, None, "核查投诉", 10, **me, at=case.at)
    assert loan.borrower == Borrower.SUPERVISOR
    with pytest.raises(Refused, match="loan.not_lent"):
        loans.take(loan.id, actor="supervisor1", at=case.at)
    with pytest.raises(Refused, match="loan.asked_already"):
        loans.ask(case.lot_id, None, "again", 10, **me, at=case.at)
    loans.grant(loan.id, 3, **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="loan.decided"):
        loans.refuse(loan.id, "late", **people["archivist"], at=case.at)
    copy = loans.take(loan.id, actor="supervisor1", at=case.at + timedelta(days=3) - timedelta(microseconds=1))
    assert copy.sha256 == service.pack_of(case.lot_id).sha256
    for at in (case.at + timedelta(days=3), case.at + timedelta(days=4)):
        with pytest.raises(Refused, match="loan.over"):
            loans.take(loan.id, actor="supervisor1", at=at)
    assert loan.state(case.at + timedelta(days=4)) is LoanState.OVERDUE
    loans.give_back(loan.id, actor="supervisor1", at=case.at + timedelta(days=4))
    loans.give_back(loan.id, actor="supervisor1", at=case.at + timedelta(days=5))
    found = loans.copies(case.lot)
    assert [(entry.event["borrower"], entry.event["purpose"]) for entry in found] == [("supervisor1", "核查投诉")]
    assert kinds(case, "loan.") == ["loan.asked", "loan.granted", "loan.copied", "loan.returned"]


def test_bidders_borrow_no_secret_of_others(centre: Centre) -> None:
    case = sealed(centre)
    bidder = person("bidder", Role.BIDDER, centre.companies[0].id)
    stranger = person("stranger", Role.BIDDER, centre.companies[5].id)
    own = loans.own_bids(case.lot, centre.companies[0].id)
    assert len(own) == 1
    with pytest.raises(NotFound):
        loans.ask(case.lot_id, None, "x", 3, **stranger, at=case.at)
    with pytest.raises(Refused, match="loan.trade_secret"):
        loans.ask(case.lot_id, None, "x", 3, **bidder, at=case.at)
    may = 0
    for piece in service.pieces(case.lot_id):
        mine = any(digest in piece.path for digest in own)
        if mine or piece.path.startswith(("10-notices/", "12-", "40-award/award-notice")):
            loans.ask(case.lot_id, piece.id, "x", 3, **bidder, at=case.at)
            may += 1
        else:
            with pytest.raises(Refused, match="loan.trade_secret"):
                loans.ask(case.lot_id, piece.id, "x", 3, **bidder, at=case.at)
    assert may >= 2 and any("10-bids/" in piece.path and not any(digest in piece.path for digest in own) for piece in service.pieces(case.lot_id))


def test_a_purchaser_and_a_court_borrow(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    buyer = person("buyer", Role.TENDERER, centre.cast.tenderer.id)
    assert loans.ask(case.lot_id, None, "审计", 5, **buyer, at=case.at).borrower == Borrower.PURCHASER
    court = loans.enter(case.lot_id, service.pieces(case.lot_id)[0].id, "清溪县人民法院 王法官", "（2026）川0822民初9号", "取证", 7, actor="archivist", at=case.at)
    with pytest.raises(Refused, match="loan.asked_already"):
        loans.enter(case.lot_id, court.piece_id, "清溪县人民法院", "（2026）川0822民初9号", "取证", 7, actor="archivist", at=case.at)
    loans.grant(court.id, 7, **people["archivist"], at=case.at)
    loans.take(court.id, actor="archivist", at=case.at)
    assert loans.copies(case.lot)[0].event["document"] == "（2026）川0822民初9号"


def test_a_piece_of_another_case_is_not_lent(centre: Centre, people: dict[str, Any]) -> None:
    one, two = sealed(centre), sealed(centre, at=T0 + timedelta(minutes=5))
    with pytest.raises(NotFound):
        loans.ask(one.lot_id, service.pieces(two.lot_id)[0].id, "x", 3, **people["one"], at=one.at)


def test_reading_by_office_is_on_record(centre: Centre) -> None:
    case = sealed(centre)
    loans.take_by_office(case.lot_id, None, actor="archivist", at=case.at)
    loans.take_by_office(case.lot_id, service.pieces(case.lot_id)[0].id, actor="supervisor1", at=case.at)
    assert [(entry.actor, bool(entry.event["piece"])) for entry in loans.copies(case.lot)] == [("supervisor1", True), ("archivist", False)]


# --- disposal ------------------------------------------------------------------------------------


def test_a_case_is_disposed_of_by_two_after_the_wait(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    files, digest = stored_of(case.lot_id), service.pack_of(case.lot_id).sha256
    until = service.pack_of(case.lot_id).keep_until
    with pytest.raises(Refused, match="disposal.term_runs"):
        disposal.propose([case.lot.code], WHY, **people["archivist"], at=until - timedelta(microseconds=1))
    made = disposal.propose([case.lot.code], WHY, **people["archivist"], at=until)
    with pytest.raises(Refused, match="disposal.listed_already"):
        disposal.propose([case.lot.code], WHY, **people["archivist"], at=until)
    with pytest.raises(Refused, match="disposal.not_approved"):
        disposal.carry_out(made.id, case.lot_id, at=until)
    with pytest.raises(Refused, match="disposal.second_person"):
        disposal.approve(made.id, **people["archivist"], at=until)
    disposal.approve(made.id, **people["one"], at=until)
    due = until + timedelta(days=30)
    with pytest.raises(Refused, match="disposal.not_due"):
        disposal.carry_out(made.id, case.lot_id, at=due - timedelta(microseconds=1))
    assert disposal.carry_out_due(due - timedelta(microseconds=1)) == 0 and there(files) == len(files)
    assert disposal.carry_out_due(due) == 1 and disposal.carry_out_due(due) == 0
    assert there(files) == 0
    item = disposal.live_item(case.lot_id)
    assert item and item.record and item.finished_at and item.record["pack"]["sha256"] == digest
    assert {piece["path"] for piece in item.record["pieces"]} == {piece.path for piece in service.pieces(case.lot_id)}
    assert (item.record["opinion"], item.record["proposed_by"], item.record["approved_by"]) == (WHY, "archivist", "supervisor1")
    assert kinds(case, "disposal.") == ["disposal.proposed", "disposal.approved", "disposal.begun", "disposal.finished"]
    # What is left: the log with its proofs, the catalogue; nothing lends, renews or raises any more.
    assert packing.entries_of(case.lot) and catalogue.cover(case.lot).disposed_at and catalogue.lines(case.lot)
    assert printing.file_papers(case.lot).startswith(b"%PDF")
    for act in (lambda: loans.take_by_office(case.lot_id, None, actor="x", at=due), lambda: loans.ask(case.lot_id, None, "x", 3, **people["one"], at=due),
                lambda: holds.place(case.lot_id, "lawsuit", "1号", "x", **people["one"], at=due),
                lambda: keeping.raise_class(case.lot_id, "permanent", "x", **people["archivist"], at=due),
                lambda: disposal.propose([case.lot.code], WHY, **people["archivist"], at=due)):
        with pytest.raises(Refused, match="archive.disposed"):
            act()
    assert renewal.renew_due(due + timedelta(days=800)) == 0
    assert disposal.removed(files[0]) and disposal.removed("0" * 40) is None


def test_a_hold_in_the_waiting_time_stops_it(centre: Centre, people: dict[str, Any]) -> None:
    case, other = sealed(centre), sealed(centre, at=T0 + timedelta(minutes=5))
    made = disposal.propose([case.lot.code, other.lot.code], WHY, **people["archivist"], at=LATER)
    disposal.approve(made.id, **people["one"], at=LATER)
    holds.place(case.lot_id, "lawsuit", "（2042）川01行初1号", "行政诉讼", **people["two"], at=LATER + timedelta(days=29))
    assert disposal.carry_out_due(LATER + timedelta(days=31)) == 1
    assert there(stored_of(case.lot_id)) == len(stored_of(case.lot_id)), "held"
    assert service.pack_of(other.lot_id).disposed_at and not service.pack_of(case.lot_id).disposed_at
    assert kinds(case, "disposal.")[-1] == "disposal.stopped"


def test_an_objection_and_a_complaint_stop_it(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    made = listed(case, people, LATER)
    disposal.object_to(made.id, case.lot_id, "档案有研究价值", actor="supervisor2", at=LATER)
    assert disposal.carry_out_due(LATER + timedelta(days=31)) == 0 and disposal.live_item(case.lot_id) is None
    again = listed(case, people, LATER)
    with transaction():
        evidence.record("complaint.filed", actor="x", at=LATER, lot=case.lot.code, complaint=1)
    assert disposal.carry_out_due(LATER + timedelta(days=31)) == 0
    assert db.session.get(DisposalItem, (again.id, case.lot_id)).stopped_why == "hold.matter_open"
    assert there(stored_of(case.lot_id)) == len(stored_of(case.lot_id))


def test_a_loan_out_waits_and_a_raise_stops(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    made, due = listed(case, people, LATER), LATER + timedelta(days=30)
    loan = loans.ask(case.lot_id, None, "x", 5, **people["one"], at=due)
    loans.grant(loan.id, 5, **people["archivist"], at=due)
    assert disposal.carry_out_due(due + timedelta(days=1)) == 0 and disposal.live_item(case.lot_id) is not None
    keeping.raise_class(case.lot_id, "years_30", "重新鉴定", **people["archivist"], at=due)
    assert disposal.carry_out_due(due + timedelta(days=9)) == 0
    assert db.session.get(DisposalItem, (made.id, case.lot_id)).stopped_why == "disposal.term_runs"


def test_what_a_kept_case_needs_is_not_removed(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    shared = service.pieces(case.lot_id)[0]
    own_file = db.session.scalars(select(ProjectFile).where(ProjectFile.project_id == case.project_id)).first()
    assert own_file is not None
    # Two others point to its files: a piece of another case, and the registration of a case begun anew.
    other = sealed(centre, at=T0 + timedelta(minutes=5))
    service.file_stored(other.lot_id, "99-shared/x", "x", shared.stored, shared.bytes, shared.sha256, at=case.at)
    with transaction() as session:
        session.add(ProjectFile(project_id=other.project_id, kind="approval", name="x", stored=own_file.stored, bytes=1, sha256=own_file.sha256, added_at=T0))
    files = stored_of(case.lot_id)
    listed(case, people, LATER)
    assert disposal.carry_out_due(LATER + timedelta(days=31)) == 1
    assert [name for name in files if installation.files().path(name).exists()] == sorted({shared.stored, own_file.stored}, key=files.index)
    # Once the other goes as well, so do they.
    listed(other, people, LATER)
    assert disposal.carry_out_due(LATER + timedelta(days=62)) == 1 and there(files) == 0


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("place", ["before", "begun", "one file", "all files", "finishing"])
def test_killed_anywhere_it_finishes_on_the_next_run(centre: Centre, people: dict[str, Any], place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = sealed(centre)
    files, due = stored_of(case.lot_id), LATER + timedelta(days=31)
    listed(case, people, LATER)
    with monkeypatch.context() as patch:
        def die(*_args: Any, **_facts: Any) -> Any:
            raise Killed

        seen: list[str] = []

        def discard(name: str) -> None:
            real(name)
            seen.append(name)
            if place == "one file":
                raise Killed

        store = installation.files()
        real = store.discard
        patch.setattr(store, "discard", discard)
        if place == "before":
            patch.setattr(disposal, "_record_of", die)
        elif place == "begun":
            patch.setattr(disposal, "_remove", die)
        elif place == "all files":
            patch.setattr(disposal, "_finish", die)
        elif place == "finishing":
            record = disposal._record
            patch.setattr(disposal, "_record", lambda kind, *args, **facts: die() if kind == "disposal.finished" else record(kind, *args, **facts))
        with pytest.raises(Killed):
            disposal.carry_out_due(due)
    db.session.rollback()
    if place == "before":
        assert there(files) == len(files) and not service.pack_of(case.lot_id).disposed_at
    else:
        assert service.pack_of(case.lot_id).disposed_at and disposal.live_item(case.lot_id).record
    assert disposal.carry_out_due(due + timedelta(hours=1)) == 1 and there(files) == 0
    assert kinds(case, "disposal.")[2:] == ["disposal.begun", "disposal.finished"], "each once"


# --- two at once -----------------------------------------------------------------------------------


def together(centre: Centre, *acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at one moment, each in a thread with a session of its own; gives what each said or raised."""
    barrier, said = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        with centre.app.app_context():
            try:
                barrier.wait(20)
                said[number] = act() or "done"
            except Refused as refusal:
                said[number] = refusal.reason
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    db.session.expire_all()
    return said


def approvals(centre: Centre, case: CaseRun, people: dict[str, Any]) -> int:
    """Both supervisors approve one list at one moment; gives the approvals on record."""
    made = disposal.propose([case.lot.code], WHY, **people["archivist"], at=LATER)
    number = made.id
    together(centre, *(lambda who=who: disposal.approve(number, **people[who], at=LATER) and None for who in ("one", "two")))
    return kinds(case, "disposal.").count("disposal.approved")


def test_two_who_approve_at_once_approve_once(centre: Centre, people: dict[str, Any]) -> None:
    assert approvals(centre, sealed(centre), people) == 1


def test_control_without_the_check_under_the_lock_it_is_twice(centre: Centre, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disposal, "_waiting", lambda number: (disposal.get(number), [projects.get_lot(item.lot_id) for item in disposal.get(number).items]))
    assert approvals(centre, sealed(centre), people) == 2


def race(centre: Centre, people: dict[str, Any], case: CaseRun) -> bool:
    """A hold and a disposal at one moment; gives whether the two agree about what happened."""
    number, due = listed(case, people, LATER).id, LATER + timedelta(days=31)
    files, lot_id = stored_of(case.lot_id), case.lot_id
    together(centre, lambda: disposal.carry_out(number, lot_id, at=due) and None,
             lambda: holds.place(lot_id, "lawsuit", "1号", "x", **people["two"], at=due) and None)
    held = bool(db.session.scalar(select(func.count()).select_from(Hold).where(Hold.lot_id == lot_id)))
    gone = db.session.get(Pack, lot_id).disposed_at is not None
    return held != gone and there(files) == (len(files) if held else 0)


def test_a_hold_and_a_disposal_never_both_happen(centre: Centre, people: dict[str, Any]) -> None:
    for number in range(4):
        assert race(centre, people, sealed(centre, at=T0 + timedelta(minutes=5 * number)))


def test_control_a_disposal_that_looked_before_its_lock_is_seen(centre: Centre, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: reasons are asked for, then the hold comes in, then the files go."""
    case = sealed(centre)
    placed = threading.Event()

    def late(lot_id: int) -> Any:
        placed.wait(20)  # whoever does not hold the lot's lock from the start lets others in
        return projects.get_lot(lot_id)

    place = holds.place
    monkeypatch.setattr(disposal, "_why_not", lambda *_args: "")
    monkeypatch.setattr(holds, "stop_disposal", lambda *_args, **_facts: False)

    def placing(*args: Any, **facts: Any) -> Any:
        try:
            return place(*args, **facts)
        finally:
            placed.set()

    monkeypatch.setattr(holds, "place", placing)
    begin = disposal._begin
    monkeypatch.setattr(disposal, "_begin", lambda *args, **facts: placed.wait(20) and begin(*args, **facts))
    assert late and not race(centre, people, case)


def test_two_jobs_dispose_once(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    listed(case, people, LATER)
    together(centre, *(lambda: disposal.carry_out_due(LATER + timedelta(days=31)) and None for _ in range(3)))
    assert kinds(case, "disposal.")[2:] == ["disposal.begun", "disposal.finished"]


def test_numbers_given_at_once_differ(centre: Centre) -> None:
    cases = []
    for number in range(3):
        case = centre.a_case("register", "announce", bidders=2, at=T0 + timedelta(minutes=number))
        case.file_bids()
        case.close()
        case.seal_archive()
        cases.append((case.lot_id, case.at))
    together(centre, *(lambda pair=pair: keeping.take_in(pair[0], at=pair[1]) and None for pair in cases))
    assert sorted(db.session.scalars(select(CaseFile.serial))) == [1, 2, 3]


# --- the catalogue -------------------------------------------------------------------------------


def test_the_catalogue_on_paper_and_as_data(centre: Centre) -> None:
    case = CaseRun(centre.cast, centre.plan(3), T0)
    case.run()
    case.seal_archive()
    keeping.take_in(case.lot_id, at=case.at)
    document = catalogue.document(case.lot)
    assert document["cover"]["number"] == "1510822000-GC-2026-0001" and document["cover"]["retention"] == "定期15年"
    assert [line["number"] for line in document["pieces"]] == list(range(1, document["cover"]["pieces"] + 1))
    responsible = {line["path"].split("/")[-1]: line["responsible"] for line in document["pieces"]}
    assert responsible["report.json"] == "评标委员会" and responsible["plain.zip"] in NAMES
    rows = list(csv.reader(io.StringIO(catalogue.table(case.lot).removeprefix("\ufeff"))))
    assert len(rows) == len(document["pieces"]) + 1 and rows[1][0] == "1510822000-GC-2026-0001"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert catalogue._cell("=cmd|' /C calc'!A0").startswith("'")
    one, two = printing.file_papers(case.lot), printing.file_papers(case.lot)
    assert one == two and one.startswith(b"%PDF") and one.count(b"/Type /Page\n") >= 3


def test_an_unopened_bid_names_nobody_in_the_catalogue(centre: Centre) -> None:
    case = sealed(centre)
    bids = [line for line in catalogue.lines(case.lot) if line.path.startswith("10-bids/") and "releases" not in line.path]
    assert bids and {line.responsible for line in bids} == {catalogue.UNNAMED}


def test_removed_files_are_known_by_name(centre: Centre, people: dict[str, Any]) -> None:
    case = sealed(centre)
    listed(case, people, LATER)
    disposal.carry_out_due(LATER + timedelta(days=31))
    assert db.session.scalar(select(func.count()).select_from(RemovedFile)) == len(set(stored_of(case.lot_id)))

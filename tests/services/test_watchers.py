"""Witnesses that sign with two algorithms, a quorum, alarms that stop filings, stamps of outside authorities."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509

from tests.builders import T0, Centre
from tests.services.test_archive import rewritten
from tests.services.test_evidence import grow
from tests.services.test_filing import file, refused, seal, upload
from bidding.envelope import documents
from bidding.sealed import filing
from trading.archive import packing
from trading.base import installation
from trading.base.clock import stopped, unix
from trading.base.database import db
from trading.demonstration import watchers
from trading.evidence import alarms, authority, notes, service, stamping, verify, witnessing
from trading.evidence.models import Checkpoint, Stamp
from trading.evidence.witness import Answer, Witness, serve
from trading.messages.texts import TEXTS
from trading.supervision import alarming

TEXT = notes.checkpoint_text("test.example/log", 7, b"r" * 32)
NAME = "w.example/one"


def lines(*, name: str = NAME, text: str = TEXT, at: int = 1_800_000_000) -> tuple[str, str]:
    return (notes.cosign(text, name, notes.signer(b"s" * 32, "witness"), at),
            notes.cosign_pq(text, name, notes.signer_pq(b"s" * 32, "witness"), at))


def both() -> list[str]:
    witness = Witness(NAME, b"s" * 32, {})
    return [witness.verifier_key, witness.verifier_key_pq]


def test_a_witness_counts_when_all_its_pinned_keys_signed() -> None:
    first, second = lines()
    note = TEXT + "\n" + notes.sign(TEXT, "x", notes.signer(b"l" * 32, "log")).rpartition("\n\n")[2]
    assert verify.witnessed(note + first + second, both()) == {NAME: 1_800_000_000}
    assert verify.witnessed(note + first, both()) == {}, "one of two algorithms is not enough"
    assert verify.witnessed(note + first + first, both()[:1]) == {NAME: 1_800_000_000}, "control: pinned alone, it is"
    assert verify.witnessed(note + second, both()[1:]) == {NAME: 1_800_000_000}


@pytest.mark.parametrize("changed", [
    {"name": "w.example/two"}, {"text": TEXT.replace("\n7\n", "\n8\n")}, {"text": TEXT.replace("test.example", "else.example")},
    {"text": notes.checkpoint_text("test.example/log", 7, b"q" * 32)}])
def test_a_cosignature_of_something_else_is_forged(changed: dict[str, str]) -> None:
    """The line is made for another name, size, origin or root, and shown under ours."""
    _, line = lines(**changed)
    blob = verify.unbase64(line.split(" ")[2].strip())
    own = verify.unbase64(lines()[1].split(" ")[2].strip())
    forged = notes._line(NAME, own[:4], blob[4:])
    with pytest.raises(verify.Invalid, match="cosignature"):
        verify.cosignature_time(notes.sign(TEXT, "x", notes.signer(b"l" * 32, "log")) + forged, both()[1])


def test_a_moved_time_is_forged() -> None:
    line = lines()[1]
    blob = bytearray(verify.unbase64(line.split(" ")[2].strip()))
    blob[11] ^= 1
    with pytest.raises(verify.Invalid, match="cosignature"):
        verify.cosignature_time(notes.sign(TEXT, "x", notes.signer(b"l" * 32, "log")) + notes._line(NAME, bytes(blob[:4]), bytes(blob[4:])), both()[1])


# --- three witnesses over HTTP ----------------------------------------------------------------------


@contextmanager
def served(witness: Witness, clock: Callable[[], int]) -> Iterator[str]:
    server: ThreadingHTTPServer = serve(witness, "127.0.0.1", 0, clock)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def places(sqlite_centre: Centre, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The centre's three witnesses as HTTP services, named in its settings; ``slow`` is their clocks' error."""
    error = getattr(request, "param", 0)
    witnesses = sqlite_centre.cast.watchers.witnesses
    with served(witnesses[0], lambda: unix(T0) + error) as one, served(witnesses[1], lambda: unix(T0) + error) as two, \
            served(witnesses[2], lambda: unix(T0)) as three:
        own = sqlite_centre.app.extensions["mingtang"]
        own["settings"] = replace(own["settings"], witness_urls=",".join((one, two, three)))
        yield [one, two, three]


def test_every_checkpoint_gets_every_witness(sqlite_centre: Centre, places: list[str]) -> None:
    seen: dict[str, int] = {}
    for count in (3, 2, 4):
        checkpoint = grow(count)
        assert witnessing.cosign_due(seen, stopped(T0)) == 3
    found = db.session.get(Checkpoint, checkpoint.size, populate_existing=True)
    assert found is not None and found.cosigners == 3
    note = found.note + found.cosignatures
    assert set(verify.witnessed(note, sqlite_centre.cast.watchers.keys)) == set(watchers.WITNESSES)
    assert verify.cosignature_time(note, service.log_verifier_key_pq()) == unix(T0)
    assert witnessing.cosign_due(seen, stopped(T0)) == 0, "nothing is asked twice"
    assert alarms.standing() == []


def test_a_witness_that_was_away_gets_what_matters(sqlite_centre: Centre, places: list[str]) -> None:
    own = sqlite_centre.app.extensions["mingtang"]
    own["settings"] = replace(own["settings"], witness_urls=",".join(places[:2]))
    seen: dict[str, int] = {}
    grow(3)
    witnessing.cosign_due(seen, stopped(T0))
    grow(3)
    witnessing.cosign_due(seen, stopped(T0))
    service.checkpoint(T0, stamp=True)
    grow(3)
    own["settings"] = replace(own["settings"], witness_urls=",".join(places))
    witnessing.cosign_due(seen, stopped(T0))
    newest = db.session.scalars(db.select(Checkpoint).order_by(Checkpoint.size)).all()
    assert [item.cosigners for item in newest][-2:] == [3, 3], "the close and the newest"
    assert min(item.cosigners for item in newest) == 2


def restore(backup: Path) -> None:
    database = Path(str(db.engine.url.database))
    db.session.remove()
    db.engine.dispose()
    for name in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        name.unlink(missing_ok=True)
    shutil.copy(backup, database)


def backed_up(folder: Path) -> Path:
    database = Path(str(db.engine.url.database))
    db.session.remove()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copy(database, folder / "backup.db"))


@pytest.mark.parametrize(("after", "kind"), [(2, alarms.RESTORED), (9, alarms.FORKED)])
def test_a_restored_backup_raises_the_alarm_and_stops_filings(sqlite_centre: Centre, places: list[str], tmp_path: Path,
                                                              after: int, kind: str) -> None:
    case, company = sqlite_centre.a_bidding_case(), sqlite_centre.companies[0]
    bid, payload = seal(case, company)
    begun, session_name = upload(case, company, bid, payload), case.session.id
    backup = backed_up(tmp_path)
    seen: dict[str, int] = {}
    grow(6)
    witnessing.cosign_due(seen, stopped(T0))
    assert alarms.standing() == [], "control: an honest log raises none"
    restore(backup)
    grow(after)
    witnessing.cosign_due(seen, stopped(T0))
    assert {(alarm.kind, alarm.stops) for alarm in alarms.standing()} == {(kind, True)} and len(alarms.standing()) == 3
    with refused("bid.log_alarm"):
        filing.file_bid(session_name, documents.encode(bid.header), company.key.sign(bytes.fromhex(bid.digest)), begun,
                        bidder_id=company.id, clock=stopped(case.at))
    told = alarming.tell(T0)
    assert told == 3 and alarming.tell(T0) == 0, "each alarm is told once"


def test_one_witness_that_refuses_does_not_stop_the_centre(sqlite_centre: Centre, places: list[str]) -> None:
    case, company = sqlite_centre.a_bidding_case(), sqlite_centre.companies[0]
    grow(4)
    liar = sqlite_centre.cast.watchers.witnesses[0]
    origin = installation.settings().log_origin
    # It claims to have seen more of the log than there is: it lies, or it is shown another log.
    key = notes.signer(installation.key("log"), "log")
    liar._last[origin] = notes.sign(notes.checkpoint_text(origin, 10_000, b"x" * 32), origin, key)
    seen: dict[str, int] = {}
    witnessing.cosign_due(seen, stopped(T0))
    assert [(alarm.kind, alarm.place, alarm.stops) for alarm in alarms.standing()] == [(alarms.RESTORED, places[0], False)]
    bid, payload = seal(case, company)
    assert file(case, company, bid, upload(case, company, bid, payload)).document()["index"] > 0
    # The second one refuses too: two of three are needed, so nothing more is taken.
    sqlite_centre.cast.watchers.witnesses[1]._last[origin] = liar._last[origin]
    witnessing.cosign_due(seen, stopped(T0))
    assert alarms.stop_filings() == alarms.RESTORED
    grow(1)
    del sqlite_centre.cast.watchers.witnesses[0]._last[origin]
    witnessing.cosign_due(seen, stopped(T0))
    assert [(alarm.place, alarm.stops) for alarm in alarms.standing()] == [(places[1], False)], "one refuses still; two are enough"
    assert alarms.stop_filings() == ""
    # It is taken out of the settings: what it said ends with it.
    own = sqlite_centre.app.extensions["mingtang"]
    own["settings"] = replace(own["settings"], witness_urls=",".join((places[0], places[2])))
    witnessing.cosign_due(seen, stopped(T0))
    assert alarms.standing() == [] and len(alarms.recent()) == 2


def test_one_wrong_clock_stops_nobody(sqlite_centre: Centre, places: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness that lags behind signs two checkpoints by a false time: one witness is one voice."""
    genuine = witnessing.over_http
    liar = sqlite_centre.cast.watchers.witnesses[0]
    monkeypatch.setattr(witnessing, "over_http", lambda url: (lambda body: liar.add_checkpoint(body, unix(T0) + 100)) if url == places[0] else genuine(url))
    for count in (2, 2, 2):
        grow(count)
    witnessing.cosign_due({}, stopped(T0))
    assert alarms.standing() == []


def answering(body: str, status: int = 200) -> Callable[[str], Answer]:
    return lambda _request: Answer(status, body)


def test_a_line_in_anothers_name_is_not_kept(sqlite_centre: Centre) -> None:
    """A witness (or who sits on its line) answers with a forged line under another's name: dropped, the true one fits."""
    checkpoint = grow(3)
    other = sqlite_centre.cast.watchers.witnesses[1]
    public = verify.parse_verifier_key(other.verifier_key)[2]
    forged = notes._line(other.name, notes.key_hash(other.name, verify.COSIGNATURE, public), bytes(72))
    assert witnessing.cosign(checkpoint, answering(forged), 0).seconds is None
    found = db.session.get(Checkpoint, checkpoint.size, populate_existing=True)
    assert found.cosigners == 0 and other.name not in found.cosignatures
    witnessing.cosign(found, lambda body: other.add_checkpoint(body, unix(T0)), 0)
    found = db.session.get(Checkpoint, checkpoint.size, populate_existing=True)
    assert found.cosigners == 1 and set(verify.witnessed(found.note + found.cosignatures, sqlite_centre.cast.watchers.keys)) == {other.name}
    # One of its two algorithms is not the witness yet.
    assert witnessing.cosign(grow(1), answering(notes.cosign("x\n1\n", "y", notes.signer(b"z" * 32, "w"), 1)), 0).seconds is None


@pytest.mark.parametrize("body", ["abc", "9" * 30, "", "-1", "٣"])
def test_a_size_that_is_none_is_not_believed(sqlite_centre: Centre, body: str) -> None:
    found = witnessing.cosign(grow(2), answering(body, 409), 0)
    assert (found.size, found.refused) == (0, "")


def test_nonsense_of_one_witness_leaves_the_others(sqlite_centre: Centre, places: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = witnessing.over_http

    def asked(url: str) -> Callable[[str], Answer]:
        def broken(_body: str) -> Answer:
            raise ValueError("nonsense")
        return broken if url == places[0] else genuine(url)

    monkeypatch.setattr(witnessing, "over_http", asked)
    grow(3)
    assert witnessing.cosign_due({}, stopped(T0)) == 2


@pytest.mark.parametrize("places", [5, -5], indirect=True)
def test_a_clock_that_two_of_three_contradict_stops_filings(sqlite_centre: Centre, places: list[str]) -> None:
    case, company = sqlite_centre.a_bidding_case(), sqlite_centre.companies[0]
    bid, payload = seal(case, company)
    begun = upload(case, company, bid, payload)
    grow(2)
    seen: dict[str, int] = {}
    witnessing.cosign_due(seen, stopped(T0))
    assert alarms.stop_filings() == alarms.CLOCK and abs(alarms.standing()[0].facts["seconds"]) == 5
    with refused("bid.log_alarm"):
        file(case, company, bid, begun)
    grow(1)
    witnessing.cosign_due(seen, stopped(T0 + timedelta(seconds=alarms.standing()[0].facts["seconds"])))
    assert alarms.standing() == []
    assert file(case, company, bid, begun).document()["event"]["bid_digest"] == bid.digest


@pytest.mark.parametrize("places", [2, -2], indirect=True)
def test_two_seconds_are_allowed(places: list[str]) -> None:
    grow(2)
    witnessing.cosign_due({}, stopped(T0))
    assert alarms.standing() == []


def test_every_alarm_has_words() -> None:
    assert {f"alarm.{kind}" for kind in (alarms.FORKED, alarms.RESTORED, alarms.CLOCK)} <= set(TEXTS)


# --- time stamps -------------------------------------------------------------------------------------

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def stand_in() -> authority.Authority:
    return authority.Authority("test authority", since=datetime(2026, 1, 1, tzinfo=UTC))


def test_openssl_agrees_with_our_authority(stand_in: authority.Authority, tmp_path: Path) -> None:
    """An independent reader of RFC 3161 accepts what the stand-in answers, and our checker does."""
    query = authority.query(b"data", 77)
    response = stand_in.answer(query, WHEN)
    assert verify.check_stamp(response, b"data", [stand_in.root], 77).at == WHEN
    for name, data in (("q", query), ("r", response), ("root", stand_in.root_pem), ("data", b"data"), ("other", b"datA")):
        (tmp_path / name).write_bytes(data)
    command = ["openssl", "ts", "-verify", "-in", "r", "-CAfile", "root", "-attime", str(unix(WHEN))]
    assert subprocess.run([*command, "-queryfile", "q"], cwd=tmp_path, capture_output=True).returncode == 0
    assert subprocess.run([*command, "-data", "other"], cwd=tmp_path, capture_output=True).returncode != 0


OPENSSL = """[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
[tsa]
extendedKeyUsage=critical,timeStamping
[wrong]
extendedKeyUsage=critical,serverAuth
[ts]
default_tsa=t
[t]
serial=serial
signer_digest=sha512
default_policy=1.2.3.4
digests=sha256
ess_cert_id_alg=sha256
"""


@pytest.mark.parametrize("algorithm", ["rsa:2048", "ec"])
def test_what_openssl_stamps_is_accepted(tmp_path: Path, algorithm: str) -> None:
    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "c").write_text(OPENSSL, "utf-8")
    (tmp_path / "serial").write_text("01\n", "utf-8")
    (tmp_path / "data").write_bytes(b"data")
    kind = ["-newkey", algorithm] if algorithm != "ec" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]
    run("req", "-x509", *kind, "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root", "-config", "c", "-extensions", "ca")
    run("req", *kind, "-nodes", "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=tsa", "-config", "c")
    run("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-extfile", "c", "-extensions", "tsa", "-set_serial", "7", "-out", "own.pem")
    run("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "q")
    run("ts", "-reply", "-config", "c", "-section", "t", "-queryfile", "q", "-signer", "own.pem", "-inkey", "own.key", "-out", "r")
    roots = x509.load_pem_x509_certificates((tmp_path / "ca.pem").read_bytes())
    response = (tmp_path / "r").read_bytes()
    found = verify.check_stamp(response, b"data", roots)
    assert abs((found.at - datetime.now(UTC)).total_seconds()) < 120
    assert found.root == stamping.fingerprint(roots[0])
    with pytest.raises(verify.Invalid, match="no authority"):
        verify.check_stamp(response, b"data", [])


def test_a_certificate_for_something_else_stamps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "ExtendedKeyUsageOID", SimpleNamespace(TIME_STAMPING=x509.ExtendedKeyUsageOID.SERVER_AUTH))
    other = authority.Authority("web", since=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(verify.Invalid, match="not for time stamps"):
        verify.check_stamp(other.answer(authority.query(b"data", 1), WHEN), b"data", [other.root])


@pytest.mark.parametrize(("case", "why"), [
    ("other data", "something else"), ("other nonce", "another question"), ("other root", "no authority"), ("before the certificate", "not valid"),
    ("after the certificate", "not valid"), ("nonsense", "cannot be read"), ("empty", "cannot be read")])
def test_a_stamp_that_does_not_hold(stand_in: authority.Authority, case: str, why: str) -> None:
    at = {"before the certificate": datetime(2025, 12, 1, tzinfo=UTC), "after the certificate": datetime(2090, 1, 1, tzinfo=UTC)}.get(case, WHEN)
    response = stand_in.answer(authority.query(b"data", 77), at)
    response = {"nonsense": b"\x30\x03\x02\x01\x05", "empty": b""}.get(case, response)
    root = authority.Authority("else", since=datetime(2020, 1, 1, tzinfo=UTC)).root if case == "other root" else stand_in.root
    with pytest.raises(verify.Invalid, match=why):
        verify.check_stamp(response, b"datA" if case == "other data" else b"data", [root], 78 if case == "other nonce" else 77)


def test_a_flipped_byte_of_what_is_signed_is_seen(stand_in: authority.Authority) -> None:
    """What may change unseen is only what the standard leaves unsigned: never time, hash, or whose it is."""
    response = stand_in.answer(authority.query(b"data", 77), WHEN)
    good = verify.check_stamp(response, b"data", [stand_in.root], 77)
    refusals = 0
    for place in range(len(response)):
        changed = bytearray(response)
        changed[place] ^= 1
        try:
            assert verify.check_stamp(bytes(changed), b"data", [stand_in.root], 77) == good
        except verify.Invalid:
            refusals += 1
    assert refusals > len(response) * 0.85


@pytest.mark.parametrize("query", [b"", b"\x30\x00", b"x" * 100])
def test_a_query_that_cannot_be_read(stand_in: authority.Authority, query: bytes) -> None:
    with pytest.raises(ValueError):
        stand_in.answer(query, WHEN)


def test_the_pack_carries_the_stamps_of_every_close(sqlite_centre: Centre, tmp_path: Path) -> None:
    case = sqlite_centre.a_case()
    case.run()
    pack = case.seal_archive()
    path = tmp_path / "pack.zip"

    def report(roots: tuple[x509.Certificate, ...] = ()) -> dict[str, str]:
        found = verify.Verifier(verify.Pack(path), f"{service.log_verifier_key()},{service.log_verifier_key_pq()}",
                                sqlite_centre.cast.watchers.keys, 2, tsa_roots=roots).run()
        return {item["name"]: "" if item["ok"] else item["detail"] for item in found["checks"]}

    def fresh(change: Callable[[dict[str, bytes]], None] = lambda files: None) -> None:
        shutil.copyfile(installation.files().path(pack.stored), path)
        rewritten(path, change)

    def stamps(files: dict[str, bytes]) -> list[str]:
        return [name for name in files if name.endswith(".tsr")]

    fresh()
    assert set(report().values()) == {""}, "control: repacking alone changes nothing"
    assert set(report(tuple(a.root for a in sqlite_centre.cast.watchers.authorities)).values()) == {""}
    fresh(lambda files: files.pop(stamps(files)[0]))
    assert "no time stamp" in report()["timestamps"]
    other = authority.Authority("else", since=T0 - timedelta(days=1))
    fresh(lambda files: files.update({"data/95-evidence/roots.pem": other.root_pem, **{
        name: other.answer(authority.query(b"x", 1), T0) for name in stamps(files)}}))
    assert report()["timestamps"]
    assert report((other.root,))["timestamps"]


def test_a_case_is_not_sealed_before_its_closes_are_stamped(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case()
    case.run()
    kept = [(row.size, row.authority, row.response, row.stated_at, row.at) for row in db.session.scalars(db.select(Stamp))]
    db.session.execute(db.delete(Stamp))
    db.session.commit()
    with refused("archive.stamps_missing"):
        packing.seal(case.lot_id, actor="archivist", at=case.at)
    db.session.add_all([Stamp(size=size, authority=who, response=data, stated_at=stated, at=at) for size, who, data, stated, at in kept])
    db.session.commit()
    assert packing.seal(case.lot_id, actor="archivist", at=case.at).bytes > 0

"""A pack with one byte changed anywhere is refused, and the verifier names the place."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders import T0, Centre
from trading.archive import packing, rules
from trading.archive import service as archive
from trading.base import installation
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.evidence import notes
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.verify import Verifier


_made: dict[str, tuple[bytes, str, list[str]]] = {}


@pytest.fixture
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, list[str]]:
    """A good pack in a file of its own, with the keys to check it; the case is run once."""
    if not _made:
        centre: Centre = request.getfixturevalue("sqlite_centre")
        case = CaseRun(centre.cast, centre.plan(3), T0)
        case.run()
        stored = installation.files().path(case.seal_archive().stored)
        _made["pack"] = (stored.read_bytes(), evidence.log_verifier_key(), centre.cast.watchers.keys)
    data, log, witness = _made["pack"]
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    return path, log, witness


def check(path: Path, log: str, witness: list[str]) -> dict:
    return verify.verify_path(path, log, witness, quorum=2)


def rewritten(path: Path, change) -> None:
    """Unpack, change, and make all manifests right again, as a careful forger would."""
    with zipfile.ZipFile(path) as archive_:
        files = {name: archive_.read(name) for name in archive_.namelist()}
    change(files)
    for kind in ("sha256", "sha512"):
        lines = [f"{hashlib.new(kind, data).hexdigest()}  {name}\n" for name, data in sorted(files.items()) if name.startswith("data/")]
        files[f"manifest-{kind}.txt"] = "".join(lines).encode()
    for kind in ("sha256", "sha512"):
        tags = [name for name in files if not name.startswith("data/") and not name.startswith("tagmanifest")]
        files[f"tagmanifest-{kind}.txt"] = "".join(f"{hashlib.new(kind, files[n]).hexdigest()} {n}\n" for n in sorted(tags)).encode()
    with zipfile.ZipFile(path, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)


def failing(report: dict) -> set[str]:
    return {item["name"] for item in report["checks"] if not item["ok"]}


def test_a_good_pack_passes_alone_in_a_folder(pack, tmp_path: Path) -> None:
    path, log, witness = pack
    (tmp_path / "verify.py").write_bytes(Path(verify.__file__).read_bytes())
    found = subprocess.run([sys.executable, "-I", "verify.py", path.name, "--log-key", log, *(f"--witness-key={key}" for key in witness), "--json"],
                           cwd=tmp_path, capture_output=True, text=True)
    report = json.loads(found.stdout)
    assert found.returncode == 0 and report["ok"] and report["keys_pinned"], found.stdout


def test_a_flipped_byte_of_every_class_is_found(pack) -> None:
    path, log, witness = pack
    original = path.read_bytes()
    with zipfile.ZipFile(path) as archive_:
        classes: dict[str, zipfile.ZipInfo] = {}
        for entry in archive_.infolist():
            parts = entry.filename.split("/")
            key = "/".join(parts[:2]) + parts[-1].split(".")[0][:8] if len(parts) > 1 else entry.filename
            classes.setdefault(key, entry)
    assert len(classes) > 15
    for entry in classes.values():
        data = bytearray(original)
        start = entry.header_offset + 30 + len(entry.filename.encode())
        data[start + entry.file_size // 2] ^= 1
        path.write_bytes(bytes(data))
        try:
            report = check(path, log, witness)
        except verify.Invalid as error:
            assert entry.filename in str(error) or "manifest" in str(error)
            continue
        assert not report["ok"], entry.filename
        details = " ".join(item["detail"] for item in report["checks"] if not item["ok"])
        assert entry.filename.rsplit("/", 1)[-1] in details or entry.filename in details, (entry.filename, details)


def edit(name: str, change):
    def apply(files: dict[str, bytes]) -> None:
        found = next(key for key in files if name in key)
        document = json.loads(files[found])
        change(document)
        files[found] = verify.canonical(document)
    return apply


def drop(name: str):
    def apply(files: dict[str, bytes]) -> None:
        for key in [key for key in files if name in key]:
            del files[key]
    return apply


@pytest.mark.parametrize(("change", "caught"), [
    (edit("award-notice.json", lambda d: d.update(winner="91510822000000099X")), "award"),
    (edit("award-notice.json", lambda d: d.update(price_fen=1)), "award"),
    (edit("15-opening/record.json", lambda d: d["record"]["bids"][0]["offer"].update(price_fen=1)), "opening"),
    (edit("30-evaluation/report.json", lambda d: d["report"]["ranking"].reverse()), "award"),
    (edit("20-draw/transcript.json", lambda d: d["contributions"][0].update(value=d["contributions"][1]["value"])), "draw"),
    (edit("20-draw/transcript.json", lambda d: d["result"]["strata"][0]["members"].reverse()), "draw"),
    (edit("20-draw/transcript.json", lambda d: d["pool"].pop()), "draw"),
    (edit("10-notices/", lambda d: d.update(body=d["body"] + "。")), "award"),
    (edit("90-log/entries.json", lambda d: d[3]["event"].update(actor="somebody")), "evidence"),
    (edit("90-log/entries.json", lambda d: d.pop(next(i for i, e in enumerate(d) if e["event"]["type"] == "bid.commit"))), "evidence"),
    (edit("90-log/checkpoints.json", lambda d: d.pop(0)), "checkpoints"),
    (edit("00-policy/session-bid", lambda d: d["document"].update(k=3)), "sessions"),
    (edit("00-policy/session-bid", lambda d: d.update(sig="A" * 86 + "==")), "sessions"),
    (edit("90-log/entries.json", lambda d: next(e for e in d if e["event"]["type"] == "session.close")["event"].update(in_force="00" * 32)), "sessions"),
    (edit("half.json", lambda d: d.update(kb="00" * 32)), "opening"),
    (edit("filing.json", lambda d: d.update(signature="A" * 86 + "==")), "bids"),
    (drop("plain.zip"), "opening"), (drop("10-bids/releases"), "opening")])
def test_a_careful_forger_is_found(pack, change, caught: str) -> None:
    path, log, witness = pack
    rewritten(path, lambda files: None)
    assert check(path, log, witness)["ok"], "control: repacking alone changes nothing"
    rewritten(path, change)
    report = check(path, log, witness)
    assert caught in failing(report), report["checks"]


@pytest.mark.parametrize("name", ["data/../escape.txt", "/etc/evil", "data/90-log/extra.json"])
def test_odd_and_extra_files_are_refused(pack, name: str) -> None:
    path, log, witness = pack
    with zipfile.ZipFile(path, "a") as archive_:
        archive_.writestr(name, b"{}")
    try:
        assert not check(path, log, witness)["ok"]
    except verify.Invalid as error:
        assert "leaves the pack" in str(error)


def test_a_tag_manifest_may_not_be_missing(pack) -> None:
    path, log, witness = pack
    with zipfile.ZipFile(path) as archive_:
        files = {name: archive_.read(name) for name in archive_.namelist()}
    with zipfile.ZipFile(path, "w") as out:
        for name, data in files.items():
            if not name.startswith("tagmanifest"):
                out.writestr(name, data)
    assert "bag" in failing(check(path, log, witness))


def test_another_log_key_refuses_everything_signed(pack) -> None:
    path, _log, witness = pack
    foreign = notes.verifier_key("test.example/log2026", verify.ED25519, verify.raw_public_key(notes.signer(b"x" * 32, "log")))
    assert {"checkpoints", "consistency", "evidence"} <= failing(check(path, foreign, witness))


def test_gaps_are_named_and_stop_the_sealing(sqlite_centre: Centre) -> None:
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(3), T0)
    case.run()
    piece = next(item for item in archive.pieces(case.lot_id) if item.path.startswith("15-opening"))
    db.session.delete(piece)
    db.session.commit()
    assert [gap.prefix for gap in packing.review(case.lot) if gap.prefix.startswith("15")] == ["15-opening/record"]
    with pytest.raises(Refused, match="archive.gaps"):
        packing.seal(case.lot_id, actor="a", at=case.at)


def test_a_case_under_way_is_not_sealed(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    with pytest.raises(Refused, match="archive.case_not_finished"):
        packing.seal(case.lot_id, actor="a", at=case.at)


def test_the_catalogue_follows_how_far_a_case_went() -> None:
    assert [place.prefix for place in rules.due_places("announced")] == ["05-registration/", "10-notices/"]
    assert rules.reached(["lot.announced", "lot.bidding", "lot.failed"]) == "bidding"
    assert len(Verifier.CHECKS) == 11

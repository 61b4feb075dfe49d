"""Two persons may let a pack be sealed without the time stamps of an authority that is gone; one cannot, and nothing else is let by."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from tests.builders import Centre
from tests.services.test_keeping import kinds, people  # noqa: F401 (a fixture is found by its name)
from tests.services.test_archive import rewritten
from trading.archive import overrides, packing, service
from trading.base import installation
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.models import Stamp


@pytest.fixture
def case(sqlite_centre: Centre) -> CaseRun:
    """A finished case whose closes lack the stamps of one of the two authorities."""
    case = sqlite_centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    gone = case.session.document["tsa"][0]
    db.session.execute(delete(Stamp).where(Stamp.authority == gone.rpartition("+")[2]))
    db.session.commit()
    case.gone, case.other = gone, case.session.document["tsa"][1]  # type: ignore[attr-defined]
    return case


@pytest.fixture
def centre(sqlite_centre: Centre) -> Centre:
    return sqlite_centre


def test_two_persons_waive_one_authority(case: Any, people: dict[str, Any]) -> None:  # noqa: F811
    assert overrides.missing(case.lot) == [case.gone] and overrides.excused(case.lot_id) == frozenset()
    made = overrides.ask(case.lot_id, case.gone, "该机构已注销", **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="override.waiting_already"):
        overrides.ask(case.lot_id, case.gone, "again", **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="override.second_person"):
        overrides.approve(made.id, **people["archivist"], at=case.at)
    assert overrides.excused(case.lot_id) == frozenset()
    overrides.approve(made.id, **people["one"], at=case.at)
    with pytest.raises(Refused, match="override.decided"):
        overrides.approve(made.id, **people["two"], at=case.at)
    assert overrides.excused(case.lot_id) == {case.gone}
    assert kinds(case, "stamps.") == ["stamps.override_asked", "stamps.override_approved"]
    assert [piece.path for piece in service.pieces(case.lot_id) if "override" in piece.path] == [f"00-policy/stamp-override-{made.id:06d}.json"]


@pytest.mark.parametrize(("who", "ground", "reason"), [
    ("other", "x", "override.authority"), ("nobody+00", "x", "override.authority"), ("", "x", "override.authority"), ("gone", "", "override.ground"),
    ("gone", "x" * 2001, "override.ground"), ("gone", "a\u202eb", "override.ground")])
def test_what_is_not_missing_is_not_waived(case: Any, people: dict[str, Any], who: str, ground: str, reason: str) -> None:  # noqa: F811
    with pytest.raises(Refused, match=reason):
        overrides.ask(case.lot_id, getattr(case, who) if who in ("gone", "other") else who, ground, **people["archivist"], at=case.at)


def test_a_stamp_that_came_meanwhile_needs_no_waiver(case: Any, people: dict[str, Any]) -> None:  # noqa: F811
    made = overrides.ask(case.lot_id, case.gone, "x", **people["archivist"], at=case.at)
    there = db.session.scalars(select(Stamp)).first()
    assert there is not None
    db.session.add_all([Stamp(size=size, authority=case.gone.rpartition("+")[2], response=b"x", stated_at=case.at, at=case.at)
                        for size in db.session.scalars(select(Stamp.size).distinct()).all()])
    db.session.commit()
    with pytest.raises(Refused, match="override.authority"):
        overrides.approve(made.id, **people["one"], at=case.at)


def test_turned_down_or_taken_back(case: Any, people: dict[str, Any]) -> None:  # noqa: F811
    made = overrides.ask(case.lot_id, case.gone, "x", **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="override.ground"):
        overrides.refuse(made.id, " ", **people["one"], at=case.at)
    overrides.refuse(made.id, "再联系该机构", **people["one"], at=case.at)
    again = overrides.ask(case.lot_id, case.gone, "y", **people["archivist"], at=case.at)
    overrides.refuse(again.id, "", **people["archivist"], at=case.at)
    assert kinds(case, "stamps.") == ["stamps.override_asked", "stamps.override_refused", "stamps.override_asked", "stamps.override_withdrawn"]
    assert overrides.excused(case.lot_id) == frozenset()


# --- the pack ------------------------------------------------------------------------------------


def report(path: Path, centre: Centre) -> tuple[dict[str, str], str]:
    found = verify.verify_path(path, f"{evidence.log_verifier_key()},{evidence.log_verifier_key_pq()}", centre.cast.watchers.keys, quorum=2)
    return {item["name"]: item["detail"] for item in found["checks"] if not item["ok"]}, "\n".join(found["notes"])


def test_a_waived_pack_is_sealed_and_the_verifier_says_so(case: Any, people: dict[str, Any], centre: Centre, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(Refused, match="archive.stamps_missing"):
        packing.seal(case.lot_id, actor="archivist", at=case.at)
    made = overrides.ask(case.lot_id, case.gone, "该机构已于 2026 年注销", **people["archivist"], at=case.at)
    with pytest.raises(Refused, match="archive.stamps_missing"):
        packing.seal(case.lot_id, actor="archivist", at=case.at)
    overrides.approve(made.id, **people["one"], at=case.at)
    path = tmp_path / "pack.zip"
    path.write_bytes(installation.files().read(case.seal_archive().stored))
    failed, notes = report(path, centre)
    assert not failed and case.gone.rpartition("+")[0] in notes and "supervisor1" in notes and "该机构已于 2026 年注销" in notes
    with pytest.raises(Refused, match="archive.sealed_already"):
        overrides.ask(case.lot_id, case.gone, "late", **people["archivist"], at=case.at)
    good = path.read_bytes()

    def changed(change: Callable[[list[Any]], Any]) -> dict[str, str]:
        path.write_bytes(good)
        rewritten(path, lambda files: files.update({"data/90-log/entries.json": entries(files["data/90-log/entries.json"], change)}))
        return report(path, centre)[0]

    def waiver(found: list[Any]) -> Any:
        return next(entry for entry in found if entry["event"]["type"] == overrides.APPROVED)

    assert changed(lambda found: None) == {}, "control: repacking alone changes nothing"
    assert "timestamps" in changed(lambda found: found.remove(waiver(found))), "without the entry the stamp is owed"
    assert "timestamps" in changed(lambda found: waiver(found)["event"].update(authority=case.other)), "another's waiver is none"
    assert "evidence" in changed(lambda found: waiver(found)["event"].update(reason="other")), "nor one that the log does not have"


def entries(data: bytes, change: Callable[[list[Any]], Any]) -> bytes:
    found = json.loads(data)
    change(found)
    return verify.canonical(found)


def test_both_authorities_gone(case: Any, people: dict[str, Any], centre: Centre, tmp_path: Path) -> None:  # noqa: F811
    db.session.execute(delete(Stamp))
    db.session.commit()
    for name in (case.gone, case.other):
        overrides.approve(overrides.ask(case.lot_id, name, "已注销", **people["archivist"], at=case.at).id, **people["one"], at=case.at)
    path = tmp_path / "pack.zip"
    path.write_bytes(installation.files().read(case.seal_archive().stored))
    failed, notes = report(path, centre)
    assert not failed and notes.count("waived by supervisor1") == 2

"""A pack's evidence is renewed every year: another pack, a cut chain or a false stamp is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import Centre
from trading.archive import renewal
from trading.archive.models import Pack
from trading.base import installation
from trading.base.database import db
from trading.demonstration.case import CaseRun
from trading.evidence import service as evidence
from trading.evidence import verify

YEAR = timedelta(days=366)


@pytest.fixture
def renewed(sqlite_centre: Centre, tmp_path: Path) -> tuple[Path, dict[str, Any], list[str]]:
    """A pack with three renewals: the file, what the platform exports, the witnesses' keys."""
    case = sqlite_centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    pack = case.seal_archive()
    for year in (1, 2, 3):
        at = case.at + year * YEAR
        assert renewal.renew_due(at - timedelta(days=10)) == 0
        assert renewal.renew_due(at) == 1 and renewal.renew_due(at) == 0
        case.cast.cosign(renewal.renewals(case.lot_id)[-1].checkpoint_size, at)
    path = tmp_path / "pack.zip"
    path.write_bytes(installation.files().read(pack.stored))
    return path, json.loads(json.dumps(renewal.export(case.lot_id))), sqlite_centre.cast.watchers.keys


def check(path: Path, given: dict[str, Any], keys: list[str]) -> str:
    file = path.with_name("renewals.json")
    file.write_text(json.dumps(given), "utf-8")
    return verify.check_renewals(path, file, evidence.log_verifier_key(), keys, 2)


def test_three_years_hold(renewed) -> None:
    path, given, keys = renewed
    assert check(path, given, keys).startswith("3 renewals") and all(len(item["stamps"]) == 2 for item in given["renewals"])
    assert verify.main([str(path), "--renewals", str(path.with_name("renewals.json")), "--log-key", evidence.log_verifier_key(),
                        *(f"--witness-key={key}" for key in keys), "--quorum", "2"]) == 0


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a year left out": lambda given: given["renewals"].pop(1), "the first left out": lambda given: given["renewals"].pop(0),
    "another order": lambda given: given["renewals"].reverse(),
    "another time": lambda given: given["renewals"][1]["document"].update(at=given["renewals"][1]["document"]["at"] - 5),
    "another SHA-512": lambda given: given["renewals"][2]["document"].update(pack_sha512="0" * 128),
    "another SM3": lambda given: given["renewals"][2]["document"].update(pack_sm3="0" * 64),
    "a stamp of another year": lambda given: given["renewals"][2].update(stamps=given["renewals"][1]["stamps"]),
    "no stamps": lambda given: given["renewals"][0].update(stamps=[]), "one stamp twice": lambda given: given["renewals"][0].update(stamps=given["renewals"][0]["stamps"][:1] * 2),
    "another nonce": lambda given: given["renewals"][0].update(nonce="00" * 32), "no witnesses": lambda given: given["renewals"][0].update(
        note=given["renewals"][0]["note"].rpartition("\n\n")[0] + "\n\n" + given["renewals"][0]["note"].rpartition("\n\n")[2].split("\n")[0] + "\n"),
    "not a list": lambda given: given.update(renewals=7)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_renewal_that_does_not_hold(renewed, change: str) -> None:
    path, given, keys = renewed
    CHANGES[change](given)
    with pytest.raises(verify.Invalid):
        check(path, given, keys)


def test_another_pack_is_seen(renewed) -> None:
    path, given, keys = renewed
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(verify.Invalid, match="of another pack"):
        check(path, given, keys)


def test_two_processes_that_find_the_same_pack_due_renew_it_once(renewed) -> None:
    lot_id = db.session.scalar(select(Pack.lot_id))
    assert lot_id is not None
    at = renewal.renewals(lot_id)[-1].at + YEAR
    first = renewal.renew(lot_id, actor="timetable", at=at, unless_younger=renewal.EVERY)
    assert renewal.renew(lot_id, actor="timetable", at=at, unless_younger=renewal.EVERY).number == first.number == 4
    assert renewal.renew(lot_id, actor="archivist", at=at).number == 5, "control: by hand it may be done at any time"


def test_a_case_run(sqlite_centre: Centre) -> None:
    """Control of the fixture: the case it seals has failed for lack of bidders and has a pack."""
    case: CaseRun = sqlite_centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    assert case.seal_archive().bytes > 0 and renewal.renewals(case.lot_id) == []

"""Ties at a ceiling from registration to the archive; what the pack says of them is worked out again by the verifier."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bidding.auction import deal
from tests.builders import Centre
from tests.journeys.test_procedures import sealed_pack
from tests.services.test_live_sales import STEP
from tests.services.test_live_ties import CEILING, at_the_ceiling
from tests.services.test_selection import _edit, _manifests
from trading.base import installation
from trading.base.clock import BEIJING, stopped
from trading.contracts import payments
from trading.demonstration.sale import SaleRun
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.parties import service as parties
from trading.projects import service as projects
from trading.projects.rules import Stage


def concluded(sale: SaleRun) -> None:
    """The deal, its signatures and its contract."""
    sale.open_reserve()
    sale.settle()
    assert sale.lot.stage == Stage.AWARDED
    award = projects.award_of(sale.lot_id)
    assert award is not None
    winner = next(buyer.company for buyer in sale.buyers if buyer.company.id == award.organisation_id)
    document, seller = deal.confirmation(sale.lot), sale.cast.tenderer
    parties.register_key(seller.id, verify.raw_public_key(sale.cast.tenderer_key), actor=seller.code, at=sale.at)
    for key, organisation in ((winner.key, winner.id), (sale.cast.tenderer_key, sale.cast.tenderer.id)):
        deal.sign(sale.lot_id, key.sign(deal.message(document)), organisation_id=organisation, clock=stopped(sale.wait(minutes=5)))
    sale.wait(days=3)
    payments.record(sale.lot_id, f"HT-{sale.lot_id}", award.price_fen, sale.at.astimezone(BEIJING).date(), actor="t", at=sale.at)


def bent(centre: Centre, sale: SaleRun, folder: Path, changes: list[tuple[str, Callable[[Any], None]]]) -> None:
    """The pack is good; with any of these changes, and all manifests right again, its award is not."""
    pack = sale.seal_archive()
    known = evidence.log_verifier_key(), centre.cast.watchers.keys
    report = verify.verify_path(installation.files().path(pack.stored), *known)
    assert report["ok"], report["checks"]
    with zipfile.ZipFile(installation.files().path(pack.stored)) as bag:
        bag.extractall(folder / "pack")
    for number, (name, change) in enumerate(changes):
        twin = folder / f"twin{number}"
        shutil.copytree(folder / "pack", twin)
        _edit(twin, name, change)
        _manifests(twin)
        found = {item["name"]: item["ok"] for item in verify.verify_path(twin, *known)["checks"]}
        assert found["bag"] and not found["award"], (name, number)


def test_a_tie_by_lot_to_the_archive(centre: Centre, tmp_path: Path) -> None:
    sale = at_the_ceiling(centre, "lottery")
    sale.draw_winner()
    concluded(sale)
    bent(centre, sale, tmp_path, [
        ("20-draw-winner/candidates.json", lambda d: d["codes"].pop()), ("20-draw-winner/candidates.json", lambda d: d.update(salt="0" * 64)),
        ("20-draw-winner/transcript.json", lambda d: d["result"]["strata"][0]["members"].reverse() or d["result"]["strata"][0]["members"].append("x")),
        ("20-auction/bids.json", lambda d: d["outcome"].update(price_fen=d["outcome"]["price_fen"] + 1))])


def test_a_tie_by_single_offers_to_the_archive(centre: Centre, tmp_path: Path) -> None:
    sale = at_the_ceiling(centre, "single", single_rule="nearest_mean_from_below", reserve="none")
    sale.ask_offers()
    for buyer, fen in zip(sale.buyers[:3], (CEILING + 4 * STEP, CEILING + STEP, CEILING - STEP), strict=True):
        sale.offer(buyer, fen)
    sale.open_offers()
    concluded(sale)
    award = projects.award_of(sale.lot_id)
    assert award is not None and award.price_fen == CEILING + STEP

    def lower(record: Any) -> None:
        for bid in record["record"]["bids"]:
            bid["offer"]["price_fen"] = min(bid["offer"]["price_fen"], CEILING)

    bent(centre, sale, tmp_path, [("15-opening/record-offer-1.json", lower), ("20-auction/bids.json", lambda d: d.update(single_rule="highest"))])


def test_the_offer_to_which_nobody_answers(sqlite_centre: Centre) -> None:
    sale = at_the_ceiling(sqlite_centre, "single")
    sale.ask_offers()
    sale.open_offers()
    concluded(sale)
    report = sealed_pack(sqlite_centre, sale)
    assert report["ok"], report["checks"]

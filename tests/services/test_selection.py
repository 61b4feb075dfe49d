"""Choices without a committee: who counts, who leads, and what cannot be bent afterwards."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bidding.rounds import service as rounds
from bidding.trustees import service as trustees
from experts.draw import lottery, suppliers
from experts.draw import service as draws
from experts.evaluation import rules, selection
from experts.evaluation import service as evaluation
from tests.builders import NAMES, Centre
from tests.services.test_filing import refused
from trading.base import installation
from trading.base.clock import stopped
from trading.base.database import db
from trading.demonstration.case import CaseRun, Offer
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.projects import invitations
from trading.projects import service as projects
from trading.projects.rules import Stage

LAND = {"procedure": "land-tender", "category": "land", "method": {"kind": "land_highest"}}
DRAWN = {"procedure": "works-comparison", "method": {"kind": "lottery"}}
OPENED = ("register", "announce", "pay_deposits", "file_bids", "close", "open")


def opened(centre: Centre, prices: list[int], **changes: Any) -> CaseRun:
    plan = centre.plan(len(prices), **changes)
    plan.offers = [Offer(company, price) for company, price in zip(centre.companies, prices, strict=False)]
    case = CaseRun(centre.cast, plan, centre.a_case("register", **changes).at)
    for step in OPENED:
        getattr(case, step)()
    return case


def all_pass(case: CaseRun) -> dict[str, tuple[bool, str]]:
    return {bid.digest: (True, "") for bid in evaluation.bids_to_judge(case.lot_id)}


def test_the_highest_leads_and_of_equal_ones_the_earlier_filed(centre: Centre) -> None:
    case = opened(centre, [85_000_000, 99_000_000, 99_000_000], **LAND)
    with refused("selection.verdict_missing"):
        selection.qualify(case.lot_id, {}, actor="t", at=case.at)
    selection.qualify(case.lot_id, all_pass(case), actor="t", at=case.at)
    found = evaluation.evaluation_of(case.lot_id)
    assert found is not None and found.report is not None
    codes = [offer.company.code for offer in case.plan.offers]
    assert [place["bidder"] for place in found.report["ranking"]] == [codes[1], codes[2], codes[0]]
    assert [candidate.organisation.code for candidate in projects.candidates(case.lot_id)] == [codes[1]]
    with refused("evaluation.resting"):
        selection.qualify(case.lot_id, all_pass(case), actor="t", at=case.at)


@pytest.mark.parametrize(("price", "counts"), [(79_999_999, False), (80_000_000, True), (80_000_001, True)])
def test_the_start_price_itself_counts_and_a_fen_less_does_not(price: int, counts: bool) -> None:
    method = rules.read_method({"kind": "land_highest"})
    assert (rules.off_terms(method, price, floor_fen=80_000_000, fixed_fen=None) == "") is counts


@pytest.mark.parametrize(("price", "counts"), [(94_999_999, False), (95_000_000, True), (95_000_001, False)])
def test_only_the_fixed_price_counts(price: int, counts: bool) -> None:
    method = rules.read_method({"kind": "lottery"})
    assert (rules.off_terms(method, price, floor_fen=0, fixed_fen=95_000_000) == "") is counts


def test_below_the_start_price_nothing_is_sold(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre, [70_000_000, 79_999_999, 10_000_000], **LAND)
    selection.qualify(case.lot_id, all_pass(case), actor="t", at=case.at)
    assert case.lot.stage == Stage.FAILED and projects.candidates(case.lot_id) == []


def test_a_refusal_needs_its_reason_and_is_kept(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre, [85_000_000, 90_000_000, 99_000_000], **LAND)
    verdicts = all_pass(case)
    out = next(iter(verdicts))
    with refused("selection.reason_missing"):
        selection.qualify(case.lot_id, verdicts | {out: (False, "  ")}, actor="t", at=case.at)
    selection.qualify(case.lot_id, verdicts | {out: (False, "不是依法成立的法人")}, actor="t", at=case.at)
    found = evaluation.evaluation_of(case.lot_id)
    assert found is not None and [item["digest"] for item in found.rejected] == [out]


def test_a_committee_is_not_gone_around(sqlite_centre: Centre) -> None:
    case = opened(sqlite_centre, [85_000_000, 90_000_000, 91_000_000], procedure="works-open", method={"kind": "works_lowest"})
    with refused("selection.judged_by_committee"):
        selection.qualify(case.lot_id, all_pass(case), actor="t", at=case.at)
    with refused("selection.judged_by_committee"):
        selection.agree(case.lot_id, "x", "y", actor="t", at=case.at)
    drawn = opened(sqlite_centre, [95_000_000] * 3, **DRAWN)
    with refused("selection.nothing_to_agree"):
        selection.agree(drawn.lot_id, "x", "y", actor="t", at=drawn.at)
    selection.qualify(drawn.lot_id, all_pass(drawn), actor="t", at=drawn.at)
    with refused("evaluation.review_submitted"):
        selection.qualify(drawn.lot_id, all_pass(drawn), actor="t", at=drawn.at)
    with refused("draw.exists"):
        lottery.cast(drawn.lot, lottery.WINNER, ["a"], 1, actor="t", at=drawn.at)
    with refused("draw.too_few_companies"):
        lottery.cast(case.lot, lottery.WINNER, ["a", "a"], 1, actor="t", at=case.at)


# --- the lot, as somebody outside checks it -----------------------------------------------------------


@pytest.fixture
def drawn_pack(sqlite_centre: Centre, tmp_path: Path) -> tuple[Path, Callable[[Path], dict[str, Any]]]:
    case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(4, **DRAWN), sqlite_centre.a_case("register").at)
    case.run()
    pack = case.seal_archive()
    folder = tmp_path / "pack"
    with zipfile.ZipFile(installation.files().path(pack.stored)) as bag:
        bag.extractall(folder)
    keys = evidence.log_verifier_key(), sqlite_centre.cast.watchers.keys
    return folder, lambda path: {item["name"]: item["ok"] for item in verify.verify_path(path, *keys)["checks"]}


def _edit(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    path = folder / "data" / name
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_bytes(verify.canonical(document))


@pytest.mark.parametrize(("name", "change", "seen"), [
    ("20-draw-winner/candidates.json", lambda d: d["codes"].pop(), "award"),
    ("20-draw-winner/candidates.json", lambda d: d.update(salt="00" * 32), "award"),
    ("20-draw-winner/transcript.json", lambda d: d["result"]["strata"][0]["members"].reverse() or d["result"]["strata"][0]["members"].append("x"), "draw"),
    ("20-draw-winner/transcript.json", lambda d: d["contributions"][0].update(value=d["contributions"][1]["value"]), "draw"),
    ("20-draw-winner/transcript.json", lambda d: d["pool"].pop(), "draw"),
    ("30-evaluation/report.json", lambda d: d["report"]["ranking"].reverse(), "award"),
])
def test_a_bent_draw_is_seen_by_the_verifier(drawn_pack: tuple[Path, Callable[[Path], dict[str, Any]]], tmp_path: Path, name: str,
                                             change: Callable[[Any], None], seen: str) -> None:
    folder, checks = drawn_pack
    assert all(checks(folder).values()), "the control: untouched it holds"
    twin = tmp_path / "twin"
    shutil.copytree(folder, twin)
    _edit(twin, name, change)
    assert not checks(twin)[seen]


def test_who_was_drawn_to_be_invited_stands_nowhere_in_the_database(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", procedure="procurement-invited", category="goods", method={"kind": "procurement_lowest"})
    drawn = {company.name for company in invitations.invited(case.project_id)} | {company.code for company in invitations.invited(case.project_id)}
    assert len(drawn) == 6
    whole = {table: str(db.session.execute(text(f"SELECT * FROM {table}")).all()) for table in ("expert_draw", "invitation", "draw_contribution", "message")}
    whole["log"] = str(db.session.execute(text("SELECT event FROM evidence_entry WHERE project = :code OR lot = :lot"), {
        "code": case.lot.project.code, "lot": case.lot.code}).all())
    assert not [place for place, rows in whole.items() if any(name in rows for name in drawn)]
    assert all(len(rows) > 2 for place, rows in whole.items() if place != "message"), "the control: there are rows to look at"
    assert not suppliers.follow(case.lot_id, at=case.at), "a second run invites nobody else"
    draw = draws.of_lot(case.lot_id, lottery.SUPPLIERS)
    assert draw is not None and len(lottery.among(draw)) == len(NAMES) and draw.revealed_at is None
    with refused("invite.no_draw"):
        suppliers.freeze(sqlite_centre.a_case("register").project_id, [], 3, [], actor="t", at=case.at)
    outsider = replace(case.plan.offers[0], company=next(c for c in sqlite_centre.companies if c.code not in drawn))
    case.announce()
    case.plan.offers = [outsider]
    with refused("eligibility.not_invited"):
        case.file_bids()


# --- packs of cases that came to nothing, and packs that somebody changed --------------------------------


def verified(case: CaseRun) -> bool:
    path = installation.files().path(case.seal_archive().stored)
    report = verify.verify_path(path, evidence.log_verifier_key(), case.cast.watchers.keys)
    assert report["ok"], report["checks"]
    return True


def test_cases_that_came_to_nothing_have_good_packs(sqlite_centre: Centre) -> None:
    nobody = opened(sqlite_centre, [90_000_000] * 3, **DRAWN)
    selection.qualify(nobody.lot_id, all_pass(nobody), actor="t", at=nobody.at)
    assert nobody.lot.stage == Stage.FAILED and verified(nobody), "nobody asked the fixed price"
    few = sqlite_centre.a_case("register", "announce", procedure="procurement-invited", category="goods",
                               method={"kind": "procurement_lowest"}, deposit_fen=0)
    few.plan.offers = few.plan.offers[:2]
    for step in ("file_bids", "close"):
        getattr(few, step)()
    assert few.lot.stage == Stage.FAILED and verified(few), "drawn suppliers of whom too few came"
    ended = opened(sqlite_centre, [95_000_000] * 3, **DRAWN)
    selection.qualify(ended.lot_id, all_pass(ended), actor="t", at=ended.at)
    draw = draws.of_lot(ended.lot_id, lottery.WINNER)
    holder = ended.cast.holders[0].trustee
    draws.contribute(draw.id, holder.contribute(trustees.get_session(draw.session).document), contributor=holder.organisation,
                     public=holder.public, clock=stopped(ended.wait(seconds=1)))
    evaluation.fail(ended.lot_id, "采购任务取消", actor="t", at=ended.wait(hours=1))
    assert verified(ended), "a draw that was begun and never carried out"


@pytest.fixture(scope="module")
def _packs() -> dict[str, Any]:
    return {}


@pytest.fixture
def framework_pack(sqlite_centre: Centre, tmp_path: Path, _packs: dict[str, Any]) -> tuple[Path, Callable[[Path], dict[str, Any]]]:
    """The pack of a framework whose term is over, with a second bidding in it; made once."""
    if not _packs:
        case = CaseRun(sqlite_centre.cast, sqlite_centre.plan(4, procedure="framework", category="service", deposit_fen=0, method={
            "kind": "procurement_lowest", "second_stage": "second_bidding"}), sqlite_centre.a_case("register").at)
        case.run()
        with refused("archive.framework_runs"):
            case.seal_archive()
        case.wait(days=400)
        _packs["bytes"] = installation.files().path(case.seal_archive().stored).read_bytes()
        _packs["keys"] = evidence.log_verifier_key(), sqlite_centre.cast.watchers.keys
    folder = tmp_path / "pack"
    with zipfile.ZipFile(io.BytesIO(_packs["bytes"])) as bag:
        bag.extractall(folder)
    return folder, lambda path: {item["name"]: item["ok"] for item in verify.verify_path(path, *_packs["keys"])["checks"]}


CHANGES: list[tuple[str, Callable[[Any], None]]] = [
    ("60-calls/0001.json", lambda d: d.update(price_fen=1)), ("60-calls/0001.json", lambda d: d.update(supplier="x")),
    ("40-award/admission.json", lambda d: d["admitted"].pop()), ("25-talks/round-1.json", lambda d: d.update(changes="x")),
    ("15-opening/record-offer-1.json", lambda d: d["record"]["bids"].pop()), ("05-registration/registration.json", lambda d: d.update(estimate_fen=1)),
    ("catalogue.json", lambda d: d["pieces"].pop()), ("catalogue.json", lambda d: d["pieces"][0].update(sha256="0" * 64))]


def test_every_piece_is_held_to_the_catalogue_in_the_log(framework_pack: tuple[Path, Callable[[Path], dict[str, Any]]], tmp_path: Path) -> None:
    """The forger makes all manifests right again and signs records anew; the catalogue in the witnessed log stays."""
    folder, checks = framework_pack
    assert all(checks(folder).values()), "the control: untouched it holds"
    contract = next(path.name for path in (folder / "data" / "40-award").glob("contract-*.json"))
    changes = [*CHANGES, (f"40-award/{contract}", lambda d: d.update(ends_on="2099-01-01"))]
    for number, (name, change) in enumerate(changes):
        twin = tmp_path / f"twin{number}"
        shutil.copytree(folder, twin)
        _edit(twin, name, change)
        _manifests(twin)
        found = checks(twin)
        assert found["bag"], "the manifests are right again"
        assert not found["evidence"], name
    for number, name in enumerate(("60-calls/0001.json", "25-talks/round-1.json", "15-opening/record-offer-1.json", "40-award/admission.json")):
        twin = tmp_path / f"gone{number}"
        shutil.copytree(folder, twin)
        (twin / "data" / name).unlink()
        _manifests(twin)
        assert not checks(twin)["evidence"], name


def _manifests(folder: Path) -> None:
    for kind in ("sha256", "sha512"):
        lines = [f"{hashlib.new(kind, path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
                 for path in sorted((folder / "data").rglob("*")) if path.is_file()]
        (folder / f"manifest-{kind}.txt").write_text("".join(lines), "utf-8")
    for kind in ("sha256", "sha512"):
        tags = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("tagmanifest"))
        (folder / f"tagmanifest-{kind}.txt").write_text(
            "".join(f"{hashlib.new(kind, (folder / name).read_bytes()).hexdigest()} {name}\n" for name in tags), "utf-8")


def test_where_nobody_wins_alone_nobody_is_awarded(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", "announce", "file_bids", "close", "open", "draw", "evaluate", bidders=4, procedure="framework",
                                category="service", method={"kind": "procurement_lowest"}, deposit_fen=0)
    first = projects.candidates(case.lot_id)[0]
    with refused("result.no_winner"):
        evaluation.award(case.lot_id, first.organisation_id, actor="t", at=case.at, items="x")
    assert case.lot.stage == Stage.EVALUATED


def test_an_inquiry_with_one_responsive_quote_is_not_awarded(sqlite_centre: Centre) -> None:
    plan = sqlite_centre.plan(3, procedure="inquiry", category="goods", method={"kind": "procurement_lowest"}, bidding_days=9)
    plan.offers = [plan.offers[0], *(replace(offer, rejected="不满足需求") for offer in plan.offers[1:])]
    case = CaseRun(sqlite_centre.cast, plan, sqlite_centre.a_case("register").at)
    case.run()
    assert case.lot.stage == Stage.FAILED


def test_a_supplier_that_offers_nothing_leaves_a_way_out(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case(*OPENED, bidders=1, procedure="single-source", category="goods", method={"kind": "negotiated"}, bidding_days=10)
    bid = evaluation.bids_to_judge(case.lot_id)[0]
    rounds.talk(case.lot_id, bid.organisation_id, "协商", actor="t", at=case.at)
    for holder in case.cast.holders:
        holder.top_up(case.at)
    rounds.ask(case.lot_id, [bid.organisation_id], case.at + timedelta(minutes=30), is_final=True, actor="t", at=case.at)
    case.offer_again([])
    with refused("selection.no_offer"):
        selection.agree(case.lot_id, "合理", "甲", actor="t", at=case.at)
    for wrong in ("", "  ", "长" * 4001, "a\0b"):
        with refused("selection.record_missing"):
            selection.agree(case.lot_id, wrong, "甲", actor="t", at=case.at)
    for wrong in ("", "  ", "长" * 401, "a\0b"):
        with refused("selection.professionals_missing"):
            selection.agree(case.lot_id, "合理", wrong, actor="t", at=case.at)
    for wrong in ("", "  ", "长" * 2001, "a\0b"):
        with refused("notice.reason_missing"):
            evaluation.fail(case.lot_id, wrong, actor="t", at=case.at)
    evaluation.fail(case.lot_id, "唯一供应商不再报价", actor="t", at=case.at)
    assert case.lot.stage == Stage.FAILED and verified(case)

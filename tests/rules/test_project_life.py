"""The life of a lot: every stage × step × procedure, against ways written out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trading.base.errors import Refused
from trading.law.procedures import PROCEDURES, read
from trading.projects import rules
from trading.projects.rules import Stage, Step

FULL = "registered-announce-announced-start_bidding-bidding-close-closed-open-opened-evaluate-evaluated-"
END = "contract-contracted-archive-archived"
#: Written by hand from the statutes: works publicise candidates, procurement does not, auctions open no envelopes.
WAYS = {
    "works-open": FULL + "publicise-publicised-award-awarded-" + END,
    "works-invited": FULL + "publicise-publicised-award-awarded-" + END,
    **{name: FULL + "award-awarded-" + END for name in (
        "procurement-open", "procurement-invited", "negotiation", "consultation", "inquiry", "single-source", "framework",
        "land-tender", "works-comparison", "agency-selection", "property-listing")},
    **{name: FULL + "award-awarded-archive-archived" for name in ("works-prequalification", "procurement-prequalification")},
    **{name: FULL.removesuffix("open-opened-evaluate-evaluated-") + "award-awarded-" + END for name in (
        "land-auction", "land-listing")},
}
#: Property is sold by sealed offers or live; live there is nothing to open or to evaluate.
LIVE_TOO = {("property-listing", "closed", "award"): "awarded"}
PAUSES = "registered announced bidding closed opened evaluated publicised awarded".split()
ENDS_EARLY = "registered announced bidding closed opened evaluated publicised paused".split()
FAILS = "closed opened evaluated publicised".split()


def expected(way: str, stage: str, step: str) -> str | None:
    parts = way.split("-")
    stages = parts[::2]
    if stage in stages and step in parts[1::2] and parts.index(step) == parts.index(stage) + 1:
        return parts[parts.index(step) + 1]
    if stage in stages or stage == "paused":
        if step == "pause" and stage in PAUSES:
            return "paused"
        if step == "terminate" and stage in ENDS_EARLY:
            return "terminated"
        if step == "fail" and stage in FAILS:
            return "failed"
    if (stage, step) == ("awarded", "revoke") and "evaluated" in stages:
        return "publicised" if "publicised" in stages else "evaluated"
    if step == "restart" and stage in ("failed", "terminated"):
        return "restarted"
    if step == "archive" and stage in ("failed", "terminated", "restarted"):
        return "archived"
    return None


@pytest.mark.parametrize("procedure", WAYS)
def test_every_cell(procedure: str) -> None:
    seen = 0
    for stage in Stage:
        for step in Step:
            wanted = LIVE_TOO.get((procedure, stage, step)) or expected(WAYS[procedure], stage, step)
            try:
                found: str | None = rules.after(procedure, stage, step)
            except Refused as refusal:
                assert refusal.reason == "project.step_not_allowed"
                found = None
            assert found == wanted, (procedure, stage, step)
            seen += 1
    assert seen == len(Stage) * len(Step)


def test_every_procedure_has_its_way_here() -> None:
    assert set(WAYS) == set(PROCEDURES)


@pytest.mark.parametrize("stage", PAUSES)
def test_a_resumed_lot_goes_back_to_where_it_was(stage: str) -> None:
    assert rules.after("works-open", Stage.PAUSED, Step.RESUME, paused_from=Stage(stage)) == stage
    with pytest.raises(Refused):
        rules.after("works-open", Stage.PAUSED, Step.RESUME)


def test_a_type_that_does_not_run_is_not_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.PROCEDURES, "land-auction", replace(rules.PROCEDURES["land-auction"], runs=False))
    assert rules.runnable("works-invited").call == "invited"
    with pytest.raises(Refused, check=lambda refusal: refusal.reason == "project.procedure_not_run"):
        rules.runnable("land-auction")
    with pytest.raises(Refused, check=lambda refusal: refusal.reason == "project.procedure_unknown"):
        rules.runnable("works_open")


ROW = """[[procedure]]
id = "x"
family = "works"
zh = "x"
en = "x"
runs = false
call = "open"
read_out = true
begins_with = "tender"
stages = ["registered", "announced", "bidding", "closed", "awarded", "contracted", "archived"]
gates = { bidders = ["ct.min_bidders", "fail"] }
periods = {}
publicity = ""
remedy = "none"
committee = ""
rounds = "one"
methods = []
"""


def test_a_further_type_is_a_further_row() -> None:
    found = read(ROW)["x"]
    assert found.gates["bidders"].rule == "ct.min_bidders"


@pytest.mark.parametrize(("old", "new", "said"), [
    ('"bidding", "closed"', '"closed", "bidding"', "out of order"), ('"bidding", "closed"', '"bidding", "sleeping"', "out of order"),
    ('publicity = ""', 'publicity = "ct.publicity"', "publicity"), ('rounds = "one"', 'rounds = "many"', "rounds"),
    ('call = "open"', 'call = "shouted"', "shouted"), ('remedy = "none"\n', "", "missing"), ('"fail"', '"shrug"', "shrug"),
    ("methods = []", "methods = []\ncolour = 'red'", "colour")])
def test_a_wrong_row_is_refused_when_it_is_read(old: str, new: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(ROW.replace(old, new))
    with pytest.raises(ValueError, match="two rows"):
        read(ROW + ROW)

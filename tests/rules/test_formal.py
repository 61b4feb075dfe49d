"""The formal models give the answers that their page states, and the page names every fault in them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

FORMAL = Path(__file__).resolve().parents[2] / "docs" / "formal"
SWITCH = r"(?:FAULT|CODE)_[A-Z_]+"


def _runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("formal_check", FORMAL / "check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["formal_check"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


check = _runner()


def _switches(text: str) -> set[str]:
    return set(re.findall(SWITCH, text))


def test_every_fault_is_documented_and_looked_for() -> None:
    planted = {path.name: _switches(path.read_text("utf-8")) for path in [*FORMAL.glob("*.p"), *FORMAL.glob("*.pml")]}
    asked: dict[str, set[str]] = {}
    for one in check.CHECKS:
        asked.setdefault(one.model, set()).update(_switches(one.switches))
    assert planted == asked
    assert set().union(*planted.values()) == _switches((FORMAL / "README.md").read_text("utf-8"))


def test_every_model_has_a_fault_that_is_found_and_something_that_can_happen() -> None:
    for model in {one.model for one in check.CHECKS}:
        expected = {one.expected for one in check.CHECKS if one.model == model}
        assert {check.HOLDS, check.FAILS} <= expected, model
        # Where progress itself is asked for, the honest case is the query.
        assert check.REACHED in expected or model in ("shares.pml", "checkpoints.pml")


def test_the_models_answer_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    missing = check.missing()
    if missing:
        pytest.skip(f"needs the Debian package{'s' if len(missing) > 1 else ''} {' '.join(missing)}")
    code = check.main(["--quick"])
    assert code == 0, capsys.readouterr().out

"""Every test that the trust table and the threat model name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trading.portal import trust

ROOT = Path(__file__).resolve().parents[2]
NAMED = sorted({test for part in trust.PARTS for test in part.tests})
WRITTEN = sorted(set(re.findall(r"`(test_\w+)`", (ROOT / "docs/threat-model.md").read_text("utf-8"))))


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_is_there(named: str) -> None:
    path, _, name = named.partition("::")
    source = (ROOT / path).read_text("utf-8")
    assert not name or f"def {name}(" in source


@pytest.mark.parametrize("name", WRITTEN)
def test_a_test_of_the_threat_model_is_there(name: str) -> None:
    assert any(f"def {name}(" in path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_the_table_speaks_of_every_part_it_must() -> None:
    assert len(trust.PARTS) == 11 and all(part.tests for part in trust.PARTS if "Redis" not in part.name.zh)

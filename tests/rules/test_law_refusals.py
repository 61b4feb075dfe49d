"""Every reason that law, draw and evaluation can give has its words in both languages."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT / "templates" / "locale" / "refusals"
PLACES = {
    "law.toml": [ROOT / "trading" / "law"],
    "experts.toml": [ROOT / "experts" / "evaluation" / name for name in (
        "methods.py", "ranking.py", "review.py", "low_prices.py",
    )] + [ROOT / "experts" / "draw" / name for name in (
        "tickets.py", "strata.py", "transcript.py",
    )] + [ROOT / "experts" / "pool" / "recusal.py"],
}  # fmt: skip
REASON = re.compile(r'"((?:law|schedule|committee|draw|recusal|evaluation)\.[a-z0-9_]+)"')


def given(places: list[Path]) -> set[str]:
    files: list[Path] = []
    for place in places:
        assert place.exists(), place
        files += [place] if place.is_file() else sorted(place.glob("*.py"))
    return {reason for file in files for reason in REASON.findall(file.read_text("utf-8"))}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", PLACES)
def test_every_reason_has_its_words(name: str) -> None:
    texts = tomllib.loads((TEXTS / name).read_text("utf-8"))
    missing = given(PLACES[name]) - texts.keys()
    assert not missing
    for reason, text in texts.items():
        assert text["zh"] and text["en"], reason
        # Either language may say less, but never quote a fact that the other does not know.
        assert placeholders(text["en"]) == placeholders(text["zh"]), reason

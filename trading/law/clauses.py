"""Clues in the wording of a tender document: what often breaks a rule, with its article.

A match is a clue with the words it was found in. Whether the document is unlawful is for a
person to say: the words may be quoted, or ruled out in a way that the list does not know.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from trading.law.procedures import PREFIXES, family
from trading.law.rules import NATION, Rule, seek

_SENTENCE = re.compile(r"[。；;\n]")


@dataclass(frozen=True)
class Clause:
    """One kind of wording, and the rule it may break."""

    id: str
    key: str
    words: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    zh: str
    en: str


@dataclass(frozen=True)
class Clue:
    """Where a wording was found."""

    clause: Clause
    rule: Rule
    found: str
    sentence: str


def read(text: str) -> tuple[Clause, ...]:
    """Wordings of a file. Raises ValueError for an unknown field or a bad expression."""
    found = []
    for row in tomllib.loads(text)["clause"]:
        if set(row) != {"id", "key", "words", "unless", "zh", "en"}:
            raise ValueError(f"clause {row.get('id')}: unknown or missing fields")
        try:
            words, unless = (tuple(re.compile(item) for item in row[name]) for name in ("words", "unless"))
        except re.error as error:
            raise ValueError(f"clause {row['id']}: {error}") from None
        found.append(Clause(row["id"], row["key"], words, unless, row["zh"], row["en"]))
    return tuple(found)


@cache
def table() -> tuple[Clause, ...]:
    return read(Path(__file__).with_name("clauses.toml").read_text("utf-8"))


def clues(text: str, procedure: str, *, on: date, region: str = NATION) -> list[Clue]:
    """Wordings of a text that a rule in force for the procedure may forbid."""
    found = []
    for clause in table():
        rule = _rule(clause.key, procedure, on, region)
        if rule is None or rule.value is False:
            continue
        for sentence in _SENTENCE.split(text):
            if any(pattern.search(sentence) for pattern in clause.unless):
                continue
            match = next((match for pattern in clause.words if (match := pattern.search(sentence))), None)
            if match:
                found.append(Clue(clause, rule, match.group(0), sentence.strip()[:120]))
    return found


def _rule(key: str, procedure: str, on: date, region: str) -> Rule | None:
    """The rule under this key, or its twin in the procedure's own family."""
    own = f"{PREFIXES[family(procedure)]}.{key.partition('.')[2]}"
    return seek(key, on=on, region=region, procedure=procedure) or seek(own, on=on, region=region, procedure=procedure)

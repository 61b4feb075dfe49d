"""mingtang law on a terminal."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from trading.law.commands import law


def run(*words: str):
    return CliRunner().invoke(law, words)


def test_when_answers_with_its_article() -> None:
    result = run("when", "ct.bid_period", "--from", "2026-09-11", "--procedure", "works-open")
    assert result.exit_code == 0
    assert "2026-10-08" in result.output and "招标投标法 第24条" in result.output


def test_when_in_json() -> None:
    answer = json.loads(run("when", "gp.doc_supply", "--from", "2026-09-30", "--json").output)
    assert (answer["date"], answer["means"]) == ("2026-10-13", "earliest")
    assert answer["rule"]["unit"] == "working_day" and len(answer["skipped"]) == 8


def test_backwards_and_hours() -> None:
    words = ("when", "ct.clarify", "--before", "2026-11-23", "--json")
    assert json.loads(run(*words).output)["date"] == "2026-11-08"
    words = ("when", "ct.notice_latency", "--from", "2026-11-23T22:00", "--json")
    assert json.loads(run(*words).output)["moment"] == "2026-11-24T10:00:00+08:00"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("when", "ct.none", "--from", "2026-11-03"), 1),
        (("when", "ct.contract", "--from", "2026-12-20"), 1),
        (("when", "ct.contract", "--from", "2026-12-20", "--json"), 1),
        (("when", "ct.min_bidders", "--from", "2026-12-20"), 1),
        (("when", "ct.contract"), 2),
        (("when", "ct.contract", "--from", "tomorrow"), 2),
        (("when", "ct.contract", "--from", "2026-11-03", "--before", "2026-11-03"), 2),
        (("when", "ct.contract", "--from", "2026-11-03", "--procedure", "lottery"), 2),
        (("when",), 2),
        (("list", "--family", "works"), 0),
        (("list", "--family", "astrology"), 1),
        (("show", "dp.bond_cap", "--on", "2026-11-03", "--procedure", "works-open"), 0),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int) -> None:
    assert run(*words).exit_code == code


def test_a_refusal_in_json_names_its_reason() -> None:
    answer = json.loads(run("when", "ct.contract", "--from", "2026-12-20", "--json").output)
    assert answer == {
        "refused": "law.calendar_not_published",
        "facts": {"year": "2027", "first": "2004", "last": "2026"},
    }


def test_list_is_readable_by_machines() -> None:
    rows = json.loads(run("list", "--json").output)
    assert any(row["key"] == "dp.bond_cap" and row["value"] == "1/50" for row in rows)
    here = json.loads(run("list", "--region", "JP-08203", "--json").output)
    assert here and all("不是中国法律" in row["article"] for row in here)

"""Wordings that often break a rule are found, with their article; harmless ones are left alone."""

from __future__ import annotations

from datetime import date

import pytest

from trading.law import clauses
from trading.law.rules import all_rules

ON = date(2026, 3, 2)


@pytest.mark.parametrize(("text", "procedure", "wanted"), [
    ("投标人注册资本不少于五千万元。", "procurement-open", ["size"]),
    ("近三年营业收入平均不低于一亿元；具备相应资质", "procurement-open", ["size"]),
    ("不得以注册资本作为资格条件。", "procurement-open", []),
    ("投标人注册资本不少于五千万元。", "works-open", []),  # no such rule in works
    ("须为本市注册企业", "works-open", ["local"]),
    ("须为本市注册企业", "inquiry", ["local"]),
    ("不限本市注册企业", "works-open", []),
    ("设备必须采用甲品牌", "works-open", ["brand"]),
    ("指定某某品牌或者相当于该品牌的产品", "works-open", []),
    ("仅限国有控股企业方可投标，不接受民营企业", "works-invited", ["ownership"]),
    ("须先报名", "works-open", ["signup"]),
    ("须先报名", "procurement-open", ["signup"]),
    ("具备市政公用工程施工总承包二级及以上资质", "works-open", []),
    ("", "works-open", [])])
def test_wordings(text: str, procedure: str, wanted: list[str]) -> None:
    found = clauses.clues(text, procedure, on=ON)
    assert [clue.clause.id for clue in found] == wanted
    assert all(clue.rule.article and clue.found in text for clue in found)


def test_each_sentence_is_judged_by_itself() -> None:
    text = "不得以注册资本作为条件。资产总额不少于一亿元"
    assert [clue.found for clue in clauses.clues(text, "procurement-open", on=ON)] == ["资产总额"]


def test_a_rule_not_yet_in_force_gives_no_clue() -> None:
    assert clauses.clues("注册资本一亿元", "procurement-open", on=date(2017, 9, 30)) == []


def test_every_clause_rests_on_a_rule() -> None:
    known = {rule.key for rule in all_rules()}
    assert {clause.key for clause in clauses.table()} <= known


@pytest.mark.parametrize("change", ['words = ["("]', "colour = 1"])
def test_a_wrong_file_is_refused(change: str) -> None:
    row = '[[clause]]\nid="a"\nkey="ct.no_bias"\nwords=["x"]\nunless=[]\nzh="z"\nen="e"\n'
    assert clauses.read(row)
    lines = [line for line in row.splitlines() if not line.startswith(change.partition(" ")[0])]
    with pytest.raises(ValueError):
        clauses.read("\n".join([*lines, change]))

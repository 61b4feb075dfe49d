"""Who may not sit, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from experts.pool.recusal import Bond, Candidate, Parties, Reason, Tie, eligible, exclusions

ON = date(2026, 11, 23)
GOODS = Parties(
    "procurement-open",
    ON,
    tenderers=frozenset({"T"}),
    agencies=frozenset({"A"}),
    bidders=frozenset({"B1", "B2"}),
    supervisors=frozenset({"S"}),
)
WORKS = replace(GOODS, procedure="works-open")


def reasons(expert: Candidate, parties: Parties = GOODS) -> list[Reason]:
    return [found.reason for found in exclusions([expert], parties)]


@pytest.mark.parametrize("parties", [GOODS, WORKS])
@pytest.mark.parametrize(
    ("employer", "reason"),
    [
        ("T", [Reason.EMPLOYER_TENDERER]),
        ("A", [Reason.EMPLOYER_AGENCY]),
        ("B2", [Reason.EMPLOYER_BIDDER]),
        ("S", [Reason.EMPLOYER_SUPERVISOR]),
        ("X", []),
    ],
)
def test_employers(employer: str, reason: list[Reason], parties: Parties) -> None:
    assert reasons(Candidate("E", employer), parties) == reason


def test_every_exclusion_cites_an_article() -> None:
    experts = [Candidate("E", "T"), Candidate("F", "S"), Candidate("G", "B1")]
    for parties in (GOODS, WORKS):
        assert all(found.article for found in exclusions(experts, parties))


@pytest.mark.parametrize(
    ("until", "goods", "works"),
    [
        (date(2023, 11, 22), [], []),
        (date(2023, 11, 23), [Reason.PAST_TIE], []),
        (date(2023, 11, 24), [Reason.PAST_TIE], []),
        (date(2026, 11, 22), [Reason.PAST_TIE], []),
        (date(2026, 11, 23), [Reason.DECLARED_CONFLICT], [Reason.DECLARED_CONFLICT]),
        (None, [Reason.DECLARED_CONFLICT], [Reason.DECLARED_CONFLICT]),
    ],
)
def test_three_years_back_in_procurement(until, goods, works) -> None:
    expert = Candidate("E", "X", (Bond("B1", Tie.EMPLOYMENT, until),))
    assert reasons(expert, GOODS) == goods
    assert reasons(expert, WORKS) == works


def test_ties_to_strangers_do_not_bar() -> None:
    assert reasons(Candidate("E", "X", (Bond("Y", Tie.KIN), Bond("S", Tie.KIN)))) == []
    assert reasons(Candidate("E", "X", (Bond("T", Tie.EMPLOYMENT, date(2026, 1, 1)),))) == []
    assert reasons(Candidate("E", "X", (Bond("T", Tie.KIN),))) == [Reason.DECLARED_CONFLICT]


def test_every_reason_is_named_and_the_rest_are_eligible() -> None:
    barred = Candidate("E", "B1", (Bond("B1", Tie.BOARD), Bond("B2", Tie.OWNERSHIP)))
    free = Candidate("F", "X")
    assert len(reasons(barred)) == 3
    assert eligible(iter([barred, free]), GOODS) == (free,)

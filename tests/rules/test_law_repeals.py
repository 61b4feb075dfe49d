"""A rule is repealed: it ends the day before, what began before keeps it, nothing else moves."""

from __future__ import annotations

from datetime import date

import pytest

from tests.rules.test_objections import refused
from trading.law.amendments import Repeal, repealed
from trading.law.rules import packaged
from trading.lawbook import repeals

WORKS = ("works-invited", "works-open")


def repeal(key: str = "ob.document", start: date = date(2026, 4, 1), procedures: tuple[str, ...] = WORKS, region: str = "CN") -> Repeal:
    return Repeal(key, region, procedures, start, "国务院令第1号")


@pytest.mark.parametrize(("on", "holds"), [(date(2026, 3, 31), True), (date(2026, 4, 1), False), (date(2027, 1, 1), False)])
def test_it_ends_the_day_before(on: date, holds: bool) -> None:
    after = repealed(packaged(), repeal())
    assert (after.seek("ob.document", on=on, procedure="works-open") is not None) is holds
    assert after.seek("ob.prequal", on=on, procedure="works-open") is not None
    with refused("law.no_rule") if not holds else _nothing():
        after.find("ob.document", on=on, procedure="works-open")


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_error: object) -> None: ...


def test_other_procedures_keep_theirs() -> None:
    after = repealed(packaged(), repeal(procedures=("works-open",)))
    assert after.seek("ob.document", on=date(2026, 5, 1), procedure="works-open") is None
    assert after.seek("ob.document", on=date(2026, 5, 1), procedure="works-invited") is not None
    assert len(after.rules) == len(packaged().rules) + 1


def test_where_a_region_repeals_the_nation_holds() -> None:
    book = packaged()
    mine = next(rule for rule in book.rules if rule.region == "CN-50" and rule.end is None and any(
        book.seek(rule.key, on=date(2026, 4, 1), region="CN", procedure=name) for name in rule.procedures if name != "*"))
    name = next(name for name in mine.procedures if book.seek(mine.key, on=date(2026, 4, 1), region="CN", procedure=name))
    after = repealed(book, repeal(mine.key, procedures=mine.procedures, region="CN-50"))
    found = after.seek(mine.key, on=date(2026, 4, 1), region="CN-50", procedure=name)
    assert found is not None and found.region == "CN"
    assert after.seek(mine.key, on=date(2026, 3, 31), region="CN-50", procedure=name).region == "CN-50"


def test_what_cannot_be_repealed_is_told() -> None:
    for wrong in (repeal("ct.none"), repeal(procedures=("inquiry",)), repeal(start=date(2000, 1, 1), procedures=("negotiation",)),
                  repeal(region="CN-50"), repeal(procedures=(*WORKS, "inquiry"))):
        with refused("law.repeal_nothing"):
            repealed(packaged(), wrong)
    # The row begins on 2012-02-01: until then, and on that very day, it is still to come.
    for day in (date(2012, 1, 31), date(2012, 2, 1)):
        with refused("law.repeal_later_row"):
            repealed(packaged(), repeal(start=day))
    repealed(packaged(), repeal(start=date(2012, 2, 2)))
    with refused("law.repeal_nothing"):
        repealed(repealed(packaged(), repeal()), repeal())


@pytest.mark.parametrize("key", ["t.roll", "ct.no_signup", "gp.no_signup", "ev.low_rate_max"])
def test_counting_and_guards_are_never_left_out(key: str) -> None:
    rule = packaged().by_key[key][0]
    with refused("lawbook.repeal_kept"):
        repeals.tried(repeal(key, procedures=rule.procedures, region=rule.region), packaged(), date(2026, 3, 2))


def test_never_in_the_past() -> None:
    for today, ok in ((date(2026, 3, 31), True), (date(2026, 4, 1), True), (date(2026, 4, 2), False)):
        with _nothing() if ok else refused("lawbook.begins_in_past"):
            repeals.tried(repeal(), packaged(), today)


def test_written_and_read_again() -> None:
    for article in ("国务院令第1号", 'a "b" \\ c\n[[rule]]', "x" * 500):
        asked = Repeal("ob.document", "CN", WORKS, date(2026, 4, 1), article)
        assert repeals.read(repeals.written(asked)) == asked
    rule = packaged().by_key["ob.document"][0]
    assert repeals.of_place("ob.document", repeals.place(rule), date(2026, 4, 1), "国务院令第1号") == repeal()

"""Repeals, corrected years, messages to the second person, and the command that sees it all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from app import create_app
from tests.builders import T0, Centre
from tests.services.test_filing import refused
from tests.services.test_lawbook import OFF, SOURCE, WORK, approve, kinds, lawyers, load_2027, propose, row
from trading.base.config import UnsafeSettings
from trading.base.database import db
from trading.evidence.models import Entry
from trading.law import calendar, rules
from trading.law.amendments import Repeal
from trading.law.commands import law
from trading.lawbook import current, days_off, queries, service
from trading.lawbook.models import RuleChange
from trading.messages.models import Message

WORKS = ("works-invited", "works-open")
TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def law_as_packaged() -> Iterator[None]:
    yield
    rules.use(None)
    calendar.use(())


def repeal(who: int, key: str = "ob.document", start: date = date(2026, 4, 1), **changes: object) -> RuleChange:
    asked = Repeal(key, "CN", WORKS, start, "国务院令第1号")
    return service.propose_repeal(replace(asked, **changes), "条例修订", SOURCE, account_id=who, actor="a", at=T0)


def correct(who: int, year: int = 2026, off: object = None, work: object = None, at: object = T0) -> RuleChange:
    old = calendar.notice(year)
    return service.propose_correction(year, old.off if off is None else off, old.work if work is None else work, "录入有误", SOURCE,
                                      account_id=who, actor="a", at=at)


def holds(on: date) -> bool:
    return rules.seek("ob.document", on=on, procedure="works-open") is not None


def test_two_people_repeal_a_rule_and_the_past_keeps_it(centre: Centre) -> None:
    one, two = lawyers()
    change = repeal(one)
    with refused("lawbook.waiting_already"):
        repeal(two)
    with refused("lawbook.second_person"):
        approve(change, one)
    assert holds(date(2026, 4, 1))
    approve(change, two)
    assert holds(date(2026, 3, 31)) and not holds(date(2026, 4, 1))
    with refused("law.repeal_nothing"):
        repeal(one)
    approve(propose(row(key="ob.document", family="objections", value=8, event="request", from_=date(2026, 5, 1), zh="异议", en="objection"), one), two)
    assert not holds(date(2026, 4, 30)) and holds(date(2026, 5, 1)), "what was repealed may be enacted again"
    create_app(centre.app.extensions["mingtang"]["settings"])
    assert holds(date(2026, 4, 1))
    current.follow(at_once=True)
    assert not holds(date(2026, 4, 1)) and holds(date(2026, 5, 1))
    assert kinds() == {"law.change_proposed": 2, "law.change_approved": 2}
    assert queries.about("ob.document")[-1].id == change.id


def test_a_repeal_is_tried_again_when_it_is_approved(sqlite_centre: Centre) -> None:
    one, two = lawyers()
    change = repeal(one)
    with refused("lawbook.begins_in_past"):
        approve(change, two, T0 + timedelta(days=31))
    other = propose(row(key="ob.document", family="objections", value=8, event="request", from_=date(2026, 4, 2), zh="异议", en="objection"), one)
    approve(other, two)
    with refused("law.repeal_later_row"):
        approve(change, two)
    for changes, reason in (({"article": " "}, "lawbook.text"), ({"start": TODAY - timedelta(days=1)}, "lawbook.begins_in_past"),
                            ({"key": "t.roll", "procedures": ("*",)}, "lawbook.repeal_kept"), ({"region": "CN-50"}, "law.repeal_nothing")):
        with refused(reason):
            repeal(one, **changes)


def test_a_published_year_is_corrected_as_a_new_version(centre: Centre) -> None:
    one, two = lawyers()
    old = calendar.notice(2026)
    day = next(day for day in sorted(old.off) if day.weekday() < 5 and (day.month, day.day) not in days_off.ALWAYS)
    assert not calendar.is_working_day(day)
    with refused("calendar.changes_nothing"):
        correct(one)
    change = correct(one, off=old.off - {day})
    with refused("lawbook.second_person"):
        approve(change, one)
    assert not calendar.is_working_day(day)
    approve(change, two)
    assert calendar.is_working_day(day) and calendar.notice(2026).source == SOURCE
    written = db.session.scalar(select(Entry.event).where(Entry.kind == "law.change_proposed"))
    assert written["corrects"] == days_off.fingerprint(old) == days_off.corrected(change.text)
    again = correct(two, off=old.off)
    approve(again, one)
    assert not calendar.is_working_day(day), "a correction is corrected in turn"
    assert days_off.corrected(again.text) == days_off.fingerprint(calendar.read(change.text))
    create_app(centre.app.extensions["mingtang"]["settings"])
    current.follow(at_once=True)
    assert calendar.notice(2026).off == old.off and calendar.notice(2026).source == SOURCE


def test_of_two_corrections_of_one_version_the_second_is_refused(sqlite_centre: Centre) -> None:
    one, two = lawyers()
    old = calendar.notice(2026)
    movable = [day for day in sorted(old.off) if (day.month, day.day) not in days_off.ALWAYS]
    first, second = correct(one, off=old.off - {movable[0]}), correct(one, off=old.off - {movable[1]})
    approve(first, two)
    with refused("calendar.corrected_meanwhile"):
        approve(second, two)


def test_a_faulty_correction_is_not_entered(sqlite_centre: Centre) -> None:
    one, two = lawyers()
    old = calendar.notice(2026)
    for changes, reason in (({"off": old.off - {date(2026, 10, 1)}}, "calendar.day_missing"), ({"off": old.off | {date(2027, 1, 1)}}, "calendar.day_in_other_year"),
                            ({"work": old.work | {date(2026, 3, 2)}}, "calendar.not_a_weekend"), ({"work": old.work | {date(2026, 10, 3)}}, "calendar.day_in_both")):
        with refused(reason):
            correct(one, **changes)
    with refused("law.calendar_not_published"):
        service.propose_correction(2027, OFF, WORK, "x", SOURCE, account_id=one, actor="a", at=T0)
    approve(load_2027(one), two)
    approve(correct(one, 2027, off=[*OFF, date(2027, 3, 1)]), two)
    assert not calendar.is_working_day(date(2027, 3, 1))
    # Before 2025 the second of May was no fixed day off; an old year is corrected without it.
    early = calendar.notice(2013)
    assert date(2013, 5, 2) not in early.off
    correct(one, 2013, off=early.off | {date(2013, 3, 1)})


def told(kind: str) -> list[int]:
    return sorted(db.session.scalars(select(Message.account_id).where(Message.kind == kind)))


def test_the_others_are_told_that_a_proposal_waits(centre: Centre) -> None:
    one, two = lawyers()
    change = repeal(one)
    assert told("law.change_waiting") == [two]
    assert db.session.scalar(select(Message.link)) == f"/law/changes/{change.id}"
    approve(change, two)
    assert told("law.change_approved") == [one]
    other = propose(row(), two)
    assert told("law.change_waiting") == [one, two]
    service.refuse(other.id, "不妥", account_id=one, actor="b", at=T0)
    service.withdraw(propose(row(value=26), two).id, account_id=two, actor="b", at=T0)
    assert told("law.change_refused") == [two], "nobody is told of one's own withdrawal"


# --- the command --------------------------------------------------------------------------------


def ask(centre: Centre, *words: str) -> Result:
    app = create_app(centre.app.extensions["mingtang"]["settings"])
    try:
        return CliRunner().invoke(law, words, obj=lambda: app)
    finally:
        with app.app_context():
            db.engine.dispose()


def value(found: Result) -> object:
    return json.loads(found.stdout)["value"]


BID_PERIOD = ("show", "ct.bid_period", "--on", "2026-04-01", "--procedure", "works-open", "--json")


def test_the_command_counts_by_what_was_approved_and_laid_in(centre: Centre) -> None:
    one, two = lawyers()
    approve(propose(row(), one), two)
    approve(load_2027(one), two)
    assert value(ask(centre, *BID_PERIOD)) == 25 and value(ask(centre, "--packaged", *BID_PERIOD)) == 20
    counted = json.loads(ask(centre, "when", "ct.award_notice", "--from", "2026-12-31", "--region", "CN-50", "--procedure", "works-open", "--json").stdout)
    assert counted["date"] == "2027-01-08"
    refused_ = ask(centre, "--packaged", "when", "ct.award_notice", "--from", "2026-12-31", "--region", "CN-50", "--procedure", "works-open", "--json")
    assert refused_.exit_code == 1
    folder = centre.app.extensions["mingtang"]["settings"].instance / "law"
    folder.mkdir()
    (folder / "own.toml").write_text(row(key="ct.clarify", value=16, region="CN-51", from_=date(2026, 1, 1)), "utf-8")
    words = ("show", "ct.clarify", "--on", "2026-04-01", "--region", "CN-51", "--procedure", "works-open", "--json")
    found = json.loads(ask(centre, *words).stdout)
    assert (found["value"], found["file"]) == (16, "own.toml") and value(ask(centre, "--packaged", *words)) == 15
    approve(repeal(one), two)
    gone = ask(centre, "show", "ob.document", "--on", "2026-04-01", "--procedure", "works-open", "--json")
    assert gone.exit_code == 1 and json.loads(gone.stdout)["refused"] == "law.no_rule"


def test_what_is_out_of_reach_is_said_and_the_rest_counts(sqlite_centre: Centre, tmp_path: Path) -> None:
    def none() -> object:
        raise UnsafeSettings("the key 'log' is missing")
    found = CliRunner().invoke(law, BID_PERIOD, obj=none)
    assert value(found) == 20 and "packaged rows alone" in found.stderr
    settings = replace(sqlite_centre.app.extensions["mingtang"]["settings"], database_url=f"sqlite:///{tmp_path}/none.db")
    found = CliRunner().invoke(law, BID_PERIOD, obj=lambda: create_app(settings))
    assert value(found) == 20 and "out of reach" in found.stderr and not (tmp_path / "none.db").exists()
    db.session.execute(text("ALTER TABLE rule_change RENAME TO elsewhere"))
    db.session.commit()
    found = ask(sqlite_centre, *BID_PERIOD)
    assert value(found) == 20 and "out of reach" in found.stderr

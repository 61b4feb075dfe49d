"""Changes of the law: two people, nothing retroactive, in force in every process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app import _by_newest_law, create_app
from tests.builders import T0, Centre
from tests.services.test_filing import refused
from trading.accounts import service as accounts
from trading.accounts.permissions import Role
from trading.base.config import UnsafeSettings
from trading.base.database import db
from trading.base.errors import Refused
from trading.base.scheduler import Job
from trading.evidence.models import Entry
from trading.law import calendar, rules
from trading.law.periods import due
from trading.lawbook import current, queries, service
from trading.lawbook.models import RuleChange

TODAY = date(2026, 3, 2)
WORKS = ["works-invited", "works-open"]
OFF = [date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3), *(date(2027, 2, day) for day in range(5, 13)), date(2027, 4, 5),
       *(date(2027, 5, day) for day in range(1, 6)), date(2027, 6, 9), *(date(2027, 10, day) for day in range(1, 8))]
WORK = [date(2027, 2, 14), date(2027, 5, 8), date(2027, 10, 9)]
SOURCE = "https://www.gov.cn/notice-2027"


def row(**changes: Any) -> str:
    """One row as a proposer writes it; ``without`` leaves a field out."""
    fields: dict[str, Any] = {
        "key": "ct.bid_period", "family": "works", "procedures": WORKS, "value": 25, "unit": "day", "sense": "at_least",
        "article": "招标投标法（修订） 第24条", "region": "CN", "from": date(2026, 4, 1), "event": "document", "status": "V",
        "zh": "招标文件开始发出至投标截止", "en": "issue of the tender document to the bid deadline"}
    left_out = changes.pop("without", ())
    fields |= {name.rstrip("_"): value for name, value in changes.items()}
    said = {name: value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
            for name, value in fields.items() if name not in left_out}
    return "[[rule]]\n" + "".join(f"{name} = {value}\n" for name, value in said.items())


@pytest.fixture(autouse=True)
def law_as_packaged() -> Iterator[None]:
    yield
    rules.use(None)
    calendar.use(())


def lawyers() -> tuple[int, int]:
    made = [accounts.create(name, name, "correct horse battery", {Role.SUPERVISOR}, actor="admin", at=T0) for name in ("lawyer-a", "lawyer-b")]
    return made[0].id, made[1].id


def propose(text: str, who: int, at: Any = T0) -> RuleChange:
    return service.propose_rows(text, "法律修订", "主席令第1号", account_id=who, actor="a", at=at)


def approve(change: RuleChange, who: int, at: Any = T0) -> RuleChange:
    return service.approve(change.id, account_id=who, actor="b", at=at)


def days(on: date) -> object:
    return rules.find("ct.bid_period", on=on, procedure="works-open").value


def kinds() -> dict[str, int]:
    found = db.session.execute(select(Entry.kind, func.count()).where(Entry.kind.startswith("law.")).group_by(Entry.kind))
    return {kind: count for kind, count in found}


def test_a_change_needs_two_people_and_keeps_the_past(centre: Centre) -> None:
    one, two = lawyers()
    change = propose(row(), one)
    assert (change.state, days(date(2026, 4, 1))) == ("waiting", 20)
    with refused("lawbook.second_person"):
        approve(change, one)
    with refused("lawbook.second_person"):
        service.refuse(change.id, "不同意", account_id=one, actor="a", at=T0)
    approve(change, two)
    assert [days(day) for day in (date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2))] == [20, 25, 25]
    old = [rule for rule in rules.book().by_key["ct.bid_period"] if rule.region == "CN" and rule.value == 20]
    assert {rule.end for rule in old} == {date(2026, 3, 31)}
    assert kinds() == {"law.change_proposed": 1, "law.change_approved": 1}
    facts = db.session.scalar(select(Entry.event).where(Entry.kind == "law.change_approved"))
    assert (facts["subjects"], facts["sha256"], facts["change"]) == (["ct.bid_period"], change.sha256, change.id)
    for act in (approve, lambda c, who: service.refuse(c.id, "x", account_id=who, actor="b", at=T0)):
        with refused("lawbook.decided"):
            act(change, two)
    assert (queries.get(change.id).state, queries.get(change.id).place) == ("approved", 1)


def test_a_refused_or_withdrawn_proposal_changes_nothing(centre: Centre) -> None:
    one, two = lawyers()
    first, second = propose(row(), one), propose(row(value=26), one)
    with refused("lawbook.text"):
        service.refuse(first.id, "  ", account_id=two, actor="b", at=T0)
    service.refuse(first.id, "来源不明", account_id=two, actor="b", at=T0)
    with refused("lawbook.not_yours"):
        service.withdraw(second.id, account_id=two, actor="b", at=T0)
    service.withdraw(second.id, account_id=one, actor="a", at=T0)
    for change in (first, second):
        with refused("lawbook.decided"):
            approve(change, two)
    assert {change.id: change.state for change in queries.decided()} == {first.id: "refused", second.id: "withdrawn"}
    assert days(date(2026, 4, 1)) == 20 and queries.newest_place() == 0
    assert kinds() == {"law.change_proposed": 2, "law.change_refused": 1, "law.change_withdrawn": 1}


def test_changes_count_in_the_order_of_their_approval(centre: Centre) -> None:
    one, two = lawyers()
    later, earlier = propose(row(value=30, from_=date(2026, 6, 1)), one), propose(row(), one)
    approve(earlier, two)
    approve(later, two)
    assert [days(date(2026, month, 1)) for month in (3, 4, 6)] == [20, 25, 30]
    create_app(centre.app.extensions["mingtang"]["settings"])
    assert days(date(2026, 6, 1)) == 20
    current.follow(at_once=True)
    assert [days(date(2026, month, 1)) for month in (3, 4, 6)] == [20, 25, 30]
    assert (earlier.place, later.place) == (1, 2)


def test_a_proposal_is_tried_again_when_it_is_approved(centre: Centre) -> None:
    one, two = lawyers()
    first, second, late = propose(row(), one), propose(row(value=26), one), propose(row(value=27, from_=date(2026, 5, 1)), one)
    approve(first, two)
    with refused("law.row_overlaps"):
        approve(second, two)
    with refused("lawbook.begins_in_past"):
        approve(late, two, at=T0 + timedelta(days=61))
    assert [queries.get(change.id).state for change in (second, late)] == ["waiting", "waiting"]
    assert kinds() == {"law.change_proposed": 3, "law.change_approved": 1}
    approve(late, two, at=T0 + timedelta(days=59))
    assert days(date(2026, 5, 1)) == 27


def test_a_change_begins_today_at_the_earliest(sqlite_centre: Centre) -> None:
    one, _two = lawyers()
    with refused("lawbook.begins_in_past"):
        propose(row(from_=TODAY - timedelta(days=1)), one)
    propose(row(from_=TODAY), one)
    propose(row(from_=TODAY + timedelta(days=1)), one)
    with refused("lawbook.waiting_already"):
        propose(row(from_=TODAY), one)
    assert len(queries.waiting()) == 2 == kinds()["law.change_proposed"]
    # The day is Beijing's: at 16:00 UTC the second of March is over.
    with refused("lawbook.begins_in_past"):
        propose(row(value=21, from_=TODAY), one, at=T0.replace(hour=16))
    propose(row(value=21, from_=TODAY), one, at=T0.replace(hour=15, minute=59))


def test_a_row_that_ends_is_followed_by_another(sqlite_centre: Centre) -> None:
    one, two = lawyers()
    until = date(2026, 6, 30)
    with refused("lawbook.leaves_gap"):
        propose(row(to=until), one)
    approve(propose(row(value=20, article="招标投标法 第24条", from_=until + timedelta(days=1)) + row(to=until), one), two)
    assert [days(day) for day in (date(2026, 3, 31), date(2026, 4, 1), until, until + timedelta(days=1))] == [20, 25, 25, 20]


def test_a_region_does_not_go_below_a_national_floor(sqlite_centre: Centre) -> None:
    one, _two = lawyers()
    with refused("lawbook.beyond_national"):
        propose(row(value=19, region="CN-50"), one)
    propose(row(value=20, region="CN-50", article="重庆市招标投标条例 第9条"), one)
    propose(row(value=21, region="CN-50", article="重庆市招标投标条例 第9条"), one)
    cap = {"key": "dp.bond_cap", "family": "deposits", "unit": "ratio", "sense": "at_most", "region": "CN-50", "event": "notice"}
    with refused("lawbook.beyond_national"):
        propose(row(value="0.0201", **cap), one)
    propose(row(value="0.02", **cap), one)


def test_an_announced_case_keeps_its_rule_and_others_are_listed(centre: Centre) -> None:
    one, two = lawyers()
    announced, registered = centre.a_bidding_case(), centre.a_case("register", region="CN-50")
    ended = centre.a_case("register", "announce", bidders=2)
    ended.file_bids()
    ended.close()
    now = rules.book()

    def reached(*rows: str) -> list[str | None]:
        found = queries.touched([rule for text in rows for rule in service.read_rows(text)], now.atlas, TODAY)
        assert found.count == len(found.first)
        return [case.code for case in found.first]

    mine, other = announced.lot.code, registered.lot.code
    assert reached(row()) == [other]
    # The notice lies in force only for a row that begins on its day; a later event is still to come.
    assert reached(row(from_=TODAY)) == [mine, other]
    assert reached(row(event="award")) == [mine, other]
    assert reached(row(event="award", to=TODAY - timedelta(days=1), without=["from"])) == []
    assert reached(row(region="CN-50")) == reached(row(region="CN-50", event="award")) == [other]
    assert reached(row(region="CN-31")) == reached(row(procedures=["inquiry"], event="award")) == []
    assert reached(row(procedures=["*"])) == [other]
    approve(propose(row(), one), two)
    assert days(announced.at.date()) == 20


def test_two_approvals_at_once_leave_one_law(centre: Centre) -> None:
    one, two = lawyers()
    rivals = [propose(row(value=value), one).id for value in (25, 26, 27)]
    db.session.remove()
    start, said = Barrier(len(rivals)), []

    def decide(number: int) -> None:
        with centre.app.app_context():
            start.wait()
            try:
                said.append(service.approve(number, account_id=two, actor="b", at=T0).state)
            except Refused as refusal:
                said.append(refusal.reason)
            db.session.remove()

    threads = [Thread(target=decide, args=[number]) for number in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(said) == ["approved", "law.row_overlaps", "law.row_overlaps"]
    assert queries.newest_place() == 1 and kinds()["law.change_approved"] == 1
    assert days(date(2026, 4, 1)) in (25, 26, 27)


FIGURES = """
import sys, time
from pathlib import Path
from app import create_app
from trading.base.config import Settings
app = create_app(Settings(instance=Path(sys.argv[1]), database_url=sys.argv[2], demo=True, https=False, region="CN-51"))
client = app.test_client()
seen = lambda: "25 日" in client.get("/law?q=ct.bid_period&on=2026-04-01").text
print("before", seen(), flush=True)
sys.stdin.readline()
ends = time.monotonic() + 20
while not seen() and time.monotonic() < ends:
    time.sleep(0.1)
print("after", seen(), flush=True)
"""


def test_another_process_follows_within_seconds(centre: Centre) -> None:
    one, two = lawyers()
    change = propose(row(), one)
    settings = centre.app.extensions["mingtang"]["settings"]
    other = subprocess.Popen([sys.executable, "-c", FIGURES, str(settings.instance), settings.database_url], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2])
    try:
        assert other.stdout and other.stdin and other.stdout.readline() == "before False\n"
        approve(change, two)
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "after True\n"
    finally:
        other.kill()
        other.communicate()


def test_a_second_application_and_its_jobs_follow(sqlite_centre: Centre) -> None:
    one, two = lawyers()
    approve(propose(row(), one), two)
    again = create_app(sqlite_centre.app.extensions["mingtang"]["settings"])
    assert days(date(2026, 4, 1)) == 20, "a program starts with its files and has not looked yet"
    seen: list[object] = []
    with again.app_context():
        _by_newest_law(Job("law.look", 1, lambda: seen.append(days(date(2026, 4, 1))))).call()
    assert seen == [25]


def test_the_look_is_one_query_a_second(sqlite_centre: Centre) -> None:
    current.follow(at_once=True)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for _ in range(50):
            current.follow()
        assert asked == []
        sqlite_centre.app.extensions["mingtang"]["law"].looked -= current.LOOK_EVERY_S
        current.follow()
        assert sum("rule_change" in statement for statement in asked) == 1
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1]}").all()
        assert "USING COVERING INDEX" in str(plan)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def load_2027(who: int) -> RuleChange:
    return service.propose_calendar(2027, OFF, WORK, SOURCE, account_id=who, actor="a", at=T0)


def test_a_new_year_counts_after_two_people_laid_it_in(centre: Centre) -> None:
    one, two = lawyers()
    change = load_2027(one)

    def counted() -> date:
        return due("ct.award_notice", date(2026, 12, 31), region="重庆", procedure="works-open").date

    with refused("law.calendar_not_published"):
        counted()
    with refused("lawbook.second_person"):
        approve(change, one)
    with refused("law.calendar_not_published"):
        counted()
    approve(change, two)
    # Five working days after 31 December: 1 to 3 January are off, 4 to 8 are worked.
    assert counted() == date(2027, 1, 8)
    assert calendar.is_working_day(date(2027, 2, 14)) and not calendar.is_working_day(date(2027, 2, 8))
    assert kinds() == {"law.change_proposed": 1, "law.change_approved": 1}
    with refused("calendar.year_published"):
        load_2027(one)
    create_app(centre.app.extensions["mingtang"]["settings"])
    assert 2027 not in calendar.years()
    current.follow(at_once=True)
    assert calendar.notice(2027).source == SOURCE


@pytest.mark.parametrize(("change", "reason"), [
    ({"year": 1999}, "calendar.year"), ({"year": 2101}, "calendar.year"), ({"year": 2026}, "calendar.year_published"),
    ({"year": 2028}, "calendar.day_in_other_year"), ({"off": [*OFF, date(2028, 1, 1)]}, "calendar.day_in_other_year"),
    ({"work": [date(2026, 12, 27)]}, "calendar.day_in_other_year"), ({"work": [*WORK, date(2027, 1, 2)]}, "calendar.day_in_both"),
    ({"work": [date(2027, 2, 15)]}, "calendar.not_a_weekend"), ({"off": OFF[1:]}, "calendar.day_missing"), ({"off": []}, "calendar.day_missing"),
    ({"source": ""}, "calendar.source"), ({"source": "gov.cn"}, "calendar.source"), ({"source": "javascript:alert(1)"}, "calendar.source"),
    ({"source": 'https://gov.cn/"\nyear = 1'}, "calendar.source"), ({"source": "https://[x"}, "calendar.source")])
def test_a_faulty_calendar_is_not_entered(sqlite_centre: Centre, change: dict[str, Any], reason: str) -> None:
    one, _two = lawyers()
    asked = {"year": 2027, "off": OFF, "work": WORK, "source": SOURCE} | change
    with refused(reason):
        service.propose_calendar(**asked, account_id=one, actor="a", at=T0)
    assert queries.waiting() == [] and not kinds()


def test_what_is_laid_into_the_instance_counts_from_the_start(sqlite_centre: Centre, tmp_path: Path) -> None:
    settings = replace(sqlite_centre.app.extensions["mingtang"]["settings"], instance=tmp_path / "instance")
    law, laid = settings.instance / "law", settings.instance / "calendar"
    law.mkdir()
    laid.mkdir()
    (law / "chengdu.toml").write_text(row(region="CN-5101", value=22, without=["from"]), "utf-8")
    (laid / "2027.toml").write_text(f'year = 2027\noff = [{", ".join(map(str, OFF))}]\nwork = []\nsource = "{SOURCE}"\n', "utf-8")
    create_app(settings)
    assert rules.find("ct.bid_period", on=TODAY, region="CN-5101", procedure="works-open").value == 22
    assert days(TODAY) == 20 and 2027 in calendar.years()
    one, two = lawyers()
    with create_app(settings).app_context():
        approve(propose(row(), one), two)
        assert [days(date(2026, 4, 1)), rules.find("ct.bid_period", on=date(2026, 4, 1), region="CN-5101", procedure="works-open").value] == [25, 22]
    (law / "wrong.toml").write_text(row(value=21, without=["from"]), "utf-8")
    with pytest.raises(UnsafeSettings, match=r"ct\.bid_period.*(wrong|works)\.toml"):
        create_app(settings)
    (law / "wrong.toml").unlink()
    (laid / "2028.toml").write_text("year = 2028\n", "utf-8")
    with pytest.raises(UnsafeSettings):
        create_app(settings)


def test_an_approved_change_that_no_longer_fits_stops_the_work(sqlite_centre: Centre) -> None:
    one, two = lawyers()
    change = approve(propose(row(), one), two)
    standing = sqlite_centre.app.extensions["mingtang"]["law"]
    # As after an update of the program whose own rows begin on the same day.
    standing.base, standing.place = service.tried(service.read_rows(change.text), rules.packaged(), TODAY), 0
    with pytest.raises(Refused, match=r"law\.row_overlaps"):
        current.follow(at_once=True)

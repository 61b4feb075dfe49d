"""Retention classes, loans, open matters and what of a case may be searched: rules alone."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.archive import casetexts, grounds, lending, terms
from trading.archive.casetexts import Part
from trading.archive.lending import Borrower, LoanState
from trading.archive.terms import Retention
from trading.base.errors import Refused
from trading.law import rules as law
from trading.law.procedures import PROCEDURES

T = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = date(2026, 3, 2)
A, B = "a" * 64, "b" * 64


# --- retention ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "kept"), [(0, "years_15"), (180, "years_15"), (181, "years_30"), (360, "years_30"), (361, "permanent")])
def test_the_proposed_class_is_the_lowest_that_the_law_allows(months: int, kept: str) -> None:
    assert terms.least(months) == kept


def test_every_pair_of_classes() -> None:
    """The whole table: what may be raised, what may be lowered, and never below the law."""
    for before in terms.ORDER:
        for after in terms.ORDER:
            for floor in (180, 360, 361):
                raised = terms.ORDER.index(after) > terms.ORDER.index(before)
                lowered = terms.ORDER.index(after) < terms.ORDER.index(before)
                may = lowered and terms.ORDER.index(after) >= terms.ORDER.index(terms.least(floor))
                assert _passes(lambda: terms.require_raised(before, after)) is raised
                assert _passes(lambda: terms.require_lowerable(before, after, floor)) is may


def _passes(check) -> bool:
    try:
        check()
    except Refused:
        return False
    return True


def test_a_term_never_ends_before_the_law_lets_go() -> None:
    assert terms.keep_until(Retention.YEARS_15, DAY, 180) == date(2041, 3, 2)
    assert terms.keep_until(Retention.YEARS_15, DAY, 240) == date(2046, 3, 2), "a later law asks for more than the class"
    assert terms.keep_until(Retention.YEARS_30, date(2024, 2, 29), 180) == date(2054, 2, 28)
    assert terms.keep_until(Retention.PERMANENT, DAY, 180) == terms.NO_END


def test_the_law_has_a_floor_for_every_procedure_that_runs() -> None:
    for row in PROCEDURES.values():
        if row.runs:
            floor = int(law.find("ar.retention", on=DAY, region="CN-51", procedure=row.as_in or row.id).value)
            assert terms.CLASSES[terms.least(floor)].months is None or terms.CLASSES[terms.least(floor)].months >= floor


@pytest.mark.parametrize(("region", "county"), [("CN", False), ("CN-51", False), ("CN-5108", False), ("CN-510800", False), ("CN-510822", True),
                                                ("CN-５１０８２２", False)])
def test_counties(region: str, county: bool) -> None:
    assert terms.is_county(region) is county


# --- what holds a case by itself -----------------------------------------------------------------


@pytest.mark.parametrize(("kinds", "left"), [
    ([], 0), (["objection.filed"], 1), (["objection.filed", "objection.marked"], 1), (["objection.filed", "objection.replied"], 0),
    (["objection.filed", "objection.withdrawn"], 0), (["complaint.filed", "complaint.accepted", "complaint.suspended"], 1),
    (["complaint.filed", "complaint.decided"], 0), (["complaint.filed", "complaint.refused"], 0), (["complaint.filed", "complaint.withdrawn"], 0),
    (["objection.filed", "objection.replied", "complaint.filed"], 1)])
def test_open_matters(kinds: list[str], left: int) -> None:
    events = [{"type": kind, kind.split(".")[0]: 1} for kind in kinds]
    assert len(grounds.open_matters(events)) == left


def test_matters_are_told_apart_by_noun_and_number() -> None:
    events = [{"type": "objection.filed", "objection": 1}, {"type": "complaint.filed", "complaint": 1}, {"type": "objection.filed", "objection": 2},
              {"type": "objection.replied", "objection": 1}]
    assert grounds.open_matters(events) == [("complaint", 1), ("objection", 2)]


# --- loans ---------------------------------------------------------------------------------------

PATHS = (None, "10-notices/1.json", "12-versions/1.json", "12-questions/1.json", "40-award/award-notice.json", f"10-bids/{A}/plain.zip",
         f"10-bids/{A}/payload.0000.cob", f"10-bids/{A}/half.json", f"10-bids/{B}/plain.zip", f"10-bids/{B}/half.json", "10-bids/releases/bid-1.json",
         "15-opening/record.json", "20-draw/transcript.json", "25-talks/01-000001.json", "30-evaluation/report.json", "40-award/contract.json",
         "50-objections/complaint-000001-x.json", "05-registration/registration.json")
OWN_OF_A = {"10-notices/1.json", "12-versions/1.json", "12-questions/1.json", "40-award/award-notice.json", f"10-bids/{A}/plain.zip",
            f"10-bids/{A}/payload.0000.cob", f"10-bids/{A}/half.json"}


@pytest.mark.parametrize("path", PATHS)
def test_who_may_borrow_what(path: str | None) -> None:
    for borrower in (Borrower.SUPERVISOR, Borrower.PURCHASER, Borrower.COURT):
        assert lending.is_lendable(borrower, path, ())
    assert lending.is_lendable(Borrower.BIDDER, path, {A}) is (path in OWN_OF_A)


@pytest.mark.parametrize("path", [f"10-bids/{A}", f"10-bids/{A}x/plain.zip", f"10-bids//{A}/plain.zip", f"x/10-bids/{A}/plain.zip", "10-bids/",
                                  "10-notices", ""])
def test_odd_places_are_no_way_around(path: str) -> None:
    assert not lending.is_lendable(Borrower.BIDDER, path, {A})


def test_an_empty_digest_owns_nothing() -> None:
    assert not lending.is_lendable(Borrower.BIDDER, f"10-bids/{B}/plain.zip", {""})


def test_a_loan_ends_at_its_moment() -> None:
    end, moment = T + timedelta(days=3), timedelta(microseconds=1)
    assert lending.state(None, None, None, T) is LoanState.ASKED
    assert lending.state(None, None, T, T) is LoanState.WITHDRAWN
    assert lending.state(T, None, None, T) is LoanState.REFUSED
    assert lending.state(T, end, None, end - moment) is LoanState.LENT
    assert lending.state(T, end, None, end) is LoanState.OVERDUE
    assert lending.state(T, end, None, end + moment) is LoanState.OVERDUE
    assert lending.state(T, end, end + moment, end + 2 * moment) is LoanState.RETURNED


@pytest.mark.parametrize(("days", "good"), [(0, False), (-1, False), (1, True), (90, True), (91, False)])
def test_days_of_a_loan(days: int, good: bool) -> None:
    assert _passes(lambda: lending.require_days(days)) is good


# --- what may be searched --------------------------------------------------------------------------

IDENTITIES = ("51082219900101123X", "510822199001011234", "５１０８２２１９９００１０１１２３４", "510822 19900101 1234", "5108-2219-9001-0112-34",
              "51082219900101123x", "510822900101123", "٥١٠٨٢٢١٩٩٠٠١٠١١٢٣٤")
CODES = ("91510822000000099X", "91510822MA62ABCD1X", "12345678", "123456789012345678901234", "51082219901301123X", "15108220000000000001")


@pytest.mark.parametrize("number", IDENTITIES)
def test_identity_numbers_are_hidden(number: str) -> None:
    for text in (f"项目负责人身份证号：{number}，电话", f"({number})", number):
        assert casetexts.without_identities(text) == text.replace(number, casetexts.HIDDEN)


@pytest.mark.parametrize("number", CODES)
def test_other_numbers_stay(number: str) -> None:
    assert casetexts.without_identities(f"代码{number}。") == f"代码{number}。"


@given(st.text(max_size=200))
def test_any_text_may_be_read(text: str) -> None:
    said = casetexts.without_identities(text)
    assert "\0" not in said
    joined = "".join(run for run, _marked in casetexts.excerpt(said, ["a", "工程", "("], around=10_000).runs)
    assert joined == said


@given(st.text(alphabet="abc工程\n", max_size=40_000))
def test_stretches_lose_nothing(text: str) -> None:
    rows = list(casetexts.stretches(text))
    assert all(len(row) <= casetexts.STRETCH for row in rows)
    whole = rows[0] + "".join(row[casetexts.SHARED:] for row in rows[1:])
    assert whole == text


@pytest.mark.parametrize("path", [
    "00-policy/session-bid.json", f"10-bids/{A}/header.json", f"10-bids/{A}/filing.json", f"10-bids/{A}/half.json", "10-bids/releases/bid-1.json",
    "20-draw/transcript.json", "20-draw/exclusions.json", "20-draw-winner/candidates.json", "25-talks/01-000001.json", "77-unknown/x.json",
    "05-registration/000001-approval", "90-log/entries.json"])
def test_what_is_not_named_is_not_searched(path: str) -> None:
    document = {name: "秘密" for name in ("title", "body", "name", "text", "members", "experts", "value", "points", "eids")}
    assert casetexts.of_piece(path, "x", json.dumps(document).encode()) is None


def test_a_report_gives_no_members_remark() -> None:
    report = {"report": {"ranking": [{"rank": 1, "bidder": "91", "score": "88"}], "rejected": [{"failures": [{"reasons": ["报价超过限价"]}]}],
                         "verdicts": [[1, A, "c", False, "成员甲的意见"]], "marks": [[1, A, "design", "20"]], "method": {"kind": "works_lowest"}},
              "dissents": [{"member": 1, "text": "不同意"}], "sig": "x"}
    found = casetexts.of_piece("30-evaluation/report.json", "评标报告", json.dumps(report).encode())
    assert found and "报价超过限价" in found.text and "成员甲" not in found.text and "不同意" not in found.text


def _zip(**files: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "."), data)
    out.seek(0)
    return out


def test_only_texts_of_a_bid_are_read() -> None:
    found = list(casetexts.of_bid("甲公司", _zip(a__txt="投标函 钢筋".encode(), b__pdf=b"%PDF-1.4 steel", c__txt="国标".encode("gb18030"),
                                             d__txt=b"\0\1\2", e__TXT=b"loud", f__txt=b"x" * (casetexts.LONGEST_FILE + 1))))
    assert [item.text for item in found] == ["投标函 钢筋", "国标", "loud"] and all(item.part is Part.BIDS for item in found)


def test_a_name_inside_a_bid_says_no_identity() -> None:
    found = list(casetexts.of_bid("甲公司", _zip(**{"张三510822199001011234__txt": b"text"})))
    assert "510822199001011234" not in found[0].title


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_a_broken_bid_gives_nothing(data: bytes) -> None:
    assert list(casetexts.of_bid("甲公司", io.BytesIO(data))) == []


def test_a_bomb_is_not_unpacked() -> None:
    found = list(casetexts.of_bid("甲公司", _zip(**{f"f{n}__txt": b"a" * casetexts.LONGEST_FILE for n in range(8)})))
    assert sum(len(item.text) for item in found) <= casetexts.LONGEST_BID


def test_excerpts_are_runs_and_never_markup() -> None:
    found = casetexts.excerpt("前" * 500 + "<script>alert(1)</script>钢筋<b>" + "后" * 500, ["钢筋", "SCRIPT"])
    assert ("钢筋", True) in found.runs and ("script", True) in found.runs and found.runs[0] == ("…", False) and found.runs[-1] == ("…", False)

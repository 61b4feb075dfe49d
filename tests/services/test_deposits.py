"""Deposits: strict bank files, matching, and books that always balance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Centre
from tests.services.test_filing import every_value, refused
from trading.base.clock import BEIJING
from trading.base.errors import Refused
from trading.deposits import queries, rules, service

HEAD = "流水号,入账时间,金额,收款子账号,付款户名,付款账号"


def bank_file(*lines: str, total: str) -> bytes:
    return "\n".join([HEAD, *lines, total]).encode()


def line(number: str, account: str, payer: str, *, bank_id: str = "B0001", when: str = "2026-03-05 10:00:00") -> str:
    return f"{bank_id},{when},{number},{account},{payer},6217000000000000"


def test_a_payment_counts_for_its_bidder_only(centre: Centre) -> None:
    case = centre.a_bidding_case()
    company, other = centre.companies[:2]
    account = service.sub_account(case.lot_id, company.id, at=case.at)
    done = service.import_statement("a.csv", bank_file(line("10000.00", account.number, company.name), total="合计,1,10000.00,,,"), actor="f", at=case.at)
    assert (done.new, done.suspense) == (1, 0)
    assert service.is_confirmed(case.lot, company.id, at=case.lot.deadline)
    assert not service.is_confirmed(case.lot, other.id, at=case.lot.deadline)
    assert service.ledger_sum() == 0


@pytest.mark.parametrize(("minutes", "counts"), [(-1, True), (0, False), (1, False)])
def test_money_after_the_deadline_does_not_count(sqlite_centre: Centre, minutes: int, counts: bool) -> None:
    case = sqlite_centre.a_bidding_case()
    company = sqlite_centre.companies[0]
    account = service.sub_account(case.lot_id, company.id, at=case.at)
    when = (case.lot.deadline + timedelta(minutes=minutes)).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    service.import_statement("a.csv", bank_file(line("10000.00", account.number, company.name, when=when), total="合计,1,10000.00,,,"), actor="f", at=case.at)
    assert service.is_confirmed(case.lot, company.id, at=case.lot.deadline + timedelta(days=2)) is counts


def test_another_payer_and_an_unknown_account_go_to_suspense(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    company = sqlite_centre.companies[0]
    account = service.sub_account(case.lot_id, company.id, at=case.at)
    done = service.import_statement("a.csv", bank_file(
        line("10000", account.number, "个人张三", bank_id="B1-1"), line("5", "6200000000000000", company.name, bank_id="B1-2"),
        total="合计,2,10005,,,"), actor="f", at=case.at)
    assert done.suspense == 2 and queries.suspense_total() == 1_000_500
    assert service.paid_fen(case.lot_id, company.id) == 0 and service.ledger_sum() == 0


def test_gb18030_and_full_width_are_read(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    company = sqlite_centre.companies[0]
    account = service.sub_account(case.lot_id, company.id, at=case.at)
    data = bank_file(line("１２，３４５．６７".replace("，", ""), account.number, company.name), total="合计,１,12345.67,,,").decode().encode("gb18030")
    assert service.import_statement("a.csv", data, actor="f", at=case.at).total_fen == 1_234_567


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "deposit.file_columns"), (b"\xff\xff\xff", "deposit.file_encoding"), ("a,b\n".encode(), "deposit.file_columns"),
    (bank_file(line("1.00", "6" * 16, "x"), total="合计,1,2.00,,,"), "deposit.file_total"),
    (bank_file(line("1.00", "6" * 16, "x"), total="合计,2,1.00,,,"), "deposit.file_total"),
    (bank_file(line("1.00", "6" * 16, "x"), total=line("1.00", "6" * 16, "x", bank_id="B0002")), "deposit.file_total_missing"),
    (bank_file(line("1.00", "6" * 16, "x"), line("1.00", "6" * 16, "x"), total="合计,2,2.00,,,"), "deposit.file"),
    *((bank_file(line(amount, "6" * 16, "x"), total="合计,1,1.00,,,"), "deposit.file")
      for amount in ("1_000", "1e6", "NaN", "-1", "0", "1.001", str(2**63), "", "１２３,４")),
    *((bank_file(line("1.00", "6" * 16, "x", when=when), total="合计,1,1.00,,,"), "deposit.file")
      for when in ("2026-02-30 10:00:00", "2026-03-05 24:00:00", "2026-03-05", "yesterday")),
    (b"x" * (rules.LARGEST_FILE + 1), "deposit.file_large"), (('"' * 99 + "\n").encode(), "deposit.file_columns")])
def test_a_wrong_file_is_refused_whole(sqlite_centre: Centre, data: bytes, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        service.import_statement("a.csv", data, actor="f", at=sqlite_centre.cast.experts and sqlite_centre.a_bidding_case().at)
    assert caught.value.reason in (reason, "deposit.file")
    assert queries.statements() == [] and service.ledger_sum() == 0


def test_the_same_file_or_line_counts_once(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    company = sqlite_centre.companies[0]
    account = service.sub_account(case.lot_id, company.id, at=case.at)
    data = bank_file(line("1.00", account.number, company.name), total="合计,1,1.00,,,")
    service.import_statement("a.csv", data, actor="f", at=case.at)
    with refused("deposit.file_known"):
        service.import_statement("b.csv", data, actor="f", at=case.at)
    wider = bank_file(line("1.00", account.number, company.name), line("2.00", account.number, company.name, bank_id="B0002"), total="合计,2,3.00,,,")
    assert service.import_statement("c.csv", wider, actor="f", at=case.at).known == 1
    assert service.paid_fen(case.lot_id, company.id) == 300
    changed = bank_file(line("9.00", account.number, company.name), total="合计,1,9.00,,,")
    with refused("deposit.line_differs"):
        service.import_statement("d.csv", changed, actor="f", at=case.at)
    assert service.paid_fen(case.lot_id, company.id) == 300


def test_who_paid_is_not_in_the_clear(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_bidding_case()
    company = sqlite_centre.companies[0]
    known = set(every_value().splitlines())
    account = service.sub_account(case.lot_id, company.id, at=case.at)
    service.import_statement("a.csv", bank_file(line("1.00", account.number, company.name), total="合计,1,1.00,,,"), actor="f", at=case.at)
    new = "\n".join(set(every_value().splitlines()) - known)
    assert company.name not in new and company.code not in new
    assert "B0001" in new  # control: what is not boxed is found


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(-10**12, 10**12)), max_size=30))
def test_only_balanced_postings_pass(postings: list[tuple[int, int]]) -> None:
    kept = [(account, fen) for account, fen in postings if fen]
    closing = (7, -sum(fen for _, fen in kept))
    if closing[1] and kept:
        assert sum(fen for _, fen in rules.balanced([*postings, closing])) == 0
    if sum(fen for _, fen in kept):
        with pytest.raises(Refused):
            rules.balanced(postings)

"""The contract's page: whose it is, what bad input gets, what everybody sees."""

from __future__ import annotations

from tests.services.test_contracts import price
from tests.web.conftest import Site
from tests.web.test_clock_pages import bought
from trading.accounts.permissions import Role
from trading.base.money import yuan
from trading.demonstration.case import CaseRun

SUPPLEMENT = {"supplement-number": "补-1", "supplement-fen": "100", "supplement-signed_on": "", "supplement-matter": "增购同型号设备"}
BOND = {"bond-form": "guarantee", "bond-fen": "100", "bond-reference": "函-1", "bond-received_on": "", "bond-valid_until": "2027-03-01"}
ACCEPTANCE = {"acceptance-accepted_on": "", "acceptance-outcome": "passed", "acceptance-members": "甲\n乙", "acceptance-opinion": "符合合同"}


def place(case: CaseRun) -> str:
    return f"/projects/{case.project_id}/lots/{case.lot_id}/contract"


def today(site: Site) -> str:
    return site.at.astimezone().date().isoformat()


def dated(site: Site, data: dict[str, str]) -> dict[str, str]:
    """The form with today in each empty day."""
    return {name: value or today(site) for name, value in data.items()}


def top(site: Site, case: CaseRun) -> int:
    with site.inside():
        return price(case)


def test_the_whole_performance_on_its_page_and_in_public(site: Site) -> None:
    case = bought(site)
    person, public = site.tenderer, site.client()
    result = person.get(f"/projects/{case.project_id}/lots/{case.lot_id}/result").text
    assert place(case) in result and f"{place(case)}#publication" in result
    page = person.get(place(case)).text
    assert "政府采购法 第49条" in page and "公告合同" in page and "没有补充合同" in page
    assert person.post(f"{place(case)}/publication", data={}).status_code == 422
    assert person.post(f"{place(case)}/publication", data={"publication-items": "设备一批", "publication-performance": "三十日内"}).status_code == 302
    assert "已公告" in person.get(place(case)).text
    tenth = top(site, case) // 10
    over = dated(site, SUPPLEMENT) | {"supplement-fen": yuan(tenth + 1)}
    answer = person.post(f"{place(case)}/supplements", data=over)
    assert answer.status_code == 422 and "gp.addition" in answer.text and "政府采购法 第49条" in answer.text and str(tenth) in answer.text
    for _ in range(2):
        assert person.post(f"{place(case)}/supplements", data=over | {"supplement-fen": yuan(tenth)}).status_code == 302
    assert person.post(f"{place(case)}/supplements/1/filing", data={"filing1-reference": " "}).status_code == 422
    assert person.post(f"{place(case)}/supplements/1/filing", data={"filing1-reference": "备-1"}).status_code == 302
    assert person.post(f"{place(case)}/bonds", data=dated(site, BOND)).status_code == 302
    assert person.post(f"{place(case)}/bonds/1/return", data={"return1-returned_on": today(site), "return1-note": ""}).status_code == 422
    assert person.post(f"{place(case)}/bonds/1/return", data={"return1-returned_on": today(site), "return1-note": "退-1"}).status_code == 302
    assert person.post(f"{place(case)}/acceptances", data=dated(site, ACCEPTANCE) | {"acceptance-is_final": "y"}).status_code == 302
    page = person.get(place(case)).text
    for said in ("补-1", "已备案", "已退还", "最终验收合格"):
        assert said in page, said
    shown = public.get(f"/p/{case.code}").text
    for said in ("合同与履行", "补-1", yuan(tenth), "最终验收合格", "补充合同公告", "合同公告"):
        assert said in shown, said
    assert "函-1" not in shown, "securities are no public matter"
    english = public.get(f"/p/{case.code}?lang=en").text
    assert "Contract and performance" in english and "Finally accepted" in english
    assert "Performance of the contract" in person.get(f"{place(case)}?lang=en").text


#: Path and what is typed there instead; tried one after the other on one contract, which stays as it was.
BAD = [
    *(("supplements", {"supplement-fen": text}) for text in ("1e6", "NaN", "-1", "", "0.001", "99999999999999999999", "inf", "１e６", "\x00")),
    *(("supplements", {"supplement-signed_on": text}) for text in ("2026-02-30", "昨天", "9999-12-31", "0001-01-01", "")),
    ("supplements", {"supplement-number": "x" * 81}), ("supplements", {"supplement-number": "a\u202eb"}), ("supplements", {"supplement-matter": ""}),
    ("supplements", {"supplement-changed": "price"}), ("supplements", {"supplement-changed": "weather"}),
    *(("bonds", {"bond-fen": text}) for text in ("0", "1e6", "NaN", "-1", "1,00")), ("bonds", {"bond-form": "cash"}), ("bonds", {"bond-form": "gold"}),
    ("bonds", {"bond-valid_until": ""}), ("bonds", {"bond-valid_until": "2020-01-01"}), ("bonds", {"bond-received_on": "2030-01-01"}),
    ("bonds", {"bond-reference": ""}), ("acceptances", {"acceptance-outcome": "failed", "acceptance-is_final": "y"}),
    ("acceptances", {"acceptance-members": " \n "}), ("acceptances", {"acceptance-accepted_on": "2020-01-01"}),
    ("acceptances", {"acceptance-outcome": "great"})]


def test_bad_input_is_told_and_nothing_is_recorded(site: Site) -> None:
    case = bought(site)
    for path, changes in BAD:
        data = {"supplements": SUPPLEMENT, "bonds": BOND, "acceptances": ACCEPTANCE}[path]
        answer = site.tenderer.post(f"{place(case)}/{path}", data=dated(site, data) | changes)
        assert answer.status_code == 422 and "请先更正以下内容" in answer.text, (path, changes)
        page = site.tenderer.get(place(case)).text
        assert "没有补充合同" in page and "没有登记履约保证金" in page and "还没有验收" in page, (path, changes)


def test_full_width_figures_are_read(site: Site) -> None:
    case = bought(site)
    assert site.tenderer.post(f"{place(case)}/supplements", data=dated(site, SUPPLEMENT) | {"supplement-fen": "１００．５０"}).status_code == 302
    assert "100.50" in site.tenderer.get(place(case)).text


def test_nobody_elses_contract_and_none_before_it_is_signed(site: Site) -> None:
    case, other = bought(site), site.a_case("register", "announce")
    stranger = site.someone(Role.TENDERER, site.prepared.companies[0].id)
    paths = ("supplements", "bonds", "acceptances", "publication", "supplements/1/filing", "bonds/1/return")
    assert stranger.get(place(case)).status_code == 404
    assert site.tenderer.get(place(other)).status_code == 404
    wrong = f"/projects/{other.project_id}/lots/{case.lot_id}/contract"
    for path in paths:
        assert stranger.post(f"{place(case)}/{path}", data=dated(site, SUPPLEMENT)).status_code == 404, path
        assert site.tenderer.post(f"{place(other)}/{path}", data={}).status_code == 404, path
        assert site.tenderer.post(f"{wrong}/{path}", data={}).status_code == 404, path
        assert site.bidder().post(f"{place(case)}/{path}", data={}).status_code == 403, path
    for path in ("supplements/999/filing", "bonds/999/return"):
        assert site.tenderer.post(f"{place(case)}/{path}", data={}).status_code == 404, path
    assert "没有补充合同" in site.tenderer.get(place(case)).text

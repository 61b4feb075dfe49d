"""Objections and complaints on their pages: who may, whose they are, what bad input gets, what nobody learns."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from bidding.opening import service as opening
from tests.builders import NAMES
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.base.clock import stopped
from trading.demonstration.case import CaseRun
from trading.objections import complaints, service
from trading.objections.rules import Answer, Form, Subject

GOOD = {"form": "objection", "subject": "document", "points": "限定了品牌\n业绩要求过高", "text": "理由如下"}
BUYING = {"procedure": "procurement-open", "category": "goods", "method": {"kind": "procurement_lowest"}}


def objections(case: CaseRun) -> str:
    return f"/me/lots/{case.lot_code}/objections"


def raised(site: Site, case: CaseRun, number: int = 0, **changes: str) -> str:
    """Raise one on the page; gives the address of its own page."""
    answer = site.bidder(number).post(objections(case), data=GOOD | changes)
    assert answer.status_code == 302, answer.text
    return answer.location


def complained(site: Site, case: CaseRun, number: int = 0, **changes: str) -> str:
    data = {"subject": "procedure", "points": "未按规定公示", "text": "理由", "since": "2026-03-02"} | changes
    answer = site.bidder(number).post(f"/me/lots/{case.lot_code}/complaint", data=data)
    assert answer.status_code == 302, answer.text
    return answer.location


def number_of(address: str) -> str:
    return re.search(r"/(\d+)", address)[1]


def supervisor(site: Site, name: str = "one") -> FlaskClient:
    return site.someone(Role.SUPERVISOR, name=name)


# --- one's own -------------------------------------------------------------------------------


def test_a_bidder_raises_follows_and_takes_back(site: Site) -> None:
    case = site.a_case("register", "announce")
    person = site.bidder()
    assert objections(case) in person.get(f"/me/lots/{case.lot_code}").text
    assert "还没有提出过" in person.get(objections(case)).text and "还没有提出过" in person.get("/me/objections").text
    own = raised(site, case)
    page = person.get(own).text
    assert "限定了品牌" in page and "待答复" in page and "因此暂停中" in page and "条例 第22条" in page
    assert raised(site, case) == own, "sent twice it is the same"
    for place in (objections(case), "/me/objections"):
        assert own in person.get(place).text
    assert person.post(f"{own}/withdraw").status_code == 302 and person.post(f"{own}/withdraw").status_code == 302
    assert "已撤回" in person.get(own).text


def test_a_late_one_is_taken_and_says_so(site: Site) -> None:
    case = site.a_case("register", "announce")
    with site.inside():
        site.at = case.lot.deadline - timedelta(days=3)
    own = raised(site, case)
    page = site.bidder().get(own).text
    assert "逾期提出" in page and "因此暂停" not in page


@pytest.mark.parametrize("changes", [
    {"points": ""}, {"points": " \n "}, {"points": "x" * 301}, {"points": "\n".join(str(n) for n in range(21))}, {"points": "x" * 6001},
    {"text": ""}, {"text": "x" * 4001}, {"text": "a\u202eb"}, {"text": "\x00"}, {"form": ""}, {"form": "question"}, {"form": "x" * 200},
    {"subject": "procedure"}, {"subject": "result"}, {"subject": "opening"}, {"subject": "prequalification"}, {"subject": "‮"},
    {"text": NAMES[0]}, {"points": f"{NAMES[0]}认为"}])
def test_bad_input_is_told_and_nothing_is_raised(site: Site, changes: dict[str, str]) -> None:
    case = site.a_case("register", "announce")
    answer = site.bidder().post(objections(case), data=GOOD | changes)
    assert answer.status_code == 422 and "请先更正以下内容" in answer.text
    assert "还没有提出过" in site.bidder().get(objections(case)).text


@pytest.mark.parametrize("changes", [{"since": "2026-02-30"}, {"since": "3月2日"}, {"since": "2027-01-01"}, {"since": ""}, {"since": "99999-01-01"}])
def test_bad_days_are_told(site: Site, changes: dict[str, str]) -> None:
    case = site.a_case("register", "announce", **BUYING)
    data = GOOD | {"form": "question", "subject": "procedure", "since": "2026-03-02"} | changes
    assert site.bidder().post(objections(case), data=data).status_code == 422
    assert site.bidder().post(objections(case), data=data | {"since": "2026-03-02"}).status_code == 302


def test_addresses_that_lead_nowhere(site: Site) -> None:
    case = site.a_case("register", "announce")
    person = site.bidder()
    for place in ("/me/objections/99999", "/me/complaints/99999", "/me/objections/99999/complaint", "/me/lots/nothing/objections",
                  "/me/lots/nothing/complaint", "/me/objections/abc", "/me/objections/1234567890123456", f"/me/lots/{case.lot_code}%00/objections"):
        assert person.get(place).status_code == 404, place
    with site.inside() as centre:
        hidden = centre.a_case("register")
        code = hidden.lot.code
    for place in (f"/me/lots/{code}/objections", f"/me/lots/{code}/complaint"):
        assert person.get(place).status_code == 404, "nothing is known of a case before its notice"
    assert site.someone(Role.BIDDER).get("/me/objections").status_code == 404


def test_other_peoples_are_not_found(site: Site) -> None:
    case = site.a_case("register", "announce")
    own, other = raised(site, case), site.bidder(1)
    complaint = complained(site, case)
    for place in (own, f"{own}/complaint", complaint):
        assert site.bidder().get(place).status_code == 200, place
        assert other.get(place).status_code == 404, place
    for place in (f"{own}/withdraw", f"{own}/complaint", f"{complaint}/withdraw", f"{complaint}/correct"):
        assert other.post(place, data={"correct-text": "x"}).status_code == 404, place
    assert own not in other.get("/me/objections").text


# --- whoever tenders ---------------------------------------------------------------------------


def test_the_tenderer_answers_and_the_public_sees_the_outcome_only(site: Site) -> None:
    case = site.a_case("register", "announce")
    own = raised(site, case)
    place, person, public = f"/projects/{case.project_id}/objections", site.tenderer, site.client()
    assert place in person.get(f"/projects/{case.project_id}").text
    assert "没有已答复的异议或者质疑" in public.get(f"/p/{case.code}").text
    page = person.get(place).text
    assert "限定了品牌" in page and "投标截止后显示" in page and NAMES[0] not in page
    number = number_of(own)
    for wrong in ({}, {f"o{number}-answer": "upheld"}, {f"o{number}-answer": "explained", f"o{number}-text": "x"},
                  {f"o{number}-answer": "upheld", f"o{number}-text": "x" * 4001}):
        assert person.post(f"{place}/{number}", data=wrong).status_code == 422
    good = {f"o{number}-answer": "partly", f"o{number}-text": "只修改第一项的内容"}
    assert person.post(f"{place}/{number}", data=good).status_code == 302
    assert person.post(f"{place}/{number}", data=good).status_code == 302, "sent twice it is answered once"
    assert person.post(f"{place}/{number}", data=good | {f"o{number}-text": "改口"}).status_code == 409
    assert person.post(f"{place}/{number}/affects").status_code == 409
    assert "只修改第一项的内容" in site.bidder().get(own).text
    shown = public.get(f"/p/{case.code}").text
    assert "对招标（采购）文件的异议" in shown and "部分成立" in shown
    for secret in ("只修改第一项的内容", "限定了品牌", NAMES[0]):
        assert secret not in shown
    english = public.get(f"/p/{case.code}?lang=en").text
    assert "Objection about: Tender document" in english and "Upheld in part" in english


def test_a_reply_belongs_to_its_project(site: Site) -> None:
    case, other = site.a_case("register", "announce"), site.a_case("register", "announce")
    number = number_of(raised(site, case))
    data = {f"o{number}-answer": "upheld", f"o{number}-text": "x"}
    assert site.tenderer.post(f"/projects/{other.project_id}/objections/{number}", data=data).status_code == 404
    assert site.tenderer.post(f"/projects/{case.project_id}/objections/99999", data=data).status_code == 404
    stranger = site.someone(Role.TENDERER, site.prepared.companies[4].id)
    assert stranger.get(f"/projects/{case.project_id}/objections").status_code == 404
    assert stranger.post(f"/projects/{case.project_id}/objections/{number}", data=data).status_code == 404


def test_names_are_shown_once_the_bids_are_closed(site: Site) -> None:
    case = site.a_case("register", "announce", "pay_deposits", "file_bids")
    with site.inside():
        site.at = case.lot.deadline - timedelta(days=3)
    raised(site, case)  # late, so that the lot goes on
    place = f"/projects/{case.project_id}/objections"
    board = supervisor(site)
    complained(site, case)
    assert NAMES[0] not in site.tenderer.get(place).text and NAMES[0] not in board.get("/supervise/complaints").text
    with site.inside():
        site.at = case.lot.deadline
        assert opening.close(case.lot_id, clock=stopped(site.at))
    site.people.clear()  # their sign-ins have ended meanwhile
    tenderer, board = site.someone(Role.TENDERER, site.prepared.cast.tenderer.id, name="tenderer"), supervisor(site, "later")
    assert NAMES[0] in tenderer.get(place).text and NAMES[0] in board.get("/supervise/complaints").text
    assert NAMES[0] not in site.client().get(f"/p/{case.code}").text


def walk(site: Site, client: FlaskClient, case: CaseRun) -> dict[str, bytes]:
    """Every address that can be read about the case, with what it answers, headers included."""
    found = {}
    for rule in site.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith("accounts"):
            of_lot = any(part in rule.rule for part in ("lots", "hall", "draws", "rooms", "archive", "supervise", "eval"))
            code = case.lot_code if of_lot else case.code
            path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda match, code=code: {"code": code}.get(match.group(1), "1"), rule.rule)
            answer = client.get(path)
            assert answer.status_code < 500, path
            found[path] = answer.get_data() + str(answer.headers).encode()
    return found


@pytest.mark.parametrize("role", [None, Role.BIDDER, Role.TENDERER, Role.SUPERVISOR, Role.ARCHIVIST])
def test_no_page_of_anybody_else_names_the_raiser_before_the_close(site: Site, role: Role | None) -> None:
    case = site.a_case("register", "announce")
    with site.inside() as centre:
        raiser = centre.companies[0].organisation
        secrets = (raiser.name, raiser.code, "account-of-raiser")
        late = case.lot.deadline - timedelta(days=3)
        made = service.file(case.lot_id, Form.OBJECTION, Subject.DOCUMENT, ["甲"], "理由", raiser=raiser, actor="account-of-raiser", at=late)
        complaints.file(case.lot_id, Subject.PROCEDURE, ["乙"], "理由", raiser=raiser, actor="account-of-raiser", at=late, since=date(2026, 3, 2))
        service.reply(made.id, Answer.REJECTED, "不成立", actor="t", at=late)
        site.at = late + timedelta(minutes=1)
    people = {Role.BIDDER: site.prepared.companies[4].id, Role.TENDERER: site.prepared.cast.tenderer.id}
    client = site.someone(role, people.get(role)) if role else site.client()
    pages = walk(site, client, case)
    assert len(pages) > 60
    seen = {Role.TENDERER: f"/projects/{case.project_id}/objections", Role.SUPERVISOR: "/supervise/complaints/1"}.get(role)
    assert seen is None or "理由".encode() in pages[seen], "the walk must reach the pages that show the case"
    for path, answer in pages.items():
        for secret in secrets:
            assert secret.encode() not in answer, path


def test_control_the_walk_of_the_raiser_itself_finds_its_pages(site: Site) -> None:
    case = site.a_case("register", "announce")
    raised(site, case)
    pages = walk(site, site.bidder(), case)
    assert "业绩要求过高".encode() in pages["/me/objections/1"] and NAMES[0].encode() in pages["/me/company"]


# --- complaints -------------------------------------------------------------------------------


def test_a_complaint_goes_through_every_page(site: Site) -> None:
    case = site.a_case("register", "announce", **BUYING)
    person, one, two = site.bidder(), supervisor(site, "one"), supervisor(site, "two")
    own = raised(site, case, form="question")
    number = number_of(own)
    assert person.post(f"{own}/complaint", data={"picked": "限定了品牌", "text": "理由"}).status_code == 422, "the reply is awaited"
    site.tenderer.post(f"/projects/{case.project_id}/objections/{number}", data={f"o{number}-answer": "rejected", f"o{number}-text": "不成立"})
    assert "不成立" in person.get(f"{own}/complaint").text
    for wrong in ({"text": "理由"}, {"picked": "新事项", "text": "理由"}, {"picked": "限定了品牌", "text": ""}):
        assert person.post(f"{own}/complaint", data=wrong).status_code == 422
    answer = person.post(f"{own}/complaint", data={"picked": "限定了品牌", "text": "不服答复"})
    assert answer.status_code == 302
    mine = answer.location
    place = f"/supervise/complaints/{number_of(mine)}"
    assert place in one.get("/supervise/complaints").text and place in one.get("/me/messages").text
    page = one.get(place).text
    assert "不服答复" in page and "政府采购法 第56条" in page and "投标截止后显示" in page and NAMES[0] not in page
    assert one.post(f"{place}/correction", data={}).status_code == 422
    assert one.post(f"{place}/correction", data={"correction-text": "请附证明"}).status_code == 302
    assert "请附证明" in person.get(mine).text
    assert person.post(f"{mine}/correct", data={}).status_code == 422
    assert person.post(f"{mine}/correct", data={"correct-text": "证明见附件"}).status_code == 302
    assert "补正后" not in page and "证明见附件" in one.get(place).text
    assert one.post(f"{place}/correction", data={"correction-text": "再补"}).status_code == 422
    assert one.post(f"{place}/accept").status_code == 302 and one.post(f"{place}/accept").status_code == 302
    assert "投诉书副本" in site.tenderer.get(f"/projects/{case.project_id}/objections").text
    assert one.post(f"{place}/refuse", data={"refuse-text": "不受理"}).status_code == 422
    assert one.post(f"{place}/suspend", data={"suspend-text": "可能影响公正"}).status_code == 302
    assert f"{place}/suspend/confirm" not in one.get(place).text
    assert one.post(f"{place}/suspend/confirm").status_code == 403
    assert f"{place}/suspend/confirm" in two.get(place).text
    assert two.post(f"{place}/suspend/confirm").status_code == 302
    assert "因此暂停中" in one.get(place).text and "暂停公告" in site.client().get(f"/p/{case.code}").text
    assert one.post(f"{place}/suspend/end").status_code == 409
    for wrong in ({}, {"stretch-kind": "correction", "stretch-text": "x"}, {"stretch-kind": "holiday", "stretch-text": "x"}):
        assert one.post(f"{place}/stretch", data=wrong).status_code == 422
    assert one.post(f"{place}/stretch", data={"stretch-kind": "test", "stretch-text": "送检"}).status_code == 302
    decision = {"decide-outcome": "upheld", "decide-measure": "amend_and_retender", "decide-text": "责令修改后重新招标"}
    assert one.post(f"{place}/decide", data=decision).status_code == 422, "the test still runs"
    assert one.post(f"{place}/stretch/end").status_code == 302
    for wrong in ({}, decision | {"decide-measure": ""}, decision | {"decide-outcome": "dismissed"}, decision | {"decide-text": ""},
                  decision | {"decide-outcome": "perhaps"}, decision | {"decide-fabricated": "y"}, decision | {"decide-text": "x" * 4001}):
        assert one.post(f"{place}/decide", data=wrong).status_code == 422, wrong
    for _ in range(2):
        assert one.post(f"{place}/decide", data=decision).status_code == 302
    shown = site.client().get(f"/p/{case.code}").text
    notice = re.search(r'href="(/notices/\d+)">[^<]*投诉处理决定公告', shown)[1]
    published = site.client().get(notice).text
    assert "责令修改后重新招标" in published and "限定了品牌" in published and NAMES[0] not in published
    assert "Decision on a complaint" in site.client().get(f"{notice}?lang=en").text
    assert notice in person.get(mine).text
    assert person.post(f"{mine}/withdraw").status_code == 409
    assert "没有待处理的投诉" in one.get("/supervise/complaints").text


def test_a_complaint_on_what_must_be_objected_to_first_is_refused(site: Site) -> None:
    case = site.a_case("register", "announce")
    place = f"/me/lots/{case.lot_code}/complaint"
    good = {"subject": "procedure", "points": "甲", "text": "理由", "since": "2026-03-02"}
    for wrong, said in (({"subject": "document"}, "应当先提出异议"), ({"since": ""}, "知道之日"), ({"since": "2027-01-01"}, "还没有到"),
                        ({"subject": "x"}, ""), ({"points": ""}, "投诉事项"), ({"text": NAMES[0]}, "本单位的名称")):
        answer = site.bidder().post(place, data=good | wrong)
        assert answer.status_code == 422 and said in answer.text, wrong
    assert site.bidder().post(place, data=good).status_code == 302
    purchase = site.a_case("register", "announce", **BUYING)
    assert site.bidder().get(f"/me/lots/{purchase.lot_code}/complaint").status_code == 404
    assert site.bidder().post(f"/me/lots/{purchase.lot_code}/complaint", data=good).status_code == 404


def test_a_complaint_is_turned_away(site: Site) -> None:
    case = site.a_case("register", "announce")
    mine = complained(site, case)
    place, person = f"/supervise/complaints/{number_of(mine)}", supervisor(site)
    assert person.post(f"{place}/refuse", data={"refuse-text": " "}).status_code == 422
    assert person.post(f"{place}/correction", data={"correction-text": "请补正"}).status_code == 422, "works know no correction"
    assert person.post(f"{place}/refuse", data={"refuse-text": "不属于受理范围"}).status_code == 302
    assert "不属于受理范围" in site.bidder().get(mine).text
    for act in ("accept", "stretch/end", "suspend/confirm", "suspend/end"):
        assert person.post(f"{place}/{act}").status_code == 409, act
    for act in ("accept", "refuse", "correction", "stretch", "stretch/end", "suspend", "suspend/confirm", "suspend/end", "decide"):
        assert person.post(f"/supervise/complaints/99999/{act}", data={f"{act}-text": "x"}).status_code == 404, act


def test_lights_and_due_dates_turn_red(site: Site) -> None:
    case = site.a_case("register", "announce", **BUYING)
    raised(site, case, form="question")
    board = supervisor(site)
    assert "clock-law--ok" in board.get("/supervise/complaints").text
    site.at = datetime.fromisoformat("2026-03-11T12:00:00+08:00")
    site.people.clear()
    assert "clock-law--warn" in supervisor(site, "later").get("/supervise/complaints").text
    site.at += timedelta(days=1)
    site.people.clear()
    assert "clock-law--alarm" in supervisor(site, "last").get("/supervise/complaints").text


def test_a_supervisor_marks_a_question(site: Site) -> None:
    case = site.a_case("register", "announce", **BUYING)
    number = number_of(raised(site, case, form="question"))
    person = supervisor(site)
    place = f"/supervise/objections/{number}/affects"
    assert place in person.get("/supervise/complaints").text
    assert person.post(place).status_code == 302
    page = person.get("/supervise/complaints").text
    assert place not in page and "定标后暂停签订合同" in page
    assert person.post("/supervise/objections/99999/affects").status_code == 404


# --- roles and languages ------------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, *Role])
def test_every_role_reaches_its_own_pages_only(site: Site, role: Role | None) -> None:
    case = site.a_case("register", "announce")
    own, complaint = raised(site, case), complained(site, case)
    client = site.someone(role) if role else site.client()
    denied = 302 if role is None else 403
    for place, allowed in ((objections(case), Role.BIDDER), (own, Role.BIDDER), (complaint, Role.BIDDER),
                           (f"/projects/{case.project_id}/objections", (Role.TENDERER, Role.AGENCY)),
                           ("/supervise/complaints", Role.SUPERVISOR), (f"/supervise/complaints/{number_of(complaint)}", Role.SUPERVISOR)):
        mine = role == allowed or isinstance(allowed, tuple) and role in allowed
        # Nobody here belongs to an organisation, so that to an allowed role other people's pages do not exist.
        expected = (200 if allowed is Role.SUPERVISOR else 404) if mine else denied
        assert client.get(place).status_code == expected, place
    for place, allowed in ((objections(case), Role.BIDDER), (f"/supervise/complaints/{number_of(complaint)}/accept", Role.SUPERVISOR),
                           (f"/supervise/objections/{number_of(own)}/affects", Role.SUPERVISOR)):
        if role != allowed:
            assert client.post(place).status_code == denied, place


def test_pages_are_whole_in_english(site: Site) -> None:
    case = site.a_case("register", "announce")
    own, complaint = raised(site, case), complained(site, case, points="one", text="two")
    person, board = site.bidder(), supervisor(site)
    supervising = f"/supervise/complaints/{number_of(complaint)}"
    person.get(own)  # what was flashed in Chinese is shown there
    for client, place in ((person, objections(case)), (person, own), (person, complaint), (person, f"/me/lots/{case.lot_code}/complaint"),
                          (person, "/me/objections"), (board, "/supervise/complaints"), (board, supervising)):
        text = client.get(f"{place}?lang=en").text
        main = re.sub(r"<[^>]*>", " ", re.search(r"<main.*?</main>", text, re.S)[0])
        for known in ("青石路改造工程", "一标段", "限定了品牌", "业绩要求过高", "理由如下"):
            main = main.replace(known, "")
        # Articles of law keep their Chinese names.
        main = re.sub(r"[一-鿿]+ 第\d+条(、第\d+条)*|[一-鿿]+办法", "", main)
        assert not re.findall(r"[一-鿿]+", main), place


def test_an_uncountable_clock_says_why(site: Site) -> None:
    case = site.a_case("register", "announce", **BUYING)
    own = raised(site, case, form="question")
    number = number_of(own)
    site.tenderer.post(f"/projects/{case.project_id}/objections/{number}", data={f"o{number}-answer": "rejected", f"o{number}-text": "不成立"})
    site.at = datetime.fromisoformat("2026-12-30T12:00:00+08:00")
    site.people.clear()
    late = site.someone(Role.BIDDER, site.prepared.companies[0].id, name="again")
    answer = late.post(f"{own}/complaint", data={"picked": "限定了品牌", "text": "不服答复"})
    assert answer.status_code == 302
    page = supervisor(site).get(f"/supervise/complaints/{number_of(answer.location)}").text
    assert "2027 年的放假安排尚未载入" in page and "逾期提出" in page

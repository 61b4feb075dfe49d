"""Corrections of notices, letters to those who offered, answers for everybody, refusals in the reader's language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.announcements import contents, queries
from trading.announcements import service as announcements
from trading.announcements.contents import Section
from trading.announcements.models import Notice
from trading.archive import service as archive
from trading.base.database import db
from trading.base.errors import Refused
from trading.base.language import refusal_text
from trading.law.rules import find

STEPS = ("register", "announce", "pay_deposits", "file_bids", "close", "open", "draw", "evaluate")
FIX = {"what": "把“清河路”改为“青石路”", "body": "青石路改造工程，更正后的全文"}


def tender(site: Site, project_id: int) -> tuple[int, str]:
    with site.inside():
        notice = queries.tender_notice(project_id)
        assert notice
        return notice.id, notice.versions[-1].sha256


def test_a_correction_is_a_new_version_and_a_notice_that_names_the_old(site: Site) -> None:
    case = site.a_case("register", "announce")
    number, before = tender(site, case.project_id)
    assert f"/notices/{number}/correct" in site.tenderer.get(f"/notices/{number}").text
    assert f"/notices/{number}/correct" not in site.client().get(f"/notices/{number}").text
    assert "一标段" in site.tenderer.get(f"/notices/{number}/correct").text
    made = site.tenderer.post(f"/notices/{number}/correct", data=FIX)
    assert made.status_code == 302, made.text
    site.at += timedelta(minutes=1)
    public = site.client()
    told = public.get(made.location).text
    assert before in told and "第 1 版" in told and "清河路" in told and "更正公告" in told
    text = public.get(f"/notices/{number}").text
    assert "第 2 版" in text and "更正后的全文" in text and "历史版本" in text
    assert public.get(f"{made.location}.pdf").status_code == 200
    assert "更正公告" in public.get(f"/p/{case.code}").text
    with site.inside():
        assert {piece.path[:12] for piece in archive.pieces(case.lot_id)} >= {"12-versions/"[:12]}
        after = queries.tender_notice(case.project_id)
        assert after and after.versions[-1].schedule == after.versions[0].schedule, "dates stay"


def test_corrections_that_are_refused(site: Site) -> None:
    case = site.a_case("register", "announce")
    number, _hash = tender(site, case.project_id)
    address = f"/notices/{number}/correct"
    same = site.tenderer.get(f"/notices/{number}.json").json["versions"][0]["body"]
    for wrong in ({}, FIX | {"what": " "}, FIX | {"body": ""}, FIX | {"body": same}, FIX | {"what": "x" * 4000}, FIX | {"body": "a\0b"}):
        assert site.tenderer.post(address, data=wrong).status_code == 422, wrong
    other = site.someone(Role.TENDERER, site.prepared.companies[0].id)
    assert other.get(address).status_code == 404 and other.post(address, data=FIX).status_code == 404
    assert site.bidder().post(address, data=FIX).status_code == 403
    assert site.tenderer.post("/notices/999999/correct", data=FIX).status_code == 404
    # Signed in anew each time: nobody stays signed in for weeks.
    for days, said in ((15, "顺延"), (30, "截止")):
        site.at += timedelta(days=days)
        late = site.someone(Role.TENDERER, site.prepared.cast.tenderer.id, f"late-{days}").post(address, data=FIX)
        assert late.status_code == 422 and said in late.text


def test_a_record_is_not_corrected(site: Site) -> None:
    case = site.a_case(*STEPS[:6])
    with site.inside():
        record = db.session.scalar(select(Notice.id).where(Notice.project_id == case.project_id, Notice.kind == "opening_record"))
    assert site.tenderer.get(f"/notices/{record}/correct").status_code == 409
    assert site.tenderer.post(f"/notices/{record}/correct", data=FIX).status_code == 409


def test_letters_after_the_award_and_nothing_before(site: Site) -> None:
    case = site.a_case(*STEPS)
    places = f"/me/lots/{case.lot_code}/result.pdf", f"/projects/{case.project_id}/lots/{case.lot_id}/award.pdf"
    early = site.someone(Role.BIDDER, site.prepared.companies[0].id, "early"), site.someone(Role.TENDERER, site.prepared.cast.tenderer.id, "early too")
    assert [person.get(place).status_code for person, place in zip(early, places, strict=True)] == [404, 404]
    with site.inside() as centre:
        case.cast = centre.cast
        case.conclude()
    site.at = case.at + timedelta(minutes=1)
    for number in range(3):
        answer = site.bidder(number).get(places[0])
        assert answer.status_code == 200 and answer.data.startswith(b"%PDF"), number
        assert answer.data == site.bidder(number).get(places[0]).data
    assert site.bidder(4).get(places[0]).status_code == 404, "who did not offer gets no letter"
    assert site.someone(Role.BIDDER).get(places[0]).status_code == 404
    assert site.tenderer.get(places[1]).data.startswith(b"%PDF")
    assert places[1] in site.tenderer.get(f"/projects/{case.project_id}/lots/{case.lot_id}/result").text
    assert places[0] in site.bidder().get(f"/me/lots/{case.lot_code}").text
    other = site.someone(Role.TENDERER, site.prepared.companies[0].id)
    assert other.get(places[1]).status_code == 404
    assert site.tenderer.get(f"/projects/{case.project_id + 1}/lots/{case.lot_id}/award.pdf").status_code == 404


def test_a_deposit_is_confirmed_to_its_payer_only(site: Site) -> None:
    case = site.a_case(*STEPS[:3])
    place = f"/me/lots/{case.lot_code}/deposit.pdf"
    assert site.bidder().get(place).data.startswith(b"%PDF")
    assert place in site.bidder().get(f"/me/lots/{case.lot_code}").text
    assert site.bidder(4).get(place).status_code == 404
    assert site.client().get(place).status_code == 302
    with site.inside() as centre:
        hidden = centre.a_case("register").lot.code
    assert site.bidder().get(f"/me/lots/{hidden}/deposit.pdf").status_code == 404


def test_answers_in_one_document_and_in_the_archive(site: Site) -> None:
    case = site.a_case("register", "announce")
    place = f"/p/{case.code}/answers.pdf"
    assert site.client().get(place).status_code == 404
    with site.inside():
        asked = announcements.ask(case.lot_id, "工期如何计算？", asker=site.prepared.companies[0].code, at=site.at)
        announcements.answer(asked.id, "自开工令起算。", actor="tenderer", at=site.at)
        assert any(piece.path.startswith("12-questions/") for piece in archive.pieces(case.lot_id))
    assert site.client().get(place).data.startswith(b"%PDF")
    assert place in site.client().get(f"/p/{case.code}").text


def test_missing_pieces_are_named_in_the_reader_s_language(site: Site) -> None:
    with site.inside():
        rule = find("ct.candidates_show", on=site.at.date(), region="CN-51", procedure="works-open")
        with pytest.raises(Refused) as refused:
            contents.require(rule, [Section.of(rank="1", name="甲", price="1 元", quality="合格", period="1 天", evaluation="合格")])
        assert "项目负责人及证书、资格能力条件响应情况" in refusal_text(refused.value, "zh")
        english = refusal_text(refused.value, "en")
    assert "Project leader and certificate, Response to the qualifications, How to object" in english


def test_an_invitation_begins_as_a_letter(site: Site) -> None:
    case = site.a_case("register", procedure="works-invited")
    assert "现邀请贵单位" in site.tenderer.get(f"/projects/{case.project_id}/notice").text

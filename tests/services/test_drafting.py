"""Tender documents on both databases: drafted, fixed once, superseded, closed by the notice."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import T0, Centre
from trading.announcements import queries as notices
from trading.announcements import service as announcements
from trading.archive import service as archive
from trading.base import installation
from trading.base.database import db
from trading.base.errors import Refused
from trading.drafting import queries, service
from trading.drafting.models import TenderDocument
from trading.evidence import service as evidence
from trading.evidence import verify
from trading.evidence.models import Entry
from trading.projects import queries as project_queries
from trading.projects import service as projects

MORE = {"period": "180 日", "payment": "按月支付", "technical": "符合标准"}


def drafted(project_id: int, at: datetime, **changes: Any) -> TenderDocument:
    values = service.entries(project_queries.get(project_id), at=at) | MORE | changes
    return service.save(project_id, values, {}, actor="tenderer", at=at)


def fixed(project_id: int, at: datetime, **changes: Any) -> TenderDocument:
    return service.fix(project_id, service.fingerprint(drafted(project_id, at, **changes)), actor="tenderer", at=at)


def files(project_id: int) -> list[tuple[str, str]]:
    return sorted((item.kind, item.name) for item in project_queries.get(project_id).files if "版" in item.name)


def test_a_fixed_document_is_file_data_and_evidence_with_one_hash(centre: Centre) -> None:
    case = centre.a_case("register")
    document = fixed(case.project_id, case.at)
    assert document.number == 1 and document.print and document.data
    data = installation.files().read(document.data.stored)
    assert sha256(data).hexdigest() == document.sha256 == document.data.sha256
    assert installation.files().read(document.print.stored).startswith(b"%PDF")
    made = json.loads(data)
    assert made["project"] == case.lot.project.code and made["entries"]["lot1_bond"] == 1_000_000
    events = {entry.kind: entry.event for entry in db.session.scalars(select(Entry).where(Entry.kind.startswith("document.")))}
    assert set(events) == {"document.drafted", "document.fixed"}
    assert events["document.fixed"]["sha256"] == document.sha256 and events["document.fixed"]["print_sha256"] == document.print.sha256
    assert service.fixed_parts(document)[0].paragraphs


def test_any_writing_can_be_printed(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register")
    document = fixed(case.project_id, case.at, technical="😀 𠮷 العربية <b>&amp; {scope} \u3000" + "长" * 9000, payment="a\n\n\nb", quality="x" * 200)
    assert document.print and document.print.bytes > 1000


def test_saving_twice_is_one_draft_and_fixing_twice_is_one_version(centre: Centre) -> None:
    case = centre.a_case("register")
    first, second = drafted(case.project_id, case.at), drafted(case.project_id, case.at, payment="一次付清")
    assert first.id == second.id
    mark = service.fingerprint(second)
    made = service.fix(case.project_id, mark, actor="tenderer", at=case.at)
    assert service.fix(case.project_id, mark, actor="tenderer", at=case.at).id == made.id
    with pytest.raises(Refused, match=r"document\.nothing_to_fix"):
        service.fix(case.project_id, "0" * 64, actor="tenderer", at=case.at)
    assert len(queries.versions(case.project_id)) == 1


def test_only_what_was_seen_is_fixed(centre: Centre) -> None:
    case = centre.a_case("register")
    mark = service.fingerprint(drafted(case.project_id, case.at))
    drafted(case.project_id, case.at, payment="一次付清")
    with pytest.raises(Refused, match=r"document\.changed_meanwhile"):
        service.fix(case.project_id, mark, actor="tenderer", at=case.at)
    assert queries.fixed(case.project_id) is None and not files(case.project_id)


def test_a_breach_and_a_gap_are_refused_with_article(centre: Centre) -> None:
    case = centre.a_case("register")
    with pytest.raises(Refused) as over:
        fixed(case.project_id, case.at, lot1_bond=2_000_001)
    assert over.value.reason == "law.bond_above_cap" and over.value.facts["cap_fen"] == 2_000_000 and over.value.facts["article"]
    with pytest.raises(Refused) as gap:
        fixed(case.project_id, case.at, lot1_bond=1_000_000, payment="", technical="")
    assert gap.value.reason == "document.incomplete" and len(gap.value.facts["missing"]) == 2


def test_a_version_takes_the_place_of_the_one_before(centre: Centre) -> None:
    case = centre.a_case("register")
    fixed(case.project_id, case.at)
    second = fixed(case.project_id, case.at + timedelta(minutes=1), payment="一次付清")
    assert second.number == 2
    shown = [name for kind, name in files(case.project_id) if kind == "tender_document"]
    assert shown == ["工程招标文件-第2版.json", "工程招标文件-第2版.pdf"]


def test_a_document_of_an_earlier_round_is_not_handed_out_in_the_next(centre: Centre) -> None:
    case = centre.a_case("register")
    fixed(case.project_id, case.at)
    case.announce()
    announcements.terminate(case.project_id, "规划调整", actor="tenderer", at=case.wait(days=1))
    again = case.restart()
    assert [kind for kind, name in files(again.project_id) if kind == "tender_document"] == ["tender_document"] * 2
    fixed(again.project_id, again.at, payment="一次付清")
    assert len([kind for kind, _name in files(again.project_id) if kind == "tender_document"]) == 2


def test_after_the_notice_nothing_changes(centre: Centre) -> None:
    case = centre.a_case("register")
    mark = service.fingerprint(drafted(case.project_id, case.at))
    case.announce()
    for act in (lambda: service.save(case.project_id, {}, {}, actor="tenderer", at=case.at),
                lambda: service.fix(case.project_id, mark, actor="tenderer", at=case.at)):
        with pytest.raises(Refused, match=r"document\.published"):
            act()
    with pytest.raises(Refused, match=r"project\.document_published"):
        projects.add_file(case.project_id, "tender_document", "b.pdf", [b"x"], actor="tenderer", at=case.at)


def test_a_registration_that_waits_for_the_registrar_is_not_changed(centre: Centre) -> None:
    lot = {"name": "一标段", "estimate_fen": 100_000_000, "ceiling_fen": 95_000_000, "deposit_fen": 1_000_000,
           "qualifications": "具备相应资质", "method": {"kind": "works_lowest"}}
    project = projects.draft({"name": "青石路", "procedure": "works-open", "category": "construction", "region": "CN-51", "funding": "财政资金",
                              "approval": "一号", "estimate_fen": 100_000_000, "summary": "改造"}, [lot],
                             tenderer_id=centre.cast.tenderer.id, actor="tenderer", at=T0)
    projects.add_file(project.id, "approval", "a.txt", [b"x"], actor="tenderer", at=T0)
    assert projects.gaps(project) == ["files.tender_document"]
    fixed(project.id, T0)
    assert projects.gaps(project_queries.get(project.id)) == []
    projects.submit(project.id, actor="tenderer", at=T0)
    with pytest.raises(Refused, match=r"project\.not_editable"):
        fixed(project.id, T0, payment="一次付清")
    assert len([1 for each in queries.versions(project.id) if each.fixed_at]) == 1


def test_a_case_with_document_questions_and_corrections_is_packed_and_verified(sqlite_centre: Centre, tmp_path: Path) -> None:
    case = sqlite_centre.a_case("register")
    fixed(case.project_id, case.at)
    case.announce()
    question = announcements.ask(case.lot_id, "工期如何计算？", asker=case.plan.offers[0].company.code, at=case.wait(minutes=1))
    announcements.answer(question.id, "自开工令起算。", actor="tenderer", at=case.wait(minutes=1))
    tender = notices.tender_notice(case.project_id)
    assert tender
    announcements.correct(tender.id, "更正地名", "青石路改造工程", actor="tenderer", at=case.wait(minutes=1))
    for step in ("pay_deposits", "file_bids", "close", "open", "draw", "evaluate", "conclude"):
        getattr(case, step)()
    packed = tmp_path / "pack.zip"
    packed.write_bytes(installation.files().path(case.seal_archive().stored).read_bytes())
    report = verify.verify_path(packed, evidence.log_verifier_key(), sqlite_centre.cast.watchers.keys)
    assert not [item for item in report["checks"] if not item["ok"]], report
    names = {piece.path.split("/")[0] for piece in archive.pieces(case.lot_id)}
    assert {"12-versions", "12-questions", "05-registration"} <= names

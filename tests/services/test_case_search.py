"""Archived cases are found by their texts, on both databases; what is secret is not in the index, and nothing found is markup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from tests.builders import NAMES, T0, Centre
from trading.announcements import service as announcements
from trading.archive import disposal, keeping, packing, search, service
from trading.archive.casetexts import Part
from trading.archive.models import CaseText
from trading.archive.search import Filters
from trading.base import fulltext, installation
from trading.base.database import db, transaction
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun, Offer
from trading.projects import service as projects
from tests.services.test_keeping import LATER, listed, people, sealed  # noqa: F401 (a fixture is found by its name)

MARKUP = "<img src=x onerror=alert(1)> & \"引号\""
IDENTITY = "510822199001011234"


def finish(case: CaseRun) -> CaseRun:
    case.seal_archive()
    keeping.take_in(case.lot_id, at=case.at)
    return case


def full(centre: Centre, **changes: Any) -> CaseRun:
    def make() -> CaseRun:
        case = CaseRun(centre.cast, centre.plan(3, **changes), changes.pop("at", T0))
        case.run()
        return finish(case)

    return centre.once(f"full {changes}", make)


def parts(query: str, **filters: Any) -> list[str]:
    return [hit.part for hit in search.find(Filters(q=query, **filters)).items]


def test_words_of_every_part_are_found(centre: Centre) -> None:
    case = full(centre, offers=[Offer(centre.companies[0], 90_000_000), Offer(centre.companies[1], 90_012_345, rejected="工期不符合要求"),
                                Offer(centre.companies[2], 90_020_000), Offer(centre.companies[3], 90_030_000)])
    assert Part.REGISTRATION in parts("青石路改造") and Part.NOTICES in parts("青石路改造 招标公告")
    assert Part.OPENING in parts(NAMES[1]) and Part.BIDS in parts(f"{NAMES[2]} 90020000")
    assert Part.AWARD in parts(NAMES[0]) and Part.CONTRACT in parts(f"HT-{case.lot_id}")
    assert parts("financial nonsense") == [] and parts("财政资金") == [Part.REGISTRATION]
    assert parts("改") and parts("青石路 没有这个词") == []
    found = search.find(Filters(q="青石路"))
    assert found.cases == 1 and found.count == len(found.items) >= 3 and all(("青石路", True) in hit.excerpt.runs for hit in found.items if hit.part != Part.BIDS)


def test_results_are_narrowed_and_paged(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    first = full(centre)
    second = sealed(centre, at=T0 + timedelta(minutes=1))
    assert {hit.lot.id for hit in search.find(Filters(q="青石路")).items} == {first.lot_id, second.lot_id}
    assert parts("青石路", part="notices") and set(parts("青石路", part="notices")) == {"notices"}
    assert search.find(Filters(q="青石路", year=2026)).cases == 2 and search.find(Filters(q="青石路", year=2025)).count == 0
    assert search.find(Filters(q="青石路", region="CN-51")).cases == 2 and search.find(Filters(q="青石路", region="CN-5")).cases == 2
    assert search.find(Filters(q="青石路", region="CN-11")).count == 0 and search.find(Filters(q="青石路", region="%")).count == 0
    assert search.find(Filters(q="青石路", procedure="works-open")).cases == 2 and search.find(Filters(q="青石路", procedure="inquiry")).count == 0
    monkeypatch.setattr(search, "PAGE", 2)
    whole, seen = search.find(Filters(q="青石路")), []
    for page in range(1, whole.pages + 1):
        seen += [(hit.lot.id, hit.part, hit.title, hit.piece_id) for hit in search.find(Filters(q="青石路", page=page)).items]
    assert len(seen) == len(set(seen)) == whole.count and search.find(Filters(q="青石路", page=whole.pages + 1)).items == []


@pytest.mark.parametrize("query", ["", "   ", "\"", "*", "青石路\" OR \"x", "NEAR(青石)", "a:b", "'; DROP TABLE lot; --", "( ) AND OR NOT", "%", "\\", "青石路 -改造",
                                   "x" * 100, "😀", "＂", "^青", "{青石}", "1e9", "a&b|!c", "<->", "青石路:*"])
def test_odd_queries_are_words_and_nothing_else(centre: Centre, query: str) -> None:
    sealed(centre)
    assert search.find(Filters(q=query)).count >= 0
    assert db.session.scalar(select(func.count()).select_from(projects.Lot)) == 1


def test_full_width_and_case_make_no_difference(centre: Centre) -> None:
    case = sealed(centre)
    lot = case.lot.code or ""
    wide = "".join(chr(ord(c) + 0xFEE0) for c in lot)
    assert search.find(Filters(q=lot.lower())).count == search.find(Filters(q=wide)).count > 0


def test_markup_comes_back_as_text(centre: Centre) -> None:
    case = centre.a_case("register", "announce", bidders=2)
    question = announcements.ask(case.lot_id, f"路缘石 {MARKUP} <mark>x</mark>", asker=centre.companies[0].code, at=case.at)
    announcements.answer(question.id, "以图纸为准", actor="x", at=case.at)
    case.file_bids()
    case.close()
    finish(case)
    hit = search.find(Filters(q="路缘石 onerror")).items[0]
    assert all(isinstance(run, str) and isinstance(marked, bool) for run, marked in hit.excerpt.runs)
    assert "".join(run for run, _marked in hit.excerpt.runs).startswith("路缘石 <img") and ("onerror", True) in hit.excerpt.runs


def index_words() -> str:
    """All that the index and the rows beside it hold."""
    return "\n".join(f"{row.title}\n{row.text}" for row in db.session.scalars(select(CaseText)))


def test_what_is_secret_is_not_in_the_index(centre: Centre) -> None:
    """Planted in every place where a secret may lie: none of it may be found by any word."""
    case = CaseRun(centre.cast, centre.plan(3), T0)
    case.run()
    lot_id, at = case.lot_id, case.at
    report = next(piece for piece in service.pieces(lot_id) if piece.path == "30-evaluation/report.json")
    for path, document in {
        "00-policy/session-offer-9.json": {"title": "秘密会话"}, "10-bids/releases/bid-9.json": {"body": "秘密份额", "text": "秘密份额"},
        f"10-bids/{'d' * 64}/header.json": {"name": "秘密信封"}, "20-draw/exclusions-9.json": [{"name": "专家张三"}],
        "20-draw/transcript-9.json": {"name": "专家李四", "members": ["专家李四"]}, "25-talks/09-000009.json": {"text": "秘密谈判"},
        "99-other/anything.json": {"title": "秘密其他", "text": "秘密其他"},
        "50-objections/complaint-000001-x.json": {"text": f"项目经理身份证 {IDENTITY} 与公告不符", "raiser_name": NAMES[1]},
        "12-questions/999999.json": {"question": "问题", "answer": f"见 {IDENTITY[:6]} {IDENTITY[6:14]} {IDENTITY[14:]}", "asker": "秘密提问人"},
    }.items():
        service.file_document(lot_id, path, "x", document, at=at)
    # A withdrawn bid, and one that was not opened, with plain files that should not be there.
    import io
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", "秘密撤回的报价")
    service.file_bytes(lot_id, f"10-bids/{'e' * 64}/plain.zip", "x", out.getvalue(), at=at)
    finish(case)
    assert report.path
    said = index_words()
    for secret in ("秘密", "张三", "李四", IDENTITY, IDENTITY[:6] + " "):
        assert secret not in said, secret
    for word in ("秘密", "专家张三", "专家李四", IDENTITY, "秘密撤回的报价", "秘密提问人"):
        assert search.find(Filters(q=word)).count == 0, word
    assert search.find(Filters(q="项目经理身份证")).count == 1, "control: the text around the number is there"


def test_what_is_not_sealed_is_not_found(centre: Centre) -> None:
    case = centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    assert keeping.take_in_due(case.at) == 0 and search.find(Filters(q="青石路")).count == 0
    with pytest.raises(Refused, match="archive.case_not_finished"):
        packing.seal(case.lot_id, actor="a", at=case.at)
    assert search.index_case(case.lot_id, at=case.at) == 0


def test_the_index_is_made_anew_and_forgets(centre: Centre, people: dict[str, Any]) -> None:  # noqa: F811
    case = sealed(centre)
    before = search.find(Filters(q="青石路")).count
    with transaction():
        db.session.execute(text("DELETE FROM archive_index"))
    assert search.find(Filters(q="青石路")).count == 0, "control: the index was empty"
    assert search.index_all(case.at) == 1 and search.find(Filters(q="青石路")).count == before
    listed(case, people, LATER)
    disposal.carry_out_due(LATER + timedelta(days=31))
    assert search.find(Filters(q="青石路")).count == 0 and search.index_all(LATER) == 0
    assert db.session.execute(text("SELECT count(*) FROM archive_index")).scalar() == 0 and not index_words()


def test_words_far_into_a_long_text_are_found(centre: Centre) -> None:
    """PostgreSQL keeps 16,383 places: a longer text is several rows, and no word falls between two."""
    case = centre.a_case("register", "announce", bidders=2)
    filler = "".join(chr(0x4E00 + n % 3000) for n in range(11_990))
    question = announcements.ask(case.lot_id, "长文", asker=centre.companies[0].code, at=case.at)
    announcements.answer(question.id, f"{filler}伸缩缝橡胶止水带{filler}末尾的词", actor="x", at=case.at)
    case.file_bids()
    case.close()
    finish(case)
    assert search.find(Filters(q="伸缩缝橡胶止水带")).count == 1 and search.find(Filters(q="末尾的词")).count == 1


def test_a_missing_file_keeps_only_its_case_out(centre: Centre) -> None:
    broken, good = centre.a_case("register", "announce", bidders=2), centre.a_case("register", "announce", bidders=2, at=T0 + timedelta(minutes=1))
    for case in (broken, good):
        case.file_bids()
        case.close()
        case.seal_archive()
    installation.files().discard(next(piece.stored for piece in service.pieces(broken.lot_id) if piece.path.startswith("10-notices")))
    assert keeping.take_in_due(good.at) == 1
    assert {hit.lot.id for hit in search.find(Filters(q="青石路")).items} == {good.lot_id} and keeping.case_file(broken.lot_id).number


def test_tokens_are_those_of_the_notices() -> None:
    from trading.announcements.rules import bigrams
    for said in ("青石路 改造", "Bridge-12 a", "", "１２", "a"):
        assert fulltext.bigrams(said) == bigrams(said)

"""The catalogue of a case's file as the records rules ask (一项目一档): cover, list of pieces, closing note.

Cover (案卷封面), list of pieces (卷内目录) and closing note (备考表) follow GB/T 18894-2016 and DA/T 28-2018, as far as
they fit files that were never paper: pieces are counted in bytes, and the hash stands in place of the page number.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from trading.archive import disposal, keeping, renewal, service, terms
from trading.archive.models import CaseFile, Pack
from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.base.errors import NotFound
from trading.evidence.models import Entry
from trading.law.procedures import procedure
from trading.parties.models import Organisation
from trading.projects.models import Lot

#: Who stands behind a piece, by its place, the first prefix that fits. ``{bidder}`` is the bidder of that bid.
_RESPONSIBLE = (("00-policy/", "{centre}"), ("05-registration/", "{tenderer}"), ("10-notices/", "{host}"), ("12-versions/", "{host}"),
                ("12-questions/", "{host}"), ("10-bids/releases/", "开标密钥持有人"), ("10-bids/disputes/", "开标密钥持有人"), ("10-bids/", "{bidder}"),
                ("15-opening/", "{centre}"), ("20-draw", "{centre}"), ("20-auction/", "{centre}"), ("25-talks/", "{tenderer}"), ("30-evaluation/", "评标委员会"),
                ("40-award/", "{tenderer}"), ("50-objections/", "当事人"), ("60-calls/", "{tenderer}"))
_FORMATS = {"json": "JSON（RFC 8785）", "cob": "密文", "zip": "ZIP", "pdf": "PDF", "txt": "TXT"}
_NOTES = (("payload.", "加密投标文件的一部分，须与密钥份额一并使用"), ("plain.zip", "解密后的投标文件"), ("half.json", "投标人解密份额"))
UNNAMED = "投标人（未开启）"


@dataclass(frozen=True)
class Line:
    """One piece in the list of pieces (卷内目录)."""

    number: int
    title: str
    responsible: str
    day: date
    pages: int | None
    bytes: int
    format: str
    sha256: str
    path: str
    note: str


@dataclass(frozen=True)
class Cover:
    """The cover of a file (案卷封面)."""

    number: str
    fonds: str
    fonds_name: str
    category: str
    year: int
    title: str
    lot: str
    project: str
    procedure: str
    tenderer: str
    retention: str
    since: date
    until: date | None
    first_day: date | None
    last_day: date | None
    pieces: int
    bytes: int
    pack_sha256: str
    sealed_at: datetime
    disposed_at: datetime | None


@dataclass(frozen=True)
class Closing:
    """The closing note (备考表): who made the file up, and what happened to it since."""

    sealed_by: str
    sealed_at: datetime
    pieces: int
    bytes: int
    remarks: tuple[str, ...]


def numbered(lot: Lot) -> tuple[CaseFile, Pack]:
    """The file's number and pack. Raises NotFound before it has both."""
    found, pack = keeping.case_file(lot.id), service.pack_of(lot.id)
    if found is None or pack is None:
        raise NotFound
    return found, pack


def lines(lot: Lot) -> list[Line]:
    """The list of pieces, in the order of the catalogue. It stays after the case was disposed of."""
    names = _bidders(lot)
    return [Line(number, piece.title, _responsible(lot, piece.path, names), _day(piece.filed_at), None, piece.bytes, _format(piece.path),
                 piece.sha256, piece.path, _note(piece.path)) for number, piece in enumerate(service.pieces(lot.id), 1)]


def cover(lot: Lot) -> Cover:
    found, pack = numbered(lot)
    pieces = service.pieces(lot.id)
    days = sorted(_day(piece.filed_at) for piece in pieces)
    permanent = terms.CLASSES[found.retention].months is None
    return Cover(found.number, found.fonds, installation.settings().site_name, found.category, found.year, f"{lot.label}", lot.code or "",
                 lot.project.code or "", procedure(lot.project.procedure).zh, lot.project.tenderer.name, terms.CLASSES[found.retention].zh,
                 _day(pack.sealed_at), None if permanent else _day(pack.keep_until), days[0] if days else None, days[-1] if days else None,
                 len(pieces), sum(piece.bytes for piece in pieces), pack.sha256, pack.sealed_at, pack.disposed_at)


def closing(lot: Lot) -> Closing:
    _found, pack = numbered(lot)
    pieces = service.pieces(lot.id)
    sealed_by = db.session.scalar(select(Entry.actor).where(Entry.lot == lot.code, Entry.kind == "lot.archived").limit(1)) or ""
    remarks = [f"本卷共 {len(pieces)} 件，均为电子文件，以 SHA-256 逐件登记；归档包可以离线核验。"]
    remarks += [f"{_day(change.decided_at or change.asked_at)} 保管期限由{terms.CLASSES[change.before].zh}调整为{terms.CLASSES[change.after].zh}：{change.reason}"
                for change in reversed(keeping.changes(lot.id)) if change.decision in ("raised", "lowered")]
    remarks += [f"{_day(item.at)} 更新证据，第 {item.number} 次。" for item in renewal.renewals(lot.id)]
    item = disposal.live_item(lot.id)
    if item is not None and item.begun_at is not None:
        remarks.append(f"{_day(item.begun_at)} 已销毁，销毁清册第 {item.disposal_id} 号。")
    return Closing(sealed_by, pack.sealed_at, len(pieces), sum(piece.bytes for piece in pieces), tuple(remarks))


def document(lot: Lot) -> dict[str, Any]:
    """Cover, list and closing note as one JSON document."""
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def said(part: Cover | Closing | Line) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else plain(value) for name, value in asdict(part).items()}

    return {"v": 1, "type": "mingtang-catalogue", "cover": said(cover(lot)), "pieces": [said(line) for line in lines(lot)],
            "closing": said(closing(lot))}


COLUMNS = ("顺序号", "题名", "责任者", "日期", "字节", "格式", "SHA-256", "位置", "备注")


def table(lot: Lot) -> str:
    """The list of pieces as CSV for a spreadsheet; no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("档号", *COLUMNS))
    number = numbered(lot)[0].number
    for line in lines(lot):
        writer.writerow([_cell(str(value)) for value in (number, line.number, line.title, line.responsible, line.day, line.bytes, line.format,
                                                         line.sha256, line.path, line.note)])
    return "\ufeff" + out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _bidders(lot: Lot) -> dict[str, str]:
    """Names of the bidders of bids that were opened; others are not named, not even here."""
    plain = {piece.path.split("/")[1] for piece in service.pieces(lot.id) if piece.path.startswith("10-bids/") and piece.path.endswith("/plain.zip")}
    commits = db.session.scalars(select(Entry.event).where(Entry.lot == lot.code, Entry.kind == "bid.commit"))
    codes = {event["bid_digest"]: event["bidder"] for event in commits if event and event.get("bid_digest") in plain}
    names = {company.code: company.name for company in db.session.scalars(select(Organisation).where(Organisation.code.in_(codes.values())))}
    return {digest: names.get(code, code) for digest, code in codes.items()}


def _responsible(lot: Lot, path: str, names: dict[str, str]) -> str:
    template = next((name for prefix, name in _RESPONSIBLE if path.startswith(prefix)), "{centre}")
    project, digest = lot.project, path.split("/")[1] if path.startswith("10-bids/") else ""
    host = project.agency or project.tenderer
    return template.format(centre=installation.settings().site_name, tenderer=project.tenderer.name, host=host.name, bidder=names.get(digest, UNNAMED))


def _format(path: str) -> str:
    suffix = path.rpartition(".")[2].lower() if "." in path.rsplit("/", 1)[-1] else ""
    return _FORMATS.get(suffix, suffix.upper()[:10] or "—")


def _note(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return next((note for prefix, note in _NOTES if name.startswith(prefix)), "")


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()

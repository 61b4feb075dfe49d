"""Cover, list of pieces and closing note of a case's file on paper (A4)."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from trading.archive import catalogue
from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.paper import FONT
from trading.projects.models import Lot

_PLAIN = {"fontName": FONT, "wordWrap": "CJK"}
_TITLE = ParagraphStyle("title", fontSize=20, leading=30, alignment=TA_CENTER, spaceAfter=10 * mm, **_PLAIN)
_HEADING = ParagraphStyle("heading", fontSize=14, leading=22, alignment=TA_CENTER, spaceAfter=4 * mm, **_PLAIN)
_LABEL = ParagraphStyle("label", fontSize=10.5, leading=16, textColor="#444444", **_PLAIN)
_VALUE = ParagraphStyle("value", fontSize=10.5, leading=16, **_PLAIN)
_CELL = ParagraphStyle("cell", fontSize=7.5, leading=10.5, **_PLAIN)
_FIGURE = ParagraphStyle("figure", parent=_CELL, alignment=TA_RIGHT)
#: Hashes are cut where the cell ends; they hold no word that must stay whole.
_HASH = ParagraphStyle("hash", fontSize=6, leading=8, fontName="Courier", wordWrap="CJK")
_RULES = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, "#999999"), ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BACKGROUND", (0, 0), (-1, 0), "#EFEBE0")])
_WIDTHS = [9 * mm, 35 * mm, 32 * mm, 17 * mm, 17 * mm, 18 * mm, 38 * mm, 14 * mm]
_HEADS = ("序号", "题名", "责任者", "日期", "字节", "格式", "SHA-256", "备注")


def file_papers(lot: Lot) -> bytes:
    """Cover, list and closing note as one PDF. The same case gives the same bytes."""
    cover = catalogue.cover(lot)
    out = io.BytesIO()
    flow: list[Any] = [*_cover(cover), PageBreak(), *_list(lot), PageBreak(), *_closing(lot)]

    def foot(canvas: Any, _page: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawString(15 * mm, 10 * mm, cover.number)
        canvas.drawRightString(A4[0] - 15 * mm, 10 * mm, str(canvas.getPageNumber()))

    SimpleDocTemplate(out, pagesize=A4, invariant=1, leftMargin=15 * mm, rightMargin=15 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
                      title=f"{cover.number} {cover.title}", author=installation.settings().site_name,
                      subject=lot.code or "").build(flow, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _cover(cover: catalogue.Cover) -> list[Any]:
    until = cover.until.isoformat() if cover.until else "—"
    span = f"{cover.first_day} 至 {cover.last_day}" if cover.first_day else "—"
    rows = [("档号", cover.number), ("全宗", f"{cover.fonds} {cover.fonds_name}"), ("案卷题名", cover.title), ("标段编号", cover.lot),
            ("交易方式", cover.procedure), ("招标人（采购人、出让人）", cover.tenderer), ("起止日期", span),
            ("保管期限", f"{cover.retention}（自 {cover.since}，至 {until}）"), ("件数", f"{cover.pieces} 件，{cover.bytes:,} 字节"),
            ("封卷时间", f"{cover.sealed_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"), ("归档包 SHA-256", cover.pack_sha256)]
    if cover.disposed_at:
        rows.append(("销毁时间", f"{cover.disposed_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"))
    return [Paragraph("案 卷 封 面", _TITLE), _pairs(rows)]


def _list(lot: Lot) -> list[Any]:
    rows: list[list[Any]] = [[Paragraph(head, _CELL) for head in _HEADS]]
    for line in catalogue.lines(lot):
        rows.append([Paragraph(str(line.number), _FIGURE), _cell(line.title), _cell(line.responsible), _cell(line.day.isoformat()),
                     Paragraph(f"{line.bytes:,}", _FIGURE), _cell(line.format), Paragraph(line.sha256, _HASH), _cell(line.note)])
    return [Paragraph("卷 内 目 录", _HEADING), LongTable(rows, colWidths=_WIDTHS, repeatRows=1, style=_RULES)]


def _closing(lot: Lot) -> list[Any]:
    closing = catalogue.closing(lot)
    rows = [("立卷人", closing.sealed_by), ("立卷时间", f"{closing.sealed_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"), ("检查人", ""), ("检查时间", ""),
            ("件数", f"{closing.pieces} 件，{closing.bytes:,} 字节")]
    return [Paragraph("备 考 表", _HEADING), *(Paragraph(escape(remark), _VALUE) for remark in closing.remarks), Spacer(1, 6 * mm), _pairs(rows)]


def _pairs(rows: list[tuple[str, str]]) -> LongTable:
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, "#999999"), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    return LongTable([[Paragraph(escape(label), _LABEL), Paragraph(escape(value), _VALUE)] for label, value in rows], colWidths=[45 * mm, 135 * mm],
                     style=style)


def _cell(text: str) -> Paragraph:
    return Paragraph(escape(text), _CELL)

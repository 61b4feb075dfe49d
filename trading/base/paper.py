"""Lines of text as a PDF on A4.

The typeface is the Song that readers of Chinese PDFs bring along (a CID font), so that no font
file has to be installed with the platform. The same lines give the same bytes, so that a file
says nothing about when it was fetched.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))


class Look(StrEnum):
    """How a line stands on the page."""

    TITLE = "title"
    HEADING = "heading"
    BODY = "body"
    SMALL = "small"


_PLAIN = {"fontName": FONT, "wordWrap": "CJK"}
_STYLES = {
    Look.TITLE: ParagraphStyle("title", fontSize=17, leading=26, alignment=TA_CENTER, spaceAfter=6 * mm, **_PLAIN),
    Look.HEADING: ParagraphStyle("heading", fontSize=13, leading=21, spaceBefore=5 * mm, spaceAfter=2 * mm, keepWithNext=1, **_PLAIN),
    Look.BODY: ParagraphStyle("body", fontSize=11, leading=19, spaceAfter=1.5 * mm, **_PLAIN),
    Look.SMALL: ParagraphStyle("small", fontSize=8.5, leading=13, textColor="#555555", **_PLAIN)}

#: A line of text, or a gap of so many millimetres.
Line = tuple[Look, str] | int


def pdf(lines: Iterable[Line], *, title: str, author: str, subject: str = "") -> bytes:
    """The lines as one document; a line without text is a small gap."""
    out = io.BytesIO()
    flow: list[Any] = []
    for line in lines:
        if isinstance(line, int):
            flow.append(Spacer(1, line * mm))
        elif line[1].strip():
            flow.append(Paragraph(escape(line[1]), _STYLES[line[0]]))
        else:
            flow.append(Spacer(1, 3 * mm))
    SimpleDocTemplate(out, pagesize=A4, invariant=1, leftMargin=25 * mm, rightMargin=25 * mm, topMargin=22 * mm, bottomMargin=20 * mm,
                      title=title, author=author, subject=subject).build(flow)
    return out.getvalue()

"""A notice as a PDF and as structured data: the same words and values as its page.

The PDF uses the Song typeface that readers of Chinese PDFs bring along (a CID font), so that
no font file has to be installed with the platform.
"""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from trading.announcements import words
from trading.announcements.models import Notice
from trading.base.clock import BEIJING

FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))

_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=17, leading=26, alignment=TA_CENTER, wordWrap="CJK", spaceAfter=6 * mm)
_BODY = ParagraphStyle("body", fontName=FONT, fontSize=11, leading=19, wordWrap="CJK", spaceAfter=1.5 * mm)
_SMALL = ParagraphStyle("small", fontName=FONT, fontSize=8.5, leading=13, wordWrap="CJK", textColor="#555555")


def document(notice: Notice) -> dict[str, Any]:
    """A notice with all versions as plain data; the hashes are those of the evidence."""
    versions = [{"number": version.number, "published_at": version.published_at.isoformat(), "sha256": version.sha256,
                 "body": version.body, "schedule": version.schedule}
                for version in notice.versions if version.published_at]
    return {"id": notice.id, "kind": notice.kind, "title": notice.title, "procedure": notice.procedure, "region": notice.region,
            "project": notice.project.code, "lot": notice.lot.code if notice.lot else None, "versions": versions}


def pdf(notice: Notice, *, organiser: str, address: str) -> bytes:
    """The version in force, on A4, with its hash and where it stands."""
    version = next(item for item in reversed(notice.versions) if item.published_at)
    assert version.published_at is not None
    out = io.BytesIO()
    lines: list[Any] = [Paragraph(escape(notice.title), _TITLE)]
    lines += [Paragraph(f"{escape(row['key'])}：{escape(row['value'])}", _BODY) for row in words.schedule(version.schedule)]
    lines += [Paragraph(escape(line), _BODY) if line.strip() else Spacer(1, 3 * mm) for line in version.body.split("\n")]
    lines += [Spacer(1, 8 * mm), Paragraph(escape(organiser), _BODY),
              Paragraph(f"{version.published_at.astimezone(BEIJING):%Y-%m-%d %H:%M}", _BODY), Spacer(1, 6 * mm),
              Paragraph(f"第 {version.number} 版　{escape(address)}", _SMALL), Paragraph(f"SHA-256 {version.sha256}", _SMALL)]
    # Invariant: the same notice gives the same bytes, so that a file says nothing about when it was fetched.
    SimpleDocTemplate(out, pagesize=A4, invariant=1, leftMargin=25 * mm, rightMargin=25 * mm, topMargin=22 * mm, bottomMargin=20 * mm,
                      title=notice.title, author=organiser, subject=notice.project.code or "").build(lines)
    return out.getvalue()

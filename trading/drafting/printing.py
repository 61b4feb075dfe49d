"""A fixed tender document as a PDF: the sections of its structured data, and the hash of it."""

from __future__ import annotations

from typing import Any

from trading.base import paper
from trading.base.paper import Line, Look


def pdf(document: dict[str, Any], *, sha256: str, author: str) -> bytes:
    lines: list[Line] = [(Look.TITLE, document["title"]), (Look.BODY, document["kind"]), 4]
    for part in document["sections"]:
        lines.append((Look.HEADING, part["heading"]))
        lines += [(Look.BODY, paragraph) for paragraph in part["paragraphs"]]
    lines += [8, (Look.SMALL, f"第 {document['number']} 版　{document['fixed_at']}"), (Look.SMALL, f"SHA-256 {sha256}")]
    return paper.pdf(lines, title=document["title"], author=author, subject=document["project"] or "")

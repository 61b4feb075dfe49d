"""A notice as a PDF and as structured data: the same words and values as its page."""

from __future__ import annotations

from typing import Any

from trading.announcements import words
from trading.announcements.models import Notice
from trading.announcements.rules import Kind
from trading.base import paper
from trading.base.clock import BEIJING
from trading.base.paper import Line, Look
from trading.sales import pages as sale_pages


def document(notice: Notice) -> dict[str, Any]:
    """A notice with all versions as plain data; the hashes are those of the evidence."""
    versions = [{"number": version.number, "published_at": version.published_at.isoformat(), "sha256": version.sha256,
                 "body": version.body, "schedule": version.schedule}
                for version in notice.versions if version.published_at]
    return {"id": notice.id, "kind": notice.kind, "title": notice.title, "procedure": notice.procedure, "region": notice.region,
            "project": notice.project.code, "lot": notice.lot.code if notice.lot else None, "versions": versions,
            **({"sales": sales} if notice.kind == Kind.TENDER and (sales := sale_pages.data(notice.project)) else {})}


def pdf(notice: Notice, *, organiser: str, address: str) -> bytes:
    """The version in force, on A4, with its hash and where it stands."""
    version = next(item for item in reversed(notice.versions) if item.published_at)
    assert version.published_at is not None
    lines: list[Line] = [(Look.TITLE, notice.title)]
    lines += [(Look.BODY, f"{row['key']}：{row['value']}") for row in words.schedule(version.schedule)]
    lines += [(Look.BODY, line) for line in version.body.split("\n")]
    lines += [8, (Look.BODY, organiser), (Look.BODY, f"{version.published_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"), 6,
              (Look.SMALL, f"第 {version.number} 版　{address}"), (Look.SMALL, f"SHA-256 {version.sha256}")]
    return paper.pdf(lines, title=notice.title, author=organiser, subject=notice.project.code or "")

"""One notice with all its versions and what changed between them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from flask_babel import gettext as _

from trading.announcements import contents, words
from trading.announcements.models import Notice, NoticeVersion
from trading.announcements.rules import Kind
from trading.base.language import language
from trading.sales import pages as sale_pages

Piece = tuple[str, str]
#: Above this many characters a changed passage is shown whole, because comparing takes the square of it.
LONGEST_FINE = 4000


def values(notice: Notice) -> dict[str, Any]:
    published = [version for version in notice.versions if version.published_at]
    versions: list[dict[str, Any]] = []
    for index, version in enumerate(published):
        earlier = published[index - 1] if index else None
        versions.append({
            "number": version.number, "at": version.published_at, "hash": version.sha256, "lines": version.body.split("\n"),
            "english": contents.shown(version.schedule.get("content", ()), english=True) if language() == "en" else [],
            "dates": words.schedule(version.schedule), "current": version is published[-1],
            "changes": list(compare(_lines(earlier), _lines(version))) if earlier else None})
    versions.reverse()
    return {"notice": notice, "kind": words.kind(notice.kind, notice.procedure), "versions": versions,
            "parts": [{"name": lot.name, "parts": parts} for lot in notice.project.lots
                      if (parts := sale_pages.of(lot.method, lot.estimate_fen, lot.ceiling_fen, lot.deposit_fen))] if notice.kind == Kind.TENDER else []}


def _lines(version: NoticeVersion) -> list[str]:
    dates = [_("%(what)s：%(name)s", what=row["key"], name=row["value"]) for row in words.schedule(version.schedule)]
    return dates + version.body.split("\n")


def compare(old: list[str], new: list[str]) -> Iterator[list[Piece]]:
    """Line by line, pieces of ('same' | 'del' | 'ins', text)."""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ([("same", line)] for line in old[i1:i2])
        elif tag == "replace" and i2 - i1 == j2 - j1:
            yield from (_within(before, after) for before, after in zip(old[i1:i2], new[j1:j2], strict=True))
        else:
            yield from ([("del", line)] for line in old[i1:i2])
            yield from ([("ins", line)] for line in new[j1:j2])


def _within(before: str, after: str) -> list[Piece]:
    if len(before) + len(after) > LONGEST_FINE:
        return [("del", before), ("ins", after)]
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", before[i1:i2]))
            continue
        if i2 > i1:
            pieces.append(("del", before[i1:i2]))
        if j2 > j1:
            pieces.append(("ins", after[j1:j2]))
    return pieces

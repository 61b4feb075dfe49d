"""Names of templates, sections and fields in the reader's language; names in the document itself are Chinese."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trading.base.errors import Refused
from trading.base.language import language, refusal_text
from trading.drafting.filling import Slot
from trading.drafting.models import TenderDocument
from trading.drafting.outlines import Outline, Section
from trading.drafting.rules import Hint, Remark

def outline(found: Outline) -> str:
    return found.en if language() == "en" else found.zh


def section(found: Section) -> str:
    return found.en if language() == "en" else found.zh


def label(slot: Slot) -> str:
    """What a field is called."""
    return slot.names[language() == "en"]


def hint(slot: Slot) -> str:
    return slot.field.hint_en if language() == "en" else slot.field.hint_zh


def choices(slot: Slot) -> list[tuple[str, str]]:
    return [(name, en if language() == "en" else zh) for name, zh, en in slot.field.choices]


def remark(found: Remark, labels: dict[str, str]) -> dict[str, Any]:
    """A finding as a row of the page."""
    finding = found.finding
    return {"field": labels.get(found.field, found.field), "href": f"#{found.field}", "ok": finding.ok, "key": finding.key,
            "article": finding.article, "text": refusal_text(Refused(finding.reason, **finding.facts))}


def clue(found: Hint, labels: dict[str, str]) -> dict[str, str]:
    """A clue as the page shows it."""
    clause = found.clue.clause
    return {"field": labels.get(found.field, found.field), "what": clause.en if language() == "en" else clause.zh,
            "found": found.clue.found, "sentence": found.clue.sentence, "article": found.clue.rule.article, "mark": found.mark}


def state(document: TenderDocument | None) -> dict[str, str]:
    """How far the newest version has come, as status() takes it."""
    if document is None:
        return {"kind": "todo", "text": _("未编制")}
    if document.fixed_at is None:
        return {"kind": "doing", "text": _("第 %(number)s 版，草稿", number=document.number)}
    return {"kind": "done", "text": _("第 %(number)s 版，已定稿", number=document.number)}

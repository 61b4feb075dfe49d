"""Read what people type into plain values: strict about meaning, lenient about width."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Any

from flask import request

from trading.base.clock import BEIJING
from trading.base.errors import Refused

_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def moment(text: str) -> datetime:
    """A moment in Beijing time such as 2026-09-04 10:00. Raises Refused ``form.time``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _MOMENT.fullmatch(plain)
    if match is None:
        raise Refused("form.time", text=text[:40])
    try:
        return datetime(*(int(part or 0) for part in match.groups()), tzinfo=BEIJING)  # type: ignore[arg-type,misc]
    except ValueError:
        raise Refused("form.time", text=text[:40]) from None


def day(text: str) -> date:
    """A day such as 2026-09-04. Raises Refused ``form.time``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", plain, re.ASCII):
        raise Refused("form.time", text=text[:40])
    try:
        return date.fromisoformat(plain)
    except ValueError:
        raise Refused("form.time", text=text[:40]) from None


def number(text: str, *, least: int = 0, most: int = 2**53 - 1) -> int:
    """A whole number; full-width digits are read, anything else is refused (``form.number``)."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\d{1,16}", plain, re.ASCII) or not least <= int(plain) <= most:
        raise Refused("form.number", text=text[:40])
    return int(plain)


def json_object(**kinds: type) -> dict[str, Any]:
    """The request's JSON object with exactly these fields. Raises Refused ``form.document``."""
    document = request.get_json(silent=True)
    if not isinstance(document, dict) or set(document) != set(kinds):
        raise Refused("form.document", place=", ".join(sorted(kinds)))
    for name, kind in kinds.items():
        if not isinstance(document[name], kind) or isinstance(document[name], bool):
            raise Refused("form.document", place=name)
    return document

"""Why a case must be kept as it is: holds, and objections and complaints that are not settled. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """On what a hold rests."""

    COMPLAINT = "complaint"
    LAWSUIT = "lawsuit"
    INVESTIGATION = "investigation"


#: Acts that begin a matter, and those that end it.
_BEGINS = {"objection.filed": "objection", "complaint.filed": "complaint"}
_ENDS = {"objection.replied": "objection", "objection.withdrawn": "objection",
         "complaint.decided": "complaint", "complaint.refused": "complaint", "complaint.withdrawn": "complaint"}
KINDS = (*_BEGINS, *_ENDS)


def open_matters(events: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Objections and complaints that nobody has answered, decided or taken back: (noun, number)."""
    found: dict[tuple[str, int], None] = {}
    for event in events:
        if noun := _BEGINS.get(event["type"]):
            found[noun, event[noun]] = None
        elif noun := _ENDS.get(event["type"]):
            found.pop((noun, event[noun]), None)
    return list(found)

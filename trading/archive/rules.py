"""The catalogue of a case (档案目录): what must be there, by how far the case went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


#: How a lot's price is found: by sealed offers, or live.
SEALED, LIVE = "sealed", "live"


@dataclass(frozen=True)
class Place:
    """One place of the catalogue: a path prefix, its title, the stage from which it is due."""

    prefix: str
    title: str
    title_en: str
    due_from: str
    # Only where experts were drawn.
    with_committee: bool = False
    # Only where one winner is named; a framework admits several.
    with_winner: bool = False
    # Another prefix that fills the place as well.
    otherwise: str = ""
    # Only where offers are sealed, or only where the price is competed for live; empty for both.
    only: str = ""

    def holds(self, path: str) -> bool:
        return path.startswith(self.prefix) or bool(self.otherwise) and path.startswith(self.otherwise)


CATALOGUE = (
    Place("05-registration/", "进场登记材料", "Registration", "registered"),
    Place("10-notices/", "公告与澄清", "Notices and clarifications", "announced"),
    Place("00-policy/session-bid", "封存会话文件", "Sealing session", "bidding", otherwise="00-policy/session-technical", only=SEALED),
    Place("10-bids/", "投标文件与回执", "Bids and filing records", "closed", only=SEALED),
    Place("20-auction/bids", "有效报价", "Valid bids", "awarded", only=LIVE),
    Place("20-auction/room", "竞价记录", "Log of the room", "awarded", only=LIVE),
    Place("20-auction/paddles", "竞买人与竞买号", "Bidders and their paddles", "awarded", only=LIVE),
    Place("10-bids/releases/", "密钥份额释放", "Released key shares", "opened", only=SEALED),
    Place("15-opening/record", "开标记录", "Opening record", "opened", only=SEALED),
    Place("20-draw/exclusions", "回避记录", "Recusals", "evaluated", True, only=SEALED),
    Place("30-evaluation/report", "评标报告", "Evaluation report", "evaluated", only=SEALED),
    Place("20-draw/transcript", "专家抽取记录", "Draw transcript", "awarded", True, only=SEALED),
    Place("40-award/award-notice", "中标通知书", "Award notice", "awarded", with_winner=True),
    Place("40-award/contract", "合同备案", "Contract record", "contracted"),
)

_ORDER = ("registered", "announced", "bidding", "closed", "opened", "evaluated", "awarded", "contracted")
#: How far a failed or terminated case must be documented follows from its latest normal stage.


def due_places(reached: str, *, with_committee: bool = True, with_winner: bool = True, way: str = SEALED) -> list[Place]:
    """The places that a case which reached a stage must fill."""
    limit = _ORDER.index(reached)
    return [place for place in CATALOGUE if _ORDER.index(place.due_from) <= limit and place.only in ("", way)
            and (with_committee or not place.with_committee) and (with_winner or not place.with_winner)]


def gaps(paths: Iterable[str], reached: str, *, with_committee: bool = True, with_winner: bool = True, way: str = SEALED) -> list[Place]:
    """Due places that no piece fills."""
    found = list(paths)
    return [place for place in due_places(reached, with_committee=with_committee, with_winner=with_winner, way=way) if not any(map(place.holds, found))]


def is_running(events: Iterable[Mapping[str, Any]], today: str) -> bool:
    """Whether a framework still runs: an agreement in force on that day, or a purchase not settled."""
    ends: dict[str, str] = {}
    calls = 0
    for event in events:
        if event["type"] == "framework.signed":
            ends[event["supplier"]] = event["ends_on"]
        elif event["type"] == "framework.left":
            ends.pop(event["supplier"], None)
        elif event["type"] == "framework.called":
            calls += 1
        elif event["type"] in ("framework.chosen", "framework.call_failed"):
            calls -= 1
    return calls > 0 or any(day >= today for day in ends.values())


def reached(events: Iterable[str]) -> str:
    """The furthest normal stage that the case's evidence shows (``lot.opened`` and so on)."""
    seen = [kind.removeprefix("lot.") for kind in events if kind.startswith("lot.")]
    known = [stage for stage in _ORDER if stage in seen]
    return known[-1] if known else "registered"

"""Life of a lot (标段), what a registration must hold, and how projects are numbered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trading.base.errors import Refused
from trading.law.limits import Category


class Stage(StrEnum):
    REGISTERED = "registered"
    ANNOUNCED = "announced"
    BIDDING = "bidding"
    CLOSED = "closed"
    OPENED = "opened"
    EVALUATED = "evaluated"
    PUBLICISED = "publicised"
    AWARDED = "awarded"
    CONTRACTED = "contracted"
    ARCHIVED = "archived"
    PAUSED = "paused"
    FAILED = "failed"
    TERMINATED = "terminated"
    RESTARTED = "restarted"


class Step(StrEnum):
    ANNOUNCE = "announce"
    START_BIDDING = "start_bidding"
    CLOSE = "close"
    OPEN = "open"
    EVALUATE = "evaluate"
    PUBLICISE = "publicise"
    AWARD = "award"
    CONTRACT = "contract"
    ARCHIVE = "archive"
    PAUSE = "pause"
    RESUME = "resume"
    FAIL = "fail"
    TERMINATE = "terminate"
    RESTART = "restart"


S, T = Stage, Step
#: Stages in which a case is under way and may be paused, fail or be terminated.
UNDER_WAY = (S.REGISTERED, S.ANNOUNCED, S.BIDDING, S.CLOSED, S.OPENED, S.EVALUATED, S.PUBLICISED)

LIFE: dict[tuple[Stage, Step], Stage] = {
    (S.REGISTERED, T.ANNOUNCE): S.ANNOUNCED,
    (S.ANNOUNCED, T.START_BIDDING): S.BIDDING,
    (S.BIDDING, T.CLOSE): S.CLOSED,
    (S.CLOSED, T.OPEN): S.OPENED,
    (S.OPENED, T.EVALUATE): S.EVALUATED,
    (S.EVALUATED, T.PUBLICISE): S.PUBLICISED,
    # Procurement announces its result without a publicity of candidates (statutes, trap 2).
    (S.EVALUATED, T.AWARD): S.AWARDED,
    (S.PUBLICISED, T.AWARD): S.AWARDED,
    (S.AWARDED, T.CONTRACT): S.CONTRACTED,
    (S.CONTRACTED, T.ARCHIVE): S.ARCHIVED,
    (S.FAILED, T.RESTART): S.RESTARTED,
    (S.TERMINATED, T.RESTART): S.RESTARTED,
    (S.FAILED, T.ARCHIVE): S.ARCHIVED,
    (S.TERMINATED, T.ARCHIVE): S.ARCHIVED,
    **{(stage, T.PAUSE): S.PAUSED for stage in UNDER_WAY},
    **{(stage, T.FAIL): S.FAILED for stage in (S.CLOSED, S.OPENED, S.EVALUATED, S.PUBLICISED)},
    **{(stage, T.TERMINATE): S.TERMINATED for stage in (*UNDER_WAY, S.PAUSED)},
}


def after(stage: Stage, step: Step, *, paused_from: Stage | None = None) -> Stage:
    """The stage a lot is in after a step; a resumed lot goes back to where it was paused."""
    if (stage, step) == (Stage.PAUSED, Step.RESUME) and paused_from is not None:
        return paused_from
    try:
        return LIFE[stage, step]
    except KeyError:
        raise Refused("project.step_not_allowed", stage=stage, step=step) from None


@dataclass(frozen=True)
class Procedure:
    """One procedure type as a row of configuration over the one engine."""

    id: str
    family: str
    name: str
    name_en: str
    publicity: bool
    methods: tuple[str, ...]


#: The rows that this platform runs today; later rows need no new class.
PROCEDURES: dict[str, Procedure] = {
    row.id: row for row in (
        Procedure("works-open", "works", "公开招标（工程）", "Open tender (works)", True,
                  ("works_comprehensive", "works_lowest")),
        Procedure("procurement-open", "procurement", "公开招标（采购）", "Open tender (procurement)", False,
                  ("procurement_comprehensive", "procurement_lowest")),
    )
}

CATEGORIES = tuple(Category)


def procedure(procedure_id: str) -> Procedure:
    try:
        return PROCEDURES[procedure_id]
    except KeyError:
        raise Refused("project.procedure_unknown", procedure=procedure_id[:40]) from None


#: What must be there before a registrar accepts, asked for in one list (一次性告知).
REQUIRED = ("name", "category", "procedure", "funding", "region", "estimate_fen", "approval")
REQUIRED_LOT = ("name", "estimate_fen", "qualifications", "method")
REQUIRED_FILES = ("approval", "tender_document")


def missing(project: Mapping[str, Any], lots: list[Mapping[str, Any]], file_kinds: set[str]) -> list[str]:
    """Everything that a registration lacks, as dotted places, complete in one go."""
    gaps = [f"project.{name}" for name in REQUIRED if not project.get(name)]
    if not lots:
        gaps.append("lots")
    for number, lot in enumerate(lots, 1):
        gaps += [f"lots.{number}.{name}" for name in REQUIRED_LOT if not lot.get(name)]
        ceiling, estimate = lot.get("ceiling_fen"), lot.get("estimate_fen")
        if ceiling and estimate and ceiling > estimate * 2:
            gaps.append(f"lots.{number}.ceiling_fen")
    return gaps + [f"files.{kind}" for kind in REQUIRED_FILES if kind not in file_kinds]


# --- numbering (数据规范 V2.0): letter + 10-digit platform + 6-digit project + 3-digit tender --

_LETTER = {"works": "A", "procurement": "D", "land": "B", "property": "C"}


def project_code(family: str, platform: str, number: int) -> str:
    """20 characters: TENDER_PROJECT_CODE."""
    if not re.fullmatch(r"\d{10}", platform) or not 0 < number < 10**6:
        raise Refused("project.numbering", platform=platform, number=number)
    return f"{_LETTER[family]}{platform}{number:06d}001"


def lot_code(project: str, number: int) -> str:
    """23 characters: BID_SECTION_CODE."""
    if not 0 < number < 1000:
        raise Refused("project.numbering", number=number)
    return f"{project}{number:03d}"

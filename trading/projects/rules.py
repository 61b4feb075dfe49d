"""Life of a lot (标段), what a registration must hold, and how projects are numbered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

from trading.base.errors import Refused
from trading.law.limits import Category
from trading.law.procedures import PROCEDURES, Family, Procedure


#: Who opens sealed bids: key holders and the bidder's own half, key holders alone, the bidder alone (docs/protocol.md, 2.2).
POLICIES = ("TB", "T", "B")
USUAL_POLICY = "TB"

#: Hours after the deadline before which no price envelope opens, where prices come in envelopes of their own.
LEAST_HOURS, MOST_HOURS = 1, 720


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
    REVOKE = "revoke"
    CONTRACT = "contract"
    ARCHIVE = "archive"
    PAUSE = "pause"
    RESUME = "resume"
    FAIL = "fail"
    TERMINATE = "terminate"
    RESTART = "restart"


S, T = Stage, Step
#: The step that leads into each stage of a lot's way.
INTO = {S.ANNOUNCED: T.ANNOUNCE, S.BIDDING: T.START_BIDDING, S.CLOSED: T.CLOSE, S.OPENED: T.OPEN, S.EVALUATED: T.EVALUATE,
        S.PUBLICISED: T.PUBLICISE, S.AWARDED: T.AWARD, S.CONTRACTED: T.CONTRACT, S.ARCHIVED: T.ARCHIVE}
#: Stages in which a case is under way and may be terminated; pauses also reach the signing of the contract.
UNDER_WAY = (S.REGISTERED, S.ANNOUNCED, S.BIDDING, S.CLOSED, S.OPENED, S.EVALUATED, S.PUBLICISED)
MAY_PAUSE = (*UNDER_WAY, S.AWARDED)
MAY_FAIL = (S.CLOSED, S.OPENED, S.EVALUATED, S.PUBLICISED)

#: Side stages, the same for every procedure.
SIDE: dict[tuple[Stage, Step], Stage] = {
    **{(stage, T.PAUSE): S.PAUSED for stage in MAY_PAUSE},
    **{(stage, T.FAIL): S.FAILED for stage in MAY_FAIL},
    **{(stage, T.TERMINATE): S.TERMINATED for stage in (*UNDER_WAY, S.PAUSED)},
    (S.FAILED, T.RESTART): S.RESTARTED,
    (S.TERMINATED, T.RESTART): S.RESTARTED,
    (S.FAILED, T.ARCHIVE): S.ARCHIVED,
    (S.TERMINATED, T.ARCHIVE): S.ARCHIVED,
    (S.RESTARTED, T.ARCHIVE): S.ARCHIVED,
}


@cache
def life(procedure_id: str) -> dict[tuple[Stage, Step], Stage]:
    """The life table of a lot under one procedure: (stage, step) -> stage."""
    way = [Stage(stage) for stage in procedure(procedure_id).stages]
    straight = {(before, INTO[stage]): stage for before, stage in zip(way, way[1:], strict=False)}
    side = {(stage, step): after for (stage, step), after in SIDE.items() if stage in way or stage not in INTO}
    # An award that falls away leads back to the candidates, never further.
    back = {(S.AWARDED, T.REVOKE): way[way.index(S.AWARDED) - 1]} if S.EVALUATED in way else {}
    # Where a lot may be competed for live instead, nothing is opened or evaluated: the deal ends the bidding.
    live = {(S.CLOSED, T.AWARD): S.AWARDED} if "live" in procedure(procedure_id).methods else {}
    return straight | side | back | live


def after(procedure_id: str, stage: Stage, step: Step, *, paused_from: Stage | None = None) -> Stage:
    """The stage a lot is in after a step; a resumed lot goes back to where it was paused."""
    if (stage, step) == (Stage.PAUSED, Step.RESUME) and paused_from is not None:
        return paused_from
    if (stage, step, paused_from) == (Stage.PAUSED, Step.TERMINATE, Stage.AWARDED):
        # What may not be terminated may not be terminated by way of a pause either.
        raise Refused("project.step_not_allowed", stage=Stage.AWARDED, step=step)
    try:
        return life(procedure_id)[stage, step]
    except KeyError:
        raise Refused("project.step_not_allowed", stage=stage, step=step) from None


def can_have_two_envelopes(row: Procedure) -> bool:
    """Whether prices may come in envelopes of their own: in works that a committee judges and where the price is
    given once. Elsewhere the law has prices read out at the opening (87号令 41), or there is nothing to judge before them.
    """
    return row.family is Family.WORKS and row.rounds == "one" and bool(row.committee) and not row.is_prequalification


def may_have_two_envelopes(row: Procedure, policy: str, hours: int) -> None:
    """Raises Refused ``project.two_envelopes`` or ``project.prices_after``.

    With policy B whoever holds the bidders' halves would hold their prices while the committee judges.
    """
    if not can_have_two_envelopes(row) or policy == "B":
        raise Refused("project.two_envelopes")
    if not LEAST_HOURS <= hours <= MOST_HOURS:
        raise Refused("project.prices_after", least=LEAST_HOURS, most=MOST_HOURS)


def procedure(procedure_id: str) -> Procedure:
    """The row of a procedure type. Raises Refused ``project.procedure_unknown``."""
    if procedure_id not in PROCEDURES:
        raise Refused("project.procedure_unknown", procedure=procedure_id[:40])
    return PROCEDURES[procedure_id]


def runnable(procedure_id: str) -> Procedure:
    """A type that this platform takes to its end today. Raises Refused ``project.procedure_not_run``."""
    row = procedure(procedure_id)
    if not row.runs:
        raise Refused("project.procedure_not_run", procedure=row.zh)
    return row


def grants_land_live(procedure_id: str) -> bool:
    """Whether a type grants land by live bidding (拍卖、挂牌): its lots are parcels, its days run to the opening."""
    row = procedure(procedure_id)
    return row.family is Family.LAND and row.rounds == "live"


def deposit_base_fen(method: Mapping[str, Any], estimate_fen: int) -> int:
    """What a lot's deposit is a share of: the grant floor (出让最低价) of its parcel, where it states one, else its estimate."""
    floor = (method.get("sale") or {}).get("parcel", {}).get("floor_fen")
    return floor if isinstance(floor, int) and floor > 0 else estimate_fen


#: Types offered at registration.
RUNNABLE = tuple(row.id for row in PROCEDURES.values() if row.runs)

CATEGORIES = (*Category, "land", "property")



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
        row = PROCEDURES.get(str(project.get("procedure")))
        if row is not None and row.rounds == "fixed" and not ceiling:
            gaps.append(f"lots.{number}.ceiling_fen")  # the fixed price itself
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

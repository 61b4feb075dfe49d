"""Procedure types (交易方式): rows of ``procedures.toml`` over one engine.

A row names the stages of a lot, how bidders come, the head counts and what follows below
them, the periods, the publicity, the path of objections, the committee and the methods.
A further type is a further row; nothing in the code asks for a type by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from trading.base.errors import Refused


class Family(StrEnum):
    """Which body of law governs a procedure."""

    WORKS = "works"
    PROCUREMENT = "procurement"
    LAND = "land"
    PROPERTY = "property"


class Call(StrEnum):
    """How bidders come to a case."""

    OPEN = "open"
    INVITED = "invited"
    DRAWN = "drawn"
    DIRECT = "direct"


class Remedy(StrEnum):
    """The path on which bidders contest a step: 异议, 质疑, or none that the law names."""

    OBJECTION = "objection"
    QUESTION = "question"
    NONE = "none"


class Below(StrEnum):
    """What follows when a head count is too low."""

    FAIL = "fail"
    STOP = "stop"
    MAY_REJECT = "may_reject"


@dataclass(frozen=True)
class Gate:
    """One head count: the rule that says how many, and what follows below it."""

    rule: str
    below: Below


@dataclass(frozen=True)
class Procedure:
    """One procedure type as configuration (docs/law.md)."""

    id: str
    family: Family
    zh: str
    en: str
    runs: bool
    call: Call
    read_out: bool
    begins_with: str
    stages: tuple[str, ...]
    gates: Mapping[str, Gate]
    periods: Mapping[str, str]
    publicity: str
    remedy: Remedy
    committee: str
    rounds: str
    methods: tuple[str, ...]
    as_in: str = ""

    @property
    def is_prequalification(self) -> bool:
        """Whether it only finds out who may take part in a tender that follows (资格预审)."""
        return self.begins_with == "prequalification"

    @property
    def has_winner(self) -> bool:
        """Whether one bidder wins the lot: not in a framework, nor in a prequalification."""
        return not self.is_framework and not self.is_prequalification

    @property
    def is_framework(self) -> bool:
        """Whether several suppliers are admitted first and purchases are called off later."""
        return self.begins_with == "framework"


STAGES = ("registered", "announced", "bidding", "closed", "opened", "evaluated", "publicised", "awarded", "contracted", "archived")
ROUNDS = ("one", "several", "negotiated", "live", "fixed", "none")


def read(text: str) -> dict[str, Procedure]:
    """Procedure rows of a file. Raises ValueError naming the row and what is wrong with it."""
    found: dict[str, Procedure] = {}
    for row in tomllib.loads(text)["procedure"]:
        name = str(row.get("id"))
        if name in found:
            raise ValueError(f"{name}: two rows")
        found[name] = _row(name, row)
    return found


def _row(name: str, row: Mapping[str, Any]) -> Procedure:
    wanted = set(Procedure.__dataclass_fields__)
    if set(row) | {"as_in"} != wanted:
        raise ValueError(f"{name}: unknown or missing {sorted((set(row) | {'as_in'}) ^ wanted)}")
    stages = tuple(row["stages"])
    places = [STAGES.index(stage) for stage in stages if stage in STAGES]
    if len(places) != len(stages) or places != sorted(set(places)) or stages[:2] != STAGES[:2] or stages[-1] != STAGES[-1]:
        raise ValueError(f"{name}: stages out of order")
    if ("publicised" in stages) != bool(row["publicity"]):
        raise ValueError(f"{name}: a publicity needs its stage, and the stage its rule")
    if row["rounds"] not in ROUNDS:
        raise ValueError(f"{name}: unknown rounds {row['rounds']!r}")
    return Procedure(**{**row, "family": Family(row["family"]), "call": Call(row["call"]), "stages": stages,
                        "gates": {gate: Gate(rule, Below(below)) for gate, (rule, below) in row["gates"].items()},
                        "remedy": Remedy(row["remedy"]), "methods": tuple(row["methods"])})


PROCEDURES: dict[str, Procedure] = read(Path(__file__).with_name("procedures.toml").read_text("utf-8"))

#: The family of law behind each procedure.
FAMILIES: dict[str, Family] = {row.id: row.family for row in PROCEDURES.values()}

#: Whose rule rows hold for a procedure: its own, or those of the type that it is a part of.
LAW_OF: dict[str, str] = {row.id: row.as_in or row.id for row in PROCEDURES.values()}

#: First part of the rule keys of a family: ct.bid_period, gp.bid_period, ...
PREFIXES: dict[Family, str] = {
    Family.WORKS: "ct",
    Family.PROCUREMENT: "gp",
    Family.LAND: "ld",
    Family.PROPERTY: "pr",
}


#: The procedure meant when a key of one family is asked for without naming any.
MAIN: dict[str, str] = {
    "ct": "works-open",
    "gp": "procurement-open",
    "ld": "land-listing",
    "pr": "property-listing",
}


#: Methods that need no committee: the price decides (39号令 14), the lot, or an agreement.
UNJUDGED = frozenset({"land_highest", "property_highest", "lottery", "negotiated"})


def procedure(procedure_id: str) -> Procedure:
    """The row of a type. Raises Refused ``law.unknown_procedure``."""
    try:
        return PROCEDURES[procedure_id]
    except KeyError:
        raise Refused("law.unknown_procedure", procedure=procedure_id[:40]) from None


def family(procedure_id: str) -> Family:
    """Name the body of law that governs a procedure."""
    return procedure(procedure_id).family


def key(procedure_id: str, name: str) -> str:
    """Build the rule key of one name in the procedure's own family: ct.clarify, gp.clarify."""
    return f"{PREFIXES[family(procedure_id)]}.{name}"

"""The procedure types that rule rows speak about, and the family of law behind each.

A procedure is a row of configuration over one engine; here it is only a name that a
rule row can list. Keys of rules begin with the short name of the family they serve.
"""

from __future__ import annotations

from enum import StrEnum

from trading.base.errors import Refused


class Family(StrEnum):
    """Which body of law governs a procedure."""

    WORKS = "works"
    PROCUREMENT = "procurement"
    LAND = "land"
    PROPERTY = "property"


FAMILIES: dict[str, Family] = {
    "works-open": Family.WORKS,
    "works-invited": Family.WORKS,
    "works-comparison": Family.WORKS,
    "agency-selection": Family.WORKS,
    "procurement-open": Family.PROCUREMENT,
    "procurement-invited": Family.PROCUREMENT,
    "negotiation": Family.PROCUREMENT,
    "consultation": Family.PROCUREMENT,
    "inquiry": Family.PROCUREMENT,
    "single-source": Family.PROCUREMENT,
    "framework": Family.PROCUREMENT,
    "land-tender": Family.LAND,
    "land-auction": Family.LAND,
    "land-listing": Family.LAND,
    "property-listing": Family.PROPERTY,
}

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


def family(procedure: str) -> Family:
    """Name the body of law that governs a procedure."""
    try:
        return FAMILIES[procedure]
    except KeyError:
        raise Refused("law.unknown_procedure", procedure=procedure) from None


def key(procedure: str, name: str) -> str:
    """Build the rule key of one name in the procedure's own family: ct.clarify, gp.clarify."""
    return f"{PREFIXES[family(procedure)]}.{name}"

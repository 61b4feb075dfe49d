"""The published document of a draw, from which anyone can work the whole draw out again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785

from experts.draw.strata import Decline, Outcome, Stratum, fill, thin
from experts.draw.tickets import Row, base, digest, pool_root, seed, unbase
from trading.base.errors import Refused

#: The only way of replacing who declines; named in the parameters so that it is committed to.
SUBSTITUTE_RULE = "next-ticket"


@dataclass(frozen=True)
class Recomputed:
    """A draw worked out again from its document."""

    params_hash: bytes
    pool_root: bytes
    seed: bytes
    outcome: Outcome
    thin: tuple[str, ...]


def params(
    draw: str,
    lot: str,
    strata: Sequence[Stratum],
    *,
    employer_cap: int,
    reserve: int,
    frozen_at: int,
    seal_tool_sha256: str,
) -> dict[str, Any]:
    """What is fixed and published before anybody contributes (step 1)."""
    return {
        "v": 1,
        "draw": draw,
        "lot": lot,
        "strata": [
            {
                "id": stratum.id,
                "count": stratum.count,
                "regions": list(stratum.regions),
                "specs": list(stratum.specs),
            }
            for stratum in strata
        ],
        "employer_cap": employer_cap,
        "reserve": reserve,
        "substitute_rule": SUBSTITUTE_RULE,
        "frozen_at": frozen_at,
        "seal_tool_sha256": seal_tool_sha256,
    }


def params_hash(params: Mapping[str, Any]) -> bytes:
    """The hash of the published parameters that goes into the seed."""
    return digest("draw-params", rfc8785.dumps(dict(params)))


def transcript(
    params: Mapping[str, Any],
    pool: Iterable[Row],
    contributions: Mapping[str, bytes],
    beacon: bytes | None = None,
    declines: Sequence[Decline] = (),
) -> dict[str, Any]:
    """Carry out the draw and write the document that proves it."""
    document: dict[str, Any] = {
        "v": 1,
        "params": dict(params),
        "pool": [row.document() for row in sorted(pool, key=lambda row: unbase(row.eid))],
        "contributions": [
            {"id": name, "value": base(contributions[name])}
            for name in sorted(contributions, key=str.encode)
        ],
        "beacon": None if beacon is None else beacon.hex(),
        "declines": [asdict(decline) for decline in declines],
    }
    found = _draw(document)
    document["pool_root"] = base(found.pool_root)
    document["seed"] = base(found.seed)
    document["result"] = result(found.outcome)
    return document


def result(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain values."""
    return {
        "strata": [
            {
                "id": seating.stratum,
                "members": list(seating.members),
                "substitutes": list(seating.substitutes),
            }
            for seating in outcome.seatings
        ],
        "skips": [
            {"stratum": skip.stratum, "eid": skip.eid, "reason": skip.reason.value}
            for skip in outcome.skips
        ],
    }


def recompute(document: dict[str, Any]) -> Recomputed:
    """Work a draw out again from its published document and refuse any difference.

    ``pool_root``, ``seed`` and ``result`` are what the document claims; none is believed.
    """
    _fields(document, _DOCUMENT, "document")
    found = _draw(document)
    for name, truth, reason in (
        ("pool_root", base(found.pool_root), "draw.pool_root_differs"),
        ("seed", base(found.seed), "draw.seed_differs"),
        ("result", result(found.outcome), "draw.result_differs"),
    ):
        if document[name] != truth:
            raise Refused(reason)
    return found


_DOCUMENT = {
    "v": int, "params": dict, "pool": list, "contributions": list, "beacon": (str, type(None)),
    "declines": list, "pool_root": str, "seed": str, "result": dict,
}  # fmt: skip
_PARAMS = {
    "v": int, "draw": str, "lot": str, "strata": list, "employer_cap": int, "reserve": int,
    "substitute_rule": str, "frozen_at": int, "seal_tool_sha256": str,
}  # fmt: skip
_STRATUM = {"id": str, "count": int, "regions": list, "specs": list}
_ROW = {"eid": str, "w": int, "regions": list, "specs": list, "employer": str}
_CONTRIBUTION = {"id": str, "value": str}
_DECLINE = {"stratum": str, "eid": str, "reason": str}


def _draw(document: dict[str, Any]) -> Recomputed:
    terms = _fields(document["params"], _PARAMS, "params")
    if document["v"] != 1 or terms["v"] != 1:
        raise Refused("draw.version_unknown")
    if terms["substitute_rule"] != SUBSTITUTE_RULE:
        raise Refused("draw.substitute_rule_unknown", rule=terms["substitute_rule"])
    if terms["reserve"] < 0:
        raise Refused("draw.malformed", where="params", field="reserve")
    strata = [
        Stratum(one["id"], one["count"], _codes(one, "regions"), _codes(one, "specs"))
        for one in (_fields(raw, _STRATUM, "strata") for raw in terms["strata"])
    ]
    rows = [
        Row(one["eid"], one["w"], _codes(one, "regions"), _codes(one, "specs"), one["employer"])
        for one in (_fields(raw, _ROW, "pool") for raw in document["pool"])
    ]
    given = [_fields(raw, _CONTRIBUTION, "contributions") for raw in document["contributions"]]
    values = {one["id"]: unbase(one["value"]) for one in given}
    if len(values) != len(given):
        raise Refused("draw.contributor_twice")
    declines = [Decline(**_fields(raw, _DECLINE, "declines")) for raw in document["declines"]]
    root, hashed = pool_root(rows), params_hash(terms)
    mixed = seed(hashed, root, values, _beacon(document["beacon"]))
    outcome = fill(
        strata,
        rows,
        mixed,
        employer_cap=terms["employer_cap"],
        reserve=terms["reserve"],
        declines=declines,
    )
    return Recomputed(hashed, root, mixed, outcome, thin(strata, rows))


def _beacon(text: str | None) -> bytes | None:
    try:
        data = None if text is None else bytes.fromhex(text)
    except ValueError:
        raise Refused("draw.malformed", where="document", field="beacon") from None
    if data is not None and data.hex() != text:
        raise Refused("draw.malformed", where="document", field="beacon")
    return data


def _fields(table: Any, fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    # A document with a field that this program does not know might mean something else by it.
    if not isinstance(table, dict) or table.keys() != fields.keys():
        odd = fields.keys() ^ (table.keys() if isinstance(table, dict) else set())
        raise Refused("draw.malformed", where=where, field=", ".join(sorted(map(str, odd))))
    for name, kind in fields.items():
        if not isinstance(table[name], kind) or isinstance(table[name], bool):
            raise Refused("draw.malformed", where=where, field=name)
        if isinstance(table[name], int) and not -(2**53) < table[name] < 2**53:
            raise Refused("draw.malformed", where=where, field=name)
    return table


def _codes(table: dict[str, Any], name: str) -> tuple[str, ...]:
    if not all(isinstance(code, str) for code in table[name]):
        raise Refused("draw.malformed", where=table.get("id", "pool"), field=name)
    return tuple(table[name])

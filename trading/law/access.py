"""What may stand between a reader and a tender document, and who is invited to bid."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from fractions import Fraction

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.procedures import key
from trading.law.rules import NATION, find, seek


def check_download(
    procedure: str,
    conditions: Collection[str],
    *,
    fee_fen: int = 0,
    on: date,
    region: str = NATION,
) -> list[Finding]:
    """Refuse any condition before an online download: sign-up, approval, a fee (电子招标投标办法 20, 55).

    ``conditions`` names what a configuration would ask for first. Asked when it is entered.
    """
    if fee_fen < 0:
        raise Refused("law.amount_below_zero", fee_fen=fee_fen, fen=fee_fen)
    where = {"on": on, "region": region, "procedure": procedure}
    found = []
    gate = seek(key(procedure, "no_signup"), **where)
    if gate is not None:
        found.append(
            finding(
                not conditions or not gate.value, gate,
                "law.download_open", "law.download_gated",
                conditions=", ".join(sorted(conditions)),
            )
        )  # fmt: skip
    fee = seek(key(procedure, "fee"), **where)
    if fee is not None:
        found.append(
            finding(
                fee_fen == 0, fee, "law.download_free", "law.download_charged", fee_fen=fee_fen
            )
        )
    return found


def check_document_fee(
    procedure: str, fee_fen: int, cost_fen: int, *, on: date, region: str = NATION
) -> Finding:
    """A paper document may cost print and post at most (条例 16); both in whole fen."""
    rule = find(key(procedure, "fee"), on=on, region=region, procedure=procedure)
    return finding(
        fee_fen <= cost_fen, rule, "law.fee_within_cost", "law.fee_above_cost",
        fee_fen=fee_fen, cost_fen=cost_fen,
    )  # fmt: skip


def check_invitation(
    pool: int, drawn: int, watchers: int, *, on: date, region: str = NATION
) -> list[Finding]:
    """Hold a draw of suppliers to be invited against its law (87号令 14).

    At least three are drawn, from at least twice as many, before at least two of the
    purchaser's staff. Raises Refused ``law.more_drawn_than_pool``.
    """
    if not 0 <= drawn <= pool:
        raise Refused("law.more_drawn_than_pool", pool=pool, drawn=drawn)
    where = {"on": on, "region": region, "procedure": "procurement-invited"}
    invited, times, watch = (
        find(name, **where) for name in ("gp.invited", "gp.invite_pool", "gp.invite_watch")
    )
    return [
        finding(
            drawn >= int(invited.value), invited, "law.enough_invited", "law.too_few_invited",
            drawn=drawn,
        ),
        finding(
            pool >= Fraction(times.value) * drawn, times, "law.pool_large_enough", "law.pool_too_small",
            pool=pool, drawn=drawn,
        ),
        finding(
            watchers >= int(watch.value), watch, "law.draw_watched", "law.draw_unwatched",
            watchers=watchers,
        ),
    ]  # fmt: skip

"""Hold plain facts against one rule of the table: a date, a figure, a duty, a choice.

Whatever the rule, the answer is a Finding with its key, its article and what was compared, so
that a new row needs no new code. Raises Refused ``law.no_rule`` where no such rule is in force
and ``law.rule_of_other_kind`` when it is asked the wrong question.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

from trading.base.errors import Refused
from trading.law.findings import Finding, finding
from trading.law.periods import day_of, due
from trading.law.rules import NATION, PERIODS, Rule, Sense, Unit, find

FIGURES = frozenset({Unit.COUNT, Unit.FEN, Unit.RATIO})


def check_period(
    key: str,
    start: date | datetime,
    end: date | datetime,
    *,
    region: str = NATION,
    procedure: str | None = None,
    on: date | None = None,
) -> Finding:
    """Is the end lawful for a period that runs from the start?

    "At least" asks for an end on or after the last day counted; "at most" for one on or before
    it, until 24:00. The fact ``limit`` is the earliest or the last lawful day.
    """
    period = due(key, start, region=region, procedure=procedure, on=on)
    rule, limit = period.rule, period.moment or period.date
    if isinstance(limit, datetime):
        if not isinstance(end, datetime):
            raise Refused("law.moment_needed", key=key, unit=rule.unit)
        reached, passed = end >= limit, end > limit
    else:
        reached, passed = day_of(end) >= limit, day_of(end) > limit
    ok = not passed if rule.sense is Sense.AT_MOST else reached
    broken = "law.period_over" if rule.sense is Sense.AT_MOST else "law.period_short"
    return finding(ok, rule, "law.period_kept", broken, start=start, end=end, limit=limit)


def check_figure(
    key: str,
    figure: int | Fraction,
    *,
    on: date,
    region: str = NATION,
    procedure: str | None = None,
) -> Finding:
    """Is a count, an amount in fen or a rate on the side of the line that the rule names?

    "At least" and "at most" include the line, "more than" and "less than" do not (民法典 1259).
    A rule without a side sets the figure itself, such as the length of a code. Where the rule is
    a trigger, yes means that it is reached.
    """
    rule = _rule(key, FIGURES, on, region, procedure)
    limit = Fraction(rule.value)
    ok, broken = {
        Sense.AT_LEAST: (figure >= limit, "law.below_limit"),
        Sense.AT_MOST: (figure <= limit, "law.above_limit"),
        Sense.MORE_THAN: (figure > limit, "law.not_above_line"),
        Sense.LESS_THAN: (figure < limit, "law.not_below_line"),
        None: (figure == limit, "law.figure_differs"),
    }[rule.sense]
    return finding(ok, rule, "law.within_limit", broken, figure=_plain(figure))


def check_share(
    key: str,
    part_fen: int,
    whole_fen: int,
    *,
    on: date,
    region: str = NATION,
    procedure: str | None = None,
) -> Finding:
    """Is a part lawful as a share of a whole, both in whole fen, compared without rounding?

    Raises Refused ``law.amount_below_zero``.
    """
    rule = _rule(key, frozenset({Unit.RATIO}), on, region, procedure)
    if part_fen < 0 or whole_fen < 0:
        raise Refused("law.amount_below_zero", fen=min(part_fen, whole_fen))
    line = Fraction(rule.value) * whole_fen
    ok = part_fen <= line if rule.sense is Sense.AT_MOST else part_fen >= line
    broken = "law.share_above" if rule.sense is Sense.AT_MOST else "law.share_below"
    return finding(ok, rule, "law.share_kept", broken, part_fen=part_fen, whole_fen=whole_fen)


def check_duty(
    key: str, kept: bool, *, on: date, region: str = NATION, procedure: str | None = None
) -> Finding:
    """Is a duty that is in force kept? A row that turns the duty off is always kept."""
    rule = _rule(key, frozenset({Unit.FLAG}), on, region, procedure)
    return finding(kept or not rule.value, rule, "law.duty_kept", "law.duty_broken")


def check_choice(
    key: str, choice: str, *, on: date, region: str = NATION, procedure: str | None = None
) -> Finding:
    """Is a choice the one that the rule names, or one of those it lists?"""
    rule = _rule(key, frozenset({Unit.TEXT}), on, region, procedure)
    ok = choice in str(rule.value).split(",")
    return finding(ok, rule, "law.choice_lawful", "law.choice_unlawful", choice=choice)


def _rule(
    key: str, units: frozenset[Unit], on: date, region: str, procedure: str | None
) -> Rule:
    rule = find(key, on=on, region=region, procedure=procedure)
    if rule.unit not in units:
        kind = "period" if rule.unit in PERIODS else rule.unit.value
        raise Refused("law.rule_of_other_kind", key=key, kind=kind)
    return rule


def _plain(figure: int | Fraction) -> int | str:
    return figure if isinstance(figure, int) else str(figure)

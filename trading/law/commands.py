"""mingtang law: ask the rule table from a terminal, with the article behind each answer.

Exit 0 with an answer, 1 when the law refuses one, 2 when asked wrongly.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from typing import Any

import click

from trading.base.errors import Refused
from trading.law.periods import LEGAL_TIME, Period, due, earliest, latest, soonest
from trading.law.procedures import FAMILIES
from trading.law.rules import NATION, Rule, Sense, all_rules, find


class Moment(click.ParamType):
    """A day, or a moment for periods in hours; without a zone it is Beijing time."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | datetime:
        try:
            if len(value) <= 10:
                return date.fromisoformat(value)
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither 2026-10-01 nor 2026-10-01T09:30", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=LEGAL_TIME)


@click.group()
def law() -> None:
    """法规参数：查询期限和数额及其依据 Periods and limits, each with its article."""


@law.command()
@click.argument("key")
@click.option("--from", "start", type=Moment(), help="起算日 the day counting starts from")
@click.option("--before", "end", type=Moment(), help="倒推：截止日 count backwards from here")
@click.option("--region", default=NATION, show_default=True, help="CN, CN-50, CN-5101 ...")
@click.option("--procedure", type=click.Choice(list(FAMILIES)), help="交易方式 procedure type")
@click.option("--on", type=Moment(), help="法律事件发生日 the day that fixes the law's version")
@click.option("--full-days", is_flag=True, help="要求满整日 count whole days of 24 hours")
@click.option("--json", "as_json", is_flag=True, help="machine-readable answer")
def when(
    key: str,
    start: date | datetime | None,
    end: date | datetime | None,
    region: str,
    procedure: str | None,
    on: date | None,
    full_days: bool,
    as_json: bool,
) -> None:
    """期限算到哪一天 Work out the lawful date for KEY."""
    if (start is None) == (end is None):
        raise click.UsageError("give either --from or --before")
    if isinstance(on, datetime):
        raise click.UsageError("--on is a day")
    where = {"region": region, "procedure": procedure, "on": on}
    try:
        if end is not None:
            period = latest(key, end, count_full_days=full_days, **where)
            if period.rule.sense is Sense.AT_MOST:
                period = soonest(key, end, **where)
        elif full_days:
            period = earliest(key, start, count_full_days=True, **where)
        else:
            period = due(key, start, **where)
    except Refused as refusal:
        refuse(refusal, as_json)
    facts = answer(period, backwards=end is not None)
    if as_json:
        click.echo(json.dumps({"from": str(start or end), **facts}, ensure_ascii=False))
        return
    click.echo(f"{key}  {start or end} -> {facts['moment'] or facts['date']}  ({facts['means']})")
    click.echo(f"{period.rule.zh} / {period.rule.en}")
    click.echo(f"依据 {period.citation}  [{period.rule.status}]")
    if period.skipped:
        click.echo("跳过 skipped: " + " ".join(map(str, period.skipped)))


def answer(period: Period, *, backwards: bool) -> dict[str, Any]:
    """A worked-out period as plain values."""
    at_most = period.rule.sense is Sense.AT_MOST
    if backwards:
        means = "earliest" if at_most else "latest"
    else:
        means = "last_day" if at_most else "earliest"
    moment = period.moment and period.moment.astimezone(LEGAL_TIME).isoformat()
    return {
        "key": period.rule.key,
        "date": str(period.date),
        "moment": moment,
        "means": means,
        "days_counted": period.days_counted,
        "skipped": [str(day) for day in period.skipped],
        "rolled": period.rolled,
        "citation": period.citation,
        "rule": row(period.rule),
    }


@law.command("list")
@click.option("--family", help="works, procurement, deposits ...")
@click.option("--region", help="只列此地区自己的规则 only rows of this very region")
@click.option("--procedure", type=click.Choice(list(FAMILIES)))
@click.option("--on", type=Moment(), help="只列当日有效的 only rows in force on this day")
@click.option("--json", "as_json", is_flag=True)
def list_(
    family: str | None,
    region: str | None,
    procedure: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """列出规则 List the rule rows."""
    if isinstance(on, datetime):
        raise click.UsageError("--on is a day")
    rows = [
        rule
        for rule in all_rules()
        if (family is None or rule.family == family)
        and (region is None or rule.region == region)
        and rule.covers(procedure)
        and (on is None or rule.in_force(on))
    ]
    if as_json:
        click.echo(json.dumps([row(rule) for rule in rows], ensure_ascii=False))
    else:
        for rule in rows:
            click.echo(
                f"{rule.key}\t{rule.amount}\t{rule.region}\t{','.join(rule.procedures)}"
                f"\t{rule.status}\t{rule.article}"
            )
    if not rows:
        sys.exit(1)


@law.command()
@click.argument("key")
@click.option("--on", type=Moment(), required=True, help="法律事件发生日 day of the legal event")
@click.option("--region", default=NATION, show_default=True)
@click.option("--procedure", type=click.Choice(list(FAMILIES)))
@click.option("--json", "as_json", is_flag=True)
def show(key: str, on: date, region: str, procedure: str | None, as_json: bool) -> None:
    """一条规则 Show the rule in force for KEY on a day."""
    if isinstance(on, datetime):
        raise click.UsageError("--on is a day")
    try:
        rule = find(key, on=on, region=region, procedure=procedure)
    except Refused as refusal:
        refuse(refusal, as_json)
    if as_json:
        click.echo(json.dumps(row(rule), ensure_ascii=False))
    else:
        click.echo(f"{key}  {rule.amount}  {rule.zh} / {rule.en}")
        click.echo(f"依据 {rule.citation}  [{rule.status}]")


def row(rule: Rule) -> dict[str, Any]:
    """A rule row as plain values; ratios as text, because they are exact."""
    value = rule.value if isinstance(rule.value, (bool, int, str)) else str(rule.value)
    return {
        "key": rule.key,
        "family": rule.family,
        "procedures": list(rule.procedures),
        "value": value,
        "unit": rule.unit.value,
        "sense": rule.sense and rule.sense.value,
        "article": rule.article,
        "region": rule.region,
        "from": rule.start and str(rule.start),
        "to": rule.end and str(rule.end),
        "status": rule.status.value,
        "zh": rule.zh,
        "en": rule.en,
        "note": rule.note,
    }


def refuse(refusal: Refused, as_json: bool) -> None:
    """Say no on the terminal, in a form a script can read, and leave with 1."""
    facts = {name: str(value) for name, value in refusal.facts.items()}
    if as_json:
        click.echo(json.dumps({"refused": refusal.reason, "facts": facts}, ensure_ascii=False))
    else:
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        click.echo(f"{refusal.reason}  {said}", err=True)
    sys.exit(1)

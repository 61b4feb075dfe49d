"""mingtang law: ask the rule table from a terminal, with the article behind each answer.

Exit 0 with an answer, 1 when the law refuses one, 2 when asked wrongly.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from trading.base.config import UnsafeSettings
from trading.base.errors import Refused
from trading.law import calendar
from trading.law.periods import LEGAL_TIME, Period, due, earliest, latest, soonest
from trading.law.procedures import FAMILIES
from trading.law.rules import NATION, Rule, Sense, all_rules, book, find, learn, use
from trading.law.tables import Change, Entry, differences, history, in_force


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


class Day(Moment):
    """A day alone."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        found = super().convert(value, param, ctx)
        if isinstance(found, datetime):
            self.fail(f"{value!r} is a moment; give a day", param, ctx)
        return found


@click.group()
@click.option(
    "--rows",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="另加规则文件夹 a further folder of rule files",
)
@click.option("--packaged", is_flag=True, help="只看程序自带的规则 the rows of the program alone")
@click.pass_context
def law(context: click.Context, rows: Path | None, packaged: bool) -> None:
    """法规参数：查询期限和数额及其依据 Periods and limits, each with its article.

    Counts what this installation counts by: rows of the program, files laid into the instance,
    changes approved on the platform. With --rows: the program's rows and those of the folder.
    """
    before = book()
    context.call_on_close(lambda: use(before))
    if rows is not None:
        try:
            learn(rows)
        except Refused as refusal:
            refuse(refusal, False)
    elif packaged:
        use(None)
        calendar.use(())
    elif context.obj is not None:
        take_installation(context)


def take_installation(context: click.Context) -> None:
    """Count by the files and the database of the installation; says on the error stream what is out of reach."""
    try:
        app = context.obj()
    except UnsafeSettings as error:
        click.echo(f"没有可用的安装，只用程序自带的规则 no installation here, packaged rows alone: {error}", err=True)
        return
    context.call_on_close(lambda: calendar.use(()))
    with app.app_context():
        try:
            read = app.extensions["mingtang"]["law"].catch_up()
        except Refused as refusal:
            refuse(refusal, False)
    if not read:
        click.echo("数据库不可用，平台上批准的修改未计入 the database is out of reach: approved changes are left out", err=True)


@law.command()
@click.argument("key")
@click.option("--from", "start", type=Moment(), help="起算日 the day counting starts from")
@click.option("--before", "end", type=Moment(), help="倒推：截止日 count backwards from here")
@click.option("--region", default=NATION, show_default=True, help="CN, CN-50, CN-5101 ...")
@click.option("--procedure", type=click.Choice(list(FAMILIES)), help="交易方式 procedure type")
@click.option("--on", type=Day(), help="法律事件发生日 the day that fixes the law's version")
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
@click.option("--on", type=Day(), help="只列当日有效的 only rows in force on this day")
@click.option("--json", "as_json", is_flag=True)
def list_(
    family: str | None,
    region: str | None,
    procedure: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """列出规则 List the rule rows."""
    here = region and code_of(region, as_json)
    rows = [
        rule
        for rule in all_rules()
        if (family is None or rule.family == family)
        and (here is None or rule.region == here)
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
@click.option("--on", type=Day(), required=True, help="法律事件发生日 day of the legal event")
@click.option("--region", default=NATION, show_default=True)
@click.option("--procedure", type=click.Choice(list(FAMILIES)))
@click.option("--json", "as_json", is_flag=True)
def show(key: str, on: date, region: str, procedure: str | None, as_json: bool) -> None:
    """一条规则 Show the rule in force for KEY on a day."""
    try:
        rule = find(key, on=on, region=region, procedure=procedure)
    except Refused as refusal:
        refuse(refusal, as_json)
    if as_json:
        click.echo(json.dumps(row(rule), ensure_ascii=False))
    else:
        click.echo(f"{key}  {rule.amount}  {rule.zh} / {rule.en}")
        click.echo(f"依据 {rule.citation}  [{rule.status}]")


@law.command()
@click.option("--on", type=Day(), required=True, help="法律事件发生日 day of the legal event")
@click.option("--region", default=NATION, show_default=True, help="重庆, CN-50 ...")
@click.option("--family", help="works, procurement, land, property, deposits ...")
@click.option("--procedure", type=click.Choice(list(FAMILIES)))
@click.option("--json", "as_json", is_flag=True)
def table(
    on: date, region: str, family: str | None, procedure: str | None, as_json: bool
) -> None:
    """某日某地有效的全部规则 The whole rule set in force on a day in a region."""
    try:
        entries = in_force(book(), on=on, region=region, family=family, procedure=procedure)
    except Refused as refusal:
        refuse(refusal, as_json)
    if as_json:
        found = [{**row(entry.rule), "applies_to": list(entry.procedures)} for entry in entries]
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for entry in entries:
            click.echo(line(entry))
    if not entries:
        sys.exit(1)


@law.command("history")
@click.argument("key")
@click.option("--region", help="只列此地区及其上级 only what reaches this region")
@click.option("--json", "as_json", is_flag=True)
def history_(key: str, region: str | None, as_json: bool) -> None:
    """一条规则的沿革 Every row a key ever had, by region and date of force."""
    try:
        rows = history(book(), key, region=region)
    except Refused as refusal:
        refuse(refusal, as_json)
    if as_json:
        click.echo(json.dumps([row(rule) for rule in rows], ensure_ascii=False))
    else:
        for rule in rows:
            click.echo(
                f"{rule.region}\t{rule.start or '—'} .. {rule.end or '—'}\t{rule.amount}"
                f"\t{','.join(rule.procedures)}\t{rule.status}\t{rule.article}"
            )
    if not rows:
        sys.exit(1)


@law.command()
@click.option("--from-date", "first", type=Day(), required=True, help="此日的规则 rules of this day")
@click.option("--to-date", "second", type=Day(), help="与此日比较 against those of this day")
@click.option("--region", default=NATION, show_default=True)
@click.option("--other-region", help="与此地区比较 against those of this region")
@click.option("--family", help="works, procurement, land, property, deposits ...")
@click.option("--json", "as_json", is_flag=True)
def diff(
    first: date,
    second: date | None,
    region: str,
    other_region: str | None,
    family: str | None,
    as_json: bool,
) -> None:
    """两个日期或者两个地区之间的不同 What differs between two days or two regions."""
    if second is None and other_region is None:
        raise click.UsageError("give --to-date or --other-region")
    try:
        one = in_force(book(), on=first, region=region, family=family)
        other = in_force(
            book(), on=second or first, region=other_region or region, family=family
        )
    except Refused as refusal:
        refuse(refusal, as_json)
    changes = differences(one, other)
    if as_json:
        click.echo(json.dumps([change_row(change) for change in changes], ensure_ascii=False))
    else:
        for change in changes:
            click.echo(
                f"{change.key}\t{','.join(change.procedures)}\n  - {side(change.before)}"
                f"\n  + {side(change.after)}"
            )


def line(entry: Entry) -> str:
    """One row of the table for a terminal."""
    rule = entry.rule
    side_of = {"at_least": "≥ ", "at_most": "≤ ", "more_than": "> ", "less_than": "< ", None: ""}
    return (
        f"{rule.key}\t{side_of[rule.sense]}{rule.amount}\t{rule.region}\t{','.join(entry.procedures)}"
        f"\t{rule.status}\t{rule.article}\t{rule.zh}"
    )


def side(rule: Rule | None) -> str:
    """One side of a difference: the figure and its article, or a dash."""
    return "—" if rule is None else rule.citation


def change_row(change: Change) -> dict[str, Any]:
    """A difference as plain values."""
    return {
        "key": change.key,
        "procedures": list(change.procedures),
        "before": change.before and row(change.before),
        "after": change.after and row(change.after),
        "same_figure": change.same_figure,
    }


def code_of(region: str, as_json: bool) -> str:
    """The code of a region given by code or by name; leaves with 1 when there is none."""
    try:
        return book().atlas.code(region)
    except Refused as refusal:
        refuse(refusal, as_json)


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
        "event": rule.event.value,
        "status": rule.status.value,
        "zh": rule.zh,
        "en": rule.en,
        "note": rule.note,
        "file": rule.file,
    }


def refuse(refusal: Refused, as_json: bool) -> NoReturn:
    """Say no on the terminal, in a form a script can read, and leave with 1."""
    facts = {name: str(value) for name, value in refusal.facts.items()}
    if as_json:
        click.echo(json.dumps({"refused": refusal.reason, "facts": facts}, ensure_ascii=False))
    else:
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        click.echo(f"{refusal.reason}  {said}", err=True)
    sys.exit(1)

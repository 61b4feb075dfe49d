"""Public pages of the rule table: what is in force, how it came about, what differs, which procedures there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, public
from trading.base.clock import BEIJING, now
from trading.base.errors import FieldErrors, NotFound
from trading.law import calendar, rules
from trading.law.procedures import PROCEDURES, Procedure
from trading.law.rule import Status
from trading.law.rules import Book
from trading.law.tables import Change, differences, history
from trading.lawbook import current, listing, queries, words, writing
from trading.lawbook.listing import Asked
from trading.projects import words as project_words

bp = Blueprint("lawbook", __name__)

#: Answered while the database is away or not yet made.
WITHOUT_LAW = ("static", "operators.healthz", "operators.readyz", "operators.metrics")


@bp.before_app_request
def follow() -> None:
    """Every page goes by the newest approved law, whichever process approved it."""
    if request.endpoint not in (None, *WITHOUT_LAW):
        current.follow()


def today() -> date:
    return now().astimezone(BEIJING).date()


def _may_write() -> bool:
    return bool(current_user.is_authenticated and current_user.may(Permission.LAW_WRITE))


def _errors(wrong: FieldErrors) -> list[dict[str, str]]:
    return [{"text": text, "href": f"#f-{name}"} for name, text in wrong.errors.items()]


def _crumbs(*last: str) -> list[dict[str, str]]:
    return [{"text": _("首页"), "href": "/"}, {"text": _("法规参数"), "href": "/law"}, *({"text": text} for text in last)]


@bp.get("/law")
@public
def table() -> ResponseReturnValue:
    """The rule set in force on a day, in a region, for a family or a procedure."""
    book, arguments, day = rules.book(), request.args, today()
    values: dict[str, Any] = {
        "fields": listing.fields(arguments, book, today=day, home=current.home()), "may_write": _may_write(), "errors": [], "chips": [],
        "csv_href": listing.address("/law.csv", arguments), "crumbs": _crumbs()[:1] + [{"text": _("法规参数")}]}
    try:
        wanted = listing.asked(arguments, book, today=day, home=current.home())
    except FieldErrors as wrong:
        return render_template("lawbook/table.html", **values | {"errors": _errors(wrong)}), 422
    entries = listing.found(book, wanted)
    values |= {"rows": listing.rows(entries, wanted, book), "chips": listing.chips(arguments, "/law"), "wanted": wanted,
               "region": words.region(wanted.region, book.atlas),
               "open_count": sum(1 for entry in entries if entry.rule.status is not Status.VERIFIED),
               "open_href": listing.address("/law", {**arguments, "status": "open"})}
    return render_template("lawbook/table.html", **values)


@bp.get("/law.csv")
@public
def export() -> ResponseReturnValue:
    """The same rule set for a spreadsheet."""
    book = rules.book()
    wanted = listing.asked(request.args, book, today=today(), home=current.home())
    name = f"law-{wanted.region}-{wanted.on}.csv"
    return Response(writing.as_csv(listing.found(book, wanted)), mimetype="text/csv",
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})


@bp.get("/law/<key>")
@public
def rule(key: str) -> ResponseReturnValue:
    """One rule: every row it ever had, in all regions and procedures, and who changed it."""
    book, day = rules.book(), today()
    found = history(book, key)
    if not found:
        raise NotFound
    shown = [{"row": listing.row(each, each.procedures, 0, book), "value": words.figure(each), "event": words.event(each.event),
              "names": [project_words.procedure(name) for name in each.procedures if name != "*"],
              "now": each.in_force(day), "later": each.start is not None and each.start > day} for each in found]
    return render_template("lawbook/rule.html", key=key, label=words.label(found[-1]), family=words.family(found[-1].family), rows=shown,
                           changes=queries.about(key), may_write=_may_write(), crumbs=_crumbs(key))


@bp.get("/law/compare")
@public
def compare() -> ResponseReturnValue:
    """What differs between two days, or between two regions."""
    book, arguments, day = rules.book(), request.args, today()
    one = {field["name"]: field for field in listing.fields(arguments, book, today=day, home=current.home())}
    form = [one["on"], one["region"],
            {"name": "other_on", "label": _("与这一天比较"), "type": "date", "value": arguments.get("other_on") or one["on"]["value"]},
            {"name": "other_region", "label": _("与这个地区比较"), "type": "text",
             "value": arguments.get("other_region") or one["region"]["value"]}, one["family"], one["procedure"]]
    values: dict[str, Any] = {"fields": form, "errors": [], "crumbs": _crumbs(_("比较"))}
    errors: list[dict[str, str]] = []
    sides: list[Asked] = []
    for prefix in ("", "other_"):
        try:
            fallback = sides[0] if prefix and sides else None
            sides.append(listing.asked(arguments, book, today=fallback.on if fallback else day, home=fallback.region if fallback else current.home(),
                                       prefix=prefix))
        except FieldErrors as wrong:
            errors += [each for each in _errors(wrong) if each not in errors]
    if errors:
        return render_template("lawbook/compare.html", **values | {"errors": errors}), 422
    before, after = (listing.found(book, side) for side in sides)
    changes = [_difference(change, book) for change in differences(before, after)]
    same = sides[0] == sides[1]
    return render_template("lawbook/compare.html", **values, changes=changes, same=same, sides=[
        f"{words.region(side.region, book.atlas)} {side.on.isoformat()}" for side in sides])


def _difference(change: Change, book: Book) -> dict[str, Any]:
    known = change.after or change.before
    assert known is not None
    return {"key": change.key, "label": words.label(known), "procedures": words.procedures(change.procedures, 0),
            "same_figure": change.same_figure,
            "sides": [side and listing.row(side, change.procedures, 0, book) for side in (change.before, change.after)]}


@bp.get("/law/procedures")
@public
def procedures() -> ResponseReturnValue:
    """The procedure types as rows, with the figures in force on a day in a region."""
    book, arguments, day = rules.book(), request.args, today()
    wanted_fields = {field["name"]: field for field in listing.fields(arguments, book, today=day, home=current.home())}
    values: dict[str, Any] = {"fields": [wanted_fields["on"], wanted_fields["region"]], "errors": [], "crumbs": _crumbs(_("交易方式"))}
    try:
        wanted = listing.asked(_only(arguments, "on", "region"), book, today=day, home=current.home())
    except FieldErrors as wrong:
        return render_template("lawbook/procedures.html", **values | {"errors": _errors(wrong)}), 422
    return render_template("lawbook/procedures.html", **values, rows=[_procedure(each, wanted, book) for each in PROCEDURES.values()])


def _only(arguments: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: arguments[name] for name in names if name in arguments}


def _procedure(each: Procedure, wanted: Asked, book: Book) -> dict[str, Any]:
    def said(key: str) -> dict[str, str]:
        found = book.seek(key, on=wanted.on, region=wanted.region, procedure=each.id)
        return {"key": key, "figure": words.figure(found) if found else _("没有数字")}

    return {
        "id": each.id, "name": project_words.procedure(each.id), "family": words.family(each.family), "runs": each.runs,
        "call": words.call(each.call), "stages": [project_words.stage(stage) for stage in each.stages],
        "gates": [{"name": words.gate(name), "below": words.below(gate.below), **said(gate.rule)} for name, gate in each.gates.items()],
        "periods": [{"name": words.period(name), **said(key)} for name, key in each.periods.items()],
        "publicity": said(each.publicity) if each.publicity else None, "remedy": words.remedy(each.remedy),
        "committee": said(each.committee) if each.committee else None, "rounds": words.rounds(each.rounds),
        "methods": [project_words.method(name) for name in each.methods]}


@bp.get("/law/calendar")
@public
def days_off() -> ResponseReturnValue:
    """The years for which working days can be counted, and the newest of their notices."""
    known = calendar.years()
    return render_template("lawbook/calendar.html", years=known, notices=[calendar.notice(year) for year in reversed(known[-2:])],
                           may_write=_may_write(), crumbs=_crumbs(_("放假调休")))

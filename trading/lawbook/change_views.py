"""Pages on which two people change the rule table or lay in a new year's days off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow
from trading.base import addresses, fields
from trading.base.clock import BEIJING, now
from trading.base.errors import NotFound, Refused
from trading.base.language import refusal_text
from trading.law import calendar, rules
from trading.law.procedures import FAMILIES
from trading.law.rule import Rule
from trading.lawbook import current, days_off, listing, queries, repeals, service, words, writing
from trading.lawbook.forms import CalendarForm, ChangeForm, CorrectionForm, RefuseForm, RepealForm
from trading.lawbook.models import Kind, RuleChange
from trading.lawbook.rules import read_rows, tried
from trading.projects import words as project_words

bp = Blueprint("law_changes", __name__, url_prefix="/law/changes")
bp.record(addresses.register)


def _crumbs(*last: str) -> list[dict[str, str]]:
    return [{"text": _("法规参数"), "href": "/law"}, {"text": _("修改提案"), "href": "/law/changes"}, *({"text": text} for text in last)]


def _me() -> dict[str, Any]:
    return {"account_id": current_user.account.id, "actor": current_user.actor, "at": now()}


@bp.get("")
@allow(Permission.LAW_WRITE)
def board() -> ResponseReturnValue:
    """What waits for a second person, and what was decided."""
    return render_template("lawbook/changes.html", waiting=[_line(change) for change in queries.waiting()],
                           decided=[_line(change) for change in queries.decided()], me=current_user.account.id, crumbs=_crumbs()[:1] + [
                               {"text": _("修改提案")}])


def _line(change: RuleChange) -> dict[str, Any]:
    return {"change": change, "title": words.subjects(change.kind, change.subjects), "state": words.change_state(change.state)}


# --- proposing -------------------------------------------------------------------------------------


def _change_page(form: ChangeForm, status: int = 200) -> ResponseReturnValue:
    return render_template("lawbook/new.html", form=form, crumbs=_crumbs(_("提出修改"))), status


@bp.get("/new")
@allow(Permission.LAW_WRITE)
def new() -> ResponseReturnValue:
    """An empty proposal, or one that starts from the rows of a key in force tomorrow."""
    form = ChangeForm(formdata=None)
    tomorrow = now().astimezone(BEIJING).date() + timedelta(days=1)
    book, home = rules.book(), current.home()
    rows = [rule for rule in book.by_key.get(request.args.get("key", ""), ())
            if rule.in_force(tomorrow) and rule.region in book.atlas.chain(home)]
    form.rows.data = "\n".join(writing.as_row(rule, tomorrow) for rule in rows)
    return _change_page(form)


@bp.post("/new")
@allow(Permission.LAW_WRITE)
def propose() -> ResponseReturnValue:
    form = ChangeForm()
    if form.validate_on_submit():
        try:
            change = service.propose_rows(form.rows.data, form.reason.data, form.source.data, **_me())
            return _proposed(change)
        except Refused as refusal:
            fields.tell(form, refusal, form.rows)
    return _change_page(form, 422)


def _calendar_page(form: CalendarForm, status: int = 200) -> ResponseReturnValue:
    return render_template("lawbook/new_calendar.html", form=form, years=calendar.years(), crumbs=_crumbs(_("载入新一年的放假安排"))), status


@bp.get("/calendar")
@allow(Permission.LAW_WRITE)
def new_calendar() -> ResponseReturnValue:
    return _calendar_page(CalendarForm(formdata=None))


@bp.post("/calendar")
@allow(Permission.LAW_WRITE)
def propose_calendar() -> ResponseReturnValue:
    form = CalendarForm()
    if form.validate_on_submit():
        try:
            change = service.propose_calendar(form.year.year, form.off.days, form.work.days, form.source.data, **_me())
            return _proposed(change)
        except Refused as refusal:
            fields.tell(form, refusal, form[str(refusal.facts.get("field", "year"))])
    return _calendar_page(form, 422)


@bp.get("/calendar/<number:year>")
@allow(Permission.LAW_WRITE)
def new_correction(year: int) -> ResponseReturnValue:
    """A loaded year's notice, to be corrected."""
    old = _loaded(year)
    form = CorrectionForm(formdata=None)
    form.off.data, form.work.data = ("、".join(str(day) for day in sorted(days)) for days in (old.off, old.work))
    return _correction_page(year, form)


@bp.post("/calendar/<number:year>")
@allow(Permission.LAW_WRITE)
def propose_correction(year: int) -> ResponseReturnValue:
    _loaded(year)
    form = CorrectionForm()
    if form.validate_on_submit():
        try:
            change = service.propose_correction(year, form.off.days, form.work.days, form.reason.data, form.source.data, **_me())
            return _proposed(change)
        except Refused as refusal:
            place = str(refusal.facts.get("field", "off"))
            fields.tell(form, refusal, form[place if place in form else "off"])
    return _correction_page(year, form, 422)


def _loaded(year: int) -> calendar.Notice:
    if year not in calendar.years():
        raise NotFound
    return calendar.notice(year)


def _correction_page(year: int, form: CorrectionForm, status: int = 200) -> ResponseReturnValue:
    return render_template("lawbook/correct_calendar.html", form=form, year=year, old=calendar.notice(year),
                           crumbs=_crumbs(_("更正 %(year)s 年的放假安排", year=year))), status


@bp.get("/repeal")
@allow(Permission.LAW_WRITE)
def new_repeal() -> ResponseReturnValue:
    """A rule of the address, to be ended without another in its place."""
    key = request.args.get("key", "")
    return _repeal_page(key, _repeal_form(key, formdata=None))


@bp.post("/repeal")
@allow(Permission.LAW_WRITE)
def propose_repeal() -> ResponseReturnValue:
    key = request.args.get("key", "")
    form = _repeal_form(key)
    if form.validate_on_submit():
        try:
            asked = repeals.of_place(key, form.place.data, form.start.data, form.article.data)
            return _proposed(service.propose_repeal(asked, form.reason.data, form.source.data, **_me()))
        except Refused as refusal:
            place = "start" if refusal.reason in ("lawbook.begins_in_past", "law.repeal_later_row") else str(refusal.facts.get("field", "place"))
            fields.tell(form, refusal, form[place if place in form else "place"])
    return _repeal_page(key, form, 422)


def _repeal_form(key: str, **kwargs: Any) -> RepealForm:
    book = rules.book()
    rows = repeals.repealable(book, key, now().astimezone(BEIJING).date())
    if not rows:
        raise NotFound
    shown = [(repeals.place(rule), listing.row(rule, rule.procedures, 0, book)) for rule in rows]
    return RepealForm([(place, f"{row.figure} · {row.region} · {row.procedures} · {row.force}") for place, row in shown], **kwargs)


def _repeal_page(key: str, form: RepealForm, status: int = 200) -> ResponseReturnValue:
    return render_template("lawbook/repeal.html", form=form, key=key, label=words.label(rules.book().by_key[key][-1]),
                           crumbs=_crumbs(_("废止 %(key)s", key=key))), status


def _proposed(change: RuleChange) -> ResponseReturnValue:
    flash(_("已提出，等待另一人批准。"), "success")
    return redirect(url_for("law_changes.show", change_id=change.id))


# --- deciding -----------------------------------------------------------------------------------------


def _page(change: RuleChange, form: RefuseForm | None = None, status: int = 200) -> ResponseReturnValue:
    effect = {Kind.ROWS: _effect_of_rows, Kind.REPEAL: _effect_of_repeal, Kind.CALENDAR: _effect_of_notice}[Kind(change.kind)](change)
    return render_template(
        "lawbook/change.html", change=change, title=words.subjects(change.kind, change.subjects), state=words.change_state(change.state),
        form=form or RefuseForm(formdata=None), mine=change.asked_by == current_user.account.id,
        crumbs=_crumbs(_("提案 %(number)s", number=change.id)), **effect), status


def _effect_of_notice(change: RuleChange) -> dict[str, Any]:
    """A notice; a correction also beside the version that it names, as long as that one counts."""
    notice, corrects = calendar.read(change.text), days_off.corrected(change.text)
    shown: dict[str, Any] = {"notice": notice, "corrects": corrects, "hurdle": None}
    old = calendar.notice(notice.year) if corrects else None
    if old is not None and days_off.fingerprint(old) == corrects:
        shown["differences"] = [{"text": text, "days": sorted(days)} for text, days in (
            (_("改为放假"), notice.off - old.off), (_("不再放假"), old.off - notice.off), (_("改为上班"), notice.work - old.work),
            (_("不再上班"), old.work - notice.work)) if days]
    if change.state == "waiting":
        shown["hurdle"] = _hurdle(lambda: service.try_calendar(change.text))
    return shown


def _effect_of_repeal(change: RuleChange) -> dict[str, Any]:
    """The rows that end, what then holds in their place, and the running cases."""
    repeal, book, today = repeals.read(change.text), rules.book(), now().astimezone(BEIJING).date()
    shown: dict[str, Any] = {"repeal": repeal, "ended": [], "after": [], "hurdle": None, "touched": None}
    if change.state != "waiting":
        return shown
    rows = repeals.ended(repeal, book)
    shown["ended"] = [listing.row(row, row.procedures, 0, book) for row in rows]
    shown["touched"] = _touched(repeals.left_out(rows, repeal.start), today)
    try:
        after = repeals.tried(repeal, book, today)
        # A row for all procedures is repealed for all; any of them then shows what is left.
        names = [name for name in repeal.procedures if name != "*"] or list(FAMILIES)
        found = dict.fromkeys(after.seek(repeal.key, on=repeal.start, region=repeal.region, procedure=name) for name in names)
        shown["after"] = [row and listing.row(row, row.procedures, 0, after) for row in found]
    except Refused as refusal:
        shown["hurdle"] = refusal_text(refusal)
    return shown


def _hurdle(attempt: Callable[[], object]) -> str | None:
    """What stands in the way of an approval now, in words."""
    try:
        attempt()
    except Refused as refusal:
        return refusal_text(refusal)
    return None


def _touched(rows: Sequence[Rule], today: date) -> dict[str, Any]:
    found = queries.touched(rows, rules.book().atlas, today)
    return {"count": found.count, "first": [{"case": case, "stage": project_words.stage_state(case.stage)} for case in found.first]}


def _effect_of_rows(change: RuleChange) -> dict[str, Any]:
    """Each row beside what holds without it; before approval also the running cases and what now stands in the way."""
    rows, book, today = read_rows(change.text), rules.book(), now().astimezone(BEIJING).date()
    shown: dict[str, Any] = {"rows": [_beside(row) for row in rows], "hurdle": None, "touched": None}
    if change.state == "waiting":
        shown["touched"] = _touched(rows, today)
        shown["hurdle"] = _hurdle(lambda: tried(rows, book, today))
    return shown


def _beside(row: Rule) -> dict[str, Any]:
    """A row with what its key says the day before in the same region for the same procedures."""
    book = rules.book()
    assert row.start is not None
    day = row.start - timedelta(days=1)
    before = [old for old in book.by_key.get(row.key, ()) if old.in_force(day) and old.region in book.atlas.chain(row.region)
              and {*old.procedures, *row.procedures} & {"*"} | set(old.procedures) & set(row.procedures)]
    return {"new": listing.row(row, row.procedures, 0, book),
            "old": [listing.row(old, old.procedures, 0, book) for old in before]}


@bp.get("/<number:change_id>")
@allow(Permission.LAW_WRITE)
def show(change_id: int) -> ResponseReturnValue:
    return _page(queries.get(change_id))


@bp.post("/<number:change_id>/approve")
@allow(Permission.LAW_WRITE)
def approve(change_id: int) -> ResponseReturnValue:
    service.approve(change_id, **_me())
    flash(_("已批准，各处立即按新的规则执行。"), "success")
    return redirect(url_for("law_changes.show", change_id=change_id))


@bp.post("/<number:change_id>/refuse")
@allow(Permission.LAW_WRITE)
def refuse(change_id: int) -> ResponseReturnValue:
    change, form = queries.get(change_id), RefuseForm()
    if not form.validate_on_submit():
        return _page(change, form, 422)
    service.refuse(change_id, form.decision.data, **_me())
    flash(_("提案未获批准，理由已记录。"), "success")
    return redirect(url_for("law_changes.show", change_id=change_id))


@bp.post("/<number:change_id>/withdraw")
@allow(Permission.LAW_WRITE)
def withdraw(change_id: int) -> ResponseReturnValue:
    service.withdraw(change_id, **_me())
    flash(_("提案已撤回。"), "success")
    return redirect(url_for("law_changes.show", change_id=change_id))

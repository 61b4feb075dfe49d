"""Search: what the address asks for, the form, the removable filters, the rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _

from trading.announcements import queries
from trading.announcements import words as notice_words
from trading.announcements.queries import Listed
from trading.announcements.rules import Kind
from trading.base import forms
from trading.base.clock import BEIJING
from trading.base.errors import FieldErrors, Refused
from trading.base.texts import UNSEEN
from trading.base.language import once_per_language, refusal_text
from trading.base.money import parse_fen, yuan
from trading.projects import words
from trading.projects.rules import PROCEDURES, Stage

NAMES = ("q", "type", "kind", "stage", "region", "from", "to", "amount_min", "sort", "after")
SORTS = ("newest", "amount")


def _one_of(known: Any) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise Refused("form.choice", text=text[:40])
        return text
    return read


def _query(text: str) -> str:
    return "".join(" " if character in UNSEEN else character for character in text)[:200]


def _region(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}(-[0-9A-Z]{1,6})?", text, re.ASCII):
        raise Refused("form.choice", text=text[:40])
    return text


def _midnight(text: str) -> datetime:
    return datetime.combine(forms.day(text), time(), BEIJING)


def _next_midnight(text: str) -> datetime:
    try:
        return _midnight(text) + timedelta(days=1)
    except OverflowError:
        raise Refused("form.time", text=text[:40]) from None


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "q": ("q", _query), "type": ("type", _one_of(PROCEDURES)), "kind": ("kind", _one_of(set(Kind))),
    "stage": ("stage", _one_of(set(Stage))), "region": ("region", _region), "from": ("since", _midnight),
    "to": ("until", _next_midnight), "amount_min": ("amount_min", parse_fen), "sort": ("sort", _one_of(SORTS)),
    "after": ("after", forms.number)}


def filters(arguments: Mapping[str, str]) -> queries.Filters:
    """Read an address. Raises FieldErrors naming every filter that cannot be read."""
    values, errors = {}, {}
    for name, (field, read) in READERS.items():
        text = arguments.get(name, "").strip()
        if text:
            try:
                values[field] = read(text)
            except Refused as refusal:
                errors[name] = refusal_text(refusal)
    if errors:
        raise FieldErrors(errors)
    return queries.Filters(**values)


def address(arguments: Mapping[str, str], **changes: Any) -> str:
    """The same search with some filters changed; empty ones are left out."""
    kept = {name: arguments[name] for name in NAMES if arguments.get(name, "").strip() and name != "after"} | changes
    query = urlencode({name: value for name, value in kept.items() if value not in ("", None)})
    return "/search" + (f"?{query}" if query else "")


Options = list[dict[str, str]]


@once_per_language
def _options() -> dict[str, Options]:
    """What each list of the form offers, the empty choice first."""
    every = _("全部")
    offered = {
        "type": (every, [(row, words.procedure(row)) for row in PROCEDURES]),
        "kind": (every, [(str(kind), notice_words.kind(kind)) for kind in Kind]),
        "stage": (every, [(str(stage), words.stage(stage)) for stage in Stage if stage != Stage.REGISTERED]),
        "region": (every, [(code, words.region(code)) for code in words.REGIONS if code != "CN"]),
        "sort": (_("最新发布"), [("amount", _("金额从高到低"))])}
    return {name: [{"value": "", "text": empty}, *({"value": value, "text": text} for value, text in rows)]
            for name, (empty, rows) in offered.items()}


def fields(arguments: Mapping[str, str]) -> list[dict[str, Any]]:
    """The form, as filters() of the templates takes it."""
    options = _options()

    def one(name: str, label: str, kind: str) -> dict[str, Any]:
        return {"name": name, "label": label, "type": kind, "value": arguments.get(name, ""), "options": options.get(name)}

    return [
        one("q", _("项目名称、编号或招标人"), "search"), one("type", _("交易方式"), "select"), one("kind", _("公告种类"), "select"),
        one("stage", _("阶段"), "select"), one("region", _("行政区域"), "select"), one("from", _("发布日期从"), "date"),
        one("to", _("发布日期到"), "date"), one("amount_min", _("金额不低于（元）"), "text"), one("sort", _("排序"), "select")]


def chips(arguments: Mapping[str, str], found: queries.Filters) -> list[dict[str, str]]:
    """The filters in force, each with the address that drops it."""
    texts = {
        "q": found.q, "type": words.procedure(found.type), "kind": notice_words.kind(found.kind) if found.kind else "",
        "stage": words.stage(found.stage) if found.stage else "", "region": words.region(found.region),
        "from": _("自 %(day)s", day=arguments.get("from", "")) if found.since else "",
        "to": _("至 %(day)s", day=arguments.get("to", "")) if found.until else "",
        "amount_min": _("不低于 %(amount)s 元", amount=yuan(found.amount_min)) if found.amount_min is not None else "",
        "sort": _("金额从高到低") if found.sort == "amount" else ""}
    return [{"text": text, "remove_href": address(arguments, **{name: ""})} for name, text in texts.items() if text]


_stage_state = once_per_language(words.stage_state)


def row(notice: Listed) -> dict[str, Any]:
    return {"title": notice.title, "href": f"/notices/{notice.id}", "kind": notice_words.kind(notice.kind, notice.procedure), "at": notice.published_at,
            "project": notice.project, "project_href": f"/p/{notice.code}", "code": notice.code, "state": _stage_state(notice.stage),
            "meta": " · ".join([words.procedure(notice.procedure), words.region(notice.region), notice.tenderer]),
            "amount": yuan(notice.amount_fen) if notice.amount_fen else ""}

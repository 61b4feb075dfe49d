"""The page on which archivists and supervisors search the texts of sealed cases."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from trading.accounts.permissions import Permission, allow
from trading.archive import search, words
from trading.archive.pages import page_number, procedure_options, year, year_options
from trading.base.errors import Refused
from trading.projects import words as project_words
from trading.projects.rules import PROCEDURES

bp = Blueprint("archive_search", __name__)


@bp.get("/archive/search")
@allow(Permission.ARCHIVE_READ)
def find() -> ResponseReturnValue:
    asked = request.args
    q, procedure, part, region = (asked.get(name, "").strip()[:100] for name in ("q", "procedure", "part", "region"))
    if "\0" in q or procedure not in ("", *PROCEDURES) or part not in ("", *search.parts()) or region not in ("", *project_words.REGIONS):
        raise Refused("form.document", place="q, procedure, part, region")
    filters = search.Filters(q, procedure, year(), part, "" if region == "CN" else region, page_number())
    found = search.find(filters)
    return render_template(
        "archive/search.html", q=q, hits=[{"hit": hit, "part": words.part(hit.part)} for hit in found.items], count=found.count, cases=found.cases,
        page=filters.page, pages=found.pages,
        address={"q": q, "procedure": procedure, "part": part, "region": region, "year": filters.year or ""},
        fields=[{"name": "q", "label": _("关键词"), "type": "search", "value": q, "hint": _("多个词用空格分开，须同时出现")},
                {"name": "procedure", "label": _("交易方式"), "type": "select", "value": procedure, "options": procedure_options()},
                {"name": "part", "label": _("环节"), "type": "select", "value": part, "options": [
                    {"value": "", "text": _("全部环节")}, *({"value": str(name), "text": words.part(name)} for name in search.parts())]},
                {"name": "year", "label": _("年度"), "type": "select", "value": str(filters.year or ""), "options": year_options()},
                {"name": "region", "label": _("地区"), "type": "select", "value": region, "options": [
                    {"value": "", "text": _("全部地区")}, *({"value": name, "text": project_words.region(name)} for name in project_words.REGIONS if name != "CN")]}],
        crumbs=[{"text": _("档案"), "href": "/archive"}, {"text": _("全文检索")}])

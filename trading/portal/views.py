"""Public pages and one's own start page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from trading.accounts.permissions import Permission, allow, public
from trading.announcements import public as open_things
from trading.announcements import queries
from trading.announcements import rules as notice_rules
from trading.announcements import words as notice_words
from trading.base import addresses, downloads, installation
from trading.base.clock import now
from trading.base.errors import FieldErrors, NotFound
from trading.base.language import language
from trading.evidence import service as evidence
from trading.messages import service as messages
from trading.messages import texts
from trading.portal import checking, diary, feeds, notice_page, offline, project_page, project_record, results_page, work
from trading.portal import home as home_page
from trading.projects import service as projects
from trading.projects.rules import PROCEDURES

bp = Blueprint("portal", __name__)
bp.record(addresses.register)
THEMES = ("auto", "light", "dark", "contrast")
YEAR_S = 365 * 86400


@bp.before_app_request
def remember_appearance() -> ResponseReturnValue | None:
    """Without scripts, ``?theme=`` and ``?elder=`` are kept in cookies and taken off the address."""
    wanted = {"theme": request.args.get("theme"), "elder": request.args.get("elder")}
    kept = {name: value for name, value in wanted.items()
            if value in (THEMES if name == "theme" else ("0", "1"))}
    if request.method != "GET" or request.endpoint is None or not kept or request.path.startswith("/api/"):
        return None
    rest = request.args.copy()
    for name in wanted:
        rest.pop(name, None)
    query = "&".join(part for part in request.query_string.decode("latin-1").split("&")
                     if part.split("=")[0] not in wanted) if rest else ""
    # Two slashes at the start would lead to another site.
    answer = redirect("/" + request.path.lstrip("/") + (f"?{query}" if query else ""))
    for name, value in kept.items():
        # Read by our own scripts as well, hence not HttpOnly; it holds nothing but the appearance.
        answer.set_cookie(name, str(value), max_age=YEAR_S, samesite="Lax", secure=installation.settings().https)
    return answer


def _root() -> str:
    return request.url_root.rstrip("/")


# --- looking for things ----------------------------------------------------------------------------


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    return render_template("public/home.html", **home_page.values(now(), signed_in=current_user.is_authenticated))


@bp.get("/search")
@public
def search() -> ResponseReturnValue:
    arguments = request.args
    shown: dict[str, Any] = {"fields": results_page.fields(arguments), "chips": [], "errors": [], "rows": [],
                             "next_href": None, "first_href": None}
    try:
        found = results_page.filters(arguments)
    except FieldErrors as wrong:
        shown["errors"] = [{"text": message, "href": f"#f-{name}"} for name, message in wrong.errors.items()]
        return render_template("public/search.html", **shown), 422
    page = queries.find(found, at=now())
    shown |= {"chips": results_page.chips(arguments, found), "rows": [results_page.row(notice) for notice in page.items],
              "next_href": results_page.address(arguments, after=page.next) if page.next is not None else None,
              "first_href": results_page.address(arguments) if found.after is not None else None}
    return render_template("public/search.html", **shown)


@bp.get("/p/<code>")
@public
def project(code: str) -> ResponseReturnValue:
    number = request.args.get("lot", "1")
    record = project_record.read(code, int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0)
    return render_template("public/project.html", **project_page.values(record, now(), _root()))


@bp.get("/p/<code>/files/<number:file_id>")
@public
def file(code: str, file_id: int) -> ResponseReturnValue:
    """Free, without an account and without a trace of who took it."""
    organisation_id = current_user.organisation_id if current_user.is_authenticated else None
    item = open_things.file(open_things.project(code), file_id, organisation_id=organisation_id)
    return downloads.attachment(item.stored, item.name, item.bytes)


@bp.get("/notices/<number:notice_id>")
@public
def notice(notice_id: int) -> ResponseReturnValue:
    found = queries.published(notice_id, at=now())
    own = current_user.is_authenticated and current_user.may(Permission.NOTICE_WRITE) and projects.is_mine(found.project, current_user.organisation_id)
    return render_template("public/notice.html", **notice_page.values(found), may_correct=own and found.kind in notice_rules.MAY_CORRECT, crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": found.project.code, "href": f"/p/{found.project.code}"},
        {"text": notice_words.kind(found.kind)}])


@bp.get("/notices/<number:notice_id>.json")
@public
def notice_data(notice_id: int) -> ResponseReturnValue:
    """The notice as structured data."""
    from trading.portal import notice_files  # the PDF library behind it takes a moment to load

    return jsonify(notice_files.document(queries.published(notice_id, at=now())))


@bp.get("/notices/<number:notice_id>.pdf")
@public
def notice_pdf(notice_id: int) -> ResponseReturnValue:
    from trading.portal import notice_files

    found = queries.published(notice_id, at=now())
    made = notice_files.pdf(found, organiser=installation.settings().organiser, address=f"{_root()}/notices/{found.id}")
    return Response(made, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="notice-{found.id}.pdf"'})


# --- calendars and feeds ------------------------------------------------------------------------------


@bp.get("/calendar")
@public
def calendar() -> ResponseReturnValue:
    return render_template("public/calendar.html", days=diary.days(now()), crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": _("开标日历")}])


def _calendar_file(data: bytes, name: str) -> Response:
    return Response(data, mimetype="text/calendar", headers={"Content-Disposition": f'attachment; filename="{name}.ics"'})


@bp.get("/calendar.ics")
@public
def calendar_file() -> ResponseReturnValue:
    settings, at = installation.settings(), now()
    return _calendar_file(diary.calendar(diary.all_ahead(at), name=settings.site_name, root=_root(), at=at), "calendar")


@bp.get("/p/<code>.ics")
@public
def project_calendar(code: str) -> ResponseReturnValue:
    found = open_things.project(code)
    return _calendar_file(diary.calendar(diary.of_project(found), name=found.name, root=_root(), at=now()), str(found.code))


@bp.get("/feeds/<name>.atom")
@public
def feed(name: str) -> ResponseReturnValue:
    if name != "all" and name not in PROCEDURES:
        raise NotFound
    settings = installation.settings()
    site = settings.site_name_en if language() == "en" else settings.site_name
    data = feeds.atom("" if name == "all" else name, site=site, root=_root(), path=request.path, at=now())
    return Response(data, content_type="application/atom+xml; charset=utf-8")


# --- checking -------------------------------------------------------------------------------------------


def _verify_page(report: checking.Report | None, typed: str, status: int = 200) -> ResponseReturnValue:
    return render_template("public/verify.html", report=report, typed=typed, log_key=evidence.log_verifier_key(), crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": _("核验")}]), status


@bp.get("/verify")
@public
def verify() -> ResponseReturnValue:
    return _verify_page(None, "")


@bp.post("/verify")
@public
def check() -> ResponseReturnValue:
    upload = request.files.get("file")
    data = upload.stream.read(checking.LARGEST + 1) if upload and upload.filename else b""
    typed = data.decode("utf-8", "replace") if data else request.form.get("receipt", "")
    if len(typed) > checking.LARGEST:
        return _verify_page(checking.receipt(""), "", 422)
    if not typed.strip():
        return _verify_page(checking.Report(), "", 422)
    report = checking.check(typed.removeprefix("\ufeff"))
    return _verify_page(report, typed if len(typed) < 20_000 else "", 200 if report.ok else 422)


@bp.get("/verify/offline")
@public
def offline_verifiers() -> ResponseReturnValue:
    return render_template("public/offline.html", verifiers=list(offline.verifiers().values()), log_key=evidence.log_verifier_key(),
                           log_key_pq=evidence.log_verifier_key_pq(), crumbs=[
                               {"text": _("首页"), "href": "/"}, {"text": _("核验"), "href": "/verify"}, {"text": _("离线核验归档包")}])


@bp.get("/verify/offline/<name>")
@public
def offline_verifier(name: str) -> ResponseReturnValue:
    """Saved and never shown here: what judges the platform does not run under its address."""
    found = offline.verifiers().get(name)
    if found is None:
        raise NotFound
    return _saved(found)


@bp.get("/tools")
@public
def offline_tools() -> ResponseReturnValue:
    return render_template("public/tools.html", tools=list(offline.tools().values()), published=offline.published(), crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": _("离线工具")}])


@bp.get("/tools/<name>")
@public
def offline_tool(name: str) -> ResponseReturnValue:
    """Saved and never shown here: a page that seals or releases runs from the reader's disk, after its hash was compared."""
    found = offline.tools().get(name)
    if found is None:
        raise NotFound
    return _saved(found)


def _saved(found: offline.HandedOut) -> Response:
    return Response(found.data, mimetype="application/octet-stream", headers={"Content-Disposition": f'attachment; filename="{found.name}"'})


# --- words ------------------------------------------------------------------------------------------------


@bp.get("/problems/report")
@public
def report_problem() -> ResponseReturnValue:
    return render_template("public/report.html", crumbs=[{"text": _("首页"), "href": "/"}, {"text": _("网站找错")}])


@bp.get("/problems/<reason>")
@public
def problem(reason: str) -> ResponseReturnValue:
    entry = current_app.extensions["mingtang"]["refusals"].get(reason)
    if entry is None:
        raise NotFound
    return render_template("public/problem.html", reason=reason, zh=_blank(entry["zh"]), en=_blank(entry["en"]),
                           status=int(entry.get("status", 422)), crumbs=[{"text": _("首页"), "href": "/"}, {"text": _("原因说明")}])


def _blank(sentence: str) -> str:
    """A sentence of a refusal without the figures of one case."""
    class Dots(dict[str, str]):
        def __missing__(self, _key: str) -> str:
            return "…"
    return sentence.format_map(Dots())


@bp.get("/help")
@public
def help_page() -> ResponseReturnValue:
    return render_template("public/help.html", crumbs=[{"text": _("首页"), "href": "/"}, {"text": _("使用帮助")}])


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html", crumbs=[{"text": _("首页"), "href": "/"}, {"text": _("无障碍说明")}])


@bp.get("/sitemap")
@public
def sitemap() -> ResponseReturnValue:
    places = [("/", _("首页")), ("/search", _("交易信息")), ("/calendar", _("开标日历")), ("/calendar.ics", _("开标日历订阅")),
              ("/feeds/all.atom", _("全部公告订阅")), ("/verify", _("核验")), ("/verify/offline", _("离线核验归档包")), ("/tools", _("离线工具")), ("/log", _("存证日志")), ("/law", _("法规参数")), ("/law/procedures", _("交易方式")), ("/help", _("使用帮助")), ("/accessibility", _("无障碍说明")),
              ("/problems/report", _("网站找错")), ("/login", _("登录")), ("/me", _("我的工作"))]
    return render_template("public/sitemap.html", places=[{"text": name, "href": href} for href, name in places], crumbs=[
        {"text": _("首页"), "href": "/"}, {"text": _("网站地图")}])


# --- one's own start page ------------------------------------------------------------------------------------


@bp.get("/me")
@allow(Permission.OWN_ACCOUNT)
def me() -> ResponseReturnValue:
    account, at = current_user.account, now()
    inbox = messages.inbox(account.id, current_user.organisation_id, 5)
    return render_template("portal/me.html", person=account, todo=work.todo(current_user, at), areas=work.areas(current_user),
                           inbox=[texts.shown(message) for message in inbox], crumbs=[
                               {"text": _("首页"), "href": "/"}, {"text": _("我的工作")}])

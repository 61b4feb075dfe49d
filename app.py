"""Puts the platform together: settings, database, pages, refusals, timetable, commands.

Imports everything and is imported by nothing but the servers.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import structlog
import waitress
from flask import Flask, abort, g, redirect, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from werkzeug.exceptions import HTTPException

import bidding.auction.models
import bidding.opening.models
import bidding.rounds.models
import bidding.sealed.models
import bidding.trustees.models
import experts.draw.models
import experts.evaluation.models
import experts.pool.models
import trading.accounts.models
import trading.announcements.models
import trading.archive.models
import trading.contracts.models
import trading.deposits.models
import trading.drafting.models
import trading.evidence.models
import trading.frameworks.models
import trading.lawbook.models
import trading.messages.models
import trading.objections.models
import trading.parties.models
import trading.projects.models
import trading.sales.models
import trading.supervision.models  # noqa: F401
from bidding.auction import jobs as auction_jobs
from bidding.auction import lapses as auction_lapses
from bidding.auction import seller_views as auction_seller_views
from bidding.auction import taking_part_views as auction_taking_part
from bidding.auction import offer_views as auction_offer_views
from bidding.auction import tie_views as auction_tie_views
from bidding.auction import views as auction_views
from bidding.opening import api as opening_api
from bidding.opening import jobs as opening_jobs
from bidding.opening import objecting
from bidding.opening import views as opening_views
from bidding.rounds import jobs as round_jobs
from bidding.rounds import views as round_views
from bidding.sealed import jobs as sealed_jobs
from bidding.sealed import resealing
from bidding.sealed import self_check as sealed_self_check
from bidding.sealed import views as sealed_views
from bidding.trustees import canaries, notice_words
from bidding.trustees import countersigning_views
from bidding.trustees import views as trustee_views
from experts.draw import api as draw_api
from experts.draw import jobs as draw_jobs
from experts.draw import supplier_views
from experts.draw import ties as draw_ties
from experts.draw import views as draw_views
from experts.evaluation import jobs as evaluation_jobs
from experts.evaluation import prequalification_views, selection_views
from experts.evaluation import views as evaluation_views
from trading.accounts import session as account_session
from trading.accounts import views as account_views
from trading.accounts.permissions import Permission, Role, public
from trading.base import addresses, assets, language, pages
from trading.base.boxes import Boxes
from trading.base.clock import now, ticks
from trading.base.config import ROOT, Settings, load
from trading.base.database import db
from trading.base.errors import NotFound, Refused
from trading.base.files import Files
from trading.announcements import forms as announcement_forms
from trading.announcements import jobs as announcement_jobs
from trading.announcements import service as announcements
from trading.archive import disposal, disposal_views, hold_views, keeping, loan_views, override_views, renewal, search_views
from trading.archive import views as archive_views
from trading.base.scheduler import Job
from trading.contracts import jobs as contract_jobs
from trading.contracts import payments
from trading.contracts import views as contract_views
from trading.base.scheduler import run as run_timetable
from trading.announcements import correction_views
from trading.announcements import views as announcement_views
from trading.portal import log_views
from trading.frameworks import jobs as framework_jobs
from trading.frameworks import views as framework_views
from trading.lawbook import change_views as law_change_views
from trading.lawbook import current as law_in_force
from trading.lawbook import views as law_views
from trading.messages import views as message_views
from trading.objections import complaint_views
from trading.objections import jobs as objection_jobs
from trading.objections import views as objection_views
from trading.parties import views as party_views
from trading.portal import admin_views, letter_views, operator_views, result_views
from trading.portal import views as portal_views
from trading.projects import forms as project_forms
from trading.projects import registrar_views
from trading.projects import service as projects
from trading.projects import views as project_views
from trading.projects import words as project_words
from trading.sales import forms as sale_forms
from trading.sales import pages as sale_pages
from trading.sales import service as sales
from trading.sales import views as sale_views
from trading.demonstration.place import demo_folder, is_ready
from trading.deposits import service as deposits
from trading.deposits import views as deposit_views
from trading.drafting import views as drafting_views
from trading.evidence import service as evidence
from trading.evidence import stamping, witnessing
from trading.messages import service as messages
from trading.supervision import alarming, audit_views, audits, clock_views, continuing_views, outages, pause_views, reminders
from trading.supervision import views as supervision_views

log = structlog.get_logger()
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(
    getattr(logging, os.environ.get("MINGTANG_LOG_LEVEL", "warning").upper())), processors=[
        structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)],
    logger_factory=structlog.PrintLoggerFactory(sys.stderr))
VERSION = "0.1.0"
PART_LIMIT = 9 * 1024 * 1024

audits.ALSO.append(sealed_self_check.changed)
announcements.ANNEXES.append(notice_words.annex)
announcements.PARTICULARS.append(sale_pages.particulars)
announcements.CHECKS.append(sales.findings)
announcement_forms.FORMS.append(sale_forms.notice_form)
projects.ALSO_MISSING.append(sales.gaps)
project_forms.LOT_FORMS.append(sale_forms.lot_form)
project_words.PARTS.append(sale_pages.of_lot)
payments.DEPOSITS.append(deposits.paid_fen)

MACHINES = [trustee_views.bp, opening_api.bp, draw_api.bp]
BLUEPRINTS = [account_views.bp, message_views.bp, party_views.bp, project_views.bp, announcement_views.bp, correction_views.bp, drafting_views.bp,
              portal_views.bp, letter_views.bp,
              registrar_views.bp, operator_views.bp, result_views.bp, admin_views.bp, sealed_views.bp, countersigning_views.bp, opening_views.bp, round_views.bp, draw_views.bp,
              supplier_views.bp, selection_views.bp, prequalification_views.bp, log_views.bp, framework_views.bp,
              auction_views.bp, auction_taking_part.bp, auction_seller_views.bp, auction_tie_views.bp, auction_offer_views.bp, evaluation_views.bp, deposit_views.bp, archive_views.bp, hold_views.bp, loan_views.bp, disposal_views.bp, search_views.bp, override_views.bp, supervision_views.bp, audit_views.bp, continuing_views.bp, pause_views.bp, clock_views.bp,
              law_views.bp, law_change_views.bp, contract_views.bp, sale_views.bp, objection_views.bp, complaint_views.bp, *MACHINES]


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application for one installation."""
    settings = settings or load()
    app = Flask(__name__, static_folder=None, template_folder=str(ROOT / "templates"))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.url, SECRET_KEY=settings.key("session"),
        SESSION_COOKIE_NAME="__Host-mingtang" if settings.https else "mingtang",
        SESSION_COOKIE_SECURE=settings.https, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=PART_LIMIT, MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024, WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.https, BABEL_DEFAULT_LOCALE="zh",
        # A connection for every thread is kept: one beyond the pool's size is opened and closed with each request.
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": max(5, settings.threads)})
    app.extensions["mingtang"] = {
        "settings": settings, "boxes": Boxes(settings.key("field")), "files": Files(settings.files, Path(settings.files_replica) if settings.files_replica else None,
                                                                          lambda error: log.error("the second file store cannot be written", kind=type(error).__name__)),
        "keys": {"log": settings.key("log")}, "refusals": language.read_refusals(ROOT / "templates/locale/refusals"),
        "law": law_in_force.start(settings.instance)}
    db.init_app(app)
    csrf = CSRFProtect(app)
    for blueprint in MACHINES:
        # No cookie is read there: a key holder's own signature is what counts.
        csrf.exempt(blueprint)
    babel = Babel(app, locale_selector=language.choose)
    babel.domain_instance = language.Catalogues(ROOT / "templates/locale")
    account_session.manager().init_app(app)
    _templates(app)
    _static(app)
    app.url_map.converters["number"] = addresses.Number
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _requests(app)
    _errors(app)
    return app


def _templates(app: Flask) -> None:
    app.jinja_loader = ChoiceLoader([  # type: ignore[assignment]
        FileSystemLoader(ROOT / "templates"),
        PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                      "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf")})])
    WTFormsHelpers(app)
    pages.register_filters(app)
    settings: Settings = app.extensions["mingtang"]["settings"]
    version, import_map = assets.asset_version(ROOT), assets.import_map(ROOT)
    site = {"name": settings.site_name, "name_en": settings.site_name_en, "organiser": settings.organiser,
            "contact": settings.contact, "icp": settings.icp, "police": settings.police,
            "site_code": settings.site_code, "version": VERSION, "build": version[:12]}

    @app.context_processor
    def frame() -> dict[str, Any]:
        user = current_user if current_user.is_authenticated else None
        return {
            "site": site, "demo": settings.demo, "server_now": now(), "csp_nonce": pages.nonce, "import_map": import_map,
            "asset_version": version, "events": settings.events_base, "locale": language.language(), "theme": request.cookies.get("theme", "auto"),
            "elder": request.cookies.get("elder") == "1", "nav": _nav(), "side_nav": None,
            "account": {"name": user.account.name, "role": role_name(user.account), "href": "/me"} if user else None,
            "unread": messages.unread(user.account.id, user.organisation_id) if user else 0}


def _nav() -> list[dict[str, Any]]:
    items = [(_("首页"), "/"), (_("交易信息"), "/search"), (_("开标日历"), "/calendar"), (_("竞价大厅"), "/auctions"), (_("核验"), "/verify"),
             (_("我的工作"), "/me")]
    return [{"text": text, "href": href, "current": request.path == href} for text, href in items]


def role_name(account: trading.accounts.models.Person) -> str:
    """What a person is, in the reader's language."""
    names = {Role.BIDDER: _("投标人"), Role.TENDERER: _("招标人"), Role.AGENCY: _("招标代理"), Role.REGISTRAR: _("受理员"),
             Role.HOST: _("主持人"), Role.DRAW_OPERATOR: _("抽取员"), Role.FINANCE: _("财务"), Role.ARCHIVIST: _("档案员"),
             Role.EXPERT: _("评标专家"), Role.SUPERVISOR: _("监督人员"), Role.SOCIAL_SUPERVISOR: _("社会监督员"),
             Role.KEY_HOLDER: _("密钥持有人"), Role.ADMINISTRATOR: _("管理员")}
    return "、".join(names[role] for role in sorted(account.roles)) or _("账号")


def _static(app: Flask) -> None:
    own = {"sealed/": ROOT / "bidding/sealed/static", "auction/": ROOT / "bidding/auction/static"}

    @app.get("/static/<path:name>", endpoint="static")
    @public
    def static(name: str) -> ResponseReturnValue:
        folder, rest = next(((place, name.removeprefix(start)) for start, place in own.items() if name.startswith(start)), (Path(assets.dist(ROOT)), name))
        answer = send_from_directory(folder, rest, conditional=True)
        # Modules are imported without a version in their address, so they are asked for again each time.
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
        return answer


def _requests(app: Flask) -> None:
    @app.before_request
    def guard() -> ResponseReturnValue | None:
        """Deny by default: a view without a mark is refused, whoever asks."""
        g.request_id, g.started = secrets.token_hex(8), ticks()
        if request.endpoint is None:
            return None
        view = app.view_functions[request.endpoint]
        if not hasattr(view, "permission"):
            log.error("a view without a permission was asked for", endpoint=request.endpoint)
            abort(403)
        permission: Permission | None = view.permission
        if permission is None:
            return None
        if not current_user.is_authenticated:
            if pages.wants_json():
                return pages.problem(401, "account.sign_in_needed", refused("account.sign_in_needed"))
            return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else "/me"))
        if not current_user.is_complete:
            return redirect(url_for("accounts.code", next=request.path))
        if not current_user.account.may(permission):
            abort(403)
        return None

    @app.after_request
    def finish(response: Any) -> Any:
        # Neither account nor path is logged: before an opening they would show who is bidding.
        log.info("request", endpoint=request.endpoint, method=request.method, status=response.status_code,
                 ms=round((ticks() - g.get("started", ticks())) * 1000, 1), request=g.get("request_id"))
        response.headers["X-Request-ID"] = g.get("request_id", "")
        return pages.secure(response)


def refused(reason: str, **facts: Any) -> str:
    return language.refusal_text(Refused(reason, **facts))


def _errors(app: Flask) -> None:
    def page(status: int, reason: str, detail: str) -> ResponseReturnValue:
        if pages.wants_json():
            return pages.problem(status, reason, detail)
        return render_template("refused.html", status=status, reason=reason, detail=detail, posted=request.method != "GET",
                               back=request.referrer if request.method == "POST" else "/"), status

    @app.errorhandler(Refused)
    def on_refused(refusal: Refused) -> ResponseReturnValue:
        log.info("refused", reason=refusal.reason, endpoint=request.endpoint)
        return page(language.refusal_status(refusal), refusal.reason, language.refusal_text(refusal))

    @app.errorhandler(NotFound)
    def on_missing(_error: NotFound) -> ResponseReturnValue:
        return page(404, "http.404", refused("http.404"))

    @app.errorhandler(FileNotFoundError)
    def on_gone(error: FileNotFoundError) -> ResponseReturnValue:
        # A file that a disposal removed is gone for good, whichever page asks for it; any other is an accident.
        db.session.rollback()
        if disposal.removed(Path(error.filename or "").name) is None:
            return on_accident(error)
        return page(410, "archive.disposed", refused("archive.disposed"))

    @app.errorhandler(CSRFError)
    def on_csrf(_error: CSRFError) -> ResponseReturnValue:
        return page(400, "http.csrf", refused("http.csrf"))

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        reason = f"http.{code}" if f"http.{code}" in app.extensions["mingtang"]["refusals"] else "http.other"
        if code < 400:
            return error
        return page(code, reason, refused(reason))

    @app.errorhandler(Exception)
    def on_accident(error: Exception) -> ResponseReturnValue:
        db.session.rollback()
        log.error("an accident", endpoint=request.endpoint, kind=type(error).__name__, exc_info=error)
        return page(500, "http.500", refused("http.500"))


# --- timetable ---------------------------------------------------------------------------------

_seen: dict[str, int] = {}

#: Everything that happens by itself. Each job looks for due work and decides under its lock.
TIMETABLE = [
    Job("announcements.publish_due", 5, lambda: announcement_jobs.publish_due(now())),
    Job("sealed.start_due", 2, lambda: sealed_jobs.start_due(now())),
    Job("sealed.follow_deadlines", 2, lambda: sealed_jobs.follow_deadlines(now())),
    Job("sealed.follow_log", 2, lambda: resealing.follow(now())),
    Job("sealed.blur", 10, lambda: sealed_jobs.blur(now())),
    Job("sealed.tidy", 3600, lambda: sealed_jobs.tidy(now())),
    Job("opening.close_due", 0.5, lambda: opening_jobs.close_due(now)),
    Job("opening.advance_due", 1, lambda: opening_jobs.advance_due(now)),
    Job("trustees.check_canaries", 5, lambda: canaries.check_due(now())),
    Job("rounds.close_due", 0.5, lambda: round_jobs.close_due(now)),
    Job("auction.start_due", 2, lambda: auction_jobs.start_due(now())),
    Job("auction.admit_due", 2, lambda: auction_jobs.admit_due(now)),
    Job("auction.close_reserves", 1, lambda: auction_jobs.close_reserves(now)),
    Job("auction.advance_due", 0.25, lambda: auction_jobs.advance_due(now)),
    Job("auction.watch", 1, lambda: auction_lapses.watch(now)),
    Job("auction.settle_due", 1, lambda: auction_jobs.settle_due(now)),
    Job("auction.decide_ties", 1, lambda: auction_jobs.decide_ties(now)),
    Job("auction.follow_rounds", 1, lambda: auction_jobs.follow_rounds(now)),
    Job("opening.read_replies", 2, lambda: objecting.read_replies(now())),
    Job("draw.advance_due", 1, lambda: draw_jobs.advance_due(now)),
    Job("draw.decide_ties", 1, lambda: draw_ties.follow_due(now)),
    Job("evaluation.start_due", 2, lambda: evaluation_jobs.start_due(now())),
    Job("frameworks.settle_due", 2, lambda: framework_jobs.settle_due(now())),
    Job("contracts.remind_instalments", 3600, lambda: contract_jobs.remind_due(now())),
    Job("objections.follow", 60, lambda: objection_jobs.follow(now())),
    Job("supervision.remind", 60, lambda: reminders.remind(now())),
    Job("supervision.alarm", 2, lambda: alarming.tell(now())),
    Job("supervision.beat", 10, lambda: outages.beat(outages.TIMETABLE, now())),
    Job("supervision.probe", 10, lambda: outages.probe(now)),
    Job("supervision.audit", 5, lambda: audits.make_due(now)),
    Job("supervision.anchor", 3600, lambda: audits.anchor(now())),
    Job("evidence.checkpoint", 1, lambda: evidence.checkpoint_if_grown(now())),
    Job("archive.renew_due", 3600, lambda: renewal.renew_due(now())),
    Job("archive.take_in_due", 30, lambda: keeping.take_in_due(now())),
    Job("archive.dispose_due", 3600, lambda: disposal.carry_out_due(now())),
    Job("evidence.cosign_due", 1, lambda: witnessing.cosign_due(_seen, now)),
    Job("evidence.stamp_due", 2, lambda: stamping.stamp_due(now)),
]


def _by_newest_law(job: Job) -> Job:
    """The same job, each round of which first looks whether a change of the law was approved."""
    def call() -> object:
        law_in_force.follow()
        return job.call()

    return replace(job, call=call)


def _robots(settings: Settings) -> Job:
    """The demonstration's invented bidders give their halves by themselves."""
    folder = demo_folder(settings)
    path = folder / "robots.json"

    def give() -> int:
        from trading.demonstration import auction_house, showcase  # only the jobs process, and only of a demonstration, needs the cast

        return showcase.give_halves_of_robots(folder, json.loads(path.read_text("utf-8"))["password"], now()) + auction_house.robots_bid(folder)

    return Job("demonstration.robots", 5, give)


# --- commands ----------------------------------------------------------------------------------


@click.command()
def web() -> None:
    """Serve the pages (Waitress)."""
    app = create_app()
    settings: Settings = app.extensions["mingtang"]["settings"]
    waitress.serve(app, host=settings.host, port=settings.port, threads=settings.threads, ident=None,
                   max_request_body_size=2**31)


@click.command()
def jobs() -> None:
    """Run the timetable."""
    app = create_app()
    settings: Settings = app.extensions["mingtang"]["settings"]
    timetable = TIMETABLE + ([_robots(settings)] if settings.demo and is_ready(settings) else [])
    run_timetable(app, [_by_newest_law(job) for job in timetable])

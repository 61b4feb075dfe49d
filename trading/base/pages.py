"""What every page needs: security headers, a nonce, the language, filters, problem answers."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Response, g, jsonify, request

from trading.base import installation, language
from trading.base.clock import BEIJING
from trading.base.money import capitals, yuan

POLICY = ("default-src 'none'; script-src 'self' 'nonce-{}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
          "connect-src 'self'{}; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


def nonce() -> str:
    """One random value per answer, for the import map and its scripts."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(18)
    return str(g.nonce)


def _events() -> str:
    """Where live events come from, if not from the page's own address."""
    base = installation.settings().events_base
    return f" {base}" if base else ""


def secure(response: Response) -> Response:
    """Security headers on every answer; pages are never kept by shared caches."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY.format(nonce(), _events()))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    headers.setdefault("Cache-Control", "no-store")
    return response


def wants_json() -> bool:
    return request.path.startswith("/api/")


def problem(status: int, reason: str, detail: str, **more: Any) -> Response:
    """An RFC 9457 problem; ``type`` is the page that explains the reason."""
    answer = jsonify({"type": f"/problems/{reason}", "title": reason, "status": status, "detail": detail,
                      "request_id": g.get("request_id", ""), **more})
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer


def register_filters(app: Flask) -> None:
    app.add_template_filter(language.moment, "beijing")
    app.add_template_filter(language.day, "day")
    app.add_template_filter(yuan, "yuan")
    app.add_template_filter(capitals, "capitals")
    app.add_template_filter(lambda at: f"{at.astimezone(BEIJING):%H:%M:%S}", "clock_time")
    app.add_template_filter(lambda at: f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}", "plain_time")
    # The usual way looks for the context, the catalogue and the language anew at every sentence of a page.
    app.jinja_env.globals["_"] = app.extensions["babel"].instance.domain_instance.phrase

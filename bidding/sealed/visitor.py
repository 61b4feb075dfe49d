"""A small HTTP visitor of the platform for command-line tools: signs in, keeps its cookie, sends tokens."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

import click


class Visitor:
    """One signed-in session with the platform."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._token = ""

    def sign_in(self, username: str, password: str) -> None:
        """Sign in as a person would; raises ClickException when it is refused."""
        self._token = self._read_token("/login")
        form = urllib.parse.urlencode({"username": username, "password": password, "csrf_token": self._token}).encode()
        self._send("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        self._token = self._read_token("/me/account")

    def _read_token(self, path: str) -> str:
        found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', self._send("GET", path, None, {}))
        if found is None:
            raise click.ClickException("the platform's page has no form token")
        return found.group(1).decode()

    def get_json(self, path: str) -> Any:
        return json.loads(self._send("GET", path, None, {}))

    def post_json(self, path: str, document: Any, headers: dict[str, str] | None = None) -> Any:
        body = json.dumps(document, ensure_ascii=False).encode()
        return json.loads(self._send("POST", path, body, {"Content-Type": "application/json"} | (headers or {})))

    def post_form(self, path: str, fields: dict[str, str]) -> None:
        body = urllib.parse.urlencode(fields | {"csrf_token": self._token}).encode()
        self._send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})

    def put(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        self._send("PUT", path, body, {"Content-Type": "application/octet-stream"} | headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(self._url + path, body, headers | {
            "X-CSRFToken": self._token, "Referer": self._url + path}, method=method)
        try:
            with self._opener.open(request, timeout=300) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read(20_000)
            try:
                detail = json.loads(text).get("detail", "")
            except ValueError:
                detail = ""
            raise click.ClickException(f"{error.code} {detail or path}") from None
        except urllib.error.URLError as error:
            raise click.ClickException(f"the platform does not answer: {error.reason}") from None

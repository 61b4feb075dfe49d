"""Make the demonstration installation once: settings, keys, tables, people, projects."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

from trading.base import schema
from trading.base.config import Settings, create_keys, load
from trading.demonstration import showcase
from trading.demonstration import watchers as watching
from trading.demonstration.laboratory import MakeApp
from trading.demonstration.place import AUTHORITY_PORT, WITNESS_PORT, demo_folder, is_current, is_ready, newest_schema
from trading.evidence.authority import Authority
from trading.evidence.commands import witness_in

ORIGIN = "qingxi.example/log2026"

CONFIG = """\
# Settings of the demonstration, written once. docs/settings.md describes each line.
demo = true
https = false
site_name = "清溪县公共资源交易中心"
site_name_en = "Qingxi County Public Resource Trading Centre"
organiser = "清溪县公共资源交易中心（演示）"
contact = "0000-0000000 · 清溪县政务服务大厅三楼"
icp = "示例ICP备00000000号"
police = "示例公网安备00000000000000号"
site_code = "0000000000"
region = "CN-51"
platform_code = "1510822000"
operator_code = "12510822000000001X"
log_origin = "{origin}"
witness_urls = "{witnesses}"
witness_keys = "{keys}"
witness_quorum = {quorum}
tsa_urls = "{authorities}"
"""


def make_watchers(settings: Settings) -> watching.Watchers:
    """The demonstration's witnesses and authorities: keys and memories of their own, apart from the database."""
    folder = demo_folder(settings)
    logs = {settings.log_origin: watching.log_key(settings)}
    for number, name in enumerate(watching.WITNESSES, 1):
        place = folder / f"witness-{number}"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (place / "witness.key").exists():
            (place / "witness.key").write_bytes(secrets.token_bytes(32))
            (place / "witness.key").chmod(0o600)
        (place / "witness.json").write_text(json.dumps({"name": name, "logs": logs}), "utf-8")
    authorities = []
    for number, name in enumerate(watching.AUTHORITIES, 1):
        place = folder / f"authority-{number}"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        (place / "authority.json").write_text(json.dumps({"name": name}), "utf-8")
        authorities.append(Authority(name, place, since=watching.SINCE))
    witnesses = [witness_in(place) for place in sorted(folder.glob("witness-*"))]
    return watching.Watchers(witnesses, authorities, [0] * len(witnesses))


def _addresses(port: int, count: int) -> str:
    return ",".join(f"http://127.0.0.1:{port + number}" for number in range(count))


def make(make_app: MakeApp, at: datetime, echo: Callable[[str], None]) -> None:
    """Make the demonstration unless it is there; prints the accounts once."""
    settings = load()
    if is_ready(settings):
        _bring_up_to_date(make_app, settings, echo)
        return
    if settings.instance.joinpath("config.toml").exists() and not settings.demo:
        raise SystemExit("this installation is not a demonstration: nothing was changed")
    folder = demo_folder(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_keys(settings.instance)
    settings = replace(settings, log_origin=ORIGIN)
    watchers = make_watchers(settings)
    watching.pin_roots(settings.instance, watchers.authorities)
    settings.instance.joinpath("config.toml").write_text(CONFIG.format(
        origin=ORIGIN, keys=",".join(watchers.keys), quorum=watching.QUORUM, witnesses=_addresses(WITNESS_PORT, len(watchers.witnesses)),
        authorities=_addresses(AUTHORITY_PORT, len(watchers.authorities))), "utf-8")
    settings = load()
    app = make_app(settings)
    echo("creating the demonstration: tables, people and projects (about a minute) ...")
    schema.upgrade(app)
    with app.app_context():
        password = showcase.new_password()
        cast = showcase.Showcase(at, folder, watchers, password, f"http://{settings.host}:{settings.port}")
        showcase.build(cast, at)
        for number, holder in enumerate(cast.holders, 1):
            (folder / f"trustee-{number}" / "memory.json").write_text(json.dumps(asdict(holder.memory)), "utf-8")
    (folder / "robots.json").write_text(json.dumps({"password": password}), "utf-8")
    (folder / "robots.json").chmod(0o600)
    (folder / "totp.json").write_text(json.dumps({login.username: login.totp for login in cast.logins if login.totp}), "utf-8")
    (folder / "totp.json").chmod(0o600)
    _print(cast.logins, password, echo)
    (folder / "schema").write_text(newest_schema(), "utf-8")
    (folder / "ready").write_text("", "utf-8")


def _bring_up_to_date(make_app: MakeApp, settings: Settings, echo: Callable[[str], None]) -> None:
    if is_current(settings):
        return
    echo("bringing the demonstration's tables up to date ...")
    schema.upgrade(make_app(settings))
    (demo_folder(settings) / "schema").write_text(newest_schema(), "utf-8")


def _print(logins: list[showcase.Login], password: str, echo: Callable[[str], None]) -> None:
    echo("\nDemonstration accounts 演示账号 (shown once 只显示这一次)")
    echo(f"  password of all, and passphrase of the recovery files 统一密码: {password}")
    for login in logins:
        if not login.username.startswith("expert"):
            echo(f"  {login.username:<12} {login.name}" + ("   + code: .venv/bin/mingtang code " + login.username if login.totp else ""))
    echo("  expert01 … expert24   评标专家")

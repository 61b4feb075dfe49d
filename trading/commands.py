"""The command group ``mingtang``. A command's module is loaded when the command is called, so
that a key holder's process, or a second ``make run``, does not wait for the whole platform."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from trading.base.config import ROOT, create_keys, load

#: Command -> where it is defined. The folders' own commands stay with their folders.
PLACES = {
    "web": "app:web", "jobs": "app:jobs", "db": "flask_migrate.cli:db",
    "law": "trading.law.commands:law", "witness": "trading.evidence.commands:witness", "monitor": "trading.evidence.commands:monitor",
    "authority": "trading.evidence.commands:authority",
    "archive": "trading.archive.commands:archive",
    "trustee": "bidding.trustees.commands:trustee", "bid": "bidding.sealed.commands:bid", "draw": "experts.draw.commands:draw",
    "sales": "trading.sales.commands:sales",
    "audit": "trading.supervision.commands:audit",
    "demo": "trading.demonstration.start:demo", "code": "trading.demonstration.start:code", "up": "trading.demonstration.start:up",
    "walkthrough": "trading.demonstration.commands:walkthrough", "replay": "trading.demonstration.commands:replay",
}


def make_app(settings: Any = None) -> Any:
    """The application of this installation; loaded here, because it imports everything."""
    return import_module("app").create_app(settings)


class Commands(click.Group):
    """Finds commands by name and loads only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *PLACES])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PLACES:
            return super().get_command(ctx, cmd_name)
        module, _, name = PLACES[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        if cmd_name == "db":
            from flask.cli import ScriptInfo  # what the migrations' commands find their application in

            schema = import_module("trading.base.schema")
            ctx.obj = ScriptInfo(create_app=lambda: schema.prepare(make_app()))
        return command


@click.group(cls=Commands)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Mingtang 明堂: a public-resource trading platform."""
    ctx.obj = ctx.obj or make_app


@main.command()
@click.option("--publish", default="", metavar="URL", help="hand the events of auctions to nginx with nchan instead, at this address")
def events(publish: str) -> None:
    """Serve live events (server-sent events, Granian)."""
    settings = load()
    if publish:
        import_module("trading.portal.events.publish").run(settings, publish)
        return
    from granian import Granian
    from granian.constants import HTTPModes
    from granian.http import HTTP1Settings

    connections = import_module("trading.portal.events.connections")
    # More connections than watchers: those that find no place are told so.
    most = settings.events_watchers + 512
    if (allowed := connections.allow(most)) < most:
        click.echo(f"only {allowed} files may be open: raise the limit (ulimit -n) or lower events_watchers", err=True)
    # HTTP/1 alone and small buffers: half the memory for each watcher.
    Granian("trading.portal.events:application", address=settings.host, port=settings.events_port, interface="asgi",  # type: ignore[arg-type]
            http=HTTPModes.http1, http1_settings=HTTP1Settings(max_buffer_size=32 * 1024), websockets=False, backlog=4096, backpressure=most,
            log_access=False, log_level="warning").serve()  # type: ignore[arg-type]


@main.group()
def keys() -> None:
    """Keys of the installation."""


@keys.command("create")
def keys_create() -> None:
    """Make the keys that do not exist yet."""
    made = create_keys(load().instance)
    click.echo("made: " + (", ".join(made) or "none, all were there"))


@main.group("assets")
def assets_group() -> None:
    """Front-end files."""


@assets_group.command("install")
def assets_install() -> None:
    """Fetch the pinned packages and compile the styles; nothing to do when they are there."""
    from trading.base import assets

    assets.install(ROOT, click.echo)


@main.command("verify")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--log-key", default="", help="the log's key, from a source outside the pack")
@click.option("--witness-key", multiple=True)
@click.option("--centre-key", default="")
@click.option("--quorum", type=click.IntRange(1, 20), default=1, show_default=True, help="how many witnesses must have signed a close")
@click.option("--tsa-root", type=click.Path(exists=True, dir_okay=False), multiple=True, help="certificate (PEM) of a time-stamping authority")
@click.option("--renewals", type=click.Path(exists=True, dir_okay=False), help="the renewals of a pack's evidence (JSON)")
@click.option("--json", "as_json", is_flag=True)
def verify_command(path: Path, log_key: str, witness_key: tuple[str, ...], centre_key: str, quorum: int, tsa_root: tuple[str, ...],
                   renewals: str | None, as_json: bool) -> None:
    """Check an archive pack or a receipt: no server, database or account needed."""
    from trading.evidence import verify

    arguments = [str(path), "--log-key", log_key, "--centre-key", centre_key, "--quorum", str(quorum), *(["--json"] if as_json else [])]
    for key in witness_key:
        arguments += ["--witness-key", key]
    arguments += ["--renewals", renewals] if renewals else []
    for root in tsa_root:
        arguments += ["--tsa-root", root]
    sys.exit(verify.main(arguments))

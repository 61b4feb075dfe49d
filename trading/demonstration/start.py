"""Commands that make and start the demonstration. The platform itself is loaded only where it is needed."""

from __future__ import annotations

import json
import sys

import click

from trading.base.clock import now
from trading.base.config import load
from trading.demonstration import processes
from trading.demonstration.place import AUTHORITY_PORT, WITNESS_PORT, demo_folder, is_current, is_ready


@click.command()
@click.pass_obj
def demo(make_app: object) -> None:
    """Make the demonstration installation, once; bring its tables up to date after an update."""
    if is_ready(load()) and is_current(load()):
        return
    from trading.demonstration import setup  # takes a second, and `make run` comes by every time

    setup.make(make_app, now(), click.echo)  # type: ignore[arg-type]


@click.command()
@click.argument("username")
def code(username: str) -> None:
    """The six-digit code of a demonstration account, now."""
    import pyotp

    path = demo_folder(load()) / "totp.json"
    secrets = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if username not in secrets:
        raise click.UsageError(f"no demonstration account {username!r} with a second factor")
    click.echo(pyotp.TOTP(secrets[username]).now())


@click.command()
def up() -> None:
    """Start web, jobs, events, watchers and key holders on this machine."""
    settings = load()
    parts = [[processes.program(), name] for name in ("web", "jobs", "events")]
    if settings.demo:
        # Started as modules of their own: they are other people's processes and load nothing of the platform.
        folder = demo_folder(settings)
        for number, place in enumerate(sorted(folder.glob("witness-*"))):
            parts.append(["-m", "trading.evidence.commands", "witness", "run", str(place), "--port", str(WITNESS_PORT + number)])
        for number, place in enumerate(sorted(folder.glob("authority-*"))):
            parts.append(["-m", "trading.evidence.commands", "authority", "run", str(place), "--port", str(AUTHORITY_PORT + number)])
        parts += [["-m", "bidding.trustees.commands", "run", str(holder)] for holder in sorted(folder.glob("trustee-*"))]
    sys.exit(processes.run_all(parts, f"http://{settings.host}:{settings.port}", click.echo))

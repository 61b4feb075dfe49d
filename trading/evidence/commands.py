"""Commands of a witness and of somebody who watches the log. They import nothing of the platform's database layer."""

from __future__ import annotations

import json
import os
import secrets
import sys
import urllib.error
from pathlib import Path
from typing import Any

import click

from trading.base.clock import now, unix
from trading.evidence import monitor as monitoring
from trading.evidence import verify
from trading.evidence.authority import Authority
from trading.evidence.authority import serve as serve_authority
from trading.evidence.witness import Witness, serve


def witness_in(folder: Path) -> Witness:
    """The witness whose key, name, known logs and memory lie in a folder."""
    about = json.loads((folder / "witness.json").read_text("utf-8"))
    return Witness(about["name"], (folder / "witness.key").read_bytes(), about["logs"], folder / "memory.json", about.get("first"))


@click.group()
def witness() -> None:
    """A witness of the evidence log."""


@witness.command("run")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8009, show_default=True)
def run(folder: Path, host: str, port: int) -> None:
    """Answer ``POST /add-checkpoint`` (c2sp.org/tlog-witness) until stopped."""
    serve(witness_in(folder), host, port, lambda: unix(now())).serve_forever()


@witness.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="the witness's name, a place without https://")
@click.option("--log-key", multiple=True, required=True, help="verifier key of a log to watch, from a source outside the platform")
def init(folder: Path, name: str, log_key: tuple[str, ...]) -> None:
    """Make a witness's key and settings in an empty folder; prints its verifier keys."""
    logs = {key.partition("+")[0]: key for key in log_key}
    for key in log_key:
        try:
            verify.parse_verifier_key(key)
        except verify.Invalid as error:
            raise click.UsageError(str(error)) from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(folder / "witness.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.UsageError("there is a key in that folder already") from None
    with os.fdopen(handle, "wb") as out:
        out.write(secrets.token_bytes(32))
    (folder / "witness.json").write_text(json.dumps({"name": name, "logs": logs}), "utf-8")
    made = witness_in(folder)
    click.echo(f"{made.verifier_key}\n{made.verifier_key_pq}")


@witness.command("continue")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("announcement", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def go_on(folder: Path, announcement: Path) -> None:
    """Watch a log under the name that it announces (``/log/continuation.json``), if it owns up to what was seen here last."""
    about = json.loads((folder / "witness.json").read_text("utf-8"))
    try:
        key, note, found = witness_in(folder).accept(verify.loose_json(announcement.read_bytes()))
    except verify.Invalid as error:
        raise click.ClickException(str(error)) from None
    about["logs"][found.event["origin"]] = key
    about["first"] = about.get("first", {}) | {found.event["origin"]: note}
    temporary = folder / "witness.new"
    temporary.write_text(json.dumps(about), "utf-8")
    temporary.replace(folder / "witness.json")
    click.echo(f"{found.told()}\n{key}\nstart the witness again")


@click.group()
def authority() -> None:
    """A time-stamping authority for demonstrations; a real one is an outside organisation."""


@authority.command("run")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8019, show_default=True)
def run_authority(folder: Path, host: str, port: int) -> None:
    """Answer time-stamp queries (RFC 3161) until stopped."""
    about = json.loads((folder / "authority.json").read_text("utf-8"))
    serve_authority(Authority(about["name"], folder, since=now()), host, port, now).serve_forever()


@click.command("monitor")
@click.argument("url")
@click.option("--keep", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("mingtang-log"), show_default=True,
              help="where leaves and checkpoints seen so far are kept")
@click.option("--log-key", default="", help="the log's key, from a source outside the platform")
@click.option("--witness-key", multiple=True, help="a witness's key; may be repeated")
@click.option("--quorum", type=click.IntRange(0, 20), default=0, show_default=True, help="how many witnesses must have signed")
@click.option("--every", type=click.FloatRange(1, 86_400), default=60.0, show_default=True, help="seconds between two looks")
@click.option("--once", is_flag=True, help="look once and end")
@click.option("--json", "as_json", is_flag=True)
def monitor(url: str, folder: Path, log_key: str, witness_key: tuple[str, ...], quorum: int, every: float, once: bool, as_json: bool) -> None:
    """Watch a platform's log from outside; cries out and ends with 1 when it is not what it was."""
    def say(found: dict[str, Any]) -> None:
        if as_json:
            click.echo(json.dumps(found))
        elif found["ok"]:
            for told in found["continued"]:
                click.echo(f"◆ {told}", err=True)
            click.echo(f"✓ {found['size']:,} leaves, {found['new']:,} new, {found['witnessed']} witnesses, root {found['root'][:16]}…")
        elif found["ok"] is None:
            click.echo(f"◔ no answer: {found['unreachable']}", err=True)
        else:
            click.echo(f"✕ {found['alarm']}", err=True)

    if not log_key:
        click.echo("◆ no --log-key: the key is taken from the platform itself; compare it with a source outside", err=True)
    try:
        watcher = monitoring.Monitor(folder, monitoring.over_http(url), log_key, witness_key, quorum)
        if once:
            found = watcher.look()
            say({"ok": True, "size": found.size, "new": found.size - found.before, "root": found.root, "witnessed": found.witnessed, "continued": found.continued})
        else:
            monitoring.watch(watcher, say, every=every)
    except monitoring.Alarm as alarm:
        say({"ok": False, "alarm": str(alarm)})
        sys.exit(1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        say({"ok": None, "unreachable": type(error).__name__})
        sys.exit(2)


@click.group()
def outside() -> None:
    """What runs outside the platform, loading nothing of it."""


for command in (witness, authority, monitor):
    outside.add_command(command)

if __name__ == "__main__":
    outside()

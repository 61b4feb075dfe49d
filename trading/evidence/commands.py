"""Commands of a witness and of somebody who watches the log. They import nothing of the platform's database layer."""

from __future__ import annotations

import json
import sys
import urllib.error
from pathlib import Path
from typing import Any

import click

from trading.base.clock import now, unix
from trading.evidence import monitor as monitoring
from trading.evidence.witness import Witness, serve


def witness_in(folder: Path) -> Witness:
    """The witness whose key, name, known logs and memory lie in a folder."""
    about = json.loads((folder / "witness.json").read_text("utf-8"))
    return Witness(about["name"], (folder / "witness.key").read_bytes(), about["logs"], folder / "memory.json")


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
            say({"ok": True, "size": found.size, "new": found.size - found.before, "root": found.root, "witnessed": found.witnessed})
        else:
            monitoring.watch(watcher, say, every=every)
    except monitoring.Alarm as alarm:
        say({"ok": False, "alarm": str(alarm)})
        sys.exit(1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        say({"ok": None, "unreachable": type(error).__name__})
        sys.exit(2)


if __name__ == "__main__":
    witness()

"""Commands of a witness. They import nothing of the platform's database layer."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trading.base.clock import now, unix
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


if __name__ == "__main__":
    witness()

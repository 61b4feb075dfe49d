"""Commands of a key holder. They import nothing of the platform's database layer."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

import click

from bidding.trustees import agent as agents


@click.group()
def trustee() -> None:
    """A key holder's own process (开标密钥持有人)."""


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--organisation", required=True)
@click.option("--url", required=True, help="address of the platform")
@click.option("--log-key", required=True, help="the log's key, from a source outside the platform")
@click.option("--centre-key", required=True, help="the centre's key (hex), from the same source")
@click.option("--witness-key", multiple=True)
@click.option("--quorum", type=int, default=1, show_default=True)
def init(folder: Path, organisation: str, url: str, log_key: str, centre_key: str, witness_key: tuple[str, ...],
         quorum: int) -> None:
    """Make a root and settings in an empty folder; prints the public key to be enrolled."""
    try:
        made = agents.init(folder, organisation, url, log_key, centre_key, list(witness_key), quorum)
    except FileExistsError:
        raise click.UsageError("there is a root in that folder already") from None
    click.echo(made.public.hex())


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--once", is_flag=True, help="one round instead of until stopped")
def run(folder: Path, once: bool) -> None:
    """Watch for openings, check them and release this holder's shares."""
    if once:
        click.echo(agents.Agent(folder, click.echo).work())
        return
    agents.run(folder, lambda line: click.echo(f"[{folder.name}] {line}"))


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def status(folder: Path) -> None:
    """What this holder released and how many pre-keys the platform has left."""
    holder = agents.Agent(folder, click.echo)
    with urlopen(f"{holder.url}/api/v1/trustees/{holder.trustee.public.hex()}", timeout=30) as answer:
        state = json.load(answer)
    click.echo(f"{state['organisation']}: {state['spare_pre_keys']} pre-keys left, {len(state['sessions'])} openings waiting")
    journal = folder / "journal.jsonl"
    click.echo(journal.read_text("utf-8") if journal.exists() else "nothing released yet")


if __name__ == "__main__":
    trustee()

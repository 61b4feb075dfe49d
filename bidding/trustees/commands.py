"""Commands of a key holder. They import nothing of the platform's database layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import click

from bidding.trustees import agent as agents
from bidding.trustees import courier, fingerprints
from trading.base.errors import Refused


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
    click.echo(f"{made.public.hex()}\n{fingerprints.words(made.public)}")


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
@click.argument("session")
def release(folder: Path, session: str) -> None:
    """Check one opening now and release this holder's shares of it."""
    with _told():
        click.echo(agents.Agent(folder, click.echo).release(session))


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("session")
@click.confirmation_option(prompt="This gives away this holder's shares of every bid of the session, withdrawn ones too. Go on?")
def dispute(folder: Path, session: str) -> None:
    """Give away the seed of one session's pre-key, to show whose fault a share is."""
    with _told():
        for digest, fault in sorted(agents.Agent(folder, click.echo).dispute(session).items()):
            click.echo(f"{digest}  {fault}")


@trustee.command()
@click.argument("public")
@click.option("--url", required=True, help="address of the platform")
def waiting(public: str, url: str) -> None:
    """What waits for the holder of a PUBLIC key: sessions with their envelopes, rehearsals. Needs no root."""
    with _told():
        for session, what in courier.waiting(url, public):
            click.echo(f"{session}  {what}")


@trustee.command()
@click.argument("session")
@click.argument("number", type=int)
@click.option("--url", required=True, help="address of the platform")
@click.option("--out", type=click.Path(path_type=Path), required=True)
def rehearsal(session: str, number: int, url: str, out: Path) -> None:
    """Fetch the dummy bid of a rehearsal for the offline tool. Needs no root."""
    with _told():
        out.write_text(json.dumps(courier.rehearsal(url, session, number), ensure_ascii=False), "utf-8")


@trustee.command()
@click.argument("ask", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--url", required=True, help="address of the platform")
@click.option("--out", type=click.Path(path_type=Path), required=True)
def bundle(ask: Path, url: str, out: Path) -> None:
    """Fetch the bundle that a signed request (ask.json of the offline tool) asks for. Needs no root."""
    with _told():
        out.write_text(json.dumps(courier.fetch(url, ask), ensure_ascii=False), "utf-8")


@trustee.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--url", required=True, help="address of the platform")
def send(file: Path, url: str) -> None:
    """Hand in a release, the answer to a rehearsal or pre-keys that were signed offline. Needs no root."""
    with _told():
        click.echo(courier.send(url, file))


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--passphrase", prompt="passphrase of the cards (may be empty)", default="", hide_input=True, confirmation_prompt=True)
def cards(folder: Path, passphrase: str) -> None:
    """Print the backup cards: three of 33 words, any two give the root back (SLIP-39)."""
    about = json.loads((folder / "trustee.json").read_text("utf-8"))
    for number, words in enumerate(agents.cards(folder, passphrase), 1):
        click.echo(f"\n――― {about['organisation']}  {number} / 3 (2 needed)  {about['public'][:16]} ―――")
        listed = words.split()
        for first in range(0, len(listed), 4):
            click.echo("  ".join(f"{place + 1:>2} {listed[place]:<10}" for place in range(first, min(first + 4, len(listed)))))
    click.echo("\nPut each card into a sealed envelope of its own, at a different place. Keep trustee.json too; it is not secret.")


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--settings", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True, help="the kept trustee.json")
@click.option("--card", "card", multiple=True, required=True, help="the words of one card; give it twice")
@click.option("--passphrase", prompt="passphrase of the cards", default="", hide_input=True)
def restore(folder: Path, settings: Path, card: tuple[str, ...], passphrase: str) -> None:
    """Make the holder's folder again from two cards."""
    with _told():
        click.echo(agents.restore(folder, list(card), passphrase, settings).public.hex())


@trustee.command("continue")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("announcement", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def follow(folder: Path, announcement: Path) -> None:
    """Follow the log under the name that it announces (``/log/continuation.json``), if that hides nothing that was seen here. Needs no root."""
    try:
        click.echo(f"{agents.follow_log(folder, announcement)}\nstart the holder again")
    except Refused as refusal:
        raise click.ClickException(f"{refusal.reason}: {refusal.facts.get('why', '')}") from None


@contextmanager
def _told() -> Iterator[None]:
    """A refusal as a line for the person at the keyboard, not a stack of calls."""
    try:
        yield
    except Refused as refusal:
        raise click.ClickException(refusal.reason) from None
    except FileExistsError:
        raise click.ClickException("there is a root in that folder already") from None
    except OSError as error:
        raise click.ClickException(f"the platform does not answer: {error}") from None


@trustee.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def status(folder: Path) -> None:
    """What this holder released and how many pre-keys the platform has left."""
    holder = agents.Agent(folder, click.echo)
    with urlopen(f"{holder.url}/api/v1/trustees/{holder.trustee.public.hex()}", timeout=30) as answer:
        state = json.load(answer)
    click.echo(f"{state['organisation']}: {', '.join(f'{spare} pre-keys of {suite}' for suite, spare in state['spare_pre_keys'].items())} left, {len(state['sessions'])} openings waiting")
    journal = folder / "journal.jsonl"
    click.echo(journal.read_text("utf-8") if journal.exists() else "nothing released yet")


if __name__ == "__main__":
    trustee()

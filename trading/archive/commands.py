"""mingtang archive: work on sealed cases from a terminal."""

from __future__ import annotations

from typing import Any

import click


@click.group()
def archive() -> None:
    """Sealed cases."""


@archive.command("index")
@click.pass_obj
def index(make_app: Any) -> None:
    """Number what is not numbered yet and make the search index of all sealed cases anew."""
    from trading.archive import keeping, search
    from trading.base.clock import now

    with make_app().app_context():
        taken = keeping.take_in_due(now())
        click.echo(f"taken in: {taken}; indexed: {search.index_all(now())}")

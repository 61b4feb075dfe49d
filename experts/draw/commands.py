"""Commands about draws: anyone can work a published one out again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from experts.draw import transcript
from trading.base.errors import Refused
from trading.evidence.verify import Invalid, loose_json


@click.group()
def draw() -> None:
    """Draws of experts (专家抽取)."""


@draw.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True)
def verify(path: Path, as_json: bool) -> None:
    """Recompute a published draw: pool root, seed, tickets, seats, substitutes."""
    try:
        found = transcript.recompute(loose_json(path.read_bytes()))
    except (Refused, Invalid) as problem:
        click.echo(json.dumps({"ok": False, "reason": str(problem)}) if as_json else f"✕ {problem}")
        sys.exit(1)
    seats = {seating.stratum: list(seating.members) for seating in found.outcome.seatings}
    if as_json:
        click.echo(json.dumps({"ok": True, "seed": found.seed.hex(), "pool_root": found.pool_root.hex(), "seats": seats}))
        return
    click.echo(f"✓ the draw holds: seed {found.seed.hex()}, pool {found.pool_root.hex()}")
    for stratum, members in seats.items():
        for member in members:
            click.echo(f"  {stratum}  {member}")

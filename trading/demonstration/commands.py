"""Commands that show the platform at work: walkthrough, replay, demo."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
import pyotp

from trading.base import installation
from trading.base.clock import now
from trading.base.config import load
from trading.demonstration import processes, setup
from trading.demonstration import replay as replaying
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.demonstration.cast import Cast
from trading.demonstration.laboratory import MakeApp, installation_in
from trading.evidence import service as evidence
from trading.evidence.verify import Pack, Verifier, readable


def commands(make_app: MakeApp) -> list[click.Command]:
    """The commands, given how an application is made."""

    @click.command()
    @click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="folder that receives the pack")
    def walkthrough(out: Path | None) -> None:
        """One complete tender in the terminal, from registration to the verified pack."""
        sys.exit(walk(make_app, out))

    @click.command()
    @click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--limit", type=click.IntRange(1), help="only the first N releases")
    @click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True)
    def replay(path: Path, limit: int | None, jobs: int) -> None:
        """Replay recorded tenders and compare the winners with the record."""
        def progress(done: int, of: int) -> None:
            if done % 50 == 0:
                click.echo(f"  {done} of {of}", err=True)

        tally, seconds = replaying.run(path, make_app, limit=limit, jobs=jobs, progress=progress)
        for line in tally.differences + tally.invalid:
            click.echo(f"✕ {line}")
        quarter = max(1, len(tally.seconds) // 4)
        click.echo(f"{tally.cases} cases, {tally.bids} bids, {seconds:.1f} s: "
                   f"{tally.cases / seconds:.2f} cases/s, {tally.bids / seconds:.2f} bids/s ({jobs} jobs)")
        click.echo(f"one case: median {statistics.median(tally.seconds):.3f} s, first quarter "
                   f"{statistics.median(tally.seconds[:quarter]):.3f} s, last quarter {statistics.median(tally.seconds[-quarter:]):.3f} s")
        click.echo(f"no winner recorded: {tally.unrecorded}; tenderers who bid twice, taken as two: {tally.twice}")
        click.echo(f"packs that fail verification: {len(tally.invalid)}")
        click.echo(f"winners that differ from the record: {len(tally.differences)}")
        sys.exit(1 if tally.differences or tally.invalid else 0)

    @click.command()
    def demo() -> None:
        """Make the demonstration installation, once."""
        setup.make(make_app, now(), click.echo)

    @click.command()
    @click.argument("username")
    def code(username: str) -> None:
        """The six-digit code of a demonstration account, now."""
        path = setup.demo_folder(load()) / "totp.json"
        secrets = json.loads(path.read_text("utf-8")) if path.exists() else {}
        if username not in secrets:
            raise click.UsageError(f"no demonstration account {username!r} with a second factor")
        click.echo(pyotp.TOTP(secrets[username]).now())

    @click.command()
    def up() -> None:
        """Start web, jobs, events, witness and key holders on this machine."""
        settings = load()
        parts = [[processes.program(), name] for name in ("web", "jobs", "events")]
        if settings.demo:
            # Started as modules of their own: they are other people's processes and load nothing of the platform.
            folder = setup.demo_folder(settings)
            parts.append(["-m", "trading.evidence.commands", "run", str(folder / "witness"), "--port", str(setup.WITNESS_PORT)])
            parts += [["-m", "bidding.trustees.commands", "run", str(holder)] for holder in sorted(folder.glob("trustee-*"))]
        sys.exit(processes.run_all(parts, f"http://{settings.host}:{settings.port}", click.echo))

    return [walkthrough, replay, demo, code, up]


def walk(make_app: MakeApp, out: Path | None) -> int:
    """Run one case, saying what each party does; returns the exit status of the verifier."""
    at = datetime(2026, 3, 2, 1, tzinfo=UTC)

    def say(who: str, what: str) -> None:
        click.echo(f"{who:<12}{what}")

    with tempfile.TemporaryDirectory(prefix="mingtang-walk-") as folder, \
            installation_in(Path(folder), make_app, region="CN-51") as (_, witness):
        cast = Cast(at, witness)
        names = ["青石建设集团有限公司", "云岭市政工程有限公司", "川北路桥有限公司", "锦屏建筑安装有限公司"]
        companies = [cast.company(name, at) for name in names]
        method = {"kind": "works_comprehensive", "price_points": "60", "k_above": "1", "k_below": "0.5", "factors": [
            {"id": "design", "name": "施工组织设计", "most": "25"}, {"id": "team", "name": "项目团队", "most": "15"}]}
        plan = Plan("清溪县青石路改造工程", "一标段施工", 1_268_000_000, 1_200_000_000,
                    [Offer(company, 1_100_000_000 + 1_234_500 * number) for number, company in enumerate(companies)],
                    "CN-51", method=method, deposit_fen=20_000_000)
        run = CaseRun(cast, plan, at, say)
        run.run()
        pack = run.seal_archive()
        stored = installation.files().path(pack.stored)
        report = Verifier(Pack(stored), evidence.log_verifier_key(), [witness.verifier_key]).run()
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            target = out / f"{run.lot.code}.zip"
            shutil.copyfile(stored, target)
            (out / "log-key.txt").write_text(evidence.log_verifier_key() + "\n", "utf-8")
            (out / "witness-key.txt").write_text(witness.verifier_key + "\n", "utf-8")
            say("档案员", f"归档包写到 {target}")
        click.echo(readable(report))
        return 0 if report["ok"] else 1

"""Commands that show the platform at work: walkthrough, replay."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from trading.base import installation
from trading.demonstration import replay as replaying
from trading.demonstration.case import CaseRun, Offer, Plan
from trading.demonstration.cast import Cast
from trading.demonstration.laboratory import MakeApp, installation_in
from trading.demonstration.watchers import QUORUM
from trading.evidence import service as evidence
from trading.evidence.verify import Pack, Verifier, readable


@click.command()
@click.pass_obj
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="folder that receives the pack")
def walkthrough(make_app: MakeApp, out: Path | None) -> None:
    """One complete tender in the terminal, from registration to the verified pack."""
    sys.exit(walk(make_app, out))


@click.command()
@click.pass_obj
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--limit", type=click.IntRange(1), help="only the first N releases")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True)
def replay(make_app: MakeApp, path: Path, limit: int | None, jobs: int) -> None:
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


def walk(make_app: MakeApp, out: Path | None) -> int:
    """Run one case, saying what each party does; returns the exit status of the verifier."""
    at = datetime(2026, 3, 2, 1, tzinfo=UTC)

    def say(who: str, what: str) -> None:
        click.echo(f"{who:<12}{what}")

    with tempfile.TemporaryDirectory(prefix="mingtang-walk-") as folder, \
            installation_in(Path(folder), make_app, region="CN-51") as (_, watchers):
        cast = Cast(at, watchers)
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
        report = Verifier(Pack(stored), evidence.log_verifier_key(), watchers.keys, QUORUM).run()
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            target = out / f"{run.lot.code}.zip"
            shutil.copyfile(stored, target)
            (out / "log-key.txt").write_text(f"{evidence.log_verifier_key()},{evidence.log_verifier_key_pq()}\n", "utf-8")
            (out / "witness-keys.txt").write_text("\n".join(watchers.keys) + "\n", "utf-8")
            say("档案员", f"归档包写到 {target}")
        click.echo(readable(report))
        return 0 if report["ok"] else 1

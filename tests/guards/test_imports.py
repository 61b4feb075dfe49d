"""The house holds its shape: folders in one order, rules without frameworks, one reader of the clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ORDER = [
    "trading.base", "trading.law", "trading.evidence", "trading.accounts", "trading.messages", "trading.parties",
    "trading.projects", "trading.archive", "trading.announcements", "trading.drafting", "trading.contracts", "trading.lawbook", "trading.deposits", "trading.sales", "trading.supervision",
    "trading.objections",
    "bidding.eligibility", "bidding.envelope", "bidding.trustees", "bidding.sealed", "bidding.opening", "bidding.rounds", "bidding.auction",
    "experts.pool", "experts.draw", "experts.evaluation", "trading.frameworks", "trading.demonstration", "trading.portal", "trading.commands"]
PURE = {"rules.py", "terms.py", "grounds.py", "lending.py", "casetexts.py", "tickets.py", "strata.py", "transcript.py", "methods.py", "ranking.py", "review.py", "modes.py", "standing.py", "outcomes.py", "parcels.py", "records.py", "instalments.py", "recusal.py", "tree.py", "tile_names.py", "texts.py"}
FRAMEWORKS = {"flask", "flask_login", "flask_wtf", "flask_babel", "sqlalchemy", "flask_sqlalchemy", "wtforms"}


@cache
def modules() -> list[tuple[Path, str, ast.Module]]:
    found = []
    for top in ("trading", "bidding", "experts"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append((path, name, ast.parse(path.read_text("utf-8"))))
    return found


def imported(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def folder(name: str) -> int | None:
    return next((index for index, place in enumerate(ORDER) if name == place or name.startswith(place + ".")), None)


def backwards(name: str, tree: ast.Module) -> list[str]:
    own = folder(name)
    return [other for other in imported(tree) if own is not None and (at := folder(other)) is not None and at > own]


def test_folders_import_only_earlier_ones() -> None:
    wrong = [f"{name} imports {other}" for _path, name, tree in modules() for other in backwards(name, tree)]
    assert not wrong, wrong


def test_every_folder_has_its_place() -> None:
    unknown = {name for _path, name, _tree in modules() if "." in name and folder(name) is None}
    assert not unknown, unknown


def test_control_a_backward_import_is_seen() -> None:
    assert backwards("trading.projects.service", ast.parse("from experts.draw import service"))


def test_nobody_imports_the_application() -> None:
    allowed = {"trading.portal.events.halls"}  # the events process needs its sentences
    wrong = [name for _path, name, tree in modules() if "app" in imported(tree) and name not in allowed]
    assert not wrong, wrong


def test_views_are_imported_by_the_application_only() -> None:
    wrong = [f"{name} imports {other}" for _path, name, tree in modules() for other in imported(tree)
             if other.endswith((".views", "_views")) and folder(other) is not None and not other.startswith(name)]
    assert not wrong, wrong


def test_rules_know_no_framework() -> None:
    wrong = [f"{name}: {other}" for path, name, tree in modules() if path.name in PURE
             for other in imported(tree) if other.partition(".")[0] in FRAMEWORKS]
    assert not wrong, wrong


def test_only_the_clock_reads_the_clock() -> None:
    # The key holder's process is not the platform: it has a clock of its own, on purpose.
    allowed = {"trading.base.clock", "bidding.trustees.agent", "trading.demonstration.processes"}
    calls = ("datetime.now", "datetime.utcnow", "date.today", "time.time", "datetime.today")
    wrong = [f"{name}: {ast.unparse(node.func)}" for _path, name, tree in modules() if name not in allowed
             for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(calls)]
    assert not wrong, wrong


def test_base_has_no_business_word() -> None:
    words = ("bid", "tender", "lot", "expert", "deposit", "auction", "trustee")
    wrong = []
    for path in (ROOT / "trading/base").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and any(
                    word in node.name.lower().split("_") for word in words):
                wrong.append(f"{path.name}: {node.name}")
    assert not wrong, wrong


def test_key_holders_and_witnesses_stay_away_from_the_database() -> None:
    program = ("import sys; import bidding.trustees.agent, trading.evidence.witness, trading.evidence.verify; "
               "print([m for m in sys.modules if m.partition('.')[0] in ('sqlalchemy', 'flask', 'flask_sqlalchemy')])")
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_the_verifier_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes((ROOT / "trading/evidence/verify.py").read_bytes())
    found = subprocess.run([sys.executable, "-I", "verify.py", "--help"], capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 0 and "offline" in found.stdout
    names = imported(ast.parse((tmp_path / "verify.py").read_text("utf-8")))
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names) | {"cryptography"}

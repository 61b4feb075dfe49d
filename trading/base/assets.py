"""Fetches, compiles and lays out the browser's files: style sheet, own scripts, packages.

Nothing it makes is committed. Packages are those of ``frontend/package-lock.json``,
compared with its checksums by npm; of each only the files that a page can reach are
copied, and ``frontend/dist/manifest.json`` says which, from which version, under which
licence and with which SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from trading.base import one_file

#: What pages may import by name. Everything these import in turn is followed and copied.
MODULES = ("hpke", "@panva/hpke-noble", "shamir-secret-sharing")

#: Packages that workers load as well. A worker has no import map, and these need other
#: versions of shared packages than the pages do; so in their copies, and in those of all that
#: they import, every name is replaced by the path to the very file it means.
SELF_CONTAINED = ("sm-crypto-v2",)

#: Single files with nothing behind them: name to import -> path below node_modules.
SINGLE_FILES = {
    "govuk-frontend": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "echarts": "echarts/dist/echarts.esm.min.mjs",
}

#: Pages that are one file with everything in them: name in ``dist`` -> folder of their sources.
ONE_FILE_PAGES = {"verify.html": "trading/archive/verifier", "seal.html": "bidding/sealed/offline", "trustee.html": "bidding/trustees/offline"}
#: Where these find what they share with pages of the platform; a change there is a change of theirs.
SHARED_SCRIPTS = ("bidding/sealed/static",)

PUBLIC_ADDRESS = "/static/vendor/"
OLDEST_NODE = 20

# A specifier is what stands after `from` or a bare `import`, at the start of a line or
# behind the closing brace of a list that began on an earlier one.
_IMPORT = re.compile(
    r"""^\s*(?:(?:import|export)\b[^'";]*?\bfrom\s*|import\s*|\}\s*from\s*)['"]([^'"]+)['"]""",
    re.MULTILINE,
)


class AssetsError(RuntimeError):
    """The browser's files cannot be made; the message says what to do."""


def install(root: Path, echo: Callable[[str], Any] = print) -> None:
    """Bring ``frontend/dist`` up to date; return at once when it already is."""
    root = Path(root).resolve()
    stamp = _stamp(root)
    if _read(dist(root) / ".stamp") == stamp:
        return
    front = root / "frontend"
    node, npm = _find_node(root, echo)
    _install_packages(front, npm, echo)
    fresh = front / "node_modules" / ".dist-new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    echo("assets: compiling the style sheet")
    _compile_styles(front, node, fresh / "main.css")
    for folder in ("js", "img"):
        if (front / folder).is_dir():
            shutil.copytree(front / folder, fresh / folder)
    imports, manifest = _copy_packages(front / "node_modules", fresh / "vendor")
    for name, folder in ONE_FILE_PAGES.items():
        echo(f"assets: building {name}")
        (fresh / name).write_bytes(one_file.build(root / folder, front, node, _run))
        manifest[name] = {"version": stamp[:12], "licence": "", "sha256": _sha256(fresh / name)}
    manifest["main.css"] = {"version": stamp[:12], "licence": "", "sha256": _sha256(fresh / "main.css")}
    for file in sorted((fresh / "js").rglob("*.js")):
        name = file.relative_to(fresh).as_posix()
        manifest[name] = {"version": stamp[:12], "licence": "", "sha256": _sha256(file)}
    _write_json(fresh / "importmap.json", {"imports": imports})
    _write_json(fresh / "manifest.json", manifest)
    (fresh / ".stamp").write_text(stamp, encoding="ascii")
    # Two renames, so that a page asked for meanwhile misses at most one instant.
    old = front / "node_modules" / ".dist-old"
    shutil.rmtree(old, ignore_errors=True)
    if dist(root).exists():
        dist(root).rename(old)
    fresh.rename(dist(root))
    shutil.rmtree(old, ignore_errors=True)
    echo(f"assets: {len(manifest)} files ready in frontend/dist")


def is_installed(root: Path) -> bool:
    """Whether ``frontend/dist`` was made from exactly the sources now present."""
    return _read(dist(Path(root)) / ".stamp") == _stamp(Path(root))


def import_map(root: Path) -> dict[str, Any]:
    """The import map of the pages: ``{"imports": {...}}``, empty before ``install``."""
    text = _read(dist(Path(root)) / "importmap.json")
    return json.loads(text) if text else {"imports": {}}


def asset_version(root: Path) -> str:
    """Twelve characters that change whenever a file of the browser changes."""
    return _read(dist(Path(root)) / ".stamp")[:12] or "none"


# --- sources -----------------------------------------------------------------------------


def dist(root: Path) -> Path:
    return root / "frontend" / "dist"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _sources(root: Path) -> Iterator[Path]:
    front = root / "frontend"
    yield front / "package.json"
    yield front / "package-lock.json"
    for folder in (*(front / name for name in ("scss", "js", "img")), *(root / name for name in (*ONE_FILE_PAGES.values(), *SHARED_SCRIPTS))):
        yield from sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc"))


def _stamp(root: Path) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes() + Path(one_file.__file__).read_bytes() + one_file.PLUGIN.read_bytes())
    for path in _sources(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


# --- node and npm ------------------------------------------------------------------------


def _find_node(root: Path, echo: Callable[[str], Any]) -> tuple[str, str]:
    """A node of at least version 20 with its npm: from PATH, else from our environment."""
    own = Path(sys.executable).parent
    for search in (os.environ.get("PATH", ""), str(own)):
        node, npm = shutil.which("node", path=search), shutil.which("npm", path=search)
        if node and npm and _node_version(node) >= OLDEST_NODE:
            return node, npm
    listed = root / "requirements-node.txt"
    if sys.prefix == sys.base_prefix or not listed.is_file():
        raise AssetsError(
            f"node {OLDEST_NODE} or newer with npm is needed on PATH, or run this from the "
            "project's own environment, where it is fetched as a Python package"
        )
    echo("assets: no suitable node on PATH, fetching it into the project's environment")
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
          "--require-hashes", "-r", str(listed)], root)  # fmt: skip
    node, npm = shutil.which("node", path=str(own)), shutil.which("npm", path=str(own))
    if not (node and npm):
        raise AssetsError("node was fetched but is not in the project's environment")
    return node, npm


def _node_version(node: str) -> int:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)", said.stdout)
    return int(found.group(1)) if found else 0


def _install_packages(front: Path, npm: str, echo: Callable[[str], Any]) -> None:
    """Run ``npm ci`` unless the packages there are already those of the lock."""
    mark = front / "node_modules" / ".lock-sha256"
    lock = _sha256(front / "package-lock.json")
    if _read(mark) == lock:
        return
    echo("assets: fetching packages")
    _run([npm, "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"], front)
    mark.write_text(lock, encoding="ascii")


def _compile_styles(front: Path, node: str, target: Path) -> None:
    _run([node, "node_modules/sass/sass.js", "--style=compressed", "--no-source-map",
          "--quiet-deps", "--load-path=node_modules", "scss/main.scss", str(target)], front)  # fmt: skip


def _run(command: list[str], where: Path) -> None:
    try:
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=900)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise AssetsError(f"{Path(command[0]).name} could not run: {trouble}") from trouble
    if done.returncode:
        tail = (done.stderr or done.stdout).strip()[-2000:]
        raise AssetsError(f"{' '.join(command[:3])} … failed in {where.name}/:\n{tail}")


# --- packages ----------------------------------------------------------------------------


def _copy_packages(modules: Path, vendor: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Copy what pages can reach; return the import map's entries and the manifest."""
    describe = cache(lambda home: json.loads((home / "package.json").read_text(encoding="utf-8")))
    imports: dict[str, str] = {}
    manifest: dict[str, dict[str, str]] = {}

    def copy(file: Path, home: Path, text: str | None = None) -> str:
        name = file.relative_to(modules).as_posix()
        target = vendor / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                shutil.copyfile(file, target)
            else:
                target.write_text(text, encoding="utf-8")
            about = describe(home)
            manifest["vendor/" + name] = {
                "version": about["version"],
                "licence": about.get("license", ""),
                "sha256": _sha256(target),
            }
        return PUBLIC_ADDRESS + name

    def meant(specifier: str, asked_from: Path) -> tuple[Path, Path]:
        """The file that a name or path means there, and the folder of its package."""
        if specifier.startswith("."):
            file = (asked_from.parent / specifier).resolve()
            return file, _home_of(file, modules)
        home, subpath = _locate(specifier, asked_from, modules)
        return (home / _entry(describe(home), subpath)).resolve(), home

    def copy_self_contained(file: Path, home: Path) -> str:
        """Copy a file and all behind it, names replaced by paths."""
        if (vendor / file.relative_to(modules)).exists():
            return PUBLIC_ADDRESS + file.relative_to(modules).as_posix()
        behind: list[tuple[Path, Path]] = []

        def as_path(found: re.Match[str]) -> str:
            behind.append(meant(found[1], file))
            path = Path(os.path.relpath(behind[-1][0], file.parent)).as_posix()
            whole, at = found[0], found.start(1) - found.start()
            return whole[:at] + (path if path.startswith(".") else "./" + path) + whole[at + len(found[1]):]

        address = copy(file, home, _IMPORT.sub(as_path, file.read_text(encoding="utf-8")))
        licence_texts(home)
        for other, other_home in behind:
            copy_self_contained(other, other_home)
        return address

    def licence_texts(home: Path) -> None:
        for file in sorted([*home.glob("LICEN[CS]E*"), *home.glob("NOTICE*")]):
            copy(file, home)

    for name in SELF_CONTAINED:
        imports[name] = copy_self_contained(*meant(name, modules))
    waiting = [(name, modules) for name in MODULES]
    seen: set[Path] = set()
    while waiting:
        specifier, asked_from = waiting.pop()
        file, home = meant(specifier, asked_from)
        if not specifier.startswith("."):
            address = PUBLIC_ADDRESS + file.relative_to(modules).as_posix()
            if imports.setdefault(specifier, address) != address:
                raise AssetsError(f"two versions of {specifier} are wanted; pin one of them")
        if file in seen:
            continue
        seen.add(file)
        copy(file, home)
        licence_texts(home)
        waiting += [(found, file) for found in _IMPORT.findall(file.read_text(encoding="utf-8"))]
    for name, path in SINGLE_FILES.items():
        file = modules / path
        home = _home_of(file, modules)
        imports[name] = copy(file, home)
        licence_texts(home)
    return imports, manifest


def _home_of(file: Path, modules: Path) -> Path:
    """The package folder that holds a file (a package may be nested in another)."""
    for folder in file.parents:
        if folder == modules:
            break
        about = folder / "package.json"
        if about.is_file() and '"version"' in about.read_text(encoding="utf-8"):
            return folder
    raise AssetsError(f"{file.name} belongs to no package")


def _locate(specifier: str, asked_from: Path, modules: Path) -> tuple[Path, str]:
    """The folder of the package that a bare name means, looked up as node does."""
    parts = specifier.split("/")
    size = 2 if specifier.startswith("@") else 1
    name, subpath = "/".join(parts[:size]), "/".join([".", *parts[size:]])
    for folder in [asked_from, *asked_from.parents]:
        if folder.name == name.split("/")[-1] and folder == modules / name:
            return folder, subpath
        nested = folder / "node_modules" / name
        if nested.is_dir():
            return nested, subpath
        if folder == modules:
            break
    if not (modules / name).is_dir():
        raise AssetsError(f"the package {name} is not installed")
    return modules / name, subpath


def _entry(about: dict[str, Any], subpath: str) -> str:
    """The file a package offers for a subpath to a browser that imports it."""
    offered = about.get("exports")
    if offered is None:
        return about.get("module") or about.get("main", "index.js") if subpath == "." else subpath
    if isinstance(offered, str) or "." not in next(iter(offered), "."):
        offered = {".": offered}
    chosen = offered.get(subpath)
    while isinstance(chosen, dict):
        chosen = next((chosen[k] for k in ("browser", "import", "default") if k in chosen), None)
    if not isinstance(chosen, str):
        raise AssetsError(f"{about['name']} does not offer {subpath}")
    return chosen

"""Puts a page with its style, its script and all packages behind it into one HTML file.

Such a page needs no server and no network, and its policy lets nothing run but what was built
into it. The same sources give the same bytes; nothing is minified, so that it can be read.
"""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

ROLLUP = "node_modules/@rollup/wasm-node/dist/bin/rollup"
#: Nothing comes from anywhere, and nothing goes anywhere.
POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"

Run = Callable[[list[str], Path], None]


class OneFileError(RuntimeError):
    """The page cannot be put into one file; the message says why."""


def build(folder: Path, front: Path, node: str, run: Run) -> bytes:
    """The page of a folder: ``page.html`` with ``page.css`` and ``main.js`` in it."""
    with tempfile.TemporaryDirectory() as scratch:
        script, packages = _bundle(folder.resolve(), front.resolve(), node, run, Path(scratch))
    style = (folder / "page.css").read_text("utf-8")
    if "</script" in script or "</style" in style or "<!--" in script:
        raise OneFileError(f"{folder.name}: a tag inside the script or the style would end it")
    policy = POLICY.format(script=_hash(script), style=_hash(style))
    page = (folder / "page.html").read_text("utf-8")
    for name, text in (("policy", policy), ("style", style), ("licences", _licences(packages)), ("script", script)):
        before, mark, after = page.partition("{{" + name + "}}")
        if not mark:
            raise OneFileError(f"{folder.name}/page.html has no place for {name}")
        page = before + text + after
    return page.encode()


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _bundle(folder: Path, front: Path, node: str, run: Run, scratch: Path) -> tuple[str, list[Path]]:
    """The script of the page with all that it imports, and the packages that this came from."""
    modules = front / "node_modules"
    target = scratch / "script.js"
    plugin = "node-resolve=" + json.dumps({"modulePaths": [str(modules)]})
    run([node, ROLLUP, str(folder / "main.js"), "--format=iife", "--plugin", plugin, "--failAfterWarnings", "--silent",
         "--sourcemap=hidden", f"--file={target}"], front)  # fmt: skip
    sources = json.loads(target.with_suffix(".js.map").read_text("utf-8"))["sources"]
    paths = {(scratch / source).resolve() for source in sources}
    packages = {_package(path, modules) for path in paths if path.is_relative_to(modules)}
    return target.read_text("utf-8"), sorted(packages)


def _package(path: Path, modules: Path) -> Path:
    home = path.parent
    while home != modules and not _is_named(home / "package.json"):
        home = home.parent
    return home


def _is_named(about: Path) -> bool:
    return about.is_file() and "version" in json.loads(about.read_text("utf-8"))


def _licences(packages: list[Path]) -> str:
    """Name, version and licence text of each package, as text inside HTML."""
    parts: dict[str, str] = {}
    for home in packages:
        about = json.loads((home / "package.json").read_text("utf-8"))
        name = f"{about['name']} {about['version']} ({about.get('license', '')})"
        texts = [file.read_text("utf-8").strip() for file in sorted([*home.glob("LICEN[CS]E*"), *home.glob("NOTICE*")])]
        parts[name] = "\n\n".join([name, *texts])
    return "\n\n\n".join(parts.values()).replace("&", "&amp;").replace("<", "&lt;")

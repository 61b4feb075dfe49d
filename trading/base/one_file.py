"""Puts a page with its style, its script and all packages behind it into one HTML file.

Such a page needs no server and no network, and its policy lets nothing run but what was built
into it. The same sources give the same bytes; nothing is minified, so that it can be read.

A folder holds ``page.html``, ``main.js`` and ``page.css``. Its ``build.json``, where there is one, names what else goes in,
by paths from the folder: ``styles`` instead of ``page.css``; ``worker``, a script that runs beside the page and is imported
by it as the text ``worker-source``; ``stand_ins``, modules that take the place of others; ``texts``, of those below.
"""

from __future__ import annotations

import json
import os
import tempfile
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from shamir_mnemonic.wordlist import WORDLIST

ROLLUP = "node_modules/@rollup/wasm-node/dist/bin/rollup"
#: Nothing comes from anywhere, and nothing goes anywhere.
POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"
#: A page with a worker starts it from its own text; the worker is under the page's policy.
WORKER_POLICY = "; worker-src blob:"
PLUGIN = Path(__file__).with_suffix(".mjs")
#: What scripts import by these names: the words by which people compare keys.
TEXTS = {"slip39-words": " ".join(WORDLIST)}

Run = Callable[[list[str], Path], None]


class OneFileError(RuntimeError):
    """The page cannot be put into one file; the message says why."""


def build(folder: Path, front: Path, node: str, run: Run) -> bytes:
    """The page of a folder, with its style and its script in it."""
    about = plan(folder)
    with tempfile.TemporaryDirectory() as scratch:
        script, packages = _script(folder.resolve(), about, _Bundler(front.resolve(), node, run, Path(scratch)))
    style = "".join((folder / name).read_text("utf-8") for name in about["styles"])
    if "</script" in script or "</style" in style or "<!--" in script:
        raise OneFileError(f"{folder.name}: a tag inside the script or the style would end it")
    policy = POLICY.format(script=_hash(script), style=_hash(style)) + (WORKER_POLICY if about["worker"] else "")
    page = (folder / "page.html").read_text("utf-8")
    for name, text in (("policy", policy), ("style", style), ("licences", _licences(packages)), ("script", script)):
        before, mark, after = page.partition("{{" + name + "}}")
        if not mark:
            raise OneFileError(f"{folder.name}/page.html has no place for {name}")
        page = before + text + after
    return page.encode()


def plan(folder: Path) -> dict[str, Any]:
    """What goes into a page."""
    about = folder / "build.json"
    given = json.loads(about.read_text("utf-8")) if about.is_file() else {}
    return {"styles": ["page.css"], "worker": "", "stand_ins": {}, "texts": []} | given


def _script(folder: Path, about: dict[str, Any], bundler: _Bundler) -> tuple[str, list[Path]]:
    """The page's script, its worker inside as a text, and the packages that both came from."""
    stand_ins = {str((folder / old).resolve()): str((folder / new).resolve()) for old, new in about["stand_ins"].items()}
    texts = {name: TEXTS[name] for name in about["texts"]}
    packages: list[Path] = []
    if about["worker"]:
        texts["worker-source"], packages = bundler.bundle((folder / about["worker"]).resolve(), stand_ins, {})
    script, own = bundler.bundle(folder / "main.js", stand_ins, texts)
    return script, sorted({*packages, *own})


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


class _Bundler:
    """Puts a script and all that it imports into one."""

    def __init__(self, front: Path, node: str, run: Run, scratch: Path) -> None:
        self.front, self.node, self.run, self.scratch = front, node, run, scratch

    def bundle(self, entry: Path, stand_ins: dict[str, str], texts: dict[str, str]) -> tuple[str, list[Path]]:
        """The script with all that it imports, and the packages that this came from."""
        modules, target = self.front / "node_modules", self.scratch / "script.js"
        files = {name: self.scratch / f"{name}.txt" for name in texts}
        for name, text in texts.items():
            files[name].write_text(text, "utf-8")
        # From the folder that it runs in, because the bundler reads few letters in such a name.
        own = f"{os.path.relpath(PLUGIN, self.front)}=" + json.dumps({"standIns": stand_ins, "texts": {name: str(file) for name, file in files.items()}})
        plugin = "node-resolve=" + json.dumps({"modulePaths": [str(modules)]})
        self.run([self.node, ROLLUP, str(entry), "--format=iife", "--plugin", own, "--plugin", plugin, "--failAfterWarnings", "--silent",
                  "--sourcemap=hidden", f"--file={target}"], self.front)  # fmt: skip
        sources = json.loads(target.with_suffix(".js.map").read_text("utf-8"))["sources"]
        paths = {(self.scratch / source).resolve() for source in sources if "\0" not in source}
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

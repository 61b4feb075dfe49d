"""Every refusal and every sentence exists in both languages; every setting, job and command is documented."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

from babel.messages.extract import extract_from_file

import app
from trading import commands
from trading.base.config import Settings
from trading.base.language import read_catalogue, read_refusals

ROOT = Path(__file__).resolve().parents[2]
#: Short reasons of single lines of a bank file; they appear inside a translated refusal.
LINE_REASONS = {"amount", "bank_id", "columns", "duplicate", "payer", "sub_account", "time"}


def sources() -> list[Path]:
    return [ROOT / "app.py", *(path for top in ("trading", "bidding", "experts") for path in (ROOT / top).rglob("*.py"))]


def raised() -> dict[str, str]:
    found = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("Refused", "refused") and node.args \
                    and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                found[node.args[0].value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def test_every_refusal_has_both_languages() -> None:
    texts = read_refusals(ROOT / "templates/locale/refusals")
    missing = {reason: where for reason, where in raised().items() if reason not in texts and reason not in LINE_REASONS}
    assert not missing, missing
    for reason, entry in texts.items():
        assert entry["zh"].strip() and entry["en"].strip(), reason
        assert set(re.findall(r"{(\w+)", entry["zh"])) == set(re.findall(r"{(\w+)", entry["en"])), reason
        assert not re.search(r"[一-鿿]", re.sub("[万亿元]", "", entry["en"])), reason


def messages() -> dict[str, str]:
    found = {}
    keywords = {"_": None, "gettext": None, "lazy_gettext": None}
    for path in sources():
        for line, text, *_rest in extract_from_file("python", path, keywords=keywords):
            if isinstance(text, str):
                found[text] = f"{path.relative_to(ROOT)}:{line}"
    for path in (ROOT / "templates").rglob("*.html"):
        for line, text, *_rest in extract_from_file("jinja2.ext:babel_extract", path, keywords=keywords, options={"silent": "false"}):
            if isinstance(text, str):
                found[text] = f"{path.relative_to(ROOT)}:{line}"
    return found


def test_english_is_complete() -> None:
    catalogue = read_catalogue(ROOT / "templates/locale/en")
    missing = {text: where for text, where in messages().items() if re.search(r"[一-鿿]", text)
               and not (catalogue.get(text) and catalogue.get(text).string)}
    assert not missing, f"{len(missing)} sentences without English: {dict(list(missing.items())[:400])}"


def test_english_keeps_the_placeholders() -> None:
    for message in read_catalogue(ROOT / "templates/locale/en"):
        if message.id and message.string:
            assert sorted(re.findall(r"%\(\w+\)s", str(message.id))) == sorted(re.findall(r"%\(\w+\)s", str(message.string))), message.id


def test_every_setting_job_and_command_is_documented() -> None:
    settings = (ROOT / "docs/settings.md").read_text("utf-8")
    operations = (ROOT / "docs/operations.md").read_text("utf-8")
    missing = [field.name for field in fields(Settings) if f"`{field.name}`" not in settings]
    missing += [job.name for job in app.TIMETABLE if f"`{job.name}`" not in operations]
    missing += [name for name in commands.main.list_commands(None) if f"`{name}`" not in operations]
    assert not missing, missing

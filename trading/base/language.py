"""Chinese by default, English complete: catalogues are read at start-up, without a compile step."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import current_app, g, has_request_context, request, session
from flask_babel import Domain, get_locale
from markupsafe import Markup

from trading.base.clock import BEIJING
from trading.base.errors import Refused
from trading.base.errors import Said as Named
from trading.base.money import yuan

LANGUAGES = ("zh", "en")
Asked = ParamSpec("Asked")
Said = TypeVar("Said")


def read_catalogue(folder: Path) -> Catalog:
    """All .po files of one language as one catalogue."""
    merged = Catalog(locale="en")
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale="en"):
                if message.id:
                    merged.add(message.id, message.string)
    return merged


@lru_cache
def english(folder: Path) -> Translations:
    """The English sentences, read once by a process that builds several applications."""
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(folder / "en"))
    compiled.seek(0)
    return Translations(compiled)


class Catalogues(Domain):
    """English from the .po files; Chinese is what the source says."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._english = english(folder)
        self._chinese = NullTranslations()
        self._phrases: dict[str, dict[str, Markup]] = {name: {} for name in LANGUAGES}

    def get_translations(self) -> Any:
        return self._english if language() == "en" else self._chinese

    def phrase(self, sentence: str, **values: Any) -> Markup:
        """A sentence of a template in the reader's language, as markup in which the values are escaped.

        What has no values is kept: a page says a hundred sentences, always the same.
        """
        if values:
            return Markup(self.gettext(sentence)) % values
        said = self._phrases[language()]
        if sentence not in said:
            said[sentence] = Markup(self.gettext(sentence)) % {}
        return said[sentence]


def choose() -> str:
    """The language of this request: asked for, remembered, or Chinese."""
    if not has_request_context():
        return "zh"
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        session["lang"] = asked
    found = session.get("lang")
    return found if found in LANGUAGES else "zh"


def language() -> str:
    """The language of what is being said; decided once a request, because every word asks for it."""
    try:
        return str(g.language)
    except AttributeError:
        locale = get_locale()
        g.language = "en" if locale is not None and locale.language == "en" else "zh"
        return str(g.language)
    except RuntimeError:
        return "zh"  # outside of any request or command


@contextmanager
def in_chinese() -> Iterator[None]:
    """Say everything in Chinese for a while: what is published is written in it, whoever publishes."""
    before = language()
    g.language = "zh"
    try:
        yield
    finally:
        g.language = before


def once_per_language(say: Callable[Asked, Said]) -> Callable[Asked, Said]:
    """Keep what a wording says, for each language by itself.

    Only for wordings that follow from their arguments and the language alone, and whose
    answers nobody changes: long lists and rows would translate the same few words each time.
    """
    @lru_cache(maxsize=512)
    def kept(_tongue: str, *args: Asked.args, **kwargs: Asked.kwargs) -> Said:
        return say(*args, **kwargs)

    @wraps(say)
    def asked(*args: Asked.args, **kwargs: Asked.kwargs) -> Said:
        return kept(language(), *args, **kwargs)

    return asked


@lru_cache
def read_refusals(folder: Path) -> dict[str, dict[str, Any]]:
    """Texts of all refusals: reason -> {zh, en, status}. A reason told twice is a mistake."""
    texts: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        for reason, entry in tomllib.loads(path.read_text("utf-8")).items():
            if reason in texts:
                raise ValueError(f"{reason} stands twice, again in {path.name}")
            texts[reason] = entry
    return texts


def refusal_text(refusal: Refused, tongue: str | None = None) -> str:
    """A refusal in the reader's language, with its figures."""
    entry = current_app.extensions["mingtang"]["refusals"].get(refusal.reason)
    tongue = tongue or language()
    if entry is None:
        return refusal.reason
    return str(entry[tongue]).format_map(_Facts({k: _Fact(_shown(v, tongue)) for k, v in refusal.facts.items()}))


def refusal_status(refusal: Refused) -> int:
    entry = current_app.extensions["mingtang"]["refusals"].get(refusal.reason, {})
    return int(entry.get("status", 422))


class _Fact(str):
    """A fact as a sentence quotes it; ``{price_fen:yuan}`` gives an amount as people read it."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec != "yuan":
            return super().__format__(spec)
        return yuan(int(self)) if self.lstrip("-").isdecimal() else str(self)


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return _Fact("—")


def _shown(value: Any, tongue: str) -> str:
    if isinstance(value, datetime):
        return moment(value, tongue)
    if isinstance(value, date):
        return day(value, tongue)
    if isinstance(value, Named):
        return value.en if tongue == "en" else value.zh
    if isinstance(value, (list, tuple, set)):
        return ("、" if tongue == "zh" else ", ").join(_shown(item, tongue) for item in value)
    if isinstance(value, Mapping):
        return str(dict(value))
    return str(value)


def moment(at: datetime, tongue: str | None = None) -> str:
    """A moment in Beijing time as people of each language write it."""
    local = at.astimezone(BEIJING)
    if (tongue or language()) == "en":
        return f"{local.day} {local:%b %Y, %H:%M} (UTC+8)"
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def day(value: date, tongue: str | None = None) -> str:
    if (tongue or language()) == "en":
        return f"{value.day} {value:%b %Y}"
    return f"{value.year}年{value.month}月{value.day}日"

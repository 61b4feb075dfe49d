"""What of a sealed case may be searched, read from its pieces. Pure.

Only what is named here is taken: a new kind of piece stays out of the index until somebody says what of
it may be found. Left out on purpose are sealed contents and keys, draws and recusals (whom they name),
what members of a committee wrote under their numbers, and bids that were withdrawn or not opened.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

#: The longest stretch that is one row of the index (PostgreSQL keeps 16,383 places of words), and how much two share.
STRETCH, SHARED = 12_000, 60
#: Texts inside a bid that are longer are not indexed; nor is more of one bid than this in all.
LONGEST_FILE, LONGEST_BID = 2 << 20, 8 << 20
TEXT_FILES = (".txt", ".md", ".csv")
HIDDEN = "[…]"


class Part(StrEnum):
    """Where in a case a text stands; how results are narrowed."""

    REGISTRATION = "registration"
    NOTICES = "notices"
    QUESTIONS = "questions"
    OPENING = "opening"
    BIDS = "bids"
    EVALUATION = "evaluation"
    AWARD = "award"
    CONTRACT = "contract"
    OBJECTIONS = "objections"


@dataclass(frozen=True)
class Found:
    """A searchable text of one piece."""

    part: Part
    title: str
    text: str


#: Which fields of which pieces may be found, the first prefix that fits. A field is looked for at the top of the document.
_FIELDS: tuple[tuple[str, Part, tuple[str, ...]], ...] = (
    ("05-registration/registration.json", Part.REGISTRATION, ("project", "name", "lot", "lot_name", "tenderer", "funding", "approval")),
    ("10-notices/", Part.NOTICES, ("title", "body", "project")),
    ("12-versions/", Part.NOTICES, ("title", "body")),
    ("12-questions/", Part.QUESTIONS, ("question", "answer")),
    ("40-award/award-notice", Part.AWARD, ("winner", "name", "reason")),
    ("40-award/prequalified", Part.AWARD, ("passed",)),
    ("40-award/admission", Part.AWARD, ("admitted",)),
    ("40-award/", Part.CONTRACT, ("number", "supplier", "matter", "reason", "note", "opinion")),
    ("50-objections/", Part.OBJECTIONS, ("points", "text", "raiser", "raiser_name", "outcome", "note")),
    ("60-calls/", Part.AWARD, ("wanted", "supplier", "reason")))

#: An 18-digit identity number (GB 11643) or an old one of 15, however it is spaced.
_GAP = r"[ \-\u00b7.]?"
_IDENTITY = re.compile(rf"(?<![0-9A-Za-z])(?:\d(?:{_GAP}\d){{16}}{_GAP}[\dXx]|\d(?:{_GAP}\d){{14}})(?![0-9A-Za-z])", re.ASCII)
_PROVINCES = frozenset((11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64,
                        65, 71, 81, 82, 83))


def without_identities(text: str) -> str:
    """A text in which identity numbers are hidden, however their digits are written; codes of organisations stay."""
    plain = "".join(_plain(character) for character in text if character != "\0")
    return _IDENTITY.sub(lambda match: HIDDEN if _is_identity(match.group()) else match.group(), plain)


def _plain(character: str) -> str:
    """Digits of every script and full-width letters as plain ones; everything else, punctuation too, as it is."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return chr(ord(character) - 0xFEE0) if "\uff21" <= character <= "\uff5a" and unicodedata.normalize("NFKC", character).isalpha() else character


def _is_identity(written: str) -> bool:
    digits = re.sub(r"[^0-9Xx]", "", written)
    born = digits[6:14] if len(digits) == 18 else f"19{digits[6:12]}"
    if int(digits[:2]) not in _PROVINCES and not digits.startswith("9"):
        return False
    try:
        return 1880 <= date(int(born[:4]), int(born[4:6]), int(born[6:8])).year <= 2199
    except ValueError:
        return False


def of_piece(path: str, title: str, data: bytes) -> Found | None:
    """The searchable text of one JSON piece; None for what is not searched."""
    if not path.endswith(".json"):
        return None
    if path.startswith("15-opening/record"):
        return _record(title, json.loads(data))
    if path == "30-evaluation/report.json":
        return _report(title, json.loads(data))
    for prefix, part, fields in _FIELDS:
        if path.startswith(prefix):
            document = json.loads(data)
            said = [line for name in fields for line in _lines(document.get(name))]
            return Found(part, title, without_identities("\n".join(said))) if said else None
    return None


def _record(title: str, document: dict[str, Any]) -> Found:
    lines = []
    for bid in document["record"]["bids"]:
        offer = bid.get("offer") or {}
        price = f"{offer['price_fen'] / 100:.2f}" if isinstance(offer.get("price_fen"), int) else ""
        lines.append(" ".join(filter(None, (bid["name"], bid["bidder"], bid.get("label", ""), price, str(offer.get("quality", ""))))))
    return Found(Part.OPENING, title, without_identities("\n".join(lines)))


def _report(title: str, document: dict[str, Any]) -> Found:
    """Ranks and reasons of rejection. Marks and remarks of single members stay out."""
    report = document["report"]
    lines = [f"{place['rank']} {place['bidder']} {place.get('score', '')}".strip() for place in report.get("ranking", ())]
    for rejected in report.get("rejected", ()):
        lines += _lines([reason for failure in rejected.get("failures", ()) for reason in failure.get("reasons", ())])
    lines += _lines((report.get("method") or {}).get("kind"))
    lines += [str(factor["name"]) for factor in (report.get("method") or {}).get("factors", ()) if "name" in factor]
    return Found(Part.EVALUATION, title, without_identities("\n".join(lines)))


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, list):
        return [line for item in value for line in _lines(item)]
    if isinstance(value, dict):
        return [line for name in ("name", "supplier", "number") for line in _lines(value.get(name))]
    return []


def opened(records: list[bytes]) -> dict[str, str]:
    """Digests of the bids that opening records show as opened, with the bidders' names."""
    return {bid["digest"]: bid["name"] for data in records for bid in json.loads(data)["record"]["bids"] if bid.get("outcome") == "opened"}


def of_bid(name: str, data: io.BufferedIOBase | Any) -> Iterator[Found]:
    """Texts inside an opened bid's plain files. What is no text is left out, PDF included."""
    left = LONGEST_BID
    try:
        with zipfile.ZipFile(data) as files:
            for entry in files.infolist():
                if not entry.filename.lower().endswith(TEXT_FILES) or entry.file_size > min(LONGEST_FILE, left):
                    continue
                with files.open(entry) as source:
                    raw = source.read(LONGEST_FILE + 1)
                left -= len(raw)
                said = _decoded(raw) if len(raw) <= LONGEST_FILE else None
                if said and said.strip():
                    yield Found(Part.BIDS, without_identities(f"{name}：{entry.filename.rsplit('/', 1)[-1]}")[:200], without_identities(said))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError):
        return


def _decoded(raw: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            said = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in said else said
    return None


def stretches(text: str) -> Iterator[str]:
    """A long text as rows of the index; neighbours share some characters, so that no word falls between them."""
    for start in range(0, max(len(text), 1), STRETCH - SHARED):
        yield text[start:start + STRETCH]
        if start + STRETCH >= len(text):
            return


@dataclass(frozen=True)
class Excerpt:
    """A piece of a text around the first word, cut into plain and marked runs."""

    runs: tuple[tuple[str, bool], ...]


def excerpt(text: str, words: list[str], around: int = 60) -> Excerpt:
    """Where the words stand: a cutting around the first of them, each occurrence marked. Nothing is markup here."""
    # Lower case may be longer than what it was made of; then places would not fit, and case is not folded.
    lower = text.lower()
    lower = lower if len(lower) == len(text) else text
    found = [place for word in words if (place := lower.find(word.lower())) >= 0]
    middle = min(found, default=0)
    start, end = max(0, middle - around), min(len(text), middle + around * 3)
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"
    runs: list[tuple[str, bool]] = [("…", False)] if start else []
    place = start
    for match in re.finditer(pattern, text[:end], re.IGNORECASE):
        if match.start() < place:
            continue
        runs += [(text[place:match.start()], False), (match.group(), True)]
        place = match.end()
    runs += [(text[place:end], False), ("…" if end < len(text) else "", False)]
    return Excerpt(tuple((run, marked) for run, marked in runs if run))

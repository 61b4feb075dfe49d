"""A full-text index beside a table: SQLite FTS5 or PostgreSQL tsvector over two-character tokens.

The tokens are made by us at write time, so that both databases find Chinese words of two
characters, which neither does by itself.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import BigInteger, TextClause, column, table, text

from trading.base.database import db

MOST_WORDS = 8


def plain(content: str) -> str:
    """The text as it is compared: full-width letters and digits become plain ones."""
    return unicodedata.normalize("NFKC", content)


def bigrams(content: str) -> str:
    """Overlapping two-character tokens of a text; a character that stands alone is a token."""
    found: list[str] = []
    run = ""
    for character in content.lower() + " ":
        if character.isalnum():
            run += character
        elif run:
            found += [run[i:i + 2] for i in range(len(run) - 1)] or [run]
            run = ""
    return " ".join(found)


def words(query: str) -> list[str]:
    """What somebody typed, as the words that must all occur; nothing searchable gives nothing."""
    return [word for word in plain(query).split() if bigrams(word)][:MOST_WORDS]


class Index:
    """One index; ``rowid`` is the number of the row that a text belongs to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.table = table(name, column("rowid", BigInteger))
        self.create = {
            "sqlite": [f"CREATE VIRTUAL TABLE {name} USING fts5(tokens)"],
            "postgresql": [f"CREATE TABLE {name} (rowid bigint PRIMARY KEY, tokens tsvector NOT NULL)",
                           f"CREATE INDEX ix_{name}_tokens ON {name} USING gin (tokens)"]}

    def put(self, rows: list[tuple[int, str]]) -> None:
        value = "to_tsvector('simple', :tokens)" if _dialect() == "postgresql" else ":tokens"
        if rows:
            db.session.execute(text(f"INSERT INTO {self.name} (rowid, tokens) VALUES (:id, {value})"),
                               [{"id": number, "tokens": bigrams(plain(content))} for number, content in rows])

    def remove(self, numbers: list[int]) -> None:
        if numbers:
            db.session.execute(text(f"DELETE FROM {self.name} WHERE rowid = :id"), [{"id": number} for number in numbers])

    def matching(self, query: str) -> TextClause | None:
        """Condition on the index for what somebody typed; None when nothing searchable was typed.

        Each word must occur as typed. Nothing of the query reaches the statement itself.
        """
        phrases = [bigrams(word) for word in words(query)]
        if not phrases:
            return None
        if _dialect() == "postgresql":
            # A single character is the start of a token; longer words are phrases of whole tokens.
            readers = ["to_tsquery" if len(phrase) == 1 else "phraseto_tsquery" for phrase in phrases]
            clauses = " AND ".join(f"{self.name}.tokens @@ {reader}('simple', :w{i})" for i, reader in enumerate(readers))
            values: dict[str, Any] = {f"w{i}": f"{phrase}:*" if len(phrase) == 1 else phrase for i, phrase in enumerate(phrases)}
            return text(clauses).bindparams(**values)
        quoted = ['"' + phrase + '"' + (" *" if len(phrase) == 1 else "") for phrase in phrases]
        return text(f"{self.name} MATCH :w").bindparams(w=" AND ".join(quoted))


def _dialect() -> str:
    return str(db.engine.dialect.name)

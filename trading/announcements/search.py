"""The full-text index of notices: SQLite FTS5 or PostgreSQL tsvector over two-character tokens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, TextClause, column, table, text

from trading.announcements.rules import bigrams
from trading.base.database import db

CREATE = {
    "sqlite": ["CREATE VIRTUAL TABLE notice_index USING fts5(tokens)"],
    "postgresql": ["CREATE TABLE notice_index (rowid bigint PRIMARY KEY, tokens tsvector NOT NULL)",
                   "CREATE INDEX ix_notice_index_tokens ON notice_index USING gin (tokens)"],
}
#: To be joined with the notices: ``rowid`` is a notice's number.
INDEX = table("notice_index", column("rowid", BigInteger))


def _dialect() -> str:
    return str(db.engine.dialect.name)


def put(notice_id: int, content: str) -> None:
    """Index (again) what a notice says now; part of the publishing transaction."""
    db.session.execute(text("DELETE FROM notice_index WHERE rowid = :id"), {"id": notice_id})
    put_many([(notice_id, content)])


def put_many(rows: list[tuple[int, str]]) -> None:
    value = "to_tsvector('simple', :tokens)" if _dialect() == "postgresql" else ":tokens"
    db.session.execute(text(f"INSERT INTO notice_index (rowid, tokens) VALUES (:id, {value})"),
                       [{"id": notice_id, "tokens": bigrams(content)} for notice_id, content in rows])


def matching(query: str) -> TextClause | None:
    """Condition on INDEX for what somebody typed; None when nothing searchable was typed.

    Words separated by spaces must all occur; each must occur as typed.
    """
    phrases = [bigrams(word) for word in query.split()]
    phrases = [phrase for phrase in phrases if phrase][:8]
    if not phrases:
        return None
    if _dialect() == "postgresql":
        # A single character is the start of a token; longer words are phrases of whole tokens.
        readers = ["to_tsquery" if len(phrase) == 1 else "phraseto_tsquery" for phrase in phrases]
        clauses = " AND ".join(f"tokens @@ {reader}('simple', :q{i})" for i, reader in enumerate(readers))
        values: dict[str, Any] = {f"q{i}": f"{phrase}:*" if len(phrase) == 1 else phrase for i, phrase in enumerate(phrases)}
        return text(clauses).bindparams(**values)
    return text("notice_index MATCH :q").bindparams(q=" AND ".join(_fts(phrase) for phrase in phrases))


def _fts(phrase: str) -> str:
    quoted = '"' + phrase.replace('"', '""') + '"'
    return quoted + " *" if len(phrase) == 1 else quoted

"""What the thousands of applications of one test run share: compiled addresses, templates and statements.

Every test has an application of its own on a database of its own. What an application only
derives from the program's text, always the same, is derived once for each worker.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from trading.accounts import service as accounts

_builders: dict[tuple[Any, ...], FunctionType] = {}
_build = Rule._compile_builder


def _built(rule: Rule, append_unknown: bool = True) -> Any:
    """The function that writes an address; it is made of the rule's words alone unless some have a default."""
    if rule.defaults:
        return _build(rule, append_unknown)
    words = (rule.rule, tuple(rule._trace), append_unknown)
    if words not in _builders:
        _builders[words] = _build(rule, append_unknown)
    return _builders[words]


class Compiled(BytecodeCache):
    """Templates compiled once, as long as their text is the same (Jinja compares its checksum)."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.codes[bucket.key, bucket.checksum] = bucket.code


_dialects: dict[str, Any] = {}
_statements: LRUCache[Any, Any] = LRUCache(20_000)
_make = SQLAlchemy._make_engine


def _engine(self: SQLAlchemy, *how: Any) -> Engine:
    """An engine that keeps its compiled statements together with all others of its kind: they are kept by dialect."""
    made = _make(self, *how)
    made._compiled_cache = _statements
    if known := _dialects.get(made.name):
        made.dialect = made.pool._dialect = known
    else:  # a dialect knows its server after the first connection only
        event.listen(made, "connect", lambda *_: _dialects.setdefault(made.name, made.dialect), once=True)
    return made


def fast_place() -> Path | None:
    """A folder in memory with room enough for databases and files of the tests, where the system has one."""
    place = Path("/dev/shm")
    return place if os.access(place, os.W_OK) and shutil.disk_usage(place).free > 4 * 2**30 else None


def share() -> None:
    Rule._compile_builder = _built  # type: ignore[method-assign]
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
    SQLAlchemy._make_engine = _engine  # type: ignore[method-assign]
    # A password costs what it costs an attacker; the tests have nobody to keep out.
    accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

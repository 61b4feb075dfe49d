"""How the platform says no.

A refusal carries a stable dotted reason and the figures it was decided on. The words
for it, in both languages, live in templates/locale/refusals; only app.py turns one
into a page or an API problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    """A fact that has a name of its own in each language, such as a piece of a notice."""

    zh: str
    en: str


class Refused(Exception):
    """Somebody asked for something that the rules do not allow.

    ``reason`` is stable, dotted and translated (``bid.too_late``); ``facts`` are plain
    values that the translated sentence may quote. Facts never hold a secret.
    """

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.reason} {self.facts}" if self.facts else self.reason


class NotFound(Exception):
    """The thing asked for does not exist, or its existence is secret to the asker."""


class FieldErrors(Refused):
    """Several fields of one form are wrong; all are named at once."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("form.invalid", count=len(errors))
        self.errors = errors

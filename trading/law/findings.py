"""One answer of the law to one question, fit for a page: yes or no, with article and figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from trading.base.errors import Refused
from trading.law.rules import Rule


@dataclass(frozen=True)
class Finding:
    """What one rule says about one set of facts.

    ``reason`` is translated like a refusal's, and is given when all is well too, so that a
    page can show why a date is lawful as well as why it is not.
    """

    ok: bool
    key: str
    article: str
    reason: str
    facts: dict[str, Any] = field(default_factory=dict)


def finding(ok: bool, rule: Rule, kept: str, broken: str, **facts: Any) -> Finding:
    """Answer with the rule's article and figure beside the facts it was held against."""
    # Ratios travel as text, because a page or an API cannot show a Fraction exactly.
    value = str(rule.value) if isinstance(rule.value, Fraction) else rule.value
    return Finding(
        ok,
        rule.key,
        rule.article,
        kept if ok else broken,
        {"key": rule.key, "article": rule.article, "value": value, "unit": rule.unit, **facts},
    )


def require(findings: Iterable[Finding]) -> None:
    """Refuse at the first answer that is no, with its article and figures."""
    for answer in findings:
        if not answer.ok:
            raise Refused(answer.reason, **answer.facts)

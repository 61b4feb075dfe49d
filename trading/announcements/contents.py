"""What a notice must hold by law, and how it is put together from the case.

The list is a rule row (``ct.candidates_show``, ``gp.result_show``); the pieces come from the
case itself or from the person who publishes. A notice that lacks one is refused before it is
published. The pieces stay in the notice as data, so that the Chinese text, an English
rendering, the feed and the archive all come from the same values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trading.base.errors import Refused, Said
from trading.law.rules import Rule

#: What each piece is called: Chinese for the text of the notice, English for its rendering.
NAMES: dict[str, tuple[str, str]] = {
    "rank": ("名次", "Rank"), "name": ("候选人", "Candidate"), "code": ("统一社会信用代码", "Credit code"), "price": ("投标报价", "Price"),
    "quality": ("质量", "Quality"), "period": ("工期（交货期）", "Period"), "evaluation": ("评标情况", "Evaluation"),
    "manager": ("项目负责人及证书", "Project leader and certificate"), "qualification": ("资格能力条件响应情况", "Response to the qualifications"),
    "objection": ("提出异议的渠道和方式", "How to object"), "publicity": ("公示期", "Publicity"),
    "winner": ("中标（成交）人", "Winner"), "parties": ("采购人、代理机构和中标（成交）供应商", "Purchaser, agency and supplier"),
    "amounts": ("中标（成交）金额", "Amount"), "items": ("主要标的（名称、规格、数量、单价）", "Items (name, model, quantity, unit price)"),
    "experts": ("评审专家", "Experts"), "reason": ("未确定在先候选人的理由", "Why earlier candidates were passed over"),
}


@dataclass(frozen=True)
class Particulars:
    """What only the tenderer can say of a candidate, from the bid it judged."""

    manager: str
    qualification: str


@dataclass(frozen=True)
class Section:
    """Pieces that belong together, such as one candidate's."""

    rows: tuple[tuple[str, str], ...]

    @staticmethod
    def of(**pieces: str) -> Section:
        return Section(tuple((key, value.strip()) for key, value in pieces.items() if value.strip()))


def require(rule: Rule | None, sections: Iterable[Section]) -> None:
    """Hold a notice against the list of the law; every piece must be in some section, and what is
    said of one candidate must be said of all. Raises Refused ``notice.contents_missing``."""
    if rule is None:
        return
    found = list(sections)
    wanted = str(rule.value).split(",")
    repeated = [section for section in found if any(key == "rank" for key, _ in section.rows)]
    missing = [key for key in wanted if not any(key == name for section in found for name, _ in section.rows)
               or any(key in OF_EACH and key not in dict(section.rows) for section in repeated)]
    if missing:
        raise Refused("notice.contents_missing", missing=[Said(*NAMES[key]) for key in missing], article=rule.article)


#: Pieces that each candidate must have of its own.
OF_EACH = frozenset({"rank", "name", "price", "quality", "period", "evaluation", "manager", "qualification"})


def body(sections: Iterable[Section]) -> str:
    """The Chinese text of the notice."""
    return "\n\n".join("\n".join(f"{NAMES[key][0]}：{value}" for key, value in section.rows) for section in sections)


def data(sections: Iterable[Section]) -> list[dict[str, str]]:
    """The pieces as they are kept with the notice."""
    return [dict(section.rows) for section in sections]


def shown(kept: Iterable[Mapping[str, Any]], english: bool) -> list[list[dict[str, str]]]:
    """Kept pieces as rows of a page, in the reader's language."""
    return [[{"key": NAMES[key][english], "value": str(value)} for key, value in section.items() if key in NAMES] for section in kept]

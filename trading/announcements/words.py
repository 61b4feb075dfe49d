"""Names of notices, and what a schedule says in words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trading.announcements import rules
from trading.announcements.rules import Kind
from trading.base.language import language, moment, once_per_language
from trading.law.clauses import Clue
from trading.projects import rules as project_rules


@once_per_language
def opening_notice(procedure: str) -> str:
    """What the notice is called that opens a case of a type."""
    return {"tender": _("招标公告"), "invitation": _("投标邀请书"), "inquiry": _("询价公告"), "negotiation": _("谈判公告"),
            "consultation": _("磋商公告"), "single_source": _("单一来源公示"), "comparison": _("比选公告"),
            "framework": _("征集公告"), "prequalification": _("资格预审公告"), "land": _("出让公告"), "disclosure": _("正式披露公告")}[project_rules.procedure(procedure).begins_with]


def is_invitation(procedure: str) -> bool:
    return project_rules.procedure(procedure).begins_with == "invitation"


@once_per_language
def kind(name: str, procedure: str = "") -> str:
    """What a notice is called; the opening one by the procedure, where that is known."""
    if name == Kind.TENDER and procedure:
        return opening_notice(procedure)
    return {Kind.TENDER: _("招标公告"), Kind.CLARIFICATION: _("澄清公告"), Kind.TERMINATION: _("终止公告"),
            Kind.OPENING_RECORD: _("开标记录"), Kind.CANDIDATES: _("中标候选人公示"), Kind.RESULT: _("中标结果公告"),
            Kind.FAILURE: _("流标公告"), Kind.PAUSE: _("暂停公告"), Kind.RESUMPTION: _("恢复公告"), Kind.COMPLAINT_DECISION: _("投诉处理决定公告"), Kind.REVOCATION: _("中标结果变更公告"), Kind.CONTRACT: _("合同公告"),
            Kind.CORRECTION: _("更正公告")}[Kind(name)]


def schedule(values: dict[str, Any]) -> list[dict[str, str]]:
    """The dates of a notice as label and value, in the order that they come."""
    live = bool(values.get("opens_at"))
    names = {"doc_from": _("文件获取开始"), "doc_to": _("文件获取结束"),
             "opens_at": _("挂牌开始") if values.get("listing_ends_at") else _("竞价开始"),
             "deadline": _("报名和保证金截止") if live else _("投标截止和开标"), "listing_ends_at": _("挂牌截止"), "until": _("公示截止")}
    rows = [{"key": names[name], "value": moment(rules.moment(values[name]))} for name in names if values.get(name)]
    return rows + [{"key": _("停拍时段"), "value": f"{moment(rules.moment(start))} — {moment(rules.moment(until))}"}
                   for start, until in values.get("breaks") or ()]


def clue(found: Clue) -> dict[str, str]:
    """A clue in the wording of a document, as a page shows it."""
    return {"what": found.clause.en if language() == "en" else found.clause.zh, "found": found.found,
            "sentence": found.sentence, "article": found.rule.article}

"""What classes, causes, states and parts of records keeping are called in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trading.archive import terms
from trading.archive.casetexts import Part
from trading.archive.grounds import Cause
from trading.archive.lending import Borrower, LoanState
from trading.archive.models import Disposal, DisposalItem, RetentionChange, StampOverride
from trading.archive.terms import Retention
from trading.base.language import language

Status = dict[str, str]


def retention(kept: Retention) -> str:
    found = terms.CLASSES[kept]
    return found.en if language() == "en" else found.zh


def cause(name: Cause) -> str:
    return {Cause.COMPLAINT: _("投诉"), Cause.LAWSUIT: _("诉讼"), Cause.INVESTIGATION: _("调查")}[name]


def borrower(name: Borrower) -> str:
    return {Borrower.SUPERVISOR: _("监督人员"), Borrower.PURCHASER: _("招标人、采购人"), Borrower.BIDDER: _("投标人"), Borrower.COURT: _("法院等机关")}[name]


def loan(state: LoanState) -> Status:
    return {LoanState.ASKED: {"kind": "todo", "text": _("待批准")}, LoanState.REFUSED: {"kind": "failed", "text": _("未批准")},
            LoanState.WITHDRAWN: {"kind": "done", "text": _("已撤回")}, LoanState.LENT: {"kind": "doing", "text": _("借阅中")},
            LoanState.OVERDUE: {"kind": "warn", "text": _("已到期未归还")}, LoanState.RETURNED: {"kind": "done", "text": _("已归还")}}[state]


def change(found: RetentionChange) -> Status:
    return {"": {"kind": "todo", "text": _("待批准")}, "raised": {"kind": "done", "text": _("已提高")}, "lowered": {"kind": "done", "text": _("已降低")},
            "refused": {"kind": "failed", "text": _("未批准")}, "withdrawn": {"kind": "done", "text": _("已撤回")}}[found.decision]


def disposal(made: Disposal) -> Status:
    if made.decision == "approved" and all(item.finished_at or item.stopped_at for item in made.items):
        return {"kind": "done", "text": _("已办结")}
    return {"": {"kind": "todo", "text": _("待批准")}, "approved": {"kind": "doing", "text": _("等待期内")},
            "refused": {"kind": "failed", "text": _("未批准")}, "withdrawn": {"kind": "done", "text": _("已撤回")}}[made.decision]


def override(made: StampOverride) -> Status:
    return {"": {"kind": "todo", "text": _("待批准")}, "approved": {"kind": "warn", "text": _("已批准免除")},
            "refused": {"kind": "failed", "text": _("未批准")}, "withdrawn": {"kind": "done", "text": _("已撤回")}}[made.decision]


def item(found: DisposalItem) -> Status:
    if found.stopped_at:
        return {"kind": "warn", "text": _("已停止销毁")}
    if found.finished_at:
        return {"kind": "done", "text": _("已销毁")}
    if found.begun_at:
        return {"kind": "doing", "text": _("正在销毁")}
    return {"kind": "todo", "text": _("在册")} if found.live else {"kind": "done", "text": _("已退回")}


def part(name: str) -> str:
    names = {Part.REGISTRATION: _("进场登记"), Part.NOTICES: _("公告"), Part.QUESTIONS: _("问答"), Part.OPENING: _("开标记录"), Part.BIDS: _("投标文件"),
             Part.EVALUATION: _("评标报告"), Part.AWARD: _("中标结果"), Part.CONTRACT: _("合同"), Part.OBJECTIONS: _("异议和投诉")}
    return names[Part(name)]


def why_not(reason: str) -> str:
    """Why a case is not disposed of, in a few words; anything else is what somebody wrote."""
    names: dict[str, Any] = {"hold.held": _("已冻结"), "hold.matter_open": _("有未办结的异议或者投诉"), "loan.out": _("借阅中"),
                             "disposal.term_runs": _("保管期限未满"), "retention.waiting_already": _("有待批准的期限调整"),
                             "archive.not_sealed": _("未封卷"), "archive.disposed": _("已销毁")}
    return str(names.get(reason, reason))

"""What paths, steps, answers and phases are called in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _

from trading.base.language import once_per_language
from trading.objections.models import Complaint, Objection
from trading.objections.rules import Answer, Form, Measure, Outcome, Phase, State, Subject


@once_per_language
def form(name: str) -> str:
    return {Form.OBJECTION: _("异议"), Form.INQUIRY: _("询问"), Form.QUESTION: _("质疑")}[Form(name)]


@once_per_language
def subject(name: str) -> str:
    return {Subject.PREQUALIFICATION: _("资格预审文件"), Subject.DOCUMENT: _("招标（采购）文件"), Subject.OPENING: _("开标"),
            Subject.RESULT: _("评标（采购）结果"), Subject.PROCEDURE: _("招标（采购）过程")}[Subject(name)]


@once_per_language
def title(form_name: str, subject_name: str) -> str:
    """What was raised about what, for a list."""
    return _("对%(subject)s的%(form)s", subject=subject(subject_name), form=form(form_name))


@once_per_language
def answer(name: str) -> str:
    return {Answer.UPHELD: _("成立"), Answer.PARTLY: _("部分成立"), Answer.REJECTED: _("不成立"), Answer.EXPLAINED: _("已说明")}[Answer(name)]


@once_per_language
def answered_state(name: str) -> dict[str, str]:
    """An answer as status() takes it."""
    kinds = {Answer.UPHELD: "ok", Answer.PARTLY: "ok", Answer.REJECTED: "todo", Answer.EXPLAINED: "done"}
    return {"kind": kinds[Answer(name)], "text": answer(name)}


@once_per_language
def outcome(name: str) -> str:
    return {Outcome.DISMISSED: _("驳回投诉"), Outcome.UPHELD: _("投诉成立")}[Outcome(name)]


@once_per_language
def measure(name: str) -> str:
    return {Measure.RETENDER: _("修改文件后重新招标（采购）"), Measure.REEVALUATE: _("重新评审"), Measure.CANCEL_RESULT: _("撤销结果"),
            Measure.OTHER: _("其他处理")}[Measure(name)]


@once_per_language
def stretch(kind: str) -> str:
    return {"inspection": _("检验、检测"), "test": _("鉴定"), "expert_review": _("专家评审"), "correction": _("补正材料")}[kind]


def state(found: Objection) -> dict[str, str]:
    """Where an objection stands, as status() takes it."""
    if found.state is State.REPLIED:
        return answered_state(str(found.answer))
    return {State.FILED: {"kind": "doing", "text": _("待答复")}, State.WITHDRAWN: {"kind": "todo", "text": _("已撤回")}}[found.state]


def phase(found: Complaint) -> dict[str, str]:
    """Where a complaint stands, as status() takes it."""
    return {
        Phase.RECEIVED: {"kind": "todo", "text": _("待受理")}, Phase.CORRECTING: {"kind": "retry", "text": _("补正中")},
        Phase.ACCEPTED: {"kind": "doing", "text": _("已受理，处理中")}, Phase.EXAMINING: {"kind": "live", "text": _("检验、鉴定或者评审中")},
        Phase.REFUSED: {"kind": "failed", "text": _("不予受理")}, Phase.WITHDRAWN: {"kind": "todo", "text": _("已撤回")},
        Phase.DECIDED: {"kind": "done", "text": outcome(found.outcome) if found.outcome else _("已作出决定")}}[found.phase]

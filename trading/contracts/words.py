"""What terms, forms of security and outcomes are called in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _

from trading.base.language import once_per_language
from trading.contracts.rules import BondForm, Outcome, Term


@once_per_language
def term(name: str) -> str:
    return {Term.SUBJECT: _("合同标的"), Term.QUALITY: _("质量标准"), Term.PRICE: _("单价或者计价方式"), Term.PERIOD: _("履行期限")}[Term(name)]


@once_per_language
def bond_form(name: str) -> str:
    return {BondForm.TRANSFER: _("转账"), BondForm.CHEQUE: _("支票、汇票、本票"), BondForm.GUARANTEE: _("保函"), BondForm.INSURANCE: _("保险"),
            BondForm.CASH: _("现金")}[BondForm(name)]


@once_per_language
def outcome(name: str, is_final: bool = False) -> dict[str, str]:
    """What an acceptance found, as status() takes it."""
    if is_final:
        return {"kind": "done", "text": _("最终验收合格")}
    return {Outcome.PASSED: {"kind": "ok", "text": _("验收合格")}, Outcome.FAILED: {"kind": "failed", "text": _("验收不合格")}}[Outcome(name)]


@once_per_language
def instalment(light: str) -> dict[str, str]:
    """How far an instalment is paid, as status() takes it."""
    return {"done": {"kind": "done", "text": _("按期付清")}, "late": {"kind": "warn", "text": _("逾期后付清")}, "alarm": {"kind": "alarm", "text": _("逾期未付")},
            "warn": {"kind": "warn", "text": _("即将到期")}, "ok": {"kind": "ok", "text": _("未到期")}}[light]

"""Clocks in the reader's words."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _

from trading.base.language import day, language
from trading.law.clocks import Clock, Debtor, Light


def light(found: Light) -> str:
    return {Light.GREEN: _("正常"), Light.YELLOW: _("临近"), Light.RED: _("已超期"), Light.DONE: _("已完成")}[found]


def clock(found: Clock, today: date) -> dict[str, Any]:
    """A clock as a table row: what, who, until when, light, article."""
    shown = found.light(today)
    left = (found.due - today).days
    if shown is Light.DONE:
        state = _("已完成，超期") if found.was_late() else _("已完成")
    elif not found.kind.is_due:
        state = _("至 %(day)s", day=day(found.due))
    elif left < 0:
        state = _("已超期 %(days)s 天", days=-left)
    else:
        state = _("剩 %(days)s 天", days=left) if left else _("今天到期")
    return {"what": found.kind.en if language() == "en" else found.kind.zh, "who": who(found.kind.who), "due": day(found.due),
            "light": "ok" if shown is Light.DONE else shown.value, "state": state, "article": found.rule.article,
            "amount": found.rule.amount, "tentative": found.tentative, "ends": found.kind.ends, "done": shown is Light.DONE}


def who(debtor: Debtor) -> str:
    return {Debtor.TENDERER: _("招标人、采购人"), Debtor.FINANCE: _("财务"), Debtor.SUPERVISOR: _("监督部门")}[debtor]

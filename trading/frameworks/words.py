"""What the ways of the second stage are called."""

from __future__ import annotations

from flask_babel import gettext as _

from trading.frameworks.rules import Way


def way(chosen: Way) -> str:
    return {Way.DIRECT: _("直接选定"), Way.SECOND_BIDDING: _("二次竞价"), Way.ROTATION: _("顺序轮候")}[chosen]

"""The eight words of the keys, printed in the tender notice (docs/protocol.md, 2.2).

A notice is published in several places and archived by its readers. Whoever later shows a bidder
other key holders has to contradict what was printed.
"""

from __future__ import annotations

from bidding.trustees import fingerprints, service
from trading.projects.models import Project


TWO_ENVELOPES = ("本项目采用双信封：技术标信封与报价信封在同一截止时间前分别封存递交，缺一视为未投标。报价信封在投标截止{hours}小时以后、"
                 "技术标评审结果写入存证日志之后开启；未通过技术标评审的投标人，其报价信封不予开启。")


def annex(project: Project) -> str:
    """Lines for the notice: the centre's key and each key holder's, as words; and whether prices are filed in envelopes of their own."""
    policies = {lot.sealing.get("policy", "TB") for lot in project.lots}
    keys = [("交易中心（签署封存会话）", service.centre_key())]
    if policies != {"B"}:
        keys += [(record.organisation, record.public) for record in service.active()]
    lines = [f"{name}：{fingerprints.words(bytes.fromhex(public))}" for name, public in keys]
    hours = max((lot.sealing.get("prices_after_s", 0) // 3600 for lot in project.lots), default=0)
    two = [TWO_ENVELOPES.format(hours=hours)] if hours else []
    return "\n".join([*two, "密钥核对词（封存投标前，请与存证日志页和本公告的其他发布渠道核对）：", *lines])

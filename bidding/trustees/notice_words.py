"""The eight words of the keys, printed in the tender notice (docs/protocol.md, 2.2).

A notice is published in several places and archived by its readers. Whoever later shows a bidder
other key holders has to contradict what was printed.
"""

from __future__ import annotations

from bidding.trustees import fingerprints, service
from trading.projects.models import Project


def annex(project: Project) -> str:
    """Lines for the notice: the centre's key and each key holder's, as words; nothing where no lot is sealed to key holders."""
    policies = {lot.sealing.get("policy", "TB") for lot in project.lots}
    keys = [("交易中心（签署封存会话）", service.centre_key())]
    if policies != {"B"}:
        keys += [(record.organisation, record.public) for record in service.active()]
    lines = [f"{name}：{fingerprints.words(bytes.fromhex(public))}" for name, public in keys]
    return "\n".join(["密钥核对词（封存投标前，请与存证日志页和本公告的其他发布渠道核对）：", *lines])

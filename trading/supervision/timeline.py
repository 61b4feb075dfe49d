"""A case as its evidence tells it: one line per act, in the reader's language."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import gettext as _

from trading.archive import packing
from trading.base.money import yuan
from trading.evidence import service as evidence
from trading.evidence.models import Entry
from trading.evidence.verify import leaf_hash
from trading.projects.models import Lot

ALARMS = ("canary.alarm", "shares.early", "opening.holding", "opening.given_up", "clock.over", "bid.not_opened", "instalment.late", "lot.failed", "lot.terminated", "hall.objection")
SYSTEM = ("session.opened", "session.close", "session.amended", "window.closed", "draw.frozen", "draw.drawn", "shares.released")


def title(kind: str) -> str:
    """What an act is called."""
    names = {
        "project.accepted": _("受理进场登记"), "document.drafted": _("起草招标文件"), "document.fixed": _("招标文件定稿"), "notice.drafted": _("起草公告"), "notice.published": _("发布公告"),
        "notice.corrected": _("更正公告"), "notice.deadline_moved": _("顺延投标截止时间"), "question.asked": _("收到提问"), "question.answered": _("公布答复"),
        "session.opened": _("启用封存会话"), "session.amended": _("变更封存会话"), "session.countersigned": _("招标人签署封存会话"), "session.closing": _("截止标记"), "session.close": _("冻结投标集合"),
        "bid.commit": _("收到投标"), "bid.withdraw": _("撤回投标"), "bid.half_given": _("投标人交出解密份额"),
        "window.closed": _("解密时段结束"), "shares.released": _("密钥持有人释放份额"), "bid.opened": _("投标文件解密"),
        "bid.not_opened": _("投标文件未能解密"), "opening.recorded": _("生成开标记录"), "opening.confirmed": _("投标人确认唱标"),
        "hall.objection": _("开标异议"), "hall.host": _("主持人发言"), "hall.question": _("开标提问"),
        "draw.frozen": _("锁定专家抽取条件"), "draw.commit": _("投入随机数"), "draw.drawn": _("抽取专家"), "draw.answered": _("专家答复"),
        "draw.recused": _("专家回避"), "draw.watched": _("采购人现场监督抽取"),
        "framework.applied": _("申请加入框架协议"), "framework.joined": _("加入框架协议"), "framework.not_joined": _("不同意加入框架协议"),
        "framework.signed": _("登记框架协议"), "framework.left": _("供应商退出框架协议"), "framework.called": _("发起框架协议采购"),
        "framework.chosen": _("框架协议采购成交"), "framework.call_failed": _("框架协议采购无有效报价"),
        "project.prequalified": _("资格预审后登记招标"), "archive.catalogued": _("编制档案目录"), "archive.renewed": _("更新归档证据"), "talks.recorded": _("记录谈判、磋商或者协商"), "offers.asked": _("要求提交报价"), "evaluation.offers_opened": _("开启最后报价"), "draw.sealed": _("专家名单封存"), "draw.revealed": _("公开抽取材料"),
        "evaluation.started": _("开始评标"), "evaluation.declared": _("回避声明"), "evaluation.review_submitted": _("提交初步评审"),
        "evaluation.reviewed": _("初步评审完成"), "evaluation.technical": _("技术标评审结果写入日志，准予开启报价信封"), "evaluation.scores_submitted": _("提交评分"), "evaluation.ranked": _("形成排序"),
        "evaluation.signed": _("签署评标报告"), "lot.announced": _("标段公告"), "lot.bidding": _("开始投标"), "lot.closed": _("投标截止"),
        "lot.opened": _("开标完成"), "lot.evaluated": _("评标完成"), "lot.publicised": _("公示中标候选人"), "lot.awarded": _("发出中标通知书"),
        "lot.contracted": _("合同备案"), "lot.archived": _("封卷归档"), "lot.failed": _("流标"), "lot.terminated": _("终止"),
        "objection.filed": _("提出异议、询问或者质疑"), "objection.replied": _("答复异议、询问或者质疑"),
        "objection.withdrawn": _("撤回异议、询问或者质疑"), "objection.marked": _("认定质疑可能影响结果"),
        "complaint.filed": _("收到投诉"), "complaint.correction_asked": _("要求补正投诉"), "complaint.corrected": _("补正投诉"),
        "complaint.accepted": _("受理投诉"), "complaint.refused": _("不予受理投诉"), "complaint.stretch_begun": _("投诉处理期限停止计算"),
        "complaint.stretch_ended": _("投诉处理期限继续计算"), "complaint.suspension_asked": _("提出因投诉暂停"),
        "complaint.suspended": _("因投诉暂停"), "complaint.suspension_ended": _("投诉处理暂停期满"),
        "complaint.decided": _("作出投诉处理决定"), "complaint.withdrawn": _("撤回投诉"),
        "complaint.ban_proposed": _("提出禁止参加政府采购活动"), "complaint.ban_ordered": _("决定禁止参加政府采购活动"),
        "complaint.ban_dropped": _("撤销禁止提议"), "objection.at_once_declared": _("登记一次性质疑要求"),
        "supplement.recorded": _("登记补充合同"), "supplement.filed": _("补充合同备案"), "performance_bond.received": _("登记履约保证金"),
        "performance_bond.returned": _("退还履约保证金"), "acceptance.recorded": _("登记验收"),
        "payment_plan.agreed": _("登记付款计划"), "instalment.paid": _("登记付款"), "instalment.late": _("付款逾期"), "grants.kept": _("留存历史成交"),
        "clock.over": _("法定时限届满"), "duty.report": _("提交书面报告"), "duty.contract_filed": _("合同备案（主管部门）"),
        "duty.contract_published": _("合同公告"), "candidate.lost": _("候选人失去资格"), "lot.award_revoked": _("中标结果变更公告"), "invitation.chosen": _("确定邀请名单"),
        "archive.numbered": _("编定档号"), "archive.copied": _("下载档案"), "retention.raised": _("提高保管期限"),
        "retention.lowering_asked": _("申请降低保管期限"), "retention.lowered": _("批准降低保管期限"),
        "retention.lowering_refused": _("不予降低保管期限"), "retention.lowering_withdrawn": _("撤回降低保管期限的申请"),
        "hold.placed": _("冻结案卷"), "hold.released": _("解除冻结"), "loan.asked": _("申请借阅"), "loan.granted": _("批准借阅"),
        "loan.refused": _("不予借阅"), "loan.withdrawn": _("撤回借阅申请"), "loan.returned": _("归还借阅"), "loan.copied": _("下载借阅的档案"),
        "disposal.proposed": _("提出销毁"), "disposal.approved": _("批准销毁"), "disposal.refused": _("不予销毁"), "disposal.withdrawn": _("撤回销毁清册"),
        "disposal.stopped": _("停止销毁"), "disposal.begun": _("销毁案卷"), "disposal.finished": _("销毁完毕"),
        "stamps.override_asked": _("申请免除时间戳"), "stamps.override_approved": _("批准免除时间戳"), "stamps.override_refused": _("不予免除时间戳"),
        "stamps.override_withdrawn": _("撤回免除时间戳的申请"),
        "project.restarted": _("重新招标登记"), "canary.sealed": _("封存密钥演练标"), "canary.answered": _("密钥演练应答"),
        "canary.held": _("密钥演练通过"), "canary.alarm": _("密钥演练告警"), "canary.recovered": _("密钥演练恢复"),
        "shares.early": _("密钥份额提前释放（未采用）"), "share.disputed": _("份额争议认定"), "opening.holding": _("等待密钥持有人"),
        "opening.given_up": _("密钥持有人未到齐，不再开标"),
        "log.continuation_asked": _("提出日志接续"), "log.continuation_refused": _("不予日志接续"), "log.continuation_withdrawn": _("撤回日志接续的申请"),
        "log.continued": _("日志以新名称接续"), "session.ended": _("封存会话随原日志终止"),
        "tools.published": _("公布离线工具的哈希"),
        "database.audited": _("数据库核对"), "database.adopted": _("补加行封签"), "database.totals": _("留存数据库总封签"), "platform.outage": _("平台中断"),
        "pause.asked": _("提出暂停"), "pause.added": _("增加暂停事由"), "pause.ended": _("一项暂停事由结束"),
        "pause.refused": _("不予暂停"), "pause.lift_asked": _("提出恢复"), "notice.publicity_prolonged": _("顺延公示"),
        "lot.paused": _("暂停"), "lot.resumed": _("恢复"), "lot.restarted": _("重新招标"),
        "auction.applied": _("收到竞买申请"), "auction.consented": _("联合竞买人同意"), "auction.admitted": _("确认竞买资格"), "auction.key_renewed": _("更换竞价密钥"),
        "auction.phase": _("竞价进入下一阶段"), "auction.bid": _("有效报价"), "auction.joined": _("确认参加限时竞价"), "auction.called": _("主持人询问"),
        "auction.paused": _("竞价暂停计时"), "auction.resumed": _("竞价恢复计时"), "auction.held": _("技术中断，竞价停止计时"), "auction.resuming": _("公布竞价恢复时间"),
        "auction.released": _("技术中断后恢复计时"), "auction.ended": _("竞价结束"), "auction.settled": _("竞价成交"), "auction.failed": _("竞价未成交"),
        "auction.tie_begun": _("最高限价并列，开始按公告决定"), "auction.tie_decided": _("最高限价并列已决定"), "auction.round_begun": _("密封报价一轮开始"), "auction.round_closed": _("密封报价一轮开启"), "tie.recorded": _("出让人记录竞品质评定结果"),
        "tie.sent_back": _("退回竞品质评定结果"), "deal.signed": _("签署成交确认书"),
        "law.change_proposed": _("提出修改法规参数"), "law.change_approved": _("批准修改法规参数"),
        "law.change_refused": _("不批准修改法规参数"), "law.change_withdrawn": _("撤回修改提案")}
    return names.get(kind, kind)


def light(entry: Entry) -> str:
    """Colour of an act: an alarm, a warning, the system's own doing, or plain."""
    if entry.kind in ALARMS:
        return "alarm"
    if entry.kind == "draw.recused" or (entry.event or {}).get("dissent"):
        return "warn"
    return "system" if entry.kind in SYSTEM else "ok"


def entries(lot: Lot) -> list[Entry]:
    return packing.entries_of(lot)


def items(lot: Lot, found: list[Entry], chosen: int | None) -> list[dict[str, Any]]:
    """The timeline, newest first."""
    return [{"at": entry.at, "light": light(entry), "title": title(entry.kind), "state": None, "kind": entry.kind,
             "detail": _detail(entry), "evidence": [{"text": f"#{entry.seq:,}", "href": f"/supervise/{lot.code}?entry={entry.seq}"}],
             "href": f"/supervise/{lot.code}?entry={entry.seq}", "current": entry.seq == chosen} for entry in reversed(found)]


def _detail(entry: Entry) -> str:
    hidden = {"type", "at_ms", "lot", "project", "actor", "sig", "session", "commitment"}
    facts = [_fact(name, value) for name, value in (entry.event or {}).items()
             if name not in hidden and value not in ("", None) and not isinstance(value, (list, dict))]
    return " · ".join([entry.actor, *(text if len(text) < 60 else text[:57] + "…" for text in facts)])


def _fact(name: str, value: object) -> str:
    """One fact in words where there are any; a fingerprint by its beginning, the whole is in the raw entry."""
    words = {
        "number": _("编号"), "price_fen": _("价格"), "signed_on": _("签订日期"), "count": _("份数"), "version": _("版本"), "reason": _("理由"),
        "bid_digest": _("投标指纹"), "digest": _("指纹"), "root": _("集合指纹"), "bidder": _("投标人"), "bytes": _("字节"), "outcome": _("结论"),
        "deadline": _("投标截止"), "pool_size": _("专家库人数"), "excluded": _("回避人数"), "seats": _("席位"), "trustee": _("密钥持有人"),
        "replaces": _("替换"), "pack_sha256": _("归档包指纹"), "sha256": _("指纹"), "winner": _("中标人")}
    text = str(value)
    if name.endswith("_fen") and isinstance(value, int):
        text = f"{yuan(value)} {_('元')}"
    elif len(text) == 64 and all(c in "0123456789abcdef" for c in text):
        text = f"{text[:16]}…"
    return f"{words.get(name, name)} {text}"


def evidence_card(entry: Entry, found: list[Entry]) -> dict[str, Any]:
    """One entry with its proof, checked now."""
    assert entry.at is not None and entry.nonce is not None and entry.event is not None
    data = evidence.leaf_data(entry.nonce, entry.event)
    good = data == entry.data and evidence.is_included(entry.seq, data)
    before = next((item for item in reversed(found) if item.seq < entry.seq), None)
    return {"kind": entry.kind, "title": title(entry.kind), "happened_at": entry.at, "received_at": entry.at, "seq": entry.seq,
            "actor": entry.actor, "previous": leaf_hash(before.data).hex() if before else "0" * 64, "this": leaf_hash(entry.data).hex(),
            "verified": good, "verdict": _("已验证，在检查点之内") if good else _("验证不通过"),
            "raw": json.dumps(entry.event, ensure_ascii=False, indent=1)}

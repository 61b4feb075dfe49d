"""What a message says: one sentence per kind and language. A new kind needs its line here."""

from __future__ import annotations

from typing import Any

from trading.base.language import language
from trading.base.money import yuan
from trading.messages.models import Message

TEXTS: dict[str, tuple[str, str]] = {
    "project.accepted": ("您登记的项目“{name}”已受理并编号，现在可以起草招标公告。",
                         "Your project “{name}” was accepted and numbered; the tender notice can be drafted now."),
    "project.returned": ("您登记的项目“{name}”被退回，需要更正的内容已一次性列明，请更正后重新提交。",
                         "Your project “{name}” was returned with one complete list of corrections. Correct it and submit again."),
    "question.asked": ("“{lot}”收到一个新的提问，答复将向所有人公开。",
                       "“{lot}” has a new question. Your answer will be published to everybody."),
    "lot.failed": ("“{lot}”投标人不足法定家数，依法不开标。投标文件未解密，保证金将退还。",
                   "“{lot}” has fewer bidders than the law asks for and is not opened. Bids stay sealed; deposits are returned."),
    "lot.failed.key_holders_absent": ("“{lot}”因开标密钥持有人未到齐无法开标，投标文件未解密，视为撤回，保证金将退还，将重新招标。",
                                      "“{lot}” could not be opened because key holders did not come. Bids stay sealed and count as withdrawn; deposits are returned and the tender is held again."),
    "canary.alarm": ("“{lot}”的密钥演练只有 {healthy} 家正常（需要 {needed} 家），缺：{missing}。请联系密钥持有人；不能恢复的，在截止前延长投标截止时间。",
                     "Only {healthy} key holders of “{lot}” are fit (of {needed} needed); missing: {missing}. Call them; if they cannot recover, extend before the deadline."),
    "opening.holding": ("“{lot}”开标等待密钥持有人：{missing}。请启用备份信封或者联系本人；24 小时内未到齐的，本标段流标。",
                        "The opening of “{lot}” waits for key holders: {missing}. Use the backup envelopes or call them; after 24 hours the lot fails."),
    "alarm.log.forked": ("见证方 {place} 拒绝签署存证日志：日志与它见过的不一致。请立即查明，必要时停止受理投标。",
                        "The witness {place} refuses the evidence log: it is not the log it saw. Find out why at once."),
    "alarm.log.restored": ("见证方 {place} 见过更长的存证日志：数据库可能被恢复到旧的备份。请立即查明。",
                          "The witness {place} has seen more of the evidence log than there is: an old backup may have been put back."),
    "alarm.clock.off": ("平台时钟与见证方相差 {seconds} 秒，暂停受理投标。请校准时钟。",
                       "The platform's clock differs from the witnesses' by {seconds} s; no bids are taken. Set the clock right."),
    "session.to_sign": ("“{lot}”的封存会话（或者它的变更）等待贵单位签名。请核对密钥持有人后签名。",
                        "The sealing session of “{lot}” (or a change of it) waits for your signature. Compare the key holders, then sign."),
    "alarm.database.changed": ("数据库核对发现 {found} 处与封签不符：有人绕过平台改动了数据。请保全现场并查明。",
                               "The database does not fit its seals in {found} places: somebody changed it past the platform. Secure it and find out who."),
    "clock.soon": ("“{lot}”的一项法定时限将于 {due} 到期，依据：{article}。", "A statutory period of “{lot}” ends on {due}: {article}."),
    "clock.over": ("“{lot}”的一项法定时限已于 {due} 届满而未完成，依据：{article}。",
                   "A statutory period of “{lot}” ended on {due} with nothing done: {article}."),
    "lot.paused": ("“{lot}”已暂停，期限停止计算，理由见暂停公告。", "“{lot}” is paused and its periods stand still; the notice gives the reason."),
    "lot.resumed": ("“{lot}”已恢复，期限按暂停时间顺延。", "“{lot}” goes on; its periods move later by the time it stood still."),
    "objection.filed.objection": ("“{lot}”收到一项异议，请在法定期限内答复。", "“{lot}” has an objection. Answer it within the lawful time."),
    "objection.filed.inquiry": ("“{lot}”收到一项询问，请在法定期限内答复。", "“{lot}” has an inquiry. Answer it within the lawful time."),
    "objection.filed.question": ("“{lot}”收到一项质疑，请在法定期限内答复。", "“{lot}” has a formal question. Answer it within the lawful time."),
    "objection.replied": ("您就“{lot}”提出的事项已经答复。", "What you raised about “{lot}” has been answered."),
    "complaint.filed": ("“{lot}”收到一项投诉，请在法定期限内决定是否受理。",
                        "“{lot}” has a complaint. Decide within the lawful time whether to take it up."),
    "complaint.corrected": ("“{lot}”的投诉已经补正，请审查。", "The complaint about “{lot}” was corrected; check it."),
    "complaint.withdrawn": ("“{lot}”的投诉已由投诉人撤回。", "The complaint about “{lot}” was withdrawn by whoever complained."),
    "complaint.accepted": ("针对“{lot}”的投诉已受理，投诉书副本请查看。", "A complaint about “{lot}” was taken up; see the copy."),
    "complaint.accepted_yours": ("您对“{lot}”的投诉已受理。", "Your complaint about “{lot}” was taken up."),
    "complaint.refused_yours": ("您对“{lot}”的投诉不予受理，理由请查看。", "Your complaint about “{lot}” was not taken up; see the reason."),
    "complaint.correction_asked": ("您对“{lot}”的投诉需要补正，请查看。", "Your complaint about “{lot}” must be corrected; see what is asked."),
    "complaint.decided": ("针对“{lot}”的投诉已作出处理决定并公告。", "The complaint about “{lot}” was decided and the decision is published."),
    "complaint.decided_yours": ("您对“{lot}”的投诉已作出处理决定并公告。", "Your complaint about “{lot}” was decided and the decision is published."),
    "auction.reserve_asked": ("“{lot}”设有底价，请在竞价开始十分钟之前在本机封存；没有封存的，不开始竞价。",
                              "“{lot}” has a reserve price. Seal it on your own device at least ten minutes before bidding opens; without it there is no sale."),
    "auction.tie_asked": ("“{lot}”有多家接受最高限价，请组织评审委员会评定品质并记录结果和纪要。",
                          "Several agreed to the ceiling of “{lot}”. Have the committee judge quality, and record its decision and minutes."),
    "auction.tie_recorded": ("“{lot}”的竞品质评定结果已记录，请核对纪要后确认或者退回。",
                             "The decision on quality of “{lot}” is recorded. Compare the minutes, then confirm it or send it back."),
    "auction.tie_sent_back": ("“{lot}”的竞品质评定结果被退回，请查看理由并重新记录。",
                              "The decision on quality of “{lot}” was sent back. Read why and record it again."),
    "auction.won": ("您竞得“{lot}”，请立即签署成交确认书。", "You won “{lot}”. Sign the confirmation of the deal now."),
    "auction.lost": ("“{lot}”竞价结束，您未竞得，保证金按规定退还。", "“{lot}” is over and went to another; your deposit goes back by law."),
    "auction.failed": ("“{lot}”流拍，保证金按规定退还。", "“{lot}” made no deal; your deposit goes back by law."),
    "law.change_waiting": ("一项法规参数修改（{subjects}）等待另一人批准。", "A change of the rule table ({subjects}) waits for a second person."),
    "law.change_approved": ("您提出的修改（{subjects}）已获批准，立即执行。", "The change you proposed ({subjects}) was approved and is in force."),
    "law.change_refused": ("您提出的修改（{subjects}）未获批准，理由请查看。", "The change you proposed ({subjects}) was not approved; see the reason."),
    "ban.ordered": ("您的单位被禁止参加政府采购活动至 {until}，决定已公告。",
                    "Your organisation is barred from government procurement until {until}; the decision is published."),
    "retention.lowering_asked": ("“{lot}”的保管期限申请降低，等待监督人员批准。", "A lowering of the retention class of “{lot}” waits for a supervisor."),
    "hold.placed": ("“{lot}”的案卷已被监督人员冻结，不得销毁，不得降低保管期限。",
                    "The file of “{lot}” is held by a supervisor: it may be neither disposed of nor kept for a shorter time."),
    "loan.asked": ("收到一项借阅申请：“{lot}”。", "Somebody asks to borrow the file of “{lot}”."),
    "loan.granted": ("您对“{lot}”的借阅申请已批准，到期自动失效。", "Your loan of “{lot}” was granted; it ends by itself."),
    "loan.refused": ("您对“{lot}”的借阅申请未获批准，理由请查看。", "Your request to borrow “{lot}” was not granted; see the reason."),
    "disposal.proposed": ("一份销毁清册（{count} 卷）等待监督人员批准。", "A disposal list of {count} cases waits for a supervisor."),
    "disposal.approved": ("您提出的销毁清册（{count} 卷）已获批准，等待期满后销毁。",
                          "The disposal list of {count} cases that you proposed was approved and is carried out after its waiting time."),
    "disposal.refused": ("您提出的销毁清册（{count} 卷）未获批准，理由请查看。", "The disposal list of {count} cases that you proposed was not approved; see the reason."),
    "continuation.asked": ("申请让存证日志以新名称接续，等待监督人员批准。", "Going on with the evidence log under another name waits for a supervisor."),
    "override.asked": ("“{lot}”申请在缺少一个时间戳机构的情况下封卷，等待监督人员批准。",
                       "Sealing “{lot}” without one time-stamping authority waits for a supervisor."),
    "contract.supplemented": ("“{lot}”的补充合同 {number} 已登记。", "The supplement {number} to the contract of “{lot}” is on record."),
    "contract.accepted": ("“{lot}”的验收结果已登记。", "An acceptance of “{lot}” is on record."),
    "instalment.soon": ("“{lot}”第 {number} 期价款还有 {price} 元未付，最后付款日 {due}。",
                        "Instalment {number} of “{lot}”: {price} yuan are to be paid by {due}."),
    "instalment.late": ("“{lot}”第 {number} 期价款 {price} 元逾期未付，应于 {due} 前付清；逾期依合同承担违约责任。",
                        "Instalment {number} of “{lot}” is late: {price} yuan were due on {due}. The contract says what follows."),
    "draw.called": ("您被抽取为评标专家，请尽快答复能否参加。出席前不显示项目名称。",
                    "You were drawn as an evaluation expert. Answer soon whether you can attend; the project is not named before that."),
    "offers.asked": ("“{lot}”第 {number} 轮报价，请在 {deadline} 前在本机封存并递交；要求见后续轮次报价页面。",
                     "“{lot}”, round {number}: seal and file your offer before {deadline}. The page of later rounds says what is asked."),
    "framework.admitted": ("您的单位已入围“{lot}”框架协议，请按时签订协议。", "Your organisation was admitted to the framework “{lot}”. Sign the agreement in time."),
    "framework.not_admitted": ("“{lot}”框架协议的入围结果已公布，您的单位未入围。", "The result of the framework “{lot}” is published; your organisation was not admitted."),
    "framework.applied": ("有供应商申请加入“{lot}”开放式框架协议，请审核。", "A supplier asks to join the open framework “{lot}”. Review it."),
    "framework.refused": ("您的单位加入“{lot}”框架协议的申请未通过，理由：{reason}", "Your organisation was not admitted to the framework “{lot}”: {reason}"),
    "framework.chosen": ("您的单位在“{lot}”框架协议的一次采购中成交，成交价 {price} 元。", "Your organisation won a purchase under the framework “{lot}” at {price} yuan."),
    "prequal.passed": ("您的单位已通过“{lot}”资格预审，招标公告发布后即可下载招标文件并投标。",
                       "Your organisation passed the prequalification of “{lot}”. Once the tender is published you can fetch its document and bid."),
    "prequal.failed": ("您的单位未通过“{lot}”资格预审，理由：{reason}", "Your organisation did not pass the prequalification of “{lot}”: {reason}"),
    "result.won": ("您的单位在“{lot}”中标，中标价 {price} 元。请在法定期限内签订合同。",
                   "Your organisation won “{lot}” at {price} yuan. Sign the contract within the lawful period."),
    "result.lost": ("“{lot}”已定标，中标人为{winner}，中标价 {price} 元。您的单位排名 {rank}，得分 {score}。",
                    "“{lot}” was awarded to {winner} at {price} yuan. Your organisation ranked {rank} with a score of {score}."),
}


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


def text_of(kind: str, facts: dict[str, Any], tongue: str | None = None) -> str:
    """A message's sentence; of an unknown kind the kind itself, so that nothing goes unseen."""
    if kind not in TEXTS:
        return kind
    shown = {name: str(value) if value not in ("", None) else "—" for name, value in facts.items()}
    if isinstance(facts.get("price_fen"), int):
        shown["price"] = yuan(facts["price_fen"])
    return TEXTS[kind][(tongue or language()) == "en"].format_map(_Facts(shown))


def shown(message: Message) -> dict[str, Any]:
    """A message as a page shows it."""
    return {"text": text_of(message.kind, message.facts), "at": message.at, "link": message.link,
            "unread": message.read_at is None}

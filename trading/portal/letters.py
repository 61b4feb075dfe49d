"""Letters of a case (通知书) for one organisation: made from what is on record, whenever they are fetched."""

from __future__ import annotations

from datetime import datetime

from bidding.opening import service as opening
from experts.evaluation import service as evaluation
from trading.announcements import queries as notices
from trading.announcements import rules as notice_rules
from trading.base import paper
from trading.base.clock import BEIJING
from trading.base.errors import NotFound
from trading.base.money import capitals, yuan
from trading.base.paper import Line, Look
from trading.deposits import service as deposits
from trading.law.procedures import Family, family, key
from trading.law.rules import Unit, seek
from trading.parties import service as parties
from trading.parties.models import Organisation
from trading.projects import service as projects
from trading.projects.models import Award, Lot, Project


def _host(project: Project) -> str:
    return project.tenderer.name + (f"（代理机构：{project.agency.name}）" if project.agency else "")


def _day(at: datetime) -> str:
    local = at.astimezone(BEIJING)
    return f"{local.year}年{local.month}月{local.day}日"


def _money(fen: int) -> str:
    return f"人民币 {yuan(fen)} 元（{capitals(fen)}）"


def _letter(title: str, lot: Lot, receiver: Organisation, paragraphs: list[str], at: datetime, sender: str) -> bytes:
    lines: list[Line] = [(Look.TITLE, title), (Look.BODY, f"{receiver.name}（{receiver.code}）："), (Look.BODY, f"标段：{lot.label}（{lot.code}）")]
    lines += [(Look.BODY, paragraph) for paragraph in paragraphs]
    return paper.pdf([*lines, 8, (Look.BODY, sender), (Look.BODY, _day(at))], title=title, author=sender, subject=lot.code or "")


def award(lot: Lot) -> bytes:
    """The award letter (中标通知书). Raises NotFound before there is an award."""
    made = _award(lot)
    names = notice_rules.result_names(lot.project.procedure)
    winner = parties.get(made.organisation_id)
    said = [f"经依法评审和确定，贵单位在本标段中选，价格为{_money(made.price_fen)}。", *_contract(lot, made),
            "本通知书对双方具有法律效力：改变结果或者放弃的，依法承担责任。"]
    return _letter(names.letter, lot, winner, said, made.notified_at, _host(lot.project))


def _contract(lot: Lot, made: Award) -> list[str]:
    """Until when the contract is to be signed, where the law sets a number of days."""
    rule = seek(key(lot.project.procedure, "contract"), on=made.notified_at.astimezone(BEIJING).date(), region=lot.project.region,
                procedure=lot.project.procedure)
    unit = {Unit.DAY: "日", Unit.WORKING_DAY: "个工作日"}.get(rule.unit) if rule else None
    return [f"请自本通知书发出之日起 {rule.value} {unit}内，按文件和贵单位的响应签订书面合同（{rule.article}）。"] if rule and unit else []


def _award(lot: Lot) -> Award:
    made = projects.award_of(lot.id)
    if made is None:
        raise NotFound
    return made


def result(lot: Lot, receiver: Organisation) -> bytes:
    """What an organisation that offered is told: the award letter, or the result with its own score and rank.

    Raises NotFound for anybody whose offer was not opened, and before there is an award.
    """
    made = _award(lot)
    if made.organisation_id == receiver.id:
        return award(lot)
    if not any(bid.organisation_id == receiver.id for bid in opening.opened_bids(lot.id)):
        raise NotFound
    found = evaluation.evaluation_of(lot.id)
    own = next((place for place in (found.report or {}).get("ranking", ()) if place["bidder"] == receiver.code), {}) if found else {}
    said = [f"本标段已经确定结果：{parties.get(made.organisation_id).name}，价格为{_money(made.price_fen)}。"]
    if own:
        score = f"，得分 {own['score']}" if own.get("score") else ""
        said.append(f"贵单位排名第 {own.get('rank', '—')}{score}。")
    else:
        said.append("贵单位未进入排序，理由见公布的结果。")
    remedy = "质疑" if family(lot.project.procedure) is Family.PROCUREMENT else "异议、投诉"
    said.append(f"感谢参加。保证金按法定期限退还；对结果有意见的，可以在法定期限内通过本平台提出{remedy}。")
    return _letter("结果通知书", lot, receiver, said, made.notified_at, _host(lot.project))


def deposit(lot: Lot, receiver: Organisation, *, at: datetime) -> bytes:
    """That a deposit was received in full and in time (保证金到账确认). Raises NotFound while it was not."""
    if not lot.deposit_fen or lot.deadline is None or not deposits.is_confirmed(lot, receiver.id, at=at):
        raise NotFound
    account = deposits.known_sub_account(lot.id, receiver.id)
    assert account is not None
    said = [f"贵单位为本标段缴纳的保证金已经足额到账：{_money(deposits.paid_fen(lot.id, receiver.id, by=min(at, lot.deadline)))}，子账号 {account.number}。",
            f"要求的金额：{_money(lot.deposit_fen)}。缴纳情况在开启前只有贵单位可以看到。"]
    return _letter("保证金到账确认", lot, receiver, said, at, "公共资源交易平台")


def answers(project: Project) -> bytes:
    """All answered questions of a project in one document; nobody who asked is named."""
    lines: list[Line] = [(Look.TITLE, f"{project.name}答疑汇总")]
    answered = 0
    for lot in project.lots:
        for question in notices.questions(lot.id, answered_only=True):
            answered += 1
            lines += [(Look.HEADING, f"{answered}. {lot.name}"), (Look.BODY, f"问：{question.text}"), (Look.BODY, f"答：{question.answer}"),
                      (Look.SMALL, f"{question.answered_at.astimezone(BEIJING):%Y-%m-%d %H:%M}" if question.answered_at else "")]
    if not answered:
        raise NotFound
    return paper.pdf(lines, title=f"{project.name}答疑汇总", author=_host(project), subject=project.code or "")

"""The public page of a project: what is known about one of its lots, and nothing before its time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import segno
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from bidding.opening import service as opening
from bidding.opening.models import OpenedBid, Opening
from trading.announcements import public, queries, rules
from trading.announcements import words as notice_words
from trading.announcements.models import Notice
from trading.announcements.rules import Kind
from trading.base.clock import BEIJING
from trading.base.database import db
from trading.base.language import day, language, moment
from trading.base.money import capitals, yuan
from trading.evidence.models import Entry
from trading.law import procedures as law_procedures
from trading.law.rules import Rule, seek
from trading.portal import home
from trading.projects import rules as project_rules
from trading.projects import service as projects
from trading.projects import words
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage

AFTER_CLOSE = (Stage.CLOSED, Stage.OPENED, Stage.EVALUATED, Stage.PUBLICISED, Stage.AWARDED, Stage.CONTRACTED, Stage.ARCHIVED)


def values(project: Project, lot: Lot, at: datetime, root: str) -> dict[str, Any]:
    """Everything that templates/public/project.html shows of one lot."""
    notices = queries.of_project(project.id)
    found = opening.opening_of(lot.id)
    opened = opening.opened_bids(lot.id) if found and found.opened_at else []
    questions = queries.questions(lot.id, answered_only=True)
    versions = _versions(project, notices)
    verify = f"{root}/verify"
    return {
        "project": {"code": project.code, "title": project.name, "tags": _tags(project), "ics_href": f"/p/{project.code}.ics",
                    "atom_href": f"/feeds/{project.procedure}.atom", "verify_url": verify},
        "print": {"at": at, "qr_src": segno.make(verify, micro=False).svg_data_uri(scale=3)},
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": _("交易信息"), "href": "/search"}, {"text": project.code}],
        "lots": [{"text": item.name, "href": f"/p/{project.code}?lot={item.number}", "current": item.id == lot.id}
                 for item in project.lots] if len(project.lots) > 1 else [],
        "facts": _facts(lot), "steps": _steps(project, lot, notices),
        "tabs": _tabs(len(versions), len(questions)), "versions": versions,
        "questions": [{"question": q.text, "asked_at": q.asked_at, "answer": q.answer, "answered_at": q.answered_at} for q in questions],
        "ask_href": f"/p/{project.code}/ask" if _is_open(lot, at) else None,
        "bid_href": f"/me/lots/{lot.code}" if _is_open(lot, at) else None,
        "opening": _opening(lot, opened) if opened else None, "result": _result(lot),
        "objections": [], "proof": _proof(project, lot, found), "dates": _dates(project, lot, notices),
        "contact": _contact(project), "supervisors": [{"key": _("行政监督"), "value": _("项目所在地行政监督部门")}],
        "objecting": _objecting(lot, at)}


def _is_open(lot: Lot, at: datetime) -> bool:
    return lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline is not None and at < lot.deadline


def _tags(project: Project) -> list[dict[str, str]]:
    return [{"text": words.family(project.procedure), "colour": "teal"}, {"text": words.procedure(project.procedure), "colour": ""},
            {"text": words.category(project.category), "colour": ""}, {"text": words.region(project.region), "colour": ""}]


def _facts(lot: Lot) -> list[dict[str, Any]]:
    fen = lot.ceiling_fen or lot.estimate_fen
    when = lot.deadline.astimezone(BEIJING) if lot.deadline else None
    english = language() == "en"
    short = (f"{when.day} {when:%b %H:%M}" if english else f"{when.month}月{when.day}日 {when:%H:%M}") if when else "—"
    year = (f"{when:%Y}" if english else f"{when.year}年") if when else ""
    return [
        {"label": _("最高投标限价") if lot.ceiling_fen else _("估算金额"), "value": yuan(fen), "unit": _("元"),
         "note": "" if english else capitals(fen)},
        {"label": _("投标截止"), "value": short, "note": year},
        {"label": _("开标"), "value": short, "note": _("与投标截止同时，在线公开")},
        {"label": _("状态"), "value": words.stage(lot.stage), "note": home.note(lot) or ""}]


# --- stages with their legal clocks -----------------------------------------------------------------


def _rule(project: Project, name: str, on: date) -> Rule | None:
    return seek(law_procedures.key(project.procedure, name), on=on, region=project.region, procedure=project.procedure)


def _law(rule: Rule | None, actual: int | None, *, most: bool = False) -> dict[str, str] | None:
    if rule is None or not rule.value:
        return None
    days = _("%(count)s 个工作日", count=rule.value) if rule.unit == "working_day" else _("%(count)s 日", count=rule.value)
    text = _("法定不超过 %(days)s", days=days) if most else _("法定不少于 %(days)s", days=days)
    kept = actual is None or (actual <= int(rule.value) if most else actual >= int(rule.value))
    return {"article": rule.article, "rule": text, "actual": _("%(count)s 日", count=actual) if actual is not None else _("未开始"),
            "light": "ok" if kept else "alarm"}


def _steps(project: Project, lot: Lot, notices: list[Notice]) -> list[dict[str, Any]]:
    tender = next(notice for notice in notices if notice.kind == Kind.TENDER)
    assert tender.published_at is not None
    on = tender.published_at.astimezone(BEIJING).date()
    award, contract = projects.award_of(lot.id), projects.contract_of(lot.id)
    first = rules.moment(tender.versions[-1].schedule["doc_from"]).astimezone(BEIJING).date()
    bid_days = (lot.deadline.astimezone(BEIJING).date() - first).days if lot.deadline else None
    publicity = next((n for n in reversed(notices) if n.kind == Kind.CANDIDATES and n.lot_id == lot.id), None)
    shown = (rules.moment(publicity.versions[-1].schedule["until"]) - publicity.published_at).days \
        if publicity and publicity.published_at else None
    signed = (contract.signed_on - award.notified_at.astimezone(BEIJING).date()).days if contract and award else None
    publicises = project_rules.procedure(project.procedure).publicity
    stages = [
        (_("公告"), moment(tender.published_at), _law(_rule(project, "bid_period", on), bid_days)),
        (_("投标"), _("%(at)s 截止", at=moment(lot.deadline)) if lot.deadline else "", None),
        (_("开标"), _("与截止同时"), None), (_("评标"), _("专家随机抽取"), None),
        (_("公示") if publicises else _("结果"), moment(publicity.published_at) if publicity and publicity.published_at else
         (moment(award.notified_at) if award and not publicises else ""),
         _law(_rule(project, "publicity", on), shown) if publicises else None),
        (_("合同"), contract.number if contract else "", _law(_rule(project, "contract", on), signed, most=True))]
    done, broken = home.DONE[Stage(lot.stage)], lot.stage in (Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED)
    states = ["done" if i < done else ("failed" if broken else "current") if i == done else "todo" for i in range(len(stages))]
    return [{"text": text, "state": state, "note": note, "law": law}
            for (text, note, law), state in zip(stages, states, strict=True)]


# --- sections ---------------------------------------------------------------------------------------


def _tabs(versions: int, questions: int) -> list[dict[str, Any]]:
    items = [(_("公告与文件"), "#notices", versions), (_("问答"), "#questions", questions), (_("开标记录"), "#opening", None),
             (_("结果"), "#result", None), (_("异议公开"), "#objections", None), (_("证据"), "#proof", None)]
    return [{"text": text, "href": href, "count": count, "current": index == 0} for index, (text, href, count) in enumerate(items)]


def _versions(project: Project, notices: list[Notice]) -> list[dict[str, Any]]:
    rows = []
    for notice in reversed(notices):
        for version in reversed(notice.versions):
            several = len(notice.versions) > 1
            rows.append({
                "title": _("%(title)s（第 %(number)s 版）", title=notice.title, number=version.number) if several else notice.title,
                "at": version.published_at, "hash": version.sha256, "href": f"/notices/{notice.id}#v{version.number}",
                "diff_href": f"/notices/{notice.id}#d{version.number}" if version.number > 1 else None,
                "size": notice_words.kind(notice.kind), "current": several and version is notice.versions[-1]})
    for item in public.files(project):
        size = _("%(count)s 字节", count=f"{item.bytes:,}")
        rows.append({"title": item.name, "at": item.added_at, "hash": item.sha256, "href": f"/p/{project.code}/files/{item.id}",
                     "diff_href": None, "current": False,
                     "size": f"{words.file_kind(item.kind)} · {size}"})
    return rows


OUTCOMES = {"opened": "✓", "half_missing": "✕", "shares_inconsistent": "✕", "payload_unreadable": "✕", "manifest_wrong": "✕",
            "payload_damaged": "✕", "shares_short": "✕"}


def outcome(name: str) -> str:
    """What became of one bid at the opening, in words."""
    texts = {"opened": _("已解密"), "half_missing": _("投标人未解密"), "shares_inconsistent": _("密钥份额不一致"),
             "payload_unreadable": _("密文无法解开"), "manifest_wrong": _("内容与清单不符"), "payload_damaged": _("平台保存的密文损坏"),
             "shares_short": _("密钥持有人份额不足")}
    return f"{OUTCOMES.get(name, '✕')} {texts.get(name, name)}"


def _opening(lot: Lot, bids: list[OpenedBid]) -> dict[str, Any]:
    head = [{"text": _("序")}, {"text": _("投标人")}, {"text": _("解密")}, {"text": _("报价（元）"), "num": True}, {"text": _("工期（日）"), "num": True},
            {"text": _("质量")}, {"text": _("保证金")}, {"text": _("封存指纹"), "secondary": True}]
    rows = []
    for number, bid in enumerate(bids, 1):
        offer = bid.offer or {}
        deposit = (_("已到账") if bid.deposit_confirmed else _("未到账")) if lot.deposit_fen else _("不收取")
        rows.append([str(number), bid.organisation.name, outcome(bid.outcome), yuan(offer["price_fen"]) if offer else "—",
                     str(offer.get("days", "—")), offer.get("quality", "—"), deposit, bid.digest[:16]])
    caption = _("最高投标限价 %(amount)s 元", amount=yuan(lot.ceiling_fen)) if lot.ceiling_fen else _("没有最高投标限价")
    return {"caption": caption, "head": head, "rows": rows}


def _result(lot: Lot) -> dict[str, Any] | None:
    """Candidates once they are publicised, the winner once there is one."""
    award = projects.award_of(lot.id)
    if award is None and lot.stage != Stage.PUBLICISED:
        return None
    rows = [[str(c.rank), c.organisation.name, yuan(c.price_fen), c.score or "—",
             _("中标") if award and award.organisation_id == c.organisation_id else ""] for c in projects.candidates(lot.id)]
    until = home.publicity_until(lot)
    text = _("中标通知书发出时间 %(at)s", at=moment(award.notified_at)) if award else \
        _("公示至 %(at)s，有异议的请在公示期内提出。", at=moment(until)) if until else ""
    return {"caption": _("中标候选人（按评标委员会推荐次序）"), "text": text, "rows": rows, "head": [
        {"text": _("次序")}, {"text": _("候选人")}, {"text": _("投标报价（元）"), "num": True}, {"text": _("得分"), "num": True},
        {"text": _("结果")}]}


def _proof(project: Project, lot: Lot, found: Opening | None) -> dict[str, Any]:
    closed = found is not None and lot.stage in (*AFTER_CLOSE, Stage.FAILED)
    shown = None
    if closed:
        close = db.session.scalar(select(Entry).where(Entry.lot == lot.code, Entry.kind == "session.close").order_by(Entry.seq).limit(1))
        shown = close.event["root"] if close and close.event else None
    # Between two numbers one could count sealed entries, hence no range before the close.
    first, last = db.session.execute(select(func.min(Entry.seq), func.max(Entry.seq)).where(
        or_(Entry.lot == lot.code, Entry.project == project.code))).one()
    return {"root": shown, "count": found.count if closed and found else None,
            "range": f"#{first:,} – #{last:,}" if closed and first is not None else None, "verify_href": "/verify",
            "note": _("任何人都可以用自己的回执在这里核验，或者下载核验程序在自己的电脑上重新计算，不需要账号。")}


def _dates(project: Project, lot: Lot, notices: list[Notice]) -> list[dict[str, str]]:
    tender = next(notice for notice in notices if notice.kind == Kind.TENDER)
    assert tender.published_at is not None
    rows = [{"key": _("公告发布"), "value": moment(tender.published_at)}]
    rows += notice_words.schedule({k: v for k, v in tender.versions[-1].schedule.items() if k != "deadline"})
    if lot.deadline:
        rows.append({"key": _("投标截止和开标"), "value": moment(lot.deadline)})
    until, award, contract = home.publicity_until(lot), projects.award_of(lot.id), projects.contract_of(lot.id)
    if until:
        rows.append({"key": _("公示截止"), "value": moment(until)})
    if award:
        rows.append({"key": _("中标通知"), "value": moment(award.notified_at)})
    if contract:
        rows.append({"key": _("合同签订"), "value": day(contract.signed_on)})
    return rows


def _contact(project: Project) -> list[dict[str, str]]:
    rows = [{"key": _("招标人"), "value": project.tenderer.name}]
    if project.agency:
        rows.append({"key": _("代理机构"), "value": project.agency.name})
    speaks = project.agency or project.tenderer
    if speaks.contact:
        rows.append({"key": _("联系人"), "value": speaks.contact})
    if speaks.phone:
        rows.append({"key": _("电话"), "value": speaks.phone})
    return rows


def _objecting(lot: Lot, at: datetime) -> dict[str, Any] | None:
    if lot.stage == Stage.PUBLICISED:
        until = home.publicity_until(lot)
        if until and at < until:
            return {"text": _("对评标结果有异议的，请在公示期内向招标人提出。"), "deadline": until, "href": "/help#objection"}
    return None

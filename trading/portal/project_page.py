"""The public page of a project: what is known about one of its lots, and nothing before its time."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

import segno
from flask_babel import gettext as _

from trading.announcements import rules
from trading.announcements import words as notice_words
from trading.announcements.queries import Published
from trading.announcements.rules import Kind
from trading.base.clock import BEIJING
from trading.base.language import day, language, moment, once_per_language
from trading.base.money import capitals, yuan
from trading.contracts import pages as contract_pages
from trading.law import procedures as law_procedures
from trading.law.rules import Rule, seek
from trading.objections import queries as objection_queries
from trading.objections import words as objection_words
from trading.portal import home, project_record
from trading.portal.project_record import Case, Part, Read, Record
from trading.projects import rules as project_rules
from trading.projects import words
from trading.projects.rules import Stage
from trading.sales import pages as sale_pages
from trading.sales import rules as sale_rules
from trading.sales import words as sale_words

AFTER_CLOSE = (Stage.CLOSED, Stage.OPENED, Stage.EVALUATED, Stage.PUBLICISED, Stage.AWARDED, Stage.CONTRACTED, Stage.ARCHIVED)


def values(record: Record, at: datetime, root: str) -> dict[str, Any]:
    """Everything that templates/public/project.html shows of one lot."""
    project, lot, publicity = record.project, record.lot, _publicity(record)
    until = datetime.fromisoformat(publicity.versions[-1].schedule["until"]) if publicity else None
    opened, versions, verify = project_record.opened(lot, project.procedure), _versions(record), f"{root}/verify"
    objections, is_live = _objections(record), sale_rules.is_live(lot.method)
    return {
        "project": {"code": project.code, "title": project.name, "tags": _tags(project.procedure, project.category, project.region),
                    "ics_href": f"/p/{project.code}.ics", "atom_href": f"/feeds/{project.procedure}.atom", "verify_url": verify},
        "print": {"at": at, "qr_src": _qr(verify)},
        "crumbs": [{"text": _("首页"), "href": "/"}, {"text": _("交易信息"), "href": "/search"}, {"text": project.code}],
        "lots": [{"text": item.name, "href": f"/p/{project.code}?lot={item.number}", "current": item.id == lot.id}
                 for item in record.lots] if len(record.lots) > 1 else [],
        "facts": _sale_facts(lot, _tender(record)) if is_live else _facts(lot, until), "sale": _sale(lot), "steps": _steps(record, publicity),
        "tabs": _tabs(len(versions), len(record.questions), len(objections)), "versions": versions, "questions": record.questions,
        "ask_href": f"/p/{project.code}/ask" if _is_open(lot, at) else None,
        "bid_href": (f"/me/sales/{lot.code}" if is_live else f"/me/lots/{lot.code}") if _is_open(lot, at) else None,
        "auction_href": f"/auctions/{lot.code}" if is_live and lot.stage not in (Stage.REGISTERED, Stage.ANNOUNCED) else None,
        "opening": _opening(lot, opened) if opened else None, "result": _result(project, lot, until),
        "objections": objections, "proof": _proof(project, lot), "dates": _dates(record, until),
        "contact": _contact(project), "supervisors": [{"key": _("行政监督"), "value": _("项目所在地行政监督部门")}],
        "contract": contract_pages.public(lot.id, plan=law_procedures.family(project.procedure) is law_procedures.Family.LAND) if lot.contract else None,
        "objecting": _objecting(lot, until, at)}


@lru_cache(maxsize=16)
def _qr(address: str) -> str:
    """The same picture on every page of a site; drawing it takes longer than the rest of the page."""
    return segno.make(address, micro=False).svg_data_uri(scale=3)


def _publicity(record: Record) -> Published | None:
    """The newest publicity of the lot's candidates."""
    return next((notice for notice in reversed(record.notices) if notice.kind == Kind.CANDIDATES and notice.lot_id == record.lot.id), None)


def _tender(record: Record) -> Published:
    return next(notice for notice in record.notices if notice.kind == Kind.TENDER)


def _is_open(lot: Part, at: datetime) -> bool:
    return lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and lot.deadline is not None and at < lot.deadline


@once_per_language
def _tags(procedure: str, category: str, region: str) -> list[dict[str, str]]:
    return [{"text": words.family(procedure), "colour": "teal"}, {"text": words.procedure(procedure), "colour": ""},
            {"text": words.category(category), "colour": ""}, {"text": words.region(region), "colour": ""}]


_stage = once_per_language(words.stage)


def _facts(lot: Part, until: datetime | None) -> list[dict[str, Any]]:
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
        {"label": _("状态"), "value": _stage(lot.stage), "note": home.next_moment(Stage(lot.stage), lot.deadline, until) or ""}]


def _sale_facts(lot: Part, tender: Published) -> list[dict[str, Any]]:
    """The four figures of a lot that is competed for live."""
    schedule = tender.versions[-1].schedule
    lines = notice_words.schedule({name: schedule[name] for name in ("opens_at", "listing_ends_at", "deadline") if schedule.get(name)})
    begins = next(iter(lines), {"key": "", "value": "—"})
    ends = next((line for line in lines[1:] if lot.deadline), {"key": "", "value": "—"})
    return [
        {"label": _("起始价"), "value": yuan(lot.estimate_fen), "unit": _("元"), "note": "" if language() == "en" else capitals(lot.estimate_fen)},
        {"label": begins["key"], "value": begins["value"], "note": sale_words.mode(lot.method.get("sale", {}).get("mode", ""))},
        {"label": ends["key"], "value": moment(lot.deadline) if lot.deadline else ends["value"], "note": _("竞买申请和保证金到账的最后时间")},
        {"label": _("状态"), "value": _stage(lot.stage), "note": ""}]


def _sale(lot: Part) -> list[dict[str, Any]]:
    """The parcel and the terms of a live sale; after the deal, premium and floor price."""
    parts = sale_pages.of(lot.method, lot.estimate_fen, lot.ceiling_fen, lot.deposit_fen)
    rows = sale_pages.result(lot.method, lot.estimate_fen, lot.price_fen) if parts and lot.price_fen else []
    return parts + ([{"title": _("成交"), "rows": [{"key": _("成交价"), "value": sale_words.money(lot.price_fen)}, *rows]}] if rows and lot.price_fen else [])


# --- stages with their legal clocks -----------------------------------------------------------------


def _rule(project: Case, name: str, on: date) -> Rule | None:
    return seek(law_procedures.key(project.procedure, name), on=on, region=project.region, procedure=project.procedure)


def _law(rule: Rule | None, actual: int | None, *, most: bool = False) -> dict[str, str] | None:
    if rule is None or not rule.value:
        return None
    days = _("%(count)s 个工作日", count=rule.value) if rule.unit == "working_day" else _("%(count)s 日", count=rule.value)
    text = _("法定不超过 %(days)s", days=days) if most else _("法定不少于 %(days)s", days=days)
    kept = actual is None or (actual <= int(rule.value) if most else actual >= int(rule.value))
    return {"article": rule.article, "rule": text, "actual": _("%(count)s 日", count=actual) if actual is not None else _("未开始"),
            "light": "ok" if kept else "alarm"}


def _steps(record: Record, publicity: Published | None) -> list[dict[str, Any]]:
    project, lot, tender = record.project, record.lot, _tender(record)
    on = tender.published_at.astimezone(BEIJING).date()
    first = rules.moment(tender.versions[-1].schedule["doc_from"]).astimezone(BEIJING).date()
    bid_days = (lot.deadline.astimezone(BEIJING).date() - first).days if lot.deadline else None
    shown = (rules.moment(publicity.versions[-1].schedule["until"]) - publicity.published_at).days if publicity else None
    signed = (lot.signed_on - lot.notified_at.astimezone(BEIJING).date()).days if lot.signed_on and lot.notified_at else None
    if sale_rules.is_live(lot.method):
        return _sale_steps(record)
    publicises = project_rules.procedure(project.procedure).publicity
    stages = [
        (_("公告"), moment(tender.published_at), _law(_rule(project, "bid_period", on), bid_days)),
        (_("投标"), _("%(at)s 截止", at=moment(lot.deadline)) if lot.deadline else "", None),
        (_("开标"), _("与截止同时"), None), (_("评标"), _("专家随机抽取"), None),
        (_("公示") if publicises else _("结果"), moment(publicity.published_at) if publicity else
         (moment(lot.notified_at) if lot.notified_at and not publicises else ""),
         _law(_rule(project, "publicity", on), shown) if publicises else None),
        (_("合同"), lot.contract or "", _law(_rule(project, "contract", on), signed, most=True))]
    done, broken = home.DONE[Stage(lot.stage)], lot.stage in (Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED)
    states = ["done" if i < done else ("failed" if broken else "current") if i == done else "todo" for i in range(len(stages))]
    return [{"text": text, "state": state, "note": note, "law": law}
            for (text, note, law), state in zip(stages, states, strict=True)]


#: How far a live sale has come: notice, listing or bidding, deal, contract.
SALE_DONE = {Stage.REGISTERED: 0, Stage.CLOSED: 1, Stage.OPENED: 2, Stage.EVALUATED: 2, Stage.AWARDED: 3, Stage.CONTRACTED: 4, Stage.ARCHIVED: 4,
             Stage.FAILED: 2, Stage.TERMINATED: 2, Stage.RESTARTED: 2}


def _sale_steps(record: Record) -> list[dict[str, Any]]:
    """The stages of a live sale with the law's days: the notice to the opening, the listing, the contract."""
    project, lot, tender = record.project, record.lot, _tender(record)
    schedule, on = tender.versions[-1].schedule, tender.published_at.astimezone(BEIJING).date()
    opens = rules.moment(schedule["opens_at"])
    ends = rules.moment(schedule["listing_ends_at"]) if schedule.get("listing_ends_at") else None
    opening = opens.astimezone(BEIJING).date()
    signed = (lot.signed_on - lot.notified_at.astimezone(BEIJING).date()).days if lot.signed_on and lot.notified_at else None
    # Land counts its days to the opening; the disclosure of property counts working days, which a page does not add up.
    land = project_rules.grants_land_live(project.procedure)
    stages = [
        (_("公告"), moment(tender.published_at), _law(_rule(project, "notice", on), (opening - on).days) if land else None),
        (_("挂牌") if ends else _("竞价"), moment(opens),
         _law(_rule(project, "listing", on), (ends.astimezone(BEIJING).date() - opening).days) if land and ends else None),
        (_("成交"), moment(lot.notified_at) if lot.notified_at else "", None),
        (_("合同"), lot.contract or "", _law(_rule(project, "contract", on), signed, most=True) if land else None)]
    done, broken = SALE_DONE.get(Stage(lot.stage), 1), lot.stage in (Stage.FAILED, Stage.TERMINATED, Stage.RESTARTED)
    states = ["done" if i < done else ("failed" if broken else "current") if i == done else "todo" for i in range(len(stages))]
    return [{"text": text, "state": state, "note": note, "law": law} for (text, note, law), state in zip(stages, states, strict=True)]


# --- sections ---------------------------------------------------------------------------------------


def _tabs(versions: int, questions: int, objections: int) -> list[dict[str, Any]]:
    items = [(_("公告与文件"), "#notices", versions), (_("问答"), "#questions", questions), (_("开标记录"), "#opening", None),
             (_("结果"), "#result", None), (_("异议公开"), "#objections", objections), (_("证据"), "#proof", None)]
    return [{"text": text, "href": href, "count": count, "current": index == 0} for index, (text, href, count) in enumerate(items)]


def _versions(record: Record) -> list[dict[str, Any]]:
    rows = []
    for notice in reversed(record.notices):
        for version in reversed(notice.versions):
            several = len(notice.versions) > 1
            rows.append({
                "title": _("%(title)s（第 %(number)s 版）", title=notice.title, number=version.number) if several else notice.title,
                "at": version.published_at, "hash": version.sha256, "href": f"/notices/{notice.id}#v{version.number}",
                "diff_href": f"/notices/{notice.id}#d{version.number}" if version.number > 1 else None,
                "size": notice_words.kind(notice.kind, record.project.procedure), "current": several and version is notice.versions[-1]})
    for item in record.files:
        size = _("%(count)s 字节", count=f"{item.bytes:,}")
        rows.append({"title": item.name, "at": item.added_at, "hash": item.sha256, "href": f"/p/{record.project.code}/files/{item.id}",
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


def _opening(lot: Part, bids: list[Read]) -> dict[str, Any]:
    head = [{"text": _("序")}, {"text": _("投标人")}, {"text": _("解密")}, {"text": _("报价（元）"), "num": True}, {"text": _("工期（日）"), "num": True},
            {"text": _("质量")}, {"text": _("保证金")}, {"text": _("封存指纹"), "secondary": True}]
    rows = []
    for number, bid in enumerate(bids, 1):
        offer = bid.offer or {}
        deposit = (_("已到账") if bid.deposit_confirmed else _("未到账")) if lot.deposit_fen else _("不收取")
        rows.append([str(number), bid.organisation, outcome(bid.outcome), yuan(offer["price_fen"]) if "price_fen" in offer else "—",
                     str(offer.get("days", "—")), offer.get("quality", "—"), deposit, bid.digest[:16]])
    caption = _("最高投标限价 %(amount)s 元", amount=yuan(lot.ceiling_fen)) if lot.ceiling_fen else _("没有最高投标限价")
    return {"caption": caption, "head": head, "rows": rows}


def _result(project: Case, lot: Part, until: datetime | None) -> dict[str, Any] | None:
    """Candidates once they are publicised, the winner once there is one; where nothing was read
    out, the others' prices stay with the committee."""
    if lot.notified_at is None and lot.stage != Stage.PUBLICISED:
        return None
    rows = [[str(one.rank), one.organisation, yuan(one.price_fen), one.score or "—",
             _("中标") if lot.winner_id == one.organisation_id else ""] for one in project_record.candidates(lot)
            if lot.winner_id == one.organisation_id or law_procedures.procedure(project.procedure).read_out]
    text = _("中标通知书发出时间 %(at)s", at=moment(lot.notified_at)) if lot.notified_at else \
        _("公示至 %(at)s，有异议的请在公示期内提出。", at=moment(until)) if until else ""
    return {"caption": _("中标候选人（按评标委员会推荐次序）"), "text": text, "rows": rows, "head": [
        {"text": _("次序")}, {"text": _("候选人")}, {"text": _("投标报价（元）"), "num": True}, {"text": _("得分"), "num": True},
        {"text": _("结果")}]}


def _objections(record: Record) -> list[dict[str, Any]]:
    """What was answered, by its outcome, and what was decided: neither who raised it nor what was said."""
    rows: list[dict[str, Any]] = [
        {"at": row.replied_at, "title": objection_words.title(row.form, row.subject), "state": objection_words.answered_state(row.answer),
         "href": None} for row in objection_queries.answered(record.lot.id)]
    rows += [{"at": notice.published_at, "title": notice.title, "state": {"kind": "done", "text": notice_words.kind(notice.kind)},
              "href": f"/notices/{notice.id}"}
             for notice in record.notices if notice.kind == Kind.COMPLAINT_DECISION and notice.lot_id == record.lot.id]
    return sorted(rows, key=lambda row: row["at"])


def _proof(project: Case, lot: Part) -> dict[str, Any]:
    closed = lot.closed_at is not None and lot.stage in (*AFTER_CLOSE, Stage.FAILED)
    # Between two numbers one could count sealed entries, hence no range before the close.
    first, last = project_record.evidence_range(project, lot) if closed else (None, None)
    return {"root": project_record.seal_root(lot) if closed else None, "count": lot.bids if closed else None,
            "range": f"#{first:,} – #{last:,}" if first is not None else None, "verify_href": "/verify",
            "note": _("任何人都可以用自己的回执在这里核验，或者下载核验程序在自己的电脑上重新计算，不需要账号。")}


def _dates(record: Record, until: datetime | None) -> list[dict[str, str]]:
    lot, tender = record.lot, _tender(record)
    rows = [{"key": _("公告发布"), "value": moment(tender.published_at)}]
    rows += notice_words.schedule({k: v for k, v in tender.versions[-1].schedule.items() if k != "deadline"})
    if lot.deadline:
        rows.append({"key": _("报名和保证金截止") if sale_rules.is_live(lot.method) else _("投标截止和开标"), "value": moment(lot.deadline)})
    if until:
        rows.append({"key": _("公示截止"), "value": moment(until)})
    if lot.notified_at:
        rows.append({"key": _("中标通知"), "value": moment(lot.notified_at)})
    if lot.signed_on:
        rows.append({"key": _("合同签订"), "value": day(lot.signed_on)})
    return rows


def _contact(project: Case) -> list[dict[str, str]]:
    rows = [{"key": _("招标人"), "value": project.tenderer}]
    if project.agency is not None:
        rows.append({"key": _("代理机构"), "value": project.agency})
    through_agency = project.agency is not None
    contact = project.agency_contact if through_agency else project.tenderer_contact
    phone = project.agency_phone if through_agency else project.tenderer_phone
    if contact:
        rows.append({"key": _("联系人"), "value": contact})
    if phone:
        rows.append({"key": _("电话"), "value": phone})
    return rows


def _objecting(lot: Part, until: datetime | None, at: datetime) -> dict[str, Any] | None:
    if lot.stage == Stage.PUBLICISED and until and at < until:
        return {"text": _("对评标结果有异议的，请在公示期内向招标人提出。"), "deadline": until, "href": f"/me/lots/{lot.code}/objections"}
    return None

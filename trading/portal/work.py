"""One's own to-do list and deadlines, by what the account may do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from trading.accounts.permissions import Permission
from trading.accounts.session import SignedIn
from trading.announcements import queries as notices
from trading.base.language import moment
from trading.portal import home
from trading.parties import service as parties
from trading.projects import invitations
from trading.projects import queries as projects
from trading.projects import rules as project_rules
from trading.projects import words
from trading.projects.models import Lot, Project
from trading.projects.rules import Stage

Item = dict[str, Any]


def areas(user: SignedIn) -> list[Item]:
    """The parts of the platform that this person works in."""
    known = [
        (Permission.BID, _("我的投标"), "/me/lots", _("可投的标段、保证金、封存与递交、回执")),
        (Permission.BID, _("我的竞买"), "/me/sales", _("土地、产权竞价：申请、竞买号、成交确认书")),
        (Permission.PROJECT_WRITE, _("我的项目"), "/projects", _("登记、公告、答复、结果与合同")),
        (Permission.PROJECT_ACCEPT, _("进场登记受理"), "/registrations", _("受理或者一次性告知后退回")),
        (Permission.DEPOSIT_MANAGE, _("保证金"), "/deposits", _("银行流水、待核对、退还")),
        (Permission.HALL_HOST, _("开标大厅"), "/hall", _("主持开标，发布通知")),
        (Permission.DRAW_RUN, _("专家抽取"), "/draws", _("锁定条件、通知、封存名单")),
        (Permission.EVALUATE, _("评标"), "/eval", _("答复通知、回避声明、评审与签名")),
        (Permission.ARCHIVE_READ, _("档案"), "/archive", _("目录、封卷、检索、借阅、冻结和销毁")),
        (Permission.BID, _("异议、质疑和投诉"), "/me/objections", _("提出、跟进、查看答复和决定")),
        (Permission.COMPLAINT_HANDLE, _("投诉处理"), "/supervise/complaints", _("受理、处理期限、处理决定")),
        (Permission.SUPERVISE, _("监督"), "/supervise", _("时间线、证据与线索")),
        (Permission.LAW_WRITE, _("法规参数"), "/law/changes", _("提出、批准规则和放假安排的修改")),
        (Permission.ACCOUNT_ADMIN, _("账号管理"), "/admin/accounts", _("账号、角色、停用"))]
    if user.may(Permission.RESULT_WRITE) or user.may(Permission.SUPERVISE):
        known.append((Permission.OWN_ACCOUNT, _("法定时限"), "/me/clocks", _("到期日、灯色、依据，可加入自己的日历")))
    if any(user.may(permission) for permission in (Permission.BID, Permission.PROJECT_WRITE, Permission.SUPERVISE)):
        known.append((Permission.OWN_ACCOUNT, _("我的借阅"), "/me/loans", _("申请查阅已封卷的案卷")))
    found = [{"text": text, "href": href, "note": note} for permission, text, href, note in known if user.may(permission)]
    return [*found, {"text": _("消息"), "href": "/me/messages", "note": None}, {"text": _("单位信息"), "href": "/me/company", "note": None},
            {"text": _("我的账号"), "href": "/me/account", "note": None}]


def todo(user: SignedIn, at: datetime) -> list[Item]:
    """What waits for this person, most urgent first: {text, href, note, deadline}."""
    items: list[Item] = []
    if user.may(Permission.PROJECT_WRITE) and user.organisation_id:
        for project in projects.of_organisation(user.organisation_id, 100):
            items += _of_project(project, at)
    if user.may(Permission.PROJECT_ACCEPT):
        items += [_item(_("受理登记：%(name)s", name=project.name), f"/registrations/{project.id}",
                        _("提交于 %(at)s", at=moment(project.submitted_at))) for project in projects.waiting() if project.submitted_at]
    if user.may(Permission.BID):
        for lot in projects.with_deadline(at, at + timedelta(days=366)):
            if lot.stage in (Stage.ANNOUNCED, Stage.BIDDING) and not _is_own(lot, user) and _may_bid(lot, user):
                is_live = lot.method.get("kind") == "live"
                if is_live:
                    items.append(_item(lot.label, f"/me/sales/{lot.code}", _("竞买申请截止 %(at)s", at=moment(lot.deadline)) if lot.deadline else "", lot.deadline))
                    continue
                items.append(_item(lot.label, f"/me/lots/{lot.code}", _("投标截止 %(at)s", at=moment(lot.deadline)) if lot.deadline else "",
                                   lot.deadline))
    if user.may(Permission.HALL_HOST):
        for lot in projects.with_deadline(home.midnight(at), home.midnight(at) + timedelta(days=7)):
            if lot.method.get("kind") == "live":
                items.append(_item(_("竞价：%(name)s", name=lot.label), f"/auctions/{lot.code}", _("竞买申请截止 %(at)s", at=moment(lot.deadline)) if lot.deadline else "", lot.deadline))
                continue
            items.append(_item(_("开标：%(name)s", name=lot.label), "/hall", moment(lot.deadline) if lot.deadline else "", lot.deadline))
    if user.may(Permission.DRAW_RUN):
        items += [_item(_("抽取专家：%(name)s", name=lot.label), "/draws", words.stage(lot.stage)) for lot in projects.in_stage(Stage.OPENED)]
    if user.may(Permission.ARCHIVE_MANAGE):
        items += [_item(_("归档：%(name)s", name=lot.label), "/archive", words.stage(lot.stage))
                  for lot in projects.in_stage(Stage.CONTRACTED, Stage.FAILED, Stage.TERMINATED)]
    return items


def _is_own(lot: Lot, user: SignedIn) -> bool:
    return user.organisation_id in (lot.project.tenderer_id, lot.project.agency_id)


def _item(text: str, href: str, note: str, deadline: datetime | None = None) -> Item:
    return {"text": text, "href": href, "note": note, "deadline": deadline}


def _of_project(project: Project, at: datetime) -> list[Item]:
    base = f"/projects/{project.id}"
    if project.returned is not None and not project.accepted_at:
        return [_item(_("更正登记：%(name)s", name=project.name), base, _("已退回，请一次更正全部内容"))]
    if not project.submitted_at:
        return [_item(_("完成登记：%(name)s", name=project.name), base, _("尚未提交"))]
    if not project.accepted_at:
        return []
    if notices.tender_notice(project.id) is None:
        return [_item(_("发布公告：%(name)s", name=project.name), f"{base}/notice", _("登记已受理"))]
    items = []
    for lot in project.lots:
        waiting = sum(1 for q in notices.questions(lot.id, answered_only=False) if not q.answered_at)
        if waiting:
            items.append(_item(_("答复提问：%(name)s", name=lot.label), f"{base}/questions", _("%(count)s 个待答复", count=waiting), lot.deadline))
        text = _result_step(lot, at)
        if text:
            items.append(_item(_("%(what)s：%(name)s", what=text, name=lot.label), f"{base}/lots/{lot.id}/result", words.stage(lot.stage)))
    return items


def _result_step(lot: Lot, at: datetime) -> str:
    if lot.stage == Stage.EVALUATED:
        return _("公示候选人") if project_rules.procedure(lot.project.procedure).publicity else _("确定中标人")
    if lot.stage == Stage.PUBLICISED:
        until = home.publicity_until(lot)
        return _("确定中标人") if until and at >= until else ""
    return _("登记合同") if lot.stage == Stage.AWARDED else ""


def _may_bid(lot: Lot, user: SignedIn) -> bool:
    """Invited tenders stand on the list of those invited only."""
    return user.organisation_id is not None and invitations.is_invited(lot.project, parties.get(user.organisation_id).code)

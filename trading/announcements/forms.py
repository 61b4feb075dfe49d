"""Forms for notices, clarifications, terminations, questions and answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovSelect, GovSubmitInput
from wtforms import Field, SelectField, SubmitField

from trading.announcements import rules, words
from trading.announcements.models import Notice
from trading.base import fields
from trading.base.errors import Refused
from trading.projects.models import Lot, Project

_ = lazy_gettext
#: How an invitation begins; it goes to each company under the same words, and names none of them.
INVITATION = "贵单位：\n现邀请贵单位参加下列项目。有意参加的，请在截止前通过本平台领取文件、递交投标文件；无意参加的，不必答复。受邀单位的名称和数量在开标前保密。"
MOMENT_HINT = _("北京时间，例如 2026-09-04 10:00")


class NoticeForm(FlaskForm):
    title = fields.LineField(_("公告标题"), most=200, validators=[fields.Filled(_("请填写公告标题"))])
    body = fields.TextField(_("公告正文"), validators=[fields.Filled(_("请填写公告正文"))])
    doc_from = fields.MomentField(_("文件获取开始时间"), description=MOMENT_HINT, validators=[fields.Filled(_("请填写文件获取开始时间"))])
    doc_to = fields.MomentField(_("文件获取结束时间"), description=MOMENT_HINT, validators=[fields.Filled(_("请填写文件获取结束时间"))])
    deadline = fields.MomentField(_("投标截止时间"), description=_("开标与投标截止同时进行"), validators=[fields.Filled(_("请填写投标截止时间"))])
    publish_at = fields.MomentField(_("定时发布"), description=_("留空表示立即发布；填写时间则到时自动发布"))
    #: The fields of its dates, in the order of the page.
    moments: tuple[str, ...] = ("doc_from", "doc_to", "deadline")

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @classmethod
    def of(cls, notice: Notice) -> NoticeForm:
        return cls(notice.project, data={"title": notice.title, "body": notice.versions[-1].body, "publish_at": notice.publish_at,
                                         **cls.dates_of(notice)})

    @classmethod
    def dates_of(cls, notice: Notice) -> dict[str, Any]:
        return {name: rules.moment(notice.versions[-1].schedule[name]) for name in ("doc_from", "doc_to", "deadline")}

    @classmethod
    def first_dates(cls, project: Project, at: datetime) -> dict[str, Any]:
        """The earliest lawful dates."""
        return rules.suggested(project.procedure, project.region, at)

    @property
    def is_dated(self) -> bool:
        """Whether every date is there, so that the law can be asked."""
        return all(self[name].data for name in self.moments if name in self)

    @classmethod
    def suggested(cls, project: Project, at: datetime) -> NoticeForm:
        """A new draft with the earliest lawful dates filled in."""
        dates = cls.first_dates(project, at)
        lots = "\n".join(f"{lot.number}. {lot.name}" for lot in project.lots)
        letter = INVITATION if words.is_invitation(project.procedure) else ""
        return cls(project, data={"title": gettext("%(name)s%(what)s", name=project.name, what=words.opening_notice(project.procedure)),
                         "body": "\n".join(dict.fromkeys([letter, project.name, project.summary, lots])).strip(), **dates})

    def schedule(self) -> dict[str, Any]:
        return rules.schedule_of(self.doc_from.data, self.doc_to.data, self.deadline.data)

    def field_of(self, refusal: Refused) -> Field | None:
        """The field that a refusal of the law is about."""
        if refusal.reason.startswith("schedule.document"):
            return self.doc_from if refusal.reason.endswith("before_notice") else self.doc_to
        if refusal.reason == "notice.publish_at_past":
            return self.publish_at
        return self.deadline if refusal.reason.startswith(("schedule.", "notice.deadline")) else None


#: Forms of notices that need one of their own; put here by app.py for the folders that come after this one.
FORMS: list[Callable[[Project], type[NoticeForm] | None]] = []


def notice_form(project: Project) -> type[NoticeForm]:
    """The form of a project's tender notice."""
    return next((form for ask in FORMS if (form := ask(project)) is not None), NoticeForm)


class ClarifyForm(FlaskForm):
    title = fields.LineField(_("澄清标题"), most=200, validators=[fields.Filled(_("请填写澄清标题"))])
    body = fields.TextField(_("澄清内容"), validators=[fields.Filled(_("请填写澄清内容"))])
    new_deadline = fields.MomentField(_("新的投标截止时间"), description=_("不改变的留空；只能顺延"))
    submit = SubmitField(_("发布澄清"), widget=GovSubmitInput())


class CorrectForm(FlaskForm):
    what = fields.TextField(_("更正事项"), most=2000, description=_("写明把什么改成什么，随更正公告公开"), validators=[fields.Filled(_("请写明更正事项"))])
    body = fields.TextField(_("更正后的全文"), validators=[fields.Filled(_("请填写更正后的全文"))])
    submit = SubmitField(_("发布更正公告"), widget=GovSubmitInput())


class TerminateForm(FlaskForm):
    reason = fields.TextField(_("终止理由"), most=4000, description=_("理由将随终止公告公开"), validators=[fields.Filled(_("请写明终止理由"))])


class AnswerForm(FlaskForm):
    text = fields.TextField(_("答复"), most=4000, validators=[fields.Filled(_("请填写答复内容"))])


class AskForm(FlaskForm):
    lot = SelectField(_("标段"), widget=GovSelect(), coerce=int)
    text = fields.TextField(_("您的问题"), most=2000, description=_("答复向所有人公开，提问单位不公开；请不要写出单位名称"),
                            validators=[fields.Filled(_("请填写问题"))])
    submit = SubmitField(_("提交问题"), widget=GovSubmitInput())

    def __init__(self, lots: list[Lot], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lot.choices = [(lot.id, lot.name) for lot in lots]

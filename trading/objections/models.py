"""Objections, inquiries, questions and complaints. Who raised one is boxed; the case is not."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.base.database import Model
from trading.objections.rules import Answer, Form, Measure, Outcome, Phase, State, Subject
from trading.parties.models import Organisation
from trading.projects.models import Lot


class Objection(Model):
    """What was put to whoever tenders: an objection (异议), an inquiry (询问) or a question (质疑).

    ``raiser_tag`` finds one's own within one lot and says nothing without the installation's key.
    """

    __tablename__ = "objection"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    form: Mapped[Form] = mapped_column(String(20))
    subject: Mapped[Subject] = mapped_column(String(20))
    raiser_box: Mapped[bytes] = mapped_column(LargeBinary)
    raiser_tag: Mapped[str] = mapped_column(String(32), index=True)
    #: Of the whole content, so that sending it twice raises it once.
    content_tag: Mapped[str] = mapped_column(String(32), unique=True)
    points: Mapped[list[str]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[date | None] = mapped_column(Date)
    filed_at: Mapped[datetime] = mapped_column(index=True)
    overdue: Mapped[bool]
    rests: Mapped[bool] = mapped_column(default=False)
    affects_result_at: Mapped[datetime | None]
    pause_id: Mapped[int | None] = mapped_column(ForeignKey("pause.id"))
    answer: Mapped[Answer | None] = mapped_column(String(20))
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    lot: Mapped[Lot] = relationship(lazy="joined")

    @property
    def state(self) -> State:
        if self.withdrawn_at:
            return State.WITHDRAWN
        return State.REPLIED if self.replied_at else State.FILED


class Complaint(Model):
    """A complaint (投诉) to the supervising body. At most one suspension is ordered for it."""

    __tablename__ = "complaint"
    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("objection.id"), index=True)
    subject: Mapped[Subject] = mapped_column(String(20))
    raiser_box: Mapped[bytes] = mapped_column(LargeBinary)
    raiser_tag: Mapped[str] = mapped_column(String(32), index=True)
    content_tag: Mapped[str] = mapped_column(String(32), unique=True)
    points: Mapped[list[str]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(Text)
    since: Mapped[date | None] = mapped_column(Date)
    filed_at: Mapped[datetime] = mapped_column(index=True)
    overdue: Mapped[bool]
    correction: Mapped[str] = mapped_column(Text, default="")
    accepted_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(Text, default="")
    suspension: Mapped[str] = mapped_column(Text, default="")
    suspension_asked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    suspended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None] = mapped_column(index=True)
    pause_id: Mapped[int | None] = mapped_column(ForeignKey("pause.id"))
    outcome: Mapped[Outcome | None] = mapped_column(String(20))
    measure: Mapped[Measure | None] = mapped_column(String(20))
    fabricated: Mapped[bool] = mapped_column(default=False)
    decision: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    withdrawn_at: Mapped[datetime | None]
    lot: Mapped[Lot] = relationship(lazy="joined")
    objection: Mapped[Objection | None] = relationship(lazy="joined")
    stretches: Mapped[list[UncountedStretch]] = relationship(lazy="selectin", order_by="UncountedStretch.id")

    @property
    def phase(self) -> Phase:
        for moment, phase in ((self.withdrawn_at, Phase.WITHDRAWN), (self.decided_at, Phase.DECIDED), (self.refused_at, Phase.REFUSED)):
            if moment:
                return phase
        running = self.running
        if running is not None:
            return Phase.EXAMINING if self.accepted_at else Phase.CORRECTING
        return Phase.ACCEPTED if self.accepted_at else Phase.RECEIVED

    @property
    def running(self) -> UncountedStretch | None:
        """The stretch that goes on now."""
        return next((stretch for stretch in self.stretches if stretch.ended_at is None), None)


class Ban(Model):
    """A ban (禁止参加政府采购活动) for a complaint on invented facts: proposed by one supervisor, ordered by another."""

    __tablename__ = "ban"
    id: Mapped[int] = mapped_column(primary_key=True)
    #: One complaint is answered by one ban at most.
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    months: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    ordered_at: Mapped[datetime | None]
    ordered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    until: Mapped[date | None] = mapped_column(Date)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    complaint: Mapped[Complaint] = relationship(lazy="joined")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class QuestionsAtOnce(Model):
    """That the document of a project asks for all questions on one step at once, and where it says so."""

    __tablename__ = "questions_at_once"
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    clause: Mapped[str] = mapped_column(String(200))
    declared_at: Mapped[datetime]


class UncountedStretch(Model):
    """Time that does not count towards a decision: inspection, test, expert review, correction."""

    __tablename__ = "complaint_stretch"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

"""Write a tender document from its template, hold it against the law, and fix it as the case's document.

A draft may be wrong and says where. What is fixed is not: every breach is refused then, and the
printed document, its structured data and the evidence carry one hash. Once the notice is
published nothing changes here any more; clarifications are the way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import or_, select

from trading.announcements import queries as notices
from trading.announcements.rules import Kind
from trading.base import installation
from trading.base.clock import BEIJING
from trading.base.database import db, lock_row, transaction
from trading.base.errors import Refused, Said
from trading.drafting import filling, outlines, queries, rules, text
from trading.drafting.filling import Case, LotFacts, Slot, Values
from trading.drafting.models import TenderDocument
from trading.drafting.outlines import Outline
from trading.drafting.rules import Hint, Remark
from trading.evidence import service as evidence
from trading.evidence.verify import canonical
from trading.law import findings
from trading.law.periods import day_of
from trading.projects import queries as project_queries
from trading.projects import rules as project_rules
from trading.projects import service as projects
from trading.projects.models import Project, ProjectFile


@dataclass(frozen=True)
class Review:
    """A filled-in template as the law and the registration see it."""

    outline: Outline
    case: Case
    asked: list[Slot]
    missing: list[Slot]
    remarks: list[Remark]
    hints: list[Hint]

    @property
    def breaches(self) -> list[Remark]:
        return [remark for remark in self.remarks if not remark.finding.ok]


def case_of(project: Project) -> Case:
    """What the registration, and the drafted notice if there is one, already say."""
    lots = tuple(LotFacts(lot.number, lot.name, lot.estimate_fen, lot.ceiling_fen, lot.deposit_fen, lot.qualifications, lot.method)
                 for lot in project.lots)
    drafted = next((notice for notice in notices.drafts_of(project.id) if notice.kind == Kind.TENDER), None)
    dates = {name: drafted.versions[-1].schedule[name] for name in filling.DATES} if drafted else {}
    return Case(project.procedure, project.category, project.region, project.name, project.summary, lots, dates)


def review(project: Project, values: Values, *, at: datetime) -> Review:
    """Everything there is to say of these values at once."""
    outline, case = outlines.outline_for(project.procedure), case_of(project)
    asked = filling.slots(outline, case, day_of(filling.issued(values, at)))
    return Review(outline, case, asked, filling.missing(asked, values), rules.check(case, asked, values, at),
                  rules.clues(case, asked, values, at))


def entries(project: Project, *, at: datetime) -> dict[str, Any]:
    """What the form begins with: the newest version, and what that does not know from the case."""
    outline, case = outlines.outline_for(project.procedure), case_of(project)
    begun = filling.begins(filling.slots(outline, case, day_of(at)), case, at)
    made = queries.versions(project.id)
    return begun | dict(made[-1].entries) if made else begun


def is_closed(project: Project) -> bool:
    """Whether the notice is published, so that only clarifications may follow."""
    return notices.is_announced(project.id)


def save(project_id: int, values: Values, reasons: Mapping[str, str], *, actor: str, at: datetime) -> TenderDocument:
    """Keep what was filled in, breaches and all; the first time a new version begins."""
    with transaction() as session:
        project = projects.locked(project_id)
        outline = outlines.outline_for(project.procedure)
        if is_closed(project):
            raise Refused("document.published")
        if not project.lots:
            raise Refused("document.no_lots")
        document = queries.draft(project_id)
        if document is None:
            document = TenderDocument(project_id=project_id, number=len(queries.versions(project_id)) + 1, template=outline.id,
                                      entries={}, reasons={}, drafted_at=at, changed_at=at)
            session.add(document)
            evidence.record("document.drafted", actor=actor, at=at, project=project.code, draft=project_id,
                            number=document.number, template=outline.id)
        document.template, document.entries, document.reasons, document.changed_at = outline.id, dict(values), dict(reasons), at
        session.flush()
        return document


def fingerprint(document: TenderDocument) -> str:
    """What a person has seen: fixing anything else is refused."""
    return sha256(canonical({"number": document.number, "template": document.template, "entries": document.entries,
                             "reasons": document.reasons})).hexdigest()


def fix(project_id: int, seen: str, *, actor: str, at: datetime) -> TenderDocument:
    """Make the draft the case's tender document: printed, as data, with its hash on record.

    Asked twice for the same, it is fixed once. Raises Refused for what is missing, for the first breach with its article, when the draft is not
    the one that was ``seen``, and after the notice is published.
    """
    project, draft = project_queries.get(project_id), queries.draft(project_id)
    if is_closed(project):
        raise Refused("document.published")
    if draft is None:
        made = queries.fixed(project_id)
        if made and fingerprint(made) == seen:
            return made
        raise Refused("document.nothing_to_fix")
    checked = review(project, draft.entries, at=at)
    if checked.missing:
        raise Refused("document.incomplete", missing=[Said(*slot.names) for slot in checked.missing])
    findings.require(remark.finding for remark in checked.remarks)
    # Printed before the lock: whoever files a bid elsewhere does not wait for paper.
    document_data, record = structured(project, draft, checked, at=at), _record(draft, checked)
    data = canonical(document_data)
    digest = sha256(data).hexdigest()
    from trading.drafting import printing  # the PDF library behind it takes a moment to load

    paper = printing.pdf(document_data, sha256=digest, author=project.tenderer.name)
    with transaction() as session:
        project = projects.locked(project_id)
        if is_closed(project):
            raise Refused("document.published")
        document: TenderDocument | None = lock_row(TenderDocument, draft.id)
        if document is None or document.fixed_at or fingerprint(document) != seen or case_of(project) != checked.case:
            raise Refused("document.changed_meanwhile")
        _supersede(project_id)
        name = f"{checked.outline.zh}-第{document.number}版"
        kept = {kind: projects.add_file(project_id, purpose, f"{name}{ending}", [content], actor=actor, at=at)
                for kind, purpose, ending, content in (
                    ("print", "tender_document", ".pdf", paper), ("data", "tender_document", ".json", data),
                    ("record", "other", "-条款核对.json", record))}
        document.fixed_at, document.sha256 = at, digest
        document.print_id, document.data_id = kept["print"].id, kept["data"].id
        evidence.record("document.fixed", actor=actor, at=at, project=project.code, draft=project_id, number=document.number,
                        template=document.template, sha256=digest, print_sha256=kept["print"].sha256)
        session.flush()
        session.expire(document, ["print", "data"])
        return document


def _supersede(project_id: int) -> None:
    """Files of earlier versions and earlier rounds stay in the case and are handed out no longer."""
    fixed = select(ProjectFile.sha256).join(TenderDocument, or_(
        TenderDocument.print_id == ProjectFile.id, TenderDocument.data_id == ProjectFile.id))
    for item in db.session.scalars(select(ProjectFile).where(
            ProjectFile.project_id == project_id, ProjectFile.kind == "tender_document", ProjectFile.sha256.in_(fixed))):
        item.kind = "other"
    db.session.flush()


def parts(project: Project, document: TenderDocument, checked: Review) -> list[text.Part]:
    """The document as it is read."""
    names = {
        "host_name": project.tenderer.name, "agency_name": project.agency.name if project.agency else "", "code": project.code or "",
        "procedure_name": project_rules.procedure(project.procedure).zh, "funding": project.funding, "approval": project.approval}
    return text.put_together(checked.outline, checked.case, document.entries, names)


def fixed_parts(document: TenderDocument) -> list[text.Part]:
    """A fixed version as it was fixed, whatever has changed in the case since."""
    assert document.data
    made = json.loads(installation.files().read(document.data.stored))
    return [text.Part(part["id"], part["heading"], tuple(part["paragraphs"])) for part in made["sections"]]


def structured(project: Project, document: TenderDocument, checked: Review, *, at: datetime) -> dict[str, Any]:
    """The document as data: what was filled in, and the text that follows from it."""
    return {
        "format": text.FORMAT, "title": document.entries["title"], "kind": checked.outline.zh, "template": document.template,
        "number": document.number, "project": project.code, "procedure": project.procedure, "category": project.category,
        "region": project.region, "tenderer": project.tenderer.code, "fixed_at": at.astimezone(BEIJING).isoformat(timespec="seconds"),
        "entries": {slot.name: document.entries.get(slot.name) for slot in checked.asked},
        "sections": [{"id": part.id, "heading": part.heading, "paragraphs": list(part.paragraphs)}
                     for part in parts(project, document, checked)]}


def _record(document: TenderDocument, checked: Review) -> bytes:
    """What was checked, and the reasons given for clues: for the case and its supervisors, never for the public."""
    return canonical({
        "number": document.number,
        "findings": [{"field": remark.field, "key": remark.finding.key, "article": remark.finding.article, "ok": remark.finding.ok}
                     for remark in checked.remarks],
        "clues": [{"field": hint.field, "key": hint.clue.rule.key, "article": hint.clue.rule.article, "found": hint.clue.found,
                   "sentence": hint.clue.sentence, "reason": document.reasons.get(hint.mark, "")} for hint in checked.hints]})

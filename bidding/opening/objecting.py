"""What a bidder says in the hall goes on record as an objection to the opening; its reply is read out there.

Works object (条例 44), procurement asks on the spot (87号令 42). Whoever tenders answers on the page of
objections, which comes before the hall and knows nothing of it, so the reply is fetched from there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from bidding.opening import service
from bidding.opening.models import HallEvent
from trading.base.clock import BEIJING
from trading.base.database import db, transaction
from trading.evidence import service as evidence
from trading.law.procedures import Remedy, procedure
from trading.objections import rules
from trading.objections import service as objections
from trading.objections.models import Objection
from trading.objections.rules import Form, Subject
from trading.parties.models import Organisation
from trading.projects import service as projects

FORM = {Remedy.OBJECTION: Form.OBJECTION, Remedy.QUESTION: Form.INQUIRY}
#: How long after a reply the hall still looks for it.
LOOK_BACK = timedelta(days=1)


def speak(lot_id: int, text: str, *, bidder: Organisation, actor: str, at: datetime) -> None:
    """Say it in the hall and file it as raised at the opening, both or neither; twice in one text is filed once."""
    with transaction():
        project = projects.get_lot(lot_id).project
        service.speak(lot_id, text, who=service.named(projects.get_lot(lot_id), bidder.id), kind="objection", at=at)
        form = FORM.get(procedure(project.procedure).remedy)
        if form not in rules.forms(project.procedure, on=at.astimezone(BEIJING).date(), region=project.region):
            return
        said = text.strip()
        # The point is what a complaint may later be held to: the words themselves, cut to its length.
        point = " ".join(said.split())[:rules.LONGEST_POINT]
        objections.file(lot_id, form, Subject.OPENING, [point], said, raiser=bidder, actor=actor, at=at)


def read_replies(at: datetime) -> int:
    """Read out in the hall what whoever tenders replied to what was said there; each reply once."""
    due = db.session.execute(select(Objection.id, Objection.lot_id).where(
        Objection.subject == Subject.OPENING, Objection.replied_at >= at - LOOK_BACK).order_by(Objection.id)).all()
    read = {event.facts.get("objection") for event in db.session.scalars(select(HallEvent).where(
        HallEvent.lot_id.in_({lot_id for _id, lot_id in due}), HallEvent.kind == "host"))}
    return sum(_read(number, lot_id, at) for number, lot_id in due if number not in read)


def _read(objection_id: int, lot_id: int, at: datetime) -> bool:
    with transaction() as session:
        lot = projects.locked_lot(lot_id)
        found = session.get(Objection, objection_id)
        events = service.events(lot_id)
        if found is None or any(event.facts.get("objection") == objection_id for event in events):
            return False
        if not any(event.kind == "objection" and event.facts.get("text") == found.text for event in events):
            return False  # raised on its own page, and answered there
        text = f"答复：{found.reply}"
        evidence.record("hall.host", actor=lot.project.tenderer.name, at=at, lot=lot.code, text=text)
        service.say(lot_id, "host", at=at, who=lot.project.tenderer.name, text=text, objection=objection_id)
        return True
